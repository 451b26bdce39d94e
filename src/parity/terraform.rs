//! Terraform's side: the instances of all root modules.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use super::cloudformation::{Names, STACK_SET, attach, brought, outside, pseudo, resources};
use super::kinds::random;
use super::resource::{Output, Resource, Side, map_texts, node_key};
use super::{attribute, tags};
use crate::blueprint::{Manifest, StackTarget};
use crate::cfn::evaluate::Evaluator;
use crate::cfn::registry::Registry as Schemas;
use crate::cfn::template::Template;
use crate::render::{Bundle, Node, RenderedModule};
use crate::tf::evaluate::{Evaluation, Instance, arguments, evaluate};
use crate::tf::registry::Registry;
use crate::tf::{Kind, Module};

/// The type whose resources stand in a template of CloudFormation.
const STACK: &str = "aws_cloudformation_stack";
/// Types that are a part of another node, and the argument that names it.
const PARTS: &[(&str, &str)] = &[("aws_appautoscaling_scheduled_action", "resource_id")];

/// The resources of a bundle. `types` are the CloudFormation types of the nodes.
pub(super) fn side(
    bundle: &Bundle,
    manifest: &Manifest,
    types: &BTreeMap<String, String>,
    schemas: &Schemas,
    registry: &Registry,
) -> Side {
    let mut side = Side::default();
    let only = manifest.terraform.as_ref().map(|terraform| &terraform.only);
    let only: Vec<(Node, &str)> =
        only.into_iter().flatten().map(|(address, reason)| (pattern(address), reason.as_str())).collect();
    for module in &bundle.modules {
        let files: Vec<(String, Arc<str>)> = module
            .files
            .iter()
            .filter(|(name, _)| name.ends_with(".tf"))
            .map(|(name, text)| (format!("{}/{name}", module.key), text.clone()))
            .collect();
        let parsed = match Module::parse(&files) {
            Ok(parsed) => parsed,
            Err(errors) => {
                side.unreadable.extend(errors.iter().map(|error| error.to_diagnostic().message));
                continue;
            }
        };
        let account = outside(&bundle.deployment.hub, &module.target);
        // The root module of an account has nodes of the accounts' stacks only.
        let belongs = |node: &&Node| {
            let target = manifest.stack(&node.stack).map(|stack| stack.target);
            (target == Some(StackTarget::BedrockAccounts)) == account.is_some()
        };
        let nodes = bundle.nodes.iter().filter(belongs).collect();
        Reader::new(bundle, module, account, nodes, &parsed, types, schemas).read(manifest, registry, &only, &mut side);
    }
    attach(&mut side);
    side
}

/// A node that stands for an address only.
fn pattern(address: &str) -> Node {
    Node {
        stack: String::new(),
        logical_id: String::new(),
        terraform: vec![address.to_owned()],
        description: String::new(),
    }
}

struct Reader<'a> {
    bundle: &'a Bundle,
    module: &'a RenderedModule,
    account: Option<&'a str>,
    nodes: Vec<&'a Node>,
    types: &'a BTreeMap<String, String>,
    schemas: &'a Schemas,
    evaluation: Evaluation,
    /// Names of nodes by address.
    names: BTreeMap<String, String>,
    default_tags: BTreeMap<String, String>,
    /// What is drawn by the ephemeral resources, by address.
    passwords: BTreeMap<String, String>,
    /// Arguments that the provider gives back, by the reference to them.
    echoed: BTreeMap<String, Json>,
    /// What the stacks of CloudFormation give, by the reference to it.
    outputs: BTreeMap<String, String>,
}

impl<'a> Reader<'a> {
    fn new(
        bundle: &'a Bundle,
        module: &'a RenderedModule,
        account: Option<&'a str>,
        nodes: Vec<&'a Node>,
        parsed: &Module,
        types: &'a BTreeMap<String, String>,
        schemas: &'a Schemas,
    ) -> Self {
        let variables = BTreeMap::new();
        let evaluation = evaluate(parsed, &variables);
        let provider = parsed.of_kind(Kind::Provider).next().map(|provider| arguments(parsed, provider, &variables));
        let default_tags = provider.as_ref().and_then(|provider| provider.get("default_tags")?.get(0)?.get("tags"));
        let named = |instance: &Instance| {
            let found = nodes.iter().find_map(|node| node.of_address(&instance.address))?;
            Some((instance.address.clone(), node_key(account, &found.name)))
        };
        let names = evaluation.instances.iter().filter_map(named).collect();
        let default_tags = tags::of(default_tags);
        let passwords = evaluation.instances.iter().filter(|instance| instance.kind == Kind::Ephemeral);
        let passwords = passwords.map(|instance| {
            let reference = format!("ephemeral.{}.random_password", instance.address.trim_start_matches("ephemeral."));
            (reference, random(&Json::Object(instance.arguments.clone())))
        });
        let passwords = passwords.collect();
        let echoed = evaluation.instances.iter().flat_map(|instance| {
            let given = instance.arguments.iter().filter(|(name, _)| attribute::is_echoed(&instance.type_name, name));
            given.map(|(name, value)| (format!("{}.{name}", instance.address), value.clone()))
        });
        let echoed = echoed.collect();
        let outputs = BTreeMap::new();
        Self {
            bundle,
            module,
            account,
            nodes,
            types,
            schemas,
            evaluation,
            names,
            default_tags,
            passwords,
            echoed,
            outputs,
        }
    }

