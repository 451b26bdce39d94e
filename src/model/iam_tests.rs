use serde_json::{Value, json};

use super::*;
use crate::model::Model;
use crate::model::gateway::Permissions;
use crate::model::testing::spec;

fn permissions(changes: Value) -> Permissions {
    Model::new(&spec(changes), None).gateway.permissions
}

fn accounts(count: usize) -> Value {
    let accounts: Vec<_> = (0..count)
        .map(|n| json!({"id": format!("{:012}", 200_000_000_000_u64 + n as u64), "name": format!("a{n}"), "regions": ["us-east-1"]}))
        .collect();
    json!({"bedrock": {"include_hub": false, "accounts": accounts}})
}

fn statement<'a>(document: &'a Document, sid: &str) -> Option<&'a Statement> {
    document.statement.iter().find(|statement| statement.sid == sid)
}

/// Characters as IAM counts them: without white space.
fn size(document: &Document) -> usize {
    serde_json::to_string(document).unwrap().len()
}

#[test]
fn the_task_role_assumes_exactly_the_listed_roles() {
    let policies = permissions(accounts(2)).bedrock;
    let expected = ["200000000000", "200000000001"].map(|id| json!(format!("arn:aws:iam::{id}:role/acme-llm-bedrock")));
    assert_eq!(policies.len(), 1);
    assert_eq!(policies[0].document.statement[0].resource, expected);
}

#[test]
fn hundreds_of_accounts_fit_into_policies_and_their_number() {
    for count in [1, 100, 101, 117, 118, 500, 900] {
        let policies = permissions(accounts(count)).bedrock;
        assert!(policies.len() <= 10, "{count} accounts: {} policies", policies.len());
        for policy in &policies {
            assert!(size(&policy.document) <= 6144, "{count} accounts: {}", size(&policy.document));
        }
    }
}

#[test]
fn the_longest_role_names_fit_as_well() {
    let mut spec = accounts(300);
    spec["bedrock"]["role_name"] = json!("r".repeat(64));
    for policy in permissions(spec).bedrock {
        assert!((5900..=6144).contains(&size(&policy.document)) || policy.document.statement[0].resource.len() < 60);
        assert!(size(&policy.document) <= 6144);
    }
}

#[test]
fn every_one_of_many_roles_is_named_once_and_in_full() {
    let policies = permissions(accounts(500)).bedrock;
    let mut named: Vec<&Value> = policies.iter().flat_map(|policy| &policy.document.statement[0].resource).collect();
    assert!(named.iter().all(|role| !role.to_string().contains('*')));
    named.sort_by_key(|role| role.to_string());
    named.dedup();
    assert_eq!(named.len(), 500);
}

#[test]
fn roles_after_the_first_hundred_are_in_a_stack_of_their_own() {
    let few = permissions(accounts(100));
    assert!(!few.beside_gateway);
    let many = permissions(accounts(101));
    assert!(many.beside_gateway);
    let beside: Vec<_> = many.bedrock.iter().filter(|policy| policy.stack == PolicyStack::BedrockRoles).collect();
    assert_eq!(beside.len(), 1);
    assert_eq!(beside[0].document.statement[0].resource.len(), 1);
}

#[test]
fn no_statement_allows_a_wildcard_action() {
    let permissions = permissions(json!({"compute": {"fargate": {"exec": true}}}));
    for document in [&permissions.task, &permissions.execution] {
        assert!(document.statement.iter().flat_map(|s| &s.action).all(|action| !action.contains('*')));
    }
}

#[test]
fn only_actions_without_resources_are_allowed_on_everything() {
    let permissions = permissions(json!({"compute": {"fargate": {"exec": true}}}));
    let anywhere: Vec<_> = [&permissions.task, &permissions.execution]
        .into_iter()
        .flat_map(|document| &document.statement)
        .filter(|statement| statement.resource.contains(&json!("*")))
        .map(|statement| statement.sid)
        .collect();
    assert_eq!(anywhere, ["OpenExecChannels", "FindExecLogGroup", "SignInToRegistry"]);
}

#[test]
fn a_feature_that_is_off_gives_no_permission() {
    let off = permissions(json!({
        "gateway": {"middleware": {"managed_prompts": false}},
        "observability": {"request_logs": false},
        "database": {"none": {}}
    }));
    for sid in ["GetManagedPrompts", "WriteRequestLogs", "SeePasswordRotation", "OpenExecChannels", "ApplyGuardrails"] {
        assert_eq!(statement(&off.task, sid), None, "{sid}");
    }
}

#[test]
fn iam_sign_in_is_for_one_user_of_one_database() {
    let task = permissions(json!({"database": {"aurora_postgres": {"auth": "iam"}}})).task;
    let expected = "arn:aws:rds-db:us-east-1:111122223333:dbuser:${DatabaseResourceId}/gateway";
    assert_eq!(statement(&task, "ConnectToDatabase").unwrap().resource, [json!({"Fn::Sub": expected})]);
}

#[test]
fn a_secret_that_is_named_without_its_end_matches_only_itself() {
    let secrets =
        json!({"gateway": {"litellm": {"secrets": {"OPENAI_API_KEY": {"secret": "acme/openai", "key": "k"}}}}});
    let execution = permissions(secrets).execution;
    let expected = "arn:aws:secretsmanager:us-east-1:111122223333:secret:acme/openai-??????";
    assert_eq!(statement(&execution, "ReadGivenSecrets").unwrap().resource, [json!(expected)]);
}

#[test]
fn without_secrets_of_the_user_no_other_key_is_used() {
    assert_eq!(statement(&permissions(json!({})).execution, "DecryptGivenSecrets"), None);
}
