//! What an account that refuses to be asked, and what time, make of the ways back to a good state.

use serde_json::Value;

use crate::rehearsal::Rehearsal;

/// A Bedrock account that refuses the role that gwinfra deploys with.
const REFUSING: &str = r#"faults:
  - match: {action: AssumeRole, role: "arn:aws:iam::222222222222:role/gwinfra-deploy"}
    times: 1000
    refuse: {code: AccessDenied, message: not authorized to perform sts:AssumeRole, status: 403}
"#;

/// A deployment whose hub has a stack with a rollback that failed.
fn stuck() -> Rehearsal {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    rehearsal.change("memory: 4096", "memory: 8192");
    let scenario = "faults:\n  - {circuit_breaker: {reason: \"tasks failed\"}}\n  - {match: {type: \"AWS::ECS::Service\"}, fail: {step: rollback, reason: \"still failing\"}}\n";
    rehearsal.run_with(scenario, &["apply", "--yes"]).expect(10);
    rehearsal
}

/// Takes the end of the newest run out of the journal, as if it had been killed.
fn cut_off(rehearsal: &Rehearsal) {
    let runs = rehearsal.path(".gwinfra/acme-llm/runs");
    let mut files: Vec<_> = fs_err::read_dir(runs).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let newest = files.last().unwrap();
    let text = fs_err::read_to_string(newest).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.contains("run_finished")).collect();
    fs_err::write(newest, lines.join("\n") + "\n").unwrap();
}

#[test]
fn an_account_that_cannot_be_asked_keeps_the_hub_from_nothing() {
    let rehearsal = stuck();
    let run =
        rehearsal.run_with(REFUSING, &["recover", "--yes"]).says(10, "1 account could not be asked: 222222222222");
    assert!(run.stdout.contains("(222222222222) is not reached"), "{}", run.stdout);
    let status = rehearsal.run(&["status", "-o", "json"]).expect(0).json();
    let stacks = status["stacks"].as_array().unwrap();
    let gateway = stacks.iter().find(|stack| stack["key"] == "gateway").unwrap();
    assert_eq!(gateway["status"], "UPDATE_ROLLBACK_COMPLETE");
}

#[test]
fn a_run_that_was_cut_off_is_taken_up_although_an_account_cannot_be_asked() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    cut_off(&rehearsal);
    rehearsal.change("memory: 4096", "memory: 8192");
    let run = rehearsal.run_with(REFUSING, &["apply", "--yes"]).says(10, "taking up the apply");
    assert!(
        run.stderr.contains("whether change sets of acme-llm-bedrock-access are left is not known"),
        "{}",
        run.stderr
    );
    let status = rehearsal.run(&["status", "-o", "json"]).expect(0).json();
    let stacks = status["stacks"].as_array().unwrap();
    let gateway = stacks.iter().find(|stack| stack["key"] == "gateway").unwrap();
    assert_eq!(gateway["status"], "UPDATE_COMPLETE");
}

#[test]
fn an_apply_ends_well_when_ecs_has_forgotten_the_last_deployment() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    // ECS lists the deployments of the last 90 days.
    let long_ago = Value::from((jiff::Timestamp::now() - jiff::SignedDuration::from_hours(91 * 24)).to_string());
    rehearsal.tamper(|world| {
        let services = world.resources_of("111122223333", "us-east-1", "AWS::ECS::Service");
        let service = services.map(|service| service.identifier.clone()).next().unwrap();
        let service = world.resource_mut("111122223333", "us-east-1", "AWS::ECS::Service", &service).unwrap();
        for deployment in service.runtime["deployments"].as_array_mut().unwrap() {
            deployment["created_at"] = long_ago.clone();
            deployment["ends_at"] = long_ago.clone();
        }
    });
    rehearsal.change("max_acu: 4", "max_acu: 8");
    let run = rehearsal.apply();
    assert!(run.stderr.contains("the service runs what was planned"), "{}", run.stderr);
    let status = rehearsal.run(&["status"]).expect(0).stdout;
    assert!(status.contains("deployment SUCCESSFUL"), "{status}");
}

#[test]
fn an_apply_says_that_the_service_is_gone_which_somebody_has_deleted() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    rehearsal.tamper(|world| {
        let mut services = world.resources_of("111122223333", "us-east-1", "AWS::ECS::Service");
        let service = services.next().unwrap().identifier.clone();
        drop(services);
        world.remove("111122223333", "us-east-1", "AWS::ECS::Service", &service).unwrap();
    });
    rehearsal.change("client_cidr: 172.16.0.0/22\n", "client_cidr: 172.16.0.0/22\n    session_hours: 10\n");
    rehearsal.run(&["apply", "--yes"]).says(13, "is not there in cluster");
}
