//! The database and the cache.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::Basis;
use super::naming::{CACHE_LIMIT, RDS_LIMIT};
use super::tags::Tag;
use crate::spec::{AuroraPostgres, Cache, CacheEngine, Database, DatabaseAuth, Redis, ServerlessCache};

/// Master user of the database.
pub const MASTER_USER: &str = "gateway";
/// LiteLLM's database.
pub const DATABASE_NAME: &str = "litellm";
/// The middleware's database, which it makes.
pub const MIDDLEWARE_DATABASE_NAME: &str = "middleware";
/// User of the cache.
pub const CACHE_USER: &str = "gateway";

/// The data stack.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Data {
    /// Whether there is anything to make: a stack needs a resource.
    pub needed: bool,
    /// The Aurora cluster.
    pub database: Option<Aurora>,
    /// The replication group. At most one of `cache` and `serverless_cache` is given.
    pub cache: Option<ReplicationGroup>,
    /// The serverless cache.
    pub serverless_cache: Option<Serverless>,
    /// Who may use the cache.
    pub cache_access: Option<CacheAccess>,
    /// Tags of the stack's resources, by resource.
    pub tags: IndexMap<String, Vec<Tag>>,
}

/// An Aurora PostgreSQL Serverless v2 cluster.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Aurora {
    /// Id, for an engine that has to give one.
    pub id: String,
    /// Engine version: `16.6`.
    pub version: String,
    /// Family of its parameter groups: `aurora-postgresql16`.
    pub family: String,
    /// Parameters that differ from the family's own.
    pub parameters: IndexMap<&'static str, &'static str>,
    /// Least capacity of an instance, in ACU.
    pub min_acu: f64,
    /// Most capacity of an instance, in ACU.
    pub max_acu: f64,
    /// Seconds without a connection after which the cluster pauses. `None`: it never does.
    pub pause_after_seconds: Option<u32>,
    /// Days that automated backups are kept.
    pub backup_days: u8,
    /// Whether AWS refuses to delete the cluster.
    pub deletion_protection: bool,
    /// Whether the master user signs in with tokens of IAM; else with a password that RDS keeps.
    pub iam: bool,
    /// Master user.
    pub user: &'static str,
    /// LiteLLM's database.
    pub name: &'static str,
    /// Name of the role that sends the instances' metrics, for an engine that has to give one.
    pub monitoring_role: String,
    /// The instances, the writer first.
    pub instances: Vec<Instance>,
}

/// An instance of the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Instance {
    /// Logical id.
    pub id: String,
    /// Name, for an engine that has to give one.
    pub name: String,
    /// Order in which instances take over: 0 is the writer and its first successor, so that capacity follows it.
    pub promotion_tier: u8,
    /// Tags.
    pub tags: Vec<Tag>,
}

/// An ElastiCache replication group without shards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ReplicationGroup {
    /// Id, for an engine that has to give one.
    pub id: String,
    /// `valkey` or `redis`.
    pub engine: &'static str,
    /// Engine version.
    pub version: String,
    /// Family of its parameter group: `valkey8`.
    pub family: String,
    /// Parameters that differ from the family's own.
    pub parameters: IndexMap<&'static str, &'static str>,
    /// Node type.
    pub node_type: String,
    /// Nodes: the primary and its replicas.
    pub nodes: u8,
    /// Whether a replica, in another zone, takes over when the primary fails.
    pub failover: bool,
    /// Log groups.
    pub slow_log_group: String,
    /// See `slow_log_group`.
    pub engine_log_group: String,
}

/// An ElastiCache Serverless cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Serverless {
    /// Name. ElastiCache asks for one.
    pub name: String,
    /// `valkey` or `redis`.
    pub engine: &'static str,
    /// Major engine version.
    pub version: &'static str,
    /// Most data stored, in GiB.
    pub max_gib: u32,
    /// Most processing units per second.
    pub max_ecpu_per_second: u32,
}

/// Who may use the cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CacheAccess {
    /// `valkey` or `redis`.
    pub engine: &'static str,
    /// Id of the gateway's user.
    pub user_id: String,
    /// Its name.
    pub user_name: &'static str,
    /// What it may do, in the ACL language.
    pub access: &'static str,
    /// Id of the user that stands for clients without a name. Only Redis OSS asks for one.
    pub default_user_id: Option<String>,
    /// Id of the group of users.
    pub group_id: String,
}

