//! S3: the objects that a deployment needs, emptying its buckets, and the bucket of Terraform's state.

mod bucket;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};

use super::Result;
use super::call::Caller;
pub use bucket::{Encryption, OldVersions};

/// S3 in one account and region.
#[derive(Debug)]
pub struct S3 {
    client: aws_sdk_s3::Client,
    caller: Caller,
}

impl S3 {
    pub(super) fn new(client: aws_sdk_s3::Client, caller: Caller) -> Self {
        Self { client, caller }
    }

    /// Whether an object is there.
    ///
    /// # Errors
    /// When the call fails for another reason.
    pub async fn exists(&self, bucket: &str, key: &str) -> Result<bool> {
        let name = format!("{bucket}/{key}");
        match self.caller.call("HeadObject", &name, || self.client.head_object().bucket(bucket).key(key).send()).await {
            Ok(_) => Ok(true),
            Err(error) if error.is("NotFound") || error.is("NoSuchKey") || error.is("NoSuchBucket") => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The text of an object; `None` when it is not there.
    ///
    /// # Errors
    /// When the call fails for another reason, or the text cannot be read to its end.
    pub async fn text(&self, bucket: &str, key: &str) -> Result<Option<String>> {
        let name = format!("{bucket}/{key}");
        let answer = self.caller.call("GetObject", &name, || self.client.get_object().bucket(bucket).key(key).send());
        match answer.await {
            Ok(found) => match found.body.collect().await {
                Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes.into_bytes()).into_owned())),
                Err(error) => Err(self.caller.unexpected("GetObject", &name, error.to_string())),
            },
            Err(error) if error.is("NoSuchKey") || error.is("NotFound") || error.is("NoSuchBucket") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Uploads an object whose key names its content, unless it is there; says whether it was uploaded.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn put_once(&self, bucket: &str, key: &str, content_type: &str, content: &str) -> Result<bool> {
        if self.exists(bucket, key).await? {
            return Ok(false);
        }
        let name = format!("{bucket}/{key}");
        self.caller
            .call("PutObject", &name, || {
                self.client
                    .put_object()
                    .bucket(bucket)
                    .key(key)
                    .content_type(content_type)
                    .body(ByteStream::from(content.as_bytes().to_vec()))
                    .send()
            })
            .await?;
        Ok(true)
    }

    /// Number of objects and old versions in a bucket, at most 1,000; a bucket that is not there has none.
    ///
    /// # Errors
    /// When the call fails for another reason.
    pub async fn count_versions(&self, bucket: &str) -> Result<usize> {
        Ok(self.first_versions(bucket).await?.len())
    }

    /// Deletes all objects of a bucket, with all their versions, and says how many there were.
    ///
    /// # Errors
    /// When a call fails, or an object cannot be deleted.
    pub async fn delete_versions(&self, bucket: &str) -> Result<usize> {
        let mut deleted = 0;
        loop {
            let versions = self.first_versions(bucket).await?;
            if versions.is_empty() {
                return Ok(deleted);
            }
            let count = versions.len();
            let delete = Delete::builder()
                .set_objects(Some(versions))
                .quiet(true)
                .build()
                .map_err(|error| self.caller.unexpected("DeleteObjects", bucket, error.to_string()))?;
            let answer = self
                .caller
                .call("DeleteObjects", bucket, || {
                    self.client.delete_objects().bucket(bucket).delete(delete.clone()).send()
                })
                .await?;
            if let Some(failed) = answer.errors.unwrap_or_default().into_iter().next() {
                let reason = format!(
                    "{} cannot be deleted: {}",
                    failed.key.unwrap_or_default(),
                    failed.message.or(failed.code).unwrap_or_default()
                );
                return Err(self.caller.unexpected("DeleteObjects", bucket, reason));
            }
            deleted += count;
        }
    }

    /// The first page of versions and delete markers.
    async fn first_versions(&self, bucket: &str) -> Result<Vec<ObjectIdentifier>> {
        const ACTION: &str = "ListObjectVersions";
        let answer =
            self.caller.call(ACTION, bucket, || self.client.list_object_versions().bucket(bucket).send()).await;
        let answer = match answer {
            Err(error) if error.is("NoSuchBucket") => return Ok(Vec::new()),
            other => other?,
        };
        let versions = answer.versions.unwrap_or_default().into_iter().map(|found| (found.key, found.version_id));
        let markers = answer.delete_markers.unwrap_or_default().into_iter().map(|found| (found.key, found.version_id));
        versions
            .chain(markers)
            .map(|(key, version)| {
                let key = self.caller.required(key, ACTION, bucket, "key")?;
                ObjectIdentifier::builder()
                    .key(key)
                    .set_version_id(version)
                    .build()
                    .map_err(|error| self.caller.unexpected(ACTION, bucket, error.to_string()))
            })
            .collect()
    }
}
