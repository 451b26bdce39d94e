//! Settings that LiteLLM ignores.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule =
    Rule { code: "GW0310", title: "Settings have an effect", explanation: include_str!("ignored_settings.md"), check };

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let settings = &subject.spec.gateway.litellm.settings;
    for (section, key, help) in IGNORED {
        if settings.get(section).is_some_and(|settings| settings.contains_key(key)) {
            let path = format!("gateway.litellm.settings.{section}.{key}");
            let finding = Diagnostic::error(RULE.code, format!("LiteLLM ignores `{key}` under `{section}`"));
            findings.push(finding.with_span(subject.key(&path)).with_path(path).with_help(help));
        }
    }
    let is_on = |key: &str| {
        let general = settings.get("general_settings").and_then(|general| general.get(key));
        general.and_then(serde_json::Value::as_bool) == Some(true)
    };
    if is_on("store_prompts_in_spend_logs") && is_on("disable_spend_logs") {
        let section = "gateway.litellm.settings.general_settings";
        let path = format!("{section}.store_prompts_in_spend_logs");
        let finding = Diagnostic::error(RULE.code, "prompts cannot be stored in spend logs that are not written");
        findings.push(
            finding
                .with_span(subject.key(&path))
                .with_path(path)
                .with_related(subject.key(&format!("{section}.disable_spend_logs")), "spend logs are off")
                .with_help("remove one of the two"),
        );
    }
}

/// Section, key, and where the key has an effect.
/// <https://docs.litellm.ai/docs/proxy/config_settings>, November 2026.
const IGNORED: [(&str, &str, &str); 5] = [
    ("router_settings", "retries", "use `routing.retries`"),
    ("router_settings", "health_check_interval", "move it to `general_settings`"),
    ("router_settings", "background_health_checks", "move it to `general_settings`"),
    ("litellm_settings", "store_prompts_in_spend_logs", "move it to `general_settings`"),
    ("litellm_settings", "disable_spend_logs", "move it to `general_settings`"),
];
