//! The policies of each account.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value, json};

use super::needs::{AccountNeeds, account_needs};
use crate::model::{Model, iam};
use crate::render::Bundle;

/// Characters of a policy document without white space: what a managed policy holds, with room for a condition that an
/// organization adds.
const POLICY_LIMIT: usize = iam::POLICY_LIMIT - 144;

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
    let all = account_needs(bundle, model, deploys)?.into_iter();
    let policies = |AccountNeeds { account, id, needs }| {
        let mut allowed = Statements::default();
        for need in needs {
            allowed.0.entry(need.resources).or_default().insert(need.action);
        }
        AccountPolicies { account, id, policies: allowed.documents() }
    };
    Ok(all.map(policies).collect())
}

/// Actions by the resources that they are allowed on.
#[derive(Debug, Default)]
struct Statements(BTreeMap<Vec<String>, BTreeSet<String>>);

impl Statements {
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
        all.0.entry(vec!["x".to_owned()]).or_default().extend(["a:B".to_owned(), "a:C".to_owned()]);
        assert_eq!(all.documents()[0]["Statement"].as_array().map(Vec::len), Some(1));
    }
}
