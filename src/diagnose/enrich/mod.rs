//! What AWS tells about a cause: one file per kind of evidence.

mod certificate;
mod denial;
mod model;
mod quota;
mod service;
mod service_events;
mod targets;

use std::time::Duration;

use super::investigate::Scene;
use super::report::{Evidence, Failure};
use crate::aws;

/// What one question has brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// Facts.
    pub evidence: Vec<Evidence>,
    /// The same facts, as a guess looks at them.
    pub signals: Vec<Signal>,
    /// What to do about it.
    pub next: Vec<String>,
    /// What could not be asked.
    pub notes: Vec<String>,
}

/// A fact that may speak for a guess.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Signal {
    /// A container ended.
    Exit {
        /// Its name.
        container: String,
        /// Its exit code.
        code: i32,
    },
    /// A task stopped, for this reason.
    Stopped(String),
    /// A container wrote this line before it ended.
    Line(String),
    /// The service said this of itself.
    Said(String),
    /// A target is not healthy, for this reason.
    Target(String),
}

/// Every service type that deploys tasks.
fn is_service(resource_type: &str) -> bool {
    matches!(resource_type, "AWS::ECS::Service" | "aws_ecs_service")
}

/// Asks everything that belongs to a failure. A question that nobody answers in time, or that the caller may not ask, is
/// a note and no failure.
pub(super) async fn ask(failure: &Failure, scene: &Scene<'_>, notes: &mut Vec<String>) -> Found {
    let mut all = Found::default();
    let [mut service, mut targets, mut certificate, mut quota, mut model] = <[Found; 5]>::default();
    // These depend on what failed.
    let said = futures::join!(
        in_time(scene.patience, "the tasks of the service", service::look(failure, scene, &mut service)),
        in_time(scene.patience, "the targets of the load balancer", targets::look(failure, scene, &mut targets)),
        in_time(scene.patience, "the certificates", certificate::look(failure, scene, &mut certificate)),
    );
    notes.extend([said.0, said.1, said.2].into_iter().flatten());
    for found in [service, targets, certificate] {
        all.take(found);
    }
    // These depend on what was said.
    let mut words: Vec<String> = failure.cause.iter().chain(&failure.also).map(|cause| cause.reason.clone()).collect();
    words.extend(all.signals.iter().filter_map(|signal| match signal {
        Signal::Stopped(words) | Signal::Line(words) | Signal::Said(words) => Some(words.clone()),
        Signal::Exit { .. } | Signal::Target(_) => None,
    }));
    let said = futures::join!(
        in_time(scene.patience, "the quota", quota::look(&words, scene, &mut quota)),
        in_time(scene.patience, "the access to the model", model::look(&words, scene, &mut model)),
    );
    notes.extend([said.0, said.1].into_iter().flatten());
    for found in [denial::look(&words, &scene.rendered), quota, model] {
        all.take(found);
    }
    notes.append(&mut all.notes);
    all
}

impl Found {
    fn take(&mut self, found: Self) {
        self.evidence.extend(found.evidence);
        self.signals.extend(found.signals);
        self.notes.extend(found.notes);
        for next in found.next {
            if !self.next.contains(&next) {
                self.next.push(next);
            }
        }
    }
}

/// Asks one question. What it has brought so far stays when it fails; the note says why it did.
async fn in_time(patience: Duration, what: &str, question: impl Future<Output = aws::Result<()>>) -> Option<String> {
    match tokio::time::timeout(patience, question).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(format!("{what} could not be looked at: {error}")),
        Err(_) => Some(format!("{what} could not be looked at: no answer within {} s", patience.as_secs_f32())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_question_that_nobody_answers_is_a_note() {
        let never = std::future::pending::<aws::Result<()>>();
        let note = in_time(Duration::from_millis(10), "the quota", never).await.unwrap();
        assert_eq!(note, "the quota could not be looked at: no answer within 0.01 s");
    }
}
