//! CloudFormation's side: the resources of all stacks, parameters followed from stack to stack.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::resource::{Output, Resource, Side, node_key};
use super::{attribute, members};
use crate::blueprint::Manifest;
use crate::cfn::evaluate::{Evaluator, Lookup, Parameters};
use crate::cfn::registry::Registry;
use crate::cfn::template::Template;
use crate::model::partition::Place;
use crate::render::{Bundle, Lookup as Sought, Node, ParameterValue, RenderedStack, Target};
use crate::spec::types::Region;

/// More zones than any region has.
const ZONES: usize = 8;

/// The type whose resources stand in other accounts.
pub(super) const STACK_SET: &str = "AWS::CloudFormation::StackSet";

/// A stack that was read.
pub(super) struct Stack {
    /// Name in the blueprint.
    pub kind: String,
    /// The account, outside the hub's.
    pub account: Option<String>,
    /// Its template.
    pub template: Arc<Template>,
    /// Values of its parameters.
    pub parameters: Parameters,
}

/// The resources of a bundle, and its stacks.
pub(super) fn side(bundle: &Bundle, manifest: &Manifest, registry: &Registry) -> (Side, Vec<Stack>) {
    let mut side = Side::default();
    let mut stacks = Vec::new();
    let mut templates: HashMap<&str, Option<Arc<Template>>> = HashMap::new();
    let mut outputs: HashMap<(String, String), String> = HashMap::new();
    for stack in &bundle.stacks {
        let template = templates.entry(&stack.template_path).or_insert_with(|| {
            match Template::parse(stack.template_path.as_str(), &stack.template) {
                Ok(template) => Some(Arc::new(template)),
                Err(error) => {
                    side.unreadable.push(error.to_string());
                    None
                }
            }
        });
        let Some(template) = template else { continue };
        let account = outside(&bundle.deployment.hub, &stack.target);
        let parameters = parameters(bundle, stack, &outputs);
        let names = Names { template, nodes: &bundle.nodes, stack: &stack.kind, account };
        let evaluator = Evaluator::new(template, &parameters, &names).with_no_echo_values();
        for output in template.outputs() {
            let Some(value) = output.value().and_then(|value| evaluator.value(value)) else { continue };
            if let Some(text) = value.as_str() {
                outputs.insert((stack.key.clone(), output.name.to_owned()), text.to_owned());
            }
            let own = side.outputs.entry(node_key(account, &stack.kind)).or_default();
            let name = format!("Outputs.{}", output.name);
            own.insert(output.name.to_owned(), Output { place: stack.key.clone(), name, value });
        }
        let made = resources(template, &evaluator, &stack.tags, registry);
        for (logical_id, mut resource) in made {
            resource.place.clone_from(&stack.key);
            if resource.type_name == STACK_SET {
                let region = &stack.target.region;
                let resource = &mut resource;
                stacks.extend(brought(
                    &stack.key,
                    &stack.kind,
                    region,
                    manifest,
                    bundle,
                    registry,
                    resource,
                    &mut side,
                ));
            }
            match names.node(&logical_id) {
                Some(node) => side.nodes.entry(node_key(account, &node)).or_default().push(resource),
                None => side.unmapped.push(resource),
            }
        }
        let (kind, account) = (stack.kind.clone(), account.map(str::to_owned));
        stacks.push(Stack { kind, account, template: template.clone(), parameters });
    }
    attach(&mut side);
    (side, stacks)
}

/// What a stack set brings into the accounts, whose template is then compared resource by resource and not as a text.
#[expect(clippy::too_many_arguments, reason = "one call of each side")]
pub(super) fn brought(
    place: &str,
    kind: &str,
    region: &str,
    manifest: &Manifest,
    bundle: &Bundle,
    registry: &Registry,
    resource: &mut Resource,
    side: &mut Side,
) -> Vec<Stack> {
    let Some(members) = resource.properties.as_object_mut() else { return Vec::new() };
    let Some(Json::String(template)) = members.remove("TemplateBody") else { return Vec::new() };
    let group = members.get("StackInstancesGroup").and_then(|groups| groups.get(0));
    let set = members::Set {
        place,
        name: &resource.name,
        kind,
        template: &template,
        accounts: members::texts(group.and_then(|group| group.pointer("/DeploymentTargets/Accounts"))),
        region,
        tags: resource.tags.clone().unwrap_or_default(),
    };
    members::add(&set, manifest, &bundle.nodes, registry, side)
}

/// Moves the attachment of a policy of the bundle from the role to the policy: either may name the other.
pub(super) fn attach(side: &mut Side) {
    let mut attached: Vec<(String, String)> = Vec::new();
    for (role, resources) in &mut side.nodes {
        for resource in resources.iter_mut().filter(|resource| resource.type_name == "AWS::IAM::Role") {
            let Some(Json::Array(arns)) = resource.properties.get_mut("ManagedPolicyArns") else { continue };
            arns.retain(|arn| match arn.as_str().and_then(|arn| arn.strip_prefix("${")?.strip_suffix(".arn}")) {
                Some(policy) => {
                    attached.push((policy.to_owned(), format!("${{{role}.name}}")));
                    false
                }
                None => true,
            });
        }
    }
    for (policy, role) in attached {
        let resources = side.nodes.get_mut(&policy).into_iter().flatten();
        for properties in resources.filter_map(|resource| resource.properties.as_object_mut()) {
            if let Json::Array(roles) = properties.entry("Roles").or_insert_with(|| json!([])) {
                roles.push(json!(role));
            }
        }
    }
}

