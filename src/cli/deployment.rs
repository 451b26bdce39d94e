//! One deployment and one engine, as the commands use them: the only place of the command line that names an engine.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::aws_args::{AwsArgs, Connection};
use super::engine_error::{blocked, engine_error};
use super::pipeline::{self, Built};
use super::signals::{Signals, Stopping};
use super::{CliError, Context, ErrorKind, images};
use crate::accounts::Models;
use crate::cfn::registry::Registry;
use crate::drift::{Document, Finding};
use crate::engine::cloudformation::CloudFormationEngine;
use crate::engine::configuration::{Configuration, Deployed};
use crate::engine::journal::Journal;
use crate::engine::terraform::{Binary, Environment, TerraformEngine};
use crate::engine::{
    ACCOUNTS_AT_ONCE, Applied, ApplyOptions, Cancelled, DestroyOptions, DestroyPlan, DiagnoseOptions, DriftOptions,
    Engine, EngineError, EventSink, Outputs, Patient, PlanOptions, RecoverOptions, Status, Underway, Unplanned,
};
use crate::model::Model;
use crate::plan::{ConfigurationChange, Gate, Plan, SavedPlan};
use crate::render::Bundle;
use crate::spec::{EngineName, Loaded, Spec};

/// How long a plan may go on after a signal.
const PLANNING: std::time::Duration = std::time::Duration::from_secs(3);

/// A rendered spec and the engine that deploys it.
pub(super) struct Deployment {
    built: Built,
    engine: Box<dyn Engine>,
    connection: Connection,
    journal: Journal,
    signals: Signals,
}

impl Deployment {
    /// Renders the spec and connects, for a command that only looks.
    pub async fn open(args: &AwsArgs, context: &Context, sink: Arc<dyn EventSink>) -> Result<Self, CliError> {
        Self::open_for(Stopping::LOOKING, args, context, sink).await
    }

    /// The same for a command that says something of its own after a signal.
    pub async fn open_for(
        stopping: Stopping,
        args: &AwsArgs,
        context: &Context,
        sink: Arc<dyn EventSink>,
    ) -> Result<Self, CliError> {
        let built = pipeline::build(context)?;
        if args.simulate && built.loaded.spec.engine == EngineName::Terraform {
            return Err(CliError::new(
                ErrorKind::Usage,
                "--simulate is for `engine: cloudformation`: the simulated accounts do not have the APIs that Terraform's \
                 provider calls",
            )
            .hint("gwinfra plan --offline   compares with the last apply, without AWS")
            .hint("gwinfra render --out DIR, then `terraform test` with `mock_provider`   tries the modules without AWS"));
        }
        let signals = Signals::listen(context, stopping)?;
        let images = images::of(args, context, &built)?;
        let connection = args.connect(context, &built, &images.names, sink.clone()).await?;
        let images = images.into_engine(&connection, args.simulate);
        let clients = connection.clients.clone();
        let hub = built.bundle.deployment.hub.clone();
        let directory = args.state_directory(context);
        let journal = Journal::new(&directory, &built.bundle.deployment.prefix);
        let (cancel, places) = (signals.cancel.clone(), built.places.clone());
        let kept = journal.clone();
        let engine: Box<dyn Engine> = if built.loaded.spec.engine == EngineName::Terraform {
            Box::new(TerraformEngine {
                binary: Binary::new(args.terraform.terraform_bin.clone()),
                environment: environment(args, context),
                directory,
                clients,
                images,
                hub,
                journal,
                sink,
                cancel,
                places,
                lines: built.lines.clone(),
            })
        } else {
            let registry = Registry::builtin();
            Box::new(CloudFormationEngine { clients, images, registry, hub, journal, sink, cancel, places })
        };
        Ok(Self { built, engine, connection, journal: kept, signals })
    }

    /// Ends the connection.
    pub async fn close(self) {
        self.connection.close().await;
    }

    /// The spec, with the environment that was chosen.
    pub fn loaded(&self) -> &Loaded {
        &self.built.loaded
    }

    /// What the user has asked for by signals.
    pub fn signals(&self) -> &Signals {
        &self.signals
    }

    /// Whether AWS is played by a simulator or an emulator, where no gateway runs.
    pub fn is_played(&self) -> bool {
        self.connection.clients.has_own_endpoint()
    }

    /// The text of a secret of the hub.
    pub async fn secret(&self, id: &str) -> Result<String, crate::aws::Error> {
        self.connection.clients.session(&self.built.bundle.deployment.hub).secrets_manager().text(id).await
    }

    /// Prefix of the deployment.
    pub fn prefix(&self) -> &str {
        &self.built.bundle.deployment.prefix
    }

