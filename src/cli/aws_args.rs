//! Flags of every command that talks to AWS, and the connection that they ask for.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::pipeline::Built;
use super::terraform_args::TerraformArgs;
use super::{CliError, Context, ErrorKind, assumed};
use crate::aws::{Clients, Credentials, Options, RetryObserver};
use crate::engine::{Event, EventKind, EventSink};
use crate::simulator::assumed::{Assumed, assume};
use crate::simulator::claim::{Claim, ClaimError};
use crate::simulator::clock::Pace;
use crate::simulator::persist::Store;
use crate::simulator::scenario::Scenario;
use crate::simulator::server::{self, Server};
use crate::spec::Loaded;

/// Flags of every command that talks to AWS.
#[derive(Debug, Clone, Args)]
pub(super) struct AwsArgs {
    /// Rehearse in simulated accounts, which last in `.gwinfra/simulator/`
    ///
    /// Proves templates, order, permissions between accounts and what you will see. Cannot prove quotas, real
    /// convergence and what only the services themselves check.
    #[arg(long, env = "GWINFRA_SIMULATE")]
    pub simulate: bool,
    /// Faults to play in the simulated accounts
    #[arg(long, env = "GWINFRA_SCENARIO", value_name = "FILE", requires = "simulate")]
    pub scenario: Option<PathBuf>,
    /// How fast time passes in the simulated accounts
    #[arg(long, value_enum, default_value_t, env = "GWINFRA_CLOCK", value_name = "PACE")]
    pub clock: ClockPace,
    /// Where the journal and the simulated accounts are kept; default: `.gwinfra` beside the spec
    #[arg(long, env = "GWINFRA_STATE_DIR", value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    #[command(flatten)]
    pub terraform: TerraformArgs,
}

/// How fast time passes in the simulated accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum ClockPace {
    /// Minutes take fractions of a second
    #[default]
    Fast,
    /// As on AWS
    Real,
}

/// A connection to AWS, or to simulated accounts that live as long as it does.
pub(super) struct Connection {
    /// Sessions with AWS.
    pub clients: Clients,
    simulator: Option<(Server, Claim)>,
}

impl AwsArgs {
    /// The directory of the journal.
    pub fn state_directory(&self, context: &Context) -> PathBuf {
        self.state_dir.clone().unwrap_or_else(|| context.global.file.with_file_name(".gwinfra"))
    }

    /// Connects. Retries are told to the sink. `pushed` are the images that need not be assumed: they can be pushed.
    pub async fn connect(
        &self,
        context: &Context,
        built: &Built,
        pushed: &BTreeSet<String>,
        sink: Arc<dyn EventSink>,
    ) -> Result<Connection, CliError> {
        let hub = &built.bundle.deployment.hub.region;
        if let Some(region) = context.global.region.as_ref().filter(|region| *region != hub) {
            context.printer.warn(format_args!(
                "--region {region} is only where roles are assumed: the deployment is in {hub}, as hub.region says"
            ));
        }
        let assumed = assumed::of(&built.loaded.spec, &built.bundle, pushed);
        self.connect_to(context, &built.loaded.spec.hub.account.0, assumed, sink).await
    }

    /// Connects for a command that renders nothing.
    pub async fn connect_unrendered(
        &self,
        context: &Context,
        loaded: &Loaded,
        sink: Arc<dyn EventSink>,
    ) -> Result<Connection, CliError> {
        self.connect_to(context, &loaded.spec.hub.account.0, assumed::without_images(&loaded.spec), sink).await
    }

    /// Connects for a command that may have no spec.
    pub async fn connect_account(
        &self,
        context: &Context,
        account: &str,
        loaded: Option<&Loaded>,
        sink: Arc<dyn EventSink>,
    ) -> Result<Connection, CliError> {
        let assumed = loaded.map(|loaded| assumed::without_images(&loaded.spec)).unwrap_or_default();
        self.connect_to(context, account, assumed, sink).await
    }

