//! Settings of a middleware that is off.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0313",
    title: "Settings of the middleware are used",
    explanation: include_str!("idle_middleware.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    if subject.spec.gateway.middleware.enabled {
        return;
    }
    for key in ["image", "environment", "bedrock_api", "managed_prompts", "chat_history", "mock_llm"] {
        let path = format!("gateway.middleware.{key}");
        if subject.spans.contains(&path) {
            let finding = Diagnostic::warning(RULE.code, format!("`{key}` has no effect: there is no middleware"));
            findings.push(
                finding
                    .with_span(subject.key(&path))
                    .with_path(path)
                    .with_related(subject.at("gateway.middleware.enabled"), "the middleware is off")
                    .with_help("remove it, or write `enabled: true`"),
            );
        }
    }
}
