//! Fallbacks, the model of the smoke calls, and the models of who signs up.

use super::fallbacks::{all, names};
use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::shape::did_you_mean;

/// The rule.
pub static RULE: Rule =
    Rule { code: "GW0322", title: "Fallbacks name models", explanation: include_str!("known_fallback.md"), check };

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let smoke = subject.spec.smoke.model.iter().map(|model| ("smoke.model".to_owned(), model.as_str()));
    let lists = all(subject.spec).into_iter().flat_map(|list| list.entries);
    let okta = subject.spec.gateway.middleware.okta.iter().flat_map(|okta| okta.defaults.models.iter().enumerate());
    let sign_up =
        okta.map(|(index, model)| (format!("gateway.middleware.okta.defaults.models.{index}"), model.as_str()));
    for (path, name) in lists.chain(smoke).chain(sign_up) {
        if names(subject.spec).all(|known| known != name) {
            let finding = RULE.error(subject, path, format!("there is no model `{name}`"));
            let help = match did_you_mean(name, names(subject.spec)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("models: {}", names(subject.spec).collect::<Vec<_>>().join(", ")),
            };
            findings.push(finding.with_help(help));
        }
    }
}
