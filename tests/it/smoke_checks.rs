//! Smoke calls of the real LiteLLM and the middleware, whole and broken.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use crate::rehearsal::Run;
use crate::smoke_gateway::{SPEC, Shared, VARIABLE, answers, named, result, shared};

/// A report without what differs from run to run.
fn steady(text: &str, gateway: &Shared) -> String {
    let port = gateway.url.rsplit(':').next().unwrap();
    let text = text.replace(port, "PORT");
    let patterns = [
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "ID"),
        (r" +\d+ ms ", " [ms] "),
        (r"\d+ ms", "[ms]"),
        (r"in \d+\.\d s", "in [s]"),
        (r"\d+ calls? reached .*", "[calls] reached [...]"),
        (r"\d+ tokens in, \d+ out", "[tokens]"),
        (r"\d+ chunks?", "[chunks]"),
        (r"\d+ frames?", "[frames]"),
        (r"account bedrock-\d", "account [account]"),
    ];
    patterns
        .iter()
        .fold(text, |text, (pattern, with)| regex::Regex::new(pattern).unwrap().replace_all(&text, *with).into_owned())
}

#[track_caller]
fn broken(gateway: &Shared, arguments: &[&str]) -> Value {
    let mut all = vec!["-o", "json"];
    all.extend(arguments);
    gateway.smoke(&all).expect(13).json()
}

#[track_caller]
fn detail<'a>(report: &'a Value, name: &str) -> &'a str {
    result(report, name)["detail"].as_str().unwrap()
}

#[track_caller]
fn next<'a>(report: &'a Value, name: &str) -> &'a str {
    result(report, name)["next"].as_str().unwrap()
}

#[test]
fn a_gateway_as_the_spec_says_passes() {
    let Some(gateway) = shared() else { return };
    let report = gateway.smoke(&["-o", "json"]).expect(0).json();
    assert_eq!(named(&report, "fail"), [""; 0]);
    for name in ["health", "readiness", "auth", "models", "chat", "stream", "balance", "accounts", "fallback"] {
        assert_eq!(result(&report, name)["status"], "pass", "{report:#}");
    }
    for (name, reason) in [
        ("rate-limit", "the spec has no database"),
        ("keys", "the spec has no database"),
        ("history", "the spec keeps no chat sessions"),
        ("waf", "the spec has no firewall"),
        ("plaintext", "the gateway has no TLS"),
    ] {
        assert_eq!(result(&report, name)["status"], "skip");
        assert!(detail(&report, name).contains(reason), "{}", detail(&report, name));
    }
}

#[test]
fn every_account_and_region_is_called_alone() {
    let Some(gateway) = shared() else { return };
    let report = gateway.smoke(&["--only", "accounts", "-o", "json"]).expect(0).json();
    let seen: Vec<Value> = report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| json!([check["subject"], check["account"], check["deployment"]]))
        .collect();
    let expected = [
        json!(["bedrock-1 us-east-1", "bedrock-1", "claude-haiku--bedrock-1--us-east-1"]),
        json!(["bedrock-1 us-west-2", "bedrock-1", "claude-haiku--bedrock-1--us-west-2"]),
        json!(["bedrock-2 us-east-1", "bedrock-2", "claude-haiku--bedrock-2--us-east-1"]),
        json!(["hub us-east-1", "hub", "claude-haiku--hub--us-east-1"]),
    ];
    assert_eq!(seen, expected[..seen.len()]);
    assert!(seen.len() >= 3);
}

#[test]
fn a_call_names_the_account_and_the_request() {
    let Some(gateway) = shared() else { return };
    let report = gateway.smoke(&["--only", "chat", "-o", "json"]).expect(0).json();
    let chat = result(&report, "chat");
    assert!(chat["deployment"].as_str().unwrap().starts_with("claude-haiku--"), "{chat}");
    assert!(chat["deployment"].as_str().unwrap().contains(chat["account"].as_str().unwrap()), "{chat}");
    assert_eq!(chat["request_id"].as_str().unwrap().len(), 36);
}