    /// Work that only looks: a signal ends it.
    async fn looking<T>(&self, work: impl Future<Output = Result<T, EngineError>>) -> Result<T, CliError> {
        let stop = self.signals.cancel.reached(Cancelled::Stop);
        self.until(work, stop).await
    }

    /// Questions about what has failed: only what makes the command leave ends them.
    async fn after_failure<T>(&self, work: impl Future<Output = Result<T, EngineError>>) -> Result<T, CliError> {
        let leave = self.signals.cancel.reached(Cancelled::Leave);
        self.until(work, leave).await
    }

    /// Makes a plan. It leaves change sets behind when it is cut off, and so gets a moment to end.
    async fn planning(&self, work: impl Future<Output = Result<Plan, Unplanned>>) -> Result<Plan, CliError> {
        let stop = async {
            self.signals.cancel.reached(Cancelled::Stop).await;
            tokio::time::sleep(PLANNING).await;
        };
        tokio::select! {
            result = work => result.map_err(|unplanned| blocked(unplanned, &self.signals)),
            () = stop => Err(self.failed(EngineError::Cancelled(Vec::new()))),
        }
    }

    /// Work that stops by itself and keeps its journal: it is cut off only when it does not.
    async fn working<T>(&self, work: impl Future<Output = Result<T, EngineError>>) -> Result<T, CliError> {
        self.until(work, self.signals.overdue()).await
    }

    async fn until<T>(
        &self,
        work: impl Future<Output = Result<T, EngineError>>,
        stop: impl Future<Output = ()>,
    ) -> Result<T, CliError> {
        tokio::select! {
            result = work => result.map_err(|error| self.failed(error)),
            () = stop => Err(self.failed(EngineError::Cancelled(Vec::new()))),
        }
    }

    fn failed(&self, error: EngineError) -> CliError {
        engine_error(error, Some(&self.signals))
    }

    /// Stacks of Bedrock accounts that the last apply has finished, by key.
    pub fn finished(&self) -> Result<BTreeSet<String>, CliError> {
        let bundle = &self.built.bundle;
        let last = self.journal.last_apply().map_err(|error| self.failed(error.into()))?;
        let Some(last) = last else {
            return Err(CliError::usage("there is no apply to go on with").hint("gwinfra apply   begins one"));
        };
        if last.bundle_sha256 != bundle.digest {
            return Err(CliError::new(ErrorKind::Stale, "the spec renders to something else than in the last apply")
                .hint("gwinfra apply   applies it to all accounts"));
        }
        let elsewhere = bundle.elsewhere().map(|(key, _)| key);
        Ok(elsewhere.filter(|key| last.finished.contains(*key)).map(ToOwned::to_owned).collect())
    }

    /// The configuration that the spec makes; `None` for a blueprint without one.
    pub fn configuration(&self) -> Option<Configuration> {
        Configuration::of(&self.built.bundle)
    }

    /// Where the deployed configuration is; `None` when nothing is deployed.
    pub async fn deployed_configuration(&self) -> Result<Option<Deployed>, CliError> {
        // Only the hub has it: other accounts need not be asked.
        let mut hub = self.built.bundle.clone();
        hub.stacks.retain(|stack| stack.target == hub.deployment.hub);
        hub.modules.retain(|module| module.target == hub.deployment.hub);
        let outputs = self.looking(self.engine.outputs(&hub)).await?;
        Ok(Deployed::of(&outputs))
    }

    /// The text of the deployed configuration; `None` when the object is not there.
    pub async fn configuration_text(&self, deployed: &Deployed) -> Result<Option<String>, CliError> {
        let session = self.connection.clients.session(&self.built.bundle.deployment.hub);
        session.s3().text(&deployed.bucket, &deployed.key).await.map_err(|error| self.failed(error.into()))
    }

    /// How a plan changes the configuration; `None` where it does not. The text before is that of the last apply from here,
    /// or else is read from the bucket, unless AWS is not to be asked.
    pub async fn configuration_change(
        &self,
        plan: &Plan,
        offline: bool,
    ) -> Result<Option<ConfigurationChange>, CliError> {
        let Some(after) = self.configuration() else { return Ok(None) };
        let Some(key) = after.replaced_by(plan) else { return Ok(None) };
        let applied = self.engine.applied().map_err(|error| self.failed(error))?;
        let known = applied.as_ref().and_then(Configuration::of).filter(|known| known.key() == key);
        let before = match known {
            Some(known) => Some(known.text.to_string()),
            None if offline => None,
            None => match self.deployed_configuration().await? {
                Some(deployed) => self.configuration_text(&Deployed { key: key.clone(), ..deployed }).await?,
                None => None,
            },
        };
        Ok(before.map(|before| ConfigurationChange::new((&key, &before), (&after.key(), &after.text))))
    }

