//! Spec, model and blueprint to a bundle.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::input::{Account, AccountGroup, Input};
use super::member::{self, Member};
use super::modules;
use super::parameters::{Sources, holds};
use super::read_back::{point_back, read_back};
use super::source_map::SourceMap;
use super::{BlueprintReference, Bundle, ConfigObject, Node, ParameterValue, RenderedStack, Rendering, Target, digest};
use crate::blueprint::{Blueprint, Manifest, Resource, Stack, StackTarget};
use crate::cfn::check;
use crate::cfn::registry::Registry;
use crate::cfn::template::Template;
use crate::diagnostics::{Diagnostic, Report, SourceFile};
use crate::hexadecimal;
use crate::model::naming::Names;
use crate::model::tags::{DEPLOYMENT, STACK};
use crate::render::template::{Language, Templates};

/// How a spec names the other engine.
pub const TERRAFORM: &str = "terraform";

/// The variable that a template of Bedrock accounts has beside the context: what is special about the group.
pub(super) const ACCESS_GROUP: &str = "access_group";
/// The same as a list, as it is where a stack set has one template for all groups.
pub(super) const ACCESS_GROUPS: &str = "access_groups";
/// The variable that the template of a stack set has beside the context: the text of the template that it brings into
/// the accounts.
const MEMBER_TEMPLATE: &str = "member_template";

/// Renders all stacks of a blueprint, reads them back and checks them. A template is rendered once for each group of
/// accounts, however many accounts that is: what differs inside a group are parameters.
///
/// # Errors
/// All findings of all stacks, if any of them is an error.
pub fn render(input: &Input, blueprint: &Blueprint, registry: &Registry) -> Result<Rendering, Report> {
    if input.deployment.engine == TERRAFORM {
        return modules::render(input, blueprint, registry);
    }
    let mut assembly = Assembly::new(input, blueprint, registry);
    let brought = member::brought(&blueprint.manifest, &input.context);
    for stack in &blueprint.manifest.stacks {
        if !holds(&stack.when, &input.context) || brought.iter().any(|member| member.name == stack.name) {
            continue;
        }
        match (stack.target, &stack.stack_set_of) {
            (StackTarget::Hub, Some(name)) => {
                brought.iter().filter(|member| member.name == *name).for_each(|member| assembly.set(stack, member));
            }
            (StackTarget::Hub, None) => assembly.stack(stack, None),
            (StackTarget::BedrockAccounts, _) => {
                input.groups.iter().for_each(|group| assembly.stack(stack, Some(group)));
            }
        }
    }
    assembly.finish()
}

struct Assembly<'a> {
    input: &'a Input,
    blueprint: &'a Blueprint,
    registry: &'a Registry,
    templates: Templates,
    names: Names,
    nodes: Vec<Node>,
    config: Option<ConfigObject>,
    stacks: Vec<RenderedStack>,
    /// Outputs by name of the stack, of those that were rendered.
    outputs: BTreeMap<String, Vec<String>>,
    source_maps: BTreeMap<String, SourceMap>,
    rendered: Vec<SourceFile>,
    findings: Vec<Diagnostic>,
}

impl<'a> Assembly<'a> {
    fn new(input: &'a Input, blueprint: &'a Blueprint, registry: &'a Registry) -> Self {
        let config = input.configuration.as_ref().map(|configuration| {
            let sha256 = hexadecimal::sha256(&configuration.content);
            ConfigObject {
                key: format!("config/{sha256}.yaml"),
                bucket: ParameterValue::Literal(String::new()),
                needed_by: blueprint
                    .manifest
                    .config
                    .as_ref()
                    .map(|config| config.needed_by.clone())
                    .unwrap_or_default(),
                content_type: configuration.content_type.clone(),
                content: configuration.content.as_str().into(),
                sha256,
            }
        });
        Self {
            input,
            blueprint,
            registry,
            templates: Templates::new(blueprint.source.clone(), &input.context, Language::Yaml),
            names: Names::new(&input.deployment.name, input.deployment.env.as_deref()),
            nodes: nodes(&blueprint.manifest),
            config,
            stacks: Vec::new(),
            outputs: BTreeMap::new(),
            source_maps: BTreeMap::new(),
            rendered: Vec::new(),
            findings: Vec::new(),
        }
    }

    fn stack(&mut self, stack: &Stack, group: Option<&AccountGroup>) {
        let path = match group.filter(|_| self.input.groups.len() > 1) {
            Some(group) => format!("cloudformation/{}.{}.yaml", stack.name, group.key),
            None => format!("cloudformation/{}.yaml", stack.name),
        };
        let groups = group.map(|group| Value::Array(vec![group.context.clone()]));
        let own = group.map(|group| (ACCESS_GROUP, &group.context)).into_iter();
        let variables: Vec<_> = own.chain(groups.as_ref().map(|groups| (ACCESS_GROUPS, groups))).collect();
        let hub = [Account { target: self.input.deployment.hub.clone(), context: Value::Null }];
        let accounts = group.map_or(&hub[..], |group| &group.accounts);
        self.render(stack, path, &variables, accounts);
    }

