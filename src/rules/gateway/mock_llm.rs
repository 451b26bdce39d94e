//! A mocked model in the place of Bedrock.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule =
    Rule { code: "GW0316", title: "A mocked model is for load tests", explanation: include_str!("mock_llm.md"), check };

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    const PATH: &str = "gateway.middleware.mock_llm";
    let middleware = &subject.spec.gateway.middleware;
    if middleware.mock_llm.is_some() && middleware.enabled {
        let message = "a mock answers in the place of Bedrock's models and guardrails";
        let finding = Diagnostic::warning(RULE.code, message).with_span(subject.key(PATH)).with_path(PATH);
        findings.push(finding.with_help("remove it where people work with the answers"));
    }
}