    /// Uploads the deployed configuration again, which is the spec's own.
    pub async fn upload(&self, deployed: &Deployed) -> Result<(), CliError> {
        let bundle = &self.built.bundle;
        let Some(object) = bundle.objects.iter().find(|object| object.key == deployed.key) else { return Ok(()) };
        let session = self.connection.clients.session(&bundle.deployment.hub);
        let s3 = session.s3();
        let put = s3.put_once(&deployed.bucket, &object.key, &object.content_type, &object.content).await;
        put.map(drop).map_err(|error| self.failed(error.into()))
    }

    /// What is deployed, with another configuration: as it was applied last from here, or else as the spec says. Also
    /// whether the spec says more than that.
    pub fn with_configuration(&self, configuration: &Configuration) -> Result<(Bundle, bool), CliError> {
        let rendered = &self.built.bundle;
        let applied = self.engine.applied().map_err(|error| self.failed(error))?;
        let bundle = applied.and_then(|applied| configuration.put_into(&applied)).unwrap_or_else(|| rendered.clone());
        let differs = bundle.stacks != rendered.stacks || bundle.modules != rendered.modules;
        Ok((bundle, differs))
    }

    /// Makes a plan of another bundle than the spec's own.
    pub async fn plan_of(&self, bundle: &Bundle, options: &PlanOptions) -> Result<Plan, CliError> {
        self.planning(self.engine.plan(bundle, options)).await
    }

    /// Such a plan with what its apply needs.
    pub fn saved_of(&self, plan: Plan, bundle: &Bundle) -> Result<SavedPlan, CliError> {
        self.engine.saved(plan, bundle).map_err(|error| self.failed(error))
    }

    /// Makes a plan.
    pub async fn plan(&self, offline: bool, options: &PlanOptions) -> Result<Plan, CliError> {
        let bundle = &self.built.bundle;
        if offline {
            let previous = self.engine.applied().map_err(|error| self.failed(error))?;
            let result = self.engine.plan_offline(bundle, previous.as_ref());
            return result.map_err(|unplanned| blocked(*unplanned, &self.signals));
        }
        self.planning(self.engine.plan(bundle, options)).await
    }

    /// A plan with what its apply needs.
    pub fn saved(&self, plan: Plan) -> Result<SavedPlan, CliError> {
        self.engine.saved(plan, &self.built.bundle).map_err(|error| self.failed(error))
    }

    /// Writes a plan to a file.
    pub fn save(&self, plan: &Plan, path: &Path) -> Result<(), CliError> {
        self.saved(plan.clone())?.save(path).map_err(|error| CliError::new(ErrorKind::Failed, error))
    }

    /// Refuses a saved plan that no longer matches reality.
    pub async fn check_current(&self, saved: &SavedPlan) -> Result<(), CliError> {
        let moved = self.looking(self.engine.moved(saved, Some(&self.built.bundle.digest))).await?;
        if moved.is_empty() { Ok(()) } else { Err(self.failed(EngineError::Stale(moved))) }
    }

    /// Deletes the change sets that a plan kept.
    pub async fn discard(&self, plan: &Plan) -> Result<(), CliError> {
        self.working(self.engine.discard(plan)).await
    }

    /// Takes up a run that was cut off.
    pub async fn take_up(&self) -> Result<(), CliError> {
        self.working(self.engine.take_up(&self.built.bundle)).await
    }

    /// Closes the journal of a run that was cut off, once nothing is left to do.
    pub fn settle(&self) -> Result<(), CliError> {
        self.engine.settle(&self.built.bundle).map_err(|error| self.failed(error))
    }

    /// Applies a plan. What it kept for its apply is removed when it may not be applied.
    pub async fn apply(&self, saved: &SavedPlan, options: &ApplyOptions) -> Result<Applied, CliError> {
        let apply = async {
            let result = self.engine.apply(saved, options).await;
            if matches!(result, Err(EngineError::Gated(_) | EngineError::Unreconciled(_))) {
                self.engine.discard(&saved.plan).await?;
            }
            result
        };
        self.working(apply).await
    }

    /// Reads the outputs.
    pub async fn outputs(&self) -> Result<Outputs, CliError> {
        self.looking(self.engine.outputs(&self.built.bundle)).await
    }

    /// Looks at every stack and the service.
    pub async fn status(&self) -> Result<Status, CliError> {
        self.looking(self.engine.status(&self.built.bundle)).await
    }

