//! Goes through the checks: stage by stage, those of a stage at the same time, and cleans up whatever happens.

use std::future::Future;
use std::time::Instant;

use futures::future::join_all;

use super::check::{Check, Needs, Stage};
use super::checks;
use super::gateway::Gateway;
use super::outcome::{Outcome, Rounds, Status};
use super::report::Document;
use super::selection::Selection;

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which checks.
    pub selection: Selection,
    /// How often all of them.
    pub rounds: u32,
}

/// Is told what happens.
pub trait Observer: Sync {
    /// A round begins, of so many.
    fn round(&self, number: u32, of: u32);
    /// A check begins.
    fn started(&self, name: &str);
    /// A check is over, and gave these; none, if it is shown only when it fails.
    fn ended(&self, name: &str, outcomes: &[Outcome]);
}

/// How the checks ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Ended {
    /// All of them are done.
    Done(Box<Document>),
    /// They were stopped. The keys that checks made are deleted.
    Stopped,
}

/// Goes through the checks until they are done, or until `stop` is. Also gives the names of keys that could not be deleted.
pub async fn run(
    gateway: &Gateway,
    options: &Options,
    observer: &dyn Observer,
    stop: impl Future<Output = ()>,
) -> (Ended, Vec<String>) {
    let begun = Instant::now();
    let mut stop = std::pin::pin!(stop);
    let (mut rounds, mut left) = (Vec::new(), Vec::new());
    for number in 1..=options.rounds {
        observer.round(number, options.rounds);
        let gateway = gateway.again();
        let outcomes = tokio::select! {
            outcomes = round(&gateway, &options.selection, observer) => Some(outcomes),
            () = &mut stop => None,
        };
        left.extend(gateway.keys.clear().await);
        match outcomes {
            Some(outcomes) => rounds.push(outcomes),
            None => return (Ended::Stopped, left),
        }
    }
    let checks = merge(rounds);
    (Ended::Done(Box::new(Document::new(gateway, options.rounds, begun.elapsed(), checks))), left)
}

async fn round(gateway: &Gateway, selection: &Selection, observer: &dyn Observer) -> Vec<Outcome> {
    let all = checks::all();
    let mut by_check: Vec<Vec<Outcome>> = all.iter().map(|_| Vec::new()).collect();
    for stage in Stage::ALL {
        // Without the first ones nobody would know why all others fail.
        let wanted = |check: &dyn Check| {
            let decides = checks::DECIDES.contains(&check.name()) && !selection.refuses(check.name());
            check.stage() == stage && (selection.wants(check.name()) || decides)
        };
        let chosen = all.iter().enumerate().filter(|(_, check)| wanted(check.as_ref()));
        let running = chosen.map(async |(index, check)| {
            let shown = selection.wants(check.name());
            (index, attempt(check.as_ref(), gateway, observer, shown).await)
        });
        for (index, outcomes) in join_all(running).await {
            by_check[index] = outcomes;
        }
    }
    by_check.into_iter().flatten().collect()
}

async fn attempt(check: &dyn Check, gateway: &Gateway, observer: &dyn Observer, shown: bool) -> Vec<Outcome> {
    let name = check.name();
    if let Some(reason) = gateway.closed(check.needs()) {
        let outcomes = shown_of(finish(gateway, name, vec![Outcome::skip(reason)]), shown);
        observer.ended(name, &outcomes);
        return outcomes;
    }
    observer.started(name);
    let mut limit = check.limit(gateway);
    if check.stage() == Stage::Reach {
        limit += gateway.patience;
    }
    let outcomes = match tokio::time::timeout(limit, check.run(gateway)).await {
        Ok(verdict) => verdict.unwrap_or_else(|failed| vec![*failed]),
        Err(_) => {
            let seconds = limit.as_secs();
            vec![Outcome::fail(format!("not done within {seconds} s")).next(gateway.logs(None))]
        }
    };
    // One that was only needed to know whether to go on is shown when it says why not: `auth`, when the key is refused.
    let says_why_not = name != "auth" || gateway.closed(Needs::Key).is_some();
    let outcomes = finish(gateway, name, outcomes);
    let outcomes = if shown || says_why_not { shown_of(outcomes, shown) } else { Vec::new() };
    observer.ended(name, &outcomes);
    outcomes
}

