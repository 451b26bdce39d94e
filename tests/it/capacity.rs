//! `gwinfra capacity`: known answers, the screens, and what is refused.

use serde_json::{Value, json};

use crate::rehearsal::{Rehearsal, Run};
use crate::support::repository;

fn example(name: &str) -> Rehearsal {
    Rehearsal::of(&fs_err::read_to_string(repository("examples/capacity").join(name)).unwrap())
}

fn capacity(name: &str, arguments: &[&str]) -> Run {
    example(name).bare(&[&["capacity"], arguments].concat())
}

fn json_of(name: &str, arguments: &[&str]) -> Value {
    capacity(name, &[&["-o", "json"], arguments].concat()).expect(0).json()
}

/// The outcome of a strategy.
fn outcome<'a>(document: &'a Value, strategy: &str) -> &'a Value {
    let all = document["simulation"]["strategies"].as_array().unwrap();
    all.iter().find(|outcome| outcome["strategy"] == strategy).unwrap()
}

#[test]
fn five_accounts_of_five_requests_per_second_do_not_leave_the_headroom() {
    let model = &json_of("five-accounts.yaml", &[])["models"][0];
    assert_eq!(model["quota_requests_per_minute"], 25 * 60);
    assert_eq!((&model["utilization"], &model["fits"]), (&json!(1.0), &json!(false)));
    assert_eq!((&model["accounts_needed"], &model["accounts_needed_with_one_lost"]), (&json!(8), &json!(9)));
}

#[test]
fn five_hundred_a_minute_need_four_accounts_of_two_hundred() {
    let model = &json_of("three-accounts.yaml", &[])["models"][0];
    assert_eq!(model["utilization"], 500.0 / 600.0);
    assert_eq!(model["usable_requests_per_minute"], 420);
    assert_eq!((&model["accounts_needed"], &model["accounts_needed_with_one_lost"]), (&json!(4), &json!(5)));
}

#[test]
fn what_is_expected_of_tokens_counts_reservation_and_burndown() {
    let document = json_of("tokens.yaml", &[]);
    assert_eq!((&document["schema"], &document["headroom"]), (&json!("gwinfra.capacity/v1"), &json!(0.7)));
    let [sonnet, nova, haiku] = [0, 1, 2].map(|index| &document["models"][index]);
    assert_eq!(sonnet["request"], json!({"reserved": 500 + 4096, "settled": 500 + 5 * 1000}));
    assert_eq!(sonnet["expected_tokens_per_minute"], 480 * 5500);
    assert_eq!(nova["request"], json!({"reserved": 300 + 5000, "settled": 300 + 100}));
    assert_eq!(nova["expected_tokens_per_minute"], 200 * 5300);
    assert_eq!((&haiku["expected_tokens_per_minute"], &haiku["accounts_needed"]), (&Value::Null, &Value::Null));
}

#[test]
fn with_one_account_lost_clients_see_the_rest_refused() {
    // 400 of 500 requests per minute are carried.
    let arguments = ["--load", "500rpm", "--for", "10m", "--lost", "bedrock-2", "--arrivals", "constant"];
    let document = json_of("three-accounts.yaml", &arguments);
    let outcome = outcome(&document, "least-busy");
    assert_eq!(outcome["requests"], 5000);
    assert!((outcome["refused_share"].as_f64().unwrap() - 0.2).abs() < 0.002, "{outcome}");
    assert_eq!(outcome["accounts"].as_array().unwrap().len(), 2);
    assert_eq!(document["simulation"]["one_more_lost"], Value::Null);
}

#[test]
fn a_run_says_what_the_loss_of_the_busiest_account_would_do() {
    let lost = |arguments: &[&str]| {
        let load = ["--load", "500rpm", "--for", "10m", "--arrivals", "constant"];
        json_of("three-accounts.yaml", &[&load, arguments].concat())["simulation"].clone()
    };
    let run = lost(&[]);
    let loss = &run["one_more_lost"];
    let account = loss["account"].as_str().unwrap();
    let without = lost(&["--lost", account]);
    let least_busy =
        without["strategies"].as_array().unwrap().iter().find(|one| one["strategy"] == "least-busy").unwrap();
    assert_eq!(loss["refused"], least_busy["refused"]);
    assert!(loss["refused"].as_u64().unwrap() > 900, "{loss}");
}

