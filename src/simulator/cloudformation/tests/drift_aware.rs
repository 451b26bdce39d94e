//! Change sets that compare with what is there.

use super::*;

const LOGS: &str = "
Resources:
  Kept: {Type: 'AWS::Logs::LogGroup', Properties: {RetentionInDays: 7}}
  Gone: {Type: 'AWS::Logs::LogGroup', Properties: {RetentionInDays: 7}}
  Filter: {Type: 'AWS::Logs::MetricFilter', Properties: {LogGroupName: !Ref Gone, FilterPattern: x, MetricTransformations: [{MetricName: a, MetricNamespace: b, MetricValue: '1'}]}}
";

const GROUPS: &str = "AWS::Logs::LogGroup";

/// A stack of which one group is gone, and the other keeps its logs for a day.
fn tampered(scenario: &str) -> Account {
    let mut account = Account::with(scenario);
    assert_eq!(account.create(LOGS)["StackStatus"], "CREATE_COMPLETE");
    let (kept, gone) = (account.physical("Kept"), account.physical("Gone"));
    account.world.resource_mut(ACCOUNT, REGION, GROUPS, &kept).unwrap().properties["RetentionInDays"] = json!(1);
    account.world.remove(ACCOUNT, REGION, GROUPS, &gone).unwrap();
    account
}

fn revert(account: &mut Account) -> Value {
    let params = json!({
        "StackName": "s", "ChangeSetName": "c", "UsePreviousTemplate": "true", "DeploymentMode": "REVERT_DRIFT",
    });
    account.ok("CreateChangeSet", params);
    account.seconds(60);
    account.ok("DescribeChangeSet", json!({"StackName": "s", "ChangeSetName": "c", "IncludePropertyValues": "true"}))
}

fn change<'a>(change_set: &'a Value, id: &str) -> &'a Value {
    let changes = change_set["Changes"].as_array().unwrap();
    let found = changes.iter().map(|change| &change["ResourceChange"]).find(|change| change["LogicalResourceId"] == id);
    found.unwrap_or_else(|| panic!("no change of {id} in {change_set:#}"))
}

#[test]
fn what_is_gone_is_added_and_what_was_changed_is_changed_back() {
    let mut account = tampered("{}");
    let made = revert(&mut account);
    assert_eq!((&made["Status"], &made["DeploymentMode"]), (&json!("CREATE_COMPLETE"), &json!("REVERT_DRIFT")));
    let gone = change(&made, "Gone");
    assert_eq!((&gone["Action"], &gone["ResourceDriftStatus"]), (&json!("Add"), &json!("DELETED")));
    let kept = change(&made, "Kept");
    assert_eq!((&kept["Action"], &kept["ResourceDriftStatus"]), (&json!("Modify"), &json!("MODIFIED")));
    let target = &kept["Details"][0]["Target"];
    assert_eq!((&target["BeforeValue"], &target["AfterValue"]), (&json!("1"), &json!("7")));
    assert_eq!(target["BeforeValueFrom"], "ACTUAL_STATE");
    let filter = change(&made, "Filter");
    assert_eq!((&filter["Action"], &filter["Details"][0]["CausingEntity"]), (&json!("Modify"), &json!("Gone")));
}

#[test]
fn its_execution_brings_a_resource_back_under_another_id() {
    let mut account = tampered("{}");
    let gone = account.physical("Gone");
    revert(&mut account);
    account.ok("ExecuteChangeSet", json!({"StackName": "s", "ChangeSetName": "c"}));
    account.wait();
    assert_eq!(account.status(), "UPDATE_COMPLETE");
    let (kept, made) = (account.physical("Kept"), account.physical("Gone"));
    assert_ne!(made, gone);
    let days = |account: &Account, id: &str| {
        account.world.resource(ACCOUNT, REGION, GROUPS, id).map(|group| group.properties["RetentionInDays"].clone())
    };
    assert_eq!((days(&account, &kept), days(&account, &made)), (Some(json!(7)), Some(json!(7))));
    assert_eq!(account.world.resources_of(ACCOUNT, REGION, GROUPS).count(), 2);
}

#[test]
fn a_rollback_goes_back_to_what_was_there() {
    let mut account = tampered("faults: [{match: {logical_id: Filter}, fail: {step: update, reason: no}}]");
    revert(&mut account);
    account.ok("ExecuteChangeSet", json!({"StackName": "s", "ChangeSetName": "c"}));
    account.wait();
    assert_eq!(account.status(), "UPDATE_ROLLBACK_COMPLETE");
    let kept = account.physical("Kept");
    let left: Vec<_> = account.world.resources_of(ACCOUNT, REGION, GROUPS).collect();
    assert_eq!(left.iter().map(|group| group.identifier.as_str()).collect::<Vec<_>>(), [kept]);
    assert_eq!(left[0].properties["RetentionInDays"], 1);
}

#[test]
fn an_untouched_stack_has_nothing_to_revert() {
    let mut account = Account::new();
    account.create(LOGS);
    let made = revert(&mut account);
    assert_eq!(made["Status"], "FAILED");
    assert!(made["StatusReason"].as_str().unwrap().starts_with("The submitted information didn't contain changes."));
}

#[test]
fn a_new_stack_has_nothing_that_it_could_compare_with() {
    let mut account = Account::new();
    let params = json!({
        "StackName": "s", "ChangeSetName": "c", "ChangeSetType": "CREATE", "TemplateBody": LOGS,
        "DeploymentMode": "REVERT_DRIFT",
    });
    assert!(account.message("CreateChangeSet", params).contains("change sets of type UPDATE"));
}
