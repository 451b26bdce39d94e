//! The report as data: what `smoke -o json` prints.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::gateway::Gateway;
use super::outcome::{Outcome, Status, millis};

/// Name and version of the JSON format. Fields are only ever added within a version.
pub const SCHEMA: &str = "gwinfra.smoke/v1";

/// What came of the checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Document {
    /// [`SCHEMA`].
    pub schema: String,
    /// Prefix of the deployment; `null` for a gateway that no spec describes.
    pub deployment: Option<String>,
    /// URL of the gateway.
    pub url: String,
    /// Model that was called; `null` when none was.
    pub model: Option<String>,
    /// How often all checks were tried.
    pub rounds: u32,
    /// Milliseconds that all of it took.
    pub duration_ms: u64,
    /// The checks, always in the same order.
    pub checks: Vec<Outcome>,
    /// How many came out how.
    pub summary: Summary,
}

/// How many checks came out how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Summary {
    /// As it should be.
    pub pass: usize,
    /// Not as it should be.
    pub fail: usize,
    /// Not tried.
    pub skip: usize,
}

impl Document {
    pub(super) fn new(gateway: &Gateway, rounds: u32, took: Duration, checks: Vec<Outcome>) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            deployment: gateway.expected.deployment.clone(),
            url: gateway.client.url().as_str().trim_end_matches('/').to_owned(),
            model: gateway.called(),
            rounds,
            duration_ms: millis(took),
            summary: Summary::of(&checks),
            checks,
        }
    }

    /// The report of checks none of which can be tried, for one reason.
    pub fn skipped(deployment: &str, url: &str, reason: &str, names: impl Iterator<Item = &'static str>) -> Self {
        let checks: Vec<Outcome> =
            names.map(|name| Outcome { name: name.to_owned(), ..Outcome::skip(reason) }).collect();
        Self {
            schema: SCHEMA.to_owned(),
            deployment: Some(deployment.to_owned()),
            url: url.to_owned(),
            model: None,
            rounds: 0,
            duration_ms: 0,
            summary: Summary::of(&checks),
            checks,
        }
    }

    /// The checks that failed.
    pub fn failed(&self) -> impl Iterator<Item = &Outcome> {
        self.checks.iter().filter(|outcome| outcome.status == Status::Fail)
    }
}

impl Summary {
    fn of(checks: &[Outcome]) -> Self {
        let count = |status| checks.iter().filter(|outcome| outcome.status == status).count();
        Self { pass: count(Status::Pass), fail: count(Status::Fail), skip: count(Status::Skip) }
    }
}

/// The JSON Schema of [`Document`], as text: the committed copy is `schemas/gwinfra.smoke.v1.schema.json`.
pub fn json_schema_text() -> String {
    crate::json_schema::text::<Document>(SCHEMA)
}
