//! A deployment's whole life in simulated accounts.

use serde_json::{Value, json};

use crate::rehearsal::{Rehearsal, SPEC};
use crate::served::Served;

fn rows(plan: &Value) -> Vec<(String, String)> {
    plan["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let actions: Vec<&str> =
                row["actions"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
            (row["address"].as_str().unwrap().to_owned(), actions.join("+"))
        })
        .collect()
}

#[test]
fn apply_from_nothing_makes_every_stack_and_prints_the_address() {
    let rehearsal = Rehearsal::new();
    let run = rehearsal.apply();
    assert!(run.stdout.contains("GatewayUrl"), "{}", run.stdout);
    let status = rehearsal.run(&["status", "-o", "json"]).expect(0).json();
    for stack in status["stacks"].as_array().unwrap() {
        assert_eq!(stack["status"], "CREATE_COMPLETE", "{stack}");
    }
    let accounts: std::collections::BTreeSet<&str> =
        status["stacks"].as_array().unwrap().iter().map(|stack| stack["account"].as_str().unwrap()).collect();
    assert_eq!(accounts, ["111122223333", "222222222222", "333333333333"].into());
}

#[test]
fn applying_again_says_no_changes() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    rehearsal.run(&["apply", "--yes"]).says(0, "No changes");
    let plan = rehearsal.run(&["plan", "-o", "json", "--detailed-exitcode"]).expect(0).json();
    assert_eq!(plan["changes"], json!([]));
}

#[test]
fn applying_again_changes_nothing_in_the_accounts() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    let accounts = || -> Value {
        let text = fs_err::read_to_string(rehearsal.accounts().join("world.json")).unwrap();
        let saved: Value = serde_json::from_str(&text).unwrap();
        // Sessions of assumed roles are all that reading leaves behind, and they are not part of it.
        saved["world"]["cloudformation"].clone()
    };
    let before = accounts();
    assert!(before.to_string().contains("acme-llm-gateway"));
    rehearsal.apply();
    assert_eq!(before, accounts());
}

#[test]
fn one_changed_value_plans_the_rows_it_causes_with_its_line() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    rehearsal.change("max_acu: 4", "max_acu: 8");
    let plan = rehearsal.run(&["plan", "-o", "json", "--detailed-exitcode"]).expect(2).json();
    let rows = rows(&plan);
    assert!(rows.contains(&("acme-llm-data/DatabaseCluster".to_owned(), "update".to_owned())), "{rows:?}");
    let line = SPEC.lines().position(|line| line.contains("max_acu")).unwrap() + 1;
    let row = plan["changes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["address"] == "acme-llm-data/DatabaseCluster")
        .unwrap();
    assert!(row["source"].as_array().unwrap().iter().any(|place| place["line"] == line), "{row}");
    assert!(rows.iter().all(|(_, actions)| actions == "update"), "{rows:?}");
}

#[test]
fn a_changed_tag_updates_in_place_and_replaces_nothing() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    rehearsal.change("team: platform", "team: search");
    let plan = rehearsal.run(&["plan", "-o", "json"]).expect(0).json();
    assert_eq!(plan["summary"]["replace"], 0, "{:#?}", rows(&plan));
    assert_eq!(plan["summary"]["destroy"], 0);
    assert!(plan["summary"]["change"].as_u64().unwrap() > 20);
    rehearsal.apply();
    rehearsal.run(&["apply", "--yes"]).says(0, "No changes");
}

#[test]
fn a_replacement_that_loses_data_is_blocked_until_it_is_allowed_by_name() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    rehearsal.change("172.16.0.0/22", "172.20.0.0/22");
    let run = rehearsal.run(&["apply", "--yes"]).says(8, "--allow-replace");
    let flag = run.stderr.split("--allow-replace ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    rehearsal.run(&["apply", "--yes", "--allow-replace", &flag]).expect(0);
    rehearsal.run(&["apply", "--yes"]).says(0, "No changes");
}

