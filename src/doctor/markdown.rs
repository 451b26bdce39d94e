//! The report for a pull request: what is not as it should be.

use super::finding::{Finding, Status};
use super::report::{CheckResult, Document};
use super::text::verdict;
use crate::diagnostics::comment::{Comment, Row, Section, Weight, code, plain, prose};
use crate::plan::SourcePlace;

/// Most details of a finding that are shown: of two hundred actions the first few say enough.
const DETAILS: usize = 10;

/// A headline, and a table of what is not as it should be.
pub fn markdown(document: &Document) -> String {
    let mut comment = Comment::new("doctor", &document.deployment, "`gwinfra doctor`");
    comment.line(&format!(
        "**{}** ({}/{}): {}",
        plain(&document.deployment),
        plain(&document.account),
        plain(&document.region),
        plain(&verdict(document))
    ));
    let found = document.checks.iter().flat_map(|check| check.findings.iter().map(move |finding| (check, finding)));
    let rows = found.filter_map(|(check, finding)| row(check, finding)).collect();
    comment.section(Section::new("", &["check", "what", "where", "way out"], rows));
    comment.text()
}

fn row(check: &CheckResult, finding: &Finding) -> Option<Row> {
    let (weight, kind, mark) = match finding.status {
        Status::Fail => (Weight::Must, "failed check", "**error**"),
        Status::Warn => (Weight::Normal, "warning", "warning"),
        Status::Pass | Status::Skip => return None,
    };
    let account = finding.account.as_ref().map(|account| format!(" {account}")).unwrap_or_default();
    let mut what = prose(&finding.message);
    for detail in finding.details.iter().take(DETAILS) {
        what.push_str(&format!("<br>{}", code(detail)));
    }
    if let Some(more) = finding.details.len().checked_sub(DETAILS).filter(|more| *more > 0) {
        what.push_str(&format!("<br>and {more} more"));
    }
    let places: Vec<String> = finding.source.iter().map(SourcePlace::words).collect();
    let cells = vec![what, plain(&places.join(", ")), prose(finding.fix.as_deref().unwrap_or_default())];
    Some(Row::new(weight, kind, mark, &format!("{} {}{account}", check.id, check.name), cells))
}
