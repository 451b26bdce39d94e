//! What a deployment needs in each account, one action at a time, and what for.

use std::collections::{BTreeMap, BTreeSet};

use super::looks;
use super::own::{self, Allowed};
use super::policy::Deploys;
use super::scope::Scope;
use super::table::Table;
use crate::cfn::template::Template;
use crate::model::Model;
use crate::model::bedrock::HUB;
use crate::model::partition::Place;
use crate::model::stack_set::DELEGATED_ADMIN;
use crate::render::{Bundle, RenderedStack};
use crate::spec::types::Region;

/// The type of a secret.
const SECRET: &str = "AWS::SecretsManager::Secret";

/// What for an action is needed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// To make, read, change and delete a rendered resource.
    Resource(Maker),
    /// Gwinfra calls it itself, or Terraform's provider does.
    Deploy,
    /// `accounts verify`, `capacity`, `drift` and `diagnose` look with it. Nothing is deployed with it.
    Look,
    /// `gwinfra doctor` asks it. Nothing is deployed with it.
    Doctor,
}

/// A rendered resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Maker {
    /// Key of its stack.
    pub stack: String,
    /// Logical id.
    pub logical_id: String,
    /// Type.
    pub resource_type: String,
}

impl Purpose {
    /// Whether a deployment fails without it.
    pub fn is_of_deployment(&self) -> bool {
        matches!(self, Self::Resource(_) | Self::Deploy)
    }
}

/// An action that is needed on resources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// `service:Action`.
    pub action: String,
    /// ARNs, with `*` where names are not known beforehand; sorted, each once.
    pub resources: Vec<String>,
    /// What for, each once.
    pub purposes: BTreeSet<Purpose>,
}

/// What is needed in one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountNeeds {
    /// Name of the account; `hub` for the hub's own.
    pub account: String,
    /// Account id.
    pub id: String,
    /// The actions, by their resources.
    pub needs: Vec<Need>,
}

/// What is needed in every account of a spec, the hub first. The bundle is that of CloudFormation, whichever engine
/// deploys: both make the same resources.
///
/// # Errors
/// The resource types for which nothing is known, if there are any.
pub fn account_needs(bundle: &Bundle, model: &Model, deploys: Deploys) -> Result<Vec<AccountNeeds>, Vec<String>> {
    let hub = &bundle.deployment.hub;
    let partition = Place::new(&hub.account, &Region(hub.region.clone())).partition;
    let spokes = model.bedrock.targets.iter().filter(|target| target.name != HUB);
    let accounts = std::iter::once((HUB, hub.account.as_str()))
        .chain(spokes.map(|target| (target.name.as_str(), target.account.as_str())));
    let mut all = Vec::new();
    for (name, id) in accounts {
        let stacks: Vec<&RenderedStack> = bundle.stacks.iter().filter(|stack| stack.target.account == id).collect();
        let region = stacks.first().map_or(&hub.region, |stack| &stack.target.region);
        let makers = makers(&stacks);
        let scope = Scope {
            place: Place::new(id, &Region(region.clone())),
            prefix: bundle.deployment.prefix.clone(),
            bedrock_role: model.bedrock.role_name.clone(),
            secrets: makers
                .iter()
                .filter(|maker| maker.resource_type == SECRET)
                .map(|maker| maker.logical_id.clone())
                .collect(),
        };
        let mut needed = Needed::default();
        needed.add_makers(&scope, makers)?;
        needed.add(own::questions(&scope), &Purpose::Look);
        needed.add(own::doctor(&scope), &Purpose::Doctor);
        if bundle.members.iter().any(|member| member.account == id) {
            needed.add(looks::member(&scope), &Purpose::Look);
        }
        if name == HUB {
            needed.add(own::hub(&scope), &Purpose::Deploy);
            needed.add(own::looks_hub(&scope), &Purpose::Look);
            needed.add(own::doctor_hub(&scope), &Purpose::Doctor);
            if let Some(set) = &model.bedrock.stack_set {
                needed.add(own::stack_set(&scope, set.call_as == DELEGATED_ADMIN), &Purpose::Deploy);
            }
        }
        match deploys {
            // The organization deploys into the accounts of a stack set.
            _ if stacks.is_empty() => {}
            Deploys::CloudFormation => {
                needed.add(own::stacks(&scope), &Purpose::Deploy);
                needed.add(looks::stacks(&scope), &Purpose::Look);
            }
            Deploys::Terraform => {
                needed.add(own::terraform(&scope), &Purpose::Deploy);
                if name == HUB {
                    needed.add(own::terraform_hub(&scope), &Purpose::Deploy);
                    if let Some(state) = &model.state.s3 {
                        needed.add(own::state(partition, &state.bucket), &Purpose::Deploy);
                    }
                }
            }
        }
        all.push(AccountNeeds { account: name.to_owned(), id: id.to_owned(), needs: needed.into_needs() });
    }
    Ok(all)
}

