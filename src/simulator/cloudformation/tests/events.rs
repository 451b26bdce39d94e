//! What is told of an operation, and when.

use super::*;

#[test]
fn a_provisioning_error_is_among_the_failed_events() {
    let mut account = Account::with(&failing("create"));
    account.create(NETWORK);
    let events = account.ok("DescribeEvents", json!({"StackName": "s", "Filters": {"FailedEvents": "true"}}));
    let first = &events["OperationEvents"][0];
    assert_eq!(
        (first["EventType"].clone(), first["LogicalResourceId"].clone()),
        (json!("PROVISIONING_ERROR"), json!("Subnet"))
    );
}

#[test]
fn a_rollback_is_an_operation_of_its_own() {
    let mut account = Account::with(&failing("create"));
    account.create(NETWORK);
    let operations = &account.stack()["LastOperations"];
    let kinds: Vec<&Value> = operations.as_array().unwrap().iter().map(|one| &one["OperationType"]).collect();
    assert_eq!(kinds, [&json!("ROLLBACK"), &json!("CREATE_STACK")]);
    let events = account.ok("DescribeEvents", json!({"StackName": "s", "Filters": {"FailedEvents": "true"}}));
    assert_eq!(events["OperationEvents"][0]["OperationId"], operations[1]["OperationId"]);
}

#[test]
fn a_stack_says_that_everything_of_it_is_configured() {
    let template = "Resources: {Slow: {Type: 'AWS::ElastiCache::ServerlessCache', Properties: {Engine: valkey, ServerlessCacheName: c}}}";
    let mut account = Account::new();
    account.create(template);
    let events = account.ok("DescribeStackEvents", json!({"StackName": "s"}));
    let of_stack = |event: &&Value| event["ResourceType"] == "AWS::CloudFormation::Stack";
    let told: Vec<(&Value, &Value)> = events["StackEvents"]
        .as_array()
        .unwrap()
        .iter()
        .filter(of_stack)
        .map(|event| (&event["ResourceStatus"], &event["DetailedStatus"]))
        .collect();
    let (begun, none) = (json!("CREATE_IN_PROGRESS"), Value::Null);
    let configured = json!("CONFIGURATION_COMPLETE");
    assert_eq!(told, [(&json!("CREATE_COMPLETE"), &none), (&begun, &configured), (&begun, &none)]);
}

#[test]
fn a_hook_refuses_a_resource_and_only_its_event_says_why() {
    let scenario = "faults: [{match: {logical_id: Vpc}, hook: {name: 'AWS::Hooks::GuardHook', reason: no logs}}]";
    let mut account = Account::with(scenario);
    assert_eq!(account.create(NETWORK)["StackStatus"], "ROLLBACK_COMPLETE");
    assert!(account.reasons().contains("The following hook(s) failed: [AWS::Hooks::GuardHook]"));
    assert!(!account.reasons().contains("no logs"));
    let events = account.ok("DescribeEvents", json!({"StackName": "s", "Filters": {"FailedEvents": "true"}}));
    let of_hook = |event: &&Value| event["EventType"] == "HOOK_INVOCATION_ERROR";
    let event = events["OperationEvents"].as_array().unwrap().iter().find(of_hook).unwrap();
    assert_eq!(event["HookStatusReason"], "no logs");
}

#[test]
fn stale_reads_show_the_status_before_the_execution() {
    let mut account = Account::with("faults: [{stale_reads: {reads: 1}}]");
    account.change_set("CREATE", GROUP);
    account.ok("ExecuteChangeSet", json!({"StackName": "s", "ChangeSetName": "c"}));
    assert_eq!(account.status(), "REVIEW_IN_PROGRESS");
    assert_eq!(account.status(), "CREATE_IN_PROGRESS");
}

#[test]
fn events_come_in_pages() {
    let mut account = Account::with("faults: [{events: {page_size: 2}}]");
    account.create(GROUP);
    let first = account.ok("DescribeStackEvents", json!({"StackName": "s"}));
    assert_eq!(first["StackEvents"].as_array().unwrap().len(), 2);
    let next = account.ok("DescribeStackEvents", json!({"StackName": "s", "NextToken": first["NextToken"]}));
    assert_ne!(first["StackEvents"][0]["EventId"], next["StackEvents"][0]["EventId"]);
}

#[test]
fn what_an_operation_makes_is_as_old_as_its_event_however_late_it_is_looked_at() {
    let mut account = Account::new();
    account.create("Resources: {S: {Type: 'AWS::ECS::Service', Properties: {TaskDefinition: 't:1'}}}");
    let made = account.world.resources_of(ACCOUNT, REGION, "AWS::ECS::Service").next().unwrap().created_at;
    let listed = account.ok("DescribeStackEvents", json!({"StackName": "s"}));
    let mut events = listed["StackEvents"].as_array().unwrap().iter();
    let initiated = events.find(|event| event["ResourceStatusReason"] == "Resource creation Initiated").unwrap();
    assert_eq!(Some(crate::simulator::clock::iso8601(made).as_str()), initiated["Timestamp"].as_str());
}

#[test]
fn an_operation_goes_on_after_a_restart_as_if_nothing_had_stopped() {
    let mut one = Account::new();
    one.ok("CreateStack", json!({"StackName": "s", "TemplateBody": NETWORK}));
    let saved = serde_json::to_string(&one.world).unwrap();
    let mut other = Account { world: serde_json::from_str(&saved).unwrap() };
    for _ in 0..100 {
        one.seconds(1);
    }
    other.seconds(100);
    assert_eq!(one.stack()["Outputs"], other.stack()["Outputs"]);
    assert_eq!(one.events(), other.events());
}
