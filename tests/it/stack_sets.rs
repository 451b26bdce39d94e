//! A rollout by a stack set: the hub alone deploys, and the organization's set brings the role into the accounts.

use gwinfra::simulator::{Resource, World};
use serde_json::{Value, json};

use crate::drift::{deployed_as, inject};
use crate::rehearsal::{Rehearsal, Run};

/// A hub and three accounts, of which the last may call one model only: two kinds of access in one set.
const SPEC: &str = r#"version: 1
name: acme-llm
hub: {account: "111122223333", region: us-east-1}
ingress: {tls: {certificate: {arn: "arn:aws:acm:us-east-1:111122223333:certificate/0a1b2c3d", name: llm.example.com}}}
database: {none: {}}
cache: {none: {}}
bedrock:
  accounts:
    - {id: "222222222222", name: bedrock-1, regions: [us-east-1]}
    - {id: "333333333333", name: bedrock-2, regions: [us-east-1]}
    - {id: "444444444444", name: bedrock-3, regions: [us-east-1]}
  rollout:
    stack_sets:
      organizational_units: [ou-ab12-cdefgh34]
models:
  - name: claude-haiku
    bedrock: {model: anthropic.claude-3-haiku-20240307-v1:0}
  - name: nova
    bedrock: {model: amazon.nova-lite-v1:0, accounts: [bedrock-1, bedrock-2]}
"#;

/// The role cannot be made in one account.
const FAILING: &str = r#"faults:
  - match: {account: "333333333333", logical_id: Role}
    fail: {step: create, reason: "The maximum number of roles is reached."}
"#;

/// The policies cannot be changed in one account.
const FAILING_LATER: &str = r#"faults:
  - match: {account: "333333333333", type: "AWS::IAM::ManagedPolicy"}
    fail: {step: update, reason: "Cannot exceed quota for PolicySize."}
"#;

pub(crate) fn applied() -> Rehearsal {
    let rehearsal = Rehearsal::of(SPEC);
    rehearsal.run(&["apply", "--yes"]).expect(0);
    rehearsal
}

/// Account and status of the set's stacks.
fn instances(rehearsal: &Rehearsal) -> Vec<(String, String)> {
    let status = rehearsal.run(&["status", "-o", "json"]).json();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let all = status["instances"].as_array().cloned().unwrap_or_default();
    all.iter().map(|instance| (text(&instance["account"]), text(&instance["status"]))).collect()
}

fn all_current() -> Vec<(String, String)> {
    ["222222222222", "333333333333", "444444444444"].map(|id| (id.to_owned(), "CURRENT".to_owned())).into()
}

/// Rows of a plan: address, actions, note.
fn rows(plan: &Run) -> Vec<(String, String, String)> {
    let plan = plan.json();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let row = |row: &Value| (text(&row["address"]), text(&row["actions"][0]), text(&row["note"]));
    let of_set = |row: &&Value| text(&row["stack"]) == "bedrock-stack-set";
    plan["changes"].as_array().unwrap().iter().filter(of_set).map(row).collect()
}

fn row(name: &str, action: &str, note: &str) -> (String, String, String) {
    (format!("acme-llm-bedrock-stack-set/{name}"), action.to_owned(), note.to_owned())
}

/// What the simulated accounts hold.
fn world(rehearsal: &Rehearsal) -> Value {
    let text = fs_err::read_to_string(rehearsal.accounts().join("world.json")).unwrap();
    serde_json::from_str::<Value>(&text).unwrap()["world"].take()
}

