//! Names of regions.

use super::regions::{all, exists, names};
use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::shape::did_you_mean;

/// The rule.
pub static RULE: Rule =
    Rule { code: "GW0204", title: "Regions exist", explanation: include_str!("known_region.md"), check };

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for (path, region) in all(subject.spec) {
        if !exists(region.as_str()) {
            let finding = RULE.error(subject, path, format!("AWS has no region `{region}`"));
            let help = match did_you_mean(region.as_str(), names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "write a region code such as us-east-1".to_owned(),
            };
            findings.push(finding.with_help(help));
        }
    }
}
