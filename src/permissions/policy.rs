//! The policies of each account.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value, json};

use super::own::{self, Allowed};
use super::scope::Scope;
use super::table::Table;
use crate::cfn::template::Template;
use crate::model::Model;
use crate::model::bedrock::HUB;
use crate::model::partition::Place;
use crate::render::{Bundle, RenderedStack};
use crate::spec::types::Region;

/// Characters of a policy document without white space. A managed policy holds 6,144.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
const POLICY_LIMIT: usize = 6_000;

/// The type of a secret.
const SECRET: &str = "AWS::SecretsManager::Secret";

/// What deploys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deploys {
    /// CloudFormation, with the permissions of whoever calls it.
    CloudFormation,
    /// Terraform.
    Terraform,
}

/// The policies that a deploy role of one account needs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AccountPolicies {
    /// Name of the account; `hub` for the hub's own.
    pub account: String,
    /// Account id.
    pub id: String,
    /// Policy documents: as many as it takes, each of at most 6,144 characters without white space.
    pub policies: Vec<Value>,
}

/// The policies for every account of a spec, the hub first. The bundle is that of CloudFormation, whichever engine deploys:
/// both make the same resources.
///
/// # Errors
/// The resource types for which nothing is known, if there are any.
pub fn deploy_policies(bundle: &Bundle, model: &Model, deploys: Deploys) -> Result<Vec<AccountPolicies>, Vec<String>> {
    let hub = &bundle.deployment.hub;
    let partition = Place::new(&hub.account, &Region(hub.region.clone())).partition;
    let spokes = model.bedrock.targets.iter().filter(|target| target.name != HUB);
    let accounts = std::iter::once((HUB, hub.account.as_str()))
        .chain(spokes.map(|target| (target.name.as_str(), target.account.as_str())));
    let mut all = Vec::new();
    for (name, id) in accounts {
        let stacks: Vec<&RenderedStack> = bundle.stacks.iter().filter(|stack| stack.target.account == id).collect();
        let region = stacks.first().map_or(&hub.region, |stack| &stack.target.region);
        let resources = resources(&stacks);
        let scope = Scope {
            place: Place::new(id, &Region(region.clone())),
            prefix: bundle.deployment.prefix.clone(),
            bedrock_role: model.bedrock.role_name.clone(),
            secrets: resources.iter().filter(|(_, kind)| kind == SECRET).map(|(id, _)| id.clone()).collect(),
        };
        let mut allowed = Statements::default();
        allowed.add_types(&scope, &resources.into_iter().map(|(_, kind)| kind).collect())?;
        allowed.add(own::questions(&scope));
        if name == HUB {
            allowed.add(own::hub(&scope));
        }
        match deploys {
            Deploys::CloudFormation => allowed.add(own::stacks(&scope)),
            Deploys::Terraform => {
                allowed.add(own::terraform(&scope));
                if name == HUB {
                    allowed.add(own::terraform_hub(&scope));
                    if let Some(state) = &model.state.s3 {
                        allowed.add(own::state(partition, &state.bucket));
                    }
                }
            }
        }
        all.push(AccountPolicies { account: name.to_owned(), id: id.to_owned(), policies: allowed.documents() });
    }
    Ok(all)
}

/// The resources of stacks: logical ids and types.
fn resources(stacks: &[&RenderedStack]) -> Vec<(String, String)> {
    let templates =
        stacks.iter().filter_map(|stack| Template::parse(stack.template_path.as_str(), &stack.template).ok());
    let named = |template: Template| {
        let resources = template.resources();
        resources.map(|one| (one.logical_id.to_owned(), one.resource_type().to_owned())).collect::<Vec<_>>()
    };
    templates.flat_map(named).collect()
}

/// Actions by the resources that they are allowed on.
#[derive(Debug, Default)]
struct Statements(BTreeMap<Vec<String>, BTreeSet<String>>);

impl Statements {
    fn add_types(&mut self, scope: &Scope, types: &BTreeSet<String>) -> Result<(), Vec<String>> {
        let table = Table::builtin();
        let unknown: Vec<String> = types.iter().filter(|name| table.of_type(name).is_none()).cloned().collect();
        if !unknown.is_empty() {
            return Err(unknown);
        }
        for action in types.iter().filter_map(|name| table.of_type(name)).flatten() {
            self.0.entry(scope.resources(action, table.kinds(action))).or_default().insert(action.to_owned());
        }
        Ok(())
    }

    fn add(&mut self, allowed: Vec<Allowed>) {
        for (actions, mut resources) in allowed {
            resources.sort();
            resources.dedup();
            self.0.entry(resources).or_default().extend(actions.into_iter().map(str::to_owned));
        }
    }

    /// Policy documents that IAM accepts: statements are filled in until one more action would be too much.
    fn documents(self) -> Vec<Value> {
        let mut documents = Vec::new();
        let mut statements: Vec<Value> = Vec::new();
        for (resources, actions) in self.0 {
            let mut fitting: Vec<String> = Vec::new();
            for action in actions {
                let mut with: Vec<&str> = fitting.iter().map(String::as_str).collect();
                with.push(&action);
                let tried = statement(&with, &resources);
                if size(&statements, &tried) > POLICY_LIMIT {
                    if !fitting.is_empty() {
                        statements.push(statement(&fitting, &resources));
                        fitting.clear();
                    }
                    documents.push(document(std::mem::take(&mut statements)));
                }
                fitting.push(action);
            }
            statements.push(statement(&fitting, &resources));
        }
        if !statements.is_empty() {
            documents.push(document(statements));
        }
        documents
    }
}

fn statement<T: AsRef<str> + Serialize>(actions: &[T], resources: &[String]) -> Value {
    json!({"Effect": "Allow", "Action": actions, "Resource": resources})
}

fn document(statements: Vec<Value>) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn size(statements: &[Value], more: &Value) -> usize {
    let frame = document(Vec::new()).to_string().len();
    let inner: usize = statements.iter().chain(std::iter::once(more)).map(|one| one.to_string().len() + 1).sum();
    frame + inner
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_for_one_policy_goes_on_in_the_next() {
        let mut all = Statements::default();
        for number in 0..900 {
            all.0.entry(vec![format!("r{}", number % 3)]).or_default().insert(format!("service:Action{number}"));
        }
        let documents = all.documents();
        assert!(documents.len() > 1);
        assert!(documents.iter().all(|document| document.to_string().len() <= POLICY_LIMIT));
        let actions =
            documents.iter().flat_map(|document| document["Statement"].as_array().cloned().unwrap_or_default());
        let count: usize = actions.map(|one| one["Action"].as_array().map_or(0, Vec::len)).sum();
        assert_eq!(count, 900);
    }

    #[test]
    fn actions_on_the_same_resources_share_a_statement() {
        let mut all = Statements::default();
        all.add(vec![(vec!["a:B"], vec!["x".to_owned()]), (vec!["a:C"], vec!["x".to_owned()])]);
        assert_eq!(all.documents()[0]["Statement"].as_array().map(Vec::len), Some(1));
    }
}
