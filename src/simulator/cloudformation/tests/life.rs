//! Stacks are made, changed and deleted.

use super::*;

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
fn a_failed_creation_can_be_updated_to_success() {
    let mut account = Account::with(&failing("create"));
    account.ok("CreateStack", json!({"StackName": "s", "TemplateBody": NETWORK, "DisableRollback": "true"}));
    account.wait();
    assert_eq!(account.update(NETWORK)["StackStatus"], "UPDATE_COMPLETE");
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
