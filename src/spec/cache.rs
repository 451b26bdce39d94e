//! `cache`: what the gateway's tasks share.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::database::Nothing;

/// Cache that the gateway's tasks share for routing state and rate limits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cache {
    /// An ElastiCache replication group. TLS and authentication are always on.
    Redis(Redis),
    /// ElastiCache Serverless. TLS and authentication are always on.
    Serverless(ServerlessCache),
    /// No cache: each task counts for itself, so limits and routing are per task.
    None(Nothing),
}

impl Default for Cache {
    fn default() -> Self {
        Self::Redis(Redis::default())
    }
}

/// An ElastiCache replication group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Redis {
    /// Engine: `valkey` (default, a fifth cheaper) or `redis`.
    pub engine: CacheEngine,
    /// Engine version, in quotes. Default: `8.0` for Valkey, `7.1` for Redis.
    #[schemars(extend("pattern" = "^[0-9]\\.[0-9]{1,2}$", "x-expect" = "an engine version in quotes, such as \"8.0\""))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Node type. Default `cache.t4g.small`.
    #[schemars(extend("pattern" = "^cache\\.[a-z0-9]+\\.[a-z0-9]+$", "x-expect" = "an ElastiCache node type, such as cache.t4g.small"))]
    pub node_type: String,
    /// Replicas beside the primary, 0 to 5: one takes over when the primary fails. Default 1.
    #[schemars(range(max = 5))]
    pub replicas: u8,
}

impl Default for Redis {
    fn default() -> Self {
        Self { engine: CacheEngine::Valkey, version: None, node_type: "cache.t4g.small".to_owned(), replicas: 1 }
    }
}

/// Engine of the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CacheEngine {
    /// Valkey.
    Valkey,
    /// Redis OSS.
    Redis,
}

/// ElastiCache Serverless.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ServerlessCache {
    /// Engine: `valkey` (default) or `redis`.
    pub engine: CacheEngine,
    /// Most data stored, in GiB, 1 to 5000. Default 5.
    #[schemars(range(min = 1, max = 5000))]
    pub max_gib: u32,
    /// Most ElastiCache processing units per second, 1000 to 15,000,000. Default 5000.
    #[schemars(range(min = 1000, max = 15_000_000))]
    pub max_ecpu_per_second: u32,
}

impl Default for ServerlessCache {
    fn default() -> Self {
        Self { engine: CacheEngine::Valkey, max_gib: 5, max_ecpu_per_second: 5000 }
    }
}
