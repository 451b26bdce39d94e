//! Whole stacks that are gone.

use gwinfra::aws::cloudformation::Deletion;
use gwinfra::drift::{Document, Kind};
use gwinfra::engine::{ApplyOptions, DestroyOptions, DriftOptions, Engine, EngineError};
use gwinfra::plan::SavedPlan;
use gwinfra::render::Bundle;
use gwinfra::simulator::World;
use gwinfra::simulator::clock::{Clock, Pace};
use gwinfra::simulator::persist::Store;
use gwinfra::simulator::server::{Options, Server};
use jiff::SignedDuration;

use crate::deployment::{Desk, HUB, two_stacks};
use crate::rehearsal::Rehearsal;

async fn start() -> (Server, Desk) {
    let server = Server::start(World::new(1, Clock::new(Pace::Fast)), Options::default()).await.unwrap();
    let desk = Desk::new(&server.url(), HUB).await;
    (server, desk)
}

async fn apply(desk: &Desk, bundle: &Bundle) {
    let saved = SavedPlan::new(desk.plan_to_keep(bundle).await, bundle.clone());
    desk.engine.apply(&saved, &ApplyOptions::default()).await.unwrap();
}

/// Deletes a stack as the console does.
async fn delete(desk: &Desk, name: &str) {
    let session = desk.engine.clients.session(&desk.engine.hub);
    let client = session.cloudformation();
    client.delete_stack(name, "Console-DeleteStack-0a1b2c3d", &Deletion::default()).await.unwrap();
    while client.stack(name).await.unwrap().is_some() {}
}

async fn drift(desk: &Desk, bundle: &Bundle) -> Result<Document, EngineError> {
    Engine::drift(&desk.engine, bundle, &DriftOptions::default()).await
}

fn gone(document: &Document) -> Vec<(&str, Kind, &str)> {
    document.findings.iter().map(|one| (one.address.as_str(), one.kind, one.resource_type.as_str())).collect()
}

const STACK: &str = "AWS::CloudFormation::Stack";

#[tokio::test]
async fn a_stack_that_somebody_else_has_deleted_is_gone() {
    let (server, desk) = start().await;
    let bundle = two_stacks("10.0.0.0/16", 30);
    apply(&desk, &bundle).await;
    delete(&desk, "acme-gateway").await;
    let found = drift(&desk, &bundle).await.unwrap();
    assert_eq!(gone(&found), [("acme-gateway", Kind::Deleted, STACK)]);
    assert!(found.notes.iter().any(|note| note.starts_with("acme-gateway was deleted at 20")), "{:?}", found.notes);
    assert!(found.coverage.is_whole(), "{:?}", found.coverage);
    // Another machine has no journal, and CloudFormation tells it the same.
    let elsewhere = Desk::new(&server.url(), HUB).await;
    assert_eq!(gone(&drift(&elsewhere, &bundle).await.unwrap()), gone(&found));
}

#[tokio::test]
async fn all_of_them_may_be_gone() {
    let (server, desk) = start().await;
    let bundle = two_stacks("10.0.0.0/16", 30);
    apply(&desk, &bundle).await;
    delete(&desk, "acme-gateway").await;
    delete(&desk, "acme-network").await;
    server.world().lock().calls.clear();
    let found = drift(&desk, &bundle).await.unwrap();
    assert_eq!(gone(&found), [("acme-network", Kind::Deleted, STACK), ("acme-gateway", Kind::Deleted, STACK)]);
    // All of an account are listed together.
    assert_eq!(server.world().lock().calls["cloudformation:ListStacks"], 1);
}

#[tokio::test]
async fn a_stack_that_is_made_anew_is_gone_no_more() {
    let (_server, desk) = start().await;
    let bundle = two_stacks("10.0.0.0/16", 30);
    apply(&desk, &bundle).await;
    delete(&desk, "acme-gateway").await;
    apply(&desk, &bundle).await;
    assert_eq!(gone(&drift(&desk, &bundle).await.unwrap()), []);
}

#[tokio::test]
async fn what_was_applied_from_here_is_gone_also_when_cloudformation_has_forgotten_it() {
    let (server, desk) = start().await;
    let bundle = two_stacks("10.0.0.0/16", 30);
    apply(&desk, &bundle).await;
    delete(&desk, "acme-gateway").await;
    {
        let mut world = server.world().lock();
        let later = world.now() + SignedDuration::from_hours(91 * 24);
        world.clock.hold(later);
    }
    assert_eq!(gone(&drift(&desk, &bundle).await.unwrap()), [("acme-gateway", Kind::Deleted, STACK)]);
    let elsewhere = Desk::new(&server.url(), HUB).await;
    let found = drift(&elsewhere, &bundle).await.unwrap();
    assert_eq!(gone(&found), []);
    assert_eq!(found.coverage.skipped[0].address, "acme-gateway/*");
}

#[tokio::test]
async fn a_stack_that_the_spec_has_only_now_is_not_deployed() {
    let (_server, desk) = start().await;
    let whole = two_stacks("10.0.0.0/16", 30);
    let mut before = whole.clone();
    before.stacks.truncate(1);
    apply(&desk, &before).await;
    let found = drift(&desk, &whole).await.unwrap();
    assert_eq!(gone(&found), []);
    assert_eq!(found.coverage.skipped[0].reason, "the stack is not deployed: gwinfra apply");
}

#[tokio::test]
async fn what_gwinfra_has_destroyed_is_not_deployed() {
    let (server, desk) = start().await;
    let bundle = two_stacks("10.0.0.0/16", 30);
    apply(&desk, &bundle).await;
    let options = DestroyOptions::default();
    let plan = Engine::plan_destroy(&desk.engine, &bundle, &options).await.unwrap();
    Engine::destroy(&desk.engine, &bundle, &plan, &options).await.unwrap();
    for desk in [&desk, &Desk::new(&server.url(), HUB).await] {
        assert!(matches!(drift(desk, &bundle).await, Err(EngineError::NotDeployed { .. })));
    }
}

#[tokio::test]
async fn a_stack_that_is_gone_fails_the_command_and_its_next_step_is_apply() {
    let rehearsal = Rehearsal::new();
    let _ = rehearsal.apply();
    let store = Store::new(rehearsal.accounts());
    let server = Server::start(store.load(Pace::Fast).unwrap(), Options::default()).await.unwrap();
    delete(&Desk::new(&server.url(), HUB).await, "acme-llm-access").await;
    {
        let mut world = server.world().lock();
        world.touch();
        store.save(&mut world).unwrap();
    }
    let run = rehearsal.run(&["drift"]).expect(2);
    let row = "- acme-llm-access   AWS::CloudFormation::Stack   HIGH   gwinfra.yaml:";
    assert!(run.stdout.contains(row), "{}", run.stdout);
    assert!(run.stdout.ends_with("Next: gwinfra apply\n"), "{}", run.stdout);
    rehearsal.apply();
    assert!(rehearsal.run(&["drift"]).expect(0).stdout.ends_with("No drift.\n"));
}
