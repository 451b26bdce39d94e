//! Whether the roles of the Bedrock accounts trust this deployment: a stack can be complete although somebody has
//! changed the role since, and then every call through that account fails.

use futures::StreamExt;
use serde_json::Value;

use super::apply::{AT_ONCE, Apply};
use crate::cfn::template::Template;
use crate::engine::{EngineError, EventKind};
use crate::render::RenderedStack;

/// Compares the conditions of each role's trust policy with the rendered ones. Returns what is not as it should be.
pub(super) async fn check(apply: &Apply<'_>) -> Result<Vec<String>, EngineError> {
    let hub = &apply.engine.hub.account;
    let planned = apply.bundle.stacks.iter().filter(|stack| apply.planned(&stack.key).is_some());
    let roles: Vec<(&RenderedStack, String, Vec<Value>)> = planned
        .filter(|stack| stack.target.account != *hub)
        .filter_map(|stack| trusting_role(stack).map(|(name, conditions)| (stack, name, conditions)))
        .collect();
    let checks = futures::stream::iter(&roles).map(|(stack, name, conditions)| of_role(apply, stack, name, conditions));
    let found: Vec<Result<Option<String>, EngineError>> = checks.buffered(AT_ONCE).collect().await;
    let findings: Vec<String> = found.into_iter().filter_map(Result::transpose).collect::<Result<_, _>>()?;
    if !roles.is_empty() && findings.is_empty() {
        apply.engine.emit(None, EventKind::Message { text: "every Bedrock account trusts the gateway".to_owned() });
    }
    Ok(findings)
}

async fn of_role(
    apply: &Apply<'_>,
    stack: &RenderedStack,
    name: &str,
    conditions: &[Value],
) -> Result<Option<String>, EngineError> {
    let session = apply.engine.session(&stack.target);
    Ok(match session.iam().role(name).await? {
        None => Some(format!("role {name} is not in account {}", stack.target.account)),
        Some(role) if conditions_of(&role.trust) != conditions => {
            Some(format!("{} does not trust this gateway any more: its trust policy was changed", role.arn))
        }
        Some(_) => None,
    })
}

/// Name of the role that a stack makes for others to assume, and the conditions of its trust policy.
fn trusting_role(stack: &RenderedStack) -> Option<(String, Vec<Value>)> {
    let template = Template::parse(stack.template_path.as_str(), &stack.template).ok()?;
    let json = template.to_json();
    json.get("Resources")?.as_object()?.values().find_map(|resource| {
        let properties = resource.get("Properties")?;
        let conditions = conditions_of(properties.get("AssumeRolePolicyDocument")?);
        let name = properties.get("RoleName")?.as_str()?;
        (!conditions.is_empty()).then(|| (name.to_owned(), conditions))
    })
}

/// The conditions of a policy's statements, in order.
fn conditions_of(policy: &Value) -> Vec<Value> {
    let statements = policy.get("Statement").and_then(Value::as_array);
    statements.into_iter().flatten().filter_map(|statement| statement.get("Condition").cloned()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn another_external_id_is_another_condition() {
        let policy = |id: &str| json!({"Statement": [{"Condition": {"StringEquals": {"sts:ExternalId": id}}}]});
        assert_eq!(conditions_of(&policy("a")), conditions_of(&policy("a")));
        assert_ne!(conditions_of(&policy("a")), conditions_of(&policy("b")));
    }

    #[test]
    fn a_policy_without_conditions_has_none() {
        assert!(conditions_of(&json!({"Statement": [{"Effect": "Allow"}]})).is_empty());
    }
}
