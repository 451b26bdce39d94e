//! Change sets show what they would do.

use super::*;

#[test]
fn a_change_set_creates_a_stack_in_review() {
    let mut account = Account::new();
    let change_set = account.change_set("CREATE", NETWORK);
    assert_eq!(
        (change_set["Status"].clone(), change_set["ExecutionStatus"].clone()),
        (json!("CREATE_COMPLETE"), json!("AVAILABLE"))
    );
    assert_eq!(account.status(), "REVIEW_IN_PROGRESS");
    account.ok("ExecuteChangeSet", json!({"StackName": "s", "ChangeSetName": "c"}));
    account.wait();
    assert_eq!(account.status(), "CREATE_COMPLETE");
}

#[test]
fn a_change_set_shows_replacement_and_values() {
    let mut account = Account::new();
    account.create(NETWORK);
    let change_set = account.change_set("UPDATE", &NETWORK.replace("10.0.0.0/16", "10.1.0.0/16"));
    let changes = change_set["Changes"].as_array().unwrap();
    let vpc = &changes[0]["ResourceChange"];
    assert_eq!(
        (vpc["Action"].clone(), vpc["Replacement"].clone(), vpc["PolicyAction"].clone()),
        (json!("Modify"), json!("True"), json!("ReplaceAndDelete"))
    );
    let detail = &vpc["Details"][0];
    assert_eq!(detail["ChangeSource"], "ParameterReference");
    assert_eq!(detail["CausingEntity"], "Cidr");
    assert_eq!(
        (detail["Target"]["BeforeValue"].clone(), detail["Target"]["AfterValue"].clone()),
        (json!("10.0.0.0/16"), json!("10.1.0.0/16"))
    );
    let subnet = &changes[1]["ResourceChange"];
    assert_eq!(subnet["Replacement"], "Conditional");
    assert_eq!(subnet["Details"][0]["ChangeSource"], "ResourceReference");
}

#[test]
fn a_change_set_without_changes_fails_with_awss_words() {
    let mut account = Account::new();
    account.create(GROUP);
    let change_set = account.change_set("UPDATE", GROUP);
    assert_eq!(change_set["Status"], "FAILED");
    assert_eq!(
        change_set["StatusReason"],
        "The submitted information didn't contain changes. Submit different information to create a change set."
    );
}

#[test]
fn a_changed_stack_tag_updates_in_place() {
    let mut account = Account::new();
    account.create(GROUP);
    let params =
        json!({"StackName": "s", "ChangeSetName": "c", "TemplateBody": GROUP, "Tags": [{"Key": "team", "Value": "x"}]});
    account.ok("CreateChangeSet", params);
    account.seconds(60);
    let change_set = account.ok("DescribeChangeSet", json!({"StackName": "s", "ChangeSetName": "c"}));
    let change = &change_set["Changes"][0]["ResourceChange"];
    assert_eq!((change["Scope"].clone(), change["Replacement"].clone()), (json!(["Tags"]), json!("False")));
    account.ok("ExecuteChangeSet", json!({"StackName": "s", "ChangeSetName": "c"}));
    account.wait();
    let live = account.world.resources(ACCOUNT, REGION).next().unwrap();
    assert_eq!(live.tags(), [("team".to_owned(), "x".to_owned())]);
}

#[test]
fn another_update_makes_a_change_set_obsolete() {
    let mut account = Account::new();
    account.create(GROUP);
    account.change_set("UPDATE", LONGER);
    account.update(&GROUP.replace("7", "14"));
    let message = account.message("ExecuteChangeSet", json!({"StackName": "s", "ChangeSetName": "c"}));
    assert!(message.contains("cannot be executed in its current execution status of [OBSOLETE]"), "{message}");
}

#[test]
fn a_taken_name_fails_the_change_set_and_is_told_by_describe_events() {
    let mut account = Account::new();
    account.create(NAMED);
    account.ok(
        "CreateChangeSet",
        json!({"StackName": "t", "ChangeSetName": "c", "ChangeSetType": "CREATE", "TemplateBody": NAMED}),
    );
    account.seconds(60);
    let change_set = account.ok("DescribeChangeSet", json!({"StackName": "t", "ChangeSetName": "c"}));
    assert!(change_set["StatusReason"].as_str().unwrap().contains("AWS::EarlyValidation::ResourceExistenceCheck"));
    let events = account.ok("DescribeEvents", json!({"StackName": "t", "Filters": {"FailedEvents": "true"}}));
    assert_eq!(events["OperationEvents"][0]["EventType"], "VALIDATION_ERROR");
    assert_eq!(events["OperationEvents"][0]["ValidationPath"], "/Resources/G/Properties/LogGroupName");
}
