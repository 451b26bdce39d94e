//! The roles of a bundle, whichever engine it is for: whom they trust and what they may do.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::cfn::evaluate::{Evaluator, Lookup, Parameters};
use crate::cfn::stack_set;
use crate::cfn::template::{Output, Template};
use crate::model::partition::Place;
use crate::render::{Bundle, ParameterValue, RenderedModule, RenderedStack, Target};
use crate::spec::types::Region;
use crate::tf::Module;
use crate::tf::evaluate::{Instance, evaluate};

/// A role with a name that is known beforehand.
#[derive(Debug, Clone, PartialEq)]
pub struct RenderedRole {
    /// Account id.
    pub account: String,
    /// Name.
    pub name: String,
    /// Trust policy.
    pub trust: Json,
    /// Policies that give it permissions. What is only known in AWS stays a reference in them.
    pub policies: Vec<Json>,
}

impl RenderedRole {
    /// The policies in which nothing is left to be known.
    pub fn known_policies(&self) -> impl Iterator<Item = &Json> {
        self.policies.iter().filter(|policy| is_known(policy))
    }
}

/// Whether a policy has no reference in it. IAM's own variables are never rendered.
pub(super) fn is_known(policy: &Json) -> bool {
    match policy {
        Json::String(text) => !text.contains("${"),
        Json::Array(items) => items.iter().all(is_known),
        Json::Object(members) => {
            let reference = |key: &str| key == "Ref" || key.starts_with("Fn::") || key.starts_with('$');
            !members.keys().any(|key| reference(key)) && members.values().all(is_known)
        }
        _ => true,
    }
}

/// The roles of a bundle that have a fixed name, in its order.
pub fn rendered_roles(bundle: &Bundle) -> Vec<RenderedRole> {
    // Stacks of the same text share a template.
    let mut templates: HashMap<&str, Option<Arc<Template>>> = HashMap::new();
    for stack in &bundle.stacks {
        let parse = || Template::parse(stack.template_path.as_str(), &stack.template).ok().map(Arc::new);
        templates.entry(&stack.template_path).or_insert_with(parse);
    }
    let of_stacks = bundle.stacks.iter();
    let parsed = || of_stacks.clone().filter_map(|stack| Some((stack, templates[&*stack.template_path].as_ref()?)));
    let mut roles: Vec<RenderedRole> = parsed().flat_map(|(stack, template)| of_stack(stack, template)).collect();
    let handed: HashMap<(&str, &str), String> =
        parsed().flat_map(|(stack, template)| handed_roles(stack, template)).collect();
    for (stack, template) in parsed() {
        for (name, policy) in attached_elsewhere(stack, template, &handed) {
            let of = |role: &&mut RenderedRole| role.account == stack.target.account && role.name == name;
            roles.iter_mut().filter(of).for_each(|role| role.policies.push(policy.clone()));
        }
    }
    roles.extend(bundle.modules.iter().flat_map(of_module));
    roles
}

/// Resources of the same template by their logical ids.
struct LogicalIds;

impl Lookup for LogicalIds {
    fn reference(&self, logical_id: &str) -> Option<Json> {
        Some(json!(format!("${{{logical_id}}}")))
    }

    fn attribute(&self, logical_id: &str, attribute: &str) -> Option<Json> {
        Some(json!(format!("${{{logical_id}.{attribute}}}")))
    }
}

fn of_stack(stack: &RenderedStack, template: &Template) -> Vec<RenderedRole> {
    let mut roles = of_template(template, &stack.target);
    for set in stack_set::of_template(&stack.template) {
        roles.extend(of_stack_set(&set.template, set.accounts.iter().map(String::as_str), &stack.target.region));
    }
    roles
}

/// The roles that a stack set makes: one template for all accounts, in which conditions keep each to its own.
fn of_stack_set<'a>(body: &str, accounts: impl Iterator<Item = &'a str>, region: &str) -> Vec<RenderedRole> {
    let Ok(template) = Template::parse("stack set", body).map(Arc::new) else { return Vec::new() };
    let targets =
        accounts.map(|account| Target { account: account.to_owned(), region: region.to_owned(), deploy_role: None });
    targets.flat_map(|target| of_template(&template, &target)).collect()
}

fn of_template(template: &Template, target: &Target) -> Vec<RenderedRole> {
    let parameters = parameters(target);
    let evaluator = Evaluator::new(template, &parameters, &LogicalIds);
    let there = template.resources().filter(|resource| evaluator.holds(resource.condition()) != Some(false));
    let resources: BTreeMap<&str, (&str, Json)> = there
        .map(|resource| (resource.logical_id, (resource.resource_type(), evaluator.properties(&resource))))
        .collect();
    let of_type = |type_name: &'static str| resources.iter().filter(move |(_, (found, _))| *found == type_name);
    let names = |list: Option<&Json>, logical_id: &str| {
        let reference = format!("${{{logical_id}}}");
        list.and_then(Json::as_array).is_some_and(|items| items.iter().any(|item| *item == reference))
    };
    of_type("AWS::IAM::Role")
        .filter_map(|(id, (_, role))| {
            let inline = role.get("Policies").and_then(Json::as_array).into_iter().flatten();
            let managed = of_type("AWS::IAM::ManagedPolicy").filter(|(policy_id, (_, policy))| {
                names(role.get("ManagedPolicyArns"), policy_id) || names(policy.get("Roles"), id)
            });
            let documents = inline.chain(managed.map(|(_, (_, policy))| policy));
            Some(RenderedRole {
                account: target.account.clone(),
                name: role.get("RoleName")?.as_str()?.to_owned(),
                trust: role.get("AssumeRolePolicyDocument")?.clone(),
                policies: documents.filter_map(|policy| policy.get("PolicyDocument").cloned()).collect(),
            })
        })
        .collect()
}

