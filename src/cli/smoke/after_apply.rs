//! The end of an apply: the gateway is called, where there is one that can be called from here.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::bridge::Bridge;
use super::target::{self, NoKey};
use super::{failure, warn_of_keys};
use crate::cli::deployment::Deployment;
use crate::cli::{CliError, Context, ErrorKind};
use crate::engine::{Cancelled, EventSink};
use crate::smoke::{Client, Document, Ended, Failure, Gateway, Options, Selection, Via, run as try_all};

/// How long a call may take.
const CALL: Duration = Duration::from_secs(60);
/// How long the name and the targets of a new load balancer may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long it is tried to reach a gateway in a private network.
const INSIDE: Duration = Duration::from_secs(45);

/// The gateway that was just applied.
pub(in crate::cli) struct AfterApply<'a> {
    /// The command.
    pub context: &'a Context,
    /// What was applied.
    pub deployment: &'a Deployment,
    /// Its outputs.
    pub outputs: &'a BTreeMap<String, String>,
    /// Whether it is not to be called.
    pub skip: bool,
    /// Where connections go instead.
    pub via: Option<Via>,
    /// The flags that call it again.
    pub again: String,
    /// Is told of the checks.
    pub sink: Arc<dyn EventSink>,
}

impl AfterApply<'_> {
    /// Calls it. What keeps it from being called from here is said, and is no failure of the apply.
    ///
    /// # Errors
    /// When the gateway can be called and does not work.
    pub async fn run(self) -> Result<(), CliError> {
        let Some(gateway) = self.gateway().await? else { return Ok(()) };
        if let Err(failure) = gateway.callable(INSIDE).await {
            let why = match &failure {
                Failure::Unverified { .. } => "the spec names no name of the certificate, and ",
                _ if gateway.expected.internal => "the gateway is internal, and ",
                _ => "",
            };
            self.context.printer.warn(format_args!("smoke calls were left out: {why}{failure}"));
            self.context.printer.say(format_args!("  next: {}", gateway.way_in(&failure)));
            return Ok(());
        }
        self.context.printer.say(format_args!("Calling {}", gateway.client.url()));
        let document = self.prove(&gateway).await?;
        match failure(&document, true, &self.again) {
            None => {
                let summary = document.summary;
                self.context.printer.say(format_args!(
                    "The gateway works: {} passed, {} skipped.",
                    crate::plan::count(summary.pass, "check"),
                    summary.skip
                ));
                Ok(())
            }
            Some(error) => Err(CliError { error: format!("applied, but {}", error.error).into(), ..error }),
        }
    }

    /// The gateway; `None`, said aloud, if it is not to be called or cannot be.
    async fn gateway(&self) -> Result<Option<Gateway>, CliError> {
        let printer = &self.context.printer;
        if self.skip {
            printer.say("Smoke calls were left out (--skip-smoke): `gwinfra smoke` makes them.");
            return Ok(None);
        }
        if self.deployment.is_played() && self.via.is_none() {
            printer.say("Smoke calls were left out: no gateway answers in accounts that are played.");
            return Ok(None);
        }
        let Some(url) = target::url(self.deployment, self.outputs) else {
            printer.say("Smoke calls were left out: the blueprint has no output GatewayUrl.");
            return Ok(None);
        };
        let key = match target::master_key(self.deployment, self.outputs).await {
            Ok(key) => key,
            Err(no_key) => {
                let reason = match no_key {
                    NoKey::Unnamed => "the outputs name no secret with the master key".to_owned(),
                    NoKey::Unreadable { error, .. } => error.to_string(),
                };
                printer.warn(format_args!("smoke calls were left out: {reason}"));
                printer.say("  next: gwinfra smoke --key-env NAME   takes a key from an environment variable");
                return Ok(None);
            }
        };
        let client = Client::new(&url, self.via.as_ref(), CALL).await.map_err(target::unusable)?;
        let mut gateway = target::gateway(self.deployment, self.outputs, client, Some(key));
        if gateway.expected.no_tasks {
            printer.say("Smoke calls were left out: no task runs yet (`compute.fargate.tasks.desired: 0`).");
            return Ok(None);
        }
        gateway.patience = PATIENCE;
        Ok(Some(gateway))
    }

    async fn prove(&self, gateway: &Gateway) -> Result<Document, CliError> {
        let options = Options { selection: Selection::default(), rounds: 1 };
        let observer = Bridge::new(self.sink.clone());
        let signals = self.deployment.signals();
        let stop = signals.cancel.reached(Cancelled::Stop);
        let (ended, left) = tokio::select! {
            result = try_all(gateway, &options, &observer, stop) => result,
            () = signals.cancel.reached(Cancelled::Leave) => (Ended::Stopped, gateway.keys.names()),
        };
        warn_of_keys(self.context, &left);
        match ended {
            Ended::Done(document) => Ok(*document),
            Ended::Stopped => {
                let kind = signals.kind().unwrap_or(ErrorKind::Interrupted);
                Err(CliError::new(kind, "applied, but the smoke calls were stopped").hint("gwinfra smoke"))
            }
        }
    }
}
