//! Drift with the credentials of another account compares nothing and puts nothing back.

use gwinfra::aws::Error;
use gwinfra::drift::Finding;
use gwinfra::engine::{ApplyOptions, DriftOptions, Engine, EngineError};
use gwinfra::plan::SavedPlan;
use gwinfra::render::Bundle;
use gwinfra::simulator::World;
use gwinfra::simulator::clock::{Clock, Pace};
use gwinfra::simulator::resource::Resource;
use gwinfra::simulator::server::{Options, Server};
use serde_json::json;

use crate::deployment::{Desk, HUB, bundle, stack};

const OTHER: &str = "444455556666";
const LOGS: &str = "AWS::Logs::LogGroup";

fn deployment() -> Bundle {
    let logs =
        "Resources: {Logs: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: acme, RetentionInDays: 90}}}\n";
    bundle(vec![stack("acme", "gateway", logs)])
}

/// The deployment in its own account, and desks with the credentials of that and of another.
async fn start() -> (Server, Desk, Desk) {
    let server = Server::start(World::new(1, Clock::new(Pace::Fast)), Options::default()).await.unwrap();
    let (own, other) = (Desk::new(&server.url(), HUB).await, Desk::new(&server.url(), OTHER).await);
    let bundle = deployment();
    let saved = SavedPlan::new(own.plan_to_keep(&bundle).await, bundle);
    own.engine.apply(&saved, &ApplyOptions::default()).await.unwrap();
    (server, own, other)
}

/// Sets how long a log group keeps its lines, behind the stack's back.
fn keep(server: &Server, days: i64) {
    let mut world = server.world().lock();
    let group: Resource = world.resources_of(HUB, "us-east-1", LOGS).next().unwrap().clone();
    world.resource_mut(HUB, "us-east-1", LOGS, &group.identifier).unwrap().properties["RetentionInDays"] = json!(days);
}

fn kept(server: &Server) -> Option<i64> {
    let world = server.world().lock();
    world.resources_of(HUB, "us-east-1", LOGS).next().unwrap().property("RetentionInDays")?.as_i64()
}

async fn found(desk: &Desk) -> Vec<Finding> {
    Engine::drift(&desk.engine, &deployment(), &DriftOptions::default()).await.unwrap().findings
}

fn is_another(error: &EngineError) -> bool {
    matches!(error, EngineError::Aws(Error::WrongAccount { expected, actual, .. }) if expected == HUB && actual == OTHER)
}

#[tokio::test]
async fn credentials_of_another_account_compare_nothing() {
    let (_server, _own, other) = start().await;
    let error = Engine::drift(&other.engine, &deployment(), &DriftOptions::default()).await.unwrap_err();
    assert!(is_another(&error), "{error}");
}

#[tokio::test]
async fn credentials_of_another_account_put_nothing_back() {
    let (server, own, other) = start().await;
    keep(&server, 7);
    let findings = found(&own).await;
    let error = Engine::revert(&other.engine, &deployment(), "acme-gateway/Logs", &findings).await.unwrap_err();
    assert!(is_another(&error), "{error}");
    assert_eq!(kept(&server), Some(7));
}

#[tokio::test]
async fn what_has_changed_since_it_was_shown_is_not_put_back() {
    let (server, own, _other) = start().await;
    keep(&server, 7);
    let findings = found(&own).await;
    keep(&server, 30);
    let error = Engine::revert(&own.engine, &deployment(), "acme-gateway/Logs", &findings).await.unwrap_err();
    assert!(matches!(&error, EngineError::ChangedSince { property, .. } if property == "RetentionInDays"), "{error}");
    assert_eq!(kept(&server), Some(30));
}