#[test]
fn a_saved_plan_is_applied_exactly_and_only_once() {
    let rehearsal = Rehearsal::new();
    rehearsal.run(&["plan", "--out", "first.plan"]).expect(0);
    rehearsal.run(&["show", "first.plan"]).expect(0);
    rehearsal.run(&["apply", "first.plan"]).expect(0);
    rehearsal.run(&["apply", "first.plan"]).says(7, "stale");
}

#[test]
fn a_saved_plan_is_stale_after_another_update() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    rehearsal.change("max_acu: 4", "max_acu: 8");
    rehearsal.run(&["plan", "--out", "eight.plan"]).expect(0);
    rehearsal.change("max_acu: 8", "max_acu: 6");
    rehearsal.apply();
    rehearsal.change("max_acu: 6", "max_acu: 8");
    rehearsal.run(&["apply", "eight.plan"]).says(7, "stale");
}

#[test]
fn a_saved_plan_whose_empty_stacks_were_deleted_is_stale() {
    let rehearsal = Rehearsal::new();
    rehearsal.run(&["plan", "--out", "first.plan"]).expect(0);
    rehearsal.run(&["recover", "--yes"]).expect(0);
    rehearsal.run(&["apply", "first.plan"]).says(7, "stale");
}

#[test]
fn accounts_that_are_being_served_are_left_alone() {
    let rehearsal = Rehearsal::new();
    let served = Served::start(&rehearsal);
    rehearsal.run(&["status"]).says(6, &served.url);
    drop(served);
    rehearsal.run(&["status"]).expect(0);
}

#[test]
fn two_deployments_live_side_by_side_in_one_account() {
    let rehearsal = Rehearsal::of(&format!("{SPEC}environments:\n  dev: {{}}\n"));
    rehearsal.apply();
    rehearsal.run(&["-e", "dev", "apply", "--yes"]).expect(0);
    rehearsal.run(&["apply", "--yes"]).says(0, "No changes");
    rehearsal.run(&["-e", "dev", "apply", "--yes"]).says(0, "No changes");
}

#[test]
fn an_account_that_leaves_the_spec_loses_its_stack() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    let text = fs_err::read_to_string(rehearsal.path("gwinfra.yaml")).unwrap();
    let without: Vec<&str> = text.lines().filter(|line| !line.contains("333333333333")).collect();
    rehearsal.write("gwinfra.yaml", &without.join("\n"));
    let plan = rehearsal.run(&["plan", "-o", "json"]).expect(0).json();
    let deleted: Vec<(String, String)> = rows(&plan).into_iter().filter(|(_, actions)| actions == "delete").collect();
    assert!(deleted.iter().any(|(address, _)| address.starts_with("333333333333:")), "{deleted:?}");
    rehearsal.apply();
    rehearsal.run(&["apply", "--yes"]).says(0, "No changes");
}

#[test]
fn destroy_needs_the_name_and_leaves_only_what_it_lists() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    rehearsal.run(&["destroy", "--yes", "--confirm", "other"]).expect(8);
    rehearsal.run(&["destroy", "--yes", "--confirm", "acme-llm"]).says(5, "--empty-buckets");
    rehearsal.run(&["destroy", "--yes", "--confirm", "acme-llm", "--empty-buckets"]).says(0, "Destroyed");
    let status = rehearsal.run(&["status", "-o", "json"]).expect(0).json();
    for stack in status["stacks"].as_array().unwrap() {
        assert_eq!(stack["status"], Value::Null, "{stack}");
    }
    rehearsal.run(&["destroy", "--yes", "--confirm", "acme-llm"]).expect(0);
    rehearsal.apply();
}

#[test]
fn nothing_prompts_without_a_terminal() {
    let rehearsal = Rehearsal::new();
    rehearsal.run(&["apply"]).says(64, "--yes");
}

