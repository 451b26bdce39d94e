//! One thing that was looked at, and what came of it.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckName {
    /// Whether the account can be asked.
    Reach,
    /// Whether the role is there.
    Role,
    /// Whether the role's trust policy lets in the gateway, and nobody else.
    Trust,
    /// Whether the role's policies are those that the spec renders.
    Permissions,
    /// Whether the gateway's task role may assume the role.
    Assume,
    /// Whether the role's live policies allow calls to the model.
    Invoke,
    /// Whether the account has access to the model.
    Access,
    /// Whether the account's token quota for the model is enough.
    Quota,
}

impl CheckName {
    /// The word for it, as in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Reach => "reach",
            Self::Role => "role",
            Self::Trust => "trust",
            Self::Permissions => "permissions",
            Self::Assume => "assume",
            Self::Invoke => "invoke",
            Self::Access => "access",
            Self::Quota => "quota",
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    /// As it should be.
    Pass,
    /// Not as it should be.
    Fail,
    /// Could not be found out, or does not apply.
    Skip,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Check {
    /// What.
    pub name: CheckName,
    /// What came of it.
    pub status: CheckStatus,
    /// In words.
    pub detail: String,
    /// What the spec renders, for a policy that is not as it should be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<Value>,
}

impl Check {
    /// As it should be.
    pub fn pass(name: CheckName, detail: impl Into<String>) -> Self {
        Self { name, status: CheckStatus::Pass, detail: detail.into(), expected: None }
    }

    /// Not as it should be.
    pub fn fail(name: CheckName, detail: impl Into<String>) -> Self {
        Self { name, status: CheckStatus::Fail, detail: detail.into(), expected: None }
    }

    /// Could not be found out.
    pub fn skip(name: CheckName, detail: impl Into<String>) -> Self {
        Self { name, status: CheckStatus::Skip, detail: detail.into(), expected: None }
    }

    /// A failure for each problem, or a pass without any.
    pub fn of(name: CheckName, problems: &[String], well: impl Into<String>) -> Self {
        if problems.is_empty() { Self::pass(name, well) } else { Self::fail(name, problems.join("; ")) }
    }

    /// Adds what the spec renders to a failure.
    #[must_use]
    pub fn expecting(mut self, expected: Value) -> Self {
        self.expected = (self.status == CheckStatus::Fail).then_some(expected);
        self
    }
}
