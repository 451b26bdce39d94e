//! Fallbacks that name no model.

use serde_json::Value;

use super::fallbacks::all;
use crate::diagnostics::Diagnostic;
use crate::litellm::Subject;
use crate::litellm::lint::{Lint, Reach};
use crate::spec::shape::did_you_mean;

/// The lint.
pub static LINT: Lint = Lint {
    code: "GW0373",
    title: "Fallbacks name models of the list",
    explanation: include_str!("unknown_fallback.md"),
    reach: Reach::Both,
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    // Models may also come from a database, or from a file that is included.
    let general = |key: &str| subject.section("general_settings").and_then(|general| general.get(key));
    if general("store_model_in_db").and_then(Value::as_bool) == Some(true) || subject.document.get("include").is_some()
    {
        return;
    }
    let mut names: Vec<&str> = subject.model_names().collect();
    // Deployments of one model are beside each other in most configurations, but need not be.
    names.sort_unstable();
    names.dedup();
    let aliases = subject.section("router_settings").and_then(|router| router.get("model_group_alias"));
    let is_alias = |name: &str| aliases.is_some_and(|aliases| aliases.get(name).is_some());
    for fallback in all(subject) {
        let Some(name) = fallback.to.or(fallback.model) else { continue };
        if name == "*" || is_alias(name) || names.iter().any(|known| serves(known, name)) {
            continue;
        }
        let message = format!("`model_list` has no model `{name}`");
        let finding = match fallback.to {
            Some(_) => LINT.error(subject, &fallback.path, message),
            None => LINT.key_error(subject, &fallback.path, message),
        };
        let help = if let Some(base) = names.iter().find(|known| names_a_deployment_of(known, name)) {
            format!(
                "call each deployment `model_name: {base}`: LiteLLM tries all that share a name, without a fallback"
            )
        } else if let Some(near) = did_you_mean(name, names.iter().copied()) {
            format!("did you mean `{near}`?")
        } else if names.is_empty() {
            "add the model to `model_list`".to_owned()
        } else {
            format!("models: {}", names.join(", "))
        };
        findings.push(finding.with_help(help));
    }
}

/// Whether a name looks like that of one deployment of a model: `claude-account2` of `claude`.
fn names_a_deployment_of(model: &str, name: &str) -> bool {
    let words = ["account", "region", "backup", "secondary", "primary", "deployment", "us-", "eu-", "ap-"];
    name.strip_prefix(model)
        .and_then(|rest| rest.strip_prefix(['-', '_']))
        .is_some_and(|rest| words.iter().any(|word| rest.starts_with(word)))
}

/// Whether an entry of the list serves a name: `openai/*` serves every model of OpenAI.
fn serves(entry: &str, name: &str) -> bool {
    match entry.split_once('*') {
        Some((before, after)) => {
            name.len() >= before.len() + after.len() && name.starts_with(before) && name.ends_with(after)
        }
        None => entry == name,
    }
}