#[test]
fn the_screens_read_well() {
    let Some(gateway) = shared() else { return };
    let whole = gateway.smoke(&["--skip", "converse,converse-stream,history,health,auth"]).expect(0);
    *gateway.switches.refused_account.lock().unwrap() = Some("333333333333".to_owned());
    let broken = gateway.smoke(&["--only", "health,chat,accounts", "--progress", "none"]).expect(13);
    insta::assert_snapshot!("whole", steady(&whole.stdout, &gateway));
    insta::assert_snapshot!("broken", steady(&format!("{}\n{}", broken.stdout, broken.stderr), &gateway));
}

#[test]
fn progress_is_a_line_for_each_check_elsewhere_than_on_a_terminal() {
    let Some(gateway) = shared() else { return };
    let run = gateway.smoke(&["--only", "chat,waf"]).expect(0);
    assert!(run.stderr.contains(" chat ✔ smoke: "), "{}", run.stderr);
    assert!(run.stderr.contains(" waf ✔ smoke: skipped: the spec has no firewall"), "{}", run.stderr);
}

#[test]
fn every_format_has_every_check() {
    let Some(gateway) = shared() else { return };
    let junit = gateway.smoke(&["-o", "junit"]).expect(0).stdout;
    for name in ["health", "accounts bedrock-2 us-east-1", "fallback", "plaintext"] {
        assert!(junit.contains(&format!("<testcase name=\"{name}\" classname=\"smoke\"")), "{junit}");
    }
    assert!(junit.contains("<skipped message=\"the gateway has no TLS"), "{junit}");
}

#[test]
fn several_rounds_are_one_report() {
    let Some(gateway) = shared() else { return };
    let report = gateway.smoke(&["--only", "chat", "--repeat", "3", "-o", "json"]).expect(0).json();
    assert_eq!(report["rounds"], 3);
    assert_eq!(report["checks"].as_array().unwrap().len(), 1);
    let rounds = &result(&report, "chat")["rounds"];
    assert_eq!((&rounds["pass"], &rounds["fail"]), (&json!(3), &json!(0)));
}

#[test]
fn a_gateway_of_which_no_spec_is_known_is_found_out() {
    let Some(gateway) = shared() else { return };
    let report = gateway.smoke_of_url(&["-o", "json"]).expect(0).json();
    assert_eq!(report["deployment"], Value::Null);
    for name in ["chat", "stream", "balance", "accounts", "fallback"] {
        assert_eq!(result(&report, name)["status"], "pass", "{report:#}");
    }
    assert!(detail(&report, "keys").contains("the gateway has no database"), "{report:#}");
    assert!(detail(&report, "waf").contains("no firewall blocks a bad request"), "{report:#}");
}

#[test]
fn a_wrong_key_is_what_auth_says_and_nothing_else_is_tried() {
    let Some(gateway) = shared() else { return };
    let mut command = gateway.command(&["-o", "json", "--key-env", VARIABLE]);
    command.env(VARIABLE, "sk-another-canary-0123456789");
    let report = gateway.silent(Run::from(command.output().unwrap())).expect(13).json();
    assert_eq!(named(&report, "fail"), ["auth"]);
    assert!(detail(&report, "auth").starts_with("the gateway does not take the key: 4"), "{report:#}");
    assert!(next(&report, "auth").starts_with("is it the key of this gateway?"), "{report:#}");
    assert_eq!(detail(&report, "chat"), "auth: the gateway does not take the key");
}

#[test]
fn a_model_that_is_not_there_is_told_with_those_that_are() {
    let Some(gateway) = shared() else { return };
    let run = gateway.smoke_of_url(&["--model", "nobody", "--only", "models,chat", "-o", "json"]).expect(13);
    let report = run.json();
    assert_eq!(detail(&report, "models"), "the gateway does not list nobody");
    assert_eq!(next(&report, "models"), "--model takes titan-embed, claude-haiku, claude-sonnet");
    assert!(detail(&report, "chat").contains("400: "), "{report:#}");
}

