//! Stack sets reach other accounts.

use super::*;

/// A stack with a stack set that puts a topic into these accounts.
fn set_of(accounts: &[&str], tolerance: u32, units: &str) -> String {
    json!({"Resources": {"Set": {"Type": "AWS::CloudFormation::StackSet", "Properties": {
        "StackSetName": "set",
        "PermissionModel": "SERVICE_MANAGED",
        "OperationPreferences": {"FailureTolerancePercentage": tolerance},
        "StackInstancesGroup": [{
            "DeploymentTargets": {"OrganizationalUnitIds": [units], "Accounts": accounts, "AccountFilterType": "INTERSECTION"},
            "Regions": [REGION],
        }],
        "TemplateBody": "Resources: {Topic: {Type: 'AWS::SNS::Topic'}}",
    }}}})
    .to_string()
}

/// The topic of the second account cannot be made.
const ONE_FAILS: &str =
    "faults: [{match: {account: '333333333333', type: 'AWS::SNS::Topic'}, fail: {step: create, reason: no}}]";

fn topics(account: &Account, id: &str) -> usize {
    account.world.resources_of(id, REGION, "AWS::SNS::Topic").count()
}

fn create_set(account: &mut Account, template: &str) {
    account.create(template);
    settle(account);
}

/// Operations that follow each other begin at the moment at which somebody looks.
fn settle(account: &mut Account) {
    (0..6).for_each(|_| account.wait());
}

#[test]
fn a_stack_set_reaches_accounts_with_the_execution_role_only() {
    let mut account = Account::new();
    let now = account.world.now();
    let role =
        crate::simulator::Resource::new("AWS::IAM::Role", "AWSCloudFormationStackSetExecutionRole", json!({}), now);
    account.world.put("222222222222", REGION, role);
    account.ok("CreateStackSet", json!({"StackSetName": "set", "TemplateBody": GROUP}));
    let targets = json!({"StackSetName": "set", "Accounts": ["222222222222", "333333333333"], "Regions": [REGION]});
    let id = account.ok("CreateStackInstances", targets)["OperationId"].clone();
    account.wait();
    let results = account.ok("ListStackSetOperationResults", json!({"StackSetName": "set", "OperationId": id}));
    let statuses: Vec<_> =
        results["Summaries"].as_array().unwrap().iter().map(|result| result["Status"].clone()).collect();
    assert_eq!(statuses, [json!("SUCCEEDED"), json!("FAILED")]);
}

#[test]
fn a_stack_set_in_a_stack_makes_changes_and_deletes_stacks_in_the_accounts() {
    let mut account = Account::new();
    create_set(&mut account, &set_of(&["222222222222", "333333333333"], 0, "r-ab12"));
    assert_eq!(account.status(), "CREATE_COMPLETE");
    assert_eq!([topics(&account, "222222222222"), topics(&account, "333333333333")], [1, 1]);
    let changed = set_of(&["333333333333", "444444444444"], 0, "r-ab12");
    account.ok("UpdateStack", json!({"StackName": "s", "TemplateBody": changed}));
    settle(&mut account);
    assert_eq!(account.status(), "UPDATE_COMPLETE");
    assert_eq!(["222222222222", "333333333333", "444444444444"].map(|id| topics(&account, id)), [0, 1, 1]);
    account.ok("DeleteStack", json!({"StackName": "s"}));
    settle(&mut account);
    assert_eq!(["333333333333", "444444444444"].map(|id| topics(&account, id)), [0, 0]);
    assert!(account.call("DescribeStackSet", json!({"StackSetName": "set"})).is_err());
}

#[test]
fn an_account_that_fails_fails_the_stack_set_and_everything_goes() {
    let mut account = Account::with(ONE_FAILS);
    create_set(&mut account, &set_of(&["222222222222", "333333333333"], 0, "r-ab12"));
    assert_eq!(account.status(), "ROLLBACK_COMPLETE");
    let reasons = account.reasons();
    let words =
        "was unexpectedly stopped or failed. status reason(s): [ResourceLogicalId:Topic, ResourceType:AWS::SNS::Topic";
    assert!(reasons.contains(words), "{reasons}");
    assert_eq!(topics(&account, "222222222222"), 0);
}

#[test]
fn as_many_accounts_may_fail_as_are_tolerated() {
    let mut account = Account::with(ONE_FAILS);
    create_set(&mut account, &set_of(&["222222222222", "333333333333"], 50, "r-ab12"));
    assert_eq!(account.status(), "CREATE_COMPLETE");
    let instances = account.ok("ListStackInstances", json!({"StackSetName": "set"}));
    let statuses: Vec<_> =
        instances["Summaries"].as_array().unwrap().iter().map(|instance| instance["Status"].clone()).collect();
    assert_eq!(statuses, ["CURRENT", "OUTDATED"]);
}

#[test]
fn a_service_managed_stack_set_needs_units() {
    let mut account = Account::new();
    let template = set_of(&["222222222222"], 0, "r-ab12")
        .replace("OrganizationalUnitIds", "AccountsUrl")
        .replace("[\"r-ab12\"]", "\"https://accounts\"");
    create_set(&mut account, &template);
    assert_eq!(account.status(), "ROLLBACK_COMPLETE");
    assert!(account.reasons().contains("can only have OrganizationalUnit as target"));
}

#[test]
fn a_detection_compares_the_stacks_of_a_set_and_tells_of_it_when_it_has_ended() {
    let mut account = Account::new();
    create_set(&mut account, &set_of(&["222222222222", "333333333333"], 0, "r-ab12"));
    let topic = account.world.resources_of("333333333333", REGION, "AWS::SNS::Topic").next().unwrap().clone();
    account.world.remove("333333333333", REGION, "AWS::SNS::Topic", &topic.identifier);
    let id = account.ok("DetectStackSetDrift", json!({"StackSetName": "set"}))["OperationId"].clone();
    let again = account.call("DetectStackSetDrift", json!({"StackSetName": "set"})).unwrap_err();
    assert_eq!(again.code, "OperationInProgressException");
    let drifts = |account: &mut Account| {
        let instances = account.ok("ListStackInstances", json!({"StackSetName": "set"}));
        instances["Summaries"].as_array().unwrap().iter().map(|one| one["DriftStatus"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(drifts(&mut account), ["NOT_CHECKED", "NOT_CHECKED"]);
    settle(&mut account);
    assert_eq!(drifts(&mut account), ["IN_SYNC", "DRIFTED"]);
    let of = |account: &str| json!({"StackSetName": "set", "StackInstanceAccount": account, "StackInstanceRegion": REGION, "OperationId": id});
    let there = account.ok("ListStackInstanceResourceDrifts", of("222222222222"));
    assert_eq!(there["Summaries"][0]["StackResourceDriftStatus"], "IN_SYNC");
    let gone = account.ok("ListStackInstanceResourceDrifts", of("333333333333"));
    assert_eq!(gone["Summaries"][0]["StackResourceDriftStatus"], "DELETED");
    account.world.remove("222222222222", REGION, "AWS::SNS::Topic", &topic.identifier);
    let stopped = account.ok("DetectStackSetDrift", json!({"StackSetName": "set"}))["OperationId"].clone();
    assert_eq!(drifts(&mut account), ["IN_SYNC", "DRIFTED"], "as the last detection that has ended says");
    account.ok("StopStackSetOperation", json!({"StackSetName": "set", "OperationId": stopped}));
    assert_eq!(drifts(&mut account), ["IN_SYNC", "DRIFTED"], "a detection that was stopped says nothing");
}
