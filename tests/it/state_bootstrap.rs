//! `gwinfra state bootstrap`: the bucket of Terraform's state, made on moto and read back with a client of our own.

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_sdk_s3::Client;
use aws_sdk_s3::types::{BucketVersioningStatus, ObjectOwnership, Tag, Tagging};

use crate::moto_server::endpoint;
use crate::rehearsal::{Rehearsal, Run};

/// The account of every access key that moto did not give out itself.
const CALLER: &str = "123456789012";

fn spec(account: &str, state: &str) -> String {
    format!(
        "version: 1
name: acme-llm
engine: terraform
blueprint: ./gateway
{state}
hub: {{account: \"{account}\", region: eu-west-1}}
ingress:
  tls:
    certificate: {{arn: \"arn:aws:acm:eu-west-1:{account}:certificate/0a1b2c3d\"}}
bedrock: {{include_hub: true}}
models:
  - name: nova
    bedrock: {{model: eu.amazon.nova-lite-v1:0}}
"
    )
}

fn rehearsal(bucket: &str, more: &str) -> Rehearsal {
    let rehearsal = Rehearsal::new();
    rehearsal.write("gwinfra.yaml", &spec(CALLER, &format!("state: {{s3: {{bucket: {bucket}{more}}}}}")));
    rehearsal
}

/// Runs the command against moto, as a key of the caller's account.
fn bootstrap(rehearsal: &Rehearsal, arguments: &[&str]) -> Option<Run> {
    let mut all = vec!["state", "bootstrap", "--endpoint-url", endpoint()?];
    all.extend(arguments);
    let mut command = rehearsal.command(&all);
    command.env("AWS_ACCESS_KEY_ID", "testing").env("AWS_SECRET_ACCESS_KEY", "none");
    Some(Run::from(command.output().unwrap()))
}

async fn client() -> Client {
    let config = aws_config::defaults(BehaviorVersion::latest())
        .endpoint_url(endpoint().unwrap())
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new("testing", "none", None, None, "test"))
        .load()
        .await;
    Client::from_conf(aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build())
}

#[tokio::test]
async fn the_bucket_is_versioned_encrypted_private_and_over_tls_only() {
    let Some(run) = bootstrap(&rehearsal("acme-state-1", ""), &["--yes"]) else { return };
    assert!(run.expect(0).stdout.starts_with("Made acme-state-1."));
    let s3 = client().await;
    let versioning = s3.get_bucket_versioning().bucket("acme-state-1").send().await.unwrap();
    assert_eq!(versioning.status, Some(BucketVersioningStatus::Enabled));
    let encryption = s3.get_bucket_encryption().bucket("acme-state-1").send().await.unwrap();
    let rules = encryption.server_side_encryption_configuration.unwrap().rules;
    assert_eq!(rules[0].apply_server_side_encryption_by_default.as_ref().unwrap().sse_algorithm.as_str(), "AES256");
    let block = s3.get_public_access_block().bucket("acme-state-1").send().await.unwrap();
    let block = block.public_access_block_configuration.unwrap();
    let flags =
        [block.block_public_acls, block.ignore_public_acls, block.block_public_policy, block.restrict_public_buckets];
    assert_eq!(flags, [Some(true); 4]);
    let owner = s3.get_bucket_ownership_controls().bucket("acme-state-1").send().await.unwrap();
    assert_eq!(owner.ownership_controls.unwrap().rules[0].object_ownership, ObjectOwnership::BucketOwnerEnforced);
    let policy = s3.get_bucket_policy().bucket("acme-state-1").send().await.unwrap().policy.unwrap();
    let policy: serde_json::Value = serde_json::from_str(&policy).unwrap();
    assert_eq!(policy["Statement"][0]["Effect"], "Deny");
    assert_eq!(policy["Statement"][0]["Resource"][1], "arn:aws:s3:::acme-state-1/*");
    assert_eq!(policy["Statement"][0]["Condition"]["Bool"]["aws:SecureTransport"], "false");
    let lifecycle = s3.get_bucket_lifecycle_configuration().bucket("acme-state-1").send().await.unwrap();
    let rule = &lifecycle.rules.unwrap()[0];
    assert_eq!(rule.filter.as_ref().unwrap().prefix.as_deref(), Some("acme-llm/"));
    assert_eq!(rule.noncurrent_version_expiration.as_ref().unwrap().noncurrent_days, Some(90));
    let tags = s3.get_bucket_tagging().bucket("acme-state-1").send().await.unwrap().tag_set;
    assert!(tags.iter().any(|tag| tag.key == "gwinfra:deployment" && tag.value == "acme-llm"), "{tags:?}");
}

#[tokio::test]
async fn a_key_of_kms_encrypts_with_a_bucket_key() {
    let key = "arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d";
    let Some(run) = bootstrap(&rehearsal("acme-state-2", &format!(", kms_key: \"{key}\"")), &["--yes"]) else {
        return;
    };
    run.expect(0);
    let encryption = client().await.get_bucket_encryption().bucket("acme-state-2").send().await.unwrap();
    let rule = &encryption.server_side_encryption_configuration.unwrap().rules[0];
    let default = rule.apply_server_side_encryption_by_default.as_ref().unwrap();
    assert_eq!((default.sse_algorithm.as_str(), default.kms_master_key_id.as_deref()), ("aws:kms", Some(key)));
    assert_eq!(rule.bucket_key_enabled, Some(true));
}

#[test]
fn a_second_run_has_nothing_to_do() {
    let rehearsal = rehearsal("acme-state-3", "");
    let Some(run) = bootstrap(&rehearsal, &["--yes"]) else { return };
    run.expect(0);
    // Nothing to do is nothing to ask.
    let run = bootstrap(&rehearsal, &["-o", "json"]).unwrap().expect(0);
    let result: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(result, serde_json::json!({"bucket": "acme-state-3", "region": "eu-west-1", "changed": []}));
}

#[tokio::test]
async fn a_bucket_that_exists_is_brought_to_order_and_keeps_what_else_is_set() {
    let rehearsal = rehearsal("acme-state-4", "");
    let Some(run) = bootstrap(&rehearsal, &["--yes"]) else { return };
    run.expect(0);
    let s3 = client().await;
    let tag = |key: &str| Tag::builder().key(key).value("theirs").build().unwrap();
    let tagging = Tagging::builder().tag_set(tag("team")).tag_set(tag("gwinfra:deployment")).build().unwrap();
    s3.put_bucket_tagging().bucket("acme-state-4").tagging(tagging).send().await.unwrap();
    let other = r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Theirs", "Effect": "Deny", "Principal": "*", "Action": "s3:PutBucketAcl", "Resource": "arn:aws:s3:::acme-state-4"}]}"#;
    s3.put_bucket_policy().bucket("acme-state-4").policy(other).send().await.unwrap();
    s3.delete_public_access_block().bucket("acme-state-4").send().await.unwrap();
    let run = bootstrap(&rehearsal, &["--yes", "-o", "json"]).unwrap().expect(0);
    let result: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(result["changed"], serde_json::json!(["block_public_access", "require_tls", "tag"]));
    let policy = s3.get_bucket_policy().bucket("acme-state-4").send().await.unwrap().policy.unwrap();
    let policy: serde_json::Value = serde_json::from_str(&policy).unwrap();
    let ids: Vec<&serde_json::Value> = policy["Statement"].as_array().unwrap().iter().map(|one| &one["Sid"]).collect();
    assert_eq!(ids, ["Theirs", "TlsOnly"]);
    let tags = s3.get_bucket_tagging().bucket("acme-state-4").send().await.unwrap().tag_set;
    let theirs = tags.iter().filter(|tag| tag.value == "theirs").count();
    assert_eq!(theirs, 2, "{tags:?}");
}

#[test]
fn a_bucket_of_somebody_else_is_refused() {
    let theirs = rehearsal("acme-state-5", "");
    let Some(run) = bootstrap(&theirs, &["--yes"]) else { return };
    run.expect(0);
    let role = ", deploy_role: \"arn:aws:iam::777777777777:role/gwinfra-deploy\"";
    let ours = Rehearsal::new();
    let text = spec("777777777777", "state: {s3: {bucket: acme-state-5}}");
    ours.write("gwinfra.yaml", &text.replace(", region: eu-west-1}", &format!(", region: eu-west-1{role}}}")));
    let run = bootstrap(&ours, &["--yes"]).unwrap();
    run.says(5, "the bucket acme-state-5 belongs to another account");
}

#[test]
fn without_a_terminal_it_must_be_told_not_to_ask() {
    let Some(run) = bootstrap(&rehearsal("acme-state-6", ""), &[]) else { return };
    run.says(64, "--yes");
}

#[test]
fn without_a_bucket_it_says_what_to_add() {
    let rehearsal = Rehearsal::new();
    rehearsal.write("gwinfra.yaml", &spec(CALLER, "state: {local: {}}"));
    rehearsal.bare(&["state", "bootstrap", "--yes"]).says(3, "state: {s3: {bucket: acme-llm-terraform-state}}");
}

mod simulated {
    use super::*;

    #[test]
    fn the_bucket_is_made_once() {
        let rehearsal = rehearsal("acme-state", "");
        let run = rehearsal.run(&["state", "bootstrap", "--yes", "-o", "json"]).expect(0);
        let result: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(result["changed"].as_array().unwrap().len(), 8, "{result}");
        let run = rehearsal.run(&["state", "bootstrap"]).expect(0);
        assert_eq!(run.stdout.trim(), "Nothing to do: acme-state is as it must be.");
    }

    #[test]
    fn another_key_of_kms_is_all_that_changes() {
        let rehearsal = rehearsal("acme-state", "");
        rehearsal.run(&["state", "bootstrap", "--yes"]).expect(0);
        rehearsal.change(
            "{bucket: acme-state}",
            "{bucket: acme-state, kms_key: \"arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d\"}",
        );
        let run = rehearsal.run(&["state", "bootstrap", "--yes", "-o", "json"]).expect(0);
        let result: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(result["changed"], serde_json::json!(["encrypt"]));
    }

    #[test]
    fn a_bucket_in_another_region_is_refused() {
        let rehearsal = rehearsal("acme-state", "");
        rehearsal.run(&["state", "bootstrap", "--yes"]).expect(0);
        rehearsal.change("{bucket: acme-state}", "{bucket: acme-state, region: eu-central-1}");
        let run = rehearsal.run(&["state", "bootstrap", "--yes"]);
        run.says(5, "exists in another region, and the spec says eu-central-1");
    }
}
