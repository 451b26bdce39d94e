//! `gwinfra accounts`: each thing that can be wrong in an account is found there, in words, and nowhere else.

use serde_json::{Value, json};

use crate::rehearsal::{Rehearsal, Run};

const ROLE: &str = "acme-llm-bedrock";
const TASK: &str = "arn:aws:iam::111122223333:role/acme-llm-task";

/// A hub and three Bedrock accounts, the first of them in two regions.
const SPEC: &str = r#"version: 1
name: acme-llm
hub: {account: "111122223333", region: us-east-1}
ingress: {tls: {certificate: {arn: "arn:aws:acm:us-east-1:111122223333:certificate/0a1b2c3d", name: llm.example.com}}}
database: {none: {}}
cache: {none: {}}
bedrock:
  include_hub: true
  accounts:
    - {id: "222222222222", name: bedrock-1, regions: [us-east-1, us-west-2], deploy_role: "arn:aws:iam::222222222222:role/gwinfra-deploy"}
    - {id: "333333333333", name: bedrock-2, regions: [us-east-1], deploy_role: "arn:aws:iam::333333333333:role/gwinfra-deploy"}
    - {id: "444444444444", name: bedrock-3, regions: [us-east-1], deploy_role: "arn:aws:iam::444444444444:role/gwinfra-deploy"}
models:
  - name: claude-sonnet
    bedrock: {model: us.anthropic.claude-sonnet-4-20250514-v1:0, tpm: 200000}
  - name: claude-haiku
    bedrock: {model: anthropic.claude-3-haiku-20240307-v1:0, accounts: [bedrock-1, bedrock-2]}
"#;

fn deployed() -> Rehearsal {
    let rehearsal = Rehearsal::of(SPEC);
    rehearsal.apply();
    rehearsal
}

fn verify(rehearsal: &Rehearsal) -> Run {
    rehearsal.run(&["accounts", "verify", "-o", "json"])
}

/// The checks that failed: account, region and model where it is one of a model, check and words.
fn failures(document: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut found = Vec::new();
    let mut add = |place: String, checks: &Value| {
        for check in checks.as_array().unwrap().iter().filter(|check| check["status"] == "fail") {
            found.push((place.clone(), text(&check["name"]), text(&check["detail"])));
        }
    };
    for account in document["accounts"].as_array().unwrap() {
        add(text(&account["name"]), &account["checks"]);
    }
    for row in document["models"].as_array().unwrap() {
        add(format!("{} {} {}", row["account"], row["region"], row["model"]).replace('"', ""), &row["checks"]);
    }
    found
}

/// The one failure of a run that must have exactly one.
#[track_caller]
fn only_failure(rehearsal: &Rehearsal) -> (String, String, String) {
    let document = verify(rehearsal).expect(10).json();
    let mut found = failures(&document);
    assert_eq!(found.len(), 1, "{found:#?}");
    found.remove(0)
}

/// The trust policy of an account's role.
fn change_trust(rehearsal: &Rehearsal, account: &str, change: impl FnOnce(&mut Value)) {
    rehearsal.tamper(|world| {
        let role = world.resource_mut(account, "global", "AWS::IAM::Role", ROLE).unwrap();
        change(&mut role.properties["AssumeRolePolicyDocument"]);
    });
}

/// The one managed policy of an account's role.
fn change_policy(rehearsal: &Rehearsal, account: &str, change: impl FnOnce(&mut Value)) {
    rehearsal.tamper(|world| {
        let policies = world.resources_of(account, "global", "AWS::IAM::ManagedPolicy");
        let name = policies.map(|policy| policy.identifier.clone()).next().unwrap();
        let policy = world.resource_mut(account, "global", "AWS::IAM::ManagedPolicy", &name).unwrap();
        change(&mut policy.properties["PolicyDocument"]);
    });
}

fn role_of(account: &str) -> String {
    format!("arn:aws:iam::{account}:role/{ROLE}")
}

