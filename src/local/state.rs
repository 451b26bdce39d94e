//! What runs, as a file: for `local status`, `local down` and an `up` that waits for another.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use rustix::process::{Pid, Signal, kill_process_group};
use serde::{Deserialize, Serialize};

use super::directory::is_locked;
use super::{Directory, LocalError};

const FILE: &str = "state.json";
const SCHEMA: &str = "gwinfra.local/v1";
/// How long a process that was left behind has to end by itself.
const PATIENCE: Duration = Duration::from_secs(10);

/// What runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct State {
    schema: String,
    /// The process that looks after the others.
    pub process: u32,
    /// When it began.
    pub started: Timestamp,
    /// Whether everything answers.
    pub ready: bool,
    /// Where the gateway is.
    pub url: Option<String>,
    /// File with its key.
    pub key_file: PathBuf,
    /// Where the counts of the mock are.
    pub stats_url: Option<String>,
    /// Its parts.
    pub services: Vec<Service>,
    /// What is different from the deployed gateway.
    pub notes: Vec<String>,
}

/// A part of the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// What it is.
    pub name: String,
    /// How it is.
    pub condition: Condition,
    /// In words.
    pub detail: String,
    /// Where it is.
    pub url: Option<String>,
    /// Its process group.
    pub process_group: Option<i32>,
    /// Its log.
    pub log: Option<PathBuf>,
}

/// How a part of the gateway is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// It does not answer yet.
    Starting,
    /// It answers.
    Running,
    /// The gateway does without.
    Skipped,
    /// It could not be started.
    Failed,
    /// It has ended.
    Stopped,
}

impl State {
    pub(super) fn new(directory: &Directory) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            process: std::process::id(),
            started: Timestamp::now(),
            ready: false,
            url: None,
            key_file: directory.key(),
            stats_url: None,
            services: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// The state that a directory has.
    pub fn read(directory: &Directory) -> Option<Self> {
        let bytes = fs_err::read(directory.file(FILE)).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    pub(super) fn write(&self, directory: &Directory) -> Result<(), LocalError> {
        directory.write(FILE, &serde_json::to_vec_pretty(self).unwrap_or_default()).map(|_| ())
    }

    pub(super) fn remove(directory: &Directory) {
        // It may not be there.
        let _ = fs_err::remove_file(directory.file(FILE));
    }
}

impl Service {
    /// Whether its processes are alive: they hold the lock of its log, and nobody else does.
    pub fn is_alive(&self) -> bool {
        self.process_group.is_some() && self.log.as_deref().is_some_and(is_locked)
    }
}

/// Ends what a gateway has left behind that was itself killed. Returns the names of what was still there.
pub async fn stop_left(directory: &Directory) -> Vec<String> {
    let Some(state) = State::read(directory) else { return Vec::new() };
    let mut left: Vec<&Service> = state.services.iter().filter(|service| service.is_alive()).collect();
    let names = left.iter().map(|service| service.name.clone()).collect();
    left.iter().for_each(|service| send(service, Signal::TERM));
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !left.is_empty() {
        tokio::time::sleep(Duration::from_millis(50)).await;
        left.retain(|service| service.is_alive());
        if tokio::time::Instant::now() > deadline {
            left.iter().for_each(|service| send(service, Signal::KILL));
            break;
        }
    }
    State::remove(directory);
    names
}

fn send(service: &Service, signal: Signal) {
    if let Some(group) = service.process_group.and_then(Pid::from_raw) {
        // It may just have ended.
        let _ = kill_process_group(group, signal);
    }
}
