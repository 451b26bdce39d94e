//! The accounts whose Bedrock quotas the gateway uses, and what the gateway may do there.

use serde::Serialize;

use super::Basis;
use super::naming::{self, ROLE_LIMIT};
use super::partition::Place;
use crate::spec::{BedrockModel, ModelAccounts};

/// Name by which models refer to the hub's own account.
pub const HUB: &str = "hub";

/// The accounts whose Bedrock quotas the gateway uses.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bedrock {
    /// Name of the role in every account.
    pub role_name: String,
    /// External id that the role asks for.
    pub external_id: String,
    /// One per account, in the spec's order, the hub's own last.
    pub targets: Vec<Target>,
}

/// An account that serves models.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
}

impl Bedrock {
    /// The accounts of the spec.
    pub fn new(basis: &Basis<'_>) -> Self {
        let spec = &basis.spec.bedrock;
        let role_name = spec.role_name.clone().unwrap_or_else(|| basis.names.within(ROLE_LIMIT, "bedrock"));
        let mut targets: Vec<Target> = spec
            .accounts
            .iter()
            .map(|account| {
                let region = account.regions.first().unwrap_or(&basis.spec.hub.region);
                Target {
                    name: account.name.0.clone(),
                    account: account.id.0.clone(),
                    regions: once_each(account.regions.iter().map(|region| region.0.as_str())),
                    role_arn: Some(Place::new(account.id.as_str(), region).role_arn(&role_name)),
                    deploy_role: account.deploy_role.as_ref().map(|role| role.0.clone()),
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
                regions,
                role_arn: None,
                deploy_role: basis.spec.hub.deploy_role.as_ref().map(|role| role.0.clone()),
            });
        }
        Self { role_name, external_id: external_id(basis), targets }
    }

    /// The accounts that serve a model, in the order of `targets`.
    pub fn serving<'a>(&'a self, model: &'a BedrockModel) -> impl Iterator<Item = &'a Target> {
        self.targets.iter().filter(move |target| match &model.accounts {
            ModelAccounts::All(_) => true,
            ModelAccounts::Names(names) => names.iter().any(|name| name.0 == target.name),
        })
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
