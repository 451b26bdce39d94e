//! What one account has keeps none of the others back: with the real Terraform on moto.

use gwinfra::engine::{ApplyOptions, DestroyOptions, Engine, EngineError};
use gwinfra::plan::SavedPlan;
use gwinfra::render::{Bundle, Target};

use crate::terraform_desk::{Desk, account, bundle, module, role};
use crate::terraform_engine::Holding;

/// A hub and two accounts, each with one role. The first account's has a description of its own.
fn roles([hub, one, two]: &[Target; 3], description: &str, of_one: &str) -> Bundle {
    bundle(vec![
        module("hub", hub, &role("gateway", description)),
        module("accounts/one", one, &role("bedrock", of_one)),
        module("accounts/two", two, &role("bedrock", description)),
    ])
}

/// A plan, since which somebody has applied something else. Both are descriptions, and the first account's.
async fn stale(desk: &Desk, targets: &[Target; 3], planned: [&str; 2], since: [&str; 2]) -> SavedPlan {
    let of = |[all, one]: [&str; 2]| roles(targets, all, one);
    desk.apply(&of(["one", "one"])).await;
    let saved = desk.saved(&of(planned)).await;
    desk.apply(&of(since)).await;
    saved
}

#[tokio::test]
#[ignore = "takes minutes: make test-terraform"]
async fn a_plan_that_is_stale_in_one_account_is_applied_in_the_others() {
    let targets = [account(), account(), account()];
    let Some(desk) = Desk::new(&targets[0]).await else { return };
    let saved = stale(&desk, &targets, ["two", "two"], ["one", "somebody's"]).await;
    assert_eq!(desk.engine.moved(&saved, None).await.unwrap(), Vec::<String>::new());
    let result = Engine::apply(&desk.engine, &saved, &ApplyOptions::default()).await;
    let Err(EngineError::Failed { failures, not_started, partial: true }) = &result else { panic!("{result:?}") };
    let [failure] = failures.as_slice() else { panic!("{failures:?}") };
    assert_eq!((failure.account.as_str(), not_started.len()), (targets[1].account.as_str(), 0));
    let said = result.as_ref().unwrap_err().to_string();
    assert!(said.contains("untouched: the state of accounts/one was changed by another operation"), "{said}");
    assert_eq!(failure.next, "gwinfra apply --resume");
    let left: Vec<String> =
        desk.plan(&roles(&targets, "two", "two")).await.changes.into_iter().map(|change| change.address).collect();
    assert_eq!(left, ["accounts/one/aws_iam_role.bedrock"]);
    desk.apply(&roles(&targets, "two", "two")).await;
    assert!(desk.plan(&roles(&targets, "two", "two")).await.is_empty());
}

#[tokio::test]
async fn a_plan_of_which_nothing_is_left_but_a_stale_account_is_stale() {
    let targets = [account(), account(), account()];
    let Some(desk) = Desk::new(&targets[0]).await else { return };
    let saved = stale(&desk, &targets, ["one", "two"], ["one", "somebody's"]).await;
    let moved = desk.engine.moved(&saved, None).await.unwrap();
    assert!(moved.len() == 1 && moved[0].contains("the state of accounts/one was changed"), "{moved:?}");
}

#[tokio::test]
async fn a_plan_that_is_stale_in_the_hub_is_stale() {
    let targets = [account(), account(), account()];
    let Some(desk) = Desk::new(&targets[0]).await else { return };
    let saved = stale(&desk, &targets, ["two", "two"], ["somebody's", "one"]).await;
    let moved = desk.engine.moved(&saved, None).await.unwrap();
    assert!(moved[0].contains("the state of hub was changed"), "{moved:?}");
}

#[tokio::test]
#[ignore = "takes minutes: make test-terraform"]
async fn an_account_whose_state_is_held_keeps_none_of_the_others_from_being_destroyed() {
    let targets = [account(), account(), account()];
    let Some(desk) = Desk::new(&targets[0]).await else { return };
    let (bundle, options) = (roles(&targets, "one", "one"), DestroyOptions::default());
    desk.apply(&bundle).await;
    let holding = Holding::of(&desk, "accounts/one");
    let plan = desk.engine.plan_destroy(&bundle, &options).await.unwrap();
    let [unreached] = plan.unreached.as_slice() else { panic!("{:?}", plan.unreached) };
    assert_eq!((unreached.key.as_str(), &unreached.target), ("accounts/one", &targets[1]));
    assert!(unreached.reason.contains("of joe@elsewhere"), "{unreached:?}");
    assert!(unreached.next.contains("gwinfra recover"), "{unreached:?}");
    desk.engine.destroy(&bundle, &plan, &options).await.unwrap();
    let there = async |target: &Target, name: &str| desk.has_role(target, name).await;
    assert!(!there(&targets[0], "gateway").await && !there(&targets[2], "bedrock").await);
    assert!(there(&targets[1], "bedrock").await);
    drop(holding);
    let plan = desk.engine.plan_destroy(&bundle, &options).await.unwrap();
    let keys: Vec<&str> = plan.stacks.iter().map(|stack| stack.key.as_str()).collect();
    assert_eq!(keys, ["accounts/one"]);
    desk.engine.destroy(&bundle, &plan, &options).await.unwrap();
    assert!(!there(&targets[1], "bedrock").await);
}

#[tokio::test]
#[ignore = "takes minutes: make test-terraform"]
async fn a_state_that_is_taken_while_others_are_destroyed_is_told_as_its_accounts_failure() {
    let targets = [account(), account(), account()];
    let Some(desk) = Desk::new(&targets[0]).await else { return };
    let (bundle, options) = (roles(&targets, "one", "one"), DestroyOptions::default());
    desk.apply(&bundle).await;
    let plan = desk.engine.plan_destroy(&bundle, &options).await.unwrap();
    let _holding = Holding::of(&desk, "accounts/one");
    let result = desk.engine.destroy(&bundle, &plan, &options).await;
    let Err(EngineError::Failed { failures, partial: true, .. }) = result else { panic!("{result:?}") };
    assert_eq!(failures[0].account, targets[1].account);
    assert_eq!(failures[0].next, "gwinfra destroy   goes on where it stopped");
    assert!(failures[0].reason.as_deref().unwrap().contains("of joe@elsewhere"), "{failures:?}");
    assert!(!desk.has_role(&targets[0], "gateway").await && desk.has_role(&targets[1], "bedrock").await);
}
