//! Why the last operation on each root module failed.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex_lite::Regex;

use super::TerraformEngine;
use super::diagnostic::Subject;
use super::directory::WorkDirectory;
use super::message::Message;
use crate::aws::ecs::ServiceDeployment;
use crate::diagnose::{
    Cause, Document, Evidence, Failure, Happened, Operation, Outcome, SCHEMA, Scene, Told, failure_of,
    investigate_first,
};
use crate::drift::Source;
use crate::engine::journal::PastRun;
use crate::engine::{ACCOUNTS_AT_ONCE, DiagnoseOptions, EngineError, preflight};
use crate::render::{Bundle, ModuleState, RenderedModule};

/// The name of a cluster or a service in a rendered file.
static NAMES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"resource "aws_ecs_(cluster|service)" "([^"]+)" \{[^}]*?\n\s+name\s*=\s*"([^"]+)""#).ok()
});

/// The service of a root module.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Service {
    cluster: String,
    name: String,
    /// Its address in the root module.
    address: String,
}

impl TerraformEngine {
    /// Finds the root modules whose last operation failed, and why. Changes nothing.
    ///
    /// # Errors
    /// When the journal is damaged.
    pub(super) async fn find_failures(
        &self,
        bundle: &Bundle,
        options: &DiagnoseOptions,
    ) -> Result<Document, EngineError> {
        let until = options.until();
        let run = self.journal.past_run(options.run.as_deref())?;
        let mut document = Document {
            schema: SCHEMA.to_owned(),
            deployment: Source::of(&bundle.deployment),
            run: run.as_ref().map(PastRun::summary),
            failures: Vec::new(),
            notes: Vec::new(),
        };
        let modules = self.known_modules(bundle)?;
        let all =
            modules.iter().map(|module| (module.key.as_str(), module.key.as_str(), module.target.account.as_str()));
        let unknown = options.unknown(all);
        if !unknown.is_empty() {
            return Err(EngineError::NoSuchStack(unknown));
        }
        let targets = preflight::targets(bundle);
        let mut scenes = Vec::new();
        for module in &modules {
            if !options.wants(&module.key, &module.key, &module.target.account) {
                continue;
            }
            let directory = self.work_directory(bundle, module);
            let subject = Subject { module, directory: &directory };
            let service = service_of(module);
            let found = self.failure_of_module(subject, run.as_ref());
            let mut failure = match (found, &service) {
                (Some(failure), _) => failure,
                (None, Some(service)) => match self.unhealthy(module, service).await {
                    Ok(Some(failure)) => failure,
                    Ok(None) => continue,
                    Err(error) => {
                        document.notes.push(format!("the service of {} could not be looked at: {error}", module.key));
                        continue;
                    }
                },
                (None, None) => continue,
            };
            if let Some(next) = options.next.get(&format!("{}:{}", failure.account, failure.name)) {
                failure.next = vec![next.clone()];
            }
            let rendered = module.files.values().map(|text| text.as_ref()).collect::<Vec<&str>>().join("\n");
            let scene = Scene {
                clients: &self.clients,
                target: &module.target,
                targets: &targets,
                service: service.map(|service| (service.cluster, service.name)),
                rendered: Cow::Owned(rendered),
                patience: options.patience,
                until,
            };
            scenes.push((failure, scene));
        }
        let (failures, notes) = investigate_first(options.most, ACCOUNTS_AT_ONCE, scenes).await;
        document.failures = failures;
        document.notes.extend(notes);
        Ok(document)
    }

