//! Who is let in to what is ours, gets copies of it, or scales it, and no template says so: one deployment in which somebody has
//! done all of it, found, and then taken out.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::drift::{deployed, findings, inject, spec};
use crate::drift_cli::Cli;
use crate::rehearsal::{Rehearsal, Run};
use crate::served::Served;

const SECRET: &str = "acme-llm-foundation/MasterKeySecret";
const OTHER_SECRET: &str = "acme-llm-foundation/SaltKeySecret";
const GROUP: &str = "acme-llm-gateway/LitellmLogGroup";
const TOPIC: &str = "acme-llm-gateway/AlarmTopic";
const TARGET: &str = "acme-llm-gateway/ScalableTarget";
const REPOSITORY: &str = "acme-llm-foundation/LitellmRepository";
const QUEUE: &str = "arn:aws:sqs:us-east-1:999988887777:mine";
const DESTINATION: &str = "arn:aws:logs:us-east-1:999988887777:destination:mine";

/// What came of each step.
struct LetIn {
    found: Vec<Value>,
    /// What `--revert` says of a resource of which only the AWS CLI can take something out.
    refused: Run,
    /// What is left once all was taken out that `--revert` takes out.
    left: Vec<Value>,
    /// And once the commands of those were run.
    after_commands: Vec<Value>,
}

fn let_in() -> Option<&'static LetIn> {
    static LET_IN: LazyLock<Option<LetIn>> = LazyLock::new(LetIn::make);
    LET_IN.as_ref()
}

impl LetIn {
    fn make() -> Option<Self> {
        let rehearsal = deployed()?;
        inject(&rehearsal, &changes());
        let found = findings(&rehearsal, 2);
        let refused = rehearsal.run(&["drift", "--revert", TOPIC, "--yes"]);
        for address in [SECRET, OTHER_SECRET, GROUP, TARGET] {
            let run = rehearsal.run(&["drift", "--revert", address, "--yes"]).expect(2);
            assert!(run.stderr.contains(&format!("Took 1 part out of {address}.")), "{}", run.stderr);
        }
        let left = findings(&rehearsal, 2);
        let accounts = Served::start(&rehearsal);
        let commands: Vec<&str> = left.iter().filter_map(|one| one["command"].as_str()).collect();
        Cli::of(&accounts).shell(&commands.join("\n"));
        drop(accounts);
        let after_commands = findings(&rehearsal, 0);
        Some(Self { found, refused, left, after_commands })
    }

    /// The one thing that was added there.
    fn at(&self, address: &str, property: &str) -> &Value {
        let is_it = |one: &&Value| one["address"] == address && one["path"] == json!([property]);
        let found: Vec<&Value> = self.found.iter().filter(is_it).collect();
        assert_eq!((found.len(), &found[0]["kind"]), (1, &json!("added")), "{:#?}", self.found);
        found[0]
    }
}

