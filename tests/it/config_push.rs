//! `gwinfra config diff` and `gwinfra config push`: a changed configuration is seen, and rolled out by itself.

use gwinfra::blueprint::Blueprint;
use gwinfra::cfn::registry::Registry;
use gwinfra::engine::configuration::Configuration;
use gwinfra::model::Model;
use gwinfra::render::{self, Bundle, Input};
use serde_json::json;

use crate::drift::{deployed_as, inject};
use crate::rehearsal::{Rehearsal, SPEC};

fn spec() -> String {
    format!("{SPEC}routing: {{retries: 3}}\n")
}

/// A deployed gateway.
fn deployed() -> Rehearsal {
    let rehearsal = Rehearsal::of(&spec());
    let _ = rehearsal.apply();
    rehearsal
}

/// Names of configurations and buckets are hashes.
fn filtered(text: &str, name: &str) {
    insta::with_settings!({filters => vec![
        (r"config/[0-9a-f]{64}", "config/SHA256"),
        (r"s3://\S+/config", "s3://BUCKET/config"),
    ]}, { insta::assert_snapshot!(name, text) });
}

#[test]
fn before_an_apply_there_is_nothing_to_compare_with() {
    let rehearsal = Rehearsal::new();
    for command in ["diff", "push"] {
        let _ = rehearsal.run(&["config", command]).says(5, "acme-llm has no deployed configuration");
    }
}

#[test]
fn what_was_applied_does_not_differ() {
    let rehearsal = deployed();
    let run = rehearsal.run(&["config", "diff", "--detailed-exitcode"]).expect(0);
    assert!(run.stdout.starts_with("No differences. The service runs with config/"), "{}", run.stdout);
    let run = rehearsal.run(&["config", "push", "--yes"]).expect(0);
    assert!(run.stdout.starts_with("No changes."), "{}", run.stdout);
}

#[test]
fn a_difference_is_shown_line_by_line() {
    let rehearsal = deployed();
    rehearsal.change("retries: 3", "retries: 7");
    let run = rehearsal.run(&["config", "diff", "--detailed-exitcode"]).expect(2);
    filtered(&run.stdout, "diff");
    let json = rehearsal.run(&["config", "diff", "-o", "json"]).expect(0).json();
    assert_eq!(json["differs"], true);
    assert!(json["diff"].as_str().unwrap().contains("+  num_retries: 7"));
}

/// What a comment on a pull request shows of the difference.
const FOLDED: &str = "<details><summary>LiteLLM's configuration: +1 -1 lines</summary>\n\n```diff\n@@ ";

#[test]
fn a_plan_for_a_pull_request_shows_the_difference_folded() {
    let rehearsal = deployed();
    rehearsal.change("retries: 3", "retries: 7");
    let plan = rehearsal.run(&["plan", "-o", "markdown", "--out", "acme.gwplan"]).expect(0).stdout;
    assert!(plan.contains(FOLDED) && plan.contains("\n-  num_retries: 3\n+  num_retries: 7\n"), "{plan}");
    assert_eq!(rehearsal.run(&["show", "acme.gwplan", "-o", "markdown"]).expect(0).stdout, plan);
    let text = rehearsal.run(&["plan"]).expect(0).stdout;
    assert!(text.contains("# gwinfra config diff") && !text.contains("num_retries"), "{text}");
    let offline = rehearsal.bare(&["plan", "-o", "markdown", "--offline"]).expect(0).stdout;
    assert!(offline.contains(FOLDED), "{offline}");
}

#[test]
fn a_plan_of_which_the_configuration_stays_shows_no_difference_of_it() {
    let rehearsal = deployed();
    rehearsal.change("max: 4", "max: 6");
    let plan = rehearsal.run(&["plan", "-o", "json"]).expect(0).json();
    assert_eq!((&plan["configuration"], plan["changes"].as_array().unwrap().is_empty()), (&json!(null), false));
}

#[test]
fn without_a_journal_the_difference_is_to_the_object_in_the_bucket() {
    let rehearsal = deployed();
    fs_err::remove_dir_all(rehearsal.path(".gwinfra/acme-llm")).unwrap();
    rehearsal.change("retries: 3", "retries: 7");
    let plan = rehearsal.run(&["plan", "-o", "json"]).expect(0).json();
    let diff = rehearsal.run(&["config", "diff", "-o", "json"]).expect(0).json();
    assert_eq!(plan["configuration"]["before"], diff["deployed"]["key"]);
    assert_eq!(plan["configuration"]["after"], diff["rendered"]["key"]);
    assert_eq!(plan["configuration"]["diff"], diff["diff"]);
}

