//! What a stack set changes inside the accounts: Terraform sees a text, so the templates are compared.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::Shown;
use crate::cfn::registry::Registry;
use crate::cfn::stack_set::{self, StackSet};
use crate::diagnostics::Diagnostic;
use crate::engine::cloudformation::plan::instances::{live, other_rollout};
use crate::engine::cloudformation::plan::members::{Members, add};
use crate::engine::terraform::TerraformEngine;
use crate::engine::{EngineError, Places};
use crate::plan::{Change, PlanNote};
use crate::render::{Bundle, RenderedModule, RenderedStack, Target};

/// The type whose template may have a stack set.
pub(in crate::engine::terraform) const STACK: &str = "aws_cloudformation_stack";

impl TerraformEngine {
    /// Adds, behind the row of each stack that has a stack set, the rows of what it changes in the accounts.
    ///
    /// # Errors
    /// When the set's stacks cannot be listed.
    pub(super) async fn add_members(
        &self,
        bundle: &Bundle,
        module: &RenderedModule,
        shown: &Shown,
        rows: &mut Vec<Change>,
    ) -> Result<Vec<PlanNote>, EngineError> {
        let mut notes = Vec::new();
        for resource in shown.resource_changes.iter().filter(|resource| resource.resource_type == STACK) {
            let (before, after) = (body(&resource.change.before), body(&resource.change.after));
            let address = format!("{}/{}", module.key, resource.address);
            let deployed = before.map(stack_set::of_template).unwrap_or_default();
            let wanted = after.map(stack_set::of_template).unwrap_or_default();
            if (deployed.is_empty() && wanted.is_empty()) || rows.iter().all(|row| row.address != address) {
                continue;
            }
            let hub = &bundle.deployment.hub;
            let (live, more) = live(&self.clients, hub, &bundle.members, &deployed).await?;
            notes.extend(more);
            Stack { module, hub, address: &resource.address, before, after }.add_members(&self.places, &live, rows);
        }
        Ok(notes)
    }
}

/// A stack of a root module on both sides of a change.
pub(super) struct Stack<'a> {
    /// The root module.
    pub module: &'a RenderedModule,
    /// The account that has the stack sets.
    pub hub: &'a Target,
    /// Address in the root module.
    pub address: &'a str,
    /// Its template.
    pub before: Option<&'a str>,
    /// Its template after the change.
    pub after: Option<&'a str>,
}

impl Stack<'_> {
    /// Adds, behind the stack's row, what its stack sets change in the accounts. `live` are templates that are live there.
    pub fn add_members(&self, places: &Places, live: &BTreeMap<String, String>, rows: &mut Vec<Change>) {
        let Self { module, hub, before, .. } = *self;
        let address = format!("{}/{}", module.key, self.address);
        // What is inside a file of the module has no place of its own: the resource that takes the file has.
        let places = |_: &str, _: &str, path: &[String]| places(&module.key, self.address, path);
        let members = Members {
            stack: &as_stack(module, self.after.unwrap_or_default()),
            hub,
            registry: &Registry::builtin(),
            places: &places,
            before,
            live,
            address: &|_| address.clone(),
        };
        add(rows, &members);
    }
}

/// The template of a stack, where it is known.
pub(in crate::engine::terraform) fn body(values: &Value) -> Option<&str> {
    values.get("template_body")?.as_str()
}

/// A stack with a template, in the place of a module.
fn as_stack(module: &RenderedModule, template: &str) -> RenderedStack {
    RenderedStack {
        key: module.key.clone(),
        kind: module.key.clone(),
        name: module.key.clone(),
        target: module.target.clone(),
        template_path: module.key.clone(),
        template: Arc::from(template),
        parameters: BTreeMap::new(),
        tags: BTreeMap::new(),
        capabilities: Vec::new(),
        termination_protection: false,
        depends_on: Vec::new(),
        descriptions: BTreeMap::new(),
    }
}

/// Accounts whose role would have to be made while the role of the other rollout, which has the same name, is there.
pub(super) fn conflicts(bundle: &Bundle, gone: &[&RenderedModule], hub: &[Change]) -> Vec<Diagnostic> {
    let is_member = |account: &str| bundle.members.iter().any(|member| member.account == *account);
    let modules = gone.iter().filter(|module| is_member(&module.target.account));
    let mut found: Vec<Diagnostic> =
        modules.map(|module| other_rollout(&format!("root module {}", module.key), &module.target.account)).collect();
    let account = &bundle.deployment.hub.account;
    if bundle.modules.iter().any(|module| module.target.account != *account) {
        let deleted = hub.iter().filter(|row| row.resource_type == STACK && row.actions == ["delete"]);
        let with_set = deleted.filter(|row| !sets(row).is_empty());
        found.extend(with_set.map(|row| other_rollout(&row.address, account)));
    }
    found
}

/// The stack sets of a stack that goes.
fn sets(row: &Change) -> Vec<StackSet> {
    let body = row.before.as_ref().and_then(|before| before.get("template_body"));
    // In rows, texts in JSON are opened.
    let text = body.map(|body| body.as_str().map_or_else(|| body.to_string(), ToOwned::to_owned));
    text.as_deref().map(stack_set::of_template).unwrap_or_default()
}
