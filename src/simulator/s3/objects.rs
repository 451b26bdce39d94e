//! The objects of a bucket and their versions.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::super::resource::Resource;

/// The version id of objects in a bucket without versioning.
pub const NULL_VERSION: &str = "null";

/// One version of an object, or the mark that it was deleted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Version {
    /// `null` or 32 hexadecimal digits.
    pub id: String,
    /// Digest of the content among the world's blobs; `None` for a delete marker.
    pub blob: Option<String>,
    /// Without quotes.
    pub etag: String,
    /// In bytes.
    pub size: u64,
    /// When it was stored.
    pub modified: Timestamp,
    /// The headers that come back with it, by lower-case name.
    pub headers: BTreeMap<String, String>,
}

/// Whether a bucket keeps versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Versioning {
    /// It never did.
    Off,
    /// It does.
    Enabled,
    /// It did.
    Suspended,
}

/// Whether a bucket keeps versions, by its properties.
pub fn versioning(bucket: &Resource) -> Versioning {
    match bucket.text("VersioningConfiguration.Status") {
        Some("Enabled") => Versioning::Enabled,
        Some("Suspended") => Versioning::Suspended,
        _ => Versioning::Off,
    }
}

/// Whether a bucket may be deleted: it has no object, no version and no delete marker.
pub fn is_empty(bucket: &Resource) -> bool {
    bucket.runtime.get("objects").and_then(Value::as_object).is_none_or(Map::is_empty)
}

/// All keys with their versions, oldest first, in the order of keys' bytes.
pub fn all(bucket: &Resource) -> BTreeMap<String, Vec<Version>> {
    let objects = bucket.runtime.get("objects").and_then(Value::as_object);
    objects.into_iter().flatten().map(|(key, versions)| (key.clone(), read(versions))).collect()
}

/// The versions of one key, oldest first.
pub fn versions(bucket: &Resource, key: &str) -> Vec<Version> {
    bucket.runtime.get("objects").and_then(|objects| objects.get(key)).map(read).unwrap_or_default()
}

/// The version that a plain GET returns; `None` if there is none or it is deleted.
pub fn current(bucket: &Resource, key: &str) -> Option<Version> {
    versions(bucket, key).pop().filter(|version| version.blob.is_some())
}

/// Adds a version on top. The `null` version takes the place of the `null` version before it.
pub fn push(bucket: &mut Resource, key: &str, version: Version) {
    let mut all = versions(bucket, key);
    if version.id == NULL_VERSION {
        all.retain(|known| known.id != NULL_VERSION);
    }
    all.push(version);
    store(bucket, key, &all);
}

/// Removes one version for good and returns it.
pub fn remove(bucket: &mut Resource, key: &str, id: &str) -> Option<Version> {
    let mut all = versions(bucket, key);
    let index = all.iter().position(|version| version.id == id)?;
    let removed = all.remove(index);
    store(bucket, key, &all);
    Some(removed)
}

fn read(versions: &Value) -> Vec<Version> {
    serde_json::from_value(versions.clone()).unwrap_or_default()
}

fn store(bucket: &mut Resource, key: &str, versions: &[Version]) {
    if !bucket.runtime.is_object() {
        bucket.runtime = json!({});
    }
    let Some(runtime) = bucket.runtime.as_object_mut() else { return };
    let objects = runtime.entry("objects").or_insert_with(|| json!({}));
    let Some(objects) = objects.as_object_mut() else { return };
    if versions.is_empty() {
        objects.shift_remove(key);
    } else if let Ok(value) = serde_json::to_value(versions) {
        objects.insert(key.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket() -> Resource {
        Resource::new("AWS::S3::Bucket", "b", json!({}), Timestamp::UNIX_EPOCH)
    }

    fn version(id: &str) -> Version {
        Version {
            id: id.into(),
            blob: Some("0".into()),
            etag: "e".into(),
            size: 0,
            modified: Timestamp::UNIX_EPOCH,
            headers: BTreeMap::new(),
        }
    }

    #[test]
    fn a_new_bucket_is_empty() {
        assert!(is_empty(&bucket()));
    }

    #[test]
    fn without_versioning_an_object_is_replaced() {
        let mut bucket = bucket();
        push(&mut bucket, "k", version(NULL_VERSION));
        push(&mut bucket, "k", version(NULL_VERSION));
        assert_eq!(versions(&bucket, "k").len(), 1);
    }

    #[test]
    fn with_versioning_an_object_is_kept() {
        let mut bucket = bucket();
        push(&mut bucket, "k", version("1"));
        push(&mut bucket, "k", version("2"));
        assert_eq!(versions(&bucket, "k").len(), 2);
    }

    #[test]
    fn a_delete_marker_hides_the_object_but_keeps_the_bucket_from_being_empty() {
        let mut bucket = bucket();
        push(&mut bucket, "k", version("1"));
        push(&mut bucket, "k", Version { blob: None, ..version("2") });
        assert!(current(&bucket, "k").is_none());
        assert!(!is_empty(&bucket));
    }

    #[test]
    fn the_last_version_takes_the_key_with_it() {
        let mut bucket = bucket();
        push(&mut bucket, "k", version("1"));
        remove(&mut bucket, "k", "1");
        assert!(is_empty(&bucket));
    }
}