#[test]
fn after_an_apply_every_account_is_as_the_spec_says() {
    let rehearsal = deployed();
    let document = verify(&rehearsal).expect(0).json();
    assert_eq!(document["schema"], "gwinfra.accounts/v1");
    assert_eq!(document["summary"], json!({"well": 4, "failed": 0, "not_reached": 0, "by_stack_set": 0}));
    let rows: Vec<String> = document["models"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| format!("{} {} {}", row["account"], row["region"], row["model"]).replace('"', ""))
        .collect();
    assert_eq!(
        rows,
        [
            "bedrock-1 us-east-1 claude-sonnet",
            "bedrock-1 us-west-2 claude-sonnet",
            "bedrock-1 us-east-1 claude-haiku",
            "bedrock-1 us-west-2 claude-haiku",
            "bedrock-2 us-east-1 claude-sonnet",
            "bedrock-2 us-east-1 claude-haiku",
            "bedrock-3 us-east-1 claude-sonnet",
            "hub us-east-1 claude-sonnet",
        ]
    );
    let all = document["accounts"].as_array().unwrap().iter().flat_map(|account| account["checks"].as_array().unwrap());
    assert!(all.clone().all(|check| check["status"] == "pass"), "{document:#}");
    assert_eq!(all.count(), 3 * 5 + 4);
}

#[test]
fn the_screens_read_well() {
    let rehearsal = deployed();
    let mut text = String::new();
    let mut show = |title: &str, run: Run| {
        text += &format!("# {title}: exit {}\n{}{}\n", run.code, run.stdout, run.stderr);
    };
    show("accounts list", rehearsal.run(&["accounts", "list", "-q"]));
    show("accounts verify", rehearsal.run(&["accounts", "verify", "-q"]));
    change_trust(&rehearsal, "333333333333", |trust| {
        trust["Statement"][0]["Condition"]["StringEquals"]["sts:ExternalId"] = json!("other")
    });
    rehearsal.tamper(|world| {
        world.remove("222222222222", "global", "AWS::IAM::Role", ROLE);
    });
    let scenario = refusing("444444444444");
    show(
        "accounts list, with an account that refuses and one without role",
        rehearsal.run_with(&scenario, &["accounts", "list", "-q"]),
    );
    show(
        "accounts verify, and one with another external id",
        rehearsal.run_with(&scenario, &["accounts", "verify", "-q"]),
    );
    insta::assert_snapshot!(text);
}

#[test]
fn a_trust_policy_without_conditions_is_found_and_its_effect_is_tried() {
    let rehearsal = deployed();
    change_trust(&rehearsal, "333333333333", |trust| {
        trust["Statement"][0].as_object_mut().unwrap().remove("Condition");
    });
    let (account, check, detail) = only_failure(&rehearsal);
    assert_eq!((account.as_str(), check.as_str()), ("bedrock-2", "trust"));
    assert!(detail.contains("the account of arn:aws:iam::111122223333:root without a condition"), "{detail}");
    // The caller is now let in, and says so.
    assert!(detail.contains("user/administrator is not the task role, and has just assumed it"), "{detail}");
}

#[test]
fn a_statement_for_another_account_is_found() {
    let rehearsal = deployed();
    change_trust(&rehearsal, "444444444444", |trust| {
        let more = json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "999999999999"}});
        trust["Statement"].as_array_mut().unwrap().push(more);
    });
    let (account, check, detail) = only_failure(&rehearsal);
    assert_eq!((account.as_str(), check.as_str()), ("bedrock-3", "trust"));
    assert_eq!(detail, "it lets in 999999999999 without a condition");
}

#[test]
fn another_external_id_is_told_with_the_one_that_the_gateway_sends() {
    let rehearsal = deployed();
    change_trust(&rehearsal, "222222222222", |trust| {
        trust["Statement"][0]["Condition"]["StringEquals"]["sts:ExternalId"] = json!("other");
    });
    let (account, check, detail) = only_failure(&rehearsal);
    assert_eq!((account.as_str(), check.as_str()), ("bedrock-1", "trust"));
    assert!(detail.starts_with("it asks for the external id `other`, and the gateway sends `gwinfra-"), "{detail}");
    let document = verify(&rehearsal).json();
    let checks = document["accounts"][0]["checks"].as_array().unwrap();
    let trust = checks.iter().find(|check| check["name"] == "trust").unwrap();
    assert_eq!(trust["expected"]["Statement"][0]["Condition"]["ArnEquals"]["aws:PrincipalArn"], TASK);
}

