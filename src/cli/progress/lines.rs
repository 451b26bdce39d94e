//! One line per event: for logs of CI jobs.

use crate::cli::printer::Printer;
use crate::diagnostics::printable;
use crate::engine::{Event, EventKind, EventSink};

/// Writes events as lines of `HH:MM:SS stack what status reason`.
pub(super) struct Lines {
    printer: Printer,
}

impl Lines {
    pub(super) fn new(printer: Printer) -> Self {
        Self { printer }
    }
}

impl EventSink for Lines {
    fn emit(&self, event: Event) {
        if let Some(words) = words(&event.kind) {
            let time = event.at.get(11..19).unwrap_or(&event.at);
            let stack = event.stack.as_deref().unwrap_or("-");
            self.printer.say(format_args!("{time} {stack} {}", printable(&words)));
        }
    }
}

/// An event in words; `None` for those that say nothing new.
pub(super) fn words(kind: &EventKind) -> Option<String> {
    let because = |reason: &Option<String>| reason.as_ref().map(|text| format!("  {text}")).unwrap_or_default();
    Some(match kind {
        EventKind::StepStarted { .. } => return None,
        EventKind::StepFinished { step, result } => format!("✔ {step}: {result}"),
        EventKind::StepFailed { step, reason } => format!("✗ {step}: {reason}"),
        EventKind::StackStatus { status, reason } => format!("stack {status}{}", because(reason)),
        EventKind::Resource { logical_id, status, reason, .. } => format!("{logical_id} {status}{}", because(reason)),
        EventKind::Retry { call, attempt, delay_ms, reason } => {
            format!("{call} failed (try {attempt}): {reason}; again in {delay_ms} ms")
        }
        EventKind::EcsDeployment { service, status, tasks, reason } => {
            let (desired, running, pending, failed) = tasks;
            format!(
                "{service} deployment {status}: {running} of {desired} tasks run, {pending} pending, {failed} failed{}",
                because(reason)
            )
        }
        EventKind::Message { text } => text.clone(),
    })
}
