//! What the AWS CLI has changed is found, as an administrator would change it.

use std::process::Command;

use serde_json::{Value, json};

use crate::drift::{deployed, findings};
use crate::moto_server::{interpreter, skip};
use crate::rehearsal::Rehearsal;
use crate::served::Served;

/// The AWS CLI in the hub of served accounts.
struct Cli<'a> {
    accounts: &'a Served,
}

impl Cli<'_> {
    fn run(&self, arguments: &[&str]) -> Value {
        let mut command = Command::new(interpreter());
        command.args(["-m", "awscli", "--endpoint-url", &self.accounts.url, "--output", "json"]).args(arguments);
        command
            .env("AWS_ACCESS_KEY_ID", "111122223333")
            .env("AWS_SECRET_ACCESS_KEY", "none")
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("PYTHONDONTWRITEBYTECODE", "1");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// What CloudFormation calls a resource.
    fn physical(&self, stack: &str, logical: &str) -> String {
        let asked =
            ["cloudformation", "describe-stack-resource", "--stack-name", stack, "--logical-resource-id", logical];
        self.run(&asked)["StackResourceDetail"]["PhysicalResourceId"].as_str().unwrap().to_owned()
    }

    fn update(&self, type_name: &str, identifier: &str, patch: &Value) {
        let patch = patch.to_string();
        let resource = ["--type-name", type_name, "--identifier", identifier];
        let begun =
            self.run(&[&["cloudcontrol", "update-resource", "--patch-document", &patch][..], &resource].concat());
        let token = begun["ProgressEvent"]["RequestToken"].as_str().unwrap();
        let status = || self.run(&["cloudcontrol", "get-resource-request-status", "--request-token", token]);
        while status()["ProgressEvent"]["OperationStatus"] == "IN_PROGRESS" {}
        assert_eq!(status()["ProgressEvent"]["OperationStatus"], "SUCCESS");
    }

    fn properties(&self, type_name: &str, identifier: &str) -> Value {
        let found = self.run(&["cloudcontrol", "get-resource", "--type-name", type_name, "--identifier", identifier]);
        serde_json::from_str(found["ResourceDescription"]["Properties"].as_str().unwrap()).unwrap()
    }
}

/// Accounts with a deployment; `None`, said aloud, without the CLI.
fn with_cli(change: impl FnOnce(&Cli<'_>)) -> Option<Rehearsal> {
    let import = Command::new(interpreter()).args(["-c", "import awscli"]).output();
    if !import.is_ok_and(|output| output.status.success()) {
        skip(&format!("{} has no awscli: pip install awscli", interpreter()));
        return None;
    }
    let rehearsal = deployed()?;
    let accounts = Served::start(&rehearsal);
    change(&Cli { accounts: &accounts });
    drop(accounts);
    Some(rehearsal)
}

#[test]
fn a_log_group_that_was_changed_with_update_resource_is_found() {
    let Some(rehearsal) = with_cli(|cli| {
        let name = cli.physical("acme-llm-gateway", "LitellmLogGroup");
        cli.update("AWS::Logs::LogGroup", &name, &json!([{"op": "replace", "path": "/RetentionInDays", "value": 7}]));
    }) else {
        return;
    };
    let found = findings(&rehearsal, 2);
    assert_eq!((found.len(), &found[0]["address"]), (1, &json!("acme-llm-gateway/LitellmLogGroup")));
    assert_eq!((&found[0]["expected"], &found[0]["actual"]), (&json!(90), &json!(7)));
}

#[test]
fn a_rule_of_the_firewall_that_only_counts_now_is_found() {
    const WEB_ACL: &str = "AWS::WAFv2::WebACL";
    let mut name = String::new();
    let Some(rehearsal) = with_cli(|cli| {
        let id = cli.physical("acme-llm-gateway", "WebAcl");
        let properties = cli.properties(WEB_ACL, &id);
        let rules = properties["Rules"].as_array().unwrap();
        let at = rules.iter().position(|rule| rule.pointer("/Statement/RateBasedStatement").is_some()).unwrap();
        name = rules[at]["Name"].as_str().unwrap().to_owned();
        let path = format!("/Rules/{at}/Action");
        cli.update(WEB_ACL, &id, &json!([{"op": "replace", "path": path, "value": {"Count": {}}}]));
    }) else {
        return;
    };
    let found = findings(&rehearsal, 2);
    assert_eq!(found.len(), 1, "{found:#?}");
    let one = &found[0];
    assert_eq!((&one["address"], &one["kind"]), (&json!("acme-llm-gateway/WebAcl"), &json!("changed")));
    assert_eq!((&one["path"], &one["severity"]), (&json!(["Rules", name, "Action"]), &json!("high")));
    assert_eq!((&one["expected"], &one["actual"]), (&json!({"Block": {}}), &json!({"Count": {}})));
}