    async fn connect_to(
        &self,
        context: &Context,
        account: &str,
        assumed: Assumed,
        sink: Arc<dyn EventSink>,
    ) -> Result<Connection, CliError> {
        let global = &context.global;
        let mut options = Options {
            profile: global.profile.clone(),
            region: global.region.clone(),
            endpoint_url: global.endpoint_url.clone(),
            run: format!("{}", std::process::id()),
            retries: Some(observer(sink)),
            ..Options::default()
        };
        let mut server = None;
        if self.simulate {
            let started = self.simulator(context, account, &assumed).await?;
            options.endpoint_url = Some(started.0.url());
            options.profile = None;
            options.credentials =
                Credentials::Fixed { access_key_id: account.to_owned(), secret_access_key: "simulated".to_owned() };
            server = Some(started);
        }
        Ok(Connection { clients: Clients::connect(options).await, simulator: server })
    }

    async fn simulator(
        &self,
        context: &Context,
        account: &str,
        assumed: &Assumed,
    ) -> Result<(Server, Claim), CliError> {
        let directory = self.state_directory(context).join("simulator");
        let claim = Claim::share(&directory).map_err(claimed)?;
        let pace = match self.clock {
            ClockPace::Fast => Pace::Fast,
            ClockPace::Real => Pace::Real,
        };
        let store = Store::new(&directory);
        let mut world = store.load(pace).map_err(|error| {
            CliError::new(ErrorKind::Failed, error)
                .hint(format!("simulated accounts hold nothing real: remove {} to start anew", directory.display()))
        })?;
        // Faults last as long as the command that asks for them; what they did to the accounts stays.
        world.play(self.scenario.as_deref().map(read_scenario).transpose()?.unwrap_or_default());
        tell_assumed(context, &assume(&mut world, assumed));
        let options =
            server::Options { directory: Some(directory), account: account.to_owned(), ..server::Options::default() };
        let server = Server::start(world, options).await;
        Ok((server.map_err(|error| CliError::new(ErrorKind::Failed, error))?, claim))
    }
}

/// Says what the spec names and does not make: simulated accounts have it, and real ones must.
pub(super) fn tell_assumed(context: &Context, lines: &[String]) {
    if !lines.is_empty() {
        context.printer.say("Assumed in the simulated accounts, since the spec names it:");
        lines.iter().for_each(|line| context.printer.say(format_args!("  {line}")));
    }
}

/// What to do about simulated accounts that somebody else has.
pub(super) fn claimed(error: ClaimError) -> CliError {
    match &error {
        ClaimError::Served { url, .. } => {
            let hint = format!("--endpoint-url {url} in the place of --simulate, with AWS_ACCESS_KEY_ID=<account>");
            CliError::new(ErrorKind::Locked, error).hint(hint)
        }
        ClaimError::InUse { .. } => CliError::new(ErrorKind::Locked, error).hint("try again when it has ended"),
        ClaimError::Lock { .. } => CliError::new(ErrorKind::Failed, error),
    }
}

/// Reads a scenario.
pub(super) fn read_scenario(path: &Path) -> Result<Scenario, CliError> {
    Scenario::load(path)
        .map_err(|error| CliError::new(ErrorKind::Invalid, error).hint("docs/simulator.md describes scenarios"))
}

impl Connection {
    /// Ends the connection; simulated accounts are written to disk.
    pub async fn close(self) {
        if let Some((server, _claim)) = self.simulator {
            server.stop().await;
        }
    }
}

fn observer(sink: Arc<dyn EventSink>) -> RetryObserver {
    RetryObserver::new(move |retry| {
        sink.emit(Event {
            at: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            stack: None,
            kind: EventKind::Retry {
                call: retry.call,
                attempt: retry.attempt,
                delay_ms: u64::try_from(retry.delay.as_millis()).unwrap_or(u64::MAX),
                reason: retry.reason,
            },
        });
    })
}
