//! SimulatePrincipalPolicy: what the policies of a role say about some actions. Names of actions have no wildcards:
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html>.

use std::collections::{BTreeMap, BTreeSet};

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
    let resources = request.texts("ResourceArns");
    let results: Vec<Value> = actions.iter().map(|action| evaluation(&documents, action, &resources, &keys)).collect();
    Ok(json!({"EvaluationResults": results, "IsTruncated": false}))
}

type Keys = BTreeMap<String, Vec<String>>;

/// One result for an action: of all resources together, and of each by itself.
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html>
fn evaluation(documents: &[Value], action: &str, resources: &[String], keys: &Keys) -> Value {
    let of = |resource: &str| {
        let access = Access { action, resource, principals: &[], keys };
        (evaluate(documents, &access), missing_keys(documents, &access))
    };
    if resources.is_empty() {
        let (decision, missing) = of("*");
        return result(action, "*", decision, &missing, &[]);
    }
    let single: Vec<(&str, Decision, BTreeSet<String>)> = resources
        .iter()
        .map(|resource| {
            let (decision, missing) = of(resource);
            (resource.as_str(), decision, missing)
        })
        .collect();
    let has = |wanted: Decision| single.iter().any(|(_, decision, _)| *decision == wanted);
    let all = [Decision::ExplicitDeny, Decision::ImplicitDeny].into_iter().find(|decision| has(*decision));
    let missing = single.iter().flat_map(|(_, _, missing)| missing.clone()).collect();
    let specific: Vec<Value> = single
        .iter()
        .map(|(resource, decision, missing)| {
            json!({
                "EvalResourceName": resource,
                "EvalResourceDecision": decision.name(),
                "MatchedStatements": [],
                "MissingContextValues": missing,
            })
        })
        .collect();
    result(action, resources.first().map_or("*", String::as_str), all.unwrap_or(Decision::Allowed), &missing, &specific)
}

fn result(action: &str, resource: &str, decision: Decision, missing: &BTreeSet<String>, specific: &[Value]) -> Value {
    json!({
        "EvalActionName": action,
        "EvalResourceName": resource,
        "EvalDecision": decision.name(),
        "MatchedStatements": [],
        "MissingContextValues": missing,
        "ResourceSpecificResults": specific,
    })
}

/// Condition keys that the statements about an access look at and that the call was not given, as the policies write them.
fn missing_keys(documents: &[Value], access: &Access<'_>) -> BTreeSet<String> {
    let mut missing = BTreeSet::new();
    for document in documents {
        // A policy that is handed over in the call is a text.
        let parsed = document.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
        let statements = parsed.as_ref().unwrap_or(document).get("Statement").cloned().unwrap_or_default();
        let statements = match statements {
            Value::Array(all) => all,
            one => vec![one],
        };
        for mut statement in statements {
            let Some(Value::Object(condition)) = statement.as_object_mut().and_then(|all| all.remove("Condition"))
            else {
                continue;
            };
            if evaluate(&[json!({"Statement": statement})], access) == Decision::ImplicitDeny {
                continue;
            }
            let keys = condition.values().filter_map(Value::as_object).flat_map(|keys| keys.keys());
            missing.extend(keys.filter(|key| !access.keys.contains_key(&key.to_ascii_lowercase())).cloned());
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &str = "arn:aws:iam::111122223333:role/acme-llm-task";

    fn tagged(resource: &str) -> Value {
        json!({"Statement": {"Effect": "Allow", "Action": "iam:*", "Resource": resource, "Condition": {
            "StringEquals": {"aws:RequestedRegion": "us-east-1", "aws:PrincipalTag/team": "llm"}
        }}})
    }

    fn given() -> Keys {
        Keys::from([("aws:requestedregion".to_owned(), vec!["us-east-1".to_owned()])])
    }

    #[test]
    fn keys_that_a_policy_looks_at_and_nobody_gave_are_missing() {
        let found = evaluation(&[tagged("*")], "iam:PassRole", &[], &given());
        assert_eq!(found["MissingContextValues"], json!(["aws:PrincipalTag/team"]));
    }

    #[test]
    fn an_action_has_one_result_with_one_of_each_resource_in_it() {
        let resources = [ROLE.to_owned(), "arn:aws:iam::111122223333:role/other".to_owned()];
        let found = evaluation(&[tagged(ROLE)], "iam:PassRole", &resources, &given());
        assert_eq!(
            (&found["EvalDecision"], &found["EvalActionName"]),
            (&json!("implicitDeny"), &json!("iam:PassRole"))
        );
        let of = |number: usize| found["ResourceSpecificResults"][number]["MissingContextValues"].clone();
        assert_eq!((of(0), of(1)), (json!(["aws:PrincipalTag/team"]), json!([])));
    }
}
