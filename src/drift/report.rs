//! The report as data: what `drift -o json` prints.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::coverage::Coverage;
use super::finding::{Finding, Reader};
use crate::diagnostics::{Remark, Report};
use crate::render::Deployment;

/// Name and version of the JSON format. Fields are only ever added within a version.
pub const SCHEMA: &str = "gwinfra.drift/v1";

/// What differs, and what was looked at.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Document {
    /// [`SCHEMA`].
    pub schema: String,
    /// Which deployment.
    pub deployment: Source,
    /// What differs, accepted findings included, the hub's first.
    pub findings: Vec<Finding>,
    /// Values that resources have, and that neither the spec nor the baseline knows. They are no differences.
    pub potential: Vec<Potential>,
    /// What differs and is known to differ by itself.
    pub folded: Vec<Folded>,
    /// What was looked at.
    pub coverage: Coverage,
    /// What has to be done before anything else, if a stack is stuck: the next command of its status.
    pub first: Option<String>,
    /// What should be said beside the findings, such as changes of the spec that are not applied.
    pub notes: Vec<String>,
    /// What a baseline is compared with and written from: the resources that were compared, by address.
    #[serde(skip)]
    #[schemars(skip)]
    pub live: BTreeMap<String, Live>,
}

/// A resource that was compared, for the baseline.
#[derive(Debug, Clone, PartialEq)]
pub struct Live {
    /// Key of the stack or root module.
    pub stack: String,
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
    /// Resource type.
    pub resource_type: String,
    /// Who read it.
    pub reader: Reader,
    /// Values that nobody declares, by path.
    pub values: BTreeMap<String, Value>,
    /// What is declared.
    pub declared: Value,
}

/// A value that neither the spec nor the baseline knows.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Potential {
    /// Address of the resource.
    pub address: String,
    /// Key of the stack or root module.
    pub stack: String,
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
    /// Resource type.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// The property.
    pub path: Vec<String>,
    /// Its value.
    pub actual: Value,
}

/// A deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Source {
    /// Prefix of its names.
    pub name: String,
    /// `cloudformation` or `terraform`.
    pub engine: String,
    /// Account of the hub.
    pub account: String,
    /// Region of the hub.
    pub region: String,
}

impl Source {
    /// What reports say of a rendered deployment.
    pub fn of(deployment: &Deployment) -> Self {
        Self {
            name: deployment.prefix.clone(),
            engine: deployment.engine.clone(),
            account: deployment.hub.account.clone(),
            region: deployment.hub.region.clone(),
        }
    }
}

/// Something that differs and is known to do so by itself.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Folded {
    /// Address of the resource.
    pub address: String,
    /// The property.
    pub path: Vec<String>,
    /// Why it is no drift.
    pub reason: String,
}

impl Document {
    /// Findings that nobody accepted.
    pub fn open(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.accepted_by.is_none())
    }

    /// The open findings for the reporters, and beside them what was compared, what was not, and what else is to be said.
    pub fn report(&self) -> Report {
        let open = self.coverage.open_by_reason().into_iter();
        let open = open.map(|one| Remark::warning(format!("not compared: {one}")));
        let accepted = self.coverage.accepted_by_rule().into_iter();
        let accepted = accepted.map(|one| Remark::note(format!("not compared, which is accepted: {one}")));
        let notes = self.notes.iter().map(Remark::note);
        let coverage = std::iter::once(Remark::note(self.coverage.sentence()));
        Report {
            diagnostics: self.open().map(Finding::diagnostic).collect(),
            remarks: coverage.chain(open).chain(accepted).chain(notes).collect(),
            ..Report::default()
        }
    }

    /// Puts the findings in order: those that matter most first, stack by stack.
    pub fn sort(&mut self) {
        let mut stacks: Vec<(String, String)> = Vec::new();
        for finding in &self.findings {
            let stack = (finding.account.clone(), finding.stack.clone());
            if !stacks.contains(&stack) {
                stacks.push(stack);
            }
        }
        let at = |finding: &Finding| {
            stacks.iter().position(|(account, stack)| *account == finding.account && *stack == finding.stack)
        };
        self.findings.sort_by_key(|finding| (at(finding), finding.severity));
    }
}

/// The JSON Schema of [`Document`], as text: the committed copy is `schemas/gwinfra.drift.v1.schema.json`.
pub fn json_schema_text() -> String {
    crate::json_schema::text::<Document>(SCHEMA)
}