/// Those that are shown: all of a check that is wanted, else failures.
fn shown_of(outcomes: Vec<Outcome>, shown: bool) -> Vec<Outcome> {
    outcomes.into_iter().filter(|outcome| shown || outcome.status == Status::Fail).collect()
}

/// Named, and without anything that must not be shown.
fn finish(gateway: &Gateway, name: &str, outcomes: Vec<Outcome>) -> Vec<Outcome> {
    let clean = |text: String| gateway.shown(&text);
    outcomes
        .into_iter()
        .map(|outcome| Outcome {
            name: name.to_owned(),
            subject: outcome.subject.map(clean),
            detail: clean(outcome.detail),
            next: outcome.next.map(clean),
            request_id: outcome.request_id.map(clean),
            deployment: outcome.deployment.map(clean),
            account: outcome.account.map(clean),
            ..outcome
        })
        .collect()
}

/// One outcome for each check and subject, over all rounds.
fn merge(mut rounds: Vec<Vec<Outcome>>) -> Vec<Outcome> {
    if rounds.len() == 1 {
        return rounds.pop().unwrap_or_default();
    }
    let mut order: Vec<(String, Option<String>)> = Vec::new();
    for outcome in rounds.iter().flatten() {
        let key = (outcome.name.clone(), outcome.subject.clone());
        if !order.contains(&key) {
            // Those of a check stand together.
            let after = order.iter().rposition(|(name, _)| *name == key.0).map_or(order.len(), |at| at + 1);
            order.insert(after, key);
        }
    }
    order
        .into_iter()
        .filter_map(|(name, subject)| {
            let same = |outcome: &&Outcome| outcome.name == name && outcome.subject == subject;
            together(&rounds.iter().flatten().filter(same).collect::<Vec<_>>())
        })
        .collect()
}

/// What came of a check in all rounds: it failed if it failed once.
fn together(outcomes: &[&Outcome]) -> Option<Outcome> {
    let with = |status: Status| outcomes.iter().filter(move |outcome| outcome.status == status);
    let count = |status: Status| u32::try_from(with(status).count()).unwrap_or(u32::MAX);
    let mut latencies: Vec<u64> = with(Status::Pass).filter_map(|outcome| outcome.latency_ms).collect();
    latencies.sort_unstable();
    let rounds = Rounds {
        pass: count(Status::Pass),
        fail: count(Status::Fail),
        skip: count(Status::Skip),
        slowest_ms: latencies.last().copied(),
    };
    let told = [Status::Fail, Status::Pass, Status::Skip].into_iter().find_map(|status| with(status).next_back())?;
    let mut outcome = (*told).clone();
    if !latencies.is_empty() {
        outcome.latency_ms = Some(latencies[latencies.len() / 2]);
    }
    if rounds.fail > 0 && outcomes.len() > 1 {
        outcome.detail = format!("failed {} of {} times, last: {}", rounds.fail, outcomes.len(), outcome.detail);
    }
    if outcomes.iter().any(|other| other.account != outcome.account) {
        outcome.account = None;
        outcome.deployment = None;
    }
    outcome.rounds = Some(rounds);
    Some(outcome)
}

#[cfg(test)]
mod tests {
    use super::super::{Ask, Client, Expected, Secret};
    use super::*;

    fn named(name: &str, mut outcome: Outcome, latency: u64) -> Outcome {
        name.clone_into(&mut outcome.name);
        outcome.latency_ms = Some(latency);
        outcome
    }