/// A policy that lets somebody do everything.
fn letting_in(principal: &str) -> String {
    let statement = json!({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "*", "Resource": "*"});
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

/// What a call is given of the target that scales the service.
fn of_target(more: Value) -> Value {
    let mut given = json!({
        "ServiceNamespace": "ecs",
        "ResourceId": "service/{acme-llm-gateway.Cluster}/{acme-llm-gateway!ServiceName}",
        "ScalableDimension": "ecs:service:DesiredCount",
    });
    given.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    given
}

fn changes() -> Value {
    let own = letting_in("arn:aws:iam::111122223333:root");
    let metric = json!({"PredefinedMetricType": "ECSServiceAverageMemoryUtilization"});
    json!([
        {"call": "secretsmanager.put_resource_policy", "with": {
            "SecretId": "{acme-llm-foundation.MasterKeySecret}", "ResourcePolicy": letting_in("999988887777")}},
        {"call": "secretsmanager.put_resource_policy", "with": {
            "SecretId": "{acme-llm-foundation.SaltKeySecret}", "ResourcePolicy": own}},
        {"call": "logs.put_subscription_filter", "with": {
            "logGroupName": "{acme-llm-gateway.LitellmLogGroup}", "filterName": "copy of all", "filterPattern": "",
            "destinationArn": DESTINATION}},
        {"call": "sns.subscribe", "with": {
            "TopicArn": "{acme-llm-gateway.AlarmTopic}", "Protocol": "sqs", "Endpoint": QUEUE}},
        {"call": "application-autoscaling.put_scaling_policy", "with": of_target(json!({
            "PolicyName": "mine", "PolicyType": "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration": {"PredefinedMetricSpecification": metric, "TargetValue": 5.0}}))},
        {"call": "application-autoscaling.put_scheduled_action", "with": of_target(json!({
            "ScheduledActionName": "nightly", "Schedule": "cron(0 3 * * ? *)",
            "ScalableTargetAction": {"MinCapacity": 0, "MaxCapacity": 0}}))},
        {"call": "ecr.set_repository_policy", "with": {
            "repositoryName": "{acme-llm-foundation.LitellmRepository}", "policyText": letting_in("*")}},
    ])
}

#[test]
fn a_policy_that_lets_another_account_read_a_secret_is_severe() {
    let Some(let_in) = let_in() else { return };
    let found = let_in.at(SECRET, "ResourcePolicy");
    assert_eq!((&found["severity"], &found["reader"]), (&json!("high"), &json!("secrets_manager")));
    assert_eq!(found["actual"]["Statement"][0]["Principal"]["AWS"], "999988887777");
    assert_eq!(found["source"][0]["path"], "gateway.litellm");
}

#[test]
fn a_policy_that_lets_nobody_else_in_is_less_severe() {
    let Some(let_in) = let_in() else { return };
    assert_eq!(let_in.at(OTHER_SECRET, "ResourcePolicy")["severity"], "medium");
}

#[test]
fn copies_of_a_log_that_go_to_another_account_are_severe() {
    let Some(let_in) = let_in() else { return };
    let found = let_in.at(GROUP, "SubscriptionFilters");
    assert_eq!((&found["severity"], &found["reader"]), (&json!("high"), &json!("logs")));
    assert_eq!(found["actual"]["DestinationArn"], DESTINATION);
    assert!(found["command"].as_str().unwrap().contains("--filter-name 'copy of all' --region us-east-1"), "{found}");
}

#[test]
fn a_subscription_of_the_topic_beside_the_one_of_the_spec_is_found() {
    let Some(let_in) = let_in() else { return };
    let found = let_in.at(TOPIC, "Subscription");
    assert_eq!((&found["severity"], &found["id"]), (&json!("high"), &json!(format!("sqs {QUEUE}"))));
    assert_eq!(found["actual"], json!({"Endpoint": QUEUE, "Protocol": "sqs"}));
}

#[test]
fn a_policy_and_a_schedule_that_scale_the_service_otherwise_are_found() {
    let Some(let_in) = let_in() else { return };
    let policy = let_in.at(TARGET, "ScalingPolicies");
    assert!(policy["command"].as_str().unwrap().contains("delete-scaling-policy --policy-name mine"), "{policy}");
    assert_eq!(let_in.at(TARGET, "ScheduledActions")["actual"]["ScheduledActionName"], "nightly");
}

#[test]
fn a_policy_that_gives_everybody_our_images_is_severe() {
    let Some(let_in) = let_in() else { return };
    let found = let_in.at(REPOSITORY, "RepositoryPolicyText");
    assert_eq!((&found["severity"], &found["reader"]), (&json!("high"), &json!("ecr")));
}

#[test]
fn what_is_ours_is_no_addition() {
    let Some(let_in) = let_in() else { return };
    assert_eq!(let_in.found.len(), changes().as_array().unwrap().len(), "{:#?}", let_in.found);
}

#[test]
fn what_the_cloud_control_api_cannot_delete_is_left_with_its_command() {
    let Some(let_in) = let_in() else { return };
    assert_eq!(let_in.refused.code, 1);
    assert!(let_in.refused.stderr.contains("aws sns unsubscribe"), "{}", let_in.refused.stderr);
    let left: Vec<&Value> = let_in.left.iter().map(|one| &one["path"][0]).collect();
    assert_eq!(left, ["RepositoryPolicyText", "Subscription", "ScheduledActions"]);
}

#[test]
fn the_commands_take_the_rest_out() {
    let Some(let_in) = let_in() else { return };
    assert_eq!(let_in.after_commands, Vec::<Value>::new());
}

#[test]
fn who_may_not_look_is_told_what_was_not_compared() {
    let rehearsal = Rehearsal::of(&spec());
    rehearsal.apply();
    let calls = ["GetResourcePolicy", "DescribeSubscriptionFilters", "GetRepositoryPolicy"];
    let refused = |action: &str| {
        let refuse = "refuse: {code: AccessDeniedException, message: no, status: 400}";
        format!("  - {{match: {{action: {action}}}, times: 99, {refuse}}}\n")
    };
    let refusing = format!("faults:\n{}", calls.map(refused).concat());
    let document = rehearsal.run_with(&refusing, &["drift", "-o", "json"]).expect(0).json();
    assert_eq!(document["findings"], json!([]));
    let skipped = document["coverage"]["skipped"].as_array().unwrap();
    for (address, call) in [
        (format!("{SECRET} policy"), calls[0]),
        (format!("{GROUP} subscription filters"), calls[1]),
        (format!("{REPOSITORY} policy"), calls[2]),
    ] {
        let is_it = |one: &Value| one["address"] == address && one["reason"].as_str().unwrap().contains(call);
        assert!(skipped.iter().any(is_it), "{address}: {skipped:#?}");
    }
}
