//! Spec, model and blueprint to Terraform's root modules.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::assemble::{ACCESS_GROUP, nodes};
use super::input::{Account, AccountGroup, Input};
use super::member;
use super::module_map::ModuleMap;
use super::parameters::{Sources, at_path, holds};
use super::{BlueprintReference, Bundle, ModuleState, ParameterValue, RenderedModule, Rendering, codes, digest, hcl};
use crate::blueprint::{Blueprint, ModuleFile, Stack, Terraform};
use crate::cfn::check::limits::INLINE_BODY_BYTES;
use crate::cfn::codes::BODY_SIZE;
use crate::cfn::registry::Registry as Schemas;
use crate::diagnostics::{Diagnostic, Position, Report, SourceFile, Span};
use crate::hexadecimal;
use crate::model::tags::DEPLOYMENT;
use crate::render::template::{Language, Templates, Trace};
use crate::tf::Module;
use crate::tf::check::check;
use crate::tf::registry::Registry;

/// The variable that a template has beside the context: the module that it is rendered for.
const MODULE: &str = "module";
/// The variable with the name of the file beside the hub's module that a stack set brings into the accounts.
const MEMBER_TEMPLATE: &str = "member_template";
/// The module of the hub.
const HUB: &str = "hub";

/// Renders all root modules of a blueprint, reads them back and checks them.
///
/// # Errors
/// All findings of all modules, if any of them is an error.
pub(super) fn render(input: &Input, blueprint: &Blueprint, schemas: &Schemas) -> Result<Rendering, Report> {
    let Some(terraform) = &blueprint.manifest.terraform else {
        let message = format!("the blueprint `{}` has no `terraform`", blueprint.manifest.name);
        let finding = Diagnostic::error(codes::MANIFEST_VALUE, message)
            .with_span(input.spans.nearest("engine"))
            .with_help("write `engine: cloudformation`, or take a blueprint that has root modules");
        let mut report = Report { diagnostics: vec![finding], ..Report::default() };
        report.sources.add(input.spec.clone());
        return Err(report);
    };
    let references = hcl::References::new(terraform.references.clone());
    let mut assembly = Assembly {
        input,
        blueprint,
        terraform,
        templates: Templates::new(blueprint.source.clone(), &input.context, Language::Hcl(references)),
        modules: Vec::new(),
        maps: BTreeMap::new(),
        member: None,
        registry: Registry::builtin(),
        read: None,
        rendered: Vec::new(),
        sources: Vec::new(),
        findings: Vec::new(),
    };
    let hub = Account { target: input.deployment.hub.clone(), context: Value::Null };
    let brought = member::brought(&blueprint.manifest, &input.context);
    if let [stack, ..] = brought.as_slice() {
        assembly.member(stack, schemas);
    }
    assembly.module(&terraform.hub, HUB.to_owned(), &hub, None);
    for group in input.groups.iter().filter(|_| brought.is_empty()) {
        assembly.read = None;
        for account in &group.accounts {
            assembly.module(&terraform.account, key(account), account, Some(group));
        }
    }
    assembly.finish()
}

/// `accounts/` and the name that the spec gives the account, else its id.
fn key(account: &Account) -> String {
    let name = account.context.get("name").and_then(Value::as_str).unwrap_or(&account.target.account);
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    format!("accounts/{}", name.chars().map(plain).collect::<String>())
}

/// What the stack with the stack set holds beside the accounts' template, in bytes.
const AROUND: usize = 2_048;

/// The finding about a template of the accounts that does not fit into the stack that has the set, where it is a text in
/// JSON.
fn too_large(path: &str, text: &str) -> Option<Diagnostic> {
    let bytes = Value::from(text).to_string().len() + AROUND;
    (bytes > INLINE_BODY_BYTES).then(|| {
        let start = Position { line: 1, column: 1 };
        let message = format!("{bytes} bytes of template in a stack, and CloudFormation takes {INLINE_BODY_BYTES}");
        Diagnostic::error(BODY_SIZE, message)
            .with_span(Some(Span { file: path.into(), start, end: start }))
            .with_help("name fewer models for the accounts, or write `rollout: direct`")
    })
}

