//! The report as data: what `render --parity -o json` prints.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Compared, Finding, Intended, Parity, Unchecked};
use crate::diagnostics::{JsonDiagnostic, Report};
use crate::render::Deployment;

/// Name and version of the JSON format. Fields are only ever added within a version.
pub const SCHEMA: &str = "gwinfra.parity/v1";

/// Whether both engines build the same.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Document<'a> {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// What was rendered.
    pub deployment: &'a Deployment,
    /// Whether both engines build the same.
    pub equal: bool,
    /// How much was compared.
    pub compared: Compared,
    /// The same by stack of the blueprint.
    pub stacks: &'a BTreeMap<String, Compared>,
    /// What is not the same.
    pub findings: &'a [Finding],
    /// What differs on purpose.
    pub intended: &'a [Intended],
    /// What was not compared.
    pub unchecked: &'a [Unchecked],
    /// The findings at lines of the spec and of the blueprint.
    pub diagnostics: Vec<JsonDiagnostic<'a>>,
}

impl<'a> Document<'a> {
    /// The document of a comparison; `report` has its findings with their places.
    pub fn new(deployment: &'a Deployment, parity: &'a Parity, report: &'a Report) -> Self {
        Self {
            schema: SCHEMA,
            deployment,
            equal: parity.is_equal(),
            compared: parity.compared(),
            stacks: &parity.stacks,
            findings: &parity.findings,
            intended: &parity.intended,
            unchecked: &parity.unchecked,
            diagnostics: report.diagnostics.iter().map(|one| JsonDiagnostic::new(one, &report.sources)).collect(),
        }
    }
}

/// The JSON Schema of [`Document`], as text: the committed copy is `schemas/gwinfra.parity.v1.schema.json`.
pub fn json_schema_text() -> String {
    crate::json_schema::text::<Document<'static>>(SCHEMA)
}