#[test]
fn a_role_that_was_deleted_is_missed() {
    let rehearsal = deployed();
    rehearsal.tamper(|world| {
        world.remove("333333333333", "global", "AWS::IAM::Role", ROLE);
    });
    let (account, check, detail) = only_failure(&rehearsal);
    assert_eq!((account.as_str(), check.as_str()), ("bedrock-2", "role"));
    assert_eq!(detail, format!("role {ROLE} is not in account 333333333333"));
    let list = rehearsal.run(&["accounts", "list", "-o", "json"]).expect(10).json();
    let states: Vec<_> = list["accounts"].as_array().unwrap().iter().map(|account| &account["state"]).collect();
    assert_eq!(states, ["deployed", "absent", "deployed", "deployed"]);
}

#[test]
fn a_model_that_is_missing_in_a_policy_is_told_by_account_region_and_model() {
    let rehearsal = deployed();
    let haiku = "arn:aws:bedrock:us-west-2::foundation-model/anthropic.claude-3-haiku-20240307-v1:0";
    change_policy(&rehearsal, "222222222222", |policy| {
        for statement in policy["Statement"].as_array_mut().unwrap() {
            statement["Resource"].as_array_mut().unwrap().retain(|arn| arn != haiku);
        }
    });
    let found = failures(&verify(&rehearsal).expect(10).json());
    let both = "bedrock:InvokeModel and bedrock:InvokeModelWithResponseStream";
    let of = |place: &str, check: &str, detail: String| (place.to_owned(), check.to_owned(), detail);
    assert_eq!(
        found,
        [
            of("bedrock-1", "permissions", format!("lacks {both} on {haiku}")),
            of("bedrock-1 us-west-2 claude-haiku", "invoke", format!("may not {both} on {haiku}")),
        ]
    );
}

#[test]
fn a_policy_that_allows_more_is_found_although_every_call_works() {
    let rehearsal = deployed();
    change_policy(&rehearsal, "444444444444", |policy| {
        let more = json!({"Effect": "Allow", "Action": "bedrock:*", "Resource": "*"});
        policy["Statement"].as_array_mut().unwrap().push(more);
    });
    let (account, check, detail) = only_failure(&rehearsal);
    assert_eq!((account.as_str(), check.as_str()), ("bedrock-3", "permissions"));
    assert_eq!(detail, "also allows bedrock:* on *");
}

#[test]
fn a_task_role_that_may_not_assume_a_role_is_told_in_the_hub_and_for_the_account() {
    let rehearsal = deployed();
    rehearsal.tamper(|world| {
        let hub = "111122223333";
        let policies = world.resources_of(hub, "global", "AWS::IAM::ManagedPolicy");
        let assumes = |policy: &&gwinfra::simulator::Resource| policy.properties.to_string().contains("sts:AssumeRole");
        let name = policies.filter(assumes).map(|policy| policy.identifier.clone()).next().unwrap();
        let policy = world.resource_mut(hub, "global", "AWS::IAM::ManagedPolicy", &name).unwrap();
        let resources = &mut policy.properties["PolicyDocument"]["Statement"][0]["Resource"];
        resources.as_array_mut().unwrap().retain(|arn| *arn != role_of("333333333333"));
    });
    let found = failures(&verify(&rehearsal).expect(10).json());
    let of = |place: &str, check: &str, detail: String| (place.to_owned(), check.to_owned(), detail);
    assert_eq!(
        found,
        [
            of("bedrock-2", "assume", format!("the task role {TASK} may not assume it")),
            of("hub", "permissions", format!("lacks sts:AssumeRole on {}", role_of("333333333333"))),
        ]
    );
}

