//! Sign-up without a budget.

use serde_json::{Map, Value};

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0319",
    title: "Okta users have a budget",
    explanation: include_str!("okta_without_budget.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let gateway = &subject.spec.gateway;
    let Some(okta) = gateway.middleware.okta.as_ref().filter(|_| gateway.middleware.enabled) else { return };
    let of_litellm = gateway.litellm.settings.get("litellm_settings").is_some_and(gives_budget);
    if okta.defaults.max_budget.is_none() && !of_litellm {
        let path = "gateway.middleware.okta";
        let message = "who signs up has no budget: everybody of the tenant may spend without end";
        let finding = Diagnostic::warning(RULE.code, message).with_span(subject.key(path)).with_path(path);
        findings.push(finding.with_help("set `defaults: {max_budget: 20, budget_duration: 30d}`, in US dollars"));
    }
}

/// Whether LiteLLM's own settings give one to users who come without.
fn gives_budget(settings: &Map<String, Value>) -> bool {
    let of_defaults = settings.get("default_internal_user_params").and_then(|params| params.get("max_budget"));
    // A null among the defaults is as if it were not there.
    of_defaults.into_iter().chain(settings.get("max_internal_user_budget")).any(Value::is_number)
}
