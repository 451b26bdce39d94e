use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::*;
use crate::simulator::clock::Clock;
use crate::simulator::identity::Identity;
use crate::simulator::scenario::Scenario;

const ACCOUNT: &str = "111111111111";
const REGION: &str = "us-east-1";

/// A world whose clock stands still until it is told to move.
struct Account {
    world: World,
}

impl Account {
    fn new() -> Self {
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        Self { world: World::new(7, Clock::manual(start)) }
    }

    fn with(scenario: &str) -> Self {
        let mut account = Self::new();
        account.world.play(Scenario::parse(scenario).unwrap());
        account
    }

    fn call(&mut self, action: &str, params: Value) -> Result<Value, Fault> {
        let identity = Identity::root(ACCOUNT);
        let request = Request { identity: &identity, region: REGION, action, params: &params, request_id: "r" };
        handle(&mut self.world, &request)
    }

    fn ok(&mut self, action: &str, params: Value) -> Value {
        self.call(action, params).unwrap_or_else(|fault| panic!("{action}: {}: {}", fault.code, fault.message))
    }

    fn message(&mut self, action: &str, params: Value) -> String {
        self.call(action, params).unwrap_err().message
    }

    fn wait(&mut self) {
        self.world.clock.step(SignedDuration::from_hours(4));
        advance(&mut self.world);
    }

    fn seconds(&mut self, seconds: i64) {
        self.world.clock.step(SignedDuration::from_secs(seconds));
        advance(&mut self.world);
    }

    fn create(&mut self, template: &str) -> Value {
        self.ok("CreateStack", json!({"StackName": "s", "TemplateBody": template}));
        self.wait();
        self.stack()
    }

    fn update(&mut self, template: &str) -> Value {
        self.ok("UpdateStack", json!({"StackName": "s", "TemplateBody": template}));
        self.wait();
        self.stack()
    }

    fn stack(&mut self) -> Value {
        self.ok("DescribeStacks", json!({"StackName": "s"}))["Stacks"][0].clone()
    }

    fn status(&mut self) -> String {
        self.stack()["StackStatus"].as_str().unwrap().to_owned()
    }

    /// `LOGICAL STATUS` of all events, oldest first.
    fn events(&mut self) -> Vec<String> {
        let listed = self.ok("DescribeStackEvents", json!({"StackName": "s"}));
        let events = listed["StackEvents"].as_array().unwrap();
        let text = |event: &Value, name: &str| event[name].as_str().unwrap_or_default().to_owned();
        events
            .iter()
            .rev()
            .map(|event| format!("{} {}", text(event, "LogicalResourceId"), text(event, "ResourceStatus")))
            .collect()
    }

    fn reasons(&mut self) -> String {
        let listed = self.ok("DescribeStackEvents", json!({"StackName": "s"}));
        let events = listed["StackEvents"].as_array().unwrap();
        events.iter().filter_map(|event| event["ResourceStatusReason"].as_str()).collect::<Vec<_>>().join("\n")
    }

    fn change_set(&mut self, kind: &str, template: &str) -> Value {
        let params = json!({"StackName": "s", "ChangeSetName": "c", "ChangeSetType": kind, "TemplateBody": template});
        self.ok("CreateChangeSet", params);
        self.seconds(60);
        self.ok("DescribeChangeSet", json!({"StackName": "s", "ChangeSetName": "c", "IncludePropertyValues": "true"}))
    }

    fn physical(&mut self, logical_id: &str) -> String {
        let found = self.ok("DescribeStackResource", json!({"StackName": "s", "LogicalResourceId": logical_id}));
        found["StackResourceDetail"]["PhysicalResourceId"].as_str().unwrap().to_owned()
    }

    fn count(&self) -> usize {
        self.world.resources(ACCOUNT, REGION).count()
    }
}

