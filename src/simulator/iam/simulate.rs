//! SimulatePrincipalPolicy: what the policies of a role say about some actions. Names of actions have no wildcards:
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html>.

use serde_json::{Value, json};

use super::super::identity::{Identity, Session};
use super::super::request::{Fault, Reply, Request, scalar};
use super::super::world::World;
use super::{no_such_entity, principal, roles};
use crate::policy::{Access, Decision, evaluate};

pub(super) fn simulate_principal_policy(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let source = request.required("PolicySourceArn")?;
    let actions = request.texts("ActionNames");
    if let Some(wild) = actions.iter().find(|action| action.contains(['*', '?'])) {
        return Err(Fault::new("InvalidInput", format!("Invalid action name: {wild}: wildcards are not supported.")));
    }
    let everything = json!({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
    let mut documents = match roles::by_arn(world, &source) {
        Some(role) if role.assumed => vec![everything],
        Some(role) => roles::policies(world, &request.identity.account, role),
        None if source == request.identity.arn => vec![everything],
        None => return Err(no_such_entity(format!("Invalid Entity Arn: {source} does not exist."))),
    };
    documents.extend(request.texts("PolicyInputList").into_iter().map(Value::String));
    let caller = Identity {
        account: source.split(':').nth(4).unwrap_or_default().to_owned(),
        arn: source.clone(),
        user_id: String::new(),
        session: source.contains(":role/").then(|| Session {
            role_arn: Some(source.clone()),
            name: String::new(),
            expires_at: world.now(),
        }),
    };
    let mut keys = principal::condition_keys(&caller);
    for entry in request.list("ContextEntries") {
        let Some(name) = entry.get("ContextKeyName").and_then(scalar) else { continue };
        let values = entry.get("ContextKeyValues").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        keys.insert(name.to_ascii_lowercase(), values.iter().filter_map(scalar).collect());
    }
    let missing = missing_keys(&documents, &keys);
    let mut resources = request.texts("ResourceArns");
    if resources.is_empty() {
        resources.push("*".into());
    }
    let mut results = Vec::new();
    for action in actions {
        let decide =
            |resource: &str| evaluate(&documents, &Access { action: &action, resource, principals: &[], keys: &keys });
        for resource in &resources {
            let decision: Decision = decide(resource);
            results.push(json!({
                "EvalActionName": action,
                "EvalResourceName": resource,
                "EvalDecision": decision.name(),
                "MatchedStatements": [],
                "MissingContextValues": missing,
            }));
        }
    }
    Ok(json!({"EvaluationResults": results, "IsTruncated": false}))
}

/// Condition keys that policies look at and that the call was not given, as the policies write them.
fn missing_keys(documents: &[Value], given: &std::collections::BTreeMap<String, Vec<String>>) -> Vec<String> {
    let mut missing = std::collections::BTreeSet::new();
    for document in documents {
        // A policy that is handed over in the call is a text.
        let parsed = document.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
        let statements = parsed.as_ref().unwrap_or(document).get("Statement").cloned().unwrap_or_default();
        let statements = match statements {
            Value::Array(all) => all,
            one => vec![one],
        };
        let conditions = statements.iter().filter_map(|statement| statement.get("Condition")?.as_object());
        for keys in conditions.flat_map(|condition| condition.values()).filter_map(Value::as_object) {
            missing.extend(keys.keys().filter(|key| !given.contains_key(&key.to_ascii_lowercase())).cloned());
        }
    }
    missing.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_a_policy_looks_at_and_nobody_gave_are_missing() {
        let policy = json!({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {
            "StringEquals": {"aws:RequestedRegion": "us-east-1", "aws:PrincipalTag/team": "llm"}
        }}});
        let given =
            std::collections::BTreeMap::from([("aws:requestedregion".to_owned(), vec!["us-east-1".to_owned()])]);
        assert_eq!(missing_keys(&[policy], &given), ["aws:PrincipalTag/team"]);
    }
}