    /// A stack with a stack set, and the template that it brings into the accounts.
    fn set(&mut self, stack: &Stack, member: &Stack) {
        let path = format!("cloudformation/{}.yaml", stack.name);
        let hub = self.input.deployment.hub.clone();
        let inner = format!("cloudformation/{}.yaml", member.name);
        let Member { map, text, findings } =
            match member::render(&self.templates, self.input, member, &inner, self.registry) {
                Ok(member) => member,
                Err(findings) => {
                    self.outputs.insert(stack.name.clone(), Vec::new());
                    return self.findings.extend(findings);
                }
            };
        self.findings.extend(findings);
        self.rendered.push(SourceFile::new(inner.as_str(), text.as_str()));
        self.source_maps.insert(member::origins(&path), map);
        let text = Value::String(text);
        let account = Account { target: hub, context: Value::Null };
        self.render(stack, path, &[(MEMBER_TEMPLATE, &text)], &[account]);
    }

    fn render(&mut self, stack: &Stack, path: String, variables: &[(&str, &Value)], accounts: &[Account]) {
        // Until the template says which outputs it has: a stack that fails gives no findings about others.
        self.outputs.insert(stack.name.clone(), stack.outputs.keys().cloned().collect());
        let output = match self.templates.render(&stack.template, variables) {
            Ok(output) => output,
            Err(finding) => return self.findings.push(*finding),
        };
        let source_file = SourceFile::new(path.as_str(), output.text.as_str());
        self.rendered.push(source_file.clone());
        let map = match read_back(&path, &output, self.templates.trace(&output)) {
            Ok(map) => map,
            Err(finding) => return self.findings.push(*finding),
        };
        let region = accounts.first().map(|account| account.target.region.as_str());
        let target = check::Target { region, ..check::Target::default() };
        let findings = check::check(map.template(), self.registry, target);
        self.findings.extend(findings.into_iter().map(|finding| point_back(finding, &map, &self.input.spans)));

        let outputs = map.template().outputs().map(|output| output.name.to_owned()).collect();
        self.outputs.insert(stack.name.clone(), outputs);
        self.place(stack, accounts, &map, &path, source_file.text);
        self.source_maps.insert(path, map);
    }

    /// Adds the stack once for each of its targets.
    fn place(&mut self, stack: &Stack, accounts: &[Account], map: &SourceMap, path: &str, text: Arc<str>) {
        let template = map.template();
        let sources = Sources {
            input: self.input,
            manifest: &self.blueprint.manifest_source,
            stack,
            config: self.config.as_ref(),
            outputs: &self.outputs,
        };
        let mut tags = self.input.tags.clone();
        tags.insert(DEPLOYMENT.to_owned(), self.input.deployment.prefix.clone());
        tags.insert(STACK.to_owned(), stack.name.clone());
        let capabilities = capabilities(template);
        let descriptions = descriptions(stack, template, &self.nodes);
        for account in accounts {
            let parameters = sources.parameters(template, Some(account), |line| map.template_span(line));
            let parameters = match parameters {
                Ok(parameters) => parameters,
                Err(findings) => {
                    self.findings.extend(findings);
                    return;
                }
            };
            let key = match stack.target {
                StackTarget::Hub => stack.name.clone(),
                StackTarget::BedrockAccounts => format!("{}@{}", stack.name, account.target.account),
            };
            self.stacks.push(RenderedStack {
                key,
                kind: stack.name.clone(),
                name: self.names.stack(&stack.name),
                target: Target::clone(&account.target),
                template_path: path.to_owned(),
                template: text.clone(),
                parameters,
                tags: tags.clone(),
                capabilities: capabilities.clone(),
                termination_protection: holds(&stack.termination_protection, &self.input.context),
                depends_on: stack.depends_on.iter().filter(|name| self.outputs.contains_key(*name)).cloned().collect(),
                descriptions: descriptions.clone(),
            });
        }
    }

