//! Where Terraform keeps its state: one object for each root module.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::Basis;
use super::bedrock::Bedrock;
use super::tags::Tag;
use crate::spec;

/// Name of a state object, below what names its root module.
const OBJECT: &str = "terraform.tfstate";

/// Where Terraform keeps its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct State {
    /// The backend in S3. `None`: files on this machine.
    pub s3: Option<S3State>,
}

/// Terraform's `s3` backend, one object for each root module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct S3State {
    /// Name of the bucket.
    pub bucket: String,
    /// ARN of the bucket.
    pub bucket_arn: String,
    /// Region of the bucket.
    pub region: String,
    /// What all keys begin with, without a slash at either end.
    pub key_prefix: String,
    /// Key of the hub's state.
    pub hub_key: String,
    /// Keys of the Bedrock accounts' states by account id, in the spec's order. By id, because a name may change: state
    /// under a new name would be state that is lost.
    pub account_keys: IndexMap<String, String>,
    /// ARN of the KMS key that encrypts bucket and objects. `None`: keys of S3.
    pub kms_key: Option<String>,
    /// Whether the objects are encrypted. Always.
    pub encrypt: bool,
    /// Whether a lock object beside the state keeps two runs apart. Always.
    pub use_lockfile: bool,
    /// Role that reads and writes the bucket. `None`: the caller's own credentials.
    pub deploy_role: Option<String>,
    /// Tags of the bucket.
    pub tags: Vec<Tag>,
}

impl State {
    /// The state of the spec's deployment.
    pub fn new(basis: &Basis<'_>, bedrock: &Bedrock) -> Self {
        let s3 = match &basis.spec.state {
            spec::State::Local(_) => None,
            spec::State::S3(state) => Some(S3State::new(basis, bedrock, state)),
        };
        Self { s3 }
    }
}

impl S3State {
    fn new(basis: &Basis<'_>, bedrock: &Bedrock, state: &spec::S3State) -> Self {
        let key_prefix = state.key_prefix.clone().unwrap_or_else(|| basis.names.prefix().to_owned());
        let spokes = bedrock.targets.iter().filter(|target| target.role_arn.is_some());
        let account_key = |account: &String| format!("{key_prefix}/accounts/{account}/{OBJECT}");
        Self {
            bucket: state.bucket.clone(),
            bucket_arn: format!("arn:{}:s3:::{}", basis.place.partition, state.bucket),
            region: state.region.as_ref().unwrap_or(&basis.spec.hub.region).0.clone(),
            hub_key: format!("{key_prefix}/hub/{OBJECT}"),
            account_keys: spokes.map(|target| (target.account.clone(), account_key(&target.account))).collect(),
            key_prefix,
            kms_key: state.kms_key.as_ref().map(|key| key.0.clone()),
            encrypt: true,
            use_lockfile: true,
            deploy_role: basis.spec.hub.deploy_role.as_ref().map(|role| role.0.clone()),
            tags: basis.tags("state").named("state"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::Model;
    use crate::model::testing::spec;

    fn state(s3: Value) -> S3State {
        let accounts = json!([
            {"id": "222222222222", "name": "team/one", "regions": ["us-east-1"]},
            {"id": "333333333333", "name": "two", "regions": ["us-east-1"]}
        ]);
        let changes = json!({"engine": "terraform", "state": {"s3": s3}, "bedrock": {"accounts": accounts}});
        Model::new(&spec(changes), Some("prod")).state.s3.unwrap()
    }

    #[test]
    fn state_is_local_unless_a_bucket_is_named() {
        assert_eq!(Model::new(&spec(json!({})), None).state, State { s3: None });
    }

    #[test]
    fn keys_begin_with_the_prefix_and_the_bucket_is_in_the_hubs_region() {
        let state = state(json!({"bucket": "acme-tfstate"}));
        assert_eq!(state.hub_key, "acme-llm-prod/hub/terraform.tfstate");
        assert_eq!(state.region, "us-east-1");
    }

    #[test]
    fn keys_begin_with_what_the_spec_says() {
        let state = state(json!({"bucket": "acme-tfstate", "key_prefix": "teams/llm", "region": "eu-west-1"}));
        assert_eq!(state.hub_key, "teams/llm/hub/terraform.tfstate");
        assert_eq!(state.region, "eu-west-1");
    }

    #[test]
    fn each_account_has_its_own_key_by_its_id_and_the_hub_has_one() {
        let keys = state(json!({"bucket": "acme-tfstate"})).account_keys;
        let keys: Vec<(&str, &str)> = keys.iter().map(|(account, key)| (account.as_str(), key.as_str())).collect();
        assert_eq!(
            keys,
            [
                ("222222222222", "acme-llm-prod/accounts/222222222222/terraform.tfstate"),
                ("333333333333", "acme-llm-prod/accounts/333333333333/terraform.tfstate")
            ]
        );
    }
}
