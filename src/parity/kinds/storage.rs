//! Key, repositories, buckets and secrets.

use serde_json::{Value as Json, json};

use super::{GENERATED_NAME, Kind, OWN, PLAIN, PROVIDER_ONLY};
use crate::parity::tree;

pub(super) const KINDS: &[Kind] = &[
    Kind {
        cloudformation: "AWS::KMS::Key",
        names: &[
            ("aws_kms_key", "policy", "key_policy"),
            ("aws_kms_key", "deletion_window_in_days", "pending_window_in_days"),
        ],
        ..PLAIN
    },
    Kind { cloudformation: "AWS::KMS::Alias", names: &[("aws_kms_alias", "name", "alias_name")], ..PLAIN },
    Kind {
        cloudformation: "AWS::ECR::Repository",
        names: &[
            ("aws_ecr_repository", "name", "repository_name"),
            ("aws_ecr_repository", "force_delete", "empty_on_delete"),
            ("aws_ecr_lifecycle_policy", "repository", OWN),
            ("aws_ecr_lifecycle_policy", "policy", "lifecycle_policy.lifecycle_policy_text"),
        ],
        ..PLAIN
    },
    Kind {
        cloudformation: "AWS::S3::Bucket",
        names: &[
            ("aws_s3_bucket_server_side_encryption_configuration", "bucket", OWN),
            (
                "aws_s3_bucket_server_side_encryption_configuration",
                "rule.apply_server_side_encryption_by_default",
                "bucket_encryption.server_side_encryption_configuration.server_side_encryption_by_default",
            ),
            (
                "aws_s3_bucket_server_side_encryption_configuration",
                "rule",
                "bucket_encryption.server_side_encryption_configuration",
            ),
            ("aws_s3_bucket_ownership_controls", "bucket", OWN),
            ("aws_s3_bucket_ownership_controls", "rule", "ownership_controls.rules"),
            ("aws_s3_bucket_public_access_block", "bucket", OWN),
            (
                "aws_s3_bucket_public_access_block",
                "block_public_acls",
                "public_access_block_configuration.block_public_acls",
            ),
            (
                "aws_s3_bucket_public_access_block",
                "block_public_policy",
                "public_access_block_configuration.block_public_policy",
            ),
            (
                "aws_s3_bucket_public_access_block",
                "ignore_public_acls",
                "public_access_block_configuration.ignore_public_acls",
            ),
            (
                "aws_s3_bucket_public_access_block",
                "restrict_public_buckets",
                "public_access_block_configuration.restrict_public_buckets",
            ),
            ("aws_s3_bucket_versioning", "bucket", OWN),
            ("aws_s3_bucket_lifecycle_configuration", "bucket", OWN),
            ("aws_s3_bucket_logging", "bucket", OWN),
            ("aws_s3_bucket_logging", "target_bucket", "logging_configuration.destination_bucket_name"),
            ("aws_s3_bucket_logging", "target_prefix", "logging_configuration.log_file_prefix"),
        ],
        intended: &[("bucket_prefix", GENERATED_NAME)],
        adapt: Some(bucket),
        ..PLAIN
    },
    Kind {
        cloudformation: "AWS::S3::BucketPolicy",
        names: &[("aws_s3_bucket_policy", "policy", "policy_document")],
        ..PLAIN
    },
    Kind {
        cloudformation: "AWS::SecretsManager::Secret",
        names: &[
            ("aws_secretsmanager_secret_version", "secret_id", OWN),
            ("aws_secretsmanager_secret_version", "secret_string_wo", "secret_string"),
        ],
        intended: &[
            ("name_prefix", GENERATED_NAME),
            ("recovery_window_in_days", PROVIDER_ONLY),
            ("secret_string_wo_version", PROVIDER_ONLY),
        ],
        adapt: Some(secret),
        ..PLAIN
    },
];

/// The rules of a bucket's life cycle by their ids, in CloudFormation's words.
fn bucket(type_name: &str, value: &mut Json) {
    let terraform = type_name == "aws_s3_bucket_lifecycle_configuration";
    let path = if terraform { "rule" } else { "lifecycle_configuration.rules" };
    if !terraform && type_name != "AWS::S3::Bucket" {
        return;
    }
    let Some(rules) = tree::take(value, path) else { return };
    let rules = match rules {
        Json::Array(rules) => rules,
        one => vec![one],
    };
    for mut rule in rules {
        if let Some(days) = tree::take(&mut rule, "expiration.days") {
            tree::put(&mut rule, "expiration_in_days", days);
        }
        if rule["filter"] == json!({}) {
            tree::take(&mut rule, "filter");
        }
        let id = tree::take(&mut rule, "id").and_then(|id| id.as_str().map(str::to_owned)).unwrap_or_default();
        tree::put(value, &format!("lifecycle_configuration.rules.{id}"), rule);
    }
}

/// What AWS generates: in Terraform a password with its own arguments, in CloudFormation a part of the secret.
fn secret(_: &str, value: &mut Json) {
    let Some(mut generated) = tree::take(value, "generate_secret_string") else { return };
    let template = tree::take(&mut generated, "secret_string_template");
    let key = tree::take(&mut generated, "generate_string_key");
    let password = json!(random(&generated));
    match key.as_ref().and_then(Json::as_str) {
        Some(key) => {
            let mut whole = template.unwrap_or_else(|| json!({}));
            tree::put(&mut whole, key, password);
            tree::put(value, "secret_string", whole);
        }
        None => tree::put(value, "secret_string", password),
    }
}

/// A password that AWS draws under these conditions, as text.
pub(in crate::parity) fn random(conditions: &Json) -> String {
    let condition = |(name, value): (&String, &Json)| format!(" {name}={}", crate::parity::normal::scalar_text(value));
    let mut conditions: Vec<String> = conditions.as_object().into_iter().flatten().map(condition).collect();
    conditions.sort();
    format!("${{random{}}}", conditions.concat())
}
