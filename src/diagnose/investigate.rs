//! Asks around a failure.

use std::borrow::Cow;
use std::time::Duration;

use futures::StreamExt;

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
    pub rendered: Cow<'a, str>,
    /// How long each question may take.
    pub patience: Duration,
    /// When everything has to be told; `None` for as long as the questions take.
    pub until: Option<tokio::time::Instant>,
}

impl Scene<'_> {
    pub(super) fn session(&self) -> Session {
        self.clients.session(self.target)
    }
}

/// Investigates the first failures that have ended, `at_once` of them at the same time; the others stay as they are. Returns
/// them in their order, and what could not be asked, each sentence once.
pub async fn investigate_first(
    most: usize,
    at_once: usize,
    failures: Vec<(Failure, Scene<'_>)>,
) -> (Vec<Failure>, Vec<String>) {
    let mut ended = 0;
    let work = failures.into_iter().map(|(mut failure, scene)| {
        ended += usize::from(failure.has_ended());
        let wanted = ended <= most;
        async move {
            let notes = if wanted { investigate(&mut failure, &scene).await } else { Vec::new() };
            (failure, notes)
        }
    });
    let done: Vec<_> = futures::stream::iter(work).buffered(at_once.max(1)).collect().await;
    let (mut failures, mut notes) = (Vec::new(), Vec::new());
    for (failure, own) in done {
        failures.push(failure);
        for note in own {
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
    }
    (failures, notes)
}

/// Adds evidence, guesses and what to do about them to a failure whose cause is known. Returns what could not be asked,
/// one sentence each: it never fails.
async fn investigate(failure: &mut Failure, scene: &Scene<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    if failure.outcome == Outcome::InProgress {
        return notes;
    }
    let found = match scene.until {
        Some(until) => match tokio::time::timeout_at(until, enrich::ask(failure, scene, &mut notes)).await {
            Ok(found) => found,
            Err(_) => {
                notes.push(format!("what AWS tells about {}: there was no time left to ask", failure.name));
                return notes;
            }
        },
        None => enrich::ask(failure, scene, &mut notes).await,
    };
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