#[test]
fn an_account_that_refuses_is_named() {
    let Some(gateway) = shared() else { return };
    *gateway.switches.refused_account.lock().unwrap() = Some("333333333333".to_owned());
    let report = broken(&gateway, &["--only", "accounts"]);
    let failed: Vec<_> =
        report["checks"].as_array().unwrap().iter().filter(|check| check["status"] == "fail").collect();
    assert_eq!(failed.len(), 1, "{report:#}");
    assert_eq!(failed[0]["subject"], "bedrock-2 us-east-1");
    assert!(detail(&report, "accounts").contains("have access to the model"), "{report:#}");
    assert!(next(&report, "accounts").starts_with("gwinfra accounts verify"), "{report:#}");
}

#[test]
fn a_fallback_that_does_not_answer_is_told() {
    let Some(gateway) = shared() else { return };
    // The only account of the model that is to take over.
    *gateway.switches.refused_account.lock().unwrap() = Some("222222222222".to_owned());
    let report = gateway.smoke(&["--only", "fallback", "-o", "json"]).expect(13).json();
    assert_eq!(named(&report, "fail"), ["fallback"], "{report:#}");
}

/// A database that the gateway here does not have.
const DATABASE: &str =
    "database: {external: {url_secret: \"arn:aws:secretsmanager:us-east-1:111122223333:secret:acme/d-a1b2c3\"}}";

/// The spec of the gateway with a change, in a file beside it.
fn changed(gateway: &Shared, from: &str, to: &str) -> &'static str {
    assert!(SPEC.contains(from), "the spec has no {from:?}");
    gateway.rehearsal.write("changed.yaml", &SPEC.replace(from, to));
    "changed.yaml"
}

#[test]
fn fallbacks_of_the_spec_that_the_gateway_does_not_have_are_told() {
    let Some(gateway) = shared() else { return };
    let last = "us.anthropic.claude-sonnet-4-5-20250929-v1:0, accounts: [bedrock-1]}";
    let file = changed(&gateway, last, &format!("{last}\n    fallbacks: [titan-embed]"));
    let report = broken(&gateway, &["--file", file, "--only", "fallback", "--model", "claude-sonnet"]);
    let words = "LiteLLM has no fallbacks of claude-sonnet, and the spec says titan-embed";
    assert_eq!(detail(&report, "fallback"), words);
    assert_eq!(next(&report, "fallback"), "gwinfra config diff");
}

#[test]
fn a_strategy_that_spreads_no_calls_is_no_failure() {
    let Some(gateway) = shared() else { return };
    for strategy in ["cost-based-routing", "latency-based-routing"] {
        let file = changed(&gateway, "models:\n", &format!("routing: {{strategy: {strategy}}}\nmodels:\n"));
        let report = gateway.smoke(&["--file", file, "--only", "balance", "-o", "json"]).expect(0).json();
        assert_eq!(result(&report, "balance")["status"], "skip", "{report:#}");
        assert!(detail(&report, "balance").starts_with(strategy), "{report:#}");
    }
}

#[test]
fn a_model_that_answers_no_chat_calls_is_left_out_and_named() {
    let Some(gateway) = shared() else { return };
    let only = ["--only", "models,chat,accounts", "-o", "json"];
    for report in [gateway.smoke(&only).expect(0).json(), gateway.smoke_of_url(&only).expect(0).json()] {
        assert_eq!(report["model"], "claude-haiku", "{report:#}");
        let words = detail(&report, "models");
        assert!(words.ends_with("no chat calls to titan-embed (embedding)"), "{words}");
    }
}

#[test]
fn accounts_are_called_with_a_chat_model_also_when_another_is_named() {
    let Some(gateway) = shared() else { return };
    let report = gateway.smoke(&["--only", "accounts", "--model", "titan-embed", "-o", "json"]).expect(0).json();
    let of = |subject: &str| {
        let checks = report["checks"].as_array().unwrap();
        checks.iter().find(|check| check["subject"] == subject).unwrap()["deployment"].clone()
    };
    assert_eq!(of("bedrock-2 us-east-1"), "claude-haiku--bedrock-2--us-east-1");
}