/// Stacks of an account that are not deleted.
fn live_stacks(world: &Value, account: &str) -> Vec<String> {
    let stacks = world["cloudformation"]["stacks"].as_object().unwrap().values();
    let live = stacks.filter(|stack| stack["account"] == account && stack["status"] != "DELETE_COMPLETE");
    live.map(|stack| stack["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_account_gets_a_stack_without_a_role_to_deploy_with() {
    let rehearsal = applied();
    assert_eq!(instances(&rehearsal), all_current());
    let plan = rehearsal.run(&["plan", "-o", "json"]).expect(0).json();
    assert_eq!(plan["changes"], json!([]));
}

/// Documents of the managed policies of an account.
fn policies(world: &Value, account: &str) -> Vec<String> {
    let resources = world["accounts"][account]["regions"]["global"]["resources"].as_object().unwrap();
    let own = resources.values().filter(|one| one["type_name"] == "AWS::IAM::ManagedPolicy");
    own.map(|policy| policy["properties"]["PolicyDocument"].to_string()).collect()
}

#[test]
fn an_account_has_only_the_policies_of_its_own_group() {
    let world = world(&applied());
    let nova =
        |account: &str| policies(&world, account).iter().map(|policy| policy.contains("nova")).collect::<Vec<_>>();
    assert_eq!((nova("222222222222"), nova("444444444444")), (vec![true], vec![false]));
}

#[test]
fn progress_is_told_account_by_account() {
    let rehearsal = Rehearsal::of(SPEC);
    let told = rehearsal.run(&["apply", "--yes", "--progress", "lines"]).expect(0).stderr;
    for account in ["222222222222", "333333333333", "444444444444"] {
        assert!(told.contains(&format!("bedrock-stack-set BedrockAccess/{account} CREATE_COMPLETE")), "{told}");
    }
}

#[test]
fn a_change_is_shown_as_what_it_changes_in_the_accounts() {
    let rehearsal = applied();
    rehearsal.change("amazon.nova-lite-v1:0", "amazon.nova-pro-v1:0");
    let expected = [
        row("BedrockAccess", "update", ""),
        row("BedrockAccess/InvokePolicy1", "update", "in 2 accounts: 222222222222, 333333333333"),
    ];
    assert_eq!(rows(&rehearsal.run(&["plan", "-o", "json"]).expect(0)), expected);
    let text = rehearsal.run(&["plan"]).expect(0).stdout;
    let compared = "the accounts of stack set acme-llm-bedrock-access are compared with the template that it has";
    assert!(text.contains(compared) && !text.contains("TemplateBody"), "{text}");
    rehearsal.run(&["apply", "--yes"]).expect(0);
    assert_eq!(instances(&rehearsal), all_current());
}

#[test]
fn an_account_that_can_be_looked_at_is_compared_with_what_is_live_there() {
    let role = r#"regions: [us-east-1], deploy_role: "arn:aws:iam::222222222222:role/gwinfra-read"}"#;
    let rehearsal = Rehearsal::of(&SPEC.replacen("regions: [us-east-1]}", role, 1));
    rehearsal.run(&["apply", "--yes"]).expect(0);
    rehearsal.change("amazon.nova-lite-v1:0", "amazon.nova-pro-v1:0");
    let text = rehearsal.run(&["plan"]).expect(0).stdout;
    assert!(text.contains("222222222222 is compared with what is live there"), "{text}");
}

#[test]
fn more_accounts_than_a_mapping_holds_may_differ_in_what_they_call() {
    let account =
        |n: usize| format!("    - {{id: \"{}\", name: bedrock-{n}, regions: [us-east-1]}}\n", 200_000_000_000 + n);
    let accounts: String = (1..=250).map(account).collect();
    let names: Vec<String> = (1..=125).map(|n| format!("bedrock-{n}")).collect();
    let listed = SPEC.lines().filter(|line| !line.starts_with("    - {id:")).collect::<Vec<_>>().join("\n") + "\n";
    let spec = listed
        .replace("  accounts:\n", &format!("  accounts:\n{accounts}"))
        .replace("[bedrock-1, bedrock-2]", &format!("[{}]", names.join(", ")));
    let rehearsal = Rehearsal::of(&spec);
    rehearsal.run(&["apply", "--yes"]).expect(0);
    let world = world(&rehearsal);
    let nova = |account: &str| policies(&world, account)[0].contains("nova");
    assert!(nova("200000000125") && !nova("200000000126"));
}

#[test]
fn an_account_moves_between_groups_without_losing_its_role() {
    let rehearsal = applied();
    rehearsal.change("accounts: [bedrock-1, bedrock-2]", "accounts: [bedrock-1]");
    let rows = rows(&rehearsal.run(&["plan", "-o", "json"]).expect(0));
    assert!(rows.iter().all(|(address, action, _)| !address.ends_with("/Role") || action == "update"), "{rows:?}");
    rehearsal.run(&["apply", "--yes"]).expect(0);
    assert_eq!(instances(&rehearsal), all_current());
}

#[test]
fn an_account_that_fails_is_named_with_its_reason_and_nothing_is_left_half_done() {
    let rehearsal = Rehearsal::of(SPEC);
    let run = rehearsal.run_with(FAILING, &["apply", "--yes"]);
    assert_ne!(run.code, 0);
    let cause = "333333333333:acme-llm-bedrock-access (AWS::CloudFormation::Stack): ResourceLogicalId:Role, \
                 ResourceType:AWS::IAM::Role, ResourceStatusReason:";
    assert!(
        run.stderr.contains(cause) && run.stderr.contains("The maximum number of roles is reached."),
        "{}",
        run.stderr
    );
    assert!(
        !run.stderr.lines().any(|line| line.starts_with("  ") && line.contains("did not stabilize")),
        "{}",
        run.stderr
    );
    assert!(live_stacks(&world(&rehearsal), "222222222222").is_empty());
}

#[test]
fn an_apply_that_failed_in_one_account_is_finished_by_the_next() {
    let rehearsal = Rehearsal::of(SPEC);
    assert_ne!(rehearsal.run_with(FAILING, &["apply", "--yes"]).code, 0);
    rehearsal.run(&["apply", "--yes"]).expect(0);
    assert_eq!(instances(&rehearsal), all_current());
}

#[test]
fn an_account_whose_failure_is_forgiven_is_told_and_tried_again_by_the_next_apply() {
    let tolerant = "[ou-ab12-cdefgh34]\n      failure_tolerance_percentage: 50\n";
    let rehearsal = Rehearsal::of(&SPEC.replace("[ou-ab12-cdefgh34]\n", tolerant));
    let run = rehearsal.run_with(FAILING, &["apply", "--yes"]);
    assert_eq!(run.code, 10, "{}", run.stderr);
    assert!(run.stderr.contains("333333333333:acme-llm-bedrock-access"), "{}", run.stderr);
    let served = instances(&rehearsal).into_iter().map(|(_, status)| status).collect::<Vec<_>>();
    assert_eq!(served, ["CURRENT", "OUTDATED", "CURRENT"]);
    let rows = rows(&rehearsal.run(&["plan", "-o", "json"]).expect(0));
    assert!(matches!(rows.as_slice(), [(address, ..)] if address.ends_with("/BedrockAccess/333333333333")), "{rows:?}");
    let run = rehearsal.run(&["apply", "--yes"]).expect(0);
    assert!(run.stderr.contains("1 account tried again"), "{}", run.stderr);
    assert_eq!(instances(&rehearsal), all_current());
}

#[test]
fn a_change_that_fails_in_one_account_is_turned_back_in_all() {
    let rehearsal = applied();
    rehearsal.change("amazon.nova-lite-v1:0", "amazon.nova-pro-v1:0");
    let run = rehearsal.run_with(FAILING_LATER, &["apply", "--yes"]);
    assert!(run.code != 0 && run.stderr.contains("Cannot exceed quota for PolicySize."), "{}", run.stderr);
    let world = world(&rehearsal);
    assert!(policies(&world, "222222222222")[0].contains("amazon.nova-lite-v1:0"));
    rehearsal.run(&["apply", "--yes"]).expect(0);
    assert_eq!(instances(&rehearsal), all_current());
}

#[test]
fn an_account_that_is_taken_out_loses_its_stack_and_one_that_is_added_gets_one() {
    let rehearsal = applied();
    rehearsal.change(r#"id: "444444444444""#, r#"id: "555555555555""#);
    let rows = rows(&rehearsal.run(&["plan", "-o", "json"]).expect(0));
    assert!(rows.contains(&row("BedrockAccess/Role", "create", "in account 555555555555")), "{rows:?}");
    assert!(rows.contains(&row("BedrockAccess/Role", "delete", "in account 444444444444")), "{rows:?}");
    rehearsal.run(&["apply", "--yes"]).expect(0);
    let world = world(&rehearsal);
    assert!(live_stacks(&world, "444444444444").is_empty());
    assert_eq!(live_stacks(&world, "555555555555").len(), 1);
}

#[test]
fn a_deployment_does_not_change_its_rollout_while_the_old_roles_are_there() {
    let direct = "  rollout: direct\n";
    let stack_sets = "  rollout:\n    stack_sets:\n      organizational_units: [ou-ab12-cdefgh34]\n";
    let role = |id: &str| format!(", regions: [us-east-1], deploy_role: \"arn:aws:iam::{id}:role/gwinfra-deploy\"}}\n");
    let spec = ["222222222222", "333333333333", "444444444444"]
        .iter()
        .fold(SPEC.to_owned(), |spec, id| spec.replacen(", regions: [us-east-1]}\n", &role(id), 1));
    let rehearsal = Rehearsal::of(&spec.replace(stack_sets, direct));
    rehearsal.run(&["apply", "--yes"]).expect(0);
    rehearsal.change(direct, stack_sets);
    let run = rehearsal.run(&["plan"]);
    assert!(run.code != 0 && run.stderr.contains("GW1018"), "{}", run.stderr);
    assert!(run.stderr.contains("stack acme-llm-bedrock-access in account 222222222222"), "{}", run.stderr);
}

#[test]
fn a_destroy_leaves_nothing_in_any_account() {
    let rehearsal = applied();
    rehearsal.run(&["destroy", "--confirm", "acme-llm", "--yes", "--empty-buckets"]).expect(0);
    let world = world(&rehearsal);
    for account in ["111122223333", "222222222222", "333333333333", "444444444444"] {
        assert_eq!(live_stacks(&world, account), [""; 0]);
    }
    assert_eq!(world["cloudformation"]["stack_sets"], json!({}));
}

#[test]
fn accounts_that_nobody_may_look_into_are_told_of_by_their_set() {
    let run = applied().run(&["accounts", "verify", "-o", "json"]).expect(0).json();
    assert_eq!(run["summary"], json!({"well": 4, "failed": 0, "not_reached": 0, "by_stack_set": 3}));
    let checks: Vec<_> = run["accounts"][0]["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| (&check["name"], &check["status"]))
        .collect();
    assert_eq!(json!(checks), json!([["reach", "skip"], ["role", "pass"], ["assume", "pass"]]));
}

#[test]
fn an_account_that_its_set_has_left_behind_is_not_as_the_spec_says() {
    let spec = SPEC.replace("[ou-ab12-cdefgh34]", "[ou-ab12-cdefgh34]\n      failure_tolerance_percentage: 50");
    let rehearsal = Rehearsal::of(&spec);
    rehearsal.run_with(FAILING, &["apply", "--yes"]).expect(10);
    let run = rehearsal.run(&["accounts", "verify"]).says(10, "1 of 4 accounts are not as the spec says");
    assert!(run.stdout.contains("role: its stack in the stack set is"), "{}", run.stdout);
    assert!(run.stdout.contains("3 accounts: only the stack set was asked"), "{}", run.stdout);
}

#[test]
fn an_account_of_a_set_with_a_role_to_look_with_is_looked_at_whole() {
    let role = "regions: [us-east-1], deploy_role: \"arn:aws:iam::444444444444:role/gwinfra-look\"}";
    let rehearsal = Rehearsal::of(&SPEC.replace("bedrock-3, regions: [us-east-1]}", &format!("bedrock-3, {role}")));
    rehearsal.run(&["apply", "--yes"]).expect(0);
    let run = rehearsal.run(&["accounts", "verify", "-o", "json"]).expect(0).json();
    assert_eq!(run["summary"]["by_stack_set"], 2);
    let names: Vec<_> = run["accounts"][2]["checks"].as_array().unwrap().iter().map(|check| &check["name"]).collect();
    assert_eq!(json!(names), json!(["reach", "role", "trust", "permissions", "assume"]));
}

#[test]
fn status_shows_each_account() {
    let text = applied().run(&["status"]).expect(0).stdout;
    let table = text.split("\n\n").nth(1).unwrap_or_default();
    insta::assert_snapshot!("status_of_a_stack_set", table);
}

#[test]
fn drift_lists_an_account_that_it_cannot_look_into_and_how_it_could() {
    let rehearsal = applied();
    let document = rehearsal.run(&["drift", "-o", "json"]).expect(0).json();
    let skipped = document["coverage"]["skipped"].as_array().unwrap();
    for account in ["222222222222:*", "333333333333:*", "444444444444:*"] {
        let reason = skipped.iter().find(|one| one["address"] == account).map(|one| one["reason"].to_string());
        assert!(
            reason.as_ref().is_some_and(|reason| {
                reason.contains("`deploy_role`") && reason.contains("gwinfra drift --detect-stack-sets")
            }),
            "{account}: {reason:?}"
        );
    }
    let of_models = skipped.iter().find(|one| one["address"] == "222222222222:models").unwrap();
    let reason = of_models["reason"].as_str().unwrap();
    assert!(reason.contains("through its stack set only") && reason.contains("`deploy_role`"), "{reason}");
    let strict = rehearsal.run(&["drift", "--strict"]).says(11, "leave out --strict");
    assert!(!strict.stderr.contains("accounts policy"), "{}", strict.stderr);
    let one = rehearsal.run(&["drift", "--only", "bedrock-2"]).expect(0).stdout;
    assert!(one.contains("333333333333:*") && one.contains("Nothing was compared."), "{one}");
    rehearsal.run(&["drift", "--strict", "--only", "bedrock-2"]).expect(11);
}

/// The accounts with a role to look with in each.
fn open() -> Rehearsal {
    let role = |id: &str| format!(r#", regions: [us-east-1], deploy_role: "arn:aws:iam::{id}:role/gwinfra-read"}}"#);
    let spec = ["222222222222", "333333333333", "444444444444"]
        .iter()
        .fold(SPEC.to_owned(), |spec, id| spec.replacen(", regions: [us-east-1]}", &role(id), 1));
    let rehearsal = Rehearsal::of(&spec);
    rehearsal.run(&["apply", "--yes"]).expect(0);
    rehearsal
}

fn findings(rehearsal: &Rehearsal, code: i32) -> Vec<Value> {
    rehearsal.run(&["drift", "-o", "json"]).expect(code).json()["findings"].as_array().unwrap().clone()
}

const ROLE: &str = "222222222222:acme-llm-bedrock-access/Role";

pub(crate) fn bedrock_role(world: &World, account: &str) -> Resource {
    world.resource(account, "us-east-1", "AWS::IAM::Role", "acme-llm-bedrock").unwrap().clone()
}

/// Lets everybody into the role of the first account.
pub(crate) fn widen_the_trust(rehearsal: &Rehearsal) {
    rehearsal.tamper(|world| {
        let mut role = bedrock_role(world, "222222222222");
        role.properties["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] = json!({"AWS": "*"});
        world.put("222222222222", "us-east-1", role);
    });
}

#[test]
fn drift_reads_the_roles_of_a_set_and_has_nothing_to_say_of_what_nobody_has_touched() {
    let rehearsal = open();
    let document = rehearsal.run(&["drift", "--strict", "-o", "json"]).expect(0).json();
    assert_eq!(document["findings"], json!([]));
    assert_eq!(document["coverage"]["skipped"], json!([]));
    assert_eq!(document["coverage"]["watched"]["stack instances"], 3);
    let one = rehearsal.run(&["drift", "--strict", "--only", "bedrock-2", "-o", "json"]).expect(0).json();
    // A role and its policy.
    assert_eq!(one["coverage"]["checked"], 2);
}

#[test]
fn a_trust_that_was_widened_in_an_account_of_a_set_is_found_and_can_be_put_back() {
    let rehearsal = open();
    widen_the_trust(&rehearsal);
    let found = findings(&rehearsal, 2);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!((&found[0]["address"], &found[0]["account"]), (&json!(ROLE), &json!("222222222222")));
    let path = json!(["AssumeRolePolicyDocument", "Statement", "GatewayOfThisDeployment", "Principal"]);
    assert_eq!((&found[0]["kind"], &found[0]["path"]), (&json!("changed"), &path));
    assert_eq!(found[0]["actual"], json!({"AWS": "*"}));
    assert_eq!(found[0]["severity"], "high");
    assert_eq!(found[0]["source"][0]["path"], "bedrock.accounts.0");
    let text = fs_err::read_to_string(rehearsal.path("gwinfra.yaml")).unwrap();
    let line = found[0]["source"][0]["line"].as_u64().unwrap() as usize;
    assert!(text.lines().nth(line - 1).unwrap().contains("name: bedrock-1"), "{found:#?}");
    rehearsal.run(&["drift", "--revert", ROLE, "--yes"]).says(0, "Put back 1 property");
}

#[test]
fn a_policy_that_was_attached_to_a_role_of_a_set_is_found() {
    let rehearsal = open();
    rehearsal.tamper(|world| {
        let mut role = bedrock_role(world, "333333333333");
        let policies = role.properties["ManagedPolicyArns"].as_array_mut().unwrap();
        policies.push(json!("arn:aws:iam::aws:policy/AdministratorAccess"));
        world.put("333333333333", "us-east-1", role);
    });
    let found = findings(&rehearsal, 2);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0]["address"], "333333333333:acme-llm-bedrock-access/Role");
    assert_eq!(found[0]["actual"], "arn:aws:iam::aws:policy/AdministratorAccess");
}

#[test]
fn an_account_that_a_set_has_not_reached_is_a_difference_although_nobody_can_look_into_it() {
    let tolerant = "[ou-ab12-cdefgh34]\n      failure_tolerance_percentage: 50\n";
    let rehearsal = Rehearsal::of(&SPEC.replace("[ou-ab12-cdefgh34]\n", tolerant));
    rehearsal.run_with(FAILING, &["apply", "--yes"]).expect(10);
    let found = findings(&rehearsal, 2);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0]["address"], "acme-llm-bedrock-stack-set/BedrockAccess/333333333333");
    assert_eq!((&found[0]["kind"], &found[0]["expected"]), (&json!("runtime"), &json!("CURRENT")));
    let actual = found[0]["actual"].as_str().unwrap();
    assert!(actual.starts_with("OUTDATED") && actual.contains("The maximum number of roles is reached."), "{actual}");
    assert_eq!(found[0]["source"][0]["path"], "bedrock.accounts.1");
}

#[test]
fn an_account_that_a_set_has_lost_is_a_difference() {
    let Some(rehearsal) = deployed_as(SPEC) else { return };
    let targets = json!({"Accounts": ["444444444444"], "AccountFilterType": "INTERSECTION",
        "OrganizationalUnitIds": ["ou-ab12-cdefgh34"]});
    let given = json!({"StackSetName": "acme-llm-bedrock-access", "DeploymentTargets": targets,
        "Regions": ["us-east-1"], "RetainStacks": false});
    inject(&rehearsal, &json!([{"call": "cloudformation.delete_stack_instances", "with": given}]));
    let found = findings(&rehearsal, 2);
    let gone: Vec<_> = found.iter().map(|one| (&one["address"], &one["kind"])).collect();
    assert_eq!(gone, [(&json!("acme-llm-bedrock-stack-set/BedrockAccess/444444444444"), &json!("deleted"))]);
    // CloudFormation updates only where there is something.
    let report = rehearsal.run(&["drift"]).expect(2).stdout;
    assert!(report.contains("create-stack-instances") && !report.contains("update-stack-instances"), "{report}");
}

/// What a command of the AWS CLI gives to its call, as it is printed in a text.
fn printed(text: &str, command: &str) -> Value {
    let after = text.split_once(&format!("aws cloudformation {command} ")).unwrap().1;
    let (mut given, mut words) = (json!({}), after.split("   ").next().unwrap().split(' '));
    while let Some(flag) = words.next() {
        match flag {
            "--retain-stacks" => given["RetainStacks"] = json!(true),
            "--stack-set-name" => given["StackSetName"] = json!(words.next().unwrap()),
            "--regions" => given["Regions"] = json!([words.next().unwrap()]),
            "--deployment-targets" => {
                for part in words.next().unwrap().split(',') {
                    let (name, value) = part.split_once('=').unwrap();
                    let is_list = name != "AccountFilterType";
                    given["DeploymentTargets"][name] = if is_list { json!([value]) } else { json!(value) };
                }
            }
            other => panic!("{other} of {text}"),
        }
    }
    given
}

#[test]
fn an_account_that_no_operation_reaches_any_more_is_brought_back_by_the_commands_of_its_warning() {
    let Some(rehearsal) = deployed_as(SPEC) else { return };
    let path = rehearsal.accounts().join("world.json");
    let mut whole: Value = serde_json::from_slice(&fs_err::read(&path).unwrap()).unwrap();
    for set in whole["world"]["cloudformation"]["stack_sets"].as_object_mut().unwrap().values_mut() {
        let instances = set["instances"].as_array_mut().unwrap().iter_mut();
        instances.filter(|one| one["account"] == "333333333333").for_each(|one| one["status"] = json!("INOPERABLE"));
    }
    fs_err::write(&path, whole.to_string()).unwrap();
    let warned = |rehearsal: &Rehearsal| {
        let plan = rehearsal.run(&["plan", "-o", "json"]).expect(0).json();
        let notes = plan["diagnostics"].as_array().unwrap().clone();
        notes.into_iter().find(|note| note["message"].as_str().unwrap().contains("is INOPERABLE"))
    };
    let help = warned(&rehearsal).unwrap()["help"].as_str().unwrap().to_owned();
    // Also where the set itself changes.
    let spec = fs_err::read_to_string(rehearsal.path("gwinfra.yaml")).unwrap();
    rehearsal.change("nova-lite", "nova-pro");
    assert!(warned(&rehearsal).is_some());
    rehearsal.write("gwinfra.yaml", &spec);
    inject(
        &rehearsal,
        &json!([
            {"call": "cloudformation.delete_stack_instances", "with": printed(&help, "delete-stack-instances")},
            {"call": "cloudformation.delete_stack", "account": "333333333333", "with": {"StackName": member(&rehearsal)}},
            {"call": "cloudformation.create_stack_instances", "with": printed(&help, "create-stack-instances")},
        ]),
    );
    assert_eq!(instances(&rehearsal), all_current());
}

/// The stack that the set has in the second account.
fn member(rehearsal: &Rehearsal) -> String {
    live_stacks(&world(rehearsal), "333333333333").remove(0)
}
