//! CloudFormation compares the stacks of a stack set in accounts that nobody else can look into.

use serde_json::{Value, json};

use crate::rehearsal::Rehearsal;
use crate::stack_sets::{applied, bedrock_role, widen_the_trust};

const DETECT: [&str; 4] = ["drift", "--detect-stack-sets", "-o", "json"];
const ACCOUNTS: [&str; 3] = ["222222222222:*", "333333333333:*", "444444444444:*"];

fn detected(rehearsal: &Rehearsal, code: i32) -> Value {
    rehearsal.run(&DETECT).expect(code).json()
}

/// Why accounts were not compared, in the order of [`ACCOUNTS`].
fn reasons(document: &Value) -> Vec<String> {
    let skipped = document["coverage"]["skipped"].as_array().unwrap();
    let of = |account: &&str| skipped.iter().find(|one| one["address"] == **account);
    ACCOUNTS.iter().filter_map(|account| Some(of(account)?["reason"].as_str().unwrap().to_owned())).collect()
}

#[test]
fn what_nobody_has_touched_is_compared_in_every_account() {
    let document = detected(&applied(), 0);
    assert_eq!((&document["findings"], reasons(&document)), (&json!([]), Vec::new()));
    // A role in each, and a policy of two kinds of access in two or one.
    let by_cloudformation = document["coverage"]["by_reader"]["cloud_formation"].as_u64().unwrap();
    assert!(by_cloudformation >= 6, "{:#}", document["coverage"]);
}

#[test]
fn a_trust_that_was_widened_is_found_with_its_account_and_the_key_of_the_spec() {
    let rehearsal = applied();
    widen_the_trust(&rehearsal);
    let document = detected(&rehearsal, 2);
    let found = document["findings"].as_array().unwrap();
    assert_eq!(found.len(), 1, "{found:#?}");
    let finding = &found[0];
    assert_eq!(finding["address"], "222222222222:acme-llm-bedrock-access/Role");
    assert_eq!((&finding["kind"], &finding["reader"]), (&json!("changed"), &json!("cloud_formation")));
    assert_eq!((&finding["path"][0], &finding["severity"]), (&json!("AssumeRolePolicyDocument"), &json!("high")));
    assert!(finding["actual"].to_string().contains('*'), "{finding:#}");
    assert_eq!(finding["source"][0]["path"], "bedrock.accounts.0");
}

#[test]
fn a_role_that_is_gone_is_found() {
    let rehearsal = applied();
    rehearsal.tamper(|world| {
        let role = bedrock_role(world, "333333333333");
        let _ = world.remove("333333333333", "us-east-1", &role.type_name, &role.identifier);
    });
    let document = detected(&rehearsal, 2);
    let rows: Vec<_> =
        document["findings"].as_array().unwrap().iter().map(|one| (&one["address"], &one["kind"])).collect();
    assert!(rows.contains(&(&json!("333333333333:acme-llm-bedrock-access/Role"), &json!("deleted"))), "{rows:?}");
}

#[test]
fn a_refusal_of_detection_is_the_reason_for_which_the_accounts_are_not_compared() {
    let refusing = "faults: [{match: {action: DetectStackSetDrift}, times: 99, refuse: {code: AccessDenied, message: no, status: 403}}]";
    let document = applied().run_with(refusing, &DETECT).expect(0).json();
    let reasons = reasons(&document);
    assert_eq!(reasons.len(), 3, "{:#}", document["coverage"]);
    assert!(reasons.iter().all(|reason| reason.contains("cloudformation:DetectStackSetDrift")), "{reasons:?}");
}

#[test]
fn nobody_is_asked_where_nobody_has_chosen_it() {
    let refusing = "faults: [{match: {action: DetectStackSetDrift}, times: 99, refuse: {code: AccessDenied, message: no, status: 403}}]";
    let document = applied().run_with(refusing, &["drift", "-o", "json"]).expect(0).json();
    let reasons = reasons(&document);
    assert!(reasons.len() == 3 && reasons.iter().all(|reason| !reason.contains("AccessDenied")), "{reasons:?}");
}
