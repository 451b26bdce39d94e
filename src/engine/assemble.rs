//! Puts a plan together.

use std::collections::{BTreeMap, BTreeSet};

use super::gates;
use crate::plan::{Change, Inputs, Plan, PlanNote, PlannedStack, SCHEMA, Summary, Tool};
use crate::render::Bundle;

/// What an engine has found out.
#[derive(Debug, Default)]
pub(in crate::engine) struct Parts {
    /// Images by name, with the digest that was resolved.
    pub images: BTreeMap<String, String>,
    /// Images that the apply pushes, by name, and where they are from.
    pub pushes: BTreeMap<String, String>,
    /// Results of lookups, by name.
    pub lookups: BTreeMap<String, String>,
    /// What happens to stacks or root modules.
    pub stacks: Vec<PlannedStack>,
    /// What happens to resources.
    pub changes: Vec<Change>,
    /// Outputs that change.
    pub output_changes: BTreeSet<String>,
    /// What is worth knowing.
    pub notes: Vec<PlanNote>,
    /// Whether AWS was asked.
    pub offline: bool,
}

/// Puts a plan together.
pub(in crate::engine) fn plan(bundle: &Bundle, parts: Parts) -> Plan {
    Plan {
        schema: SCHEMA.to_owned(),
        tool: Tool { name: env!("CARGO_PKG_NAME").to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        deployment: bundle.deployment.clone(),
        inputs: Inputs {
            spec_sha256: bundle.deployment.spec_sha256.clone(),
            blueprint: format!("{}@{}", bundle.blueprint.name, bundle.blueprint.version),
            images: parts.images,
            pushes: parts.pushes,
            lookups: parts.lookups,
            bundle_sha256: bundle.digest.clone(),
        },
        offline: parts.offline,
        created_at: super::now(),
        stacks: parts.stacks,
        summary: Summary::of(&parts.changes),
        gates: gates::gates(&parts.changes),
        changes: parts.changes,
        output_changes: parts.output_changes.into_iter().collect(),
        diagnostics: parts.notes,
        configuration: None,
        blocked: Vec::new(),
    }
}
