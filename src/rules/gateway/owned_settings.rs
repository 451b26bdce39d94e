//! Settings that gwinfra makes from the rest of the spec.

use crate::diagnostics::Diagnostic;
use crate::model::litellm::OWNED;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0309",
    title: "Settings do not repeat what gwinfra sets",
    explanation: include_str!("owned_settings.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for (section, settings) in &subject.spec.gateway.litellm.settings {
        let owned = OWNED.iter().find(|(name, _)| *name == section.as_str()).map_or(&[][..], |(_, keys)| *keys);
        for key in settings.keys().filter(|key| owned.contains(&key.as_str())) {
            let path = format!("gateway.litellm.settings.{section}.{key}");
            let finding = Diagnostic::error(RULE.code, format!("gwinfra sets `{key}` itself"));
            findings.push(finding.with_span(subject.key(&path)).with_path(path).with_help(instead(key)));
        }
    }
}

/// Where the spec says what the setting says.
fn instead(key: &str) -> String {
    let path = match key {
        "request_timeout" | "timeout" => "routing.timeout_seconds",
        "callbacks" | "s3_callback_params" => "observability.request_logs",
        "routing_strategy" => "routing.strategy",
        "num_retries" => "routing.retries",
        "cooldown_time" => "routing.cooldown_seconds",
        "fallbacks" | "context_window_fallbacks" => "models",
        "default_fallbacks" => "routing.default_fallbacks",
        "database_url" => "database",
        "cache" | "cache_params" | "redis_host" | "redis_port" | "redis_password" => "cache",
        _ => return "remove it".to_owned(),
    };
    format!("remove it and use `{path}`")
}
