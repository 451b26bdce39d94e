//! The text of a manifest to a [`Manifest`], with all findings.

use std::sync::Arc;

use indexmap::IndexMap;

use super::manifest::{Config, Flag, Manifest, Parameter, ParameterSource, Stack, StackTarget};
use crate::diagnostics::{Diagnostic, SourceFile};
use crate::render::codes;
use crate::render::template::nearest;
use crate::yaml::{self, Aliases, Node, Place, Value};

/// Reads a manifest.
///
/// # Errors
/// All findings, in reading order as far as they do not follow from each other.
pub(super) fn manifest(source: &SourceFile) -> Result<Manifest, Vec<Diagnostic>> {
    let mut reader = Reader { file: source.name.clone(), findings: Vec::new() };
    let document = match yaml::parse(&source.text, Aliases::Refuse) {
        Ok(document) => document,
        Err(found) => {
            reader.add(codes::MANIFEST_SYNTAX, found.place, found.problem.to_string());
            return Err(reader.findings);
        }
    };
    for duplicate in &document.duplicates {
        reader.add(codes::MANIFEST_SYNTAX, duplicate.place, duplicate.problem.to_string());
    }
    let manifest = reader.manifest(&document.root);
    if let Some(manifest) = &manifest {
        reader.references(manifest, &document.root);
    }
    match manifest {
        Some(manifest) if reader.findings.is_empty() => Ok(manifest),
        _ => Err(reader.findings),
    }
}

pub(super) struct Reader {
    file: Arc<str>,
    findings: Vec<Diagnostic>,
}

impl Reader {
    pub(super) fn add(&mut self, code: &'static str, place: Place, message: impl Into<String>) {
        self.findings.push(Diagnostic::error(code, message).with_span(Some(place.in_file(&self.file))));
    }

    fn add_with_help(&mut self, code: &'static str, place: Place, message: String, help: Option<String>) {
        self.add(code, place, message);
        if let (Some(help), Some(last)) = (help, self.findings.last_mut()) {
            last.help = Some(help);
        }
    }

    fn manifest(&mut self, root: &Node) -> Option<Manifest> {
        self.keys(root, &["name", "version", "requires", "description", "config", "stacks", "terraform"])?;
        let name = self.text(root, "name");
        let version = self.parsed(root, "version", "a version such as 1.0.0");
        let requires = self.parsed(root, "requires", "a range of versions such as \">=0.1\"");
        let description = self.text(root, "description");
        let config = root.get("config").and_then(|config| {
            self.keys(config, &["bucket", "needed_by"])?;
            let needed_by = self.text(config, "needed_by");
            let bucket = self.required(config, "bucket").and_then(|bucket| self.parameter_source(bucket));
            Some(Config { bucket: bucket?, needed_by: needed_by? })
        });
        let mut stacks = Vec::new();
        for item in self.required(root, "stacks").map(|node| self.items(node)).unwrap_or_default() {
            stacks.extend(self.stack(item));
        }
        Some(Manifest {
            name: name?,
            version: version?.0,
            requires_place: requires.as_ref()?.1,
            requires: requires?.0,
            description: description?,
            config,
            stacks,
            terraform: root.get("terraform").and_then(|node| self.terraform(node)),
        })
    }