/// A scenario in which an account refuses the role that gwinfra deploys with.
fn refusing(account: &str) -> String {
    format!(
        "faults:\n  - match: {{action: AssumeRole, role: \"arn:aws:iam::{account}:role/gwinfra-deploy\"}}\n    times: 1000\n    \
         refuse: {{code: AccessDenied, message: not authorized to perform sts:AssumeRole, status: 403}}\n"
    )
}

#[test]
fn an_account_that_refuses_is_named_and_keeps_none_of_the_others_from_being_asked() {
    let rehearsal = deployed();
    let document =
        rehearsal.run_with(&refusing("333333333333"), &["accounts", "verify", "-o", "json"]).expect(10).json();
    let found = failures(&document);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!((found[0].0.as_str(), found[0].1.as_str()), ("bedrock-2", "reach"));
    assert!(found[0].2.contains("arn:aws:iam::333333333333:role/gwinfra-deploy"), "{}", found[0].2);
    assert_eq!(document["summary"], json!({"well": 3, "failed": 1, "not_reached": 1, "by_stack_set": 0}));
}

#[test]
fn when_nobody_can_be_asked_the_exit_code_is_that_of_the_preflight() {
    let rehearsal = deployed();
    let scenario =
        "faults: [{match: {service: sts}, times: 10000, refuse: {code: AccessDenied, message: no, status: 403}}]";
    rehearsal.run_with(scenario, &["accounts", "verify"]).says(5, "none of the accounts could be asked");
}

#[test]
fn before_the_first_apply_no_account_has_its_role() {
    let rehearsal = Rehearsal::of(SPEC);
    let found = failures(&verify(&rehearsal).expect(10).json());
    let checks: Vec<_> = found.iter().map(|(account, check, _)| (account.as_str(), check.as_str())).collect();
    assert_eq!(checks, [("bedrock-1", "role"), ("bedrock-2", "role"), ("bedrock-3", "role"), ("hub", "role")]);
}

#[test]
fn a_model_without_access_is_told_by_account_and_region() {
    let rehearsal = deployed();
    let scenario = "model_access:\n  - {account: '222222222222', region: us-west-2, \
                    model: anthropic.claude-3-haiku-20240307-v1:0, agreement: NOT_AVAILABLE}\n";
    let document = rehearsal.run_with(scenario, &["accounts", "verify", "-o", "json"]).expect(10).json();
    let found = failures(&document);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!((found[0].0.as_str(), found[0].1.as_str()), ("bedrock-1 us-west-2 claude-haiku", "access"));
    assert!(found[0].2.contains("has not agreed to the model's terms (NOT_AVAILABLE)"), "{}", found[0].2);
}

#[test]
fn the_model_behind_a_profile_is_asked_for() {
    let rehearsal = deployed();
    let scenario = "model_access:\n  - {account: '444444444444', region: us-east-1, \
                    model: anthropic.claude-sonnet-4-20250514-v1:0, authorization: NOT_AUTHORIZED}\n";
    let document = rehearsal.run_with(scenario, &["accounts", "verify", "-o", "json"]).expect(10).json();
    let found = failures(&document);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!((found[0].0.as_str(), found[0].1.as_str()), ("bedrock-3 us-east-1 claude-sonnet", "access"));
}

#[test]
fn a_quota_below_the_spec_is_told_by_account_and_region() {
    let rehearsal = deployed();
    let scenario = "quotas:\n  - {account: '222222222222', region: us-west-2, code: L-59759B4A, value: 0}\n";
    let document = rehearsal.run_with(scenario, &["accounts", "verify", "-o", "json"]).expect(10).json();
    let found = failures(&document);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!((found[0].0.as_str(), found[0].1.as_str()), ("bedrock-1 us-west-2 claude-sonnet", "quota"));
    assert!(found[0].2.contains("and the spec says 200000: account hold: open a support case"), "{}", found[0].2);
}

