//! The report for people.

use std::fmt::Write as _;

use super::report::{Cause, Document, Failure, Outcome};
use crate::diagnostics::printable;
use crate::plan::{count, duration};

/// Most consequences that are named.
const NAMED: usize = 12;

/// The report as text: what failed, why, and what to do next. `all` says whether every stack was looked at.
pub fn text(document: &Document, all: bool) -> String {
    let mut out = String::new();
    if document.failures.is_empty() {
        let _ = writeln!(out, "{}", all_well(document, all));
    }
    for (index, one) in document.failures.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        out.push_str(&failure(one));
    }
    for note in &document.notes {
        let _ = writeln!(out, "Not known: {note}");
    }
    printable(&out).into_owned()
}

/// What is to be said when nothing failed, as far as it is known.
pub(super) fn all_well(document: &Document, all: bool) -> &'static str {
    match (document.notes.is_empty(), all) {
        (true, true) => "Every stack is well: no operation that failed is the last one of its stack.",
        (true, false) => "What was asked about is well: no operation that failed is the last one of its stack.",
        (false, _) => "No failure was found, but not everything could be looked at.",
    }
}

/// One failure as text, without what could not be asked.
pub fn failure(failure: &Failure) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}\n", headline(failure));
    if let Some(cause) = &failure.cause {
        let _ = writeln!(out, "Root cause   {}", name(cause));
        paragraph(&mut out, &cause.reason);
    }
    for evidence in &failure.evidence {
        let colon = if evidence.lines.is_empty() { "" } else { ":" };
        let _ = writeln!(out, "  {}{colon}", evidence.fact);
        for line in &evidence.lines {
            let _ = writeln!(out, "    | {line}");
        }
    }
    for guess in &failure.guesses {
        let signals = count(guess.signals.len(), "matching signal");
        let _ = writeln!(out, "Likely why   {}   (guess, {signals})", guess.text);
        for signal in &guess.signals {
            let _ = writeln!(out, "  {signal}");
        }
    }
    for cause in &failure.also {
        let _ = writeln!(out, "Also failed  {}", name(cause));
        paragraph(&mut out, &cause.reason);
    }
    if !failure.consequences.is_empty() {
        let short = |address: &String| address.rsplit('/').next().unwrap_or(address).to_owned();
        let named: Vec<String> = failure.consequences.iter().take(NAMED).map(short).collect();
        let more = failure.consequences.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let what =
            if failure.cause.is_some() { "Not the cause (cancelled because of it)" } else { "Cancelled with it" };
        let _ = writeln!(out, "{what}: {}{more}", named.join(", "));
    }
    if !failure.next.is_empty() {
        let _ = writeln!(out, "Next");
        for (index, next) in failure.next.iter().enumerate() {
            let _ = writeln!(out, "  {}  {next}", index + 1);
        }
    }
    printable(&out).into_owned()
}

/// What became of the stack, in one line.
pub(super) fn headline(failure: &Failure) -> String {
    let after = failure
        .operation
        .as_ref()
        .and_then(|operation| operation.seconds)
        .filter(|seconds| *seconds > 0)
        .map(|seconds| format!(" after {}", duration(seconds)))
        .unwrap_or_default();
    let what = match failure.outcome {
        Outcome::RolledBack if failure.is_cancelled() => {
            format!("was cancelled{after} and rolled back: it is {}", failure.status)
        }
        Outcome::RolledBack => format!("failed{after} and was rolled back: it is {}", failure.status),
        Outcome::Stuck => format!("failed{after} and needs `gwinfra recover`: it is {}", failure.status),
        Outcome::NotBegun => format!("failed before anything was changed: it is {}", failure.status),
        Outcome::InPart => format!("failed{after}: it is {}", failure.status),
        Outcome::InProgress => format!("is {}", failure.status),
        Outcome::Unhealthy => format!("was applied and does not run: it is {}", failure.status),
    };
    format!("stack {} in {} {what}", failure.name, failure.account)
}

fn name(cause: &Cause) -> String {
    let place = cause.place().map(|place| format!("   {place}")).unwrap_or_default();
    let of_type = if cause.resource_type.is_empty() { String::new() } else { format!("   {}", cause.resource_type) };
    format!("{}{of_type}{place}", cause.address)
}

fn paragraph(out: &mut String, words: &str) {
    for line in words.lines() {
        let _ = writeln!(out, "  {line}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing;

    #[test]
    fn every_stack_is_well_only_when_every_stack_was_looked_at() {
        let mut document = testing::document(Vec::new());
        assert!(text(&document, true).starts_with("Every stack is well:"));
        assert!(text(&document, false).starts_with("What was asked about is well:"));
        document.notes.push("the hub could not be asked".to_owned());
        assert!(text(&document, true).starts_with("No failure was found, but not everything could be looked at."));
    }
}