const GROUP: &str = "Resources: {G: {Type: 'AWS::Logs::LogGroup', Properties: {RetentionInDays: 7}}}";
const LONGER: &str = "Resources: {G: {Type: 'AWS::Logs::LogGroup', Properties: {RetentionInDays: 30}}}";
const NAMED: &str =
    "Resources: {G: {Type: 'AWS::Logs::LogGroup', Properties: {LogGroupName: g, LogGroupClass: STANDARD}}}";
const NETWORK: &str = "
Parameters: {Cidr: {Type: String, Default: 10.0.0.0/16}}
Resources:
  Vpc: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: !Ref Cidr}}
  Subnet: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref Vpc, CidrBlock: !Select [0, !Cidr [!GetAtt Vpc.CidrBlock, 2, 8]]}}
Outputs:
  VpcId: {Value: !Ref Vpc, Export: {Name: !Sub '${AWS::StackName}-vpc'}}
";

fn failing(step: &str) -> String {
    format!("faults: [{{match: {{logical_id: Subnet}}, fail: {{step: {step}, reason: no room}}}}]")
}

#[test]
fn a_stack_is_created_in_dependency_order() {
    let mut account = Account::new();
    assert_eq!(account.create(NETWORK)["StackStatus"], "CREATE_COMPLETE");
    assert_eq!(
        account.events(),
        [
            "s CREATE_IN_PROGRESS",
            "Vpc CREATE_IN_PROGRESS",
            "Vpc CREATE_IN_PROGRESS",
            "Vpc CREATE_COMPLETE",
            "Subnet CREATE_IN_PROGRESS",
            "Subnet CREATE_IN_PROGRESS",
            "Subnet CREATE_COMPLETE",
            "s CREATE_COMPLETE",
        ]
    );
}

