//! The report as text for people.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::outcome::{Outcome, Status};
use super::report::Document;

/// From so many on, checks that were skipped for one reason are one line.
const MANY: usize = 4;

/// The report as text: a line for each check, what to look at next where one failed, and the count. With `ids`, each line
/// has the id of its request and of the deployment that served it.
pub fn text(document: &Document, ids: bool) -> String {
    let mut out = String::new();
    let names = [document.deployment.as_deref(), Some(&document.url), document.model.as_deref()];
    let model = |at: usize, text: &str| if at == 2 { format!("model {text}") } else { text.to_owned() };
    let head: Vec<String> = names.iter().enumerate().filter_map(|(at, text)| Some(model(at, (*text)?))).collect();
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{}\n", head.join("   "));
    let width = document.checks.iter().map(|outcome| outcome.name.len()).max().unwrap_or(0).max("16 checks".len());
    let mut before = "";
    for run in document.checks.chunk_by(is_same_skip) {
        if run.len() >= MANY {
            let _ = writeln!(out, "{}", line(&run[0], &format!("{} checks", run.len()), width, ids));
            continue;
        }
        for outcome in run {
            // Of several results of a check only the first carries its name.
            let name = if before == outcome.name { "" } else { &outcome.name };
            let _ = writeln!(out, "{}", line(outcome, name, width, ids));
            if let Some(next) = &outcome.next
                && outcome.status == Status::Fail
            {
                let cyan = AnsiColor::Cyan.on_default();
                let _ = writeln!(out, "{:indent$}{cyan}next{cyan:#}: {next}", "", indent = width + 14);
            }
            before = &outcome.name;
        }
    }
    let _ = writeln!(out, "\n{}", verdict(document));
    out
}

/// Whether two checks were skipped for one reason: nobody wants to read it fifteen times.
fn is_same_skip(one: &Outcome, other: &Outcome) -> bool {
    one.status == Status::Skip && other.status == Status::Skip && one.detail == other.detail
}

/// One check in a line: mark, name, latency, what was seen.
pub fn line(outcome: &Outcome, name: &str, width: usize, ids: bool) -> String {
    let (symbol, style) = mark(outcome.status);
    let latency = outcome.latency_ms.map(|ms| format!("{ms} ms")).unwrap_or_default();
    let mut text = format!("{style}{symbol}{style:#} {name:<width$}  {latency:>8}  ");
    if let Some(subject) = &outcome.subject {
        let _ = write!(text, "{subject}: ");
    }
    if outcome.status == Status::Skip {
        text.push_str("skipped: ");
    }
    text.push_str(&outcome.detail);
    if let Some(account) = outcome.account.as_ref().filter(|_| outcome.subject.is_none()) {
        let _ = write!(text, "; account {account}");
    }
    if let Some(rounds) = outcome.rounds.filter(|rounds| rounds.fail == 0 && rounds.pass > 1) {
        let _ = write!(text, "; {} times", rounds.pass);
        if let Some(slowest) = rounds.slowest_ms {
            let _ = write!(text, ", slowest {slowest} ms");
        }
    }
    let dim = Style::new().dimmed();
    if let Some(deployment) = outcome.deployment.as_ref().filter(|_| ids) {
        let _ = write!(text, "  {dim}{deployment}{dim:#}");
    }
    if let Some(id) = outcome.request_id.as_ref().filter(|_| ids || outcome.status == Status::Fail) {
        let _ = write!(text, "  {dim}request {id}{dim:#}");
    }
    text.trim_end().to_owned()
}

fn mark(status: Status) -> (&'static str, Style) {
    match status {
        Status::Pass => ("✔", AnsiColor::Green.on_default()),
        Status::Fail => ("✗", AnsiColor::Red.on_default()),
        Status::Skip => ("-", Style::new().dimmed()),
    }
}

fn verdict(document: &Document) -> String {
    let summary = document.summary;
    let counts = [(summary.pass, "passed"), (summary.fail, "failed"), (summary.skip, "skipped")];
    let counts: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    let mut text = counts.join(", ");
    if document.rounds > 1 {
        let _ = write!(text, ", each tried {} times", document.rounds);
    }
    if document.rounds > 0 {
        // Seconds with one digit after the point, without floating-point surprises.
        let tenths = document.duration_ms.div_ceil(100);
        let _ = write!(text, " in {}.{} s", tenths / 10, tenths % 10);
    }
    text
}
