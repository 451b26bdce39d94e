//! A mocked model in the place of Bedrock.

use crate::diagnostics::Diagnostic;
use crate::mock_llm::Latency;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule =
    Rule { code: "GW0316", title: "A mocked model is for load tests", explanation: include_str!("mock_llm.md"), check };

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    const PATH: &str = "gateway.middleware.mock_llm";
    let middleware = &subject.spec.gateway.middleware;
    let Some(mock) = &middleware.mock_llm else { return };
    if let Some(Err(error)) = mock.latency.as_ref().map(|latency| latency.parse::<Latency>()) {
        let finding = RULE.error(subject, format!("{PATH}.latency"), error.to_string());
        findings.push(finding.with_help("write a time, such as 300ms, or normal:300ms,50ms"));
    }
    if middleware.enabled {
        let message = "Bedrock is never called: a mock answers for its models";
        let finding = Diagnostic::warning(RULE.code, message).with_span(subject.key(PATH)).with_path(PATH);
        findings.push(finding.with_help("remove it where people work with the answers"));
    }
}
