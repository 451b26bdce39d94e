//! What the model says of nodes, computed here and by no template.
//!
//! A fact is said in CloudFormation's words and takes the same way to its normal form as a property that was read back.
//! Only what a reference is called comes from the rendered stacks.

mod access;
mod data;
mod foundation;
mod gateway;
mod identity;
mod network;
mod observability;
mod service;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value as Json, json};

use super::cloudformation::{Names, Stack};
use super::compare::Expected;
use super::resource::{Side, node_key};
use super::{kinds, tree};
use crate::cfn::evaluate::{Evaluator, Lookup, Parameters};
use crate::cfn::template::Template;
use crate::model::Model;
use crate::model::tags::{DEPLOYMENT, STACK, Tag};
use crate::render::{Bundle, Node};

/// The facts of a model.
pub(super) fn of(model: &Model, bundle: &Bundle, stacks: &[Stack], ours: &Side, theirs: &Side) -> Expected {
    let mut expectations = Expectations { nodes: &bundle.nodes, stacks, facts: Expected::new() };
    let said = &mut expectations;
    foundation::expect(model, said);
    network::expect(model, said);
    data::expect(model, said);
    gateway::expect(model, said);
    service::expect(model, said);
    observability::expect(model, said);
    identity::expect(model, said);
    access::expect(model, said);
    let mut facts = expectations.facts;
    belonging(model, ours, theirs, &mut facts);
    facts
}

/// Whatever has tags says which deployment and which stack it belongs to.
fn belonging(model: &Model, ours: &Side, theirs: &Side, facts: &mut Expected) {
    let tagged = |side: &Side, key: &str| {
        side.nodes.get(key).is_some_and(|resources| resources.iter().any(|resource| resource.tags.is_some()))
    };
    for key in ours.nodes.keys().filter(|key| tagged(ours, key) && tagged(theirs, key)) {
        let node = key.split_once(':').map_or(key.as_str(), |(_, node)| node);
        let stack = node.split('/').next().unwrap_or_default();
        let own = facts.entry(key.clone()).or_default();
        own.insert(format!("tags.{DEPLOYMENT}"), json!(model.prefix));
        own.insert(format!("tags.{STACK}"), json!(stack));
    }
}

/// Facts that are collected.
struct Expectations<'a> {
    nodes: &'a [Node],
    stacks: &'a [Stack],
    facts: Expected,
}

impl Expectations<'_> {
    /// Expects properties of a resource of the hub, in CloudFormation's words; `null` stands for no expectation.
    fn expect(&mut self, stack: &str, logical_id: &str, type_name: &str, properties: Json) {
        self.expect_in(None, stack, logical_id, type_name, properties);
    }

    /// Expects properties of a resource in an account beside the hub's.
    fn expect_in(
        &mut self,
        account: Option<&str>,
        stack: &str,
        logical_id: &str,
        type_name: &str,
        mut properties: Json,
    ) {
        if let Some(members) = properties.as_object_mut() {
            members.retain(|_, value| !value.is_null());
        }
        let key = self.key(account, stack, logical_id);
        let properties = self.resolved(account, stack, &properties);
        let facts = kinds::of(type_name).facts(type_name, &properties, &format!("${{{key}."));
        self.facts.entry(key).or_default().extend(tree::leaves(&facts));
    }

    /// Expects tags of a resource of the hub.
    fn tags(&mut self, stack: &str, logical_id: &str, tags: &[Tag]) {
        let key = self.key(None, stack, logical_id);
        let facts = tags.iter().map(|tag| (format!("tags.{}", tag.key), json!(tag.value)));
        self.facts.entry(key).or_default().extend(facts);
    }

    /// Expects how long a log group keeps what it gets, and with which key.
    fn log_group(&mut self, stack: &str, logical_id: &str, name: &impl Serialize, days: u32) {
        let key = json!({"Ref": "KmsKeyArn"});
        let properties = json!({"LogGroupName": name, "RetentionInDays": days, "KmsKeyId": key});
        self.expect(stack, logical_id, "AWS::Logs::LogGroup", properties);
    }

    fn key(&self, account: Option<&str>, stack: &str, logical_id: &str) -> String {
        let found = self.nodes.iter().find_map(|node| node.of_logical_id(stack, logical_id));
        node_key(account, &found.map_or_else(|| format!("{stack}/{logical_id}"), |found| found.name))
    }

    /// A value whose references are names of nodes.
    fn resolved(&self, account: Option<&str>, stack: &str, value: &Json) -> Json {
        let read = self.stacks.iter().find(|read| read.kind == stack && read.account.as_deref() == account);
        let whole = json!({"Resources": {"Expected": {"Type": "Expected", "Properties": value}}});
        let (Some(read), Ok(template)) = (read, Template::parse("expected", &whole.to_string())) else {
            return value.clone();
        };
        let names = Names { template: &read.template, nodes: self.nodes, stack, account };
        let evaluator_parameters = with_references(&read.parameters, &names, &read.template);
        let evaluator = Evaluator::new(&template, &evaluator_parameters, &names);
        template.resource("Expected").map_or(Json::Null, |resource| evaluator.properties(&resource))
    }
}

/// The parameters, and what `Ref` of each resource gives.
fn with_references(parameters: &Parameters, names: &Names<'_>, template: &Template) -> Parameters {
    let references = template.resources().filter_map(|resource| match names.reference(resource.logical_id)? {
        Json::String(text) => Some((resource.logical_id.to_owned(), text)),
        _ => None,
    });
    let references: BTreeMap<String, String> = references.collect();
    references.into_iter().fold(parameters.clone(), |all, (name, value)| all.with(name, value))
}

/// A statement of a policy that is expected.
fn statement(sid: &str, action: &[&str], resource: Json, condition: Option<Json>) -> Json {
    let mut statement = json!({"Sid": sid, "Effect": "Allow", "Action": action, "Resource": resource});
    if let (Some(members), Some(condition)) = (statement.as_object_mut(), condition) {
        members.insert("Condition".to_owned(), condition);
    }
    statement
}
