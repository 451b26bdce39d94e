//! Makes the checks.

use std::time::{Duration, Instant};

use futures::future::join_all;

use super::check::{Check, Needs};
use super::checks;
use super::finding::Finding;
use super::reach::Reach;
use super::report::{CheckResult, Document};
use super::selection::Selection;
use super::subject::Subject;

/// Makes the checks that are wanted: those of this machine while the accounts are asked who is calling, then the others.
pub async fn run(subject: &mut Subject<'_>, selection: &Selection) -> Document {
    let begun = Instant::now();
    let wanted: Vec<Box<dyn Check>> =
        checks::all().into_iter().filter(|check| selection.wants(check.as_ref())).collect();
    let is_local = |check: &dyn Check| check.needs() == Needs::Nothing;
    // The accounts are only asked when a check needs to know.
    let asks = wanted.iter().any(|check| matches!(check.needs(), Needs::Hub | Needs::Accounts));
    let of_machine = wanted.iter().filter(|check| is_local(check.as_ref()));
    let (mut results, reach) = {
        let subject = &*subject;
        let reach = async { if asks { Reach::find(subject).await } else { Reach::default() } };
        tokio::join!(join_all(of_machine.map(|check| attempt(check.as_ref(), subject))), reach)
    };
    subject.reach = reach;
    let subject = &*subject;
    let others = wanted.iter().filter(|check| !is_local(check.as_ref()));
    results.extend(join_all(others.map(|check| attempt(check.as_ref(), subject))).await);
    results.sort_by_key(|result| wanted.iter().position(|check| check.id() == result.id));
    Document::new(subject, results, begun.elapsed())
}

async fn attempt(check: &dyn Check, subject: &Subject<'_>) -> CheckResult {
    let begun = Instant::now();
    let limit = limit(check, subject);
    let findings = match closed(check, subject) {
        Some(reason) => vec![Finding::skip(reason)],
        None => match tokio::time::timeout(limit, check.run(subject)).await {
            Ok(findings) => findings,
            Err(_) => vec![Finding::timed_out(limit.as_secs())],
        },
    };
    CheckResult::new(check, findings, begun.elapsed())
}

/// How long a check may take. One that asks the accounts has as many rounds as that takes, and one more, so that each
/// account is told that gives no answer.
fn limit(check: &dyn Check, subject: &Subject<'_>) -> Duration {
    if check.needs() != Needs::Accounts {
        return subject.timeout;
    }
    let rounds = subject.accounts().len().div_ceil(subject.concurrency.max(1));
    subject.timeout.saturating_mul(u32::try_from(rounds + 1).unwrap_or(u32::MAX))
}

/// Why a check cannot be made; `None` when it can.
fn closed(check: &dyn Check, subject: &Subject<'_>) -> Option<&'static str> {
    if check.needs() == Needs::Nothing {
        return None;
    }
    if subject.clients.is_none() {
        return Some("--offline");
    }
    let is_own = [checks::CALLER, checks::DEPLOY_ROLES].contains(&check.id());
    match check.needs() {
        Needs::Hub if !is_own && !subject.reach.is_reached(&subject.hub().account) => {
            Some("the hub cannot be asked: see GWD201")
        }
        Needs::Accounts if !is_own && !subject.reach.is_any() => Some("no account can be asked: see GWD201 and GWD203"),
        _ => None,
    }
}
