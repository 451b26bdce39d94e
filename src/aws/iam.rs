//! IAM: roles, whom they trust and what they may do.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::Result;
use super::call::Caller;

/// A role.
#[derive(Debug, Clone, PartialEq)]
pub struct Role {
    /// Its ARN.
    pub arn: String,
    /// Its trust policy.
    pub trust: Value,
    /// ARN of its permissions boundary, if it has one.
    pub boundary: Option<String>,
}

/// A policy that gives a role its permissions.
#[derive(Debug, Clone, PartialEq)]
pub struct RolePolicy {
    /// Name of an inline policy, ARN of a managed one.
    pub name: String,
    /// The policy.
    pub document: Value,
}

/// What policies say about an action on a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// `service:Action`.
    pub action: String,
    /// ARN, or `*`.
    pub resource: String,
    /// `allowed`, `explicitDeny` or `implicitDeny`.
    pub decision: String,
}

/// The most actions that are asked about in one call.
const ACTIONS_AT_ONCE: usize = 100;

/// IAM in one account.
#[derive(Debug)]
pub struct Iam {
    client: aws_sdk_iam::Client,
    caller: Caller,
}

impl Iam {
    pub(super) fn new(client: aws_sdk_iam::Client, caller: Caller) -> Self {
        Self { client, caller }
    }

    /// A role by name; `None` when there is none.
    ///
    /// # Errors
    /// When the call fails for another reason, or the trust policy is no JSON.
    pub async fn role(&self, name: &str) -> Result<Option<Role>> {
        const ACTION: &str = "GetRole";
        let answer = self.caller.call(ACTION, name, || self.client.get_role().role_name(name).send()).await;
        let role = match answer {
            Ok(answer) => answer.role,
            Err(error) if error.is("NoSuchEntity") || error.is("NoSuchEntityException") => return Ok(None),
            Err(error) => return Err(error),
        };
        let Some(role) = role else { return Ok(None) };
        let boundary = role.permissions_boundary.and_then(|boundary| boundary.permissions_boundary_arn);
        let trust = self.document(ACTION, name, role.assume_role_policy_document)?;
        Ok(Some(Role { arn: role.arn, trust, boundary }))
    }

    /// The policies of a role: inline ones, then managed ones in the version that is in force.
    ///
    /// # Errors
    /// When a call fails, or a policy is no JSON.
    pub async fn role_policies(&self, role: &str) -> Result<Vec<RolePolicy>> {
        let mut policies = Vec::new();
        for name in self.inline_names(role).await? {
            const ACTION: &str = "GetRolePolicy";
            let answer = self
                .caller
                .call(ACTION, &name, || self.client.get_role_policy().role_name(role).policy_name(&name).send())
                .await?;
            let document = self.document(ACTION, &name, Some(answer.policy_document))?;
            policies.push(RolePolicy { name, document });
        }
        for arn in self.attached_arns(role).await? {
            let document = self.managed(&arn).await?;
            policies.push(RolePolicy { name: arn, document });
        }
        Ok(policies)
    }

    /// What the identity policies of a user or role say about actions on resources. Organisations' policies count as far as
    /// IAM's simulation knows them; policies of resources do not.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn simulate(&self, principal: &str, actions: &[String], resources: &[String]) -> Result<Vec<Evaluation>> {
        let mut evaluations = Vec::new();
        for actions in actions.chunks(ACTIONS_AT_ONCE) {
            let mut marker: Option<String> = None;
            loop {
                let send = || {
                    self.client
                        .simulate_principal_policy()
                        .policy_source_arn(principal)
                        .set_action_names(Some(actions.to_vec()))
                        .set_resource_arns(Some(resources.to_vec()))
                        .set_marker(marker.clone())
                        .send()
                };
                let answer = self.caller.call("SimulatePrincipalPolicy", principal, send).await?;
                evaluations.extend(answer.evaluation_results.unwrap_or_default().into_iter().flat_map(evaluation));
                marker = answer.marker.filter(|_| answer.is_truncated);
                if marker.is_none() {
                    break;
                }
            }
        }
        Ok(evaluations)
    }

    /// Names of a role's inline policies, and ARNs of its managed ones.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn role_policy_names(&self, role: &str) -> Result<(Vec<String>, Vec<String>)> {
        futures::try_join!(self.inline_names(role), self.attached_arns(role))
    }

    async fn inline_names(&self, role: &str) -> Result<Vec<String>> {
        let mut names = Vec::new();
        let mut marker: Option<String> = None;
        loop {
            let send = || self.client.list_role_policies().role_name(role).set_marker(marker.clone()).send();
            let answer = self.caller.call("ListRolePolicies", role, send).await?;
            names.extend(answer.policy_names);
            marker = answer.marker.filter(|_| answer.is_truncated);
            if marker.is_none() {
                return Ok(names);
            }
        }
    }

    async fn attached_arns(&self, role: &str) -> Result<Vec<String>> {
        let mut arns = Vec::new();
        let mut marker: Option<String> = None;
        loop {
            let send = || self.client.list_attached_role_policies().role_name(role).set_marker(marker.clone()).send();
            let answer = self.caller.call("ListAttachedRolePolicies", role, send).await?;
            arns.extend(
                answer.attached_policies.unwrap_or_default().into_iter().filter_map(|policy| policy.policy_arn),
            );
            marker = answer.marker.filter(|_| answer.is_truncated);
            if marker.is_none() {
                return Ok(arns);
            }
        }
    }

    async fn managed(&self, arn: &str) -> Result<Value> {
        const ACTION: &str = "GetPolicyVersion";
        let answer = self.caller.call("GetPolicy", arn, || self.client.get_policy().policy_arn(arn).send()).await?;
        let version = answer.policy.and_then(|policy| policy.default_version_id);
        let version = self.caller.required(version, "GetPolicy", arn, "version")?;
        let send = || self.client.get_policy_version().policy_arn(arn).version_id(&version).send();
        let answer = self.caller.call(ACTION, arn, send).await?;
        self.document(ACTION, arn, answer.policy_version.and_then(|version| version.document))
    }

    /// IAM sends policies with percent encoding (RFC 3986).
    fn document(&self, action: &str, resource: &str, text: Option<String>) -> Result<Value> {
        let text = text.unwrap_or_default();
        serde_json::from_str(&percent_decode_str(&text).decode_utf8_lossy())
            .map_err(|error| self.caller.unexpected(action, resource, format!("its policy is no JSON: {error}")))
    }
}

/// One for each resource that was asked about.
fn evaluation(found: aws_sdk_iam::types::EvaluationResult) -> Vec<Evaluation> {
    let action = found.eval_action_name;
    let of = |resource: String, decision: &str| Evaluation {
        action: action.clone(),
        resource,
        decision: decision.to_owned(),
    };
    let single: Vec<_> = found.resource_specific_results.unwrap_or_default();
    if single.is_empty() {
        let resource = found.eval_resource_name.unwrap_or_else(|| "*".to_owned());
        return vec![of(resource, found.eval_decision.as_str())];
    }
    single.into_iter().map(|one| of(one.eval_resource_name, one.eval_resource_decision.as_str())).collect()
}