#[test]
fn a_gateway_that_gets_tls_keeps_its_one_listener_on_port_80() {
    let tls = "certificate: {arn: \"arn:aws:acm:us-east-1:111122223333:certificate/0a1b2c3d\", name: llm.example.com}";
    let rehearsal = Rehearsal::of(&SPEC.replace(tls, "plaintext: {acknowledge: true}"));
    rehearsal.apply();
    rehearsal.change("plaintext: {acknowledge: true}", tls);
    let plan = rehearsal.run(&["plan", "-o", "json"]).expect(0).json();
    let rows = rows(&plan);
    assert!(rows.contains(&("acme-llm-gateway/HttpListener".into(), "update".into())), "{rows:?}");
    assert!(rows.contains(&("acme-llm-gateway/HttpsListener".into(), "create".into())), "{rows:?}");
    rehearsal.apply();
}

#[test]
fn a_gateway_that_becomes_public_gets_another_load_balancer_with_target_groups_of_its_own() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    rehearsal.change("ingress:", "ingress:\n  exposure: public\n  allow_from: [198.51.100.0/24]");
    let plan = rehearsal.run(&["plan", "-o", "json"]).expect(0).json();
    let rows = rows(&plan);
    for (id, action) in
        [("LoadBalancer", "create+delete"), ("LitellmTargetGroup", "delete"), ("PublicLitellmTargetGroup", "create")]
    {
        assert!(rows.contains(&(format!("acme-llm-gateway/{id}"), action.into())), "{id}: {rows:?}");
    }
    rehearsal.apply();
}

/// How many tasks the service of the simulated accounts is to run.
fn desired_tasks(rehearsal: &Rehearsal) -> Value {
    let status = rehearsal.run(&["status", "-o", "json"]).expect(0).json();
    status["service"]["tasks"][0].clone()
}

#[test]
fn a_new_service_starts_with_the_tasks_that_the_spec_wants_at_first() {
    let rehearsal = Rehearsal::of(&SPEC.replace("desired: 2", "desired: 3"));
    rehearsal.apply();
    assert_eq!(desired_tasks(&rehearsal), json!(3));
}

#[test]
fn a_service_that_is_there_keeps_the_tasks_that_autoscaling_gave_it() {
    let rehearsal = Rehearsal::of(&SPEC.replace("desired: 2", "desired: 3"));
    rehearsal.apply();
    rehearsal.change("desired: 3", "desired: 4");
    rehearsal.change("memory: 4096", "memory: 8192");
    rehearsal.apply();
    assert_eq!(desired_tasks(&rehearsal), json!(3));
}

#[test]
fn status_tells_the_rest_when_ecs_refuses_to_be_asked() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    let refused = "faults:\n  - match: {action: ListServiceDeployments}\n    times: 9\n    refuse: {code: AccessDeniedException, status: 400, message: no}\n";
    let run = rehearsal.run_with(refused, &["status"]).expect(0);
    assert!(run.stdout.contains("CREATE_COMPLETE"), "{}", run.stdout);
    assert!(
        run.stdout.contains("Not known: the service acme-llm-gateway could not be looked at: access denied"),
        "{}",
        run.stdout
    );
    let document = rehearsal.run_with(refused, &["status", "-o", "json"]).expect(0).json();
    assert_eq!((document["notes"].as_array().unwrap().len(), &document["service"]), (1, &serde_json::Value::Null));
}

#[test]
fn a_stack_that_is_deleted_is_not_said_to_be_missing_in_a_change_set() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    let spec = SPEC.lines().filter(|line| !line.contains("name: bedrock-2")).map(|line| format!("{line}\n"));
    rehearsal.write("gwinfra.yaml", &spec.collect::<String>());
    let plan = rehearsal.run(&["plan"]).expect(0).stdout;
    assert!(plan.contains("333333333333") && !plan.contains("does not show this edit"), "{plan}");
}
