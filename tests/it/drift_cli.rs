//! What the AWS CLI has changed is found, as an administrator would change it.

use std::process::Command;

use serde_json::{Value, json};

use crate::drift::{deployed, findings};
use crate::moto_server::{interpreter, skip};
use crate::rehearsal::Rehearsal;
use crate::served::Served;
use crate::support::repository;

/// The AWS CLI in the hub of served accounts.
pub(crate) struct Cli<'a> {
    accounts: &'a Served,
}

impl<'a> Cli<'a> {
    /// In accounts that are served.
    pub(crate) fn of(accounts: &'a Served) -> Self {
        Self { accounts }
    }

    /// What a command prints; null where it prints nothing.
    pub(crate) fn run(&self, arguments: &[&str]) -> Value {
        let mut command = Command::new(interpreter());
        command.args(["-m", "awscli", "--output", "json"]).args(arguments);
        self.lead(&mut command);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        if output.stdout.trim_ascii().is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&output.stdout).unwrap()
        }
    }

    /// Leads the AWS CLI of a command to the accounts, with credentials of the hub.
    fn lead(&self, command: &mut Command) {
        command
            .env("AWS_ENDPOINT_URL", &self.accounts.url)
            .env("AWS_ACCESS_KEY_ID", "111122223333")
            .env("AWS_SECRET_ACCESS_KEY", "none")
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("PYTHONDONTWRITEBYTECODE", "1");
    }

    /// Runs commands of a shell in which `aws` is the AWS CLI.
    pub(crate) fn shell(&self, commands: &str) {
        let script = format!("set -euo pipefail\naws() {{ {} -m awscli \"$@\"; }}\n{commands}", interpreter());
        let directory = tempfile::tempdir().unwrap();
        let mut command = Command::new("bash");
        command.args(["-c", &script]).current_dir(directory.path());
        self.lead(&mut command);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// What CloudFormation calls a resource.
    pub(crate) fn physical(&self, stack: &str, logical: &str) -> String {
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
pub(crate) fn with_cli(change: impl FnOnce(&Cli<'_>)) -> Option<Rehearsal> {
    let import = Command::new(interpreter()).args(["-c", "import awscli"]).output();
    if !import.is_ok_and(|output| output.status.success()) {
        skip(&format!("{} has no awscli: pip install awscli", interpreter()));
        return None;
    }
    let rehearsal = deployed()?;
    let accounts = Served::start(&rehearsal);
    change(&Cli::of(&accounts));
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
    assert_eq!(one["reader"], "wafv2");
}

#[test]
fn what_the_page_changes_with_the_cli_is_found() {
    let page = fs_err::read_to_string(repository("docs/simulator.md")).unwrap();
    let (_, commands) = page.split_once("```bash\n").unwrap();
    let (commands, _) = commands.split_once("```").unwrap();
    let Some(rehearsal) = with_cli(|cli| cli.shell(commands)) else { return };
    let found = findings(&rehearsal, 2);
    let of = |address: &str, property: &str| {
        found.iter().any(|one| one["address"] == address && one["path"].as_array().unwrap().contains(&json!(property)))
    };
    for (address, property) in [
        ("acme-llm-foundation/Key", "EnableKeyRotation"),
        ("acme-llm-network/DatabaseSecurityGroup", "SecurityGroupIngress"),
        ("acme-llm-gateway/LitellmLogGroup", "RetentionInDays"),
        ("acme-llm-gateway/TaskRole", "Policies"),
    ] {
        assert!(of(address, property), "{address} {property}: {found:#?}");
    }
    let plan = rehearsal.run(&["plan", "-o", "json"]).expect(0).json();
    assert!(plan.to_string().contains("acme-llm-foundation/ConfigBucket"), "{plan:#}");
}
