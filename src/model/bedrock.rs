//! The accounts whose Bedrock quotas the gateway uses, and what the gateway may do there.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::Basis;
use super::invoke::{Invocation, Profile};
use super::naming::{self, ROLE_LIMIT};
use super::partition::Place;
use super::stack_set::StackSet;
use super::tags::Tag;
use crate::spec::{BedrockModel, ModelAccounts};

/// Name by which models refer to the hub's own account.
pub const HUB: &str = "hub";

/// The accounts whose Bedrock quotas the gateway uses.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Bedrock {
    /// Name of the role in every account.
    pub role_name: String,
    /// External id that the role asks for.
    pub external_id: String,
    /// One per account, in the spec's order, the hub's own last.
    pub targets: Vec<Target>,
    /// The accounts but the hub's own, by what the gateway may do there: those of a group share one template, unless a
    /// stack set has one template for all.
    pub groups: Vec<AccessGroup>,
    /// The stack set that puts the role into the accounts. `None`: each account has a stack of its own.
    pub stack_set: Option<StackSet>,
}

/// Accounts in which the gateway may do the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AccessGroup {
    /// Stable key, made of what the gateway may do.
    pub key: String,
    /// Account ids, in the spec's order.
    pub accounts: Vec<String>,
    /// What the gateway may invoke.
    pub policies: Vec<AccessPolicy>,
    /// Condition of the group's policies in a template that several groups share. `None`: the template is the group's.
    pub condition: Option<String>,
    /// Tags of the stack's resources, by resource.
    pub tags: IndexMap<String, Vec<Tag>>,
}

/// One managed policy of the role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AccessPolicy {
    /// Logical id.
    pub id: String,
    /// ARNs of the foundation models that are called by their own id.
    pub models: Vec<String>,
    /// Inference profiles of the account.
    pub profiles: Vec<Profile>,
    /// ARNs of the foundation models that are called only through one of `profiles`.
    pub models_behind_profiles: Vec<String>,
    /// ARNs of the foundation models without region, that are called only through a global one of `profiles`.
    pub global_models: Vec<String>,
}

/// An account that serves models.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Target {
    /// Name that models refer to; `hub` for the hub's own account.
    pub name: String,
    /// Account id.
    pub account: String,
    /// Regions in which models are called, in the spec's order, each once.
    pub regions: Vec<String>,
    /// Role that the gateway assumes there. `None` for the hub's own account, which the task role serves itself.
    pub role_arn: Option<String>,
    /// Role that deploys into the account. `None`: the caller's own credentials.
    pub deploy_role: Option<String>,
    /// What the gateway may invoke there, in as many policies as it needs.
    pub invoke: Vec<Invocation>,
}

impl Bedrock {
    /// The accounts of the spec.
    pub fn new(basis: &Basis<'_>) -> Self {
        let spec = &basis.spec.bedrock;
        let role_name = spec.role_name.clone().unwrap_or_else(|| basis.names.within(ROLE_LIMIT, "bedrock"));
        let partition = basis.place.partition;
        let mut targets: Vec<Target> = spec
            .accounts
            .iter()
            .map(|account| {
                let regions = once_each(account.regions.iter().map(|region| region.0.as_str()));
                let models = models_of(basis, account.name.as_str());
                Target {
                    name: account.name.0.clone(),
                    account: account.id.0.clone(),
                    role_arn: Some(Place::new(account.id.as_str(), &basis.spec.hub.region).role_arn(&role_name)),
                    deploy_role: account.deploy_role.as_ref().map(|role| role.0.clone()),
                    invoke: Invocation::policies(partition, account.id.as_str(), &regions, &models),
                    regions,
                }
            })
            .collect();
        if spec.include_hub {
            let mut regions = once_each(spec.hub_regions.iter().map(|region| region.0.as_str()));
            if regions.is_empty() {
                regions.push(basis.place.region.clone());
            }
            targets.push(Target {
                name: HUB.to_owned(),
                account: basis.place.account.clone(),
                invoke: Invocation::policies(partition, &basis.place.account, &regions, &models_of(basis, HUB)),
                regions,
                role_arn: None,
                deploy_role: basis.spec.hub.deploy_role.as_ref().map(|role| role.0.clone()),
            });
        }
        let mut groups = groups(basis, &targets);
        let stack_set = StackSet::new(basis, &groups);
        if stack_set.is_some() {
            share_template(&mut groups);
        }
        Self { role_name, external_id: external_id(basis), targets, groups, stack_set }
    }

