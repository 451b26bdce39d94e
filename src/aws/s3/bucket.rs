//! How a bucket is set up: reading it, and setting what is to be different.

use std::collections::BTreeMap;

use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, BucketLocationConstraint, BucketVersioningStatus,
    CreateBucketConfiguration, ExpirationStatus, LifecycleRule, LifecycleRuleFilter, NoncurrentVersionExpiration,
    ObjectOwnership, OwnershipControls, OwnershipControlsRule, PublicAccessBlockConfiguration, ServerSideEncryption,
    ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration, ServerSideEncryptionRule, Tag, Tagging,
    VersioningConfiguration,
};
use serde_json::Value;

use super::S3;
use crate::aws::{Error, Result};

/// What a bucket encrypts new objects with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encryption {
    /// ARN of the KMS key. `None`: keys of S3.
    pub kms_key: Option<String>,
    /// Whether one data key serves many objects, so that KMS is called, and paid, less often.
    pub bucket_key: bool,
}

/// When old versions of objects go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldVersions {
    /// Id of the rule, unique in the bucket.
    pub id: String,
    /// Beginning of the keys that it is about.
    pub prefix: String,
    /// Days after which a version goes that is not current.
    pub days: i32,
    /// Days after which an upload goes that was never completed.
    pub upload_days: i32,
}

impl S3 {
    /// Region of a bucket; `None` if there is none of that name. Buckets of other accounts than the session's are
    /// refused with [`Error::AccessDenied`].
    ///
    /// # Errors
    /// When the call fails.
    pub async fn bucket_region(&self, bucket: &str) -> Result<Option<String>> {
        let account = &self.caller.target.account;
        let answer = self
            .caller
            .call("HeadBucket", bucket, || {
                self.client.head_bucket().bucket(bucket).expected_bucket_owner(account).send()
            })
            .await;
        match answer {
            Ok(answer) => Ok(Some(answer.bucket_region.unwrap_or_else(|| self.caller.target.region.clone()))),
            Err(error) if error.is("NotFound") || error.is("NoSuchBucket") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes a bucket in the session's region, in which objects belong to the bucket's owner. One's own bucket of that
    /// name is no error.
    ///
    /// # Errors
    /// When the call fails; with the code `BucketAlreadyExists` when somebody else has the name.
    pub async fn create_bucket(&self, bucket: &str) -> Result<()> {
        let region = self.caller.target.region.as_str();
        // The first region has no name here.
        let place = (region != "us-east-1").then(|| {
            CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::from(region)).build()
        });
        let answer = self
            .caller
            .call("CreateBucket", bucket, || {
                self.client
                    .create_bucket()
                    .bucket(bucket)
                    .object_ownership(ObjectOwnership::BucketOwnerEnforced)
                    .set_create_bucket_configuration(place.clone())
                    .send()
            })
            .await;
        match answer {
            Err(error) if !error.is("BucketAlreadyOwnedByYou") => Err(error),
            _ => Ok(()),
        }
    }

    /// Whether a bucket keeps versions.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn is_versioned(&self, bucket: &str) -> Result<bool> {
        let answer = self
            .caller
            .call("GetBucketVersioning", bucket, || self.client.get_bucket_versioning().bucket(bucket).send())
            .await?;
        Ok(answer.status == Some(BucketVersioningStatus::Enabled))
    }

