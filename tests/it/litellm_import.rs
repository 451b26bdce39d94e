//! `gwinfra init --from-litellm`: a configuration of one's own becomes a spec, and what cannot be carried over is said.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::rehearsal::{Rehearsal, Run};
use crate::support::repository;

const ANSWERS: [&str; 7] = [
    "--yes",
    "--name",
    "acme-llm",
    "--account",
    "111122223333",
    "--certificate",
    "arn:aws:acm:us-east-1:111122223333:certificate/0a1b2c3d",
];

/// A directory whose spec is made from a configuration, and what was said.
fn import(config: &str) -> (Rehearsal, Run) {
    let rehearsal = Rehearsal::new();
    fs_err::remove_file(rehearsal.path("gwinfra.yaml")).unwrap();
    rehearsal.write("litellm.yaml", config);
    let run = rehearsal.bare(&[&["init", "--from-litellm", "litellm.yaml"][..], &ANSWERS].concat());
    (rehearsal, run)
}

fn spec(rehearsal: &Rehearsal) -> String {
    fs_err::read_to_string(rehearsal.path("gwinfra.yaml")).unwrap()
}

fn gateway() -> String {
    fs_err::read_to_string(repository("tests/litellm/import/gateway.yaml")).unwrap()
}

#[test]
fn a_gateway_that_grew_by_hand_becomes_a_spec() {
    let (rehearsal, _) = import(&gateway());
    insta::assert_snapshot!(spec(&rehearsal));
}

#[test]
fn what_cannot_be_carried_over_is_said_with_its_line() {
    let (_, run) = import(&gateway());
    insta::assert_snapshot!(run.expect(0).stdout);
}

#[test]
fn the_spec_is_valid() {
    let (rehearsal, _) = import(&gateway());
    let _ = rehearsal.bare(&["validate"]).expect(0);
}

#[test]
fn no_key_of_the_configuration_is_in_the_spec_or_shown() {
    let (rehearsal, run) = import(&gateway());
    assert!(gateway().matches("canary-7f3a91").count() >= 4);
    for text in [spec(&rehearsal), run.stdout, run.stderr] {
        assert!(!text.contains("canary-7f3a91"), "{text}");
    }
}

/// What is called under which name, and where.
fn deployments(config: &Value) -> BTreeSet<String> {
    let list = config["model_list"].as_array().unwrap();
    list.iter()
        .map(|deployment| {
            let params = &deployment["litellm_params"];
            let role = params["aws_role_name"].as_str().unwrap_or("hub");
            let account = role.split(':').nth(4).unwrap_or(role);
            format!(
                "{} {} {} {account} {} {} {}",
                deployment["model_name"],
                params["model"],
                params["aws_region_name"],
                params["tpm"],
                params["rpm"],
                params["weight"]
            )
        })
        .collect()
}

#[test]
fn what_gwinfra_generates_is_carried_over_as_it_is() {
    for example in ["everything", "private-vpn-two-accounts", "minimal", "isolated"] {
        let before = Rehearsal::of(&fs_err::read_to_string(repository(&format!("examples/{example}.yaml"))).unwrap());
        let (after, run) = import(&before.bare(&["config", "render"]).expect(0).stdout);
        assert_eq!(run.code, 0, "{example}: {}", run.stderr);
        let config = |of: &Rehearsal| of.bare(&["config", "render", "-o", "json"]).expect(0).json();
        let (before, after) = (config(&before), config(&after));
        assert_eq!(deployments(&after), deployments(&before), "{example}");
        for (section, key) in [
            ("router_settings", "routing_strategy"),
            ("router_settings", "num_retries"),
            ("router_settings", "timeout"),
            ("router_settings", "fallbacks"),
            ("router_settings", "context_window_fallbacks"),
            ("router_settings", "default_fallbacks"),
        ] {
            assert_eq!(after[section][key], before[section][key], "{example}: {key}");
        }
        assert_eq!(after["guardrails"], before["guardrails"], "{example}");
    }
}

#[test]
fn a_configuration_that_cannot_be_read_writes_nothing() {
    let (rehearsal, run) = import("model_list: [\n");
    let _ = run.says(3, "GW0005");
    assert!(!rehearsal.path("gwinfra.yaml").exists());
}

#[test]
fn a_decision_that_is_left_is_shown_in_the_spec() {
    let (rehearsal, run) =
        import("model_list:\n- {model_name: a, litellm_params: {model: bedrock/eu.amazon.nova-lite-v1:0}}\n");
    let _ = run.says(3, "GW0328").says(3, "gwinfra.yaml is written");
    assert!(spec(&rehearsal).contains("eu.amazon.nova-lite-v1:0"));
}

#[test]
fn a_configuration_without_a_model_says_so() {
    let (_, run) = import("model_list: []\n");
    let _ = run.says(3, "models");
}