    fn stack(&mut self, node: &Node) -> Option<Stack> {
        const KEYS: &[&str] = &[
            "name",
            "template",
            "description",
            "when",
            "target",
            "stack_set_of",
            "termination_protection",
            "depends_on",
            "parameters",
            "outputs",
            "spec",
            "resources",
        ];
        self.keys(node, KEYS)?;
        let name = self.text(node, "name")?;
        let place = node.get("name").map_or(node.head(), |name| name.place);
        if !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') {
            self.add(
                codes::MANIFEST_VALUE,
                place,
                format!("`{name}` is no name of a stack: lower-case letters and `-`"),
            );
        }
        let template = match node.get("template") {
            Some(template) => self.scalar(template)?,
            None => format!("{name}.yaml.j2"),
        };
        let target = match node.get("target") {
            None => StackTarget::Hub,
            Some(target) => match self.scalar(target)?.as_str() {
                "hub" => StackTarget::Hub,
                "bedrock_accounts" => StackTarget::BedrockAccounts,
                other => {
                    let message = format!("`{other}` is no target: `hub` or `bedrock_accounts`");
                    self.add(codes::MANIFEST_VALUE, target.place, message);
                    return None;
                }
            },
        };
        let mut depends_on = Vec::new();
        for item in node.get("depends_on").map(|node| self.items(node)).unwrap_or_default() {
            depends_on.extend(self.scalar(item));
        }
        Some(Stack {
            description: self.text(node, "description").unwrap_or_default(),
            template: format!("cloudformation/{template}"),
            when: self.flag(node, "when", true),
            target,
            stack_set_of: node.get("stack_set_of").and_then(|of| self.scalar(of)),
            termination_protection: self.flag(node, "termination_protection", false),
            depends_on,
            parameters: self.parameters(node, "parameters"),
            outputs: self.texts(node, "outputs"),
            spec: self.one_or_more(node, "spec"),
            resources: self.resources(node),
            place,
            name,
        })
    }

    pub(super) fn parameters(&mut self, stack: &Node, key: &str) -> IndexMap<String, Parameter> {
        let mut parameters = IndexMap::new();
        let Some(node) = stack.get(key) else { return parameters };
        let Some(map) = node.as_map() else {
            self.add(codes::MANIFEST_VALUE, node.place, format!("`{key}` is a map of sources by name"));
            return parameters;
        };
        for (name, member) in map {
            if let Some(source) = self.parameter_source(&member.node) {
                parameters.insert(name.clone(), Parameter { source, place: member.key });
            }
        }
        parameters
    }

    fn parameter_source(&mut self, node: &Node) -> Option<ParameterSource> {
        self.keys(node, &["output", "context", "image", "config", "lookup"])?;
        let map = node.as_map()?;
        let Some((kind, member)) = map.first().filter(|_| map.len() == 1) else {
            let message = "a source is one of `output`, `context`, `image`, `config`, `lookup`";
            self.add(codes::MANIFEST_VALUE, node.head(), message);
            return None;
        };
        let text = self.scalar(&member.node)?;
        Some(match kind.as_str() {
            "output" => {
                let Some((stack, output)) = text.split_once('.') else {
                    let message = format!("`{text}` is no output: `stack.Output`");
                    self.add(codes::MANIFEST_VALUE, member.node.place, message);
                    return None;
                };
                ParameterSource::Output { stack: stack.to_owned(), output: output.to_owned() }
            }
            "context" => ParameterSource::Context(text),
            "image" => ParameterSource::Image(text),
            "lookup" => ParameterSource::Lookup(text),
            "config" if text == "true" => ParameterSource::Config,
            "config" => {
                self.add(codes::MANIFEST_VALUE, member.node.place, "`config` is `true`");
                return None;
            }
            // An unknown key was found above.
            _ => return None,
        })
    }

    /// What stands in other parts of the manifest must be there, and before.
    fn references(&mut self, manifest: &Manifest, root: &Node) {
        for (index, stack) in manifest.stacks.iter().enumerate() {
            let before = &manifest.stacks[..index];
            let names: Vec<&str> = before.iter().map(|stack| stack.name.as_str()).collect();
            if names.contains(&stack.name.as_str()) {
                self.add(codes::MANIFEST_VALUE, stack.place, format!("the stack `{}` is there twice", stack.name));
            }
            for name in stack.depends_on.iter().filter(|name| !names.contains(&name.as_str())) {
                self.unknown_stack(name, stack.place, &names);
            }
            if let Some(name) = &stack.stack_set_of {
                match before.iter().find(|other| other.name == *name) {
                    None => self.unknown_stack(name, stack.place, &names),
                    Some(other) if other.target == StackTarget::Hub || stack.target != StackTarget::Hub => {
                        let message = format!(
                            "`stack_set_of` of `{0}` names a stack of Bedrock accounts, and `{0}` is one of the hub",
                            stack.name
                        );
                        self.add(codes::MANIFEST_VALUE, stack.place, message);
                    }
                    Some(_) => {}
                }
            }
            for parameter in stack.parameters.values() {
                let ParameterSource::Output { stack: from, output } = &parameter.source else { continue };
                self.output(from, output, parameter.place, before);
            }
        }
        for file in manifest.terraform.iter().flat_map(|terraform| terraform.hub.iter().chain(&terraform.account)) {
            if let Some(name) = file.stack.as_ref().filter(|name| manifest.stack(name).is_none()) {
                let names: Vec<&str> = manifest.stacks.iter().map(|stack| stack.name.as_str()).collect();
                self.unknown_stack(name, file.place, &names);
            }
        }
        if let Some(config) = &manifest.config {
            let place = root.get("config").map_or(root.place, Node::head);
            if let ParameterSource::Output { stack, output } = &config.bucket {
                self.output(stack, output, place, &manifest.stacks);
            }
            if manifest.stack(&config.needed_by).is_none() {
                let names: Vec<&str> = manifest.stacks.iter().map(|stack| stack.name.as_str()).collect();
                self.unknown_stack(&config.needed_by, place, &names);
            }
        }
    }

    fn output(&mut self, from: &str, output: &str, place: Place, stacks: &[Stack]) {
        let names: Vec<&str> = stacks.iter().map(|stack| stack.name.as_str()).collect();
        match stacks.iter().find(|stack| stack.name == from) {
            None => self.unknown_stack(from, place, &names),
            Some(stack) if !stack.outputs.contains_key(output) => {
                let near = nearest(output, stack.outputs.keys().map(String::as_str));
                let help = near.map(|near| format!("did you mean `{from}.{near}`?"));
                let message = format!("the stack `{from}` lists no output `{output}`");
                self.add_with_help(codes::MANIFEST_REFERENCE, place, message, help);
            }
            Some(_) => {}
        }
    }

    pub(super) fn unknown_stack(&mut self, name: &str, place: Place, names: &[&str]) {
        let help = nearest(name, names.iter().copied()).map(|near| format!("did you mean `{near}`?"));
        let message = format!("there is no stack `{name}` before this");
        self.add_with_help(codes::MANIFEST_REFERENCE, place, message, help);
    }

    /// Finds unknown keys. `None` when the node is no map.
    pub(super) fn keys(&mut self, node: &Node, known: &[&str]) -> Option<()> {
        let Some(map) = node.as_map() else {
            self.add(codes::MANIFEST_VALUE, node.place, format!("here is a map with {}", known.join(", ")));
            return None;
        };
        for (key, member) in map {
            if !known.contains(&key.as_str()) {
                let help = match nearest(key, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known here: {}", known.join(", ")),
                };
                self.add_with_help(codes::MANIFEST_KEY, member.key, format!("unknown key `{key}`"), Some(help));
            }
        }
        Some(())
    }

    pub(super) fn required<'n>(&mut self, node: &'n Node, key: &str) -> Option<&'n Node> {
        let found = node.get(key);
        if found.is_none() {
            self.add(codes::MANIFEST_VALUE, node.head(), format!("`{key}` is missing"));
        }
        found
    }

    pub(super) fn text(&mut self, node: &Node, key: &str) -> Option<String> {
        let value = self.required(node, key)?;
        self.scalar(value)
    }

    pub(super) fn scalar(&mut self, node: &Node) -> Option<String> {
        match node.as_scalar() {
            Some(scalar) if !scalar.is_null() => Some(scalar.text.clone()),
            _ => {
                self.add(codes::MANIFEST_VALUE, node.head(), "here is a text");
                None
            }
        }
    }

    fn parsed<T: std::str::FromStr>(&mut self, node: &Node, key: &str, what: &str) -> Option<(T, Place)> {
        let value = self.required(node, key)?;
        let text = self.scalar(value)?;
        match text.parse() {
            Ok(parsed) => Some((parsed, value.place)),
            Err(_) => {
                self.add(codes::MANIFEST_VALUE, value.place, format!("`{text}` is not {what}"));
                None
            }
        }
    }

    fn flag(&mut self, node: &Node, key: &str, default: bool) -> Flag {
        let Some(value) = node.get(key) else { return Flag::Fixed(default) };
        match self.scalar(value).as_deref() {
            Some("true") => Flag::Fixed(true),
            Some("false") => Flag::Fixed(false),
            Some(path) => Flag::Context(path.to_owned()),
            None => Flag::Fixed(default),
        }
    }

    pub(super) fn items<'n>(&mut self, node: &'n Node) -> Vec<&'n Node> {
        match &node.value {
            Value::List(items) => items.iter().collect(),
            _ => {
                self.add(codes::MANIFEST_VALUE, node.place, "here is a list");
                Vec::new()
            }
        }
    }

    /// A text or a list of texts; empty where the key is missing.
    pub(super) fn one_or_more(&mut self, node: &Node, key: &str) -> Vec<String> {
        match node.get(key).map(|given| (&given.value, given)) {
            None => Vec::new(),
            Some((Value::List(items), _)) => items.iter().filter_map(|item| self.scalar(item)).collect(),
            Some((_, one)) => self.scalar(one).into_iter().collect(),
        }
    }

    pub(super) fn texts(&mut self, stack: &Node, key: &str) -> IndexMap<String, String> {
        let Some(node) = stack.get(key) else { return IndexMap::new() };
        let Some(map) = node.as_map() else {
            self.add(codes::MANIFEST_VALUE, node.place, format!("`{key}` is a map of descriptions by name"));
            return IndexMap::new();
        };
        map.iter().filter_map(|(name, member)| Some((name.clone(), self.scalar(&member.node)?))).collect()
    }
}
