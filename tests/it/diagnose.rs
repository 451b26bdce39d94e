//! Why an operation failed, told of simulated accounts: the cause, what AWS tells about it, guesses, the next command.

use serde_json::Value;

use crate::rehearsal::{Rehearsal, Run};

/// Tasks whose container cannot reach its database.
const NO_DATABASE: &str = r#"faults:
  - circuit_breaker:
      reason: tasks failed to start
      tasks:
        exit_code: 1
        log:
          - "litellm starts"
          - "postgresql://llm:hunter2@aurora.cluster-x:5432/litellm: connection refused, key sk-canary123456"
"#;

/// A deployment whose second apply failed.
fn failed(scenario: &str) -> (Rehearsal, Run) {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    rehearsal.change("memory: 4096", "memory: 8192");
    let run = rehearsal.run_with(scenario, &["apply", "--yes"]);
    (rehearsal, run)
}

fn first(scenario: &str) -> (Rehearsal, Run) {
    let rehearsal = Rehearsal::new();
    let run = rehearsal.run_with(scenario, &["apply", "--yes"]);
    (rehearsal, run)
}

fn document(rehearsal: &Rehearsal) -> Value {
    rehearsal.run(&["diagnose", "-o", "json"]).expect(0).json()
}

/// The facts of the first failure.
fn facts(document: &Value) -> Vec<String> {
    let evidence = document["failures"][0]["evidence"].as_array().unwrap();
    evidence.iter().map(|evidence| evidence["fact"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_failed_apply_says_why_by_itself() {
    let (_rehearsal, run) = failed(NO_DATABASE);
    let run = run.says(9, "Root cause   acme-llm-gateway/Service");
    for words in ["litellm ended with 1", "connection refused", "(guess, 2 matching signals)", "edit gwinfra.yaml:8:13"]
    {
        assert!(run.stderr.contains(words), "no {words:?}:\n{}", run.stderr);
    }
}

#[test]
fn what_a_container_has_written_is_shown_without_secrets() {
    let (rehearsal, run) = failed(NO_DATABASE);
    let report = rehearsal.run(&["diagnose", "-o", "markdown"]).expect(0).stdout;
    for text in [&run.stderr, &report] {
        assert!(!text.contains("hunter2") && !text.contains("sk-canary"), "{text}");
        assert!(text.contains("aurora.cluster-x:5432"), "{text}");
    }
}

#[test]
fn the_report_goes_on_without_a_journal() {
    let (rehearsal, run) = failed(NO_DATABASE);
    drop(run.expect(9));
    fs_err::remove_dir_all(rehearsal.path(".gwinfra/acme-llm")).unwrap();
    let document = document(&rehearsal);
    assert_eq!(document["run"], Value::Null);
    assert_eq!(document["failures"][0]["cause"]["logical_id"], "Service");
}

#[test]
fn what_was_edited_is_what_to_edit() {
    let (rehearsal, run) = failed(NO_DATABASE);
    drop(run.expect(9));
    assert_eq!(document(&rehearsal)["failures"][0]["next"][0], "edit gwinfra.yaml:8:13, then `gwinfra plan`");
}

#[test]
fn what_was_cancelled_is_not_the_cause() {
    let scenario = "faults:\n  - {match: {logical_id: ClientVpnSecurityGroup}, fail: {step: create, reason: \"no more groups\"}}\n  - {match: {logical_id: Vpc}, fail: {step: create, reason: \"The maximum number of VPCs has been reached. (Service: Ec2, Status Code: 400)\"}}\n";
    let (rehearsal, run) = first(scenario);
    drop(run.says(9, "The maximum number of VPCs"));
    let document = document(&rehearsal);
    let failure = &document["failures"][0];
    assert_eq!(failure["cause"]["logical_id"], "Vpc");
    let echoes = failure["consequences"].as_array().unwrap();
    assert!(echoes.iter().all(|address| address != &failure["cause"]["address"]), "{failure}");
}

#[test]
fn a_quota_that_is_used_up_has_its_code_and_a_link() {
    let scenario = "faults:\n  - {match: {logical_id: Vpc}, fail: {step: create, reason: \"The maximum number of VPCs has been reached.\"}}\n";
    let run = first(scenario).1.says(9, "the quota \"VPCs per Region\" (vpc L-F678F1CE) is used up");
    let link = "https://us-east-1.console.aws.amazon.com/servicequotas/home/services/vpc/quotas/L-F678F1CE";
    assert!(run.stderr.contains(link), "{}", run.stderr);
}

#[test]
fn a_missing_permission_names_action_resource_and_policy() {
    let reason = "User: arn:aws:sts::111122223333:assumed-role/Deploy/ci is not authorized to perform: iam:PassRole on resource: arn:aws:iam::111122223333:role/acme-task because no identity-based policy allows the iam:PassRole action";
    let scenario =
        format!("faults:\n  - {{match: {{logical_id: Service}}, fail: {{step: create, reason: \"{reason}\"}}}}\n");
    let (rehearsal, run) = first(&scenario);
    drop(run.says(9, "may not iam:PassRole on arn:aws:iam::111122223333:role/acme-task"));
    let next = document(&rehearsal)["failures"][0]["next"][0].to_string();
    assert!(next.contains("gwinfra accounts policy"), "{next}");
}

#[test]
fn a_certificate_that_the_vpn_does_not_take_is_looked_up() {
    let scenario = "faults:\n  - {match: {type: \"AWS::EC2::ClientVpnEndpoint\"}, fail: {step: create, reason: \"Certificate does not have a domain\"}}\n";
    let (rehearsal, run) = first(scenario);
    drop(run.expect(9));
    let facts = facts(&document(&rehearsal));
    let certificate = "certificate arn:aws:acm:us-east-1:111122223333:certificate/server";
    assert!(facts.iter().any(|fact| fact.starts_with(certificate)), "{facts:?}");
}

#[test]
fn a_model_without_access_is_told_with_its_account() {
    let scenario = r#"model_access:
  - {account: "222222222222", region: us-east-1, model: anthropic.claude-3-haiku-20240307-v1:0, authorization: NOT_AUTHORIZED}
faults:
  - circuit_breaker:
      tasks:
        log: ["BedrockException: AccessDeniedException: arn:aws:sts::222222222222:assumed-role/acme/x has no access to the model anthropic.claude-3-haiku-20240307-v1:0"]
"#;
    let run = failed(scenario).1.says(9, "account 222222222222 cannot call anthropic.claude-3-haiku-20240307-v1:0");
    assert!(run.stderr.contains("gwinfra accounts verify"), "{}", run.stderr);
}

#[test]
fn targets_that_are_not_healthy_are_told_of_while_the_service_is_kept() {
    let scenario = "faults:\n  - circuit_breaker:\n      tasks: {stopped_reason: \"Task failed ELB health checks in (target-group x)\", exit_code: 0, target_reason: Target.Timeout}\n";
    let rehearsal = Rehearsal::new();
    let run = rehearsal.run_with(scenario, &["apply", "--yes", "--no-rollback"]).says(10, "are unhealthy");
    assert!(run.stderr.contains("Target.Timeout: Request timed out"), "{}", run.stderr);
    assert!(run.stderr.contains("do not answer the load balancer in time"), "{}", run.stderr);
}

#[test]
fn a_service_that_went_back_although_its_stack_is_complete_is_diagnosed() {
    let scenario = "faults:\n  - {circuit_breaker: {stack_completes: true}}\n";
    let (rehearsal, run) = failed(scenario);
    drop(run.says(13, "Root cause   acme-llm-gateway/Service"));
    assert_eq!(document(&rehearsal)["failures"][0]["outcome"], "unhealthy");
}

#[test]
fn a_change_set_that_could_not_be_made_is_told_from_the_journal() {
    let scenario = "faults:\n  - match: {service: cloudformation, action: ExecuteChangeSet}\n    refuse: {code: ValidationError, message: \"no\"}\n    times: 100\n";
    let (rehearsal, run) = failed(scenario);
    drop(run.says(1, "ExecuteChangeSet"));
    let failure = &document(&rehearsal)["failures"][0];
    assert!(failure["cause"]["reason"].as_str().is_some_and(|reason| reason.contains("ExecuteChangeSet")), "{failure}");
}

#[test]
fn a_failed_destroy_says_why() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    let scenario = "faults:\n  - {match: {logical_id: Vpc}, fail: {step: delete, reason: \"DependencyViolation: the vpc has dependencies\"}}\n";
    rehearsal
        .run_with(scenario, &["destroy", "--yes", "--confirm", "acme-llm", "--empty-buckets"])
        .says(10, "Root cause   acme-llm-network/Vpc");
}

#[test]
fn an_account_that_cannot_be_asked_is_a_note_and_no_failure() {
    let (rehearsal, run) = failed(NO_DATABASE);
    drop(run.expect(9));
    let scenario = "faults:\n  - match: {action: AssumeRole, role: \"arn:aws:iam::222222222222:role/gwinfra-deploy\"}\n    refuse: {code: AccessDenied, message: no, status: 403}\n    times: 100\n";
    let document = rehearsal.run_with(scenario, &["diagnose", "-o", "json"]).expect(0).json();
    assert!(document["notes"][0].as_str().unwrap().contains("222222222222"), "{}", document["notes"]);
    assert_eq!(document["failures"].as_array().unwrap().len(), 1);
}

#[test]
fn aws_that_does_not_answer_makes_a_failed_apply_only_seconds_slower() {
    let scenario =
        format!("{NO_DATABASE}  - match: {{service: ecs, action: ListTasks}}\n    delay: {{milliseconds: 60000}}\n");
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    rehearsal.change("memory: 4096", "memory: 8192");
    let began = std::time::Instant::now();
    let run = rehearsal.run_with(&scenario, &["apply", "--yes"]).says(9, "no answer within 1.5 s");
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
    assert!(run.stderr.contains("circuit breaker: 3 tasks failed"), "{}", run.stderr);
}

#[test]
fn an_unknown_run_is_a_wrong_command_line() {
    let rehearsal = Rehearsal::new();
    rehearsal.run(&["diagnose", "--run", "20260101T000000000000Z-none"]).says(64, "the journal has no run");
}

#[test]
fn the_report_is_as_it_was_agreed() {
    let (rehearsal, run) = failed(NO_DATABASE);
    drop(run.expect(9));
    let report = rehearsal.run(&["diagnose"]).expect(0).stdout;
    insta::with_settings!({filters => vec![
        (r"RequestToken: [0-9a-f-]+", "RequestToken: ID"),
        (r"task [0-9a-f]{8}", "task ID"),
        (r" after \d+ s", ""),
    ]}, { insta::assert_snapshot!("diagnose_text", report) });
}
