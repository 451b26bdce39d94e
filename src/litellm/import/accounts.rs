//! The accounts whose Bedrock quotas the deployments use.

use indexmap::{IndexMap, IndexSet};
use serde_json::{Map, Value, json};

use super::Hub;
use super::deployment::{Deployment, Source};
use super::notes::Notes;
use crate::spec::types::Region;

/// Name by which a spec's models refer to the hub's own account.
const HUB: &str = "hub";

/// The accounts, in the order in which they are named first.
#[derive(Debug)]
pub(super) struct Accounts {
    /// Regions by account id.
    others: IndexMap<String, IndexSet<String>>,
    /// Regions of the hub's own account; none if it does not serve.
    hub: IndexSet<String>,
}

impl Accounts {
    pub(super) fn of(deployments: &[Deployment<'_>]) -> Self {
        let mut accounts = Self { others: IndexMap::new(), hub: IndexSet::new() };
        for deployment in deployments {
            let Source::Bedrock { account, region, .. } = &deployment.source else { continue };
            match account {
                Some(account) => accounts.others.entry((*account).to_owned()).or_default().insert(region.clone()),
                None => accounts.hub.insert(region.clone()),
            };
        }
        accounts
    }

    /// The name by which models refer to an account.
    pub(super) fn name(&self, account: Option<&str>) -> String {
        match account.and_then(|account| self.others.get_index_of(account)) {
            Some(index) => format!("bedrock-{}", index + 1),
            None => HUB.to_owned(),
        }
    }

    /// The regions in which an account serves.
    pub(super) fn regions(&self, account: Option<&str>) -> impl Iterator<Item = &str> {
        let regions = match account {
            Some(account) => self.others.get(account),
            None => Some(&self.hub),
        };
        regions.into_iter().flatten().map(String::as_str)
    }

    /// How many accounts serve.
    pub(super) fn count(&self) -> usize {
        self.others.len() + usize::from(!self.hub.is_empty())
    }

    /// Says what becomes of the roles.
    pub(super) fn explain(&self, deployments: &[Deployment<'_>], hub: &Hub<'_>, notes: &mut Notes<'_>) {
        let mut told = IndexSet::new();
        for deployment in deployments {
            let Source::Bedrock { account, .. } = &deployment.source else { continue };
            let Some(param) = deployment.param("aws_role_name") else { continue };
            if !told.insert(param.value.as_str().unwrap_or_default().to_owned()) {
                continue;
            }
            let reason = match account {
                Some(account) => format!(
                    "gwinfra makes a role of its own in {account}, `{}-bedrock`: remove this one when nothing uses it",
                    hub.name
                ),
                None => "the gateway's own account needs no role: its task role calls Bedrock".to_owned(),
            };
            notes.changed(&param.path, reason);
        }
    }

    /// The spec's `bedrock`.
    pub(super) fn spec(&self, deployments: &[Deployment<'_>], hub: &Hub<'_>, notes: &mut Notes<'_>) -> Value {
        let mut bedrock = Map::new();
        if !self.hub.is_empty() {
            bedrock.insert("include_hub".into(), json!(true));
            if !self.hub.iter().eq([hub.region]) {
                bedrock.insert("hub_regions".into(), json!(self.hub));
            }
        }
        if let Some(external_id) = external_id(deployments, notes) {
            bedrock.insert("external_id".into(), json!(external_id));
        }
        let partition = Region(hub.region.to_owned()).partition();
        let accounts: Vec<Value> = self
            .others
            .iter()
            .map(|(id, regions)| {
                json!({
                    "id": id,
                    "name": self.name(Some(id)),
                    "regions": regions,
                    "deploy_role": format!("arn:{partition}:iam::{id}:role/gwinfra-deploy"),
                })
            })
            .collect();
        if !accounts.is_empty() {
            bedrock.insert("accounts".into(), Value::Array(accounts));
        }
        Value::Object(bedrock)
    }
}

/// The one external id of all roles.
fn external_id(deployments: &[Deployment<'_>], notes: &mut Notes<'_>) -> Option<String> {
    let mut first: Option<String> = None;
    for deployment in deployments {
        let Some(param) = deployment.param("aws_external_id") else { continue };
        let fits = |text: &&str| {
            (2..=1224).contains(&text.len())
                && !text.starts_with("os.environ/")
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+=,.@:/_-".contains(&byte))
        };
        match (param.value.as_str().filter(fits), &first) {
            (None, _) => {
                notes.left(&param.path, "gwinfra makes an external id of its own: `bedrock.external_id` sets one")
            }
            (Some(text), None) => first = Some(text.to_owned()),
            (Some(text), Some(first)) if text == first => {}
            (Some(_), Some(_)) => notes.changed(&param.path, "a spec has one external id for all accounts: the first"),
        }
    }
    first
}
