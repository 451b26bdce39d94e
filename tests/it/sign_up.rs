//! Sign-up with the real LiteLLM and its database: who comes from the identity provider has the limits of the deployment.

use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::litellm::python;
use crate::smoke_database::{ask, posted, shared};
use crate::smoke_gateway::{Gateway, Program, answers, free_port, middleware};
use crate::support::repository;

/// Who has signed up.
struct User {
    /// What LiteLLM has answered.
    made: Value,
    /// Status of a body that asks for a budget of its own.
    refused: u16,
    /// What LiteLLM knows of the user.
    known: Value,
}

impl User {
    fn key(&self) -> &str {
        self.made["key"].as_str().unwrap()
    }
}

/// Somebody who has signed up, once for all tests.
fn user(gateway: &Gateway) -> Option<&'static User> {
    static USER: OnceLock<Option<User>> = OnceLock::new();
    USER.get_or_init(|| signed_up(gateway)).as_ref()
}

/// Signs somebody up at a middleware beside the LiteLLM of a gateway.
fn signed_up(gateway: &Gateway) -> Option<User> {
    let (python, program) = (python()?, middleware()?);
    let place = tempfile::tempdir().unwrap();
    let (port, token) = (free_port(), place.path().join("token"));
    let mut command = Command::new(&python);
    command.arg(repository("tests/litellm/issuer.py")).arg(port.to_string()).arg(&token);
    let mut issuer = Program::start(&python, "TERM", &mut command, place.path().join("issuer.log"));
    let url = format!("http://127.0.0.1:{port}/oauth2/default");
    issuer.wait(|| answers(&format!("{url}/v1/keys")));

    let port = free_port();
    let mut command = Command::new(program);
    command.current_dir(place.path()).env("PORT", port.to_string()).env("UPSTREAM_URL", gateway.litellm());
    command.env("METRICS_ADDRESS", "off").env("MASTER_KEY", &gateway.key).env("OKTA_ISSUER", url);
    command.env("OKTA_MAX_BUDGET", "20").env("OKTA_BUDGET_DURATION", "30d").env("OKTA_MODELS", "claude-haiku");
    command.env("OKTA_TPM_LIMIT", "20000").env("OKTA_RPM_LIMIT", "60");
    let mut service = Program::start(&python, "TERM", &mut command, place.path().join("middleware.log"));
    let url = format!("http://127.0.0.1:{port}");
    service.wait(|| answers(&format!("{url}{}", gwinfra::model::listener::MIDDLEWARE_HEALTH)));

    let (url, token) = (format!("{url}/user/new"), fs_err::read_to_string(token).unwrap());
    let (refused, _) = posted(&url, &token, &json!({"max_budget": 1_000_000}));
    let (status, made) = posted(&url, &token, &json!({"key_alias": "ada"}));
    assert_eq!(status, 200, "{made}");
    let known = ask(gateway, "/user/info?user_id=ada@example.com");
    Some(User { made, refused, known })
}

#[test]
#[ignore = "takes a minute: make test"]
fn who_signs_up_is_made_with_the_limits_of_the_deployment() {
    let Some(shared) = shared() else { return };
    let Some(user) = user(&shared.0) else { return };
    let known = &user.known["user_info"];
    let limits = ["max_budget", "budget_duration", "models", "tpm_limit", "rpm_limit"].map(|name| known[name].clone());
    assert_eq!(limits, [json!(20.0), json!("30d"), json!(["claude-haiku"]), json!(20000), json!(60)], "{known:#}");
}

#[test]
#[ignore = "takes a minute: make test"]
fn who_signs_up_asks_for_no_budget_of_his_own() {
    let Some(shared) = shared() else { return };
    let Some(user) = user(&shared.0) else { return };
    assert_eq!(user.refused, 400);
}

#[test]
#[ignore = "takes a minute: make test"]
fn a_key_of_who_signed_up_calls_the_models_of_the_deployment_only() {
    let Some(shared) = shared() else { return };
    let Some(user) = user(&shared.0) else { return };
    let url = format!("{}/v1/chat/completions", shared.0.url);
    let call = |model: &str| {
        let messages = json!([{"role": "user", "content": "hello"}]);
        posted(&url, user.key(), &json!({"model": model, "messages": messages})).0
    };
    assert_eq!((call("claude-haiku"), call("claude-sonnet")), (200, 403));
}

#[test]
#[ignore = "takes a minute: make test"]
fn who_signed_up_changes_none_of_the_limits() {
    let Some(shared) = shared() else { return };
    let Some(user) = user(&shared.0) else { return };
    let wanted = [
        json!({"max_budget": 1_000_000}),
        json!({"budget_duration": "1s"}),
        json!({"models": ["claude-sonnet"]}),
        json!({"rpm_limit": 1_000_000}),
    ];
    for mut change in wanted {
        change["user_id"] = json!("ada@example.com");
        let (status, answer) = posted(&format!("{}/user/update", shared.0.url), user.key(), &change);
        assert!((400..500).contains(&status), "{change}: {status} {answer}");
    }
    assert_eq!(ask(&shared.0, "/user/info?user_id=ada@example.com")["user_info"]["max_budget"], json!(20.0));
}
