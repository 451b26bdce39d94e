//! The gateway's configuration object.

use serde_json::{Value, json};

use super::{Looked, Owner};
use crate::aws::Session;
use crate::drift::Reader;
use crate::engine::configuration::Deployed;
use crate::image::Digest;

/// Whether the object is what its name says: its name is the hash of its text.
pub(in crate::engine) async fn object(session: &Session, task: &Owner, deployed: &Deployed) -> Looked {
    let mut looked = Looked::default();
    looked.count("configuration objects", 1);
    match session.s3().text(&deployed.bucket, &deployed.key).await {
        Ok(text) => {
            let hash = text.as_ref().map(|text| Digest::of(text.as_bytes()).hex().to_owned());
            let name = deployed.key.rsplit('/').next().and_then(|name| name.split('.').next()).unwrap_or_default();
            if hash.as_deref() != Some(name) {
                let path = vec!["configuration".to_owned(), "sha256".to_owned()];
                let actual = hash.map_or(Value::Null, Value::String);
                looked.runtime(task, path, (json!(name), actual), Reader::S3);
            }
        }
        Err(error) => looked.skip(task, "configuration", error),
    }
    looked
}