    /// Lets a bucket keep versions.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn keep_versions(&self, bucket: &str) -> Result<()> {
        let versioning = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        self.caller
            .call("PutBucketVersioning", bucket, || {
                self.client.put_bucket_versioning().bucket(bucket).versioning_configuration(versioning.clone()).send()
            })
            .await
            .map(|_| ())
    }

    /// What a bucket encrypts with.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn encryption(&self, bucket: &str) -> Result<Option<Encryption>> {
        let answer = self
            .caller
            .call("GetEncryptionConfiguration", bucket, || self.client.get_bucket_encryption().bucket(bucket).send())
            .await;
        let answer = unless(answer, "ServerSideEncryptionConfigurationNotFoundError")?;
        let rules = answer.and_then(|answer| answer.server_side_encryption_configuration).map(|found| found.rules);
        Ok(rules.unwrap_or_default().into_iter().next().map(|rule| Encryption {
            kms_key: rule.apply_server_side_encryption_by_default.and_then(|found| found.kms_master_key_id),
            bucket_key: rule.bucket_key_enabled.unwrap_or(false),
        }))
    }

    /// Sets what a bucket encrypts with.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn encrypt(&self, bucket: &str, encryption: &Encryption) -> Result<()> {
        const ACTION: &str = "PutEncryptionConfiguration";
        let impossible =
            |error: aws_sdk_s3::error::BuildError| self.caller.unexpected(ACTION, bucket, error.to_string());
        let algorithm = match encryption.kms_key {
            Some(_) => ServerSideEncryption::AwsKms,
            None => ServerSideEncryption::Aes256,
        };
        let default = ServerSideEncryptionByDefault::builder()
            .sse_algorithm(algorithm)
            .set_kms_master_key_id(encryption.kms_key.clone())
            .build()
            .map_err(impossible)?;
        let rule = ServerSideEncryptionRule::builder()
            .apply_server_side_encryption_by_default(default)
            .bucket_key_enabled(encryption.bucket_key)
            .build();
        let configuration = ServerSideEncryptionConfiguration::builder().rules(rule).build().map_err(impossible)?;
        self.caller
            .call(ACTION, bucket, || {
                self.client
                    .put_bucket_encryption()
                    .bucket(bucket)
                    .server_side_encryption_configuration(configuration.clone())
                    .send()
            })
            .await
            .map(|_| ())
    }

    /// Whether nothing in a bucket can be made public.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn is_public_access_blocked(&self, bucket: &str) -> Result<bool> {
        let answer = self
            .caller
            .call("GetBucketPublicAccessBlock", bucket, || self.client.get_public_access_block().bucket(bucket).send())
            .await;
        let answer = unless(answer, "NoSuchPublicAccessBlockConfiguration")?;
        let found = answer.and_then(|answer| answer.public_access_block_configuration);
        Ok(found.is_some_and(|found| {
            [
                found.block_public_acls,
                found.ignore_public_acls,
                found.block_public_policy,
                found.restrict_public_buckets,
            ]
            .iter()
            .all(|flag| *flag == Some(true))
        }))
    }

    /// Lets nothing in a bucket be made public.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn block_public_access(&self, bucket: &str) -> Result<()> {
        let block = PublicAccessBlockConfiguration::builder()
            .block_public_acls(true)
            .ignore_public_acls(true)
            .block_public_policy(true)
            .restrict_public_buckets(true)
            .build();
        self.caller
            .call("PutBucketPublicAccessBlock", bucket, || {
                self.client
                    .put_public_access_block()
                    .bucket(bucket)
                    .public_access_block_configuration(block.clone())
                    .send()
            })
            .await
            .map(|_| ())
    }

    /// Whether every object belongs to the bucket's owner, and access lists mean nothing.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn is_owner_enforced(&self, bucket: &str) -> Result<bool> {
        let answer = self
            .caller
            .call("GetBucketOwnershipControls", bucket, || {
                self.client.get_bucket_ownership_controls().bucket(bucket).send()
            })
            .await;
        let answer = unless(answer, "OwnershipControlsNotFoundError")?;
        let rules = answer.and_then(|answer| answer.ownership_controls).map(|found| found.rules).unwrap_or_default();
        Ok(rules.iter().any(|rule| rule.object_ownership == ObjectOwnership::BucketOwnerEnforced))
    }

    /// Gives every object to the bucket's owner.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn enforce_owner(&self, bucket: &str) -> Result<()> {
        const ACTION: &str = "PutBucketOwnershipControls";
        let impossible =
            |error: aws_sdk_s3::error::BuildError| self.caller.unexpected(ACTION, bucket, error.to_string());
        let rule = OwnershipControlsRule::builder()
            .object_ownership(ObjectOwnership::BucketOwnerEnforced)
            .build()
            .map_err(impossible)?;
        let controls = OwnershipControls::builder().rules(rule).build().map_err(impossible)?;
        self.caller
            .call(ACTION, bucket, || {
                self.client.put_bucket_ownership_controls().bucket(bucket).ownership_controls(controls.clone()).send()
            })
            .await
            .map(|_| ())
    }

    /// Policy of a bucket.
    ///
    /// # Errors
    /// When the call fails, or the policy is no JSON.
    pub async fn policy(&self, bucket: &str) -> Result<Option<Value>> {
        const ACTION: &str = "GetBucketPolicy";
        let answer = self.caller.call(ACTION, bucket, || self.client.get_bucket_policy().bucket(bucket).send()).await;
        let text = unless(answer, "NoSuchBucketPolicy")?.and_then(|answer| answer.policy);
        text.map(|text| {
            serde_json::from_str(&text).map_err(|error| self.caller.unexpected(ACTION, bucket, error.to_string()))
        })
        .transpose()
    }

    /// Sets the policy of a bucket.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn put_policy(&self, bucket: &str, policy: &Value) -> Result<()> {
        self.caller
            .call("PutBucketPolicy", bucket, || {
                self.client.put_bucket_policy().bucket(bucket).policy(policy.to_string()).send()
            })
            .await
            .map(|_| ())
    }

    /// Whether a bucket has a rule for old versions, as it is wanted.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn expires(&self, bucket: &str, wanted: &OldVersions) -> Result<bool> {
        let rule = self.rule(bucket, wanted)?;
        Ok(self.lifecycle(bucket).await?.iter().any(|found| same(found, &rule)))
    }

    /// Gives a bucket a rule for old versions, in the place of one of the same id. Its other rules stay.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn expire(&self, bucket: &str, wanted: &OldVersions) -> Result<()> {
        const ACTION: &str = "PutLifecycleConfiguration";
        let mut rules = self.lifecycle(bucket).await?;
        rules.retain(|rule| rule.id.as_deref() != Some(&wanted.id));
        rules.push(self.rule(bucket, wanted)?);
        let configuration = BucketLifecycleConfiguration::builder()
            .set_rules(Some(rules))
            .build()
            .map_err(|error| self.caller.unexpected(ACTION, bucket, error.to_string()))?;
        self.caller
            .call(ACTION, bucket, || {
                self.client
                    .put_bucket_lifecycle_configuration()
                    .bucket(bucket)
                    .lifecycle_configuration(configuration.clone())
                    .send()
            })
            .await
            .map(|_| ())
    }

    fn rule(&self, bucket: &str, wanted: &OldVersions) -> Result<LifecycleRule> {
        LifecycleRule::builder()
            .id(&wanted.id)
            .filter(LifecycleRuleFilter::builder().prefix(&wanted.prefix).build())
            .status(ExpirationStatus::Enabled)
            .noncurrent_version_expiration(NoncurrentVersionExpiration::builder().noncurrent_days(wanted.days).build())
            .abort_incomplete_multipart_upload(
                AbortIncompleteMultipartUpload::builder().days_after_initiation(wanted.upload_days).build(),
            )
            .build()
            .map_err(|error| self.caller.unexpected("PutLifecycleConfiguration", bucket, error.to_string()))
    }

    async fn lifecycle(&self, bucket: &str) -> Result<Vec<LifecycleRule>> {
        let answer = self
            .caller
            .call("GetLifecycleConfiguration", bucket, || {
                self.client.get_bucket_lifecycle_configuration().bucket(bucket).send()
            })
            .await;
        Ok(unless(answer, "NoSuchLifecycleConfiguration")?.and_then(|answer| answer.rules).unwrap_or_default())
    }

    /// Tags of a bucket.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn tags(&self, bucket: &str) -> Result<BTreeMap<String, String>> {
        let answer = self
            .caller
            .call("GetBucketTagging", bucket, || self.client.get_bucket_tagging().bucket(bucket).send())
            .await;
        let tags = unless(answer, "NoSuchTagSet")?.map(|answer| answer.tag_set).unwrap_or_default();
        Ok(tags.into_iter().map(|tag| (tag.key, tag.value)).collect())
    }

    /// Sets all tags of a bucket.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn put_tags(&self, bucket: &str, tags: &BTreeMap<String, String>) -> Result<()> {
        const ACTION: &str = "PutBucketTagging";
        let impossible =
            |error: aws_sdk_s3::error::BuildError| self.caller.unexpected(ACTION, bucket, error.to_string());
        let tags: Vec<Tag> = tags
            .iter()
            .map(|(key, value)| Tag::builder().key(key).value(value).build())
            .collect::<std::result::Result<_, _>>()
            .map_err(impossible)?;
        let tagging = Tagging::builder().set_tag_set(Some(tags)).build().map_err(impossible)?;
        self.caller
            .call(ACTION, bucket, || self.client.put_bucket_tagging().bucket(bucket).tagging(tagging.clone()).send())
            .await
            .map(|_| ())
    }
}

/// Whether a rule does what another one does.
fn same(found: &LifecycleRule, wanted: &LifecycleRule) -> bool {
    let days = |rule: &LifecycleRule| {
        (
            rule.noncurrent_version_expiration.as_ref().and_then(|old| old.noncurrent_days),
            rule.abort_incomplete_multipart_upload.as_ref().and_then(|upload| upload.days_after_initiation),
        )
    };
    let prefix = |rule: &LifecycleRule| rule.filter.as_ref().and_then(|filter| filter.prefix.clone());
    found.id == wanted.id
        && found.status == wanted.status
        && days(found) == days(wanted)
        && prefix(found) == prefix(wanted)
}

/// What a call gave, with nothing in the place of the error that says that nothing is set.
fn unless<T>(answer: Result<T>, code: &str) -> Result<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(Error::Service { code: found, .. }) if *found == *code => Ok(None),
        Err(error) => Err(error),
    }
}