#[test]
fn who_may_not_read_the_configuration_gets_a_plan_without_its_difference() {
    let rehearsal = deployed();
    fs_err::remove_dir_all(rehearsal.path(".gwinfra/acme-llm")).unwrap();
    rehearsal.change("retries: 3", "retries: 7");
    let refused =
        "faults: [{match: {action: GetObject}, times: 99, refuse: {code: AccessDenied, status: 403, message: no}}]";
    let run = rehearsal.run_with(refused, &["plan", "-o", "markdown"]).says(0, "the deployed one could not be read");
    assert!(run.stdout.contains("gwinfra config diff") && !run.stdout.contains("<summary>LiteLLM"), "{}", run.stdout);
}

#[test]
fn an_object_that_is_gone_is_told_of_and_all_of_the_configuration_is_new() {
    let Some(rehearsal) = deployed_as(&spec()) else { return };
    let before = rehearsal.run(&["config", "diff", "-o", "json"]).expect(0).json();
    assert_eq!((&before["differs"], &before["deployed"]["exists"]), (&false.into(), &true.into()));
    let (bucket, key) = (before["deployed"]["bucket"].as_str().unwrap(), before["deployed"]["key"].as_str().unwrap());
    let call = json!({"call": "s3.delete_object", "with": {"Bucket": bucket, "Key": key}});
    inject(&rehearsal, &json!([call]));
    let run = rehearsal.run(&["config", "diff", "--detailed-exitcode"]).says(2, "does not have it");
    let lines: Vec<&str> = run.stdout.lines().skip(3).collect();
    assert!(lines.len() > 10 && lines.iter().all(|line| line.starts_with('+')), "{}", run.stdout);
    let json = rehearsal.run(&["config", "diff", "-o", "json"]).expect(0).json();
    assert_eq!((&json["differs"], &json["deployed"]["exists"]), (&true.into(), &false.into()));
    let _ = rehearsal.run(&["config", "push", "--yes"]).expect(0);
    let _ = rehearsal.run(&["config", "diff", "--detailed-exitcode"]).expect(0);
}

