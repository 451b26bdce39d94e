//! `observability` and `smoke`: what shows that the gateway works.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::types::{Arn, EntryName};

/// Logs, dashboard and alarms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Observability {
    /// Days that CloudWatch keeps logs: one of CloudWatch's own steps. Default 90.
    #[schemars(extend("enum" = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]))]
    pub log_retention_days: u32,
    /// Keep a log of every request through the gateway in S3. Default true.
    pub request_logs: bool,
    /// Make a CloudWatch dashboard. Default true.
    pub dashboard: bool,
    /// CloudWatch alarms.
    pub alarms: Alarms,
}

impl Default for Observability {
    fn default() -> Self {
        Self { log_retention_days: 90, request_logs: true, dashboard: true, alarms: Alarms::default() }
    }
}

/// CloudWatch alarms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Alarms {
    /// Share of requests answered with a 5xx status, in percent, that raises an alarm. Default 5.
    #[schemars(range(min = 0.01, max = 100.0))]
    pub error_rate_percent: f64,
    /// Calls per minute that Bedrock throttles that raise an alarm. Default 10.
    #[schemars(range(min = 1))]
    pub throttled_per_minute: u32,
    /// Who is told. Default: nobody; alarms are made and can be looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notify: Option<Notify>,
}

impl Default for Alarms {
    fn default() -> Self {
        Self { error_rate_percent: 5.0, throttled_per_minute: 10, notify: None }
    }
}

/// Who is told when an alarm changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Notify {
    /// An email address: an SNS topic with a subscription, which the owner must confirm, is made.
    Email(#[schemars(extend("pattern" = "^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", "x-expect" = "an email address"))] String),
    /// ARN of an SNS topic that exists, in the hub's region.
    Topic(Arn),
}

/// The calls that prove a deployment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Smoke {
    /// Model to call. Default: the first of `models` that answers chat calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<EntryName>,
    /// Prompt to send. Default `Reply with OK.`
    pub prompt: String,
    /// Most tokens to ask for, 1 to 4096. Default 8.
    #[schemars(range(min = 1, max = 4096))]
    pub max_tokens: u32,
}

impl Default for Smoke {
    fn default() -> Self {
        Self { model: None, prompt: "Reply with OK.".to_owned(), max_tokens: 8 }
    }
}
