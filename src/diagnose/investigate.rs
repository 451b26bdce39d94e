//! Asks around a failure.

use std::time::Duration;

use super::report::{Failure, Outcome};
use super::{enrich, guess};
use crate::aws::{Clients, Session};
use crate::render::Target;

/// Where a failure happened, and how long may be asked.
#[derive(Debug)]
pub struct Scene<'a> {
    /// Sessions with AWS.
    pub clients: &'a Clients,
    /// Account and region of the stack.
    pub target: &'a Target,
    /// Every account and region of the deployment.
    pub targets: &'a [Target],
    /// Cluster and service, where the stack has them.
    pub service: Option<(String, String)>,
    /// The rendered text of the stack or root module.
    pub rendered: &'a str,
    /// How long each question may take.
    pub patience: Duration,
}

impl Scene<'_> {
    pub(super) fn session(&self) -> Session {
        self.clients.session(self.target)
    }
}

/// Adds evidence, guesses and what to do about them to a failure whose cause is known. Returns what could not be asked,
/// one sentence each: it never fails.
pub async fn investigate(failure: &mut Failure, scene: &Scene<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    if failure.outcome == Outcome::InProgress {
        return notes;
    }
    let found = enrich::ask(failure, scene, &mut notes).await;
    failure.guesses = guess::guesses(&found.signals);
    failure.evidence.extend(found.evidence);
    // What is stuck has to be recovered before anything else; otherwise the cause is to be removed first.
    if !found.next.is_empty() {
        if failure.outcome == Outcome::Stuck {
            failure.next.extend(found.next);
        } else {
            failure.next = found.next;
        }
    }
    notes
}
