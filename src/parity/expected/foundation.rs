//! Key, repositories and buckets.

use serde_json::json;

use super::Expectations;
use crate::model::Model;

pub(super) fn expect(model: &Model, said: &mut Expectations<'_>) {
    let foundation = &model.foundation;
    said.expect("foundation", "Key", "AWS::KMS::Key", json!({"EnableKeyRotation": true}));
    said.expect("foundation", "KeyAlias", "AWS::KMS::Alias", json!({"AliasName": foundation.key_alias}));
    let key = json!({"Fn::GetAtt": ["Key", "Arn"]});
    let repositories = &foundation.repositories;
    for (id, name) in [("LitellmRepository", &repositories.litellm), ("MiddlewareRepository", &repositories.middleware)]
    {
        let properties = json!({
            "RepositoryName": name,
            "ImageTagMutability": "IMMUTABLE",
            "ImageScanningConfiguration": {"ScanOnPush": true},
            "EncryptionConfiguration": {"EncryptionType": "KMS", "KmsKey": key},
            "LifecyclePolicy": {"LifecyclePolicyText": repositories.lifecycle},
        });
        said.expect("foundation", id, "AWS::ECR::Repository", properties);
    }
    let buckets = [Some("ConfigBucket"), foundation.request_logs.then_some("RequestsBucket")];
    for id in buckets.into_iter().flatten() {
        let encrypted = json!({"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key});
        bucket(said, id, encrypted);
    }
    bucket(said, "LogsBucket", json!({"SSEAlgorithm": "AES256"}));
    let expiry = json!({"Rules": [{"Id": "ExpireLogs", "Status": "Enabled", "ExpirationInDays": foundation.log_days}]});
    said.expect("foundation", "LogsBucket", "AWS::S3::Bucket", json!({"LifecycleConfiguration": expiry}));
    let tags = [("Key", "key"), ("LogsBucket", "logs"), ("ConfigBucket", "config"), ("MasterKeySecret", "master_key")];
    for (id, name) in tags {
        said.tags("foundation", id, foundation.tags.get(name).map_or(&[], Vec::as_slice));
    }
}

/// What every bucket is: encrypted, and closed to the public.
fn bucket(said: &mut Expectations<'_>, id: &str, encrypted: serde_json::Value) {
    let properties = json!({
        "BucketEncryption": {"ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": encrypted}]},
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": true,
            "BlockPublicPolicy": true,
            "IgnorePublicAcls": true,
            "RestrictPublicBuckets": true,
        },
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
    });
    said.expect("foundation", id, "AWS::S3::Bucket", properties);
}
