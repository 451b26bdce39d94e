use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Map, Value, json};

use super::*;
use crate::model::Model;
use crate::model::testing::spec;

fn containers_of(changes: Value) -> Vec<Container> {
    Model::new(&spec(changes), None).gateway.task.containers
}

fn variable<'a>(container: &'a Container, name: &str) -> Option<&'a Value> {
    container.environment.iter().find(|variable| variable.name == name).map(|variable| &variable.value)
}

fn secret_of<'a>(container: &'a Container, name: &str) -> Option<&'a Value> {
    container.secrets.iter().find(|secret| secret.name == name).map(|secret| &secret.value_from)
}

#[test]
fn the_containers_share_exactly_what_the_task_has() {
    for (cpu, memory) in [(256, 512), (1024, 4096), (4096, 8192), (16384, 122_880)] {
        let containers = containers_of(json!({"compute": {"fargate": {"cpu": cpu, "memory": memory}}}));
        assert_eq!(containers.iter().map(|container| container.cpu).sum::<u32>(), cpu);
        assert_eq!(containers.iter().map(|container| container.memory).sum::<u32>(), memory);
    }
}

#[test]
fn a_password_comes_from_the_managed_secret_and_never_from_the_environment() {
    let litellm = containers_of(json!({})).remove(0);
    let expected = json!({"Fn::Sub": "${DatabaseSecretArn}:password::"});
    assert_eq!(secret_of(&litellm, "DATABASE_PASSWORD"), Some(&expected));
    assert_eq!(variable(&litellm, "DATABASE_PASSWORD"), None);
}

#[test]
fn with_iam_there_is_no_password_at_all() {
    let database = json!({"database": {"aurora_postgres": {"auth": "iam"}}});
    let containers = containers_of(database);
    assert_eq!(variable(&containers[0], "IAM_TOKEN_DB_AUTH"), Some(&json!("True")));
    assert_eq!(variable(&containers[1], "DATABASE_AUTH"), Some(&json!("iam")));
    assert!(containers.iter().all(|container| secret_of(container, "DATABASE_PASSWORD").is_none()));
}

#[test]
fn an_external_database_is_one_secret() {
    let arn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:url-abcdef";
    let containers = containers_of(json!({"database": {"external": {"url_secret": arn}}}));
    assert_eq!(secret_of(&containers[0], "DATABASE_URL"), Some(&json!(arn)));
    assert_eq!(secret_of(&containers[1], "DATABASE_MIDDLEWARE_URL"), Some(&json!(arn)));
}

#[test]
fn the_users_secrets_are_named_by_arn_and_key() {
    let secrets = json!({
        "OPENAI_API_KEY": {"secret": "acme/openai", "key": "api_key"},
        "OTHER": {"secret": "arn:aws:secretsmanager:us-east-1:111122223333:secret:other-abcdef"}
    });
    let litellm = containers_of(json!({"gateway": {"litellm": {"secrets": secrets}}})).remove(0);
    let expected = "arn:aws:secretsmanager:us-east-1:111122223333:secret:acme/openai:api_key::";
    assert_eq!(secret_of(&litellm, "OPENAI_API_KEY"), Some(&json!(expected)));
    let expected = "arn:aws:secretsmanager:us-east-1:111122223333:secret:other-abcdef";
    assert_eq!(secret_of(&litellm, "OTHER"), Some(&json!(expected)));
}

#[test]
fn the_users_variables_replace_defaults_and_not_what_gwinfra_composes() {
    let environment = json!({"LITELLM_LOG": "DEBUG", "CONFIG_KEY": "mine"});
    let litellm = containers_of(json!({"gateway": {"litellm": {"environment": environment}}})).remove(0);
    assert_eq!(variable(&litellm, "LITELLM_LOG"), Some(&json!("DEBUG")));
    assert_ne!(variable(&litellm, "CONFIG_KEY"), Some(&json!("mine")));
}

#[test]
fn an_isolated_task_asks_github_for_nothing() {
    let isolated = json!({"network": {"vpc": {"create": {"nat": "none"}}}});
    assert_eq!(variable(&containers_of(isolated)[0], "LITELLM_LOCAL_MODEL_COST_MAP"), Some(&json!("True")));
    assert_eq!(variable(&containers_of(json!({}))[0], "LITELLM_LOCAL_MODEL_COST_MAP"), None);
}