    /// Compares what is deployed with what was deployed.
    pub async fn drift(&self, options: &DriftOptions) -> Result<Document, CliError> {
        let bundle = &self.built.bundle;
        let mut document = self.looking(self.engine.drift(bundle, options)).await?;
        let loaded = &self.built.loaded;
        let model = Model::new(&loaded.spec, loaded.environment.as_deref());
        let models = Models {
            clients: &self.connection.clients,
            spec: &loaded.spec,
            bedrock: &model.bedrock,
            hub: &bundle.deployment.hub,
            concurrency: options.concurrency.unwrap_or(ACCOUNTS_AT_ONCE),
        };
        models.add_lost(|account| options.wants(account), &mut document).await;
        Ok(document)
    }

    /// Finds out why the last operation of each stack failed.
    pub async fn diagnose(&self, options: &DiagnoseOptions) -> Result<crate::diagnose::Document, CliError> {
        self.looking(self.engine.diagnose(&self.built.bundle, options)).await
    }

    /// The same after a failure: the signal that may have led to it does not end the questions about it, but a second one does.
    pub async fn diagnose_failure(&self, options: &DiagnoseOptions) -> Result<crate::diagnose::Document, CliError> {
        self.after_failure(self.engine.diagnose(&self.built.bundle, options)).await
    }

    /// Puts the declared properties of a resource back that findings tell of.
    pub async fn revert(&self, address: &str, findings: &[Finding]) -> Result<usize, CliError> {
        self.working(self.engine.revert(&self.built.bundle, address, findings)).await
    }

    /// The spec that is deployed.
    pub fn spec(&self) -> &Spec {
        &self.built.loaded.spec
    }

    /// Finds out what a destroy would do.
    pub async fn plan_destroy(&self, options: &DestroyOptions) -> Result<DestroyPlan, CliError> {
        self.looking(self.engine.plan_destroy(&self.built.bundle, options)).await
    }

    /// Destroys.
    pub async fn destroy(&self, plan: &DestroyPlan, options: &DestroyOptions) -> Result<(), CliError> {
        self.working(self.engine.destroy(&self.built.bundle, plan, options)).await
    }

    /// Finds what is in progress.
    pub async fn underway(&self) -> Result<Vec<Underway>, CliError> {
        self.looking(self.engine.underway(&self.built.bundle)).await
    }

    /// Follows what is in progress to its end.
    pub async fn watch(&self, underway: &[Underway]) -> Result<(), CliError> {
        self.working(self.engine.watch(&self.built.bundle, underway)).await
    }

    /// Cancels what can be cancelled.
    pub async fn cancel(&self, underway: &[Underway]) -> Result<(), CliError> {
        self.working(self.engine.cancel(&self.built.bundle, underway)).await
    }

    /// Finds the stacks that need recovering.
    pub async fn patients(&self) -> Result<Vec<Patient>, CliError> {
        self.looking(self.engine.patients(&self.built.bundle)).await
    }

    /// The same after a remedy has failed.
    pub async fn patients_after_failure(&self) -> Result<Vec<Patient>, CliError> {
        self.after_failure(self.engine.patients(&self.built.bundle)).await
    }

    /// Resources that a rollback left out, and that are not what their stacks take them for.
    pub async fn unreconciled(&self) -> Result<Vec<Gate>, CliError> {
        self.looking(self.engine.unreconciled(&self.built.bundle)).await
    }

    /// Recovers stacks.
    pub async fn recover(&self, patients: &[Patient], options: &RecoverOptions) -> Result<(), CliError> {
        self.working(self.engine.recover(&self.built.bundle, patients, options)).await
    }
}

/// What Terraform is given in its environment: the same profile and endpoint that gwinfra itself uses.
fn environment(args: &AwsArgs, context: &Context) -> Environment {
    let global = &context.global;
    let profile = global.profile.iter().map(|profile| ("AWS_PROFILE".to_owned(), profile.clone()));
    let endpoint = global.endpoint_url.iter().map(|url| ("AWS_ENDPOINT_URL".to_owned(), url.clone()));
    let is_ci = args.terraform.ci.as_deref().is_some_and(|value| !matches!(value, "" | "false" | "0"));
    Environment {
        variables: profile.chain(endpoint).collect(),
        plugin_cache: args.terraform.plugin_cache.clone(),
        is_ci,
    }
}

/// Reads a saved plan.
pub(super) fn read_plan(path: &Path) -> Result<SavedPlan, CliError> {
    SavedPlan::load(path)
        .map_err(|error| CliError::new(ErrorKind::Invalid, error).hint("gwinfra plan --out FILE   makes a new one"))
}
