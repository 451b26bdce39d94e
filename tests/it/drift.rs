//! What is changed behind CloudFormation's back is found: injected into simulated accounts through the Cloud Control API, by
//! boto3.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::moto_server::{interpreter, skip};
use crate::rehearsal::{Rehearsal, SPEC};
use crate::served::Served;
use crate::support::repository;

/// [`SPEC`] with a firewall, autoscaling and alarms.
pub(crate) fn spec() -> String {
    let ingress =
        "ingress:\n  allow_from: [10.0.0.0/8]\n  waf: {rate_limit_per_5_minutes: 2000, block: [203.0.113.0/24]}\n";
    SPEC.replace("ingress:\n", ingress)
        .replace("    memory: 4096\n", "    memory: 4096\n    scale_on: {cpu_percent: 60}\n")
        + "observability:\n  log_retention_days: 90\n  alarms: {error_rate_percent: 5, notify: {email: oncall@example.com}}\n"
}

pub(crate) fn deployed() -> Option<Rehearsal> {
    deployed_as(&spec())
}

/// The accounts with a spec applied; `None`, said aloud, without boto3.
pub(crate) fn deployed_as(spec: &str) -> Option<Rehearsal> {
    let import = Command::new(interpreter()).args(["-c", "import boto3"]).output();
    if !import.is_ok_and(|output| output.status.success()) {
        skip(&format!("{} has no boto3: pip install boto3", interpreter()));
        return None;
    }
    let rehearsal = Rehearsal::of(spec);
    rehearsal.apply();
    Some(rehearsal)
}