#[test]
fn the_image_is_read_only_unless_exec_must_write() {
    assert!(containers_of(json!({})).iter().all(|container| container.readonly_root_filesystem));
    assert!(!containers_of(json!({"compute": {"fargate": {"exec": true}}}))[0].readonly_root_filesystem);
}

#[test]
fn an_image_that_can_runs_as_nobody() {
    let user = |image: &str| containers_of(json!({"gateway": {"litellm": {"image": image}}}))[0].user;
    assert_eq!(user("ghcr.io/berriai/litellm:v1.102.4"), Some(NOBODY));
    assert_eq!(user("ghcr.io/berriai/litellm:main-v1.82.3-stable.patch.2"), None);
}

#[test]
fn every_variable_that_gwinfra_composes_is_reserved() {
    let free = ["LITELLM_", "DISABLE_ADMIN_UI", "CHECKPOINT_DISABLE"];
    for auth in ["password", "iam"] {
        let changes = json!({"database": {"aurora_postgres": {"auth": auth}}});
        let litellm = containers_of(changes).remove(0);
        let names = litellm.environment.iter().map(|v| &v.name).chain(litellm.secrets.iter().map(|s| &s.name));
        for name in names {
            let known = RESERVED_VARIABLES.contains(&name.as_str()) || free.iter().any(|free| name.starts_with(free));
            assert!(known, "{name}");
        }
    }
}

/// A stand-in for boto3 that answers from files, and one for `litellm` that prints its arguments and environment.
fn stage(directory: &Path, config: &str) {
    fs_err::write(directory.join("object"), config).unwrap();
    let boto3 = r#"
import io, os, pathlib
class Client:
    def __init__(self, name): self.name = name
    def get_object(self, Bucket, Key):
        assert (self.name, Bucket) == ("s3", "the-bucket")
        return {"Body": io.BytesIO(pathlib.Path(os.environ["STAGE"], "object").read_bytes())}
    def describe_secret(self, SecretId):
        assert (self.name, SecretId) == ("secretsmanager", "the-secret")
        current = pathlib.Path(os.environ["STAGE"], "version").read_text()
        return {"VersionIdsToStages": {"old": ["AWSPREVIOUS"], current: ["AWSCURRENT"]}}
def client(name): return Client(name)
"#;
    fs_err::write(directory.join("boto3.py"), boto3).unwrap();
    fs_err::write(directory.join("version"), "v1").unwrap();
    let litellm = "#!/usr/bin/env python3\nimport json, os, sys\nprint(json.dumps({'argv': sys.argv[1:], 'env': dict(os.environ)}))\n";
    let path = directory.join("litellm");
    fs_err::write(&path, litellm).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs_err::set_permissions(&path, mode).unwrap();
}

fn python(directory: &Path, script: &str, variables: &BTreeMap<&str, &str>) -> Output {
    let path = format!("{}:{}", directory.display(), std::env::var_os("PATH").unwrap().display());
    Command::new("python3")
        .args(["-c", script, "--num_workers", "3"])
        .env("PATH", path)
        .env("PYTHONPATH", directory)
        .env("STAGE", directory)
        .env("GATEWAY_WORK", directory.join("work"))
        .envs(variables)
        .output()
        .unwrap()
}

const CONFIG: &str = "model_list: []\n";

fn config_key() -> String {
    format!("config/{}.yaml", crate::hexadecimal::sha256(CONFIG))
}

