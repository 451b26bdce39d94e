//! The report as data: what `doctor -o json` prints.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::check::{Area, Check};
use super::finding::{Finding, Status};
use super::subject::Subject;
use crate::diagnostics::printable;

/// Name and version of the JSON format. Fields are only ever added within a version.
pub const SCHEMA: &str = "gwinfra.doctor/v1";

/// What came of the checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Document {
    /// [`SCHEMA`].
    pub schema: String,
    /// Prefix of the deployment.
    pub deployment: String,
    /// Engine that deploys it: `cloudformation` or `terraform`.
    pub engine: String,
    /// Account of the hub.
    pub account: String,
    /// Region of the hub.
    pub region: String,
    /// Milliseconds that all of it took.
    pub duration_ms: u64,
    /// The checks, always in the same order.
    pub checks: Vec<CheckResult>,
    /// How many came out how.
    pub summary: Summary,
}

/// A check and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CheckResult {
    /// Id, which `gwinfra explain` takes.
    pub id: String,
    /// Name.
    pub name: String,
    /// What it is about.
    pub area: Area,
    /// The worst of its findings.
    pub status: Status,
    /// Milliseconds that it took.
    pub duration_ms: u64,
    /// What was found.
    pub findings: Vec<Finding>,
}

/// How many checks came out how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Summary {
    /// As it should be.
    pub pass: usize,
    /// With a warning.
    pub warn: usize,
    /// A deployment would fail.
    pub fail: usize,
    /// Not made, or nothing to look at.
    pub skip: usize,
}

impl CheckResult {
    pub(super) fn new(check: &dyn Check, findings: Vec<Finding>, took: Duration) -> Self {
        let findings: Vec<Finding> = findings.into_iter().map(clean).collect();
        Self {
            id: check.id().to_owned(),
            name: check.name().to_owned(),
            area: check.area(),
            status: findings.iter().map(|finding| finding.status).max().unwrap_or(Status::Skip),
            duration_ms: millis(took),
            findings,
        }
    }
}

impl Document {
    pub(super) fn new(subject: &Subject<'_>, checks: Vec<CheckResult>, took: Duration) -> Self {
        let hub = subject.hub();
        let count = |status| checks.iter().filter(|check| check.status == status).count();
        Self {
            schema: SCHEMA.to_owned(),
            deployment: subject.prefix().to_owned(),
            engine: subject.engine().name().to_owned(),
            account: hub.account.clone(),
            region: hub.region.clone(),
            duration_ms: millis(took),
            summary: Summary {
                pass: count(Status::Pass),
                warn: count(Status::Warn),
                fail: count(Status::Fail),
                skip: count(Status::Skip),
            },
            checks,
        }
    }

    /// The checks that failed.
    pub fn failed(&self) -> impl Iterator<Item = &CheckResult> {
        self.checks.iter().filter(|check| check.status == Status::Fail)
    }
}

/// Without anything that could move a terminal's cursor: some of it are words of AWS.
fn clean(finding: Finding) -> Finding {
    let clean = |text: String| printable(&text).into_owned();
    Finding {
        message: clean(finding.message),
        details: finding.details.into_iter().map(clean).collect(),
        fix: finding.fix.map(clean),
        ..finding
    }
}

fn millis(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

/// The JSON Schema of [`Document`], as text: the committed copy is `schemas/gwinfra.doctor.v1.schema.json`.
pub fn json_schema_text() -> String {
    crate::json_schema::text::<Document>(SCHEMA)
}
