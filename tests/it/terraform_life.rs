//! The life of a rendered spec: the binary, the real Terraform, and accounts on moto.

use serde_json::{Value, json};

use crate::terraform_estate::Estate;

/// Key of the hub's state.
const HUB_STATE: &str = "acme-llm/hub/terraform.tfstate";

/// Rows of a plan: addresses, actions and the places in the spec that cause them.
fn rows(plan: &Value) -> Vec<(String, String, Vec<String>)> {
    let texts = |value: &Value, of: &dyn Fn(&Value) -> String| value.as_array().unwrap().iter().map(of).collect();
    let rows = plan["changes"].as_array().unwrap().iter().map(|change| {
        let actions: Vec<String> = texts(&change["actions"], &|action| action.as_str().unwrap().to_owned());
        let source = texts(&change["source"], &|place| place["path"].as_str().unwrap_or_default().to_owned());
        (change["address"].as_str().unwrap().to_owned(), actions.join(","), source)
    });
    rows.collect()
}

fn row(address: &str, action: &str, source: &[&str]) -> (String, String, Vec<String>) {
    (address.to_owned(), action.to_owned(), source.iter().map(|&path| path.to_owned()).collect())
}

#[test]
fn what_was_applied_has_no_changes() {
    let Some(mut estate) = Estate::shared() else { return };
    let plan = estate.run(&["plan", "--detailed-exitcode", "-o", "json"]).expect(0).json();
    assert_eq!(plan["summary"], json!({"add": 0, "change": 0, "replace": 0, "destroy": 0}));
}

#[test]
fn a_changed_value_is_the_rows_that_it_causes_with_its_line() {
    let Some(mut estate) = Estate::shared() else { return };
    estate.change(&[("log_retention_days: 90", "log_retention_days: 30"), ("memory: 4096", "memory: 8192")]);
    let plan = estate.plan();
    let retention = ["observability.log_retention_days"];
    assert_eq!(
        rows(&plan),
        [
            row("hub/aws_cloudwatch_log_group.database", "update", &retention),
            row("hub/aws_cloudwatch_log_group.flow_logs", "update", &retention),
            row("hub/aws_cloudwatch_log_group.litellm", "update", &retention),
            row("hub/aws_cloudwatch_log_group.middleware", "update", &retention),
            row("hub/aws_cloudwatch_log_group.waf", "update", &retention),
            row("hub/aws_ecs_service.main", "update", &[]),
            // What the middleware may hold follows its memory: variables of its container.
            row("hub/aws_ecs_task_definition.main", "update", &["compute.fargate.memory", "gateway"]),
            row("hub/aws_s3_bucket_lifecycle_configuration.logs", "update", &retention),
            row("hub/aws_s3_bucket_lifecycle_configuration.requests", "update", &retention),
        ]
    );
    let line = estate.spec().lines().position(|line| line.contains("log_retention_days")).unwrap() + 1;
    assert_eq!(plan["changes"][0]["source"][0]["line"], line);
}

#[test]
fn every_account_has_what_is_its_own() {
    let Some(estate) = Estate::shared() else { return };
    for spoke in &estate.spokes {
        let kinds = estate.kinds(spoke);
        let kinds: Vec<&str> = kinds.iter().map(|(kind, _)| kind.as_str()).collect();
        assert_eq!(kinds, ["role", "policy"], "account {spoke}");
        let list = estate.ask(spoke, &["list"]);
        assert_eq!(list["role"], json!(["acme-llm-bedrock"]));
    }
    let hub = estate.ask(&estate.hub, &["list"]);
    assert!(!hub["role"].as_array().unwrap().contains(&json!("acme-llm-bedrock")), "{hub}");
    assert_eq!(hub["vpc"].as_array().unwrap().len(), 1);
    assert_eq!(hub["service"].as_array().unwrap().len(), 1);
}

#[test]
fn outputs_and_status_are_those_of_the_deployment() {
    let Some(mut estate) = Estate::shared() else { return };
    let outputs = estate.run(&["outputs", "-q", "-o", "json"]).expect(0).stdout;
    let vpc = estate.ask(&estate.hub, &["list"])["vpc"][0].clone();
    assert!(outputs.contains(vpc.as_str().unwrap()), "{outputs}");
    let status = estate.run(&["status", "-q"]).expect(0).stdout;
    assert!(status.contains("hub") && status.contains("3 resources"), "{status}");
}

#[test]
fn the_deployed_configuration_is_compared_with_the_specs() {
    let Some(mut estate) = Estate::shared() else { return };
    let same = estate.run(&["config", "diff", "-q", "--detailed-exitcode"]).expect(0).stdout;
    assert!(same.starts_with("No differences. The service runs with config/"), "{same}");
    estate.change(&[("\nmodels:\n", "\nrouting: {retries: 7}\nmodels:\n")]);
    let differs = estate.run(&["config", "diff", "-q", "--detailed-exitcode"]).expect(2).stdout;
    assert!(differs.contains("-  num_retries: 3\n+  num_retries: 7\n"), "{differs}");
}

#[test]
#[ignore = "takes minutes: make test-terraform"]
fn a_configuration_is_rolled_out_and_nothing_else_and_the_state_is_in_the_bucket() {
    let Some(mut estate) = Estate::applied_with_state_in_s3(3, "acme-state-of-3") else { return };
    let [first, second] = &estate.spokes;
    // No lock is left behind, and nothing lies here.
    let expected =
        ["acme-llm/accounts/FIRST/terraform.tfstate", "acme-llm/accounts/SECOND/terraform.tfstate", HUB_STATE]
            .map(|key| key.replace("FIRST", first).replace("SECOND", second));
    assert_eq!(estate.ask(&estate.hub, &["objects", "acme-state-of-3"]), json!(expected));
    for module in ["hub", "accounts/bedrock-1"] {
        assert!(!estate.module(module).join("terraform.tfstate").exists(), "{module}");
    }
    estate.change(&[
        ("\nmodels:\n", "\nrouting: {retries: 7}\nmodels:\n"),
        ("log_retention_days: 90", "log_retention_days: 30"),
    ]);
    let _ = estate.run(&["config", "push", "--yes"]).says(0, "left for the next apply");
    let _ = estate.run(&["config", "diff", "--detailed-exitcode"]).expect(0);
    let left = rows(&estate.plan());
    assert!(!left.is_empty() && left.iter().all(|(address, ..)| !address.contains("aws_ecs_")), "{left:?}");
}

#[test]
#[ignore = "takes minutes: make test-terraform"]
fn destroy_leaves_nothing_but_what_it_lists_as_retained() {
    let Some(mut estate) = Estate::applied(2) else { return };
    let said = estate.run(&["destroy", "--yes", "--confirm", "acme-llm", "--empty-buckets"]).expect(0);
    for account in estate.spokes.clone() {
        assert_eq!(estate.kinds(&account), []);
    }
    let left = estate.kinds(&estate.hub);
    let kinds: Vec<(&str, usize)> = left.iter().map(|(kind, names)| (kind.as_str(), names.len())).collect();
    assert_eq!(kinds, [("secret", 1), ("key", 1)], "{left:?}");
    for address in ["aws_kms_key.main", "aws_secretsmanager_secret.salt_key"] {
        assert!(said.stdout.contains(address) || said.stderr.contains(address), "{}{}", said.stdout, said.stderr);
    }
    assert!(left[0].1[0].starts_with("acme-llm-salt-key-"), "{left:?}");
    let again = estate.run(&["plan", "-q", "-o", "json"]).expect(0).json();
    assert!(again["changes"].as_array().unwrap().iter().all(|change| change["actions"] == json!(["create"])));
}