#[test]
fn a_push_rolls_the_configuration_out() {
    let rehearsal = deployed();
    rehearsal.change("retries: 3", "retries: 7");
    let run = rehearsal.run(&["config", "push", "--yes"]).expect(0);
    filtered(&run.stdout, "push");
    let _ = rehearsal.run(&["config", "diff", "--detailed-exitcode"]).expect(0);
    let _ = rehearsal.run(&["plan", "--detailed-exitcode"]).expect(0);
    // By that name it would be gone on with.
    let runs = crate::rehearsal::files_below(&rehearsal.path(".gwinfra/acme-llm/runs"));
    let last = runs.iter().filter(|path| path.extension().is_some_and(|end| end == "jsonl")).max().unwrap();
    let text = fs_err::read_to_string(last).unwrap();
    assert!(text.lines().next().unwrap().contains(r#""command":"config push""#), "{text}");
}

#[test]
fn a_push_leaves_everything_else_for_the_next_apply() {
    let rehearsal = deployed();
    rehearsal.change("retries: 3", "retries: 7");
    rehearsal.change("max: 4", "max: 6");
    let _ = rehearsal.run(&["config", "push", "--yes"]).says(0, "left for the next apply");
    let left = rehearsal.run(&["plan", "-o", "json"]).expect(0).json();
    let types: Vec<&str> =
        left["changes"].as_array().unwrap().iter().map(|change| change["type"].as_str().unwrap()).collect();
    assert!(types.contains(&"AWS::ApplicationAutoScaling::ScalableTarget"), "{types:?}");
    assert!(!types.contains(&"AWS::ECS::TaskDefinition"), "{types:?}");
}

#[test]
fn a_push_asks_before_it_does_anything() {
    let rehearsal = deployed();
    rehearsal.change("retries: 3", "retries: 7");
    let _ = rehearsal.run(&["config", "push", "--no-input"]).says(64, "--yes");
    let _ = rehearsal.run(&["config", "diff", "--detailed-exitcode"]).expect(2);
}

#[test]
fn a_model_that_the_gateway_may_not_invoke_is_not_pushed() {
    let rehearsal = deployed();
    rehearsal.change("models:\n", "models:\n  - {name: nova, bedrock: {model: amazon.nova-lite-v1:0}}\n");
    let _ = rehearsal.run(&["config", "push", "--yes"]).says(5, "the gateway may not invoke amazon.nova-lite-v1:0");
}

#[test]
fn a_variable_that_the_tasks_do_not_have_is_not_pushed() {
    let rehearsal = deployed();
    rehearsal.change(
        "models:\n",
        "gateway: {litellm: {secrets: {OPENAI_API_KEY: {secret: acme/openai}}}}\nmodels:\n  - {name: gpt, litellm: {model: openai/gpt, api_key: OPENAI_API_KEY}}\n",
    );
    let _ = rehearsal.run(&["config", "push", "--yes"]).says(5, "the deployed tasks have no variable OPENAI_API_KEY");
}

#[test]
fn an_account_without_a_role_is_not_pushed() {
    let rehearsal = deployed();
    rehearsal.change(
        "models:\n",
        "    - {id: \"444444444444\", name: bedrock-3, regions: [us-east-1], deploy_role: \"arn:aws:iam::444444444444:role/gwinfra-deploy\"}\nmodels:\n",
    );
    let _ = rehearsal.run(&["config", "push", "--yes"]).says(5, "no role is deployed in 444444444444");
}

#[test]
fn without_a_journal_a_push_of_the_configuration_alone_works() {
    let rehearsal = deployed();
    fs_err::remove_dir_all(rehearsal.path(".gwinfra/acme-llm")).unwrap();
    rehearsal.change("retries: 3", "retries: 7");
    let _ = rehearsal.run(&["config", "push", "--yes"]).expect(0);
}

#[test]
fn without_a_journal_a_push_of_more_than_the_configuration_is_refused() {
    let rehearsal = deployed();
    fs_err::remove_dir_all(rehearsal.path(".gwinfra/acme-llm")).unwrap();
    rehearsal.change("retries: 3", "retries: 7");
    rehearsal.change("max: 4", "max: 6");
    let _ = rehearsal.run(&["config", "push", "--yes"]).says(8, "more than the configuration would change");
    let _ = rehearsal.run(&["config", "diff", "--detailed-exitcode"]).expect(2);
}

#[test]
fn tasks_that_do_not_start_leave_the_old_configuration() {
    let rehearsal = deployed();
    rehearsal.change("retries: 3", "retries: 7");
    let scenario = fs_err::read_to_string(crate::support::repository("examples/scenarios/tasks-fail.yaml")).unwrap();
    let _ = rehearsal.run_with(&scenario, &["config", "push", "--yes"]).expect(9);
    let _ = rehearsal.run(&["config", "diff", "--detailed-exitcode"]).expect(2);
}

/// What a spec renders to, for an engine.
fn bundle(spec: &str, engine: &str) -> Bundle {
    let loaded = gwinfra::spec::load("gwinfra.yaml", spec.as_bytes(), None).unwrap();
    let model = Model::new(&loaded.spec, None);
    let mut input = Input::new(&loaded, &model);
    input.deployment.engine = engine.to_owned();
    let blueprint = Blueprint::open("gateway", std::path::Path::new("."), None).unwrap();
    render::render(&input, &blueprint, &Registry::builtin()).unwrap().bundle
}

#[test]
fn a_bundle_with_another_configuration_is_what_renders_with_it() {
    for engine in ["cloudformation", "terraform"] {
        let [old, new] = [3, 7].map(|retries| bundle(&format!("{SPEC}routing: {{retries: {retries}}}\n"), engine));
        let put = Configuration::of(&new).unwrap().put_into(&old).unwrap();
        assert_ne!(put.digest, old.digest, "{engine}");
        assert_eq!(put.stacks, new.stacks, "{engine}");
        assert_eq!(put.modules, new.modules, "{engine}");
        assert_eq!(put.objects, new.objects, "{engine}");
    }
}

#[test]
fn an_apply_uploads_a_configuration_again_that_is_gone() {
    let Some(rehearsal) = crate::drift::deployed() else { return };
    let object = json!({"Bucket": "{acme-llm-foundation!ConfigBucketName}", "Key": "{acme-llm-gateway!ConfigKey}"});
    crate::drift::inject(&rehearsal, &json!([{"call": "s3.delete_object", "with": object}]));
    rehearsal.run(&["apply"]).says(64, "pass `--yes`");
    let run = rehearsal.apply();
    assert!(run.stderr.contains("again: it was gone."), "{}", run.stderr);
    let _ = rehearsal.run(&["drift"]).expect(0);
    let run = rehearsal.apply();
    assert!(!run.stderr.contains("it was gone"), "{}", run.stderr);
}
