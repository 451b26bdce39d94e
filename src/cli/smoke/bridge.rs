//! Checks as events of an operation: lines, JSON objects, or lines of an apply's tree.

use std::sync::Arc;

use crate::engine::{Event, EventKind, EventSink};
use crate::smoke::{Observer, Outcome, Status};

/// Name of the step in events.
const STEP: &str = "smoke";

/// Tells a sink of events.
pub(super) struct Bridge {
    sink: Arc<dyn EventSink>,
}

impl Bridge {
    pub(super) fn new(sink: Arc<dyn EventSink>) -> Self {
        Self { sink }
    }

    fn emit(&self, name: &str, kind: EventKind) {
        let at = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        self.sink.emit(Event { at, stack: Some(name.to_owned()), kind });
    }
}

impl Observer for Bridge {
    fn round(&self, number: u32, of: u32) {
        if of > 1 {
            self.emit(STEP, EventKind::Message { text: format!("round {number} of {of}") });
        }
    }

    fn started(&self, name: &str) {
        self.emit(name, EventKind::StepStarted { step: STEP.to_owned() });
    }

    fn ended(&self, name: &str, outcomes: &[Outcome]) {
        let failed: Vec<String> = outcomes.iter().filter(|outcome| outcome.status == Status::Fail).map(told).collect();
        let step = STEP.to_owned();
        self.emit(
            name,
            if failed.is_empty() {
                let result = match outcomes {
                    [one] if one.status == Status::Skip => format!("skipped: {}", one.detail),
                    [one] => told(one),
                    // It was only to be known whether to go on.
                    [] => "goes on".to_owned(),
                    many => crate::plan::count(many.len(), "result"),
                };
                EventKind::StepFinished { step, result }
            } else {
                EventKind::StepFailed { step, reason: failed.join("; ") }
            },
        );
    }
}

fn told(outcome: &Outcome) -> String {
    let subject = outcome.subject.as_ref().map(|subject| format!("{subject}: ")).unwrap_or_default();
    let latency = outcome.latency_ms.map(|ms| format!(" ({ms} ms)")).unwrap_or_default();
    format!("{subject}{}{latency}", outcome.detail)
}