impl Data {
    /// The data of the spec.
    pub fn new(basis: &Basis<'_>) -> Self {
        let database = match &basis.spec.database {
            Database::AuroraPostgres(aurora) => Some(Aurora::new(basis, aurora)),
            Database::External(_) | Database::None(_) => None,
        };
        let (cache, serverless_cache, engine) = match &basis.spec.cache {
            Cache::Redis(redis) => (Some(ReplicationGroup::new(basis, redis)), None, Some(redis.engine)),
            Cache::Serverless(cache) => (None, Some(Serverless::new(basis, cache)), Some(cache.engine)),
            Cache::None(_) => (None, None, None),
        };
        Self {
            needed: database.is_some() || engine.is_some(),
            database,
            cache,
            serverless_cache,
            cache_access: engine.map(|engine| CacheAccess::new(basis, engine)),
            tags: basis.tags("data").each(&[
                "database",
                "database-monitoring",
                "database-log",
                "cache",
                "cache-password",
                "cache-slow-log",
                "cache-engine-log",
            ]),
        }
    }
}

impl Aurora {
    fn new(basis: &Basis<'_>, aurora: &AuroraPostgres) -> Self {
        let major = aurora.version.split('.').next().unwrap_or_default();
        let tags = basis.tags("data");
        let instance = |id: String, what: &str, promotion_tier: u8| Instance {
            id,
            name: basis.names.within(RDS_LIMIT, what),
            promotion_tier,
            tags: tags.named(what),
        };
        let writer = instance("DatabaseWriter".to_owned(), "database-writer", 0);
        let reader =
            |number: u8| instance(format!("DatabaseReader{number}"), &format!("database-reader-{number}"), number);
        Self {
            id: basis.names.within(RDS_LIMIT, "database"),
            version: aurora.version.clone(),
            family: format!("aurora-postgresql{major}"),
            parameters: IndexMap::from([
                ("rds.force_ssl", "1"),
                // Slow statements without their values, which are keys, prompts and answers. `log_statement` stays off.
                ("log_min_duration_statement", "1000"),
                ("log_parameter_max_length", "0"),
                ("log_parameter_max_length_on_error", "0"),
                ("log_lock_waits", "1"),
                ("idle_in_transaction_session_timeout", "300000"),
            ]),
            min_acu: aurora.capacity.min_acu,
            max_acu: aurora.capacity.max_acu,
            pause_after_seconds: (aurora.capacity.min_acu <= 0.0).then_some(1800),
            backup_days: aurora.backup_days,
            deletion_protection: aurora.deletion_protection,
            iam: aurora.auth == DatabaseAuth::Iam,
            user: MASTER_USER,
            name: DATABASE_NAME,
            monitoring_role: basis.names.role("database-monitoring"),
            // AWS takes tiers up to 15. There are at most 15 readers.
            instances: std::iter::once(writer).chain((1..=aurora.readers).map(reader)).collect(),
        }
    }
}

impl ReplicationGroup {
    fn new(basis: &Basis<'_>, redis: &Redis) -> Self {
        let version = redis.version.clone().unwrap_or_else(|| default_version(redis.engine).to_owned());
        let major = version.split('.').next().unwrap_or_default();
        Self {
            id: basis.names.within(CACHE_LIMIT, "cache"),
            engine: engine(redis.engine),
            family: format!("{}{major}", engine(redis.engine)),
            version,
            // LiteLLM's counters expire; cached keys of users do too. What was used longest ago goes first, so that a
            // full cache slows calls down and never refuses a write.
            parameters: IndexMap::from([("maxmemory-policy", "allkeys-lru")]),
            node_type: redis.node_type.clone(),
            nodes: redis.replicas.saturating_add(1),
            failover: redis.replicas > 0,
            slow_log_group: basis.names.log_group("cache/slow"),
            engine_log_group: basis.names.log_group("cache/engine"),
        }
    }
}

impl Serverless {
    fn new(basis: &Basis<'_>, cache: &ServerlessCache) -> Self {
        Self {
            name: basis.names.within(CACHE_LIMIT, "cache"),
            engine: engine(cache.engine),
            version: match cache.engine {
                CacheEngine::Valkey => "8",
                CacheEngine::Redis => "7",
            },
            max_gib: cache.max_gib,
            max_ecpu_per_second: cache.max_ecpu_per_second,
        }
    }
}