/// The resources of stacks.
fn makers(stacks: &[&RenderedStack]) -> Vec<Maker> {
    let of_stack = |stack: &&RenderedStack| {
        let template = Template::parse(stack.template_path.as_str(), &stack.template).ok();
        let maker = |one: crate::cfn::template::Resource<'_>| Maker {
            stack: stack.key.clone(),
            logical_id: one.logical_id.to_owned(),
            resource_type: one.resource_type().to_owned(),
        };
        template.map(|template| template.resources().map(maker).collect::<Vec<_>>()).unwrap_or_default()
    };
    stacks.iter().flat_map(of_stack).collect()
}

/// Actions by the resources that they are needed on.
#[derive(Debug, Default)]
struct Needed(BTreeMap<Vec<String>, BTreeMap<String, BTreeSet<Purpose>>>);

impl Needed {
    fn add_makers(&mut self, scope: &Scope, makers: Vec<Maker>) -> Result<(), Vec<String>> {
        let table = Table::builtin();
        let types: BTreeSet<&String> = makers.iter().map(|maker| &maker.resource_type).collect();
        let unknown: Vec<String> = types.into_iter().filter(|name| table.of_type(name).is_none()).cloned().collect();
        if !unknown.is_empty() {
            return Err(unknown);
        }
        for maker in makers {
            for action in table.of_type(&maker.resource_type).into_iter().flatten() {
                let resources = scope.resources(action, table.kinds(action));
                self.purposes(resources, action).insert(Purpose::Resource(maker.clone()));
            }
        }
        Ok(())
    }

    fn add(&mut self, allowed: Vec<Allowed>, purpose: &Purpose) {
        for (actions, mut resources) in allowed {
            resources.sort();
            resources.dedup();
            for action in actions {
                self.purposes(resources.clone(), action).insert(purpose.clone());
            }
        }
    }

    fn purposes(&mut self, resources: Vec<String>, action: &str) -> &mut BTreeSet<Purpose> {
        self.0.entry(resources).or_default().entry(action.to_owned()).or_default()
    }

    fn into_needs(self) -> Vec<Need> {
        let needs = self.0.into_iter().flat_map(|(resources, actions)| {
            actions.into_iter().map(move |(action, purposes)| Need { action, resources: resources.clone(), purposes })
        });
        needs.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_need_is_one_need_with_both_purposes() {
        let mut needed = Needed::default();
        needed.add(vec![(vec!["a:B"], vec!["x".to_owned()])], &Purpose::Deploy);
        needed.add(vec![(vec!["a:B", "a:C"], vec!["x".to_owned()])], &Purpose::Doctor);
        let needs = needed.into_needs();
        let told: Vec<(&str, usize)> = needs.iter().map(|need| (need.action.as_str(), need.purposes.len())).collect();
        assert_eq!(told, [("a:B", 2), ("a:C", 1)]);
    }
}
