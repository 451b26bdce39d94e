//! What a failure leads to, and the ways out of it.

use super::*;

#[test]
fn a_failed_creation_rolls_back() {
    let mut account = Account::with(&failing("create"));
    assert_eq!(account.create(NETWORK)["StackStatus"], "ROLLBACK_COMPLETE");
    assert_eq!(account.count(), 0);
    assert!(
        account.reasons().contains("The following resource(s) failed to create: [Subnet]. Rollback requested by user.")
    );
}

#[test]
fn what_runs_beside_a_failure_is_cancelled() {
    let template = "
Resources:
  Slow: {Type: 'AWS::ElastiCache::ServerlessCache', Properties: {Engine: valkey, ServerlessCacheName: c}}
  Subnet: {Type: 'AWS::Logs::LogGroup'}
";
    let mut account = Account::with(&failing("create"));
    account.create(template);
    assert!(account.reasons().contains("Resource creation cancelled"));
    assert_eq!(account.count(), 0);
}

#[test]
fn a_rolled_back_stack_can_only_be_deleted() {
    let mut account = Account::with(&failing("create"));
    let id = account.create(NETWORK)["StackId"].as_str().unwrap().to_owned();
    let message = account.message("UpdateStack", json!({"StackName": "s", "TemplateBody": NETWORK}));
    assert_eq!(message, format!("Stack:{id} is in ROLLBACK_COMPLETE state and can not be updated."));
    account.ok("DeleteStack", json!({"StackName": "s"}));
    account.wait();
    assert_eq!(account.message("DescribeStacks", json!({"StackName": "s"})), "Stack with id s does not exist");
}

#[test]
fn a_failure_without_rollback_leaves_what_succeeded() {
    let mut account = Account::with(&failing("create"));
    account.ok("CreateStack", json!({"StackName": "s", "TemplateBody": NETWORK, "OnFailure": "DO_NOTHING"}));
    account.wait();
    assert_eq!(account.status(), "CREATE_FAILED");
    assert!(account.world.resources_of(ACCOUNT, REGION, "AWS::EC2::VPC").next().is_some());
}

#[test]
fn on_failure_delete_deletes() {
    let mut account = Account::with(&failing("create"));
    let params = json!({"StackName": "s", "TemplateBody": NETWORK, "OnFailure": "DELETE"});
    let id = account.ok("CreateStack", params)["StackId"].clone();
    account.wait();
    assert_eq!(account.ok("DescribeStacks", json!({"StackName": id}))["Stacks"][0]["StackStatus"], "DELETE_COMPLETE");
}

#[test]
fn a_failed_update_returns_to_what_was() {
    let mut account = Account::with("faults: [{match: {logical_id: G}, fail: {step: update, reason: no}}]");
    account.create(GROUP);
    assert_eq!(account.update(LONGER)["StackStatus"], "UPDATE_ROLLBACK_COMPLETE");
    let group = account.physical("G");
    let live = account.world.resource(ACCOUNT, REGION, "AWS::Logs::LogGroup", &group).unwrap();
    assert_eq!(live.properties["RetentionInDays"], json!(7));
}

#[test]
fn a_rollback_that_fails_can_be_continued() {
    let scenario = "faults: [{match: {logical_id: G}, fail: {step: update, reason: no}}, {match: {logical_id: G}, fail: {step: rollback, reason: still no}}]";
    let mut account = Account::with(scenario);
    account.create(GROUP);
    assert_eq!(account.update(LONGER)["StackStatus"], "UPDATE_ROLLBACK_FAILED");
    account.ok("ContinueUpdateRollback", json!({"StackName": "s"}));
    account.wait();
    assert_eq!(account.status(), "UPDATE_ROLLBACK_COMPLETE");
}

#[test]
fn a_resource_can_be_left_out_of_a_continued_rollback() {
    let scenario = "faults: [{match: {logical_id: G}, fail: {step: update, reason: no}}, {match: {logical_id: G}, times: 9, fail: {step: rollback, reason: never}}]";
    let mut account = Account::with(scenario);
    account.create(GROUP);
    account.update(LONGER);
    account.ok("ContinueUpdateRollback", json!({"StackName": "s", "ResourcesToSkip": ["G"]}));
    account.wait();
    assert_eq!(account.status(), "UPDATE_ROLLBACK_COMPLETE");
}

