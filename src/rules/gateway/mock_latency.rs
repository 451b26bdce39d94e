//! How long a mocked model takes.

use crate::diagnostics::Diagnostic;
use crate::mock_llm::Latency;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0317",
    title: "The latency of a mocked model is a time or a distribution",
    explanation: include_str!("mock_latency.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let mock = subject.spec.gateway.middleware.mock_llm.as_ref();
    let Some(latency) = mock.and_then(|mock| mock.latency.as_ref()) else { return };
    if let Err(error) = latency.parse::<Latency>() {
        let finding = RULE.error(subject, "gateway.middleware.mock_llm.latency", error.to_string());
        findings.push(finding.with_help("write a time, such as 300ms, or normal:300ms,50ms"));
    }
}
