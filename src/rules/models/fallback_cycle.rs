//! Circles of fallbacks.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0324",
    title: "Fallbacks do not go in circles",
    explanation: include_str!("fallback_cycle.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let models = &subject.spec.models;
    let next = |name: &str| {
        let model = models.iter().find(|model| model.name.as_str() == name);
        model.map_or(&[][..], |model| model.fallbacks.as_slice())
    };
    // Each circle is reported at its first model.
    let mut reported: Vec<&str> = Vec::new();
    for (index, model) in models.iter().enumerate() {
        let start = model.name.as_str();
        let mut waiting: Vec<&str> =
            next(start).iter().map(|name| name.as_str()).filter(|name| *name != start).collect();
        let mut seen: Vec<&str> = Vec::new();
        while let Some(name) = waiting.pop() {
            if !seen.contains(&name) {
                seen.push(name);
                waiting.extend(next(name).iter().map(|name| name.as_str()));
            }
        }
        if seen.contains(&start) && !reported.contains(&start) {
            reported.extend(seen.iter().copied());
            let message = format!("the fallbacks of `{start}` lead back to it");
            let finding = RULE.warning(subject, format!("models.{index}.fallbacks"), message);
            findings.push(finding.with_help("end the circle: let the last model have no fallback"));
        }
    }
}