fn started(extra: &[(&str, &str)]) -> (Value, String) {
    let directory = tempfile::tempdir().unwrap();
    stage(directory.path(), CONFIG);
    let key = config_key();
    let mut variables =
        BTreeMap::from([("CONFIG_BUCKET", "the-bucket"), ("CONFIG_KEY", key.as_str()), ("MASTER_KEY", "canary-key")]);
    variables.extend(extra.iter().copied());
    let output = python(directory.path(), &code(START), &variables);
    let errors = String::from_utf8(output.stderr).unwrap();
    let written = fs_err::read_to_string(directory.path().join("work/config.yaml")).unwrap_or_default();
    assert_eq!(written, CONFIG, "{errors}");
    (serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{errors}")), errors)
}

const DATABASE: [(&str, &str); 6] = [
    ("DATABASE_USER", "gateway"),
    ("DATABASE_PASSWORD", "p@ss:/?#[]%&='\"$(x)`\\ ü"),
    ("DATABASE_HOST", "db.example.internal"),
    ("DATABASE_PORT", "5432"),
    ("DATABASE_NAME", "litellm"),
    ("DATABASE_SECRET", "the-secret"),
];

#[test]
fn litellm_keeps_an_idle_connection_longer_than_the_load_balancer() {
    let spec = crate::model::testing::spec(serde_json::json!({"ingress": {"idle_timeout_seconds": 900}}));
    let model = crate::model::Model::new(&spec, None);
    let command = &model.gateway.task.containers[0].command;
    let at = command.iter().position(|argument| argument == "--keepalive_timeout").unwrap();
    assert_eq!(command[at + 1], "910");
}

#[test]
fn the_start_command_becomes_litellm_with_its_configuration() {
    let (started, _) = started(&[]);
    let argv: Vec<_> = started["argv"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(argv[1].ends_with("/work/config.yaml"), "{argv:?}");
    assert_eq!([argv[0], argv[2], argv[3], argv[4], argv[5]], ["--config", "--host", "0.0.0.0", "--port", "4000"]);
    assert_eq!(argv[6..], ["--num_workers", "3"]);
}

#[test]
fn the_master_key_gets_its_prefix_once() {
    assert_eq!(started(&[]).0["env"]["LITELLM_MASTER_KEY"], "sk-canary-key");
    assert_eq!(started(&[("MASTER_KEY", "sk-canary")]).0["env"]["LITELLM_MASTER_KEY"], "sk-canary");
}

#[test]
fn a_password_of_specials_is_percent_encoded_in_the_url() {
    let url = "postgresql://gateway:p%40ss%3A%2F%3F%23%5B%5D%25%26%3D%27%22%24%28x%29%60%5C%20%C3%BC\
               @db.example.internal:5432/litellm?sslmode=require";
    assert_eq!(started(&DATABASE).0["env"]["DATABASE_URL"], url);
}

#[test]
fn nothing_secret_is_printed_or_passed_as_an_argument_and_raw_values_are_gone() {
    let (started, errors) = started(&DATABASE);
    assert_eq!(errors, "");
    assert!(!started["argv"].to_string().contains("canary"));
    for name in ["MASTER_KEY", "DATABASE_PASSWORD", "DATABASE_USER", "DATABASE_HOST"] {
        assert_eq!(started["env"].get(name), None, "{name}");
    }
}

#[test]
fn tokens_of_iam_are_left_to_litellm() {
    let iam = [("IAM_TOKEN_DB_AUTH", "True"), ("DATABASE_HOST", "db"), ("DATABASE_USER", "gateway")];
    let (started, _) = started(&iam);
    assert_eq!(started["env"].get("DATABASE_URL"), None);
    assert_eq!(started["env"]["DATABASE_HOST"], "db");
}

#[test]
fn a_serverless_cache_is_named_as_a_cluster() {
    let (started, _) = started(&[("CACHE_CLUSTER", "true"), ("REDIS_HOST", "cache"), ("REDIS_PORT", "6379")]);
    assert_eq!(started["env"]["REDIS_CLUSTER_NODES"], r#"[{"host": "cache", "port": 6379}]"#);
}

#[test]
fn a_configuration_that_is_not_its_names_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    stage(directory.path(), "model_list: [changed]\n");
    let key = config_key();
    let variables =
        BTreeMap::from([("CONFIG_BUCKET", "the-bucket"), ("CONFIG_KEY", key.as_str()), ("MASTER_KEY", "canary")]);
    let output = python(directory.path(), &code(START), &variables);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stderr).trim(), "the configuration object does not match its name");
    assert!(!directory.path().join("work/config.yaml").exists());
}

/// Runs the health check against a stand-in for LiteLLM's answer; `old` says that the version was seen long ago.
fn healthy(seen: Option<&str>, old: bool) -> bool {
    let directory = tempfile::tempdir().unwrap();
    stage(directory.path(), CONFIG);
    fs_err::create_dir(directory.path().join("work")).unwrap();
    if let Some(seen) = seen {
        fs_err::write(directory.path().join("work/database-secret-version"), seen).unwrap();
    }
    // The answer of LiteLLM is not what is tested here.
    let setup = "import urllib.request, types\nanswer = types.SimpleNamespace(read=lambda: b'')\n\
                 urllib.request.build_opener = lambda *a: types.SimpleNamespace(open=lambda *a, **k: answer)\n";
    let aged = "import os\nos.utime(os.environ['GATEWAY_WORK'] + '/database-secret-version', (0, 0))\n";
    let script = format!("{setup}{}{}", if old { aged } else { "" }, code(HEALTH_CHECK));
    python(directory.path(), &script, &BTreeMap::from([("DATABASE_SECRET", "the-secret")])).status.success()
}