#[test]
fn all_strategies_are_simulated_and_a_seed_gives_the_same_bytes() {
    let run = |seed| capacity("three-accounts.yaml", &["--load", "10rps", "--seed", seed]).expect(0).stdout;
    for strategy in ["least-busy", "simple-shuffle", "latency-based", "usage-based", "cost-based"] {
        assert!(run("1").contains(strategy), "{strategy}");
    }
    assert_eq!(run("1"), run("1"));
    assert_ne!(run("1"), run("2"));
}

#[test]
fn the_screens_read_well() {
    let mut text = String::new();
    for (name, arguments) in [
        ("three-accounts.yaml", &[][..]),
        ("five-accounts.yaml", &["--load", "25rps", "--for", "60s"]),
        ("tokens.yaml", &["--load", "900rpm", "--for", "5m", "--model", "claude-sonnet", "--answers", "exponential"]),
    ] {
        let run = capacity(name, arguments).expect(0);
        text += &format!("$ gwinfra capacity {}   ({name})\n{}\n", arguments.join(" "), run.stdout);
    }
    insta::assert_snapshot!(text);
}

#[test]
fn a_spec_without_a_model_on_bedrock_says_so() {
    let spec = fs_err::read_to_string(repository("examples/capacity/three-accounts.yaml")).unwrap();
    let (before, _) = spec.split_once("\nmodels:").unwrap();
    let (before, _) = before.split_once("\nbedrock:").unwrap();
    let spec = format!("{before}\nmodels:\n  - {{name: gpt, litellm: {{model: openai/gpt-4o}}}}\n");
    let rehearsal = Rehearsal::of(&spec);
    let run = rehearsal.bare(&["capacity"]).expect(0);
    assert!(run.stdout.contains("No model of the spec is served by Bedrock"), "{}", run.stdout);
    rehearsal.bare(&["capacity", "--load", "1rps"]).says(3, "no model of the spec is served by Bedrock");
}

#[test]
fn of_several_models_one_has_to_be_named() {
    capacity("tokens.yaml", &["--load", "1rps"]).says(64, "claude-sonnet, nova-lite, claude-haiku");
    capacity("tokens.yaml", &["--load", "1rps", "--model", "opus"]).says(64, "no model on Bedrock is named `opus`");
}

#[test]
fn an_account_that_does_not_serve_cannot_be_lost() {
    let run = capacity("tokens.yaml", &["--load", "1rps", "--model", "claude-sonnet", "--lost", "hub"]);
    run.says(64, "there are: bedrock-1, bedrock-2");
}

#[test]
fn rates_and_times_say_what_they_are_like() {
    let refused = |arguments: &[&str], words: &str| {
        capacity("three-accounts.yaml", arguments).says(64, words);
    };
    refused(&["--load", "500"], "a rate ends in rpm");
    refused(&["--load", "0rpm"], "a rate is above 0");
    refused(&["--load", "1rps", "--for", "60"], "such as 60s, 5m or 1h30m");
    refused(&["--load", "1rps", "--for", "30h"], "at most 24h");
    refused(&["--load", "100000rps", "--for", "1h"], "a run has at most 20000000");
    refused(&["--for", "60s"], "--load");
}

#[test]
fn an_invalid_spec_has_its_findings() {
    let rehearsal = example("three-accounts.yaml");
    rehearsal.change("rpm: 200", "rpm: 0");
    rehearsal.bare(&["capacity"]).says(3, "rpm");
}

/// `three-accounts.yaml` with a token quota of the spec in the place of its request quota.
fn with_tokens(tpm: u64) -> Rehearsal {
    let rehearsal = example("three-accounts.yaml");
    rehearsal.change("rpm: 200", &format!("tpm: {tpm}"));
    rehearsal
}

