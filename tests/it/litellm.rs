//! The real LiteLLM takes what gwinfra generates, and does what the lints say that it does.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use gwinfra::litellm::ConfigFile;
use serde_json::{Value, json};

use crate::moto_server::{environment, skip};
use crate::rehearsal::Rehearsal;
use crate::support::repository;

/// The Python that has LiteLLM; `None`, said aloud, where it is not installed.
pub fn python() -> Option<PathBuf> {
    let python =
        environment("GWINFRA_TEST_LITELLM").map_or_else(|| repository("target/litellm/bin/python"), PathBuf::from);
    if python.with_file_name("litellm").is_file() {
        return Some(python);
    }
    skip("LiteLLM is not installed: `make tools` installs it into target/litellm");
    None
}

/// What a script of `tests/litellm` prints.
fn run(script: &str, arguments: &[PathBuf]) -> Option<Value> {
    let directory = tempfile::tempdir().unwrap();
    let output = Command::new(python()?)
        .arg(repository(&format!("tests/litellm/{script}")))
        .args(arguments)
        .current_dir(directory.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// The configuration of the example that has everything, and what LiteLLM answers when it runs with it.
fn served() -> Option<&'static (Value, Value)> {
    static SERVED: OnceLock<Option<(Value, Value)>> = OnceLock::new();
    SERVED
        .get_or_init(|| {
            python()?;
            let rehearsal = Rehearsal::of(&fs_err::read_to_string(repository("examples/everything.yaml")).unwrap());
            let config = rehearsal.bare(&["config", "render"]).expect(0).stdout;
            rehearsal.write("config.yaml", &config);
            let answers = run("serve.py", &[rehearsal.path("config.yaml"), rehearsal.path("litellm.log")])?;
            Some((rehearsal.bare(&["config", "render", "-o", "json"]).expect(0).json(), answers))
        })
        .as_ref()
}

#[test]
fn litellm_serves_the_models_of_the_spec() {
    let Some((config, answers)) = served() else { return };
    let mut names: Vec<&Value> =
        config["model_list"].as_array().unwrap().iter().map(|one| &one["model_name"]).collect();
    names.dedup();
    assert_eq!(answers["models"][0], 200);
    let served: Vec<&Value> = answers["models"][1]["data"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert_eq!(served, names);
}

#[test]
fn litellm_has_a_deployment_for_each_account_and_region_with_all_its_parameters() {
    let Some((config, answers)) = served() else { return };
    let expected = config["model_list"].as_array().unwrap();
    let deployments = answers["deployments"][1]["data"].as_array().unwrap();
    assert_eq!(deployments.len(), expected.len());
    for (deployment, expected) in deployments.iter().zip(expected) {
        assert_eq!(deployment["model_name"], expected["model_name"]);
        assert_eq!(deployment["model_info"]["id"], expected["model_info"]["id"]);
        // LiteLLM gives nobody the key of a provider.
        for (key, value) in expected["litellm_params"].as_object().unwrap().iter().filter(|(key, _)| *key != "api_key")
        {
            assert_eq!(&deployment["litellm_params"][key], value, "{key} of {}", expected["model_info"]["id"]);
        }
    }
}

#[test]
fn every_deployment_calls_its_model_in_its_account_and_region() {
    let Some((config, answers)) = served() else { return };
    let mut called = 0;
    for deployment in config["model_list"].as_array().unwrap() {
        let params = &deployment["litellm_params"];
        let Some(model) = params["model"].as_str().unwrap().strip_prefix("bedrock/") else { continue };
        // The hub's own account has no role: the task's credentials sign.
        let role = params["aws_role_name"].as_str().unwrap_or("arn:aws:iam::111122223333:role/task");
        let expected = json!({
            "account": role.split(':').nth(4),
            "region": params["aws_region_name"],
            "path": format!("/model/{model}/converse"),
        });
        let id = deployment["model_info"]["id"].as_str().unwrap();
        assert_eq!(answers["calls"][id]["calls"], json!([expected]), "{id}: {}", answers["calls"][id]);
        called += 1;
    }
    assert!(called >= 20, "only {called} deployments of Bedrock");
}

#[test]
fn every_role_is_assumed_with_its_session_name_and_external_id() {
    let Some((config, answers)) = served() else { return };
    let mut expected = serde_json::Map::new();
    for params in config["model_list"].as_array().unwrap().iter().map(|deployment| &deployment["litellm_params"]) {
        let Some(role) = params["aws_role_name"].as_str() else { continue };
        let asked = json!({
            "RoleArn": role,
            "RoleSessionName": params["aws_session_name"],
            "ExternalId": params["aws_external_id"],
        });
        expected.insert(role.split(':').nth(4).unwrap().to_owned(), asked);
    }
    assert_eq!(answers["roles"], Value::Object(expected));
}

#[test]
fn litellm_applies_the_guardrails_of_the_spec() {
    let Some((config, answers)) = served() else { return };
    // It is on by default.
    assert_eq!(answers["guarded"], json!(["/guardrail/ff6ujrregl1q/version/1/apply"]));
    let names = |list: &Value| -> Vec<Value> {
        list.as_array().unwrap().iter().map(|guardrail| guardrail["guardrail_name"].clone()).collect()
    };
    assert_eq!(names(&answers["guardrails"][1]["guardrails"]), names(&config["guardrails"]));
}

#[test]
fn litellm_answers_nobody_without_a_key() {
    let Some((_, answers)) = served() else { return };
    assert_eq!(answers["without a key"][0], json!(401));
}

/// The configurations of a folder by path, with whether a finding says that LiteLLM does not start.
fn claims(folder: &str) -> BTreeMap<PathBuf, bool> {
    let mut claims = BTreeMap::new();
    for entry in fs_err::read_dir(repository(folder)).unwrap() {
        let path = entry.unwrap().path();
        // What is no YAML is nothing that LiteLLM could load.
        let Ok(config) = ConfigFile::read("config.yaml", &fs_err::read(&path).unwrap()) else { continue };
        let found = config.check().diagnostics;
        if found.iter().all(|finding| finding.code > "GW0099") {
            claims.insert(path, found.iter().any(|finding| finding.message.contains("does not start")));
        }
    }
    claims
}

#[test]
fn litellm_starts_unless_a_finding_says_that_it_does_not() {
    let claims: BTreeMap<PathBuf, bool> =
        ["tests/litellm/invalid", "tests/litellm/valid"].into_iter().flat_map(claims).collect();
    assert!(claims.values().filter(|refused| **refused).count() >= 7);
    let paths: Vec<PathBuf> = claims.keys().cloned().collect();
    let Some(reasons) = run("load.py", &paths) else { return };
    for (path, refused) in claims {
        let reason = &reasons[path.to_str().unwrap()];
        assert_eq!(!reason.is_null(), refused, "{}: {reason}", path.display());
    }
}

#[test]
fn the_keys_that_lints_know_are_those_of_litellm() {
    let Some(keys) = run("load.py", &[]) else { return };
    let known = |section: &str| -> Vec<String> {
        let text = fs_err::read_to_string(repository(&format!("src/litellm/keys/{section}.txt"))).unwrap();
        text.lines().filter(|line| !line.starts_with('#')).map(ToOwned::to_owned).collect()
    };
    assert_eq!(json!(known("router_settings")), keys["router_settings"]);
    let general = known("general_settings");
    for key in keys["general_settings"].as_array().unwrap() {
        assert!(general.iter().any(|known| known == key.as_str().unwrap()), "general_settings lacks {key}");
    }
}

#[test]
fn litellm_reads_every_string_of_a_spec_as_a_string() {
    let Some(python) = python() else { return };
    let words =
        ["2024-10-21", "yes", "OFF", "y", "1:30", "190:20:30.15", "1_000", "0777", "0x1F", "1e3", "=", "<<", "~", ".5"];
    let params: Vec<String> = words.iter().enumerate().map(|(index, word)| format!("p{index}: \"{word}\"")).collect();
    let spec = fs_err::read_to_string(repository("examples/minimal.yaml")).unwrap();
    let model =
        format!("models:\n  - {{name: own, litellm: {{model: openai/own, params: {{{}}}}}}}\n", params.join(", "));
    let rehearsal = Rehearsal::of(&spec.replace("models:\n", &model));
    let config = rehearsal.bare(&["config", "render"]).expect(0).stdout;
    rehearsal.write("config.yaml", &config);
    let script = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1])), default=repr))";
    let output = Command::new(python).args(["-c", script]).arg(rehearsal.path("config.yaml")).output().unwrap();
    let read: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(read, rehearsal.bare(&["config", "render", "-o", "json"]).expect(0).json());
    assert_eq!(read["model_list"][0]["litellm_params"]["p0"], "2024-10-21");
}
