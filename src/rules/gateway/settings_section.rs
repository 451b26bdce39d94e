//! Sections under `gateway.litellm.settings`.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::shape::did_you_mean;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0308",
    title: "Settings are in sections that LiteLLM has",
    explanation: include_str!("settings_section.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for section in subject.spec.gateway.litellm.settings.keys() {
        let help = match section.as_str() {
            known if SECTIONS.contains(&known) => continue,
            "model_list" => "list models under `models`".to_owned(),
            "guardrails" => "list guardrails under `guardrails`".to_owned(),
            "environment_variables" => "use `gateway.litellm.environment` and `gateway.litellm.secrets`".to_owned(),
            other => match did_you_mean(other, SECTIONS) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("sections: {}", SECTIONS.join(", ")),
            },
        };
        let path = format!("gateway.litellm.settings.{section}");
        let finding = Diagnostic::error(RULE.code, format!("`{section}` is no section that may be set here"));
        findings.push(finding.with_span(subject.key(&path)).with_path(path).with_help(help));
    }
}

/// Whether a section may be set in a spec.
pub(in crate::rules) fn is_passed(section: &str) -> bool {
    SECTIONS.contains(&section)
}

/// Sections of LiteLLM's configuration beside those that the spec makes.
/// <https://docs.litellm.ai/docs/proxy/config_settings>, November 2026.
const SECTIONS: [&str; 11] = [
    "assistant_settings",
    "credential_list",
    "default_team_settings",
    "files_settings",
    "finetune_settings",
    "general_settings",
    "litellm_settings",
    "mcp_servers",
    "prompts",
    "router_settings",
    "vector_store_registry",
];