    /// The accounts that serve a model, in the order of `targets`.
    pub fn serving<'a>(&'a self, model: &'a BedrockModel) -> impl Iterator<Item = &'a Target> {
        self.targets.iter().filter(move |target| serves(model, &target.name))
    }

    /// ARNs of the roles that the gateway assumes.
    pub fn role_arns(&self) -> impl Iterator<Item = &str> {
        self.targets.iter().filter_map(|target| target.role_arn.as_deref())
    }
}

/// The literal, or a stable id of the hub's account and the deployment. It is no secret: it ties the role to this
/// deployment, so that nobody else's gateway in the hub account can be talked into using it.
fn external_id(basis: &Basis<'_>) -> String {
    match basis.spec.bedrock.external_id.as_str() {
        "generated" => {
            let hash = naming::long_hash(&["external-id", &basis.place.account, basis.names.prefix()]);
            format!("gwinfra-{}", hash.chars().take(32).collect::<String>())
        }
        literal => literal.to_owned(),
    }
}

/// Whether the account of that name serves the model.
fn serves(model: &BedrockModel, account: &str) -> bool {
    match &model.accounts {
        ModelAccounts::All(_) => true,
        ModelAccounts::Names(names) => names.iter().any(|name| name.0 == account),
    }
}

/// Ids of the models that the account serves, in the spec's order, each once.
fn models_of<'a>(basis: &Basis<'a>, account: &str) -> Vec<&'a str> {
    let mut ids: Vec<&str> = Vec::new();
    for model in basis.spec.models.iter().filter_map(|model| model.bedrock.as_ref()) {
        if serves(model, account) && !ids.contains(&model.model.as_str()) {
            ids.push(&model.model);
        }
    }
    ids
}

/// The accounts that the gateway reaches through a role, by regions and models.
fn groups(basis: &Basis<'_>, targets: &[Target]) -> Vec<AccessGroup> {
    let tags = basis.tags("bedrock-access").each(&["bedrock"]);
    let mut groups: IndexMap<(&[String], Vec<&str>), Vec<String>> = IndexMap::new();
    for target in targets.iter().filter(|target| target.role_arn.is_some()) {
        let accounts = groups.entry((&target.regions, models_of(basis, &target.name))).or_default();
        if !accounts.contains(&target.account) {
            accounts.push(target.account.clone());
        }
    }
    groups
        .into_iter()
        .map(|((regions, models), accounts)| {
            let key = naming::short_hash(&[&regions.join(","), &models.join(",")]);
            let account = accounts.first().map_or("", String::as_str);
            let policies =
                Invocation::policies(basis.place.partition, account, regions, &models).into_iter().enumerate();
            AccessGroup {
                key,
                accounts,
                policies: policies
                    .map(|(index, invoke)| AccessPolicy {
                        id: format!("InvokePolicy{}", index + 1),
                        models: invoke.models,
                        profiles: invoke.profile_ids,
                        models_behind_profiles: invoke.models_behind_profiles,
                        global_models: invoke.global_models,
                    })
                    .collect(),
                condition: None,
                tags: tags.clone(),
            }
        })
        .collect()
}

/// Names the policies of all groups apart, and the conditions that keep each to its accounts.
fn share_template(groups: &mut [AccessGroup]) {
    let several = groups.len() > 1;
    let mut number = 0;
    for (index, group) in groups.iter_mut().enumerate() {
        group.condition = several.then(|| format!("Group{}", index + 1));
        for policy in &mut group.policies {
            number += 1;
            policy.id = format!("InvokePolicy{number}");
        }
    }
}

