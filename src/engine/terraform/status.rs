//! How a deployment is.

use super::TerraformEngine;
use super::diagnostic::Subject;
use super::directory::WorkDirectory;
use super::state::State;
use crate::engine::state::newest_run;
use crate::engine::{EngineError, Outputs, StackState, Status, service};
use crate::render::{Bundle, ModuleState, RenderedModule};

impl TerraformEngine {
    /// Looks at the state of every root module and at the service. Changes nothing in AWS.
    ///
    /// # Errors
    /// When a state cannot be read or AWS cannot be asked.
    pub(super) async fn look(&self, bundle: &Bundle) -> Result<Status, EngineError> {
        let mut stacks = Vec::new();
        let mut outputs = Outputs::new();
        let mut notes = Vec::new();
        for module in &bundle.modules {
            let directory = self.work_directory(bundle, module);
            let subject = Subject { module, directory: &directory };
            let state = self.read_state(subject).await?;
            if state.as_ref().is_some_and(|state| state.managed().next().is_some()) {
                self.init(module, &directory).await?;
                self.add_outputs(&mut outputs, subject).await?;
            }
            stacks.push(self.of_module(module, &directory, state.as_ref()));
        }
        let service = match outputs.values().find_map(service::named) {
            Some((cluster, name)) => {
                service::look_or_note(&self.clients.session(&self.hub), cluster, name, &mut notes).await
            }
            None => None,
        };
        let (running, unfinished, stopped) = newest_run(&self.journal)?;
        let deployment = bundle.deployment.prefix.clone();
        Ok(Status { deployment, stacks, instances: Vec::new(), service, notes, running, unfinished, stopped })
    }

    /// Reads the state of a root module that need not be initialised.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) async fn read_state(&self, subject: Subject<'_>) -> Result<Option<State>, EngineError> {
        if let ModuleState::S3 { .. } = subject.module.state {
            subject.directory.write(subject.module, None)?;
            self.init(subject.module, subject.directory).await?;
        }
        self.state(subject).await
    }

    fn of_module(&self, module: &RenderedModule, directory: &WorkDirectory, state: Option<&State>) -> StackState {
        let managed: Vec<(String, bool)> = state.into_iter().flat_map(State::managed).collect();
        let tainted: Vec<&str> =
            managed.iter().filter(|(_, tainted)| *tainted).map(|(address, _)| address.as_str()).collect();
        let (status, reason, next) = if self.busy(directory) {
            (Some("Terraform is at work".to_owned()), None, "gwinfra watch")
        } else if directory.errored_state().exists() {
            let reason = format!("its newest state is in {}", directory.errored_state().display());
            (Some("state not written".to_owned()), Some(reason), "gwinfra recover")
        } else if managed.is_empty() {
            (None, None, "gwinfra apply")
        } else {
            let count = crate::plan::count(managed.len(), "resource");
            let reason = (!tainted.is_empty())
                .then(|| format!("not made to the end, and made anew by the next apply: {}", tainted.join(", ")));
            let next = if tainted.is_empty() { "gwinfra plan" } else { "gwinfra apply" };
            (Some(count), reason, next)
        };
        StackState {
            key: module.key.clone(),
            name: module.key.clone(),
            account: module.target.account.clone(),
            region: module.target.region.clone(),
            status,
            reason,
            updated: None,
            next: next.to_owned(),
        }
    }
}
