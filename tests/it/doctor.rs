//! `gwinfra doctor`: a healthy deployment has no failure, and each thing that is broken fails its own check and no other.

use gwinfra::simulator::{Resource, World};
use serde_json::{Value, json};

use crate::rehearsal::{Rehearsal, Run};
use crate::served::Served;

pub(crate) const HUB: &str = "111122223333";
pub(crate) const REGION: &str = "us-east-1";
const SERVER: &str = "arn:aws:acm:us-east-1:111122223333:certificate/server";

/// A hub with a VPN, a bastion and a secret, and two Bedrock accounts.
pub(crate) const SPEC: &str = r#"version: 1
name: acme-llm
hub: {account: "111122223333", region: us-east-1}
network: {vpc: {create: {cidr: 10.40.0.0/16}}}
ingress: {tls: {certificate: {arn: "arn:aws:acm:us-east-1:111122223333:certificate/0a1b2c3d", name: llm.example.com}}}
database: {none: {}}
cache: {none: {}}
access:
  bastion: {instance_type: t4g.nano}
  client_vpn:
    client_cidr: 172.16.0.0/22
    authentication:
      mutual:
        server_certificate: arn:aws:acm:us-east-1:111122223333:certificate/server
        client_ca_certificate: arn:aws:acm:us-east-1:111122223333:certificate/clients
gateway:
  litellm:
    secrets: {OPENAI_API_KEY: {secret: acme/openai, key: api_key}}
bedrock:
  accounts:
    - {id: "222222222222", name: bedrock-1, regions: [us-east-1], deploy_role: "arn:aws:iam::222222222222:role/gwinfra-deploy"}
    - {id: "333333333333", name: bedrock-2, regions: [us-east-1], deploy_role: "arn:aws:iam::333333333333:role/gwinfra-deploy"}
models:
  - name: claude-sonnet
    bedrock: {model: us.anthropic.claude-sonnet-4-20250514-v1:0, tpm: 200000}
"#;

pub(crate) const JSON: [&str; 3] = ["doctor", "-o", "json"];

pub(crate) fn with_status(document: &Value, status: &str) -> Vec<String> {
    let checks = document["checks"].as_array().unwrap().iter();
    checks.filter(|check| check["status"] == status).map(|check| check["id"].as_str().unwrap().to_owned()).collect()
}

/// The finding of the one check that failed, or has a warning where nothing failed. It must say what to do.
#[track_caller]
fn only(run: Run, code: i32, status: &str, id: &str) -> Value {
    let document = run.expect(code).json();
    assert_eq!(with_status(&document, "fail"), if status == "fail" { vec![id] } else { vec![] }, "{document:#}");
    let check = document["checks"].as_array().unwrap().iter().find(|check| check["id"] == id).unwrap();
    assert_eq!(check["status"], status, "{check:#}");
    let finding = check["findings"].as_array().unwrap().iter().find(|finding| finding["status"] == status).unwrap();
    assert!(finding["fix"].as_str().is_some_and(|fix| !fix.is_empty()), "{finding:#}");
    finding.clone()
}

/// The finding of a failure: it must have those words.
#[track_caller]
pub(crate) fn fails(run: Run, id: &str, words: &str) -> Value {
    let finding = only(run, 5, "fail", id);
    assert!(finding["message"].as_str().unwrap().contains(words), "{finding:#}");
    finding
}

#[track_caller]
pub fn warns(run: Run, id: &str, words: &str) -> Value {
    let finding = only(run, 0, "warn", id);
    assert!(finding["message"].as_str().unwrap().contains(words), "{finding:#}");
    finding
}

pub(crate) fn resource(type_name: &str, identifier: &str, properties: Value) -> Resource {
    Resource::new(type_name, identifier, properties, "2026-01-02T03:04:05Z".parse().unwrap())
}

/// Simulated accounts with what the spec says exists already, changed behind everybody's back.
pub(crate) fn tampered(spec: &str, change: impl FnOnce(&mut World)) -> Rehearsal {
    let rehearsal = Rehearsal::of(spec);
    let _ = rehearsal.run(&["doctor", "--only", "secrets"]).expect(0);
    rehearsal.tamper(change);
    rehearsal
}