fn once_each<'a>(items: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    for item in items {
        if !seen.iter().any(|known| known == item) {
            seen.push(item.to_owned());
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::Model;
    use crate::model::testing::spec;

    fn two_accounts() -> Bedrock {
        let accounts = json!([
            {"id": "222222222222", "name": "one", "regions": ["us-east-1", "us-west-2", "us-east-1"]},
            {"id": "333333333333", "name": "two", "regions": ["us-east-1"]}
        ]);
        Model::new(&spec(json!({"bedrock": {"accounts": accounts}})), Some("prod")).bedrock
    }

    #[test]
    fn the_gateway_assumes_a_role_in_each_account_but_its_own() {
        let bedrock = two_accounts();
        let expected =
            ["222222222222", "333333333333"].map(|id| format!("arn:aws:iam::{id}:role/acme-llm-prod-bedrock"));
        assert_eq!(bedrock.role_arns().collect::<Vec<_>>(), expected);
        assert_eq!(bedrock.targets.last().map(|target| target.name.as_str()), Some(HUB));
    }

    #[test]
    fn a_region_that_is_named_twice_counts_once() {
        assert_eq!(two_accounts().targets[0].regions, ["us-east-1", "us-west-2"]);
    }

    #[test]
    fn the_hub_serves_in_its_own_region_unless_told_otherwise() {
        assert_eq!(two_accounts().targets[2].regions, ["us-east-1"]);
    }

    #[test]
    fn accounts_that_may_do_the_same_share_a_template() {
        let accounts = json!([
            {"id": "222222222222", "name": "one", "regions": ["us-east-1"]},
            {"id": "333333333333", "name": "two", "regions": ["us-east-1"]},
            {"id": "444444444444", "name": "three", "regions": ["us-west-2"]}
        ]);
        let bedrock = Model::new(&spec(json!({"bedrock": {"accounts": accounts}})), None).bedrock;
        let accounts: Vec<_> = bedrock.groups.iter().map(|group| group.accounts.join(" ")).collect();
        assert_eq!(accounts, ["222222222222 333333333333", "444444444444"]);
        assert_ne!(bedrock.groups[0].key, bedrock.groups[1].key);
    }

    #[test]
    fn a_shared_template_names_no_account() {
        let groups = serde_json::to_string(&two_accounts().groups[0].policies).unwrap();
        assert!(groups.contains("us.anthropic") && !groups.contains("222222222222"), "{groups}");
    }

    #[test]
    fn an_account_may_invoke_only_the_models_that_it_serves() {
        let changes = json!({
            "bedrock": {"accounts": [{"id": "222222222222", "name": "one", "regions": ["us-east-1"]}]},
            "models": [
                {"name": "a", "bedrock": {"model": "amazon.nova-lite-v1:0", "accounts": ["hub"]}},
                {"name": "b", "bedrock": {"model": "amazon.nova-pro-v1:0"}}
            ]
        });
        let bedrock = Model::new(&spec(changes), None).bedrock;
        let models = &bedrock.targets[0].invoke[0].models;
        assert_eq!(models, &["arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0"]);
    }

    #[test]
    fn groups_that_share_a_template_keep_their_policies_apart() {
        let accounts = json!([
            {"id": "222222222222", "name": "one", "regions": ["us-east-1"]},
            {"id": "333333333333", "name": "two", "regions": ["us-west-2"]}
        ]);
        let rollout = json!({"stack_sets": {"organizational_units": ["r-ab12"]}});
        let bedrock = Model::new(&spec(json!({"bedrock": {"accounts": accounts, "rollout": rollout}})), None).bedrock;
        let of = |group: &AccessGroup| {
            let ids: Vec<_> = group.policies.iter().map(|policy| policy.id.as_str()).collect();
            format!("{} {}", group.condition.as_deref().unwrap_or("-"), ids.join(" "))
        };
        assert_eq!(bedrock.groups.iter().map(of).collect::<Vec<_>>(), ["Group1 InvokePolicy1", "Group2 InvokePolicy2"]);
    }

    #[test]
    fn the_external_id_is_stable_and_belongs_to_one_deployment() {
        let spec = spec(json!({}));
        let id = |environment| Model::new(&spec, environment).bedrock.external_id;
        assert_eq!(id(None), id(None));
        assert_ne!(id(None), id(Some("prod")));
    }

    #[test]
    fn a_literal_external_id_is_used_as_it_is() {
        assert_eq!(Model::new(&spec(json!({"bedrock": {"external_id": "abc:1"}})), None).bedrock.external_id, "abc:1");
    }
}
