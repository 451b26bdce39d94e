//! The template that a stack set brings into the accounts.

use serde_json::Value;

use super::Target;
use super::assemble::ACCESS_GROUPS;
use super::input::Input;
use super::parameters::holds;
use super::read_back::{point_back, read_back};
use super::source_map::SourceMap;
use crate::blueprint::{Manifest, Stack};
use crate::cfn::check;
use crate::cfn::registry::Registry;
use crate::diagnostics::{Diagnostic, Severity};
use crate::render::template::Templates;

/// A template that a stack set brings into the accounts.
pub(super) struct Member {
    /// Where it comes from.
    pub map: SourceMap,
    /// Its text.
    pub text: String,
    /// What should be said about it, none of it an error.
    pub findings: Vec<Diagnostic>,
}

/// The stacks of accounts that are not deployed there, because a stack set brings them.
pub(super) fn brought<'m>(manifest: &'m Manifest, context: &Value) -> Vec<&'m Stack> {
    let sets = manifest.stacks.iter().filter(|stack| holds(&stack.when, context));
    sets.filter_map(|stack| manifest.stack(stack.stack_set_of.as_deref()?)).collect()
}

/// The accounts that a stack set brings stacks into: all in the hub's region, since what is in the stacks has none.
pub(super) fn targets(input: &Input, manifest: &Manifest) -> Vec<Target> {
    if brought(manifest, &input.context).is_empty() {
        return Vec::new();
    }
    let region = &input.deployment.hub.region;
    let accounts = input.groups.iter().flat_map(|group| &group.accounts);
    accounts.map(|account| Target { region: region.clone(), ..account.target.clone() }).collect()
}

/// Renders the template for all groups of accounts at once, reads it back and checks it. `path` is what it is called in
/// findings.
///
/// # Errors
/// All findings, if one of them is an error.
pub(super) fn render(
    templates: &Templates,
    input: &Input,
    stack: &Stack,
    path: &str,
    registry: &Registry,
) -> Result<Member, Vec<Diagnostic>> {
    let groups: Value = input.groups.iter().map(|group| group.context.clone()).collect();
    let output = templates.render(&stack.template, &[(ACCESS_GROUPS, &groups)]).map_err(|finding| vec![*finding])?;
    let map = read_back(path, &output, templates.trace(&output)).map_err(|finding| vec![*finding])?;
    let target = check::Target { region: Some(&input.deployment.hub.region), ..check::Target::default() };
    let findings = check::check(map.template(), registry, target).into_iter();
    let findings: Vec<Diagnostic> = findings.map(|finding| point_back(finding, &map, &input.spans)).collect();
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        return Err(findings);
    }
    Ok(Member { map, text: output.text, findings })
}

/// Where the origins of the template are kept whose text stands in another one, by the path of that.
pub(super) fn origins(path: &str) -> String {
    format!("{path} in accounts")
}
