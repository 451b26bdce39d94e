//! The bucket that holds Terraform's state: what it lacks, and making it so.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::aws::s3::{Encryption, OldVersions, S3};
use crate::aws::{self, Session};
use crate::model::naming::shorten;
use crate::model::state::S3State;

/// Days that a state stays after a newer one was written: long enough to notice that one was lost.
const OLD_VERSION_DAYS: i32 = 90;
/// Days that an upload stays that was never completed.
const UPLOAD_DAYS: i32 = 7;
/// Longest id of a lifecycle rule.
const RULE_LIMIT: usize = 255;
/// Id of the policy's statement that refuses what comes without TLS.
const TLS_ONLY: &str = "TlsOnly";

/// Why the bucket cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum StateBucketError {
    /// Somebody else has the name, or the credentials may not use the bucket.
    #[error("the bucket {bucket} belongs to another account, or these credentials may not use it")]
    NotOurs {
        /// Its name.
        bucket: String,
    },
    /// It exists elsewhere.
    #[error("the bucket {bucket} exists in another region{}, and the spec says {expected}",
        actual.as_ref().map(|region| format!(" ({region})")).unwrap_or_default())]
    OtherRegion {
        /// Its name.
        bucket: String,
        /// Region that the spec says.
        expected: String,
        /// Region that it is in, if AWS said.
        actual: Option<String>,
    },
    /// A call failed.
    #[error(transparent)]
    Aws(#[from] aws::Error),
}

/// One thing that is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Make the bucket.
    Create,
    /// Give every object to the bucket's owner.
    EnforceOwner,
    /// Block public access.
    BlockPublicAccess,
    /// Encrypt.
    Encrypt,
    /// Keep versions.
    KeepVersions,
    /// Refuse requests without TLS.
    RequireTls,
    /// Let old versions go.
    ExpireOldVersions,
    /// Tag.
    Tag,
}

impl Work {
    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Create => "make the bucket",
            Self::EnforceOwner => "give every object to the bucket's owner, without access lists",
            Self::BlockPublicAccess => "block public access",
            Self::Encrypt => "encrypt new objects",
            Self::KeepVersions => "keep old versions",
            Self::RequireTls => "refuse requests without TLS",
            Self::ExpireOldVersions => "delete versions 90 days after a newer one came",
            Self::Tag => "add tags",
        }
    }

    /// All of it, in the order in which it is done: nothing is written before it is private.
    const ALL: [Self; 8] = [
        Self::Create,
        Self::EnforceOwner,
        Self::BlockPublicAccess,
        Self::Encrypt,
        Self::KeepVersions,
        Self::RequireTls,
        Self::ExpireOldVersions,
        Self::Tag,
    ];
}

/// The bucket of a deployment's state, in a session of its account and region.
#[derive(Debug)]
pub struct StateBucket<'a> {
    session: &'a Session,
    state: &'a S3State,
}

impl<'a> StateBucket<'a> {
    /// The bucket that the model names. The session is that of the hub's account in the bucket's region.
    pub fn new(session: &'a Session, state: &'a S3State) -> Self {
        Self { session, state }
    }

    /// Finds out what is to be done. Nothing is changed.
    ///
    /// # Errors
    /// When the bucket is somebody else's or in another region, or a call fails.
    pub async fn missing(&self) -> Result<Vec<Work>, StateBucketError> {
        let bucket = &self.state.bucket;
        let elsewhere = |actual: Option<String>| StateBucketError::OtherRegion {
            bucket: bucket.clone(),
            expected: self.state.region.clone(),
            actual,
        };
        let exists = match self.s3().bucket_region(bucket).await {
            Ok(None) => false,
            Ok(Some(region)) if region == self.state.region => true,
            Ok(Some(region)) => return Err(elsewhere(Some(region))),
            Err(aws::Error::AccessDenied { .. }) => return Err(self.not_ours()),
            // HEAD has no body that could say more.
            Err(aws::Error::NotAws { status: 301, .. }) => return Err(elsewhere(None)),
            Err(error) => return Err(error.into()),
        };
        let mut missing = Vec::new();
        for work in Work::ALL {
            if !exists || !self.is_done(work).await? {
                missing.push(work);
            }
        }
        Ok(missing)
    }

