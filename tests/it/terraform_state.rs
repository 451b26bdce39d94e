//! Where a root module keeps its state.

use crate::rehearsal::Rehearsal;

/// The backend of a root module of the largest example, with more in its spec.
fn backend(module: &str, state: &str, edit: impl Fn(String) -> String) -> String {
    let spec = include_str!("../../examples/everything.yaml").replace("engine: cloudformation", "engine: terraform");
    let rehearsal = Rehearsal::of(&edit(format!("{spec}\nstate: {state}\n")));
    let _ = rehearsal.run(&["render", "--out", "bundle"]).expect(0);
    let versions = rehearsal.path(&format!("bundle/terraform/{module}/versions.tf"));
    let text = fs_err::read_to_string(versions).unwrap();
    let begin = text.find("  backend").unwrap();
    text[begin..].split_inclusive("\n  }\n").next().unwrap().to_owned()
}

#[test]
fn the_hubs_state_is_an_object_of_the_bucket_which_its_deploy_role_reads_and_writes() {
    insta::assert_snapshot!(backend("hub", "{s3: {bucket: acme-state, region: eu-west-1}}", |spec| spec), @r#"
    backend "s3" {
      bucket  = "acme-state"
      key     = "acme-llm/hub/terraform.tfstate"
      region  = "eu-west-1"
      encrypt = true
      # A lock object beside the state keeps two runs apart.
      use_lockfile = true
      assume_role = {
        role_arn = "arn:aws:iam::111122223333:role/gwinfra-deploy"
      }
    }
    "#);
}

#[test]
fn an_accounts_state_is_in_the_hubs_bucket_by_the_hubs_role() {
    let state = "{s3: {bucket: acme-state, kms_key: \"arn:aws:kms:us-east-1:111122223333:key/0a1b2c3d\"}}";
    insta::assert_snapshot!(backend("accounts/bedrock-1", state, |spec| spec), @r#"
    backend "s3" {
      bucket     = "acme-state"
      key        = "acme-llm/accounts/222222222222/terraform.tfstate"
      region     = "us-east-1"
      encrypt    = true
      kms_key_id = "arn:aws:kms:us-east-1:111122223333:key/0a1b2c3d"
      # A lock object beside the state keeps two runs apart.
      use_lockfile = true
      assume_role = {
        role_arn = "arn:aws:iam::111122223333:role/gwinfra-deploy"
      }
    }
    "#);
}

#[test]
fn without_a_deploy_role_the_callers_own_credentials_reach_the_bucket() {
    let without = |spec: String| spec.replace("  deploy_role: arn:aws:iam::111122223333:role/gwinfra-deploy\n", "");
    let backend = backend("hub", "{s3: {bucket: acme-state}}", without);
    assert!(backend.contains("bucket") && !backend.contains("assume_role"), "{backend}");
}