#[test]
fn junit_has_a_suite_for_each_account_and_a_case_for_each_check() {
    let rehearsal = deployed();
    let run = rehearsal.run_with(&refusing("333333333333"), &["accounts", "verify", "-o", "junit"]);
    assert_eq!(run.code, 10, "{}", run.stderr);
    assert_eq!(run.stdout.matches("<testsuite ").count(), 4, "{}", run.stdout);
    assert_eq!(run.stdout.matches("<failure").count(), 1, "{}", run.stdout);
    assert!(run.stdout.contains("invoke us-west-2 claude-haiku"), "{}", run.stdout);
}

#[test]
fn one_account_after_another_finds_the_same() {
    let rehearsal = deployed();
    let one = rehearsal.run(&["accounts", "verify", "-o", "json", "--concurrency", "1"]).expect(0);
    assert_eq!(one.stdout, verify(&rehearsal).stdout);
}

#[test]
fn a_format_that_a_list_does_not_have_is_refused() {
    let rehearsal = Rehearsal::of(SPEC);
    rehearsal.run(&["accounts", "list", "-o", "junit"]).says(64, "this command has no output format `junit`");
}

#[test]
fn terraforms_rendering_asks_for_the_same_roles() {
    let rehearsal = deployed();
    rehearsal.change("version: 1\n", "version: 1\nengine: terraform\n");
    let document = verify(&rehearsal).expect(0).json();
    assert_eq!(document["engine"], "terraform");
    let checks = document["accounts"].as_array().unwrap().iter().flat_map(|one| one["checks"].as_array().unwrap());
    let skipped: Vec<_> = checks.filter(|check| check["status"] == "skip").collect();
    assert!(skipped.is_empty(), "{skipped:#?}");
    change_trust(&rehearsal, "333333333333", |trust| {
        trust["Statement"][0]["Condition"]["StringEquals"]["sts:ExternalId"] = json!("other");
    });
    assert_eq!(only_failure(&rehearsal).0, "bedrock-2");
}

#[test]
fn the_task_role_itself_assumes_every_role() {
    let rehearsal = deployed();
    // Somebody lets the hub's administrator be the task role, and asks as it.
    rehearsal.tamper(|world| {
        let role = world.resource_mut("111122223333", "global", "AWS::IAM::Role", "acme-llm-task").unwrap();
        let more = json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "111122223333"}});
        role.properties["AssumeRolePolicyDocument"]["Statement"].as_array_mut().unwrap().push(more);
    });
    rehearsal.change("region: us-east-1}\ningress", &format!("region: us-east-1, deploy_role: \"{TASK}\"}}\ningress"));
    let document = verify(&rehearsal).expect(10).json();
    for account in &document["accounts"].as_array().unwrap()[..3] {
        let assume = account["checks"].as_array().unwrap().iter().find(|check| check["name"] == "assume").unwrap();
        assert_eq!(assume["detail"], "assumed, as the task role itself", "{account:#}");
    }
    let found = failures(&document);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!((found[0].0.as_str(), found[0].1.as_str()), ("hub", "trust"));
    assert_eq!(found[0].2, "it lets in 111122223333 without a condition");
}

#[test]
fn accounts_of_a_stack_set_are_compared_as_all_others_are() {
    let rollout = "bedrock:\n  rollout: {stack_sets: {organizational_units: [ou-ab12-cdefgh34]}}\n";
    let rehearsal = Rehearsal::of(&SPEC.replace("bedrock:\n  include_hub", &format!("{rollout}  include_hub")));
    rehearsal.apply();
    let document = verify(&rehearsal).expect(0).json();
    let checks = document["accounts"].as_array().unwrap().iter().flat_map(|one| one["checks"].as_array().unwrap());
    let skipped: Vec<_> = checks.filter(|check| check["status"] == "skip").collect();
    assert!(skipped.is_empty(), "{skipped:#?}");
    change_trust(&rehearsal, "333333333333", |trust| {
        trust["Statement"][0]["Condition"]["StringEquals"]["sts:ExternalId"] = json!("other");
    });
    assert_eq!(only_failure(&rehearsal).0, "bedrock-2");
}
