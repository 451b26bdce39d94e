//! What `drift --revert` writes, and what it leaves alone.

use gwinfra::engine::{ApplyOptions, DriftOptions, Engine};
use gwinfra::plan::SavedPlan;
use gwinfra::simulator::World;
use gwinfra::simulator::clock::{Clock, Pace};
use gwinfra::simulator::server::{Options, Server};
use serde_json::{Value, json};

use crate::deployment::{Desk, bundle, stack};
use crate::drift::{deployed, findings, inject, set};
use crate::rehearsal::Rehearsal;

const HUB: &str = "111122223333";
const LOGS: &str = "AWS::Logs::LogGroup";
const GROUP: &str = "AWS::EC2::SecurityGroup";
const ADDRESS: &str = "acme-llm-gateway/LitellmLogGroup";

/// Changes the properties of a resource of a stack.
fn tamper(rehearsal: &Rehearsal, type_name: &str, logical_id: &str, change: impl FnOnce(&mut Value)) {
    rehearsal.tamper(|world| {
        let is = |id: &str| id == logical_id;
        let all = world.resources_of(HUB, "us-east-1", type_name);
        let found = all.into_iter().find(|one| one.stack.as_ref().is_some_and(|stack| is(&stack.logical_id)));
        let id = found.unwrap().identifier.clone();
        change(&mut world.resource_mut(HUB, "us-east-1", type_name, &id).unwrap().properties);
    });
}

/// The tags of the log group, by key.
fn tags(rehearsal: &Rehearsal) -> Vec<(String, String)> {
    let mut tags = Vec::new();
    tamper(rehearsal, LOGS, "LitellmLogGroup", |properties| {
        let text = |tag: &Value, name: &str| tag[name].as_str().unwrap().to_owned();
        tags =
            properties["Tags"].as_array().unwrap().iter().map(|tag| (text(tag, "Key"), text(tag, "Value"))).collect();
    });
    tags.sort();
    tags
}

#[test]
fn a_tag_is_put_back_and_the_tags_of_the_stack_and_of_others_stay() {
    let Some(rehearsal) = deployed() else { return };
    let before = tags(&rehearsal);
    assert!(before.iter().any(|(key, _)| key == "gwinfra:deployment"), "{before:?}");
    tamper(&rehearsal, LOGS, "LitellmLogGroup", |properties| {
        let tags = properties["Tags"].as_array_mut().unwrap();
        let team = tags.iter_mut().find(|tag| tag["Key"] == "team").unwrap();
        team["Value"] = json!("other");
        tags.push(json!({"Key": "cost", "Value": "1"}));
    });
    let run = rehearsal.run(&["drift", "--revert", ADDRESS, "--yes"]).expect(0);
    assert!(run.stderr.contains("Put back 1 property"), "{}", run.stderr);
    let mut wanted = before;
    wanted.push(("cost".to_owned(), "1".to_owned()));
    wanted.sort();
    assert_eq!(tags(&rehearsal), wanted);
}

#[test]
fn a_tag_of_the_stack_that_no_resource_declares_is_missed_and_put_back() {
    let Some(rehearsal) = deployed() else { return };
    let before = tags(&rehearsal);
    tamper(&rehearsal, LOGS, "LitellmLogGroup", |properties| {
        properties["Tags"].as_array_mut().unwrap().retain(|tag| tag["Key"] != "gwinfra:deployment");
    });
    let found = findings(&rehearsal, 2);
    assert_eq!((found.len(), &found[0]["severity"]), (1, &json!("low")));
    assert_eq!(found[0]["path"], json!(["Tags", "gwinfra:deployment"]));
    let _ = rehearsal.run(&["drift", "--revert", ADDRESS, "--yes"]).expect(0);
    assert_eq!(tags(&rehearsal), before);
}