#[test]
fn service_quotas_tells_what_the_accounts_have() {
    let rehearsal = with_tokens(150_000);
    let document = rehearsal.run(&["capacity", "--live", "-o", "json"]).expect(0).json();
    let quotas = document["quotas"].as_array().unwrap();
    assert_eq!(quotas.len(), 3);
    for quota in quotas {
        assert_eq!((&quota["code"], &quota["applied"]), (&json!("L-59759B4A"), &json!(200_000)));
        assert_eq!((&quota["spec"], &quota["standing"]), (&json!(150_000), &json!("fine")));
    }
    assert_eq!(document["models"][0]["quota_tokens_per_minute"], 600_000);
}

#[test]
fn an_account_that_is_held_is_told_and_not_counted() {
    let rehearsal = with_tokens(200_000);
    let scenario = "quotas: [{account: '333333333333', region: us-east-1, code: L-59759B4A, value: 0}, \
                    {account: '444444444444', region: us-east-1, code: L-59759B4A, value: 100000}]";
    let run = rehearsal.run_with(scenario, &["capacity", "--live"]).expect(0);
    insta::assert_snapshot!(run.stdout);
    // What a scenario did to the accounts stays.
    let document = rehearsal.run(&["capacity", "--live", "-o", "json"]).expect(0).json();
    let standing: Vec<_> = document["quotas"].as_array().unwrap().iter().map(|quota| &quota["standing"]).collect();
    assert_eq!(standing, ["fine", "account_hold", "below_default"]);
    assert_eq!(document["models"][0]["quota_tokens_per_minute"], 300_000);
}

#[test]
fn a_load_meets_the_quotas_that_accounts_have() {
    let rehearsal = with_tokens(200_000);
    rehearsal.change(
        "expected: {requests_per_minute: 500}",
        "expected: {requests_per_minute: 100, input_tokens: 500, output_tokens: 100}",
    );
    let scenario = "quotas: [{account: '333333333333', region: us-east-1, code: L-59759B4A, value: 0}]";
    let load = ["capacity", "--live", "-o", "json", "--load", "600rpm", "--for", "5m", "--arrivals", "constant"];
    let document = rehearsal.run_with(scenario, &load).expect(0).json();
    // 1000 tokens of a request, 400,000 of the two accounts that are not held: 400 of 600 are answered.
    let refused = outcome(&document, "least-busy")["refused_share"].as_f64().unwrap();
    assert!((refused - 1.0 / 3.0).abs() < 0.05, "{refused}");
    let answered: Vec<_> = outcome(&document, "least-busy")["accounts"].as_array().unwrap().iter().collect();
    assert_eq!(answered[1]["answered"], 0);
}

/// A scenario in which accounts do not let their quotas be read.
fn refusing(accounts: &str) -> String {
    format!(
        "faults: [{{match: {{{accounts}action: GetServiceQuota}}, times: 99, \
         refuse: {{code: AccessDeniedException, message: no, status: 400}}}}]"
    )
}

#[test]
fn an_account_that_does_not_let_its_quotas_be_read_is_named_and_counts_by_the_spec() {
    let rehearsal = with_tokens(150_000);
    let run = rehearsal.run_with(&refusing("account: '444444444444', "), &["capacity", "--live", "-o", "json"]);
    let run = run.says(10, "1 account could not be asked").says(10, "444444444444");
    let document = run.json();
    let standing: Vec<_> = document["quotas"].as_array().unwrap().iter().map(|quota| &quota["standing"]).collect();
    assert_eq!(standing, ["fine", "fine", "not_asked"]);
    assert_eq!(document["models"][0]["quota_tokens_per_minute"], 550_000);
}

#[test]
fn nothing_is_counted_when_no_account_lets_its_quotas_be_read() {
    let run = with_tokens(200_000).run_with(&refusing(""), &["capacity", "--live"]);
    assert_eq!(run.says(5, "GetServiceQuota").stdout, "");
}

#[test]
fn a_model_without_a_listed_quota_counts_by_the_spec() {
    let rehearsal = with_tokens(200_000);
    rehearsal.change("us.anthropic.claude-sonnet-4-20250514-v1:0", "us.amazon.nova-lite-v1:0");
    let document = rehearsal.run(&["capacity", "--live", "-o", "json"]).expect(0).json();
    assert_eq!(document["quotas"][0]["standing"], "not_listed");
    assert_eq!(document["models"][0]["quota_tokens_per_minute"], 600_000);
}