struct Assembly<'a> {
    input: &'a Input,
    blueprint: &'a Blueprint,
    terraform: &'a Terraform,
    templates: Templates,
    modules: Vec<RenderedModule>,
    maps: BTreeMap<String, ModuleMap>,
    /// Name and text of the template that a stack set brings into the accounts.
    member: Option<(String, String)>,
    registry: Registry,
    /// What was read of the first account of a group: the others have the same resources.
    read: Option<ModuleMap>,
    rendered: Vec<SourceFile>,
    /// Templates that are none of Terraform's.
    sources: Vec<SourceFile>,
    findings: Vec<Diagnostic>,
}

impl Assembly<'_> {
    /// The template that a stack set brings into the accounts is a file beside the hub's module.
    fn member(&mut self, stack: &Stack, schemas: &Schemas) {
        let name = format!("{}.yaml", stack.name);
        let path = format!("{HUB}/{name}");
        let templates = Templates::new(self.blueprint.source.clone(), &self.input.context, Language::Yaml);
        match member::render(&templates, self.input, stack, &path, schemas) {
            Ok(made) => {
                self.findings.extend(made.findings);
                self.findings.extend(too_large(&path, &made.text));
                self.rendered.push(SourceFile::new(path, made.text.as_str()));
                self.member = Some((name, made.text));
            }
            Err(findings) => self.findings.extend(findings),
        }
        self.sources.extend(templates.sources());
    }

    fn module(&mut self, files: &[ModuleFile], key: String, account: &Account, group: Option<&AccountGroup>) {
        let state = self.state(&account.target.account, group.is_none());
        let own = json!({
            "key": key,
            "account": account.target.account,
            "region": account.target.region,
            "deploy_role": account.target.deploy_role,
            "default_tags": self.default_tags(),
            "state": match &state {
                ModuleState::Local => Value::Null,
                ModuleState::S3 { bucket, key, region, kms_key } => {
                    json!({"bucket": bucket, "key": key, "region": region, "kms_key": kms_key})
                }
            },
        });
        let template = self.member.as_ref().map(|(name, _)| Value::String(name.clone()));
        let mut variables = vec![(MODULE, &own)];
        variables.extend(template.as_ref().map(|name| (MEMBER_TEMPLATE, name)));
        variables.extend(group.map(|group| (ACCESS_GROUP, &group.context)));
        let mut texts: BTreeMap<String, Arc<str>> = BTreeMap::new();
        let mut traces = BTreeMap::new();
        for file in files {
            let stack = file.stack.as_ref().and_then(|name| self.blueprint.manifest.stack(name));
            if stack.is_some_and(|stack| !holds(&stack.when, &self.input.context)) {
                continue;
            }
            match self.templates.render(&file.template, &variables) {
                Ok(output) if is_blank(&output.text) => {}
                Ok(output) => {
                    traces.insert(format!("{key}/{}", file.name), self.templates.trace(&output));
                    texts.insert(file.name.clone(), output.text.into());
                }
                Err(finding) => self.findings.push(*finding),
            }
        }
        let map = match self.read.clone() {
            Some(read) => read,
            None => match self.read_back(&key, &texts, traces) {
                Some(map) => map,
                None => return,
            },
        };
        if group.is_some() {
            self.read = Some(map.clone());
        }
        if group.is_none()
            && let Some(configuration) = &self.input.configuration
        {
            let sha256 = hexadecimal::sha256(&configuration.content);
            texts.insert(format!("config/{sha256}.yaml"), configuration.content.as_str().into());
        }
        if let Some((name, text)) = self.member.as_ref().filter(|_| group.is_none()) {
            texts.insert(name.clone(), text.as_str().into());
        }
        let variables = if group.is_none() { self.variables() } else { BTreeMap::new() };
        self.maps.insert(key.clone(), map);
        self.modules.push(RenderedModule {
            target: account.target.clone(),
            files: texts,
            variables,
            state,
            outputs: self.outputs(group.is_none()),
            key,
        });
    }

    /// Reads the files of a module back and checks them. `None` when they are no HCL.
    fn read_back(
        &mut self,
        key: &str,
        texts: &BTreeMap<String, Arc<str>>,
        traces: BTreeMap<String, Trace>,
    ) -> Option<ModuleMap> {
        let files: Vec<(String, Arc<str>)> =
            texts.iter().map(|(name, text)| (format!("{key}/{name}"), text.clone())).collect();
        self.rendered.extend(files.iter().map(|(path, text)| SourceFile::new(path.as_str(), text.to_string())));
        match Module::parse(&files) {
            Ok(module) => {
                let findings = check(&module, &self.registry);
                let map = ModuleMap::new(Arc::new(module), traces);
                let findings: Vec<_> = findings.into_iter().map(|finding| self.point_back(finding, &map)).collect();
                self.findings.extend(findings);
                Some(map)
            }
            Err(errors) => {
                let map = ModuleMap::new(Arc::new(Module::default()), traces);
                let findings = errors.iter().map(|error| self.point_back(error.to_diagnostic(), &map));
                let findings: Vec<_> = findings.collect();
                self.findings.extend(findings);
                None
            }
        }
    }

    /// A finding about the rendered text, moved to the template's line, with the spec's values as related places.
    fn point_back(&self, mut finding: Diagnostic, map: &ModuleMap) -> Diagnostic {
        let Some(rendered) = finding.span.take() else { return finding };
        let line = rendered.start.line;
        let paths = map.line_spec_paths(&rendered.file, line..=line);
        finding.span = map.template_span(&rendered.file, line).or_else(|| Some(rendered.clone()));
        finding = finding.with_related(Some(rendered), "rendered here");
        for path in &paths {
            finding = finding.with_related(self.input.spans.nearest(path), format!("from `{path}`"));
        }
        finding.path = paths.into_iter().next().or(finding.path);
        finding
    }

    /// Tags of everything in every module.
    fn default_tags(&self) -> BTreeMap<&str, &str> {
        let own = [(DEPLOYMENT, self.input.deployment.prefix.as_str())];
        self.input.tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).chain(own).collect()
    }

    fn state(&self, account: &str, hub: bool) -> ModuleState {
        let at = |path: &str| at_path(&self.input.context, path).map(|value| value.into_owned());
        let text = |value: Option<Value>| value.as_ref().and_then(Value::as_str).map(str::to_owned);
        let Some(Value::Object(s3)) = at("state.s3") else { return ModuleState::Local };
        let key = if hub {
            s3.get("hub_key").cloned()
        } else {
            s3.get("account_keys").and_then(|keys| keys.get(account)).cloned()
        };
        ModuleState::S3 {
            bucket: text(s3.get("bucket").cloned()).unwrap_or_default(),
            key: text(key).unwrap_or_default(),
            region: text(s3.get("region").cloned()).unwrap_or_default(),
            kms_key: text(s3.get("kms_key").cloned()),
        }
    }

    /// What gwinfra sets when a module is planned.
    fn variables(&mut self) -> BTreeMap<String, ParameterValue> {
        let mut values = BTreeMap::new();
        let outputs = BTreeMap::new();
        let Some(stack) = self.blueprint.manifest.stacks.first() else { return values };
        let manifest = &self.blueprint.manifest_source;
        let sources = Sources { input: self.input, manifest, stack, config: None, outputs: &outputs };
        for (name, parameter) in &self.terraform.variables {
            // What this deployment does not have, no template asks for.
            if let Ok(Some(value)) = sources.value(&parameter.source, None) {
                values.insert(name.clone(), value);
            }
        }
        values
    }

    /// The stack that each output belongs to.
    fn outputs(&self, hub: bool) -> BTreeMap<String, String> {
        let stacks = self.blueprint.manifest.stacks.iter();
        let of_module = stacks.filter(|stack| hub == (stack.target == crate::blueprint::StackTarget::Hub));
        of_module.flat_map(|stack| stack.outputs.keys().map(|name| (name.clone(), stack.name.clone()))).collect()
    }

    fn finish(self) -> Result<Rendering, Report> {
        let mut report = Report::default();
        report.sources.add(self.input.spec.clone());
        report.sources.add(self.blueprint.manifest_source.clone());
        let sources = self.templates.sources().into_iter().chain(self.sources).chain(self.rendered);
        sources.for_each(|source| report.sources.add(source));
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
            stacks: Vec::new(),
            modules: self.modules,
            members: member::targets(self.input, manifest),
            nodes: nodes(manifest),
            objects: Vec::new(),
            images: self.input.images.clone(),
            lookups: self.input.lookups.clone(),
            tasks_at_first: self.input.tasks_at_first,
            digest: String::new(),
        };
        bundle.digest = digest::digest(&bundle);
        Ok(Rendering { bundle, source_maps: BTreeMap::new(), module_maps: self.maps, report })
    }
}

/// Whether a file has nothing but comments.
fn is_blank(text: &str) -> bool {
    text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
}