#[test]
fn a_firewall_that_blocks_everything_proves_nothing() {
    let Some(gateway) = shared() else { return };
    gateway.switches.firewall.store(true, Ordering::SeqCst);
    gateway.switches.firewall_blocks_all.store(true, Ordering::SeqCst);
    let only = ["--only", "waf", "--skip", "health,auth", "-o", "json"];
    let report = gateway.smoke_of_url(&only).expect(0).json();
    assert!(detail(&report, "waf").starts_with("a harmless request is refused as a bad one is"), "{report:#}");
    let file = changed(&gateway, "  tls: {", "  waf: {}\n  tls: {");
    let report = gateway.smoke(&[&["--file", file], only.as_slice()].concat()).expect(13).json();
    assert_eq!(detail(&report, "waf"), "a harmless request is blocked as a bad one is: 403");
}

#[test]
fn a_dead_cache_is_what_readiness_says() {
    let Some(gateway) = shared() else { return };
    gateway.switches.redis_cut.send_replace(true);
    let report = broken(&gateway, &["--only", "health,readiness,chat"]);
    assert_eq!(named(&report, "fail"), ["readiness"]);
    assert!(detail(&report, "readiness").starts_with("the cache (redis) does not answer"), "{report:#}");
    assert!(next(&report, "readiness").starts_with("is the cache up"), "{report:#}");
    gateway.switches.repair();
    // LiteLLM finds it again by itself, and the next test needs it.
    let begun = std::time::Instant::now();
    while gateway.smoke(&["--only", "readiness", "--progress", "none"]).code != 0 {
        assert!(begun.elapsed() < std::time::Duration::from_secs(120), "the cache does not come back");
    }
}

#[test]
fn a_database_that_is_lost_is_what_readiness_says() {
    let Some(gateway) = shared() else { return };
    let file = changed(&gateway, "database: {none: {}}", DATABASE);
    gateway.switches.say("GET", "/health/readiness", 503, json!({"status": "unhealthy", "db": "disconnected"}));
    let report = broken(&gateway, &["--file", file, "--only", "readiness,keys"]);
    assert_eq!(named(&report, "fail"), ["readiness"]);
    assert_eq!(detail(&report, "readiness"), "LiteLLM has lost its database");
    assert!(next(&report, "readiness").starts_with("is the database up, and may the tasks reach it?"), "{report:#}");
    assert!(detail(&report, "keys").starts_with("LiteLLM has lost its database"), "{report:#}");
}

#[test]
fn a_database_that_litellm_was_not_given_is_what_readiness_says() {
    let Some(gateway) = shared() else { return };
    let file = changed(&gateway, "database: {none: {}}", DATABASE);
    let report = broken(&gateway, &["--file", file, "--only", "readiness"]);
    assert_eq!(detail(&report, "readiness"), "LiteLLM runs without the database of the spec");
}

#[test]
fn a_cache_that_litellm_was_not_given_is_what_readiness_says() {
    let Some(gateway) = shared() else { return };
    gateway.switches.say("GET", "/health/readiness/details", 200, json!({"status": "healthy", "cache": null}));
    // With the key, which a run of what needs none does not read.
    let report = broken(&gateway, &["--only", "readiness,chat"]);
    assert_eq!(detail(&report, "readiness"), "LiteLLM runs without the cache of the spec");
    assert!(next(&report, "readiness").starts_with("gwinfra config diff"), "{report:#}");
}

#[test]
fn a_session_that_has_no_id_is_what_history_says() {
    let Some(gateway) = shared() else { return };
    if !gateway.has_middleware {
        return;
    }
    let file = changed(&gateway, "database: {none: {}}", DATABASE);
    gateway.switches.say("GET", "/health/readiness", 200, json!({"status": "healthy", "db": "connected"}));
    gateway.switches.say("POST", "/v1/chat/completions", 200, json!({"object": "chat.completion", "choices": []}));
    let report = broken(&gateway, &["--file", file, "--only", "history"]);
    assert_eq!(detail(&report, "history"), "the first turn of a session has no session_id");
    assert!(next(&report, "history").starts_with("aws logs tail "), "{report:#}");
}

#[test]
fn strangers_who_are_let_in_are_what_auth_says() {
    let Some(gateway) = shared() else { return };
    *gateway.switches.given_key.lock().unwrap() = Some(gateway.key.clone());
    let report = broken(&gateway, &["--only", "auth"]);
    assert_eq!(detail(&report, "auth"), "a call without a key is answered with 200 instead of 401");
    let words = "anybody who reaches this URL can use it: is `general_settings.master_key` set?";
    assert_eq!(next(&report, "auth"), words);
}

