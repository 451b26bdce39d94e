//! Root causes that AWS tells in other places than the failed resource.

use crate::rehearsal::{Rehearsal, Run};

fn first(scenario: &str) -> (Rehearsal, Run) {
    let rehearsal = Rehearsal::new();
    let run = rehearsal.run_with(scenario, &["apply", "--yes"]);
    (rehearsal, run)
}

#[test]
fn what_a_hook_says_is_the_cause() {
    let scenario = "faults:\n  - {match: {logical_id: Vpc}, hook: {name: \"AWS::Hooks::GuardHook\", reason: \"the following rule(s) failed: vpc_flow_logs_enabled\"}}\n";
    let (rehearsal, run) = first(scenario);
    let words =
        "The following hook(s) failed: [AWS::Hooks::GuardHook]: the following rule(s) failed: vpc_flow_logs_enabled";
    drop(run.says(9, words));
    let document = rehearsal.run(&["diagnose", "-o", "json"]).expect(0).json();
    assert_eq!(document["failures"][0]["cause"]["reason"], words);
}

#[test]
fn an_operation_begins_before_everything_of_it_is_configured() {
    let scenario =
        "faults:\n  - {match: {type: \"AWS::ECS::Service\"}, fail: {step: create, reason: \"no capacity\"}}\n";
    let (rehearsal, run) = first(scenario);
    drop(run.expect(9));
    let document = rehearsal.run(&["diagnose", "-o", "json"]).expect(0).json();
    let failure = &document["failures"][0];
    let begun: jiff::Timestamp = failure["operation"]["started_at"].as_str().unwrap().parse().unwrap();
    let failed: jiff::Timestamp = failure["cause"]["at"].as_str().unwrap().parse().unwrap();
    assert!(begun < failed, "{failure:#}");
    assert_eq!(failure["operation"]["kind"], "create");
}

#[test]
fn a_service_that_places_no_task_says_why() {
    let scenario = r#"faults:
  - circuit_breaker:
      tasks:
        service_event: "was unable to place a task. Reason: You've reached the limit on the number of vCPUs you can run concurrently."
"#;
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    rehearsal.change("memory: 4096", "memory: 8192");
    let run = rehearsal.run_with(scenario, &["apply", "--yes"]).says(9, "the service was unable to place a task");
    assert!(run.stderr.contains("\"Fargate On-Demand vCPU resource count\""), "{}", run.stderr);
}

#[test]
fn a_wrong_clock_is_told_as_such() {
    let scenario = r#"faults:
  - match: {account: "111122223333", action: GetCallerIdentity}
    times: 9
    refuse: {code: SignatureDoesNotMatch, status: 403, message: "Signature expired: 20260101T000000Z is now earlier than 20260101T000500Z (20260101T001000Z - 5 min.)"}
"#;
    let run = first(scenario).1.says(5, "this machine's clock is wrong");
    assert!(run.stderr.contains("gwinfra doctor --only GWD104"), "{}", run.stderr);
}

#[test]
fn a_bedrock_account_whose_region_is_not_enabled_does_not_stop_the_others() {
    let scenario = r#"faults:
  - match: {account: "222222222222", service: cloudformation}
    times: 99
    refuse: {code: InvalidClientTokenId, status: 403, message: "The security token included in the request is invalid."}
  - match: {account: "222222222222", action: GetCallerIdentity}
    times: 99
    refuse: {code: InvalidClientTokenId, status: 403, message: "The security token included in the request is invalid."}
"#;
    let (rehearsal, run) = first(scenario);
    drop(run.says(10, "account 222222222222 was not reached"));
    let status = rehearsal.run(&["status", "-o", "json"]).expect(0).json();
    let gateway = status["stacks"].as_array().unwrap().iter().find(|stack| stack["key"] == "gateway").unwrap().clone();
    assert_eq!(gateway["status"], "CREATE_COMPLETE");
}