#[test]
fn all_that_differs_is_shown_and_what_is_accepted_stays() {
    let Some(rehearsal) = deployed() else { return };
    let more = json!({"op": "add", "path": "/Tags/-", "value": {"Key": "cost", "Value": "1"}});
    let mut change = set("gateway", "LitellmLogGroup", "/RetentionInDays", &json!(7));
    change["patch"].as_array_mut().unwrap().push(more);
    inject(&rehearsal, &json!([change, set("gateway", "CpuAlarm", "/Threshold", &json!(99))]));
    tamper(&rehearsal, LOGS, "LitellmLogGroup", |properties| {
        let tags = properties["Tags"].as_array_mut().unwrap();
        tags.iter_mut().find(|tag| tag["Key"] == "team").unwrap()["Value"] = json!("other");
    });
    rehearsal.write(
        "drift.yaml",
        &format!("accept:\n  - {{address: {ADDRESS}, path: RetentionInDays, reason: audit, owner: sam, expires: 2999-01-01}}\n"),
    );
    let run = rehearsal.run(&["drift", "--revert", ADDRESS, "--yes"]).expect(2);
    assert!(run.stderr.contains("in RetentionInDays") && run.stderr.contains("which stays: audit"), "{}", run.stderr);
    assert!(run.stderr.contains("in Tags.team.Value"), "{}", run.stderr);
    assert!(run.stderr.contains("Put back 1 property"), "{}", run.stderr);
    tamper(&rehearsal, LOGS, "LitellmLogGroup", |properties| assert_eq!(properties["RetentionInDays"], json!(7)));
    rehearsal.run(&["drift", "--revert", ADDRESS, "--yes"]).says(1, "is accepted");
}

#[test]
fn a_rule_that_a_group_has_lost_is_found_and_rules_are_never_written_as_a_whole() {
    let Some(rehearsal) = deployed() else { return };
    tamper(&rehearsal, GROUP, "DatabaseSecurityGroup", |properties| {
        properties.as_object_mut().unwrap().shift_remove("SecurityGroupEgress");
    });
    let found = findings(&rehearsal, 2);
    let lost = found.iter().find(|finding| finding["kind"] == "changed").unwrap();
    assert_eq!(lost["address"], "acme-llm-network/DatabaseSecurityGroup");
    assert_eq!((&lost["path"], &lost["reader"]), (&json!(["SecurityGroupEgress"]), &json!("ec2")));
    assert_eq!((&lost["expected"]["CidrIp"], &lost["actual"]), (&json!("127.0.0.1/32"), &Value::Null));
    // What lets everything out instead is taken out, and no rule is written.
    let _ = rehearsal.run(&["drift", "--revert", "acme-llm-network/DatabaseSecurityGroup", "--yes"]).expect(2);
    let left = findings(&rehearsal, 2);
    assert_eq!((left.len(), &left[0]["kind"]), (1, &json!("changed")));
}

#[test]
fn what_only_a_new_resource_gets_is_not_offered_to_be_put_back() {
    let Some(rehearsal) = deployed() else { return };
    tamper(&rehearsal, "AWS::EC2::Subnet", "PublicSubnetA", |properties| {
        properties["CidrBlock"] = json!("10.0.250.0/24");
    });
    let run = rehearsal.run(&["drift"]).expect(2);
    assert!(run.stdout.contains("CidrBlock") && !run.stdout.contains("--revert"), "{}", run.stdout);
    rehearsal.run(&["drift", "--revert", "acme-llm-network/PublicSubnetA", "--yes"]).says(1, "nothing of");
}

/// A bucket with rules of which AWS does not give everything back.
const BUCKET: &str = "
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      VersioningConfiguration: {Status: Enabled}
      LifecycleConfiguration:
        Rules:
          - {Id: short, Status: Enabled, ExpirationInDays: 7}
          - {Id: markers, Status: Enabled, ExpiredObjectDeleteMarker: true}
";

#[tokio::test]
async fn what_aws_never_gives_back_of_an_item_of_a_list_is_still_there_when_something_else_was_put_back() {
    let server = Server::start(World::new(1, Clock::new(Pace::Fast)), Options::default()).await.unwrap();
    let desk = Desk::new(&server.url(), HUB).await;
    let bundle = bundle(vec![stack("acme", "data", BUCKET)]);
    let saved = SavedPlan::new(desk.plan_to_keep(&bundle).await, bundle.clone());
    desk.engine.apply(&saved, &ApplyOptions::default()).await.unwrap();
    let properties = |change: &dyn Fn(&mut Value)| {
        let mut world = server.world().lock();
        let id = world.resources_of(HUB, "us-east-1", "AWS::S3::Bucket").next().unwrap().identifier.clone();
        let bucket = world.resource_mut(HUB, "us-east-1", "AWS::S3::Bucket", &id).unwrap();
        change(&mut bucket.properties);
        bucket.properties.clone()
    };
    let before = properties(&|_| {});
    properties(&|bucket| {
        bucket["VersioningConfiguration"]["Status"] = json!("Suspended");
        bucket["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"] = json!(700);
    });
    let found = Engine::drift(&desk.engine, &bundle, &DriftOptions::default()).await.unwrap().findings;
    assert_eq!(found.len(), 2, "{found:#?}");
    let count = Engine::revert(&desk.engine, &bundle, "acme-data/Bucket", &found).await.unwrap();
    assert_eq!((count, properties(&|_| {})), (2, before));
}
