//! Many Bedrock accounts: what happens in one neither blocks nor hides the others.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use crate::rehearsal::{Rehearsal, Run};

/// A hub and so many Bedrock accounts.
fn spec(accounts: usize) -> String {
    let mut list = String::new();
    for number in 0..accounts {
        let id = account(number);
        let _ = writeln!(
            list,
            "    - {{id: \"{id}\", name: bedrock-{number}, regions: [us-east-1], deploy_role: \"arn:aws:iam::{id}:role/gwinfra-deploy\"}}"
        );
    }
    format!(
        r#"version: 1
name: acme-llm
hub: {{account: "111122223333", region: us-east-1}}
ingress: {{tls: {{certificate: {{arn: "arn:aws:acm:us-east-1:111122223333:certificate/0a1b2c3d"}}}}}}
database: {{none: {{}}}}
cache: {{none: {{}}}}
bedrock:
  accounts:
{list}models:
  - name: claude-haiku
    bedrock: {{model: anthropic.claude-3-haiku-20240307-v1:0}}
"#
    )
}

fn account(number: usize) -> String {
    format!("{:012}", 200_000_000_000_usize + number)
}

/// A scenario in which accounts refuse the role that gwinfra deploys with.
fn refusing(numbers: impl Iterator<Item = usize>) -> String {
    let mut faults = "faults:\n".to_owned();
    for number in numbers {
        let _ = writeln!(
            faults,
            "  - match: {{action: AssumeRole, role: \"arn:aws:iam::{}:role/gwinfra-deploy\"}}\n    times: 1000\n    \
             refuse: {{code: AccessDenied, message: not authorized to perform sts:AssumeRole, status: 403}}",
            account(number)
        );
    }
    faults
}

