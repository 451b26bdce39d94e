//! Whether every account and region can be used, before anything is made.

use futures::StreamExt;

use crate::aws::{Clients, Error};
use crate::diagnostics::{Diagnostic, Report};
use crate::engine::EngineError;
use crate::plan::codes;
use crate::render::{Bundle, Target};

/// The most accounts that are asked at the same time.
const AT_ONCE: usize = 12;

/// Asks every account who it is and makes sure that the regions exist.
pub(in crate::engine) async fn check(clients: &Clients, bundle: &Bundle) -> Result<(), EngineError> {
    let targets = targets(bundle);
    let answers =
        futures::stream::iter(&targets).map(|target| async move { clients.session(target).verify_account().await });
    let answers: Vec<_> = answers.buffered(AT_ONCE).collect().await;
    let mut errors: Vec<Error> = answers.into_iter().filter_map(Result::err).collect();
    errors.dedup();
    match errors.len() {
        0 => regions(clients, bundle, &targets).await,
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

/// Every account and region of a bundle once, the hub first.
pub(in crate::engine) fn targets(bundle: &Bundle) -> Vec<Target> {
    let mut targets = vec![bundle.deployment.hub.clone()];
    let stacks = bundle.stacks.iter().map(|stack| &stack.target);
    for target in stacks.chain(bundle.modules.iter().map(|module| &module.target)) {
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
