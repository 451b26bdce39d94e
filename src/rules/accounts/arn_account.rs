//! Accounts of ARNs.

use super::references::references;
use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule =
    Rule { code: "GW0207", title: "ARNs are in the right account", explanation: include_str!("arn_account.md"), check };

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for reference in references(subject.spec) {
        let Some(parts) = reference.arn.parts() else { continue };
        let Some((account, owner)) = &reference.account else { continue };
        if reference.is_right_kind() && parts.account != account {
            let message = format!("this ARN is in the account {}, and must be in {account}", parts.account);
            findings.push(
                RULE.error(subject, reference.path.clone(), message)
                    .with_related(subject.at(owner), "the account is here")
                    .with_help(format!("name {} of the account {account}", reference.kind.name)),
            );
        }
    }
}