    /// What failed of one root module, as far as its directory and the journal tell; `None` when it is well.
    fn failure_of_module(&self, subject: Subject<'_>, run: Option<&PastRun>) -> Option<Failure> {
        let Subject { module, directory } = subject;
        let told = |status: &str, reason: Option<String>| Told {
            key: module.key.clone(),
            name: module.key.clone(),
            account: module.target.account.clone(),
            region: module.target.region.clone(),
            status: status.to_owned(),
            reason,
        };
        if self.busy(directory) {
            let mut failure = failure_of(told("worked on by Terraform", None), Outcome::InProgress, Vec::new());
            failure.next = vec!["gwinfra watch".to_owned()];
            return Some(failure);
        }
        if directory.errored_state().exists() {
            let reason =
                format!("Terraform could not write the state, and left it in {}", directory.errored_state().display());
            let mut failure =
                failure_of(told("without its newest state", Some(reason)), Outcome::Stuck, self.happened(subject));
            failure.evidence.push(Evidence::fact("terraform", "its newest state is in errored.tfstate"));
            failure.next = vec!["gwinfra recover".to_owned()];
            return Some(failure);
        }
        let written = run.filter(|run| run.result.as_deref() != Some("succeeded"))?.failure_of(&module.key)?;
        let mut events = self.happened(subject);
        let from_stream = !events.is_empty();
        if !from_stream {
            // The stream of a later command has taken its place: the journal remembers what was said.
            events.extend(of_journal(module, written));
        }
        let mut failure = failure_of(
            told("applied in part, and its state is written", Some(written.1.clone())),
            Outcome::InPart,
            events,
        );
        failure.operation = run.map(|run| Operation {
            kind: run.command.clone(),
            started_at: Some(run.started_at.clone()),
            ended_at: Some(written.0.clone()),
            seconds: None,
        });
        let tainted = local_tainted(module, directory);
        if !tainted.is_empty() {
            let fact = "not made to the end, and made anew by the next apply".to_owned();
            failure.evidence.push(Evidence { from: "terraform".to_owned(), fact, lines: tainted });
        }
        failure.next = match failure.cause.as_ref().and_then(Cause::place) {
            Some(place) => vec![format!("edit {place}, then `gwinfra plan`")],
            None => vec!["gwinfra apply   goes on where it stopped".to_owned()],
        };
        Some(failure)
    }

    /// The errors of the last stream in the directory of a root module.
    fn happened(&self, subject: Subject<'_>) -> Vec<Happened> {
        let text = fs_err::read(subject.directory.log()).unwrap_or_default();
        let messages: Vec<Message> = String::from_utf8_lossy(&text).lines().filter_map(Message::parse).collect();
        let action = |address: &str| {
            let hook = messages
                .iter()
                .rev()
                .filter_map(|message| message.hook.as_ref())
                .find(|hook| hook.resource.as_ref().is_some_and(|resource| resource.addr == address));
            hook.map_or("APPLY", |hook| match hook.action.as_str() {
                "create" => "CREATE",
                "update" => "UPDATE",
                "delete" => "DELETE",
                _ => "READ",
            })
        };
        let errors = messages.iter().filter_map(|message| {
            let finding = message.diagnostic.as_ref().filter(|finding| finding.is_error())?;
            let failure = self.failure(subject, finding);
            Some(Happened {
                logical_id: finding.address.clone().unwrap_or_else(|| subject.module.key.clone()),
                status: format!("{}_FAILED", action(finding.address.as_deref().unwrap_or_default())),
                source: self.places_of(subject, finding),
                address: failure.address,
                resource_type: failure.resource_type,
                physical_id: None,
                at: message.at.clone().unwrap_or_default(),
                reason: Some(failure.reason),
            })
        });
        errors.collect()
    }

    /// A root module that is applied, and whose service went back to its previous tasks.
    async fn unhealthy(&self, module: &RenderedModule, service: &Service) -> Result<Option<Failure>, EngineError> {
        let Service { cluster, name, address } = service;
        let session = self.clients.session(&module.target);
        let ecs = session.ecs();
        if ecs.service(cluster, name).await?.is_none() {
            return Ok(None);
        }
        let deployment = ecs.newest_deployment(cluster, name).await?;
        let Some(deployment) = deployment.filter(ServiceDeployment::has_failed) else {
            return Ok(None);
        };
        let source = (self.places)(&module.key, address, &[]);
        let place = source.first().map(ToString::to_string);
        let event = Happened {
            address: format!("{}/{address}", module.key),
            logical_id: address.clone(),
            resource_type: "aws_ecs_service".to_owned(),
            status: deployment.status,
            at: deployment.created_at.unwrap_or_default(),
            reason: deployment.rollback_reason.or(deployment.reason),
            physical_id: None,
            source,
        };
        let told = Told {
            key: module.key.clone(),
            name: module.key.clone(),
            account: module.target.account.clone(),
            region: module.target.region.clone(),
            status: "applied".to_owned(),
            reason: None,
        };
        let mut failure = failure_of(told, Outcome::Unhealthy, vec![event]);
        failure.next = vec![match place {
            Some(place) => format!("edit {place}, then `gwinfra plan`"),
            None => "gwinfra status".to_owned(),
        }];
        Ok(Some(failure))
    }
}