#[test]
fn nothing_fails_before_the_first_apply() {
    let document = Rehearsal::of(SPEC).run(&JSON).expect(0).json();
    assert_eq!(document["schema"], "gwinfra.doctor/v1");
    assert_eq!(with_status(&document, "fail"), Vec::<String>::new(), "{document:#}");
    assert_eq!(document["checks"].as_array().unwrap().len(), 22);
}

#[test]
fn nothing_fails_after_an_apply_and_what_is_there_is_not_needed_again() {
    let rehearsal = Rehearsal::of(SPEC);
    rehearsal.apply();
    let scenario = r#"quotas: [{account: "111122223333", region: us-east-1, code: L-0263D0A3, value: 1}]"#;
    let document = rehearsal.run_with(scenario, &JSON).expect(0).json();
    assert_eq!(with_status(&document, "fail"), Vec::<String>::new(), "{document:#}");
    let quotas = document["checks"].as_array().unwrap().iter().find(|check| check["id"] == "GWD501").unwrap();
    let messages: Vec<&str> =
        quotas["findings"].as_array().unwrap().iter().map(|finding| finding["message"].as_str().unwrap()).collect();
    assert!(messages.contains(&"EC2-VPC Elastic IPs 1/1, the spec needs 0 more"), "{messages:#?}");
}

#[test]
fn the_report_is_made_for_people() {
    let scenario = r#"
quotas: [{account: "111122223333", region: us-east-1, code: L-0263D0A3, value: 0}]
stacks: [{account: "222222222222", region: us-east-1, name: acme-llm-bedrock-access, status: REVIEW_IN_PROGRESS}]
"#;
    let run = Rehearsal::of(SPEC).run_with(scenario, &["doctor", "--skip", "GWD102,GWD103"]).expect(5);
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"in \d+\.\d s", "in TIME s");
    settings.add_filter(r"\d+ actions", "COUNT actions");
    settings.add_filter(r"\d+ days", "DAYS days");
    settings.bind(|| insta::assert_snapshot!("doctor_text", format!("{}\n{}", run.stdout, run.stderr)));
}

