//! Resources that refuse to be deleted, when the first creation of their stack fails.

use gwinfra::aws::Clients;
use gwinfra::engine::{ApplyOptions, PlanOptions, RecoverOptions};
use gwinfra::plan::SavedPlan;
use gwinfra::simulator::World;
use gwinfra::simulator::clock::{Clock, Pace};
use gwinfra::simulator::scenario::Scenario;
use gwinfra::simulator::server::{Options, Server};
use serde_json::Value;

use crate::deployment::{Desk, HUB, bundle, stack, target};
use crate::rehearsal::{Rehearsal, SPEC};

const WRITER_FAILS: &str =
    "faults:\n  - {match: {logical_id: DatabaseWriter}, fail: {step: create, reason: \"Insufficient capacity.\"}}\n";

/// The deployment with a protected cluster; its first apply fails after the cluster is there.
fn stuck() -> Rehearsal {
    let protected = SPEC.replace("readers: 0\n    deletion_protection: false", "readers: 1");
    assert_ne!(protected, SPEC);
    let rehearsal = Rehearsal::of(&protected);
    let run = rehearsal.run_with(WRITER_FAILS, &["apply", "--yes"]).says(10, "gwinfra recover");
    assert!(run.stderr.contains("Insufficient capacity."), "{}", run.stderr);
    assert!(run.stderr.contains("Cannot delete protected Cluster"), "{}", run.stderr);
    rehearsal
}

fn status_of_data(rehearsal: &Rehearsal) -> Value {
    let status = rehearsal.run(&["status", "-o", "json"]).json();
    status["stacks"].as_array().unwrap().iter().find(|stack| stack["key"] == "data").unwrap()["status"].clone()
}

#[test]
fn recover_gets_out_of_a_first_create_that_made_a_protected_cluster() {
    let rehearsal = stuck();
    assert_eq!(status_of_data(&rehearsal), "ROLLBACK_FAILED");
    rehearsal.run(&["plan"]).says(10, "gwinfra recover");
    let run = rehearsal.run(&["recover", "--yes"]).says(0, "switched the deletion protection");
    assert!(run.stdout.contains("deletion protection of acme-llm-data/DatabaseCluster"), "{}", run.stdout);
    assert_eq!(status_of_data(&rehearsal), Value::Null);
    rehearsal.apply();
    rehearsal.run(&["apply", "--yes"]).says(0, "No changes");
}

#[test]
fn what_recover_would_switch_off_is_shown_before_it_asks() {
    let rehearsal = stuck();
    let run = rehearsal.run(&["recover"]);
    assert_ne!(run.code, 0);
    assert!(run.stdout.contains("switches the deletion protection of acme-llm-data/DatabaseCluster"), "{}", run.stdout);
    assert_eq!(status_of_data(&rehearsal), "ROLLBACK_FAILED");
}

#[test]
fn a_destroy_that_protection_stops_names_recover() {
    let run = stuck().run(&["destroy", "--confirm", "acme-llm"]);
    assert_ne!(run.code, 0);
    assert!(run.stderr.contains("gwinfra recover"), "{}", run.stderr);
}

#[test]
fn a_deletion_that_failed_since_is_recovered_too() {
    let rehearsal = stuck();
    // What is to be kept keeps its protection, and the deletion fails for it.
    rehearsal.run(&["recover", "--yes", "--retain", "DatabaseCluster"]).says(10, "Cannot delete protected Cluster");
    assert_eq!(status_of_data(&rehearsal), "DELETE_FAILED");
    rehearsal.run(&["recover", "--yes"]).expect(0);
    rehearsal.apply();
}

#[test]
fn the_protection_of_a_stack_that_was_well_is_left_alone() {
    let protected = SPEC.replace("readers: 0\n    deletion_protection: false", "readers: 1");
    let rehearsal = Rehearsal::of(&protected);
    rehearsal.apply();
    let scenario =
        "stacks:\n  - {account: \"111122223333\", region: us-east-1, name: acme-llm-data, status: DELETE_FAILED}\n";
    let run = rehearsal.run_with(scenario, &["recover", "--yes"]).says(10, "Cannot delete protected Cluster");
    assert!(!run.stdout.contains("switches the deletion protection"), "{}", run.stdout);
}

const BALANCER: &str = "
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  SubnetA: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24, AvailabilityZone: us-east-1a}}
  SubnetB: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24, AvailabilityZone: us-east-1b}}
  Balancer:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    Properties:
      Scheme: internal
      Subnets: [!Ref SubnetA, !Ref SubnetB]
      LoadBalancerAttributes:
        - {Key: idle_timeout.timeout_seconds, Value: \"600\"}
        - {Key: deletion_protection.enabled, Value: \"true\"}
  Topic: {Type: AWS::SNS::Topic, DependsOn: Balancer}
";

#[tokio::test]
async fn a_protected_load_balancer_is_deleted_with_the_creation_that_failed() {
    let mut world = World::new(1, Clock::new(Pace::Fast));
    world.scenario =
        Scenario::parse("faults: [{match: {logical_id: Topic}, fail: {step: create, reason: Denied}}]").unwrap();
    let server = Server::start(world, Options::default()).await.unwrap();
    let desk = Desk::new(&server.url(), HUB).await;
    let bundle = bundle(vec![stack("acme", "edge", BALANCER)]);
    let plan = desk.engine.plan(&bundle, &PlanOptions::default()).await.unwrap();
    let saved = SavedPlan::new(plan, bundle.clone());
    desk.engine.apply(&saved, &ApplyOptions::default()).await.unwrap_err();

    let patients = desk.engine.patients(&bundle).await.unwrap();
    assert_eq!(patients[0].status, "ROLLBACK_FAILED");
    assert_eq!(patients[0].protected[0].logical_id, "Balancer");
    desk.engine.recover(&bundle, &patients, &RecoverOptions::default()).await.unwrap();
    assert_eq!(stacks(&desk.engine.clients).await, 0);
}

async fn stacks(clients: &Clients) -> usize {
    clients.session(&target(HUB)).cloudformation().stacks().await.unwrap().len()
}