/// The account of a target, `None` for the hub's.
pub(super) fn outside<'t>(hub: &Target, target: &'t Target) -> Option<&'t str> {
    (target.account != hub.account).then_some(target.account.as_str())
}

/// The resources of one template, with what is evaluated in their properties.
pub(super) fn resources(
    template: &Template,
    evaluator: &Evaluator<'_>,
    stack_tags: &BTreeMap<String, String>,
    registry: &Registry,
) -> Vec<(String, Resource)> {
    let there = template.resources().filter(|resource| evaluator.holds(resource.condition()) != Some(false));
    let make = there.map(|resource| {
        let mut properties = evaluator.properties(&resource);
        let type_name = resource.resource_type();
        let own = properties.as_object_mut().and_then(|members| members.remove("Tags"));
        let tags = taggable(registry, type_name).then(|| {
            let mut tags = stack_tags.clone();
            tags.extend(super::tags::of(own.as_ref()));
            tags
        });
        if let (Some(members), Some(policy)) = (properties.as_object_mut(), resource.deletion_policy()) {
            members.insert("DeletionPolicy".to_owned(), json!(policy));
        }
        let made = Resource {
            place: String::new(),
            name: resource.logical_id.to_owned(),
            type_name: type_name.to_owned(),
            properties,
            tags,
            within: None,
        };
        (resource.logical_id.to_owned(), made)
    });
    make.collect()
}

/// Whether resources of a type take the tags of their stack.
fn taggable(registry: &Registry, type_name: &str) -> bool {
    let properties = registry.get(type_name).and_then(|schema| schema.properties());
    properties.is_some_and(|properties| properties.contains_key("Tags"))
}

/// The values of a stack's parameters, and of AWS's own.
fn parameters(bundle: &Bundle, stack: &RenderedStack, outputs: &HashMap<(String, String), String>) -> Parameters {
    let mut parameters = pseudo(&stack.target).with("AWS::StackName", stack.name.as_str());
    for (name, value) in &stack.parameters {
        let text = match value {
            ParameterValue::Literal(text) => Some(text.clone()),
            ParameterValue::Output { stack, output } => outputs.get(&(stack.clone(), output.clone())).cloned(),
            ParameterValue::Image(image) => bundle.images.get(image).cloned(),
            ParameterValue::Lookup(lookup) => bundle.lookups.get(lookup).map(|sought| match sought {
                Sought::Value(value) => value.clone(),
                Sought::HostedZone { name } => format!("${{zone {}}}", name.trim_end_matches('.')),
                Sought::Vpc { id, .. } => id.clone(),
                Sought::AvailabilityZones { names, .. } => names.join(","),
            }),
        };
        if let Some(text) = text {
            parameters = parameters.with(name, text);
        }
    }
    parameters
}

/// AWS's own parameters in an account and region.
pub(super) fn pseudo(target: &Target) -> Parameters {
    let place = Place::new(&target.account, &Region(target.region.clone()));
    Parameters::new()
        .with("AWS::AccountId", place.account)
        .with("AWS::Region", place.region)
        .with("AWS::Partition", place.partition)
        .with("AWS::URLSuffix", place.dns_suffix)
}

/// References of one template as names of nodes.
pub(super) struct Names<'a> {
    pub template: &'a Template,
    pub nodes: &'a [Node],
    pub stack: &'a str,
    pub account: Option<&'a str>,
}

impl Names<'_> {
    /// The node that a logical id stands for.
    pub fn node(&self, logical_id: &str) -> Option<String> {
        self.nodes.iter().find_map(|node| node.of_logical_id(self.stack, logical_id)).map(|found| found.name)
    }

    fn token(&self, logical_id: &str, attribute: &str) -> Option<Json> {
        let resource = self.template.resource(logical_id)?;
        let node = self.node(logical_id).unwrap_or_else(|| format!("{}/{logical_id}", self.stack));
        let type_name = resource.resource_type();
        if attribute == "Ref"
            && let Some(property) = attribute::given_back(type_name)
            && let Some(text) = resource.properties()?.get(property).and_then(|value| value.as_str())
        {
            return Some(json!(text));
        }
        let attribute = attribute::of_cloudformation(type_name, attribute);
        // CloudFormation's ARN of a log group ends like that, Terraform's does not.
        let end = if type_name == "AWS::Logs::LogGroup" && attribute == "arn" { ":*" } else { "" };
        Some(Json::String(format!("${{{}.{attribute}}}{end}", node_key(self.account, &node))))
    }
}

impl Lookup for Names<'_> {
    fn reference(&self, logical_id: &str) -> Option<Json> {
        self.token(logical_id, "Ref")
    }

    fn attribute(&self, logical_id: &str, attribute: &str) -> Option<Json> {
        self.token(logical_id, attribute)
    }

    fn availability_zones(&self, _: &str) -> Option<Json> {
        Some((0..ZONES).map(|at| Json::String(format!("${{zones.{at}}}"))).collect())
    }
}