#[test]
fn strangers_whom_the_middleware_lets_in_are_what_auth_says() {
    let Some(gateway) = shared() else { return };
    if !gateway.has_middleware {
        return;
    }
    gateway.switches.say("POST", "/bedrock/model/any/converse", 200, json!({}));
    let report = broken(&gateway, &["--only", "auth"]);
    let words = "a call of /bedrock/model/any/converse without a key is answered with 200 instead of 401";
    assert_eq!(detail(&report, "auth"), words);
}

#[test]
fn a_litellm_that_is_dead_behind_a_living_middleware_is_what_health_says() {
    let Some(gateway) = shared() else { return };
    gateway.switches.litellm_down.store(true, Ordering::SeqCst);
    let report = broken(&gateway, &[]);
    assert_eq!(named(&report, "fail"), ["health"], "{report:#}");
    assert!(detail(&report, "health").starts_with("LiteLLM does not answer on /health/liveliness: 503"), "{report:#}");
    assert!(next(&report, "health").starts_with("gwinfra status"), "{report:#}");
    assert!(detail(&report, "converse").starts_with("health: LiteLLM does not answer: 503"), "{report:#}");
}

#[test]
fn an_answer_that_bedrock_would_not_give_is_what_converse_says() {
    let Some(gateway) = shared() else { return };
    if !gateway.has_middleware {
        return;
    }
    let answer =
        json!({"output": {"message": {"role": "assistant", "content": [{"text": "OK"}]}}, "stopReason": "stop"});
    gateway.switches.say("POST", "/bedrock/model/claude-haiku/converse", 200, answer);
    let report = broken(&gateway, &["--only", "converse"]);
    assert_eq!(detail(&report, "converse"), "Converse: the answer ends with stop, which Bedrock does not have");
    assert!(next(&report, "converse").starts_with("aws logs tail "), "{report:#}");
}

#[test]
fn an_error_of_bedrocks_own_api_is_told_in_its_words() {
    let Some(gateway) = shared() else { return };
    if !gateway.has_middleware {
        return;
    }
    let only = "converse,converse-stream";
    let report = broken(&gateway, &["--only", only, "--model", "nobody"]);
    assert_eq!(named(&report, "fail"), ["converse", "converse-stream"], "{report:#}");
    assert!(detail(&report, "converse").starts_with("Converse: 400: "), "{report:#}");
    assert!(detail(&report, "converse-stream").starts_with("ConverseStream: 400: "), "{report:#}");
}

#[test]
fn frames_that_are_cut_are_what_converse_stream_says() {
    let Some(gateway) = shared() else { return };
    if !gateway.has_middleware {
        return;
    }
    gateway.switches.cut_streams.store(true, Ordering::SeqCst);
    let report = broken(&gateway, &["--only", "converse,converse-stream"]);
    assert_eq!(named(&report, "fail"), ["converse-stream"]);
    let detail = detail(&report, "converse-stream");
    assert!(detail.starts_with("the stream ended within a frame, after ") && detail.ends_with(" frames"), "{detail}");
    assert!(next(&report, "converse-stream").starts_with("aws logs tail "), "{report:#}");
}

#[test]
fn a_deployment_that_is_dead_takes_no_part_in_the_balance() {
    let Some(gateway) = shared() else { return };
    *gateway.switches.refused_account.lock().unwrap() = Some("333333333333".to_owned());
    let report = gateway.smoke(&["--only", "balance", "-o", "json"]).expect(0).json();
    let detail = detail(&report, "balance");
    assert!(detail.contains(" deployments: claude-haiku--") && !detail.contains("--bedrock-2--"), "{detail}");
}

#[test]
fn one_deployment_that_takes_all_calls_is_what_balance_says() {
    let Some(gateway) = shared() else { return };
    // The other region of the only account of the model.
    *gateway.switches.refused_account.lock().unwrap() = Some("/us-west-2/".to_owned());
    let report = broken(&gateway, &["--only", "balance", "--model", "claude-sonnet"]);
    let words =
        "all of 24 calls were answered by claude-sonnet--bedrock-1--us-east-1, though claude-sonnet has 2 deployments";
    assert_eq!(detail(&report, "balance"), words);
    assert!(next(&report, "balance").starts_with("accounts tells whether the other deployments answer"), "{report:#}");
}

