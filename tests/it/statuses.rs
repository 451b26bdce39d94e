//! Every stack status and every command: the exit code and the one next command are those of the table.

use gwinfra::engine::cloudformation::status_table::{STATUSES, Verdict};

use crate::rehearsal::Rehearsal;

fn in_status(status: &str) -> Rehearsal {
    let rehearsal = Rehearsal::new();
    let scenario = format!(
        "stacks:\n  - {{account: \"111122223333\", region: us-east-1, name: acme-llm-network, status: {status}, seconds_ago: 60}}\n"
    );
    rehearsal.write("status.yaml", &scenario);
    rehearsal
}

fn check(status: &str, verdict: Verdict, next: &str, arguments: &[&str]) {
    let rehearsal = in_status(status);
    let mut all = arguments.to_vec();
    all.extend(["--scenario", "status.yaml"]);
    let run = rehearsal.run(&all);
    match verdict.exit_code() {
        Some(code) => {
            let run = run.expect(i32::from(code));
            assert!(run.stderr.contains(next), "{status} {arguments:?} does not say {next:?}:\n{}", run.stderr);
        }
        None => {
            assert!(run.code != 6 && run.code != 10, "{status} {arguments:?} ended with {}:\n{}", run.code, run.stderr)
        }
    }
}

/// In every other status it ends with what the spec says, and nothing is left to do.
#[test]
fn apply_goes_through_in_every_status_in_which_it_does_not_stop() {
    for (status, _, apply, ..) in ALL.iter().filter(|(_, _, apply, ..)| apply.code == 0) {
        let rehearsal = in_status(status);
        rehearsal.run(&["apply", "--yes", "--scenario", "status.yaml"]).says(0, apply.words);
        let run = rehearsal.run(&["plan", "--detailed-exitcode"]).expect(0);
        assert!(run.stdout.contains("No changes."), "{status}: {}", run.stdout);
    }
}

#[test]
fn destroy_does_what_the_table_says() {
    for row in STATUSES {
        check(row.status, row.destroy, row.next, &["destroy", "--plan-only"]);
    }
}

/// What a command that is not in the product's table does: exit code, and words on either stream.
#[derive(Clone, Copy)]
struct Expected {
    code: i32,
    words: &'static str,
}

const fn expected(code: i32, words: &'static str) -> Expected {
    Expected { code, words }
}

