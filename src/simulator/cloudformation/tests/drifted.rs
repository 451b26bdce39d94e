//! CloudFormation detects what it can see.

use super::*;

#[test]
fn a_change_behind_the_stacks_back_is_drift() {
    let mut account = Account::new();
    account.create(GROUP);
    let group = account.physical("G");
    account.world.resource_mut(ACCOUNT, REGION, "AWS::Logs::LogGroup", &group).unwrap().properties["RetentionInDays"] =
        json!(1);
    let id = account.ok("DetectStackDrift", json!({"StackName": "s"}))["StackDriftDetectionId"].clone();
    account.wait();
    let status = account.ok("DescribeStackDriftDetectionStatus", json!({"StackDriftDetectionId": id}));
    assert_eq!(status["StackDriftStatus"], "DRIFTED");
    let drifts = account.ok("DescribeStackResourceDrifts", json!({"StackName": "s"}));
    let difference = &drifts["StackResourceDrifts"][0]["PropertyDifferences"][0];
    assert_eq!(
        difference,
        &json!({"PropertyPath": "/RetentionInDays", "ExpectedValue": "7", "ActualValue": "1", "DifferenceType": "NOT_EQUAL"})
    );
}

#[test]
fn an_untouched_stack_has_not_drifted() {
    let mut account = Account::new();
    account.create(NETWORK);
    let id = account.ok("DetectStackDrift", json!({"StackName": "s"}))["StackDriftDetectionId"].clone();
    account.wait();
    let status = account.ok("DescribeStackDriftDetectionStatus", json!({"StackDriftDetectionId": id}));
    assert_eq!(status["StackDriftStatus"], "IN_SYNC");
}

#[test]
fn detection_of_one_resource_refuses_a_type_without_a_read_handler_and_compares_no_key() {
    let mut account = Account::new();
    let group = "{Type: 'AWS::Logs::LogGroup', Properties: {RetentionInDays: 7, KmsKeyId: a}}";
    account.create(&format!("Resources: {{G: {group}, R: {{Type: 'AWS::CloudFormation::WaitConditionHandle'}}}}"));
    let group = account.physical("G");
    account.world.resource_mut(ACCOUNT, REGION, "AWS::Logs::LogGroup", &group).unwrap().properties["KmsKeyId"] =
        json!("b");
    let of = |id: &str| json!({"StackName": "s", "LogicalResourceId": id});
    let found = account.ok("DetectStackResourceDrift", of("G"));
    assert_eq!(found["StackResourceDrift"]["StackResourceDriftStatus"], "IN_SYNC");
    let refused = account.call("DetectStackResourceDrift", of("R")).unwrap_err();
    assert_eq!(refused.message, "Drift detection is not supported for the specified ResourceType");
}