#[test]
fn a_stream_that_is_cut_is_told_with_how_far_it_came() {
    let Some(gateway) = shared() else { return };
    gateway.switches.cut_streams.store(true, Ordering::SeqCst);
    let report = broken(&gateway, &["--only", "chat,stream"]);
    assert_eq!(named(&report, "fail"), ["stream"]);
    let detail = detail(&report, "stream");
    assert!(detail.starts_with("the stream ended after ") && detail.ends_with(" without [DONE]"), "{detail}");
    assert!(next(&report, "stream").contains("aws logs tail"), "{report:#}");
}

#[test]
fn a_middleware_that_is_stopped_is_what_health_says() {
    let Some(gateway) = shared() else { return };
    if !gateway.has_middleware {
        return;
    }
    gateway.switches.middleware_down.store(true, Ordering::SeqCst);
    let report = broken(&gateway, &[]);
    assert_eq!(named(&report, "fail"), ["health"], "{report:#}");
    assert!(detail(&report, "health").starts_with("LiteLLM answers, but the middleware does not: 503"), "{report:#}");
    assert_eq!(detail(&report, "converse"), "the middleware does not answer: see health");
}

#[test]
fn bedrocks_own_api_is_proved_through_the_middleware() {
    let Some(gateway) = shared() else { return };
    if !gateway.has_middleware {
        return;
    }
    let report = gateway.smoke(&["--only", "converse,converse-stream,auth", "-o", "json"]).expect(0).json();
    assert_eq!(named(&report, "pass"), ["auth", "converse", "converse-stream"], "{report:#}");
    assert!(detail(&report, "auth").contains("the middleware's paths too"), "{report:#}");
}

#[test]
fn a_firewall_that_blocks_and_lets_prompts_pass_is_proved() {
    let Some(gateway) = shared() else { return };
    gateway.switches.firewall.store(true, Ordering::SeqCst);
    let report = gateway.smoke_of_url(&["--only", "waf", "-o", "json"]).expect(0).json();
    assert_eq!(detail(&report, "waf"), "a bad request is blocked, a long prompt passes");
    gateway.switches.firewall_blocks_prompts.store(true, Ordering::SeqCst);
    let report = gateway.smoke_of_url(&["--only", "waf", "-o", "json"]).expect(13).json();
    assert_eq!(detail(&report, "waf"), "a prompt of 20000 characters is blocked");
}

#[test]
fn the_tunnel_keeps_the_name_of_the_gateway() {
    let Some(gateway) = shared() else { return };
    let report = gateway.smoke(&["--only", "health", "-o", "json"]).expect(0).json();
    let url = report["url"].as_str().unwrap();
    assert!(url.ends_with(".elb.amazonaws.com"), "{url}");
    assert!(answers(&format!("{}/health/liveliness", gateway.url)));
}

#[test]
fn an_apply_ends_with_calls_and_fails_if_the_gateway_does_not_work() {
    let Some(gateway) = shared() else { return };
    let apply = || {
        let run = gateway.rehearsal.run(&["apply", "--yes", "--via", &gateway.url, "--progress", "lines"]);
        gateway.silent(run)
    };
    gateway.rehearsal.change("observability: {", "tags: {team: one}\nobservability: {");
    let run = apply().says(0, "The gateway works: ");
    assert!(run.stderr.contains(" chat ✔ smoke: "), "{}", run.stderr);
    assert!(run.stdout.contains("GatewayUrl"), "{}", run.stdout);
    *gateway.switches.refused_account.lock().unwrap() = Some("333333333333".to_owned());
    gateway.rehearsal.change("team: one", "team: two");
    let run = apply().says(13, "error: applied, but accounts bedrock-2 us-east-1: ");
    assert!(run.stderr.contains("next: gwinfra accounts verify"), "{}", run.stderr);
    assert!(run.stdout.contains("GatewayUrl"), "{}", run.stdout);
}
