//! Whether every account and region can be used, before anything is made.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt;

use crate::aws::{Clients, Error};
use crate::diagnostics::{Diagnostic, Report};
use crate::engine::{ACCOUNTS_AT_ONCE, EngineError, PlanOptions};
use crate::plan::codes;
use crate::render::{Bundle, Target};

/// Bedrock accounts that cannot be used as things are, each with the reason.
pub(in crate::engine) type Refused = BTreeMap<String, String>;

/// Asks every account who it is and makes sure that the regions exist. Accounts of stacks that are left out are not asked.
///
/// Nothing can be done without the hub, or with credentials that are of another account. A Bedrock account that refuses
/// the role keeps none of the others from being served, and is given back.
pub(in crate::engine) async fn check(
    clients: &Clients,
    bundle: &Bundle,
    options: &PlanOptions,
) -> Result<Refused, EngineError> {
    let targets = wanted(bundle, &options.left_out);
    let answers = futures::stream::iter(&targets)
        .map(|target| async move { (target, clients.session(target).verify_account().await) });
    let answers: Vec<_> = answers.buffered(options.concurrency.unwrap_or(ACCOUNTS_AT_ONCE)).collect().await;
    let mut refused = Refused::new();
    let mut errors: Vec<Error> = Vec::new();
    for (target, answer) in answers {
        match answer {
            Ok(_) => {}
            Err(error) if is_own(&error) && is_elsewhere(bundle, target) => {
                refused.insert(target.account.clone(), error.to_string());
            }
            Err(error) => errors.push(error),
        }
    }
    errors.dedup();
    match errors.len() {
        0 => regions(clients, bundle, &targets).await.map(|()| refused),
        1 => Err(errors.remove(0).into()),
        _ => Err(preflight(errors.into_iter().map(|error| {
            let finding = Diagnostic::error(codes::ACCOUNT, error.to_string());
            match error.help() {
                Some(help) => finding.with_help(help),
                None => finding,
            }
        }))),
    }
}

/// Whether an error says nothing about any other account, where an account is reached through a role of its own. Credentials of
/// an assumed role that are not accepted are one: the account has not enabled the region. Were the caller's own not accepted,
/// the hub would say so.
fn is_own(error: &Error) -> bool {
    error.is_of_account() || matches!(error, Error::InvalidCredentials { .. })
}

/// Whether a Bedrock account is reached through a role of its own, so that its refusal says nothing about the others.
pub(in crate::engine) fn is_elsewhere(bundle: &Bundle, target: &Target) -> bool {
    target.account != bundle.deployment.hub.account && target.deploy_role.is_some()
}

/// What is told of a stack that could not be planned because of its account; `None` for an error that stops the plan.
pub(in crate::engine) fn of_account(bundle: &Bundle, target: &Target, error: &EngineError) -> Option<String> {
    let own = match error {
        // It says nothing of any other stack, wherever it is.
        EngineError::UnreadableTemplate { .. } => return Some(error.to_string()),
        EngineError::Aws(error) => is_own(error),
        EngineError::NeedsRecover { .. }
        | EngineError::StateMovedOn { .. }
        | EngineError::Locked { .. }
        | EngineError::StateLocked { .. }
        | EngineError::Busy { .. } => true,
        EngineError::Terraform { report, .. } | EngineError::Preflight(report) => {
            let first = report.diagnostics.first().map(|finding| finding.message.clone());
            return is_elsewhere(bundle, target).then(|| first.unwrap_or_else(|| error.to_string()));
        }
        _ => false,
    };
    (own && is_elsewhere(bundle, target)).then(|| error.to_string())
}

/// What a Bedrock account said that refuses to be asked; `None` for every other error.
pub(in crate::engine) fn refusal(bundle: &Bundle, target: &Target, error: &EngineError) -> Option<String> {
    matches!(error, EngineError::Aws(_)).then(|| of_account(bundle, target, error)).flatten()
}

/// Every account and region of a bundle once, the hub first.
pub(in crate::engine) fn targets(bundle: &Bundle) -> Vec<Target> {
    wanted(bundle, &BTreeSet::new())
}

/// The same without those of stacks that are left out.
pub(in crate::engine) fn wanted(bundle: &Bundle, left_out: &BTreeSet<String>) -> Vec<Target> {
    let mut targets = vec![bundle.deployment.hub.clone()];
    let stacks = bundle.stacks.iter().map(|stack| (&stack.key, &stack.target));
    let modules = bundle.modules.iter().map(|module| (&module.key, &module.target));
    for (_, target) in stacks.chain(modules).filter(|(key, _)| !left_out.contains(*key)) {
        if !targets.contains(target) {
            targets.push(target.clone());
        }
    }
    targets
}

async fn regions(clients: &Clients, bundle: &Bundle, targets: &[Target]) -> Result<(), EngineError> {
    let hub = &bundle.deployment.hub;
    let regions = match clients.session(hub).ec2().regions().await {
        Ok(regions) => regions,
        // A role that may not ask can still deploy; a wrong region then shows at the first call.
        Err(Error::AccessDenied { .. }) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let mut wrong: Vec<&str> = Vec::new();
    for target in targets {
        let known = regions.iter().find(|region| region.name == target.region);
        // Which regions another account has enabled only that account knows.
        let usable = known.is_some_and(|region| region.enabled || target.account != hub.account);
        if !usable && !wrong.contains(&target.region.as_str()) {
            wrong.push(&target.region);
        }
    }
    match wrong.as_slice() {
        [] => Ok(()),
        [one] => Err(Error::UnknownRegion { region: (*one).to_owned(), account: hub.account.clone() }.into()),
        several => Err(preflight(several.iter().map(|region| {
            let message = format!("region `{region}` does not exist or is not enabled in account {}", hub.account);
            Diagnostic::error(codes::REGION, message)
        }))),
    }
}

fn preflight(findings: impl Iterator<Item = Diagnostic>) -> EngineError {
    EngineError::Preflight(Box::new(Report { diagnostics: findings.collect(), ..Report::default() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(account: &str, deploy_role: Option<&str>) -> Target {
        let deploy_role = deploy_role.map(ToOwned::to_owned);
        Target { account: account.into(), region: "us-east-1".into(), deploy_role }
    }

    #[test]
    fn a_role_that_lacks_a_read_is_a_matter_of_its_account_and_the_hubs_of_all() {
        let refused = preflight(std::iter::once(Diagnostic::error(codes::TERRAFORM, "AccessDenied: iam:GetRole")));
        let (hub, spoke) = (target("111122223333", None), target("222222222222", Some("arn:deploy")));
        let reason = of_account(&Bundle::of_nothing("terraform"), &spoke, &refused);
        assert_eq!(reason.as_deref(), Some("AccessDenied: iam:GetRole"));
        assert_eq!(of_account(&Bundle::of_nothing("terraform"), &hub, &refused), None);
    }
}
