//! Roles, and what they may do.

use serde_json::{Value as Json, json};

use super::gateway::STACK;
use super::{Expectations, statement};
use crate::model::Model;
use crate::model::bedrock::AccessPolicy;
use crate::model::iam::{Document, PolicyStack};
use crate::model::stack_set::StackSet;

const ROLE: &str = "AWS::IAM::Role";
const STACK_SET: &str = "AWS::CloudFormation::StackSet";
const POLICY: &str = "AWS::IAM::ManagedPolicy";
/// Converse has no action of its own.
const INVOKE: [&str; 2] = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"];

pub(super) fn expect(model: &Model, said: &mut Expectations<'_>) {
    let permissions = &model.gateway.permissions;
    let shared = &model.shared;
    said.expect(STACK, "TaskRole", ROLE, role(&shared.task_role, "gateway", &permissions.task));
    said.expect(STACK, "ExecutionRole", ROLE, role(&shared.execution_role, "start", &permissions.execution));
    for policy in &permissions.bedrock {
        let role = match policy.stack {
            PolicyStack::Gateway => json!({"Ref": "TaskRole"}),
            PolicyStack::BedrockRoles => json!({"Ref": "TaskRoleName"}),
        };
        let properties = json!({"PolicyDocument": policy.document, "Roles": [role]});
        said.expect(policy.stack.name(), &policy.id, POLICY, properties);
    }
    if let Some(set) = &model.bedrock.stack_set {
        said.expect("bedrock-stack-set", "BedrockAccess", STACK_SET, stack_set(model, set));
    }
    for group in &model.bedrock.groups {
        for account in &group.accounts {
            spoke(model, account, &group.policies, said);
        }
    }
}

/// The stack set that puts the role into the accounts: those that are listed, and no account by itself.
fn stack_set(model: &Model, set: &StackSet) -> Json {
    json!({
        "StackSetName": set.name,
        "PermissionModel": "SERVICE_MANAGED",
        "CallAs": set.call_as,
        "AutoDeployment": {"Enabled": false},
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "OperationPreferences": {
            "MaxConcurrentPercentage": set.max_concurrent_percentage,
            "FailureTolerancePercentage": set.failure_tolerance_percentage,
        },
        "StackInstancesGroup": [{
            "DeploymentTargets": {
                "OrganizationalUnitIds": set.organizational_units,
                "Accounts": set.accounts,
                "AccountFilterType": "INTERSECTION",
            },
            "Regions": [model.hub.region],
        }],
    })
}

/// A role with one policy of its own, which ECS takes on for tasks of this account.
fn role(name: &str, policy: &str, document: &Document) -> Json {
    json!({
        "RoleName": name,
        "Policies": [{"PolicyName": policy, "PolicyDocument": document}],
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
                "ArnLike": {"aws:SourceArn": {"Fn::Sub": "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:*"}},
            },
        }]},
    })
}

/// The role in a Bedrock account: only the task role may take it on, and only with the external id.
fn spoke(model: &Model, account: &str, policies: &[AccessPolicy], said: &mut Expectations<'_>) {
    const STACK: &str = "bedrock-access";
    let hub = &model.hub;
    let properties = json!({
        "RoleName": model.bedrock.role_name,
        "MaxSessionDuration": 3600,
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{
            "Sid": "GatewayOfThisDeployment",
            "Effect": "Allow",
            "Principal": {"AWS": hub.global_arn("iam", "root")},
            "Action": "sts:AssumeRole",
            "Condition": {
                "ArnEquals": {"aws:PrincipalArn": model.shared.task_role_arn},
                "StringEquals": {"sts:ExternalId": model.bedrock.external_id},
            },
        }]},
    });
    said.expect_in(Some(account), STACK, "Role", ROLE, properties);
    for policy in policies {
        let document = json!({"Version": "2012-10-17", "Statement": invocations(hub.partition, account, policy)});
        let properties = json!({"PolicyDocument": document, "Roles": [{"Ref": "Role"}]});
        said.expect_in(Some(account), STACK, &policy.id, POLICY, properties);
    }
}

fn invocations(partition: &str, account: &str, policy: &AccessPolicy) -> Vec<Json> {
    let profile = |region: &str, id: &str| format!("arn:{partition}:bedrock:{region}:{account}:inference-profile/{id}");
    let profiles: Vec<String> = policy.profiles.iter().map(|own| profile(&own.region, &own.id)).collect();
    let through = json!({"ArnLike": {"bedrock:InferenceProfileArn": profiles}});
    let mut statements = Vec::new();
    if !policy.models.is_empty() {
        statements.push(statement("Models", &INVOKE, json!(policy.models), None));
    }
    if !profiles.is_empty() {
        statements.push(statement("InferenceProfiles", &INVOKE, json!(profiles), None));
        let behind = json!(policy.models_behind_profiles);
        statements.push(statement("ModelsBehindInferenceProfiles", &INVOKE, behind, Some(through.clone())));
    }
    if !policy.global_models.is_empty() {
        let mut condition = through;
        condition["StringEquals"] = json!({"aws:RequestedRegion": "unspecified"});
        let models = json!(policy.global_models);
        statements.push(statement("ModelsBehindGlobalInferenceProfiles", &INVOKE, models, Some(condition)));
    }
    statements
}