/// Status, `plan`, `apply`, `recover`, `diagnose`, `drift`. The stack is the only one that there is.
#[rustfmt::skip]
const ALL: [(&str, Expected, Expected, Expected, Expected, Expected); 23] = [
    ("CREATE_COMPLETE",                               PLANNED, APPLIED,  WELL, UNBROKEN, COMPARED),
    ("CREATE_FAILED",                                 STUCK, STUCK,      expected(0, "Recovered"), next("gwinfra recover"), noted("gwinfra recover")),
    ("CREATE_IN_PROGRESS",                            RUNS, RUNS,        RUNS, next("gwinfra watch"), RUNS),
    ("DELETE_COMPLETE",                               PLANNED, APPLIED,  WELL, UNBROKEN, expected(2, "Next: gwinfra apply")),
    ("DELETE_FAILED",                                 STUCK, STUCK,      expected(0, "Recovered"), next("gwinfra recover"), noted("gwinfra recover")),
    ("DELETE_IN_PROGRESS",                            RUNS, RUNS,        RUNS, next("gwinfra watch"), RUNS),
    ("IMPORT_COMPLETE",                               PLANNED, APPLIED,  WELL, UNBROKEN, COMPARED),
    ("IMPORT_IN_PROGRESS",                            RUNS, RUNS,        RUNS, next("gwinfra watch"), RUNS),
    ("IMPORT_ROLLBACK_COMPLETE",                      PLANNED, APPLIED,  WELL, next("gwinfra plan"), COMPARED),
    ("IMPORT_ROLLBACK_FAILED",                        LOST, LOST,        expected(10, "gwinfra destroy"), next("gwinfra destroy"), noted("gwinfra destroy")),
    ("IMPORT_ROLLBACK_IN_PROGRESS",                   RUNS, RUNS,        RUNS, next("gwinfra watch"), RUNS),
    ("REVIEW_IN_PROGRESS",                            PLANNED, APPLIED,  expected(0, "Recovered"), UNBROKEN, ABSENT),
    ("ROLLBACK_COMPLETE",                             PLANNED, APPLIED,  expected(0, "Recovered"), next("gwinfra apply"), ABSENT),
    ("ROLLBACK_FAILED",                               STUCK, STUCK,      expected(0, "Recovered"), next("gwinfra recover"), noted("gwinfra recover")),
    ("ROLLBACK_IN_PROGRESS",                          RUNS, RUNS,        RUNS, next("gwinfra watch"), RUNS),
    ("UPDATE_COMPLETE",                               PLANNED, APPLIED,  WELL, UNBROKEN, COMPARED),
    ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",           RUNS, RUNS,        RUNS, next("gwinfra watch"), RUNS),
    ("UPDATE_FAILED",                                 STUCK, STUCK,      expected(0, "Recovered"), next("gwinfra recover"), noted("gwinfra recover")),
    ("UPDATE_IN_PROGRESS",                            RUNS, RUNS,        RUNS, next("gwinfra watch"), RUNS),
    ("UPDATE_ROLLBACK_COMPLETE",                      PLANNED, APPLIED,  WELL, next("gwinfra plan"), COMPARED),
    ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",  RUNS, RUNS,        RUNS, next("gwinfra watch"), RUNS),
    ("UPDATE_ROLLBACK_FAILED",                        STUCK, STUCK,      expected(0, "Recovered"), next("gwinfra recover"), noted("gwinfra recover")),
    ("UPDATE_ROLLBACK_IN_PROGRESS",                   RUNS, RUNS,        RUNS, next("gwinfra watch"), RUNS),
];

const PLANNED: Expected = expected(0, " to add, ");
const APPLIED: Expected = expected(0, "Applied.");
const STUCK: Expected = expected(10, "gwinfra recover");
const LOST: Expected = expected(10, "gwinfra destroy");
const WELL: Expected = expected(0, "Every stack is well.");
const UNBROKEN: Expected = expected(0, "Every stack is well:");
const RUNS: Expected = expected(6, "gwinfra watch");
const COMPARED: Expected = expected(0, "Compared");
const ABSENT: Expected = expected(1, "nothing of acme-llm is deployed");

const fn next(command: &'static str) -> Expected {
    expected(0, command)
}

const fn noted(command: &'static str) -> Expected {
    expected(0, command)
}

fn check_more(status: &str, wanted: Expected, arguments: &[&str]) {
    let rehearsal = in_status(status);
    let mut all = arguments.to_vec();
    all.extend(["--scenario", "status.yaml"]);
    let run = rehearsal.run(&all).expect(wanted.code);
    let said = format!("{}{}", run.stdout, run.stderr);
    assert!(said.contains(wanted.words), "{status} {arguments:?} does not say {:?}:\n{said}", wanted.words);
}

#[test]
fn every_status_has_a_row_for_each_command() {
    assert!(ALL.iter().map(|row| row.0).eq(STATUSES.iter().map(|row| row.status)));
}

#[test]
fn plan_goes_on_or_names_what_has_to_be_done_first() {
    for (status, plan, ..) in ALL {
        check_more(status, plan, &["plan"]);
    }
}

#[test]
fn apply_names_what_has_to_be_done_first() {
    for (status, _, apply, ..) in ALL.into_iter().filter(|(_, _, apply, ..)| apply.code != 0) {
        check_more(status, apply, &["apply", "--yes"]);
    }
}

/// A stack among others that are well, in a status in which something has to be done first.
/// A stack of the account of each key in that status.
fn in_accounts(statuses: &[(&str, &str)]) -> String {
    let stack = |(account, status): &(&str, &str)| {
        format!(
            "  - {{account: \"{account}\", region: us-east-1, name: acme-llm-bedrock-access, status: {status}, failed: [Role]}}\n"
        )
    };
    format!("stacks:\n{}", statuses.iter().map(stack).collect::<String>())
}

