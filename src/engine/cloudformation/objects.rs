//! Uploads the objects that a stack names, by the hash of their content.

use super::apply::Apply;
use crate::engine::EngineError;
use crate::render::{ConfigObject, ParameterValue};

/// Uploads one object, unless one of that key is there: the key is the hash of the content.
pub(super) async fn upload(apply: &Apply<'_>, object: &ConfigObject) -> Result<String, EngineError> {
    let Some(bucket) = apply.known.value(&object.bucket) else {
        return Err(apply.inconsistent(&format!("the bucket of {} is not known", object.key)));
    };
    let target = match &object.bucket {
        ParameterValue::Output { stack, .. } => apply.rendered(stack).map(|stack| stack.target.clone()),
        _ => None,
    };
    let session = apply.engine.session(target.as_ref().unwrap_or(&apply.engine.hub));
    let uploaded = session.s3().put_once(&bucket, &object.key, &object.content_type, &object.content).await?;
    Ok(if uploaded { format!("uploaded to {bucket}") } else { "already there".to_owned() })
}
