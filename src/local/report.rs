//! What happens while a gateway starts and stops: told to who watches, and kept in the state.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::process::Process;
use super::{Condition, Directory, LocalError, Service, State};
use crate::engine::{Event, EventKind, EventSink};

/// Tells what happens.
#[derive(Clone)]
pub struct Report {
    directory: Directory,
    sink: Arc<dyn EventSink>,
    state: Arc<Mutex<State>>,
}

impl Report {
    /// A report to that sink, and into the directory's state.
    pub fn new(directory: &Directory, sink: Arc<dyn EventSink>) -> Self {
        Self { directory: directory.clone(), sink, state: Arc::new(Mutex::new(State::new(directory))) }
    }

    /// What runs.
    pub fn state(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes the state.
    pub(super) fn change(&self, change: impl FnOnce(&mut State)) -> Result<(), LocalError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        state.write(&self.directory)
    }

    /// Something differs from the deployed gateway.
    pub(super) fn note(&self, note: impl Into<String>) -> Result<(), LocalError> {
        self.change(|state| state.notes.push(note.into()))
    }

    /// A service is being started.
    pub(super) fn starting(&self, name: &str, detail: &str, process: Option<&Process>) -> Result<(), LocalError> {
        let service = Service {
            name: name.to_owned(),
            condition: Condition::Starting,
            detail: detail.to_owned(),
            url: None,
            process_group: process.map(Process::group),
            log: process.map(|process| process.log.clone()),
        };
        // The group is in the file before anything else happens: who is killed here leaves nothing unknown behind.
        self.put(service)
    }

    /// A service answers.
    pub(super) fn running(&self, name: &str, detail: &str, url: Option<String>) -> Result<(), LocalError> {
        self.end(name, Condition::Running, detail, url)
    }

    /// The gateway does without a service.
    pub(super) fn skipped(&self, name: &str, why: &str) -> Result<(), LocalError> {
        self.end(name, Condition::Skipped, why, None)
    }

    /// A service could not be started. Nothing can be done when that cannot be written.
    pub(super) fn failed(&self, name: &str, why: &str) {
        let _ = self.end(name, Condition::Failed, why, None);
    }

    /// A service was stopped. Why one has failed is more than that.
    pub(super) fn stopped(&self, name: &str) {
        let failed = |service: &Service| service.name == name && service.condition == Condition::Failed;
        if self.state().services.iter().any(failed) {
            return;
        }
        let _ = self.end(name, Condition::Stopped, "stopped", None);
    }

    fn end(&self, name: &str, condition: Condition, detail: &str, url: Option<String>) -> Result<(), LocalError> {
        let known = self.state().services.into_iter().find(|service| service.name == name);
        let (process_group, log): (Option<i32>, Option<PathBuf>) =
            known.map(|service| (service.process_group, service.log)).unwrap_or_default();
        let process_group = process_group.filter(|_| condition == Condition::Running);
        self.put(Service { name: name.to_owned(), condition, detail: detail.to_owned(), url, process_group, log })
    }

    fn put(&self, service: Service) -> Result<(), LocalError> {
        service.events().into_iter().for_each(|event| self.sink.emit(event));
        self.change(|state| match state.services.iter_mut().find(|known| known.name == service.name) {
            Some(known) => *known = service,
            None => state.services.push(service),
        })
    }
}

impl Service {
    /// Its condition as events, also for who waits for another process that starts it.
    pub fn events(&self) -> Vec<Event> {
        let finished = |step: &str| EventKind::StepFinished { step: step.to_owned(), result: self.detail.clone() };
        let started = EventKind::StepStarted { step: "start".to_owned() };
        let kinds = match self.condition {
            Condition::Starting if self.detail.is_empty() => vec![started],
            // What takes longer is said when it begins.
            Condition::Starting => vec![started, EventKind::Message { text: format!("{} {}", self.name, self.detail) }],
            Condition::Running => vec![finished("ready")],
            Condition::Skipped => vec![finished("left out")],
            Condition::Stopped => vec![finished("stop")],
            Condition::Failed => {
                vec![EventKind::StepFailed { step: "start".to_owned(), reason: self.detail.clone() }]
            }
        };
        let event = |kind| Event { at: Timestamp::now().to_string(), stack: Some(self.name.clone()), kind };
        kinds.into_iter().map(event).collect()
    }
}