#[test]
fn outputs_and_exports_are_evaluated() {
    let mut account = Account::new();
    let stack = account.create(NETWORK);
    let vpc = account.physical("Vpc");
    assert_eq!(stack["Outputs"][0]["OutputValue"], json!(vpc));
    assert_eq!(account.ok("ListExports", json!({}))["Exports"][0]["Name"], "s-vpc");
}

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
fn a_failed_creation_can_be_updated_to_success() {
    let mut account = Account::with(&failing("create"));
    account.ok("CreateStack", json!({"StackName": "s", "TemplateBody": NETWORK, "DisableRollback": "true"}));
    account.wait();
    assert_eq!(account.update(NETWORK)["StackStatus"], "UPDATE_COMPLETE");
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
fn a_second_stack_of_the_same_name_is_refused() {
    let mut account = Account::new();
    account.create(GROUP);
    let fault = account.call("CreateStack", json!({"StackName": "s", "TemplateBody": GROUP})).unwrap_err();
    assert_eq!((fault.code.as_str(), fault.message.as_str()), ("AlreadyExistsException", "Stack [s] already exists"));
}

#[test]
fn a_repeated_token_is_answered_again() {
    let mut account = Account::new();
    let params = json!({"StackName": "s", "TemplateBody": GROUP, "ClientRequestToken": "t"});
    let first = account.ok("CreateStack", params.clone());
    assert_eq!(account.ok("CreateStack", params)["StackId"], first["StackId"]);
}

#[test]
fn an_update_in_place_keeps_the_resource() {
    let mut account = Account::new();
    account.create(GROUP);
    let before = account.physical("G");
    assert_eq!(account.update(LONGER)["StackStatus"], "UPDATE_COMPLETE");
    assert_eq!(account.physical("G"), before);
    assert!(account.events().ends_with(&["s UPDATE_COMPLETE_CLEANUP_IN_PROGRESS".into(), "s UPDATE_COMPLETE".into()]));
}

#[test]
fn an_update_without_changes_is_refused() {
    let mut account = Account::new();
    account.create(GROUP);
    let message = account.message("UpdateStack", json!({"StackName": "s", "TemplateBody": GROUP}));
    assert_eq!(message, "No updates are to be performed.");
}

#[test]
fn a_create_only_change_replaces_and_cleans_up() {
    let mut account = Account::new();
    account.create("Resources: {V: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16}}}");
    let before = account.physical("V");
    account.update("Resources: {V: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.1.0.0/16}}}");
    assert_ne!(account.physical("V"), before);
    assert_eq!(account.count(), 1);
    assert!(account.events().contains(&"V DELETE_COMPLETE".into()));
}

#[test]
fn a_named_resource_is_not_replaced() {
    let mut account = Account::new();
    account.create("Resources: {C: {Type: 'AWS::ECS::Cluster', Properties: {ClusterName: c}}, L: {Type: 'AWS::ElasticLoadBalancingV2::TargetGroup', Properties: {Name: t, Port: 80, Protocol: HTTP, VpcId: x}}}");
    let next = "Resources: {C: {Type: 'AWS::ECS::Cluster', Properties: {ClusterName: c}}, L: {Type: 'AWS::ElasticLoadBalancingV2::TargetGroup', Properties: {Name: t, Port: 81, Protocol: HTTP, VpcId: x}}}";
    assert_eq!(account.update(next)["StackStatus"], "UPDATE_ROLLBACK_COMPLETE");
    assert!(account.reasons().contains(
        "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename t and update the stack again."
    ));
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
fn deletion_goes_backwards() {
    let mut account = Account::new();
    let id = account.create(NETWORK)["StackId"].clone();
    account.ok("DeleteStack", json!({"StackName": "s"}));
    account.wait();
    let stack = account.ok("DescribeStacks", json!({"StackName": id}))["Stacks"][0].clone();
    assert_eq!(stack["StackStatus"], "DELETE_COMPLETE");
    assert_eq!(account.count(), 0);
}

#[test]
fn a_protected_stack_is_not_deleted() {
    let mut account = Account::new();
    account.create(GROUP);
    account.ok("UpdateTerminationProtection", json!({"StackName": "s", "EnableTerminationProtection": "true"}));
    let message = account.message("DeleteStack", json!({"StackName": "s"}));
    assert_eq!(message, "Stack [s] cannot be deleted while TerminationProtection is enabled");
}

#[test]
fn a_retained_resource_stays_behind() {
    let mut account = Account::new();
    account.create("Resources: {G: {Type: 'AWS::Logs::LogGroup', DeletionPolicy: Retain}}");
    account.ok("DeleteStack", json!({"StackName": "s"}));
    account.wait();
    let left: Vec<_> = account.world.resources(ACCOUNT, REGION).map(|resource| resource.stack.clone()).collect();
    assert_eq!(left, [None]);
}

#[test]
fn a_deletion_that_fails_can_leave_the_resource() {
    let mut account = Account::with("faults: [{times: 9, fail: {step: delete, reason: no}}]");
    account.create(GROUP);
    account.ok("DeleteStack", json!({"StackName": "s"}));
    account.wait();
    assert_eq!(account.status(), "DELETE_FAILED");
    let id = account.stack()["StackId"].clone();
    account.ok("DeleteStack", json!({"StackName": "s", "RetainResources": ["G"]}));
    account.wait();
    assert_eq!(account.ok("DescribeStacks", json!({"StackName": id}))["Stacks"][0]["StackStatus"], "DELETE_COMPLETE");
}

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
fn a_missing_capability_is_named() {
    let mut account = Account::new();
    let template = "Resources: {R: {Type: 'AWS::IAM::Role', Properties: {RoleName: r, AssumeRolePolicyDocument: {Statement: []}}}}";
    let fault = account.call("CreateStack", json!({"StackName": "s", "TemplateBody": template})).unwrap_err();
    assert_eq!(fault.code, "InsufficientCapabilitiesException");
    assert_eq!(fault.message, "Requires capabilities : [CAPABILITY_NAMED_IAM]");
}

#[test]
fn a_template_over_the_limit_is_refused() {
    let mut account = Account::new();
    let template = format!("# {}\n{GROUP}", "x".repeat(51_200));
    let message = account.message("CreateStack", json!({"StackName": "s", "TemplateBody": template}));
    assert!(message.ends_with("Member must have length less than or equal to 51200"));
}

#[test]
fn an_unknown_type_is_named() {
    let mut account = Account::new();
    let message = account
        .message("CreateStack", json!({"StackName": "s", "TemplateBody": "Resources: {A: {Type: 'AWS::EC2::Vpc'}}"}));
    assert_eq!(message, "Template format error: Unrecognized resource types: [AWS::EC2::Vpc]");
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
fn every_status_can_be_scripted() {
    for status in StackStatus::ALL {
        let name = status.as_str();
        let text =
            format!("stacks: [{{account: '{ACCOUNT}', region: {REGION}, name: s, status: {name}, seconds_ago: 60}}]");
        let mut account = Account::with(&text);
        account.wait();
        let listed = account.ok("ListStacks", json!({}));
        assert_eq!(listed["StackSummaries"][0]["StackStatus"], *name);
    }
}

#[test]
fn every_status_allows_what_its_table_says() {
    let calls = [
        (Call::Update, "UpdateStack", json!({"StackName": "s", "TemplateBody": GROUP})),
        (Call::Cancel, "CancelUpdateStack", json!({"StackName": "s"})),
        (Call::ContinueRollback, "ContinueUpdateRollback", json!({"StackName": "s"})),
        (Call::Rollback, "RollbackStack", json!({"StackName": "s"})),
        (Call::DetectDrift, "DetectStackDrift", json!({"StackName": "s"})),
        (Call::Delete, "DeleteStack", json!({"StackName": "s"})),
    ];
    for status in StackStatus::ALL {
        for (call, action, params) in &calls {
            let name = status.as_str();
            let text = format!("stacks: [{{account: '{ACCOUNT}', region: {REGION}, name: s, status: {name}}}]");
            let mut account = Account::with(&text);
            assert_eq!(account.call(action, params.clone()).is_ok(), status.allows(*call), "{name} {action}");
        }
    }
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

#[test]
fn a_stack_policy_denies_what_it_does_not_allow() {
    let mut account = Account::new();
    account.create(GROUP);
    let policy = r#"{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "Update:*", "Resource": "*"}]}"#;
    account.ok("SetStackPolicy", json!({"StackName": "s", "StackPolicyBody": policy}));
    let message = account.message("UpdateStack", json!({"StackName": "s", "TemplateBody": LONGER}));
    assert!(message.starts_with("Action denied by stack policy"), "{message}");
}

#[test]
fn an_imported_export_keeps_its_stack() {
    let mut account = Account::new();
    account.create(NETWORK);
    let importer = "Resources: {S: {Type: 'AWS::EC2::SecurityGroup', Properties: {GroupDescription: g, VpcId: !ImportValue s-vpc}}}";
    account.ok("CreateStack", json!({"StackName": "t", "TemplateBody": importer}));
    account.wait();
    assert_eq!(account.ok("ListImports", json!({"ExportName": "s-vpc"}))["Imports"], json!(["t"]));
    let message = account.message("DeleteStack", json!({"StackName": "s"}));
    assert_eq!(message, "Export s-vpc cannot be deleted as it is in use by t");
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

/// A stack with a stack set that puts [`MEMBER`] into these accounts.
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
fn a_template_is_given_back_as_it_was() {
    let mut account = Account::new();
    account.create(NETWORK);
    assert_eq!(account.ok("GetTemplate", json!({"StackName": "s"}))["TemplateBody"], NETWORK);
}

#[test]
fn a_call_that_is_not_modelled_says_so() {
    let fault = Account::new().call("EstimateTemplateCost", json!({})).unwrap_err();
    assert_eq!(fault.code, crate::simulator::protocol::service::UNKNOWN_ACTION);
}
