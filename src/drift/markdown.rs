//! The report for a pull request or an issue.

use serde_json::Value;

use super::coverage::Skipped;
use super::excerpt::{sides, words};
use super::finding::{Finding, Kind, Level};
use super::report::Document;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::comment::{Comment, Row, Section, Weight, code, plain, prose};
use crate::plan::count;

/// Longest value that is shown whole, in characters: with the signs of what was cut off, as much as a cell takes.
const LONGEST: usize = 290;

/// The report as Markdown: open findings, what is accepted, what could not be compared. `told` is of the files beside the
/// spec: rules that have expired, values that nothing has.
pub fn markdown(document: &Document, told: &[Diagnostic]) -> String {
    let deployment = &document.deployment;
    let mut comment = Comment::new("drift", &deployment.name, "`gwinfra drift`");
    let open: Vec<&Finding> = document.open().collect();
    let coverage = &document.coverage;
    let found = match open.len() {
        0 if coverage.is_blind() => "nothing was compared".to_owned(),
        0 if coverage.is_whole() => "no drift".to_owned(),
        0 => "no drift in what could be compared".to_owned(),
        number => count(number, "difference"),
    };
    let skipped = match coverage.count_open() {
        0 => String::new(),
        number => format!(", {number} not"),
    };
    comment.line(&format!(
        "**{}** ({}/{}): {found}; {} of {} compared{skipped}",
        plain(&deployment.name),
        deployment.account,
        deployment.region,
        coverage.checked,
        count(coverage.total, "resource"),
    ));
    for note in document.notes.iter().chain(told.iter().map(|one| &one.message)) {
        comment.line(&format!("- {}", prose(note)));
    }
    if coverage.open().next().is_some() {
        comment.line("- What could not be compared may differ: let it be read, or accept that in `drift.yaml`");
    }
    let hub = &deployment.account;
    let rows = open.iter().map(|finding| row(finding, hub)).collect();
    comment.section(Section::new("", &["resource", "property", "deployed", "now", "spec"], rows));
    let accepted = document.findings.iter().filter_map(|finding| {
        let rule = finding.accepted_by.as_deref()?;
        let cells = vec![code(&finding.property()), prose(rule)];
        Some(of_account(Row::new(Weight::Low, "accepted difference", "", &finding.address, cells), finding, hub))
    });
    comment.section(Section::new("Accepted", &["resource", "property", "by"], accepted.collect()).folded());
    let skipped = |skipped: &Skipped| {
        let why = skipped.accepted_by.as_ref().unwrap_or(&skipped.reason);
        Row::new(Weight::Low, "resource that was not compared", "", &skipped.address, vec![prose(why)])
    };
    let rows: Vec<Row> = coverage.open().map(skipped).collect();
    let title = format!("Not compared: {}", count(rows.len(), "resource"));
    comment.section(Section::new(title, &["resource", "why"], rows).folded());
    let rows = coverage.accepted().map(skipped).collect();
    comment.section(Section::new("Not compared, which is accepted", &["resource", "by"], rows).folded());
    comment.text()
}

fn row(finding: &Finding, hub: &str) -> Row {
    let weight = match finding.severity {
        Level::High => Weight::Must,
        Level::Medium => Weight::Normal,
        Level::Low => Weight::Low,
    };
    let (kind, mark) = match (finding.severity, finding.kind) {
        (Level::High, Kind::Deleted) => ("deletion", "**gone**"),
        (Level::High, Kind::Added) => ("severe addition", "**added**"),
        (Level::High, Kind::Changed | Kind::Runtime) => ("severe difference", "**changed**"),
        (_, Kind::Deleted) => ("deletion", "gone"),
        (_, Kind::Added) => ("addition", "added"),
        (_, Kind::Changed | Kind::Runtime | Kind::Undeclared) => ("difference", "changed"),
    };
    let place = finding.source.first().map(|place| {
        let path = place.path.as_deref().map(|path| format!(" {}", code(path))).unwrap_or_default();
        format!("{}{path}", plain(&format!("{}:{}", place.file, place.line)))
    });
    let side = |value: &Option<Value>| words(value.as_ref()).unwrap_or_default();
    let (expected, actual) = sides(&side(&finding.expected), &side(&finding.actual), LONGEST);
    let cells = vec![code(&finding.property()), code(&expected), code(&actual), place.unwrap_or_default()];
    of_account(Row::new(weight, kind, mark, &finding.address, cells), finding, hub)
}

/// What differs in the same way in several Bedrock accounts is one row.
fn of_account(row: Row, finding: &Finding, hub: &str) -> Row {
    if finding.account == hub { row } else { row.of_account(&[&finding.account]) }
}
