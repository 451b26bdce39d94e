//! IAM: roles, whom they trust and what they may do.

use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum, PermissionsBoundaryDecisionDetail};
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
    /// Condition keys that the policies look at and that the simulation was not given: the decision may be another one.
    pub missing: Vec<String>,
    /// What above the identity policies refuses: the organization's policies, or the permissions boundary.
    pub refused_by: Option<&'static str>,
}

/// What a simulated call has with it, beside who calls what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// `aws:RequestedRegion`.
    pub region: String,
    /// `aws:CalledVia`: the service through which it is called.
    pub via: Option<&'static str>,
    /// `iam:PassedToService`: whom a role is passed to.
    pub passed_to: Option<&'static str>,
}

impl Circumstances {
    fn entries(&self) -> Vec<ContextEntry> {
        let entry = |name: &str, value: &str, kind: ContextKeyTypeEnum| {
            let entry = ContextEntry::builder().context_key_name(name).context_key_values(value);
            entry.context_key_type(kind).build()
        };
        let mut entries = vec![entry("aws:RequestedRegion", &self.region, ContextKeyTypeEnum::String)];
        let via = self.via.unwrap_or_default();
        entries.extend(self.via.map(|via| entry("aws:CalledVia", via, ContextKeyTypeEnum::StringList)));
        for key in ["aws:CalledViaFirst", "aws:CalledViaLast"] {
            entries.extend(self.via.map(|_| entry(key, via, ContextKeyTypeEnum::String)));
        }
        let is_via = if self.via.is_some() { "true" } else { "false" };
        entries.push(entry("aws:ViaAWSService", is_via, ContextKeyTypeEnum::Boolean));
        entries.extend(self.passed_to.map(|to| entry("iam:PassedToService", to, ContextKeyTypeEnum::String)));
        entries
    }
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
    pub async fn simulate(
        &self,
        principal: &str,
        actions: &[String],
        resources: &[String],
        circumstances: &Circumstances,
    ) -> Result<Vec<Evaluation>> {
        let context = circumstances.entries();
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
                        .set_context_entries(Some(context.clone()))
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
    let organization = found.organizations_decision_detail.is_some_and(|detail| !detail.allowed_by_organizations);
    let bounded = |detail: Option<PermissionsBoundaryDecisionDetail>| {
        detail.is_some_and(|detail| !detail.allowed_by_permissions_boundary)
    };
    let of = |resource: String, decision: &str, missing: Vec<String>, bounded: bool| Evaluation {
        action: action.clone(),
        resource,
        decision: decision.to_owned(),
        missing,
        refused_by: match (organization, bounded) {
            (true, _) => Some("a policy of the organization"),
            (false, true) => Some("the permissions boundary"),
            (false, false) => None,
        },
    };
    // With several resources what stands above their own results is of all of them together.
    let single: Vec<_> = found.resource_specific_results.unwrap_or_default();
    if single.is_empty() {
        let resource = found.eval_resource_name.unwrap_or_else(|| "*".to_owned());
        let missing = found.missing_context_values.unwrap_or_default();
        let bounded = bounded(found.permissions_boundary_decision_detail);
        return vec![of(resource, found.eval_decision.as_str(), missing, bounded)];
    }
    single
        .into_iter()
        .map(|one| {
            let missing = one.missing_context_values.unwrap_or_default();
            let bounded = bounded(one.permissions_boundary_decision_detail);
            of(one.eval_resource_name, one.eval_resource_decision.as_str(), missing, bounded)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use aws_sdk_iam::types::{
        EvaluationResult, OrganizationsDecisionDetail, PolicyEvaluationDecisionType, ResourceSpecificResult,
    };

    use super::*;

    const ROLE: &str = "arn:aws:iam::111122223333:role/acme-llm-task";

    #[test]
    fn each_resource_has_its_decision_and_what_was_missing_for_it() {
        let single = ResourceSpecificResult::builder()
            .eval_resource_name(ROLE)
            .eval_resource_decision(PolicyEvaluationDecisionType::ImplicitDeny)
            .missing_context_values("aws:PrincipalTag/team")
            .permissions_boundary_decision_detail(
                PermissionsBoundaryDecisionDetail::builder().allowed_by_permissions_boundary(true).build(),
            )
            .build()
            .unwrap();
        let found = EvaluationResult::builder()
            .eval_action_name("iam:PassRole")
            .eval_decision(PolicyEvaluationDecisionType::ImplicitDeny)
            .resource_specific_results(single)
            .build()
            .unwrap();
        let [one] = evaluation(found).try_into().unwrap();
        assert_eq!((one.resource.as_str(), one.missing), (ROLE, vec!["aws:PrincipalTag/team".to_owned()]));
        assert_eq!(one.refused_by, None);
    }

    #[test]
    fn what_was_missing_for_one_resource_excuses_no_other() {
        let single = |resource: &str| {
            ResourceSpecificResult::builder()
                .eval_resource_name(resource)
                .eval_resource_decision(PolicyEvaluationDecisionType::ImplicitDeny)
        };
        let tag = "aws:PrincipalTag/team";
        let found = EvaluationResult::builder()
            .eval_action_name("iam:PassRole")
            .eval_decision(PolicyEvaluationDecisionType::ImplicitDeny)
            .missing_context_values(tag)
            .permissions_boundary_decision_detail(
                PermissionsBoundaryDecisionDetail::builder().allowed_by_permissions_boundary(false).build(),
            )
            .resource_specific_results(single(ROLE).build().unwrap())
            .resource_specific_results(single("*").missing_context_values(tag).build().unwrap())
            .build()
            .unwrap();
        let [plain, tagged] = evaluation(found).try_into().unwrap();
        assert_eq!((plain.missing, plain.refused_by), (Vec::<String>::new(), None));
        assert_eq!(tagged.missing, [tag]);
    }

    #[test]
    fn a_policy_above_the_callers_own_is_named() {
        let result = |organization: bool, boundary: bool| {
            let found = EvaluationResult::builder()
                .eval_action_name("iam:PassRole")
                .eval_decision(PolicyEvaluationDecisionType::ExplicitDeny)
                .organizations_decision_detail(
                    OrganizationsDecisionDetail::builder().allowed_by_organizations(organization).build(),
                )
                .permissions_boundary_decision_detail(
                    PermissionsBoundaryDecisionDetail::builder().allowed_by_permissions_boundary(boundary).build(),
                )
                .build()
                .unwrap();
            evaluation(found).remove(0).refused_by
        };
        assert_eq!(result(false, true), Some("a policy of the organization"));
        assert_eq!(result(true, false), Some("the permissions boundary"));
        assert_eq!(result(true, true), None);
    }
}