impl CacheAccess {
    fn new(basis: &Basis<'_>, kind: CacheEngine) -> Self {
        let id = |what: &str| basis.names.within(CACHE_LIMIT, &format!("{}-{what}", engine(kind)));
        Self {
            engine: engine(kind),
            user_id: id("user"),
            user_name: CACHE_USER,
            // Everything on all keys and channels but what can stop or empty the cache. LiteLLM reads `info`.
            access: "on ~* &* +@all -@dangerous +info",
            default_user_id: (kind == CacheEngine::Redis).then(|| id("default")),
            group_id: id("users"),
        }
    }
}

fn engine(engine: CacheEngine) -> &'static str {
    match engine {
        CacheEngine::Valkey => "valkey",
        CacheEngine::Redis => "redis",
    }
}

fn default_version(engine: CacheEngine) -> &'static str {
    match engine {
        CacheEngine::Valkey => "8.0",
        CacheEngine::Redis => "7.1",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::testing::spec;

    fn data(changes: Value) -> Data {
        let spec = spec(changes);
        Data::new(&Basis::new(&spec, Some("prod")))
    }

    #[test]
    fn the_parameter_family_follows_the_version() {
        let database = data(json!({"database": {"aurora_postgres": {"version": "17.4"}}})).database.unwrap();
        assert_eq!(database.family, "aurora-postgresql17");
        let redis = data(json!({"cache": {"redis": {"engine": "redis"}}})).cache.unwrap();
        assert_eq!((redis.family.as_str(), redis.version.as_str()), ("redis7", "7.1"));
    }

    #[test]
    fn the_database_takes_no_connection_without_tls_and_logs_no_values() {
        let parameters = data(json!({})).database.unwrap().parameters;
        assert_eq!(parameters["rds.force_ssl"], "1");
        assert_eq!(parameters["log_parameter_max_length"], "0");
        assert_eq!(parameters.get("log_statement"), None);
    }

    #[test]
    fn a_cluster_pauses_only_when_it_may_go_to_zero() {
        assert_eq!(data(json!({})).database.unwrap().pause_after_seconds, None);
        let zero = json!({"database": {"aurora_postgres": {"capacity": {"min_acu": 0}}}});
        assert_eq!(data(zero).database.unwrap().pause_after_seconds, Some(1800));
    }

    #[test]
    fn readers_take_over_in_order() {
        let database = data(json!({"database": {"aurora_postgres": {"readers": 2}}})).database.unwrap();
        let ids: Vec<_> = database.instances.iter().map(|i| (i.id.as_str(), i.promotion_tier)).collect();
        assert_eq!(ids, [("DatabaseWriter", 0), ("DatabaseReader1", 1), ("DatabaseReader2", 2)]);
    }

    #[test]
    fn a_cache_without_replicas_has_no_failover() {
        let cache = data(json!({"cache": {"redis": {"replicas": 0}}})).cache.unwrap();
        assert_eq!((cache.nodes, cache.failover), (1, false));
    }

    #[test]
    fn only_redis_oss_asks_for_a_default_user() {
        assert_eq!(data(json!({})).cache_access.unwrap().default_user_id, None);
        let redis = data(json!({"cache": {"serverless": {"engine": "redis"}}, }));
        assert!(redis.cache_access.is_some());
    }

    #[test]
    fn ids_of_the_cache_fit_and_stay_apart() {
        let spec = spec(json!({"name": "a-deployment-of-22-chr", "cache": {"redis": {"engine": "redis"}}}));
        let access = Data::new(&Basis::new(&spec, Some("a-long-environment"))).cache_access.unwrap();
        let ids = [access.user_id, access.default_user_id.unwrap(), access.group_id];
        assert!(ids.iter().all(|id| id.len() <= CACHE_LIMIT), "{ids:?}");
        assert!(ids[0] != ids[1] && ids[1] != ids[2]);
    }

    #[test]
    fn with_nothing_to_keep_there_is_no_stack() {
        assert!(!data(json!({"database": {"none": {}}, "cache": {"none": {}}})).needed);
        assert!(data(json!({"database": {"none": {}}})).needed);
    }
}
