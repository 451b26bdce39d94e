//! The real LiteLLM with a generated configuration takes on the roles that were deployed, as the gateway's task would: each
//! call reaches Bedrock with the credentials of the right account, or not at all.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::litellm::python;
use crate::moto_server::endpoint;
use crate::rehearsal::{Rehearsal, SPEC};
use crate::served::Served;
use crate::support::repository;

const HUB: &str = "111122223333";

/// A deployment with its own account and two others.
fn rehearsal() -> Rehearsal {
    let rehearsal = Rehearsal::of(&SPEC.replace("bedrock:\n  accounts:", "bedrock:\n  include_hub: true\n  accounts:"));
    let config = rehearsal.bare(&["config", "render"]).expect(0).stdout;
    rehearsal.write("config.yaml", &config);
    rehearsal
}

/// What a script prints, run by the Python that has LiteLLM.
fn run(python: &PathBuf, script: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Value {
    let output = Command::new(python)
        .arg(repository(&format!("tests/litellm/{script}")))
        .args(arguments)
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Starts LiteLLM with a service for its roles, and lets it call each deployment.
fn answers(python: &PathBuf, rehearsal: &Rehearsal, environment: &[(&str, &str)]) -> Value {
    let (config, log) = (rehearsal.path("config.yaml"), rehearsal.path("litellm.log"));
    run(python, "serve.py", &[config.to_str().unwrap(), log.to_str().unwrap()], environment)
}

/// For every deployment, the account that it is meant for and what happened when it was called.
fn calls(rehearsal: &Rehearsal, answers: &Value) -> Vec<(String, Value)> {
    let config = rehearsal.bare(&["config", "render", "-o", "json"]).expect(0).json();
    let deployments = config["model_list"].as_array().unwrap().iter();
    let called = deployments.map(|deployment| {
        let role = deployment["litellm_params"]["aws_role_name"].as_str();
        let account = role.map_or(HUB, |role| role.split(':').nth(4).unwrap()).to_owned();
        (account, answers["calls"][deployment["model_info"]["id"].as_str().unwrap()].clone())
    });
    called.collect()
}

fn assert_arrived(account: &str, called: &Value) {
    assert_eq!(called["status"], 200, "{account}: {called}");
    let accounts: Vec<&Value> = called["calls"].as_array().unwrap().iter().map(|call| &call["account"]).collect();
    assert_eq!(accounts, [account], "{called}");
}

#[test]
fn every_call_arrives_in_its_account_or_not_at_all() {
    let Some(python) = python() else { return };
    let rehearsal = rehearsal();
    rehearsal.apply();
    let simulator = Served::start(&rehearsal);
    let task = run(&python, "task.py", &[&simulator.url, HUB, "acme-llm-task"], &[]);
    let value = |name: &str| task[name].as_str().unwrap().to_owned();
    let (id, secret, token) = (value("AccessKeyId"), value("SecretAccessKey"), value("SessionToken"));
    let environment = [
        ("STS", simulator.url.as_str()),
        ("AWS_ACCESS_KEY_ID", &id),
        ("AWS_SECRET_ACCESS_KEY", &secret),
        ("AWS_SESSION_TOKEN", &token),
    ];
    let called = calls(&rehearsal, &answers(&python, &rehearsal, &environment));
    assert_eq!(called.len(), 3);
    for (account, called) in &called {
        assert_arrived(account, called);
    }
    // A role that asks for another external id is not taken on, and nobody serves the call in its place.
    run(&python, "task.py", &[&simulator.url, "222222222222", "acme-llm-bedrock", "another"], &[]);
    for (account, called) in calls(&rehearsal, &answers(&python, &rehearsal, &environment)) {
        if account == "222222222222" {
            assert_ne!(called["status"], 200, "{called}");
            assert_eq!(called["calls"], serde_json::json!([]), "{called}");
        } else {
            assert_arrived(&account, &called);
        }
    }
}

#[test]
fn so_it_does_with_the_credentials_that_moto_gives() {
    let (Some(python), Some(moto)) = (python(), endpoint()) else { return };
    let rehearsal = rehearsal();
    let environment = [("STS", moto), ("AWS_ACCESS_KEY_ID", "testing"), ("AWS_SECRET_ACCESS_KEY", "none")];
    for (account, called) in calls(&rehearsal, &answers(&python, &rehearsal, &environment)) {
        assert_arrived(&account, &called);
    }
}

#[test]
fn what_litellm_logs_of_a_call_that_bedrock_throttles_is_what_the_metric_counts() {
    let Some(python) = python() else { return };
    let rehearsal = rehearsal();
    let called = calls(&rehearsal, &answers(&python, &rehearsal, &[("THROTTLE", "true")]));
    assert!(called.iter().all(|(_, called)| called["status"] == 429), "{called:?}");
    let templates = rehearsal.bare(&["render", "-o", "json"]).expect(0).json();
    let pattern = r#"FilterPattern: '"RateLimitError: BedrockException"'"#;
    let gateway = templates["cloudformation/gateway.yaml"].as_str().unwrap();
    assert!(gateway.contains(pattern), "{gateway}");
    let log = fs_err::read_to_string(rehearsal.path("litellm.log")).unwrap();
    assert_eq!(log.lines().filter(|line| line.contains("RateLimitError: BedrockException")).count(), called.len());
}
