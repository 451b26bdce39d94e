//! Routing strategies that LiteLLM does not have.

use serde_json::Value;

use crate::diagnostics::Diagnostic;
use crate::litellm::Subject;
use crate::litellm::lint::{Lint, Reach};
use crate::spec::shape::did_you_mean;

/// The lint.
pub static LINT: Lint = Lint {
    code: "GW0380",
    title: "The routing strategy is one of LiteLLM's",
    explanation: include_str!("routing_strategy.md"),
    reach: Reach::File,
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let strategy = subject.section("router_settings").and_then(|router| router.get("routing_strategy"));
    let Some(strategy) = strategy.and_then(Value::as_str) else { return };
    if STRATEGIES.contains(&strategy) || strategy.starts_with("os.environ/") || strategy.contains("${") {
        return;
    }
    let help = match did_you_mean(strategy, STRATEGIES) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("strategies: {}", STRATEGIES.join(", ")),
    };
    let message = format!("`{strategy}` is no routing strategy: LiteLLM does not start");
    findings.push(LINT.error(subject, "router_settings.routing_strategy", message).with_help(help));
}

/// Strategies of LiteLLM 1.102.4, as its error message lists them, November 2026.
const STRATEGIES: [&str; 8] = [
    "simple-shuffle",
    "least-busy",
    "latency-based-routing",
    "usage-based-routing-v2",
    "cost-based-routing",
    "usage-based-routing",
    "provider-budget-routing",
    "lar1",
];
