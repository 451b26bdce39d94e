//! Lengths of physical names.

use crate::diagnostics::Diagnostic;
use crate::model::naming::{CACHE_LIMIT, LOAD_BALANCER_LIMIT, Names};
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0356",
    title: "Names fit the limits of each service",
    explanation: include_str!("name_length.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let names = Names::new(subject.spec.name.as_str(), subject.environment);
    let cut: Vec<&str> = [("load balancers", LOAD_BALANCER_LIMIT, "gateway"), ("caches", CACHE_LIMIT, "cache")]
        .into_iter()
        .filter(|(_, limit, what)| names.within(*limit, what) != format!("{}-{what}", subject.prefix))
        .map(|(service, _, _)| service)
        .collect();
    if !cut.is_empty() {
        let message = format!("names of {} are cut and end in a hash: `{}` is long", cut.join(" and "), subject.prefix);
        let finding = RULE.note(subject, "name", message);
        findings.push(finding.with_help("a prefix of up to 24 characters fits everywhere"));
    }
}
