//! Sections that LiteLLM does not have.

use crate::diagnostics::Diagnostic;
use crate::litellm::lint::{Lint, Reach};
use crate::litellm::{Subject, keys};
use crate::spec::shape::did_you_mean;

/// The lint.
pub static LINT: Lint = Lint {
    code: "GW0370",
    title: "Sections are those of LiteLLM",
    explanation: include_str!("unknown_section.md"),
    reach: Reach::File,
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let has = |key: &str| subject.document.get(key).is_some();
    for (first, second, what, help) in OTHERS {
        if has(first) && has(second) && !has("model_list") {
            let message = format!("this is {what}, and no configuration of LiteLLM");
            findings.push(LINT.key_error(subject, first, message).with_help(help));
            return;
        }
    }
    for key in subject.document.as_object().into_iter().flat_map(|document| document.keys()) {
        if SECTIONS.contains(&key.as_str()) {
            continue;
        }
        let help = match (keys::sections().find(|section| keys::knows(section, key)), did_you_mean(key, SECTIONS)) {
            (Some(section), _) => format!("move it to `{section}`"),
            (None, Some(near)) => format!("did you mean `{near}`?"),
            (None, None) => format!("remove it; sections: {}", SECTIONS.join(", ")),
        };
        findings.push(LINT.key_error(subject, key, format!("LiteLLM has no section `{key}`")).with_help(help));
    }
}

/// Two keys that tell a file of another kind, what it is, and what to do with it.
const OTHERS: [(&str, &str, &str, &str); 3] = [
    ("hub", "models", "a spec of gwinfra", "check it with `gwinfra validate -f FILE`"),
    (
        "AWSTemplateFormatVersion",
        "Resources",
        "a CloudFormation template",
        "name the file that `litellm --config` reads",
    ),
    ("services", "volumes", "a Compose file", "name the file that `litellm --config` reads"),
];

/// Sections of LiteLLM's configuration, as LiteLLM 1.102.4 reads them and
/// <https://docs.litellm.ai/docs/proxy/config_settings> lists them, November 2026.
const SECTIONS: [&str; 25] = [
    "agent_list",
    "agents",
    "assistant_settings",
    "callback_settings",
    "credential_list",
    "default_vertex_config",
    "environment_variables",
    "files_settings",
    "finetune_settings",
    "general_settings",
    "guardrails",
    "include",
    "litellm_settings",
    "mcp_aliases",
    "mcp_servers",
    "mcp_tools",
    "model_list",
    "policies",
    "policy_attachments",
    "prompts",
    "router_settings",
    "sandbox_tools",
    "search_tools",
    "vector_store_registry",
    "worker_registry",
];
