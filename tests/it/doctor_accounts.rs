//! `gwinfra doctor` about who it is: credentials, roles, and what these may do.

use serde_json::{Value, json};

use crate::doctor::{HUB, JSON, REGION, SPEC, fails, resource, tampered, with_status};
use crate::rehearsal::Rehearsal;
use crate::served::Served;

const SPOKE: &str = "222222222222";

#[test]
fn credentials_that_the_hub_refuses_fail_once() {
    let scenario = r#"faults:
  - match: {account: "111122223333", action: GetCallerIdentity}
    times: 9
    refuse: {code: InvalidClientTokenId, message: "The security token included in the request is invalid.", status: 403}
"#;
    let document = {
        let run = Rehearsal::of(SPEC).run_with(scenario, &JSON);
        let document = run.expect(5).json();
        assert_eq!(with_status(&document, "fail"), ["GWD201"], "{document:#}");
        document
    };
    // What cannot be known without them is told as such.
    assert!(with_status(&document, "skip").contains(&"GWD601".to_owned()), "{document:#}");
    // The Bedrock accounts are looked at all the same.
    assert!(with_status(&document, "pass").contains(&"GWD401".to_owned()), "{document:#}");
}

#[test]
fn a_session_that_ends_before_a_deployment_fails() {
    let rehearsal = tampered(SPEC, |_| {});
    let served = Served::start(&rehearsal);
    let end = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(6);
    let answer = json!({"Version": 1, "AccessKeyId": HUB, "SecretAccessKey": "s", "Expiration": end.to_string()});
    rehearsal.write("credentials.json", &answer.to_string());
    fs_err::create_dir(rehearsal.path(".aws")).unwrap();
    let file = rehearsal.path("credentials.json");
    rehearsal.write(".aws/config", &format!("[default]\ncredential_process = cat {}\n", file.display()));
    let run = rehearsal.bare(&["doctor", "-o", "json", "--endpoint-url", &served.url]);
    fails(run, "GWD202", "the credentials end in");
}

#[test]
fn an_account_that_refuses_its_role_fails_alone() {
    let scenario = r#"faults:
  - match: {action: AssumeRole, role: "arn:aws:iam::222222222222:role/gwinfra-deploy"}
    times: 99
    refuse: {code: AccessDenied, message: "User: me is not authorized to perform: sts:AssumeRole", status: 403}
"#;
    let finding = fails(Rehearsal::of(SPEC).run_with(scenario, &JSON), "GWD203", "222222222222 cannot be asked");
    assert_eq!(finding["account"], "bedrock-1");
    assert_eq!(finding["source"][0]["path"], "bedrock.accounts.0");
}

/// A deploy role in the first Bedrock account with the policies that doctor prints, changed.
fn with_deploy_role(change: impl FnOnce(&mut String)) -> Rehearsal {
    let rehearsal = Rehearsal::of(SPEC);
    let emitted = rehearsal.bare(&["doctor", "--emit-policy", "-q"]).expect(0).json();
    let account = emitted.as_array().unwrap().iter().find(|one| one["account"] == "bedrock-1").unwrap();
    let mut text = account["policies"].to_string();
    change(&mut text);
    let documents: Vec<Value> = serde_json::from_str(&text).unwrap();
    let policies: Vec<Value> = documents
        .iter()
        .enumerate()
        .map(|(index, document)| json!({"PolicyName": format!("p{index}"), "PolicyDocument": document}))
        .collect();
    let arn = "arn:aws:iam::222222222222:role/gwinfra-deploy";
    let trust = json!({"Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}
    }]});
    let _ = rehearsal.run(&["doctor", "--only", "secrets"]).expect(0);
    rehearsal.tamper(|world| {
        let properties = json!({
            "RoleName": "gwinfra-deploy", "Path": "/", "Arn": arn, "RoleId": "AROAEXAMPLE",
            "AssumeRolePolicyDocument": trust, "Policies": policies,
        });
        world.put(SPOKE, REGION, resource("AWS::IAM::Role", "gwinfra-deploy", properties));
    });
    rehearsal
}

#[test]
fn the_policies_that_doctor_prints_are_enough_for_doctor() {
    let document = with_deploy_role(|_| {}).run(&JSON).expect(0).json();
    let check = document["checks"].as_array().unwrap().iter().find(|check| check["id"] == "GWD301").unwrap();
    assert_eq!(check["status"], "pass", "{check:#}");
}

#[test]
fn an_action_that_is_not_allowed_fails_with_the_line_of_the_spec_that_needs_it() {
    let rehearsal = with_deploy_role(|text| *text = text.replace("\"iam:CreateRole\",", ""));
    let finding = fails(rehearsal.run(&JSON), "GWD301", "1 of ");
    assert_eq!(finding["account"], "bedrock-1");
    let detail = finding["details"][0].as_str().unwrap();
    assert!(detail.starts_with("iam:CreateRole on arn:aws:iam::222222222222:role/acme-llm-*"), "{detail}");
    assert!(detail.contains("AWS::IAM::Role, gwinfra.yaml:"), "{detail}");
}

#[test]
fn an_action_on_some_of_its_resources_only_is_a_warning() {
    let rehearsal = with_deploy_role(|text| {
        let both = r#""arn:aws:iam::222222222222:policy/acme-llm-*","arn:aws:iam::222222222222:role/acme-llm-*""#;
        assert!(text.contains(both), "{text}");
        *text = text.replace(both, r#""arn:aws:iam::222222222222:policy/acme-llm-*""#);
    });
    let document = rehearsal.run(&JSON).json();
    let check = document["checks"].as_array().unwrap().iter().find(|check| check["id"] == "GWD301").unwrap();
    assert_eq!(check["status"], "warn", "{check:#}");
}

#[test]
fn without_credentials_that_is_told_once() {
    let rehearsal = tampered(SPEC, |_| {});
    let served = Served::start(&rehearsal);
    let document = rehearsal.bare(&["doctor", "-o", "json", "--endpoint-url", &served.url]).expect(5).json();
    assert_eq!(with_status(&document, "fail"), ["GWD201"], "{document:#}");
}