#[test]
fn a_task_with_the_current_password_is_healthy() {
    assert!(healthy(Some("v1"), true));
    assert!(healthy(None, false));
}

#[test]
fn a_task_whose_password_was_rotated_is_not() {
    assert!(!healthy(Some("old"), true));
}

#[test]
fn the_password_is_asked_about_only_now_and_then() {
    assert!(healthy(Some("old"), false));
}

#[test]
fn what_everybody_who_signs_up_is_given_is_the_specs() {
    let defaults = json!({
        "max_budget": 20, "budget_duration": "30d", "models": ["a", "b"], "tpm_limit": 20000, "rpm_limit": 60
    });
    let okta = json!({"issuer": "https://example.okta.com/oauth2/default", "defaults": defaults});
    let containers = containers_of(json!({"gateway": {"middleware": {"okta": okta}}}));
    let set = |name| variable(&containers[1], name).and_then(Value::as_str);
    assert_eq!((set("OKTA_MAX_BUDGET"), set("OKTA_BUDGET_DURATION")), (Some("20"), Some("30d")));
    assert_eq!(
        (set("OKTA_MODELS"), set("OKTA_TPM_LIMIT"), set("OKTA_RPM_LIMIT")),
        (Some("a,b"), Some("20000"), Some("60"))
    );
}

#[test]
fn the_middleware_has_the_variables_of_the_spec() {
    let containers = containers_of(json!({"gateway": {"middleware": {"environment": {"LOG_LEVEL": "debug"}}}}));
    assert_eq!(variable(&containers[1], "LOG_LEVEL"), Some(&json!("debug")));
    assert_eq!(variable(&containers[0], "LOG_LEVEL"), None);
}

#[test]
fn what_gwinfra_sets_in_the_middleware_stays_whatever_the_spec_says() {
    let environment: Map<String, Value> =
        reserved_middleware_variables().map(|(name, _)| (name.to_owned(), json!("of the spec"))).collect();
    let changes = json!({"gateway": {"middleware": {"environment": environment}}});
    assert_eq!(containers_of(changes)[1], containers_of(json!({}))[1]);
}

#[test]
fn every_variable_that_gwinfra_sets_in_the_middleware_is_reserved() {
    let okta = json!({"issuer": "https://example.okta.com/oauth2/default", "scope": "llm.signup"});
    let mut containers = containers_of(json!({"gateway": {"middleware": {"okta": okta, "mock_llm": {}}}}));
    for container in containers.drain(1..) {
        let plain = container.environment.into_iter().map(|variable| variable.name);
        for name in plain.chain(container.secrets.into_iter().map(|secret| secret.name)) {
            assert!(reserved_middleware_variables().any(|(reserved, _)| reserved == name), "{name}");
        }
    }
}

#[test]
fn a_mocked_model_comes_from_the_middlewares_image_and_shares_the_task() {
    let containers = containers_of(json!({"gateway": {"middleware": {"mock_llm": {"tokens_per_minute": 1000}}}}));
    let [litellm, middleware, mock] = containers.as_slice() else { panic!("{containers:#?}") };
    assert_eq!((&mock.image, &mock.command), (&middleware.image, &vec![json!("mock-llm")]));
    assert_eq!(litellm.cpu + middleware.cpu + mock.cpu, Fargate::default().cpu);
    assert_eq!(litellm.memory + middleware.memory + mock.memory, Fargate::default().memory);
    assert!(mock.secrets.is_empty());
    assert!(mock.environment.iter().any(|one| one.name == "MOCK_TOKENS_PER_MINUTE" && one.value == "1000"));
}

#[test]
fn the_mocked_model_has_its_variables_of_the_spec() {
    let variables = json!({"MOCK_SEED": "7", "LOG_LEVEL": "debug"});
    let containers = containers_of(json!({"gateway": {"middleware": {"mock_llm": {}, "environment": variables}}}));
    assert_eq!(variable(&containers[2], "MOCK_SEED"), Some(&json!("7")));
    assert_eq!(variable(&containers[2], "LOG_LEVEL"), None);
}

#[test]
fn without_a_middleware_there_is_no_mocked_model() {
    let containers = containers_of(json!({"gateway": {"middleware": {"enabled": false, "mock_llm": {}}}}));
    assert_eq!(containers.iter().map(|container| container.name).collect::<Vec<_>>(), ["litellm"]);
}
