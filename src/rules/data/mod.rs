//! Rules about the database and the cache.

pub(super) mod aurora_capacity;
pub(super) mod aurora_pause;
pub(super) mod aurora_readers;
pub(super) mod aurora_version;
pub(super) mod cache_node_type;
pub(super) mod cache_replicas;
pub(super) mod cache_version;
pub(super) mod history_without_database;
pub(super) mod keys_without_database;
pub(super) mod okta_without_database;
pub(super) mod routing_without_cache;