#[test]
fn an_account_that_is_at_work_keeps_none_of_the_others_from_being_recovered() {
    let rehearsal = crate::rehearsal::Rehearsal::new();
    rehearsal.apply();
    let both = in_accounts(&[("222222222222", "UPDATE_IN_PROGRESS"), ("333333333333", "UPDATE_ROLLBACK_FAILED")]);
    let run = rehearsal.run_with(&both, &["recover", "--yes"]).says(10, "gwinfra watch   follows it to its end");
    assert!(run.stderr.contains("Recovered."), "{}", run.stderr);
    assert!(
        run.stderr.contains("acme-llm-bedrock-access (222222222222): an operation is in progress"),
        "{}",
        run.stderr
    );
}

#[test]
fn where_only_an_account_that_is_at_work_needs_something_nothing_can_be_done_yet() {
    let rehearsal = crate::rehearsal::Rehearsal::new();
    rehearsal.apply();
    let one = in_accounts(&[("222222222222", "UPDATE_IN_PROGRESS")]);
    rehearsal.run_with(&one, &["recover", "--yes"]).says(6, "gwinfra watch   follows it to its end");
}

#[test]
fn a_drift_of_a_stack_that_is_stuck_ends_with_what_has_to_be_done_first() {
    let rehearsal = crate::rehearsal::Rehearsal::new();
    rehearsal.apply();
    rehearsal.tamper(|world| {
        let groups = world.resources_of("111122223333", "us-east-1", "AWS::Logs::LogGroup");
        let group = groups.map(|group| group.identifier.clone()).find(|id| id.contains("litellm")).unwrap();
        let group = world.resource_mut("111122223333", "us-east-1", "AWS::Logs::LogGroup", &group).unwrap();
        group.properties["RetentionInDays"] = 7.into();
    });
    let stuck = "stacks:\n  - {account: \"111122223333\", region: us-east-1, name: acme-llm-gateway, status: UPDATE_ROLLBACK_FAILED, failed: [Service]}\n";
    let run = rehearsal.run_with(stuck, &["drift"]).expect(2);
    assert!(run.stdout.ends_with("Next: gwinfra recover\n"), "{}", run.stdout);
}

#[test]
fn one_stack_of_a_deployment_that_is_stuck_stops_plan_and_apply_and_none_of_the_looking_commands() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    rehearsal.change("memory: 4096", "memory: 8192");
    let stuck = "stacks:\n  - {account: \"111122223333\", region: us-east-1, name: acme-llm-gateway, status: UPDATE_ROLLBACK_FAILED, failed: [Service]}\n";
    rehearsal.write("status.yaml", stuck);
    let all = |arguments: &[&'static str]| [arguments, &["--scenario", "status.yaml"]].concat();
    rehearsal.run(&all(&["plan"])).says(10, "gwinfra recover");
    rehearsal.run(&all(&["apply", "--yes"])).says(10, "gwinfra recover");
    rehearsal.run(&all(&["status"])).expect(10);
    rehearsal.run(&all(&["diagnose"])).expect(0);
    rehearsal.run(&all(&["recover", "--yes"])).expect(0);
    rehearsal.run(&["apply", "--yes"]).says(0, "Applied.");
}

#[test]
fn recover_has_one_legal_step_for_every_status() {
    for (status, _, _, recover, ..) in ALL {
        check_more(status, recover, &["recover", "--yes"]);
    }
}

#[test]
fn diagnose_names_the_next_command_of_every_status() {
    for (status, _, _, _, diagnose, _) in ALL {
        check_more(status, diagnose, &["diagnose"]);
    }
}

#[test]
fn drift_compares_what_is_at_rest_only() {
    for (status, .., drift) in ALL {
        check_more(status, drift, &["drift"]);
    }
}

#[test]
fn explain_knows_every_status() {
    let rehearsal = Rehearsal::new();
    for row in STATUSES {
        let run = rehearsal.bare(&["explain", row.status]).expect(0);
        assert!(run.stdout.contains(row.next), "{}", run.stdout);
    }
}
