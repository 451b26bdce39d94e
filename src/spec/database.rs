//! `database`: virtual keys, spend and chat history.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::enabled;
use super::types::Arn;

/// Database for virtual keys, spend and chat history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Database {
    /// Aurora PostgreSQL Serverless v2.
    AuroraPostgres(AuroraPostgres),
    /// A PostgreSQL database that exists.
    External(ExternalDatabase),
    /// No database: no virtual keys, no spend tracking, no chat history.
    None(Nothing),
}

impl Default for Database {
    fn default() -> Self {
        Self::AuroraPostgres(AuroraPostgres::default())
    }
}

/// An alternative without settings: write `{}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Aurora PostgreSQL Serverless v2.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuroraPostgres {
    /// Engine version, in quotes. Default `16.6`.
    #[serde(default = "default_aurora_version")]
    #[schemars(extend("pattern" = "^[0-9]{2}\\.[0-9]{1,2}$", "x-expect" = "an Aurora PostgreSQL version in quotes, such as \"16.6\""))]
    pub version: String,
    /// Range of capacity of each instance.
    #[serde(default)]
    pub capacity: Capacity,
    /// Reader instances beside the writer, 0 to 15: they take over when the writer fails. Default 1.
    #[serde(default = "default_readers")]
    #[schemars(range(max = 15))]
    pub readers: u8,
    /// Days that automated backups are kept, 1 to 35. Default 7.
    #[serde(default = "default_backup_days")]
    #[schemars(range(min = 1, max = 35))]
    pub backup_days: u8,
    /// Refuse to delete the cluster. Default true.
    #[serde(default = "enabled")]
    pub deletion_protection: bool,
    /// How the gateway signs in: `password` (default: made and rotated by RDS in Secrets Manager) or `iam`.
    #[serde(default)]
    pub auth: DatabaseAuth,
}

impl Default for AuroraPostgres {
    fn default() -> Self {
        Self {
            version: default_aurora_version(),
            capacity: Capacity::default(),
            readers: default_readers(),
            backup_days: default_backup_days(),
            deletion_protection: true,
            auth: DatabaseAuth::default(),
        }
    }
}

fn default_aurora_version() -> String {
    "16.6".to_owned()
}

fn default_readers() -> u8 {
    1
}

fn default_backup_days() -> u8 {
    7
}

/// Range of capacity in Aurora capacity units (1 ACU is about 2 GiB of memory), in steps of 0.5.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Capacity {
    /// Least capacity, 0 to 256. Default 0.5. With 0 the cluster pauses when it is idle.
    #[schemars(range(min = 0.0, max = 256.0))]
    pub min_acu: f64,
    /// Most capacity, 1 to 256. Default 4.
    #[schemars(range(min = 1.0, max = 256.0))]
    pub max_acu: f64,
}

impl Default for Capacity {
    fn default() -> Self {
        Self { min_acu: 0.5, max_acu: 4.0 }
    }
}

/// How the gateway signs in to Aurora.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DatabaseAuth {
    /// A password that RDS makes, keeps in Secrets Manager and rotates.
    #[default]
    Password,
    /// Short-lived tokens of the task role: no password at all.
    Iam,
}

/// A PostgreSQL database that exists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExternalDatabase {
    /// ARN of a secret in Secrets Manager whose whole value is the connection URL,
    /// `postgresql://user:password@host:5432/name?sslmode=require`. A pooler in front of it has to be in session mode.
    pub url_secret: Arn,
}