    /// Does one thing.
    ///
    /// # Errors
    /// When somebody else took the name meanwhile, or a call fails.
    pub async fn perform(&self, work: Work) -> Result<(), StateBucketError> {
        let (s3, bucket) = (self.s3(), self.state.bucket.as_str());
        match work {
            Work::Create => match s3.create_bucket(bucket).await {
                Err(error) if error.is("BucketAlreadyExists") => return Err(self.not_ours()),
                other => other?,
            },
            Work::EnforceOwner => s3.enforce_owner(bucket).await?,
            Work::BlockPublicAccess => s3.block_public_access(bucket).await?,
            Work::Encrypt => s3.encrypt(bucket, &self.encryption()).await?,
            Work::KeepVersions => s3.keep_versions(bucket).await?,
            Work::RequireTls => {
                let policy = with_statement(s3.policy(bucket).await?, self.tls_only());
                s3.put_policy(bucket, &policy).await?;
            }
            Work::ExpireOldVersions => s3.expire(bucket, &self.old_versions()).await?,
            Work::Tag => {
                // Deployments may share the bucket: the tags of the first one stay.
                let mut tags = self.tags();
                tags.extend(s3.tags(bucket).await?);
                s3.put_tags(bucket, &tags).await?;
            }
        }
        Ok(())
    }

    async fn is_done(&self, work: Work) -> Result<bool, StateBucketError> {
        let (s3, bucket) = (self.s3(), self.state.bucket.as_str());
        Ok(match work {
            Work::Create => true,
            Work::EnforceOwner => s3.is_owner_enforced(bucket).await?,
            Work::BlockPublicAccess => s3.is_public_access_blocked(bucket).await?,
            Work::Encrypt => match (s3.encryption(bucket).await?, &self.state.kms_key) {
                (Some(found), Some(_)) => found == self.encryption(),
                // A key that somebody chose is better than none.
                (found, None) => found.is_some(),
                (None, Some(_)) => false,
            },
            Work::KeepVersions => s3.is_versioned(bucket).await?,
            Work::RequireTls => has_statement(s3.policy(bucket).await?.as_ref(), &self.tls_only()),
            Work::ExpireOldVersions => s3.expires(bucket, &self.old_versions()).await?,
            Work::Tag => {
                let found = s3.tags(bucket).await?;
                self.tags().keys().all(|key| found.contains_key(key))
            }
        })
    }

    fn s3(&self) -> &S3 {
        self.session.s3()
    }

    fn not_ours(&self) -> StateBucketError {
        StateBucketError::NotOurs { bucket: self.state.bucket.clone() }
    }

    fn encryption(&self) -> Encryption {
        Encryption { kms_key: self.state.kms_key.clone(), bucket_key: self.state.kms_key.is_some() }
    }

    /// Only below the deployment's own keys: what else is in the bucket is not ours to delete.
    fn old_versions(&self) -> OldVersions {
        OldVersions {
            id: shorten(&format!("gwinfra {}", self.state.key_prefix), RULE_LIMIT),
            prefix: format!("{}/", self.state.key_prefix),
            days: OLD_VERSION_DAYS,
            upload_days: UPLOAD_DAYS,
        }
    }

    fn tags(&self) -> BTreeMap<String, String> {
        self.state.tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect()
    }

    fn tls_only(&self) -> Value {
        let arn = &self.state.bucket_arn;
        json!({
            "Sid": TLS_ONLY,
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, format!("{arn}/*")],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        })
    }
}

/// Statements of a policy, which may be a single one.
fn statements(policy: &Value) -> Vec<Value> {
    match policy.get("Statement") {
        Some(Value::Array(statements)) => statements.clone(),
        Some(statement) => vec![statement.clone()],
        None => Vec::new(),
    }
}

fn has_statement(policy: Option<&Value>, wanted: &Value) -> bool {
    policy.is_some_and(|policy| statements(policy).contains(wanted))
}

/// A policy with a statement in the place of one of the same id; the other statements stay.
fn with_statement(policy: Option<Value>, wanted: Value) -> Value {
    let mut policy = policy.unwrap_or_else(|| json!({"Version": "2012-10-17"}));
    let mut all = statements(&policy);
    all.retain(|statement| statement.get("Sid") != wanted.get("Sid"));
    all.push(wanted);
    policy["Statement"] = Value::Array(all);
    policy
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(sid: &str, action: &str) -> Value {
        json!({"Sid": sid, "Action": action})
    }

    #[test]
    fn a_statement_takes_the_place_of_its_namesake_and_the_others_stay() {
        let policy = json!({"Version": "2012-10-17", "Statement": [statement("A", "1"), statement("B", "1")]});
        let changed = with_statement(Some(policy), statement("A", "2"));
        assert_eq!(statements(&changed), [statement("B", "1"), statement("A", "2")]);
        assert!(has_statement(Some(&changed), &statement("A", "2")));
        assert!(!has_statement(Some(&changed), &statement("A", "1")));
    }

    #[test]
    fn a_single_statement_is_a_list_of_one() {
        let policy = json!({"Statement": statement("A", "1")});
        assert!(has_statement(Some(&policy), &statement("A", "1")));
        assert_eq!(statements(&with_statement(Some(policy), statement("B", "1"))).len(), 2);
    }

    #[test]
    fn a_first_policy_has_a_version() {
        assert_eq!(with_statement(None, statement("A", "1"))["Version"], "2012-10-17");
    }
}
