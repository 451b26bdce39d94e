//! The report for a pull request: what failed, then all checks.

use super::outcome::{Outcome, Status};
use super::report::Document;
use crate::diagnostics::comment::{Comment, Row, Section, Weight, code, plain, prose};
use crate::plan::count;

/// The report as Markdown.
pub fn markdown(document: &Document) -> String {
    let mut comment = match &document.deployment {
        Some(deployment) => Comment::new("smoke", deployment, "`gwinfra smoke`"),
        None => Comment::once("`gwinfra smoke`"),
    };
    let summary = document.summary;
    comment.line(&format!(
        "**{}** ({}): {} failed, {} passed, {} skipped",
        plain(document.deployment.as_deref().unwrap_or("gateway")),
        code(&document.url),
        count(summary.fail, "check"),
        summary.pass,
        summary.skip
    ));
    let failed = document.failed().map(|outcome| row(outcome, Weight::Must, "failed check", "**failed**"));
    comment.section(Section::new("", &["check", "of", "what", "next"], failed.collect()));
    let others = document.checks.iter().filter_map(|outcome| match outcome.status {
        Status::Pass => Some(row(outcome, Weight::Low, "passed check", "ok")),
        Status::Skip => Some(row(outcome, Weight::Low, "skipped check", "skipped")),
        Status::Fail => None,
    });
    comment.section(Section::new("Other checks", &["check", "of", "what", "next"], others.collect()).folded());
    comment.text()
}

fn row(outcome: &Outcome, weight: Weight, kind: &'static str, mark: &'static str) -> Row {
    let next = outcome.next.as_deref().filter(|_| outcome.status == Status::Fail);
    let cells = vec![
        outcome.subject.as_deref().map(code).unwrap_or_default(),
        prose(&outcome.detail),
        next.map(prose).unwrap_or_default(),
    ];
    Row::new(weight, kind, mark, &outcome.name, cells)
}