/// Makes the changes.
pub(crate) fn inject(rehearsal: &Rehearsal, changes: &Value) {
    let accounts = Served::start(rehearsal);
    let mut command = Command::new(interpreter());
    command.arg(repository("tests/drift/inject.py")).arg(&accounts.url).env("PYTHONDONTWRITEBYTECODE", "1");
    command.env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    let mut process = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    process.stdin.take().unwrap().write_all(changes.to_string().as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

pub(crate) fn findings(rehearsal: &Rehearsal, code: i32) -> Vec<Value> {
    let document = rehearsal.run(&["drift", "-o", "json"]).expect(code).json();
    document["findings"].as_array().unwrap().clone()
}

/// A patch that replaces one value.
pub(crate) fn set(stack: &str, resource: &str, path: &str, value: &Value) -> Value {
    json!({"stack": format!("acme-llm-{stack}"), "resource": resource, "patch": [{"op": "add", "path": path, "value": value}]})
}

/// Changes how long a log group keeps its lines.
pub fn change_log_group(rehearsal: &Rehearsal) {
    inject(rehearsal, &json!([set("gateway", "LitellmLogGroup", "/RetentionInDays", &json!(7))]));
}

#[test]
fn what_nobody_has_touched_has_no_drift() {
    let Some(rehearsal) = deployed() else { return };
    let document = rehearsal.run(&["drift", "-o", "json"]).expect(0).json();
    assert_eq!(document["findings"], json!([]));
    let coverage = &document["coverage"];
    let skipped = coverage["skipped"].as_array().unwrap().len();
    assert_eq!(coverage["checked"].as_u64().unwrap() + skipped as u64, coverage["total"].as_u64().unwrap());
    assert!(coverage["total"].as_u64().unwrap() > 100, "{coverage}");
    assert_eq!(skipped, 0, "{coverage:#}");
    assert_eq!(document["potential"], json!([]));
}

#[test]
fn a_finding_has_both_values_and_the_line_of_the_spec_and_can_be_put_back() {
    let Some(rehearsal) = deployed() else { return };
    inject(&rehearsal, &json!([set("gateway", "LitellmLogGroup", "/RetentionInDays", &json!(7))]));
    let found = findings(&rehearsal, 2);
    assert_eq!((&found[0]["expected"], &found[0]["actual"]), (&json!(90), &json!(7)));
    let text = fs_err::read_to_string(rehearsal.path("gwinfra.yaml")).unwrap();
    let line = found[0]["source"][0]["line"].as_u64().unwrap() as usize;
    assert!(text.lines().nth(line - 1).unwrap().contains("log_retention_days"), "{found:?}");
    insta::assert_snapshot!(rehearsal.run(&["drift"]).expect(2).stdout);
    let sarif = rehearsal.run(&["drift", "-o", "sarif"]).expect(2).json();
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "GW1201");
    assert!(rehearsal.run(&["drift", "-o", "junit"]).expect(2).stdout.contains("failures=\"1\""));
    rehearsal.run(&["drift", "--revert", "acme-llm-gateway/LitellmLogGroup"]).says(64, "--yes");
    let run = rehearsal.run(&["drift", "--revert", "acme-llm-gateway/LitellmLogGroup", "--yes"]).expect(0);
    assert!(run.stderr.contains("Put back 1 property"), "{}", run.stderr);
    assert_eq!(findings(&rehearsal, 0), Vec::<Value>::new());
}

#[test]
fn a_value_that_is_a_default_of_the_spec_names_its_key_at_the_nearest_one_that_is_written() {
    let Some(rehearsal) = deployed_as(SPEC) else { return };
    change_log_group(&rehearsal);
    let found = findings(&rehearsal, 2);
    assert_eq!(found[0]["source"][0]["path"], "observability.log_retention_days");
    let key = "observability.log_retention_days";
    assert!(rehearsal.run(&["drift"]).expect(2).stdout.contains(&format!("gwinfra.yaml:1:1  {key}")));
    for format in ["github", "markdown", "sarif"] {
        let run = rehearsal.run(&["drift", "-o", format]).expect(2);
        assert!(run.stdout.contains(&format!("`{key}`")), "{format}: {}", run.stdout);
    }
}

#[test]
fn what_was_put_back_is_read_again_and_what_is_left_is_told() {
    let Some(rehearsal) = deployed() else { return };
    let log = set("gateway", "LitellmLogGroup", "/RetentionInDays", &json!(7));
    inject(&rehearsal, &json!([log, set("gateway", "CpuAlarm", "/Threshold", &json!(99))]));
    let run =
        rehearsal.run(&["drift", "--revert", "acme-llm-gateway/LitellmLogGroup", "--yes", "-o", "json"]).expect(2);
    let left: Vec<Value> =
        run.json()["findings"].as_array().unwrap().iter().map(|one| one["address"].clone()).collect();
    assert_eq!(left, ["acme-llm-gateway/CpuAlarm"]);
}

#[test]
fn what_is_not_deployed_cannot_have_drift() {
    let rehearsal = Rehearsal::new();
    for format in ["text", "json", "markdown", "github", "junit", "sarif"] {
        let run = rehearsal.run(&["drift", "-o", format]).says(1, "nothing of acme-llm is deployed");
        assert!(!run.stdout.to_lowercase().contains("no drift"), "{}", run.stdout);
    }
    rehearsal.run(&["drift", "--only", "bedrock-1"]).says(1, "nothing of acme-llm is deployed in 222222222222");
}

#[test]
fn what_was_added_is_a_finding_and_not_recorded() {
    let Some(rehearsal) = deployed() else { return };
    let policies = json!([{"PolicyName": "mine", "PolicyDocument": {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}}]);
    inject(&rehearsal, &json!([set("data", "DatabaseMonitoringRole", "/Policies", &policies)]));
    let document = rehearsal.run(&["drift", "--record", "-o", "json"]).expect(2).json();
    assert_eq!((&document["findings"][0]["kind"], &document["potential"]), (&json!("added"), &json!([])));
    let baseline = fs_err::read_to_string(rehearsal.path("drift.baseline.yaml")).unwrap();
    assert!(!baseline.contains("Policies"), "{baseline}");
}

#[test]
fn only_accounts_needs_accounts() {
    let (before, rest) = SPEC.split_once("bedrock:\n").unwrap();
    let (_, models) = rest.split_once("models:\n").unwrap();
    let rehearsal = Rehearsal::of(&format!("{before}bedrock: {{include_hub: true}}\nmodels:\n{models}"));
    rehearsal.run(&["drift", "--only", "accounts"]).says(64, "the spec has no bedrock.accounts");
}

#[test]
fn what_drift_yaml_accepts_is_told_of_and_is_no_failure() {
    let Some(rehearsal) = deployed() else { return };
    inject(&rehearsal, &json!([set("gateway", "LitellmLogGroup", "/RetentionInDays", &json!(7))]));
    rehearsal.write(
        "drift.yaml",
        "accept:\n  - {address: acme-llm-gateway/LitellmLogGroup, path: RetentionInDays, reason: audit, owner: sam, expires: 2999-01-01}\n",
    );
    let run = rehearsal.run(&["drift"]).expect(0);
    assert!(run.stdout.contains("audit (sam), until 2999-01-01"), "{}", run.stdout);
    rehearsal.write("drift.yaml", "accept: [{address: a}]\n");
    rehearsal.run(&["drift"]).says(3, "drift.yaml");
}

#[test]
fn a_rule_accepts_only_in_the_environment_that_it_names() {
    let Some(rehearsal) = deployed_as(&format!("{}environments: {{dev: {{}}, prod: {{}}}}\n", spec())) else { return };
    let accept = |deployment: &str| {
        let rule =
            format!("address: '*', deployments: [{deployment}], reason: tried out, owner: sam, expires: 2999-01-01");
        rehearsal.write("drift.yaml", &format!("accept: [{{{rule}}}]\n"));
    };
    change_log_group(&rehearsal);
    accept("acme-llm-dev");
    let run = rehearsal.run(&["drift"]).expect(2);
    assert!(!run.stderr.contains("drift.yaml"), "{}", run.stderr);
    accept("acme-llm");
    let _ = rehearsal.run(&["drift"]).expect(0);
    accept("acme-llm-stage");
    rehearsal.run(&["drift"]).says(2, "acme-llm-stage, and the spec has no such deployment");
}

#[test]
fn only_what_is_asked_for_is_read() {
    let Some(rehearsal) = deployed() else { return };
    inject(&rehearsal, &json!([set("gateway", "LitellmLogGroup", "/RetentionInDays", &json!(7))]));
    rehearsal.run(&["drift", "--only", "accounts"]).expect(0);
    rehearsal.run(&["drift", "--only", "bedrock-1"]).expect(0);
    rehearsal.run(&["drift", "--only", "hub"]).expect(2);
    rehearsal.run(&["drift", "--only", "nobody"]).says(64, "nobody");
}

#[test]
fn a_resource_that_may_not_be_read_is_not_compared_and_is_no_drift() {
    let rehearsal = Rehearsal::new();
    rehearsal.run(&["apply", "--yes"]).expect(0);
    let refusing = "faults:\n\
                    \x20 - {match: {action: GetResource, account: \"222222222222\"}, times: 99, \
                    refuse: {code: AccessDeniedException, message: no, status: 400}}\n\
                    \x20 - {match: {action: DetectStackResourceDrift, account: \"222222222222\"}, times: 99, \
                    refuse: {code: AccessDenied, message: no, status: 403}}\n";
    let document = rehearsal.run_with(refusing, &["drift", "-o", "json"]).expect(0).json();
    assert_eq!(document["findings"], json!([]));
    let skipped = document["coverage"]["skipped"].as_array().unwrap();
    assert!(skipped.iter().any(|one| one["address"] == "222222222222:acme-llm-bedrock-access/Role"), "{skipped:?}");
}

#[test]
fn calls_that_are_throttled_are_made_again() {
    let rehearsal = Rehearsal::new();
    rehearsal.run(&["apply", "--yes"]).expect(0);
    let throttled = "faults:\n\
                     \x20 - {match: {action: GetResource}, times: 60, throttle: {}}\n\
                     \x20 - {match: {action: ListStackResources}, times: 6, throttle: {}}\n\
                     \x20 - {match: {action: DescribeSecurityGroupRules}, times: 2, throttle: {}}\n\
                     \x20 - {match: {action: DescribeRules}, times: 2, throttle: {}}\n\
                     \x20 - {match: {action: DescribeSecret}, times: 4, throttle: {}}\n\
                     \x20 - {match: {action: DescribeCertificate}, times: 2, throttle: {}}\n";
    let document = rehearsal.run_with(throttled, &["drift", "--strict", "-o", "json"]).expect(0).json();
    assert_eq!((&document["findings"], &document["coverage"]["skipped"]), (&json!([]), &json!([])));
}

#[test]
fn an_account_that_refuses_is_not_compared_and_strict_says_so() {
    let rehearsal = Rehearsal::new();
    rehearsal.run(&["apply", "--yes"]).expect(0);
    let refusing = "faults: [{match: {action: AssumeRole, role: \"arn:aws:iam::222222222222:role/gwinfra-deploy\"}, times: 99, \
                    refuse: {code: AccessDenied, message: no, status: 403}}]";
    let run = rehearsal.run_with(refusing, &["drift"]).expect(0);
    assert!(run.stdout.contains("222222222222:acme-llm-bedrock-access"), "{}", run.stdout);
    assert_eq!(rehearsal.run_with(refusing, &["drift", "--strict"]).code, 11);
}
