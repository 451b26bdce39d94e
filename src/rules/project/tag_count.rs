//! The number of tags.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule =
    Rule { code: "GW0352", title: "There are at most 40 tags", explanation: include_str!("tag_count.md"), check };

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let count = subject.spec.tags.len();
    if count > MOST {
        let finding = Diagnostic::error(RULE.code, format!("there are {count} tags, and {MOST} are the most"));
        findings.push(finding.with_span(subject.key("tags")).with_path("tags").with_help("remove some"));
    }
}

/// Tags of the user on one resource: of AWS's 50, ten are left to gwinfra, CloudFormation and the service.
/// <https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html>
const MOST: usize = 40;
