//! The report for a pull request.

use std::fmt::Write;

use super::finding::Status;
use super::report::Document;
use super::text::{place, verdict};

/// A headline, and a table of what is not as it should be.
pub fn markdown(document: &Document) -> String {
    let mut out = format!("<!-- gwinfra:doctor:{} -->\n", document.deployment);
    let _ =
        writeln!(out, "**{}** ({}/{}): {}", document.deployment, document.account, document.region, verdict(document));
    let found: Vec<_> = document
        .checks
        .iter()
        .flat_map(|check| check.findings.iter().map(move |finding| (check, finding)))
        .filter(|(_, finding)| matches!(finding.status, Status::Warn | Status::Fail))
        .collect();
    if found.is_empty() {
        return out;
    }
    let _ = writeln!(out, "\n| | check | what | where | way out |\n|---|---|---|---|---|");
    for (check, finding) in found {
        let severity = if finding.status == Status::Fail { "**error**" } else { "warning" };
        let account = finding.account.as_ref().map(|account| format!("{account}: ")).unwrap_or_default();
        let mut what = cell(&format!("{account}{}", finding.message));
        for detail in &finding.details {
            let _ = write!(what, "<br>`{}`", cell(detail).replace('`', "'"));
        }
        let places: Vec<String> = finding.source.iter().map(place).collect();
        let _ = writeln!(
            out,
            "| {severity} | {} {} | {what} | {} | {} |",
            check.id,
            check.name,
            cell(&places.join(", ")),
            cell(finding.fix.as_deref().unwrap_or_default())
        );
    }
    out
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ").replace('<', "&lt;")
}
