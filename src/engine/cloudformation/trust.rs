//! Whether the roles of the Bedrock accounts trust this deployment: a stack can be complete although somebody has
//! changed the role since, and then every call through that account fails.

use std::collections::BTreeMap;

use futures::StreamExt;
use serde_json::Value;

use super::apply::Apply;
use crate::accounts::{RenderedRole, rendered_roles};
use crate::engine::{ACCOUNTS_AT_ONCE, EngineError, EventKind};
use crate::render::Target;

/// Compares the conditions of each role's trust policy with the rendered ones, in the accounts that were worked on. Returns
/// what is not as it should be.
pub(super) async fn check(apply: &Apply<'_>) -> Result<Vec<String>, EngineError> {
    let elsewhere = apply.bundle.elsewhere().filter(|(key, _)| apply.planned(key).is_some());
    let reached: BTreeMap<&str, &Target> = elsewhere.map(|(_, target)| (target.account.as_str(), target)).collect();
    let rendered = rendered_roles(apply.bundle);
    let roles: Vec<(&Target, &RenderedRole)> = rendered
        .iter()
        .filter(|role| !conditions_of(&role.trust).is_empty())
        .filter_map(|role| Some((*reached.get(role.account.as_str())?, role)))
        .collect();
    let checks = futures::stream::iter(&roles).map(|(target, role)| of_role(apply, target, role));
    let found: Vec<Result<Option<String>, EngineError>> = checks.buffered(ACCOUNTS_AT_ONCE).collect().await;
    let findings: Vec<String> = found.into_iter().filter_map(Result::transpose).collect::<Result<_, _>>()?;
    if !roles.is_empty() && findings.is_empty() {
        apply.engine.emit(None, EventKind::Message { text: "every Bedrock account trusts the gateway".to_owned() });
    }
    Ok(findings)
}

async fn of_role(apply: &Apply<'_>, target: &Target, rendered: &RenderedRole) -> Result<Option<String>, EngineError> {
    let session = apply.engine.session(target);
    Ok(match session.iam().role(&rendered.name).await? {
        None => Some(format!("role {} is not in account {}", rendered.name, target.account)),
        Some(role) if conditions_of(&role.trust) != conditions_of(&rendered.trust) => {
            Some(format!("{} does not trust this gateway any more: its trust policy was changed", role.arn))
        }
        Some(_) => None,
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