    #[tokio::test]
    async fn what_a_strange_gateway_calls_its_accounts_cannot_steer_a_terminal() {
        let client = Client::new("http://127.0.0.1:1", None, std::time::Duration::from_secs(1)).await.unwrap();
        let key = Secret::new("sk-canary-0123456789");
        let gateway = Gateway::new(client, Some(key), Expected::default(), Ask::default());
        let outcome = Outcome::pass("").about("\u{1b}[2Jsk-canary-0123456789 us-east-1");
        let subject = finish(&gateway, "accounts", vec![outcome]).remove(0).subject.unwrap();
        assert!(!subject.contains('\u{1b}') && !subject.contains("canary"), "{subject:?}");
    }

    #[tokio::test]
    async fn what_a_strange_gateway_calls_its_models_cannot_steer_a_terminal() {
        let client = Client::new("http://127.0.0.1:1", None, std::time::Duration::from_secs(1)).await.unwrap();
        let key = Secret::new("sk-canary-0123456789");
        let gateway = Gateway::new(client, Some(key), Expected::default(), Ask::default());
        gateway.called.set("\u{1b}[2Jsk-canary-0123456789 titan".to_owned()).unwrap();
        let document = Document::new(&gateway, 1, std::time::Duration::ZERO, Vec::new());
        let model = document.model.as_deref().unwrap();
        assert!(!model.contains('\u{1b}') && !model.contains("canary") && model.ends_with(" titan"), "{model:?}");
    }

    #[tokio::test]
    async fn a_model_that_was_asked_for_and_not_called_is_none_that_was_called() {
        let client = Client::new("http://127.0.0.1:1", None, std::time::Duration::from_secs(1)).await.unwrap();
        let ask = Ask { model: Some("claude".to_owned()), ..Ask::default() };
        let gateway = Gateway::new(client, None, Expected::default(), ask);
        assert_eq!(Document::new(&gateway, 1, std::time::Duration::ZERO, Vec::new()).model, None);
    }

    #[test]
    fn each_account_is_called_before_many_calls_use_its_quota_up() {
        let stage = |name: &str| checks::all().iter().find(|check| check.name() == name).unwrap().stage();
        assert!(stage("chat") < stage("accounts") && stage("accounts") < stage("balance"));
        assert!(Stage::ALL.is_sorted());
    }

    #[test]
    fn one_failure_of_several_rounds_is_a_failure() {
        let rounds = vec![
            vec![named("chat", Outcome::pass("fine"), 10)],
            vec![named("chat", Outcome::fail("500: boom"), 99)],
            vec![named("chat", Outcome::pass("fine"), 30)],
        ];
        let merged = merge(rounds);
        assert_eq!(merged.len(), 1);
        assert_eq!(merged[0].status, Status::Fail);
        assert_eq!(merged[0].detail, "failed 1 of 3 times, last: 500: boom");
        assert_eq!(merged[0].rounds, Some(Rounds { pass: 2, fail: 1, skip: 0, slowest_ms: Some(30) }));
    }

    #[test]
    fn the_latency_of_several_rounds_is_the_median_of_those_that_passed() {
        let rounds = [30, 10, 20].into_iter().map(|ms| vec![named("chat", Outcome::pass("fine"), ms)]).collect();
        assert_eq!(merge(rounds)[0].latency_ms, Some(20));
    }

    #[test]
    fn results_of_a_check_stand_together_in_its_place() {
        let of = |subjects: &[&str]| {
            let mut all: Vec<Outcome> =
                subjects.iter().map(|subject| named("accounts", Outcome::pass("").about(*subject), 1)).collect();
            all.push(named("waf", Outcome::skip("none"), 1));
            all
        };
        let merged = merge(vec![of(&["a"]), of(&["a", "b"])]);
        let subjects: Vec<_> =
            merged.iter().map(|outcome| (outcome.name.as_str(), outcome.subject.as_deref())).collect();
        assert_eq!(subjects, [("accounts", Some("a")), ("accounts", Some("b")), ("waf", None)]);
    }
}