/// The names of roles that a stack hands on, by its key and the output.
fn handed_roles<'a>(stack: &'a RenderedStack, template: &'a Template) -> Vec<((&'a str, &'a str), String)> {
    let parameters = parameters(&stack.target);
    let evaluator = Evaluator::new(template, &parameters, &LogicalIds);
    let of_output = |output: Output<'a>| {
        let value = evaluator.value(output.value()?)?;
        let logical_id = value.as_str()?.strip_prefix("${")?.strip_suffix('}')?;
        let role = template.resources().find(|resource| resource.logical_id == logical_id)?;
        let name = evaluator.properties(&role).get("RoleName")?.as_str()?.to_owned();
        Some(((stack.key.as_str(), output.name), name))
    };
    template.outputs().filter_map(of_output).collect()
}

/// The managed policies of a stack that are attached to a role of another, with the name of that role.
fn attached_elsewhere(
    stack: &RenderedStack,
    template: &Template,
    handed: &HashMap<(&str, &str), String>,
) -> Vec<(String, Json)> {
    let given = stack.parameters.iter().filter_map(|(parameter, value)| match value {
        ParameterValue::Output { stack, output } => {
            Some((parameter.as_str(), handed.get(&(stack.as_str(), output.as_str()))?))
        }
        _ => None,
    });
    let given: Vec<_> = given.collect();
    if given.is_empty() {
        return Vec::new();
    }
    let parameters = given.iter().fold(parameters(&stack.target), |all, (name, role)| all.with(*name, *role));
    let evaluator = Evaluator::new(template, &parameters, &LogicalIds);
    let policies = template.resources().filter(|resource| resource.resource_type() == "AWS::IAM::ManagedPolicy");
    let attached = policies.flat_map(|policy| {
        let properties = evaluator.properties(&policy);
        let names = properties.get("Roles").and_then(Json::as_array).into_iter().flatten();
        let names: Vec<String> = names.filter_map(Json::as_str).map(str::to_owned).collect();
        names.into_iter().filter_map(move |name| Some((name, properties.get("PolicyDocument")?.clone())))
    });
    attached.collect()
}

/// AWS's own parameters in an account and region.
fn parameters(target: &Target) -> Parameters {
    let place = Place::new(&target.account, &Region(target.region.clone()));
    Parameters::new()
        .with("AWS::AccountId", place.account)
        .with("AWS::Region", place.region)
        .with("AWS::Partition", place.partition)
        .with("AWS::URLSuffix", place.dns_suffix)
}

fn of_module(module: &RenderedModule) -> Vec<RenderedRole> {
    let files = module.files.iter().filter(|(name, _)| name.ends_with(".tf"));
    let files: Vec<(String, Arc<str>)> = files.map(|(name, text)| (name.clone(), text.clone())).collect();
    let Ok(parsed) = Module::parse(&files) else { return Vec::new() };
    let instances = evaluate(&parsed, &BTreeMap::new()).instances;
    let of_type = |type_name: &'static str| instances.iter().filter(move |one| one.type_name == type_name);
    let stacks = of_type("aws_cloudformation_stack").filter_map(|stack| encoded(stack.arguments.get("template_body")?));
    let made = stacks.filter_map(|template| template.get("Resources")?.as_object()).flat_map(|made| made.values());
    let sets = made.filter(|one| one.get("Type").and_then(Json::as_str) == Some(stack_set::TYPE)).filter_map(|set| {
        let properties = set.get("Properties")?;
        // `file("${path.module}/NAME")`
        let body = properties.get("TemplateBody")?.to_string();
        let (_, template) = module.files.iter().find(|(name, _)| body.contains(&format!("/{name}")))?;
        let accounts = properties.pointer("/StackInstancesGroup/0/DeploymentTargets/Accounts")?.as_array()?;
        Some(of_stack_set(template, accounts.iter().filter_map(Json::as_str), &module.target.region))
    });
    let brought: Vec<RenderedRole> = sets.flatten().collect();
    of_type("aws_iam_role")
        .filter_map(|role| {
            let of_role = |one: &&Instance| refers(one.arguments.get("role"), &role.address);
            let attached = of_type("aws_iam_role_policy_attachment").filter(of_role);
            let managed = attached.filter_map(|attachment| {
                let arn = attachment.arguments.get("policy_arn");
                of_type("aws_iam_policy").find(|policy| refers(arn, &policy.address))
            });
            let documents = of_type("aws_iam_role_policy").filter(of_role).chain(managed);
            Some(RenderedRole {
                account: module.target.account.clone(),
                name: role.arguments.get("name")?.as_str()?.to_owned(),
                trust: encoded(role.arguments.get("assume_role_policy")?)?.clone(),
                policies: documents.filter_map(|policy| encoded(policy.arguments.get("policy")?).cloned()).collect(),
            })
        })
        .chain(brought)
        .collect()
}

/// The tree in a `jsonencode`.
fn encoded(value: &Json) -> Option<&Json> {
    value.get("$json")
}

/// Whether an argument is an attribute of a resource.
fn refers(argument: Option<&Json>, address: &str) -> bool {
    let reference = argument.and_then(|argument| argument.get("$ref")).and_then(Json::as_str);
    reference.and_then(|reference| reference.strip_prefix(address)).is_some_and(|rest| rest.starts_with('.'))
}
