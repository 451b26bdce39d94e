//! The report for a pull request or a ticket.

use std::fmt::Write as _;

use super::report::{Cause, Document, Failure};
use super::text::{all_well, headline};
use crate::diagnostics::printable;

/// The report as Markdown. `all` says whether every stack was looked at.
pub fn markdown(document: &Document, all: bool) -> String {
    let mut out = format!("## gwinfra diagnose: {}\n", document.deployment.name);
    if let Some(run) = &document.run {
        let result = run.result.as_deref().unwrap_or("cut off");
        let _ = writeln!(out, "\nRun `{}`: {} of {}, {result}.", run.id, run.command, run.started_at);
    }
    if document.failures.is_empty() {
        let _ = writeln!(out, "\n{}", all_well(document, all));
    }
    for failure in &document.failures {
        section(&mut out, failure);
    }
    for note in &document.notes {
        let _ = writeln!(out, "\nNot known: {}", plain(note));
    }
    printable(&out).into_owned()
}

fn section(out: &mut String, failure: &Failure) {
    let _ = writeln!(out, "\n### {}", plain(&headline(failure)));
    if let Some(cause) = &failure.cause {
        let _ = writeln!(out, "\n**Root cause:** {}\n\n> {}", name(cause), quoted(&cause.reason));
    }
    if !failure.evidence.is_empty() {
        out.push('\n');
    }
    for evidence in &failure.evidence {
        let _ = writeln!(out, "- {} ({})", plain(&evidence.fact), evidence.from);
        if !evidence.lines.is_empty() {
            let _ = writeln!(out, "\n  ```text\n  {}\n  ```\n", evidence.lines.join("\n  ").replace("```", "'''"));
        }
    }
    for guess in &failure.guesses {
        let _ = writeln!(out, "\n**Likely why (guess):** {}", plain(&guess.text));
        for signal in &guess.signals {
            let _ = writeln!(out, "- {}", plain(signal));
        }
    }
    for cause in &failure.also {
        let _ = writeln!(out, "\n**Also failed:** {}\n\n> {}", name(cause), quoted(&cause.reason));
    }
    if !failure.consequences.is_empty() {
        let addresses: Vec<String> = failure.consequences.iter().map(|address| format!("`{address}`")).collect();
        let _ = writeln!(
            out,
            "\n<details><summary>Not the cause: {} cancelled because of it</summary>\n\n{}\n\n</details>",
            addresses.len(),
            addresses.join(", ")
        );
    }
    if !failure.next.is_empty() {
        out.push_str("\n**Next**\n");
        for (index, next) in failure.next.iter().enumerate() {
            let _ = writeln!(out, "{}. {}", index + 1, plain(next));
        }
    }
}

fn name(cause: &Cause) -> String {
    let place = cause.place().map(|place| format!(" from `{place}`")).unwrap_or_default();
    let of_type = if cause.resource_type.is_empty() { String::new() } else { format!(" ({})", cause.resource_type) };
    format!("`{}`{of_type}{place}", cause.address.replace('`', "'"))
}

/// Words of a service in a quotation: a tag or a line break would end it.
fn quoted(words: &str) -> String {
    plain(words).replace('\n', "\n> ")
}

fn plain(words: &str) -> String {
    words.replace('<', "&lt;")
}