    fn read(mut self, manifest: &Manifest, registry: &Registry, only: &[(Node, &str)], side: &mut Side) {
        let instances = std::mem::take(&mut self.evaluation.instances);
        let resources = |kind: Kind| instances.iter().filter(move |instance| instance.kind == kind);
        for instance in resources(Kind::Resource).filter(|instance| instance.type_name == STACK) {
            self.stack(instance, manifest, side);
        }
        for (name, value) in std::mem::take(&mut self.evaluation.outputs) {
            let Some(stack) = self.module.outputs.get(&name) else { continue };
            let own = side.outputs.entry(node_key(self.account, stack)).or_default();
            let (place, value) = (self.module.key.clone(), self.named(&value));
            own.insert(name.clone(), Output { place, name: format!("output.{name}"), value });
        }
        for instance in resources(Kind::Resource).filter(|instance| instance.type_name != STACK) {
            let found: Vec<_> = self.nodes.iter().filter_map(|node| node.of_address(&instance.address)).collect();
            if found.is_empty() {
                match only.iter().find(|(node, _)| node.of_address(&instance.address).is_some()) {
                    Some((node, reason)) => {
                        side.own.extend(node.terraform.iter().map(|address| (address.clone(), (*reason).to_owned())));
                        self.part(instance, registry, side);
                    }
                    None => side.unmapped.push(self.resource(instance, registry)),
                }
                continue;
            }
            // An address may stand for more than one node: a gateway and its attachment.
            for node in found {
                let resource = self.resource(instance, registry);
                side.nodes.entry(node_key(self.account, &node.name)).or_default().push(resource);
            }
        }
    }

    /// What is a resource in Terraform and a property in CloudFormation belongs to the node that it names.
    fn part(&self, instance: &Instance, registry: &Registry, side: &mut Side) {
        let Some((_, owner)) = PARTS.iter().find(|(type_name, _)| *type_name == instance.type_name) else { return };
        let part = self.resource(instance, registry);
        let node = part.properties.get(*owner).and_then(Json::as_str).and_then(|text| text.strip_prefix("${"));
        if let Some((node, _)) = node.and_then(|text| text.rsplit_once('.')) {
            side.nodes.entry(node.to_owned()).or_default().push(part);
        }
    }

    fn resource(&self, instance: &Instance, registry: &Registry) -> Resource {
        let mut arguments = instance.arguments.clone();
        let own = arguments.remove("tags").map(|own| self.named(&own));
        let taggable = registry
            .get(Kind::Resource, &instance.type_name)
            .is_none_or(|schema| schema.block().attributes.contains_key("tags"));
        let tags = taggable.then(|| {
            let mut tags = self.default_tags.clone();
            tags.extend(tags::of(own.as_ref()));
            tags
        });
        Resource {
            place: self.module.key.clone(),
            name: instance.address.clone(),
            type_name: instance.type_name.clone(),
            properties: self.named(&Json::Object(arguments)),
            tags,
            within: None,
        }
    }