#[test]
fn a_pull_request_and_a_dashboard_get_what_is_wrong() {
    let scenario = r#"quotas: [{account: "111122223333", region: us-east-1, code: L-0263D0A3, value: 0}]"#;
    let rehearsal = Rehearsal::of(SPEC);
    let markdown = rehearsal.run_with(scenario, &["doctor", "--only", "quotas", "-o", "markdown"]).expect(5).stdout;
    assert!(markdown.contains("| **error** | `GWD501 quotas hub` | EC2-VPC Elastic IPs 0/0"), "{markdown}");
    let junit = rehearsal.run_with(scenario, &["doctor", "--only", "quotas", "-o", "junit"]).expect(5).stdout;
    assert!(junit.contains(r#"<testsuite name="Quotas""#) && junit.contains(r#"type="GWD501""#), "{junit}");
}

#[test]
fn offline_only_this_machine_is_looked_at() {
    let document = Rehearsal::of(SPEC).bare(&["doctor", "--offline", "-o", "json"]).expect(0).json();
    let ids: Vec<&str> =
        document["checks"].as_array().unwrap().iter().map(|check| check["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["GWD101", "GWD102", "GWD103"]);
}

#[test]
fn a_check_that_does_not_exist_is_a_usage_error_with_the_one_that_was_meant() {
    Rehearsal::of(SPEC).run(&["doctor", "--only", "quota"]).says(64, "did you mean `quotas`?");
}

#[test]
fn every_id_is_explained() {
    let run = Rehearsal::of(SPEC).bare(&["explain", "gwd501"]).expect(0);
    assert!(run.stdout.starts_with("GWD501: The quotas leave room"), "{}", run.stdout);
}

#[test]
fn the_policies_are_those_of_accounts_policy() {
    let rehearsal = Rehearsal::of(SPEC);
    let emitted = rehearsal.bare(&["doctor", "--emit-policy", "-q"]).expect(0).json();
    assert_eq!(emitted, rehearsal.bare(&["accounts", "policy", "-q"]).expect(0).json());
}

#[test]
fn a_journal_that_cannot_be_written_fails() {
    let rehearsal = Rehearsal::of(SPEC);
    rehearsal.write("state", "a file");
    let run = rehearsal.bare(&["doctor", "--offline", "--state-dir", "state", "-o", "json"]);
    fails(run, "GWD103", "state is no directory");
}

#[test]
fn without_terraform_the_engine_terraform_fails() {
    let rehearsal = Rehearsal::of(SPEC);
    rehearsal.change("version: 1\n", "version: 1\nengine: terraform\n");
    let run = rehearsal.run(&["doctor", "--terraform-bin", "./no-terraform", "-o", "json"]);
    fails(run, "GWD101", "there is no `./no-terraform`");
}

#[test]
fn the_engine_terraform_is_looked_at_in_the_same_way() {
    use std::os::unix::fs::PermissionsExt;
    let rehearsal = Rehearsal::of(SPEC);
    rehearsal.change("version: 1\n", "version: 1\nengine: terraform\n");
    rehearsal.write("terraform", "#!/bin/sh\necho '{\"terraform_version\": \"1.13.0\"}'\n");
    fs_err::set_permissions(rehearsal.path("terraform"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let document = rehearsal.run(&["doctor", "--terraform-bin", "./terraform", "-o", "json"]).expect(0).json();
    assert_eq!(document["engine"], "terraform");
    let text = document.to_string();
    assert!(text.contains("./terraform 1.13.0") && text.contains("resource types of"), "{document:#}");
    assert!(!text.contains("Stack count"), "Terraform makes no stacks: {document:#}");
}

#[test]
fn an_image_that_nobody_can_build_is_a_warning() {
    let rehearsal = Rehearsal::of(SPEC);
    let image = "111122223333.dkr.ecr.us-east-1.amazonaws.com/acme-llm/litellm@sha256:0000000000000000000000000000000000000000000000000000000000000000";
    rehearsal.change("  litellm:\n", &format!("  litellm:\n    image: {image}\n"));
    let mut command = rehearsal.command(&["doctor", "--offline", "-o", "json"]);
    let run = Run::from(command.env("PATH", rehearsal.path("nothing")).output().unwrap());
    warns(run, "GWD102", "image");
}

#[test]
fn a_clock_that_is_ten_minutes_off_fails() {
    let rehearsal = tampered(SPEC, |_| {});
    let file = rehearsal.accounts().join("world.json");
    let mut world: Value = serde_json::from_str(&fs_err::read_to_string(&file).unwrap()).unwrap();
    let later = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(10);
    world["world"]["clock"]["latest"] = json!(later.to_string());
    fs_err::write(&file, world.to_string()).unwrap();
    fails(rehearsal.run(&JSON), "GWD104", "s behind AWS's");
}

#[test]
fn a_model_without_access_fails_in_its_account() {
    let scenario = r#"model_access:
  - {account: "333333333333", region: us-east-1, model: anthropic.claude-sonnet-4-20250514-v1:0, agreement: NOT_AVAILABLE}
"#;
    let finding = fails(Rehearsal::of(SPEC).run_with(scenario, &JSON), "GWD401", "has not agreed to the model's terms");
    assert_eq!(finding["account"], "bedrock-2");
}

#[test]
fn a_request_quota_below_the_spec_fails_where_aws_has_one() {
    let sonnet = "{model: us.anthropic.claude-sonnet-4-5-20250929-v1:0, rpm: 20000}";
    let spec = SPEC.replace("{model: us.anthropic.claude-sonnet-4-20250514-v1:0, tpm: 200000}", sonnet);
    let words = "10000 requests per minute, and the spec says 20000";
    let finding = fails(Rehearsal::of(&spec).run(&JSON), "GWD402", words);
    assert!(finding["fix"].as_str().unwrap().contains("--quota-code L-4A6BFAB1 --desired-value 20000"), "{finding:#}");
    let spec = SPEC.replace("tpm: 200000", "rpm: 20000");
    assert!(with_status(&Rehearsal::of(&spec).run(&JSON).expect(0).json(), "fail").is_empty());
}

#[test]
fn quotas_that_may_not_be_asked_for_are_told_of_in_one_line() {
    let scenario = "faults: [{match: {action: GetServiceQuota}, times: 1000, refuse: {code: AccessDeniedException, status: 400, message: no}}]";
    let run = Rehearsal::of(SPEC).run_with(scenario, &["doctor", "--only", "quotas"]).expect(0);
    let lines: Vec<&str> = run.stdout.lines().filter(|line| line.contains("hub: the quotas of ")).collect();
    assert_eq!(lines.len(), 1, "{}", run.stdout);
    assert!(lines[0].contains("Elastic IP addresses, VPCs, "), "{}", lines[0]);
}

#[test]
fn a_token_quota_below_the_spec_fails_in_its_account() {
    let scenario = r#"quotas: [{account: "222222222222", region: us-east-1, code: L-59759B4A, value: 1000}]"#;
    let finding = fails(Rehearsal::of(SPEC).run_with(scenario, &JSON), "GWD402", "1000 tokens per minute");
    assert_eq!(finding["account"], "bedrock-1");
}

#[test]
fn a_quota_without_room_fails_and_says_by_how_much() {
    let scenario = r#"quotas: [{account: "111122223333", region: us-east-1, code: L-0263D0A3, value: 0}]"#;
    let words = "EC2-VPC Elastic IPs 0/0, the spec needs 1 more: over by 1 (L-0263D0A3, adjustable)";
    fails(Rehearsal::of(SPEC).run_with(scenario, &JSON), "GWD501", words);
}

#[test]
fn more_tasks_than_the_quota_allows_at_the_most_is_a_warning() {
    let scenario = r#"quotas: [{account: "111122223333", region: us-east-1, code: L-3032A538, value: 6}]"#;
    let words = "Fargate On-Demand vCPU resource count 0/6, and the spec allows 10 more: over by 4";
    warns(Rehearsal::of(SPEC).run_with(scenario, &JSON), "GWD501", words);
}

#[test]
fn a_type_that_the_region_lacks_fails() {
    let scenario = r#"faults:
  - match: {action: DescribeType, type: "AWS::EC2::NatGateway"}
    refuse: {code: TypeNotFoundException, message: "The type 'AWS::EC2::NatGateway' cannot be found.", status: 404}
"#;
    let finding =
        fails(Rehearsal::of(SPEC).run_with(scenario, &JSON), "GWD601", "us-east-1 has no AWS::EC2::NatGateway");
    assert_eq!(finding["source"][0]["file"], "gwinfra.yaml");
}

#[test]
fn an_instance_type_that_is_not_offered_fails() {
    let rehearsal = Rehearsal::of(&SPEC.replace("t4g.nano", "a1.medium"));
    fails(rehearsal.run(&JSON), "GWD602", "us-east-1 does not offer the instance type a1.medium");
}

/// The gateway in a VPC that exists.
fn in_an_existing_vpc() -> String {
    SPEC.replace(
        "network: {vpc: {create: {cidr: 10.40.0.0/16}}}\n",
        "network: {vpc: {existing: {id: vpc-0a1b2c3d4e5f60718, cidr: 10.0.0.0/16, private_subnets: [subnet-0a1b2c3d4e5f60718, subnet-0a1b2c3d4e5f60719]}}}\n",
    )
}

#[test]
fn a_route_into_the_network_of_vpn_clients_fails() {
    let rehearsal = tampered(&in_an_existing_vpc(), |world| {
        let table = json!({"RouteTableId": "rtb-1", "VpcId": "vpc-0a1b2c3d4e5f60718"});
        world.put(HUB, REGION, resource("AWS::EC2::RouteTable", "rtb-1", table));
        let route = json!({
            "RouteTableId": "rtb-1", "DestinationCidrBlock": "172.16.0.0/12", "VpcPeeringConnectionId": "pcx-1"
        });
        world.put(HUB, REGION, resource("AWS::EC2::Route", "rtb-1|172.16.0.0/12", route));
    });
    let finding = fails(rehearsal.run(&JSON), "GWD701", "routes into the network of VPN clients 172.16.0.0/22");
    assert_eq!(finding["details"], json!(["rtb-1 leads to 172.16.0.0/12 through pcx-1"]));
}

#[test]
fn a_new_vpc_that_overlaps_another_is_a_warning() {
    let rehearsal = tampered(SPEC, |world| {
        let properties = json!({"VpcId": "vpc-9", "CidrBlock": "10.40.128.0/20"});
        world.put(HUB, REGION, resource("AWS::EC2::VPC", "vpc-9", properties));
    });
    let finding = warns(rehearsal.run(&JSON), "GWD701", "10.40.0.0/16 is in use");
    assert_eq!(finding["details"], json!(["VPC vpc-9 is 10.40.128.0/20"]));
}

#[test]
fn a_certificate_that_is_over_fails() {
    let rehearsal = tampered(SPEC, |world| {
        let certificate = world.resource_mut(HUB, REGION, "AWS::CertificateManager::Certificate", SERVER).unwrap();
        certificate.created_at = "2024-01-02T03:04:05Z".parse().unwrap();
    });
    let finding = fails(rehearsal.run(&JSON), "GWD801", "the VPN server's certificate");
    assert!(finding["message"].as_str().unwrap().ends_with("ended on 2025-01-31"), "{finding:#}");
}

#[test]
fn a_secret_that_is_not_there_fails() {
    let scenario = r#"faults:
  - match: {action: DescribeSecret}
    refuse: {code: ResourceNotFoundException, message: "Secrets Manager can't find the specified secret."}
"#;
    let finding = fails(Rehearsal::of(SPEC).run_with(scenario, &JSON), "GWD802", "there is no secret acme/openai");
    assert_eq!(finding["source"][0]["path"], "gateway.litellm.secrets.OPENAI_API_KEY.secret");
}

#[test]
fn a_stack_that_needs_recover_fails_with_that_command() {
    let scenario =
        r#"stacks: [{account: "111122223333", region: us-east-1, name: acme-llm-data, status: DELETE_FAILED}]"#;
    let run = Rehearsal::of(&SPEC.replace("cache: {none: {}}\n", "")).run_with(scenario, &JSON);
    let finding = fails(run, "GWD901", "stack acme-llm-data is DELETE_FAILED");
    assert_eq!(finding["fix"], "gwinfra recover");
}

#[test]
fn an_empty_stack_is_a_warning_that_fix_removes() {
    let scenario = r#"stacks: [{account: "222222222222", region: us-east-1, name: acme-llm-bedrock-access, status: REVIEW_IN_PROGRESS}]"#;
    let rehearsal = Rehearsal::of(SPEC);
    warns(rehearsal.run_with(scenario, &JSON), "GWD901", "is REVIEW_IN_PROGRESS");
    rehearsal.run(&["doctor", "--only", "stacks", "--fix"]).says(64, "pass `--yes`");
    let run = rehearsal.run(&["doctor", "--only", "stacks", "--fix", "--yes"]);
    let run = run.says(0, "Deleted acme-llm-bedrock-access.");
    assert!(run.stderr.contains("saved with `gwinfra plan --out`"), "{}", run.stderr);
    let document = rehearsal.run(&JSON).expect(0).json();
    assert!(with_status(&document, "pass").contains(&"GWD901".to_owned()), "{document:#}");
}

#[test]
fn a_name_that_is_taken_fails() {
    let rehearsal = tampered(SPEC, |world| {
        let name = "/gwinfra/acme-llm/litellm";
        let properties = json!({"LogGroupName": name});
        world.put(HUB, REGION, resource("AWS::Logs::LogGroup", name, properties));
    });
    fails(rehearsal.run(&JSON), "GWD902", "AWS::Logs::LogGroup /gwinfra/acme-llm/litellm is there already");
}

#[test]
fn what_a_destroy_has_kept_is_a_warning_with_the_command_that_deletes_it() {
    let rehearsal = Rehearsal::of(SPEC);
    rehearsal.apply();
    let _ = rehearsal.run(&["destroy", "--yes", "--confirm", "acme-llm", "--empty-buckets"]).expect(0);
    let finding = warns(rehearsal.run(&JSON), "GWD903", "a deleted stack has kept it");
    let fix = finding["fix"].as_str().unwrap();
    assert!(fix.contains("aws cloudcontrol delete-resource --type-name AWS::"), "{fix}");
}

#[test]
fn an_image_that_is_in_no_repository_and_cannot_be_pushed_fails() {
    // Accounts that are simulated for no spec have none of its images.
    let accounts = Rehearsal::of("");
    fs_err::remove_file(accounts.path("gwinfra.yaml")).unwrap();
    let served = Served::start(&accounts);
    let rehearsal = Rehearsal::of(SPEC);
    let mut command = rehearsal.command(&["doctor", "--only", "GWD102", "-o", "json"]);
    command.env("AWS_ENDPOINT_URL", &served.url).env("AWS_REGION", "us-east-1");
    command.env("AWS_ACCESS_KEY_ID", "111122223333").env("AWS_SECRET_ACCESS_KEY", "simulated");
    let finding = fails(Run::from(command.output().unwrap()), "GWD102", "image middleware");
    assert!(finding["fix"].as_str().unwrap().starts_with("gwinfra image build middleware"), "{finding:#}");
}