/// What the journal remembers of a failure: the resource and its reason stand in its second line.
fn of_journal(module: &RenderedModule, (at, reason): &(String, String)) -> Vec<Happened> {
    let lines = reason.lines().skip(1).filter_map(|line| {
        let (subject, reason) = line.trim().split_once("): ")?;
        let (address, resource_type) = subject.split_once(" (")?;
        let logical_id = address.strip_prefix(&format!("{}/", module.key)).unwrap_or(address);
        Some(Happened {
            address: address.to_owned(),
            logical_id: logical_id.to_owned(),
            resource_type: resource_type.to_owned(),
            status: "APPLY_FAILED".to_owned(),
            at: at.clone(),
            reason: Some(reason.split("  [").next().unwrap_or(reason).to_owned()),
            ..Happened::default()
        })
    });
    lines.collect()
}

/// Tainted resources of a state on this disk; one in S3 is not asked for here.
fn local_tainted(module: &RenderedModule, directory: &WorkDirectory) -> Vec<String> {
    if module.state != ModuleState::Local {
        return Vec::new();
    }
    let bytes = fs_err::read(directory.local_state()).unwrap_or_default();
    let state: super::state::State = serde_json::from_slice(&bytes).unwrap_or_default();
    state.managed().filter(|(_, tainted)| *tainted).map(|(address, _)| address).collect()
}

/// Cluster and service of a root module, by the names that it gives them.
fn service_of(module: &RenderedModule) -> Option<Service> {
    let names = NAMES.as_ref()?;
    let (mut cluster, mut service) = (None, None);
    for text in module.files.values() {
        for found in names.captures_iter(text) {
            let name = found[3].to_owned();
            if &found[1] == "cluster" {
                cluster = cluster.or(Some(name));
            } else {
                service = service.or(Some((format!("aws_ecs_service.{}", &found[2]), name)));
            }
        }
    }
    let (address, name) = service?;
    Some(Service { cluster: cluster?, name, address })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::render::Target;

    fn module(text: &str) -> RenderedModule {
        RenderedModule {
            key: "hub".to_owned(),
            target: Target { account: "111122223333".to_owned(), region: "us-east-1".to_owned(), deploy_role: None },
            files: BTreeMap::from([("gateway.tf".to_owned(), text.into())]),
            variables: BTreeMap::new(),
            state: ModuleState::Local,
            outputs: BTreeMap::new(),
        }
    }

    #[test]
    fn cluster_and_service_are_found_by_their_names() {
        let text = "resource \"aws_ecs_cluster\" \"gateway\" {\n  name = \"acme-llm\"\n}\n\nresource \"aws_ecs_service\" \
                    \"gateway\" {\n  cluster = aws_ecs_cluster.gateway.arn\n  name    = \"acme-llm-gateway\"\n}\n";
        assert_eq!(
            service_of(&module(text)),
            Some(Service {
                cluster: "acme-llm".to_owned(),
                name: "acme-llm-gateway".to_owned(),
                address: "aws_ecs_service.gateway".to_owned(),
            })
        );
    }

    #[test]
    fn the_journal_remembers_the_resource_and_its_reason() {
        let reason = "stack hub in 111122223333 failed: it is applied in part\n  hub/aws_vpc.main (aws_vpc): creating VPC: \
                      VpcLimitExceeded  [gwinfra.yaml:5:3]";
        let events = of_journal(&module(""), &("t".to_owned(), reason.to_owned()));
        assert_eq!((events[0].logical_id.as_str(), events[0].resource_type.as_str()), ("aws_vpc.main", "aws_vpc"));
        assert_eq!(events[0].reason.as_deref(), Some("creating VPC: VpcLimitExceeded"));
    }
}
