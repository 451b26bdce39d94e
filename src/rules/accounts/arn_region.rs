//! Regions of ARNs.

use super::references::references;
use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule =
    Rule { code: "GW0208", title: "ARNs are in the right region", explanation: include_str!("arn_region.md"), check };

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for reference in references(subject.spec) {
        let Some(parts) = reference.arn.parts() else { continue };
        let Some((region, owner)) = &reference.region else { continue };
        if reference.is_right_kind() && parts.region != region {
            let message = format!("this ARN is in the region `{}`, and must be in `{region}`", parts.region);
            findings.push(
                RULE.error(subject, reference.path.clone(), message)
                    .with_related(subject.at(owner), "the region is here")
                    .with_help(format!("name {} in {region}", reference.kind.name)),
            );
        }
    }
}
