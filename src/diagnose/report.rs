//! The report as data: what `diagnose -o json` prints.

use schemars::JsonSchema;
use serde::Serialize;

use crate::drift::Source;
use crate::plan::SourcePlace;

/// Name and version of the JSON format. Fields are only ever added within a version.
pub const SCHEMA: &str = "gwinfra.diagnose/v1";

/// Why the last operations failed.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Document {
    /// [`SCHEMA`].
    pub schema: String,
    /// Which deployment.
    pub deployment: Source,
    /// The run of the journal that was looked at; null without a journal.
    pub run: Option<RunSummary>,
    /// What failed, the hub's first; empty when every stack is well.
    pub failures: Vec<Failure>,
    /// What could not be asked, one sentence each.
    pub notes: Vec<String>,
}

/// A run, as the journal has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RunSummary {
    /// Its id.
    pub id: String,
    /// `apply`, `destroy` or `recover`.
    pub command: String,
    /// When it began, RFC 3339.
    pub started_at: String,
    /// `succeeded`, `failed`, `cancelled`, or `stopped` by a signal; null for a run that was cut off.
    pub result: Option<String>,
}

/// What became of the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is as it was before.
    RolledBack,
    /// It cannot be changed before `gwinfra recover`.
    Stuck,
    /// Nothing was begun.
    NotBegun,
    /// A root module was applied in part, and its state is written.
    InPart,
    /// The operation still runs.
    InProgress,
    /// It was applied, and does not run.
    Unhealthy,
}

/// A stack or root module whose last operation failed.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Failure {
    /// Key of the stack or root module.
    pub stack: String,
    /// Name of the stack.
    pub name: String,
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
    /// Its status now.
    pub status: String,
    /// What became of it.
    pub outcome: Outcome,
    /// The operation that failed; null where nobody tells of one.
    pub operation: Option<Operation>,
    /// The first failure that is not the echo of another one.
    pub cause: Option<Cause>,
    /// Other failures of their own, in order: those of the rollback among them.
    pub also: Vec<Cause>,
    /// What AWS tells about the cause.
    pub evidence: Vec<Evidence>,
    /// Why it probably happened. Each is a guess.
    pub guesses: Vec<Guess>,
    /// Addresses of what was cancelled because of the cause.
    pub consequences: Vec<String>,
    /// What to do next, the first thing first.
    pub next: Vec<String>,
}

/// An operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Operation {
    /// `create`, `update`, `delete`, `import`, `apply`, `destroy`.
    pub kind: String,
    /// When it began, RFC 3339.
    pub started_at: Option<String>,
    /// When the stack came to rest, RFC 3339.
    pub ended_at: Option<String>,
    /// How long it took.
    pub seconds: Option<u64>,
}

/// A resource that failed by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Cause {
    /// As in plans: `acme-llm-gateway/Service`.
    pub address: String,
    /// Its name in the stack or root module.
    pub logical_id: String,
    /// Resource type; empty for the stack or root module as a whole.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// Identifier in AWS, once it has one.
    pub physical_id: Option<String>,
    /// `CREATE_FAILED` ...; empty where nobody gives one.
    pub status: String,
    /// When, RFC 3339.
    pub at: Option<String>,
    /// Why, in the words of the service or the provider.
    pub reason: String,
    /// Lines of the spec that it comes from.
    pub source: Vec<SourcePlace>,
}

/// A fact about a cause.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Evidence {
    /// Who tells it: `ecs`, `logs`, `elasticloadbalancing`, `iam`, `servicequotas`, `bedrock`, `acm` ...
    pub from: String,
    /// The fact, in one sentence.
    pub fact: String,
    /// Lines that belong to it, such as those of a log, without secrets.
    pub lines: Vec<String>,
}

/// Why it probably happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Guess {
    /// The guess, in one sentence.
    pub text: String,
    /// The facts that speak for it, two at least.
    pub signals: Vec<String>,
}

impl Cause {
    /// Place in the spec: `file:line:column`.
    pub fn place(&self) -> Option<String> {
        self.source.first().map(ToString::to_string)
    }
}

impl Evidence {
    /// A fact without lines.
    pub fn fact(from: &str, fact: impl Into<String>) -> Self {
        Self { from: from.to_owned(), fact: fact.into(), lines: Vec::new() }
    }
}

impl Evidence {
    /// That somebody has cancelled the operation.
    pub fn cancelled() -> Self {
        Self::fact("cloudformation", "somebody cancelled the update")
    }
}

impl Failure {
    /// Whether somebody has cancelled the operation, and nothing failed.
    pub fn is_cancelled(&self) -> bool {
        self.cause.is_none() && self.evidence.contains(&Evidence::cancelled())
    }

    /// Whether the operation has ended, and not as it should have.
    pub fn has_ended(&self) -> bool {
        self.outcome != Outcome::InProgress
    }
}

/// The JSON Schema of [`Document`], as text: the committed copy is `schemas/gwinfra.diagnose.v1.schema.json`.
pub fn json_schema_text() -> String {
    crate::json_schema::text::<Document>(SCHEMA)
}