    fn finish(mut self) -> Result<Rendering, Report> {
        let objects = self.objects();
        let mut report = Report::default();
        report.sources.add(self.input.spec.clone());
        report.sources.add(self.blueprint.manifest_source.clone());
        self.templates.sources().into_iter().chain(self.rendered).for_each(|source| report.sources.add(source));
        report.diagnostics = self.findings;
        report.sort();
        if report.has_errors() {
            return Err(report);
        }
        let manifest = &self.blueprint.manifest;
        let mut bundle = Bundle {
            deployment: self.input.deployment.clone(),
            blueprint: BlueprintReference {
                name: manifest.name.clone(),
                version: manifest.version.to_string(),
                sha256: self.blueprint.sha256.clone(),
            },
            stacks: self.stacks,
            modules: Vec::new(),
            members: member::targets(self.input, &self.blueprint.manifest),
            nodes: self.nodes,
            objects,
            images: self.input.images.clone(),
            lookups: self.input.lookups.clone(),
            tasks_at_first: self.input.tasks_at_first,
            digest: String::new(),
        };
        bundle.digest = digest::digest(&bundle);
        Ok(Rendering { bundle, source_maps: self.source_maps, module_maps: BTreeMap::new(), report })
    }

    /// The configuration, if the stack that needs it is there.
    fn objects(&mut self) -> Vec<ConfigObject> {
        let manifest = &self.blueprint.manifest;
        let needed = |config: &ConfigObject| self.stacks.iter().any(|stack| stack.key == config.needed_by);
        let Some(mut config) = self.config.take().filter(needed) else { return Vec::new() };
        let Some((given, stack)) = manifest.config.as_ref().zip(manifest.stack(&config.needed_by)) else {
            return Vec::new();
        };
        let sources = Sources {
            input: self.input,
            manifest: &self.blueprint.manifest_source,
            stack,
            config: None,
            outputs: &self.outputs,
        };
        match sources.value(&given.bucket, None) {
            Ok(Some(bucket)) => {
                config.bucket = bucket;
                vec![config]
            }
            // A stack that failed to render has said why.
            _ => Vec::new(),
        }
    }
}

/// What CloudFormation wants to be told that the template does.
fn capabilities(template: &Template) -> Vec<String> {
    const NAMES: [&str; 5] = ["RoleName", "UserName", "GroupName", "ManagedPolicyName", "InstanceProfileName"];
    let mut identities =
        template.resources().filter(|resource| resource.resource_type().starts_with("AWS::IAM::")).peekable();
    let mut capabilities = Vec::new();
    if identities.peek().is_some() {
        let named = identities.any(|resource| {
            resource.properties().is_some_and(|node| NAMES.iter().any(|name| node.get(name).is_some()))
        });
        capabilities.push(if named { "CAPABILITY_NAMED_IAM" } else { "CAPABILITY_IAM" }.to_owned());
    }
    if template.root().get("Transform").is_some() {
        capabilities.push("CAPABILITY_AUTO_EXPAND".to_owned());
    }
    capabilities
}

/// The manifest's map of nodes.
pub(super) fn nodes(manifest: &Manifest) -> Vec<Node> {
    let of = |stack: &Stack| {
        let name = stack.name.clone();
        let node = move |(logical_id, resource): (&String, &Resource)| Node {
            stack: name.clone(),
            logical_id: logical_id.clone(),
            terraform: resource.terraform.clone(),
            description: resource.description.clone(),
        };
        stack.resources.iter().map(node).collect::<Vec<_>>()
    };
    manifest.stacks.iter().flat_map(of).collect()
}

/// What each resource is: in the manifest's words, else its logical id as words.
fn descriptions(stack: &Stack, template: &Template, nodes: &[Node]) -> BTreeMap<String, String> {
    let describe = |id: &str| {
        let found = nodes.iter().find_map(|node| node.of_logical_id(&stack.name, id));
        found.map_or_else(|| words(id), |node| node.description)
    };
    template.resources().map(|resource| (resource.logical_id.to_owned(), describe(resource.logical_id))).collect()
}

/// `PrivateSubnet1` as `Private subnet 1`.
fn words(logical_id: &str) -> String {
    let mut words = String::new();
    let mut previous: Option<char> = None;
    for (index, c) in logical_id.char_indices() {
        let next_is_lower = logical_id[index..].chars().nth(1).is_some_and(|next| next.is_lowercase());
        let begins = match previous {
            None => false,
            Some(previous) if c.is_uppercase() => !previous.is_uppercase() || next_is_lower,
            Some(previous) => c.is_ascii_digit() && !previous.is_ascii_digit(),
        };
        if begins {
            words.push(' ');
        }
        if begins && next_is_lower {
            words.extend(c.to_lowercase())
        } else {
            words.push(c)
        }
        previous = Some(c);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn a_logical_id_reads_as_words() {
        let ids = ["Vpc", "PrivateSubnet1", "DatabaseKMSKey", "ALBListener", "HttpsListener443"].map(words);
        assert_eq!(ids, ["Vpc", "Private subnet 1", "Database KMS key", "ALB listener", "Https listener 443"]);
    }
}