fn stacks(run: &Run) -> Vec<(String, Option<String>)> {
    let status = run.json();
    let stacks = status["stacks"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
    stacks.map(|stack| (text(&stack["account"]).unwrap(), text(&stack["status"]))).collect()
}

/// Bedrock accounts whose stack is complete.
fn complete(rehearsal: &Rehearsal) -> BTreeSet<String> {
    let stacks = stacks(&rehearsal.run(&["status", "-o", "json"]).expect(0));
    let well = |status: &Option<String>| status.as_deref().is_some_and(|status| status.ends_with("_COMPLETE"));
    stacks.into_iter().filter(|(account, status)| account != "111122223333" && well(status)).map(|(id, _)| id).collect()
}

#[test]
fn accounts_that_refuse_neither_block_nor_hide_the_others() {
    let rehearsal = Rehearsal::of(&spec(12));
    let run = rehearsal.run_with(&refusing(3..6), &["apply", "--yes"]);
    assert_eq!(run.code, 10, "{}{}", run.stdout, run.stderr);
    let refused = (3..6).map(account).collect::<Vec<_>>().join(", ");
    assert!(
        run.stderr.contains(&format!("3 accounts were not reached, and nothing was done there: {refused}")),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("gwinfra apply --resume"), "{}", run.stderr);
    let wanted: BTreeSet<String> = (0..3).chain(6..12).map(account).collect();
    assert_eq!(complete(&rehearsal), wanted);
    // The gateway's own tasks run.
    let service = rehearsal.run(&["status"]).expect(0).stdout;
    assert!(service.contains("deployment SUCCESSFUL"), "{service}");
}

#[test]
fn what_was_refused_is_finished_later_and_the_others_are_not_asked_again() {
    let rehearsal = Rehearsal::of(&spec(6));
    assert_eq!(rehearsal.run_with(&refusing(0..2), &["apply", "--yes"]).code, 10);
    // An account that is asked again would make this fail.
    let run = rehearsal.run_with(&refusing(2..6), &["apply", "--yes", "--resume"]).expect(0);
    assert!(run.stderr.contains("4 accounts of the last apply were finished"), "{}", run.stderr);
    assert_eq!(complete(&rehearsal).len(), 6);
    let plan = rehearsal.run(&["plan", "-o", "json"]).expect(0).json();
    assert_eq!(plan["changes"], serde_json::json!([]));
}

#[test]
fn destroy_takes_down_what_it_can_reach_and_names_what_stays() {
    let rehearsal = Rehearsal::of(&spec(4));
    rehearsal.run(&["apply", "--yes"]).expect(0);
    let destroy = ["destroy", "--yes", "--confirm", "acme-llm", "--empty-buckets"];
    let run = rehearsal.run_with(&refusing(1..3), &destroy).says(10, "2 accounts could not be taken down");
    assert!(run.stdout.contains(&format!("? acme-llm-bedrock-access ({})   stays", account(1))), "{}", run.stdout);
    assert!(run.stderr.contains(&format!("acme-llm-bedrock-access in {}: ", account(2))), "{}", run.stderr);
    assert_eq!(complete(&rehearsal), BTreeSet::from([account(1), account(2)]));
    let run = rehearsal.run(&destroy).expect(0);
    assert!(!run.stdout.contains("acme-llm-gateway"), "{}", run.stdout);
    assert_eq!(complete(&rehearsal), BTreeSet::new());
}

#[test]
fn destroy_leaves_the_accounts_in_which_somebody_is_at_work_and_takes_down_the_others() {
    let rehearsal = Rehearsal::of(&spec(3));
    rehearsal.run(&["apply", "--yes"]).expect(0);
    let busy = format!(
        "stacks:\n  - {{account: \"{}\", region: us-east-1, name: acme-llm-bedrock-access, status: UPDATE_IN_PROGRESS, \
         seconds_ago: 60, by: \"arn:aws:sts::{0}:assumed-role/Admin/sam\"}}\n",
        account(1)
    );
    let destroy = ["destroy", "--yes", "--confirm", "acme-llm", "--empty-buckets"];
    let run = rehearsal.run_with(&busy, &destroy).says(10, "1 account could not be taken down");
    assert!(run.stderr.contains("is UPDATE_IN_PROGRESS"), "{}", run.stderr);
    assert!(run.stderr.contains("gwinfra watch   follows the operation to its end"), "{}", run.stderr);
    let left = stacks(&rehearsal.run(&["status", "-o", "json"]));
    let left: Vec<&(String, Option<String>)> = left.iter().filter(|(_, status)| status.is_some()).collect();
    assert_eq!(left, [&(account(1), Some("UPDATE_IN_PROGRESS".to_owned()))]);
}

#[test]
fn a_plan_says_who_could_not_be_asked() {
    let rehearsal = Rehearsal::of(&spec(4));
    let run = rehearsal.run_with(&refusing(1..3), &["plan"]);
    assert_eq!(run.code, 10, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("Not reached   2 accounts"), "{}", run.stdout);
    assert!(run.stdout.contains("Stack acme-llm-bedrock-access   in 2 accounts   new"), "{}", run.stdout);
}

#[test]
fn the_same_change_in_many_accounts_is_shown_once() {
    let rehearsal = Rehearsal::of(&spec(8));
    let plan = rehearsal.run(&["plan"]).expect(0).stdout;
    assert_eq!(plan.matches("Stack acme-llm-bedrock-access").count(), 1, "{plan}");
    assert!(plan.contains("in 8 accounts   new, 2 resources each"), "{plan}");
    assert!(plan.contains(&format!("{} and 2 more", account(5))), "{plan}");
}

#[test]
fn no_further_account_is_begun_once_more_have_failed_than_may() {
    let rehearsal = Rehearsal::of(&spec(8));
    let arguments = ["apply", "--yes", "--concurrency", "1", "--failure-tolerance", "1"];
    let run = rehearsal.run_with(&refusing(0..3), &arguments);
    assert_eq!(run.code, 10, "{}{}", run.stdout, run.stderr);
    assert!(complete(&rehearsal).len() < 5, "{}", run.stderr);
    assert!(run.stderr.contains("not begun"), "{}", run.stderr);
    rehearsal.run(&["apply", "--yes", "--resume"]).expect(0);
    assert_eq!(complete(&rehearsal).len(), 8);
}

#[test]
fn nothing_can_be_resumed_before_the_first_apply_or_for_another_spec() {
    let rehearsal = Rehearsal::of(&spec(2));
    assert_eq!(rehearsal.run(&["apply", "--yes", "--resume"]).code, 64);
    assert_eq!(rehearsal.run_with(&refusing(0..1), &["apply", "--yes"]).code, 10);
    rehearsal.change("name: claude-haiku", "name: haiku");
    assert_eq!(rehearsal.run(&["apply", "--yes", "--resume"]).code, 7);
}