#[test]
fn a_forced_rollback_leaves_out_whatever_it_could_not_undo() {
    let scenario = "faults: [{match: {logical_id: G}, fail: {step: update, reason: no}}, {match: {logical_id: G}, times: 9, fail: {step: rollback, reason: never}}]";
    let mut account = Account::with(scenario);
    account.create(GROUP);
    account.update(LONGER);
    let both = json!({"StackName": "s", "ForceRollback": true, "ResourcesToSkip": ["G"]});
    assert!(account.call("ContinueUpdateRollback", both).is_err());
    account.ok("ContinueUpdateRollback", json!({"StackName": "s", "ForceRollback": true}));
    account.wait();
    assert_eq!(account.status(), "UPDATE_ROLLBACK_COMPLETE");
}

/// `G` fails to roll back, and `H` behind it was never come to.
fn with_a_failure_of_each_kind() -> Account {
    let scenario = "faults: [{match: {logical_id: H}, fail: {step: update, reason: no}}, {match: {logical_id: G}, times: 9, fail: {step: rollback, reason: never}}]";
    let template = |days: u32| {
        format!(
            "Resources: {{G: {{Type: 'AWS::Logs::LogGroup', Properties: {{RetentionInDays: {days}}}}}, H: {{Type: 'AWS::Logs::LogGroup', DependsOn: G, Properties: {{RetentionInDays: {days}}}}}}}"
        )
    };
    let mut account = Account::with(scenario);
    account.create(&template(7));
    assert_eq!(account.update(&template(30))["StackStatus"], "UPDATE_ROLLBACK_FAILED");
    account
}

#[test]
fn only_what_a_rollback_could_not_undo_can_be_left_out_of_it() {
    let mut account = with_a_failure_of_each_kind();
    let listed = account.ok("DescribeStackResources", json!({"StackName": "s"}));
    let mut resources = listed["StackResources"].as_array().unwrap().iter();
    assert!(resources.all(|resource| resource["ResourceStatus"] == "UPDATE_FAILED"), "{listed}");
    let message = account.message("ContinueUpdateRollback", json!({"StackName": "s", "ResourcesToSkip": ["G", "H"]}));
    assert!(message.contains("because a rollback failed: [H]"), "{message}");
    let message = account.message("ContinueUpdateRollback", json!({"StackName": "s", "ResourcesToSkip": ["X"]}));
    assert!(message.contains("do not exist in the stack: [X]"), "{message}");
}

#[test]
fn a_forced_rollback_undoes_what_it_had_not_come_to() {
    let mut account = with_a_failure_of_each_kind();
    account.ok("ContinueUpdateRollback", json!({"StackName": "s", "ForceRollback": true}));
    account.wait();
    assert_eq!(account.status(), "UPDATE_ROLLBACK_COMPLETE");
    let mut retention = |id: &str| {
        let group = account.physical(id);
        account.world.resource(ACCOUNT, REGION, "AWS::Logs::LogGroup", &group).unwrap().properties["RetentionInDays"]
            .clone()
    };
    assert_eq!((retention("G"), retention("H")), (json!(30), json!(7)));
}

#[test]
fn a_running_update_can_be_cancelled() {
    let mut account = Account::new();
    account.create(GROUP);
    account.ok("UpdateStack", json!({"StackName": "s", "TemplateBody": LONGER}));
    account.seconds(3);
    account.ok("CancelUpdateStack", json!({"StackName": "s"}));
    account.wait();
    assert_eq!(account.status(), "UPDATE_ROLLBACK_COMPLETE");
}

#[test]
fn nothing_else_can_be_cancelled() {
    let mut account = Account::new();
    account.create(GROUP);
    let message = account.message("CancelUpdateStack", json!({"StackName": "s"}));
    assert_eq!(message, "CancelUpdateStack cannot be called from current stack status");
}

#[test]
fn the_circuit_breaker_fails_the_stack_or_not_as_scripted() {
    let service = |image: &str| {
        format!("Resources: {{S: {{Type: 'AWS::ECS::Service', Properties: {{TaskDefinition: '{image}'}}}}}}")
    };
    for (completes, expected) in [("true", "UPDATE_COMPLETE"), ("false", "UPDATE_ROLLBACK_COMPLETE")] {
        let text = format!(
            "faults: [{{match: {{operation: UPDATE_STACK}}, circuit_breaker: {{stack_completes: {completes}}}}}]"
        );
        let mut account = Account::with(&text);
        account.create(&service("t:1"));
        assert_eq!(account.update(&service("t:2"))["StackStatus"], expected);
    }
}