    /// The resources of a stack of CloudFormation, which are what they are on the other side.
    fn stack(&mut self, instance: &Instance, manifest: &Manifest, side: &mut Side) {
        let body = instance.arguments.get("template_body").map(|body| body.get("$json").unwrap_or(body));
        let Some(body) = body.map(|body| self.named(body)) else { return };
        let template = match Template::parse(instance.address.as_str(), &body.to_string()) {
            Ok(template) => template,
            Err(error) => return side.unreadable.push(error.to_string()),
        };
        let nodes = self.nodes.iter().filter(|node| node.of_address(&instance.address).is_some());
        let nodes: Vec<Node> = nodes.map(|node| Node::clone(node)).collect();
        let stack = nodes.first().map(|node| node.stack.clone()).unwrap_or_default();
        let names = Names { template: &template, nodes: &nodes, stack: &stack, account: self.account };
        let parameters = pseudo(&self.module.target);
        let evaluator = Evaluator::new(&template, &parameters, &names);
        for output in template.outputs() {
            if let Some(Json::String(text)) = output.value().and_then(|value| evaluator.value(value)) {
                self.outputs.insert(format!("{}.outputs[\"{}\"]", instance.address, output.name), text);
            }
        }
        let mut stack_tags = self.default_tags.clone();
        stack_tags.extend(tags::of(instance.arguments.get("tags").map(|own| self.named(own)).as_ref()));
        for (logical_id, mut resource) in resources(&template, &evaluator, &stack_tags, self.schemas) {
            resource.place.clone_from(&self.module.key);
            resource.name.clone_from(&instance.address);
            resource.within = Some(logical_id.clone());
            if resource.type_name == STACK_SET {
                self.brought(&mut resource, &stack, manifest, side);
            }
            match names.node(&logical_id) {
                Some(node) => side.nodes.entry(node_key(self.account, &node)).or_default().push(resource),
                None => side.unmapped.push(resource),
            }
        }
    }

    /// What a stack set brings into the accounts, from a template that is a file of the module.
    fn brought(&self, resource: &mut Resource, kind: &str, manifest: &Manifest, side: &mut Side) {
        let Some(properties) = resource.properties.as_object_mut() else { return };
        let body = properties.get("TemplateBody").map(Json::to_string).unwrap_or_default();
        let file = self.module.files.iter().find(|(name, _)| body.contains(&format!("/{name}")));
        let Some((_, template)) = file else {
            return side.unreadable.push(format!("the template of {} is no file of the module", resource.name));
        };
        properties.insert("TemplateBody".to_owned(), Json::String(template.to_string()));
        brought(
            &self.module.key,
            kind,
            &self.module.target.region,
            manifest,
            self.bundle,
            self.schemas,
            resource,
            side,
        );
    }

    /// A value with all its references named by nodes.
    fn named(&self, value: &Json) -> Json {
        match value {
            Json::Object(members) => match members.iter().next() {
                Some((symbol, Json::String(name))) if members.len() == 1 && symbol == "$ref" => {
                    Json::String(self.token(name))
                }
                Some((symbol, Json::String(name))) if members.len() == 1 && symbol == "$unknown" => {
                    Json::String(format!("${{{name}}}"))
                }
                Some((symbol, tree)) if members.len() == 1 && symbol == "$json" => {
                    Json::Object([("$json".to_owned(), self.named(tree))].into_iter().collect())
                }
                _ => Json::Object(members.iter().map(|(key, value)| (key.clone(), self.named(value))).collect()),
            },
            Json::Array(items) => items.iter().map(|item| self.named(item)).collect(),
            other => map_texts(other, &|text| Json::String(self.text(text))),
        }
    }

    fn text(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, end)) = after.split_once('}') else { break };
            out.push_str(before);
            out.push_str(&self.token(name));
            rest = end;
        }
        out + rest
    }

    /// What a reference is called in both engines, as text that stands for it.
    fn token(&self, reference: &str) -> String {
        if let Some(value) = self.outputs.get(reference) {
            return value.clone();
        }
        if let Some(password) = self.passwords.get(reference) {
            return password.clone();
        }
        if let Some(Json::String(text)) = self.echoed.get(reference).map(|value| self.named(value)) {
            return text;
        }
        if let Some(number) = zone(reference) {
            return format!("${{zones.{number}}}");
        }
        let zone = reference.strip_prefix("data.aws_route53_zone.").and_then(|rest| rest.split_once('.'));
        if let Some((_, "zone_id")) = zone {
            return self.hosted_zone();
        }
        let split = reference.match_indices('.').map(|(at, _)| at);
        let longest = split.rev().find_map(|at| Some((self.names.get(&reference[..at])?, at)));
        let Some((node, at)) = longest else { return format!("${{{reference}}}") };
        let terraform_type = reference.split('.').next().unwrap_or_default();
        let type_name = self.types.get(node).map_or("", String::as_str);
        let attribute = attribute::of_terraform(type_name, terraform_type, &reference[at + 1..]);
        format!("${{{node}.{attribute}}}")
    }

    fn hosted_zone(&self) -> String {
        use crate::render::Lookup::HostedZone;
        let name = self.bundle.lookups.values().find_map(|sought| match sought {
            HostedZone { name } => Some(name.trim_end_matches('.')),
            _ => None,
        });
        format!("${{zone {}}}", name.unwrap_or_default())
    }
}

/// The index of a zone in the region's list.
fn zone(reference: &str) -> Option<usize> {
    let list = reference.strip_prefix("data.aws_availability_zones.")?;
    list.split_once(".names[")?.1.strip_suffix(']')?.parse().ok()
}
