//! What is in progress: followed again after its terminal is gone, or cancelled.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::rehearsal::Rehearsal;
use crate::served::Served;

fn pinned(stack: &str, status: &str) -> String {
    format!(
        "stacks:\n  - {{account: \"111122223333\", region: us-east-1, name: acme-llm-{stack}, status: {status}, seconds_ago: 60, by: \"arn:aws:sts::111122223333:assumed-role/Admin/sam\"}}\n"
    )
}

#[test]
fn an_operation_that_somebody_else_ends_is_followed_to_its_end_and_exit_code() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    let scenario = pinned("network", "UPDATE_IN_PROGRESS");
    // Pins it: the status stays in the accounts when the command is done.
    drop(rehearsal.run_with(&scenario, &["plan"]).expect(6));
    let accounts = Served::start(&rehearsal);
    let here = |arguments: &[&str]| {
        let mut command = rehearsal.command(arguments);
        command.env("AWS_ENDPOINT_URL", &accounts.url).env("AWS_REGION", "us-east-1");
        command.env("AWS_ACCESS_KEY_ID", "111122223333").env("AWS_SECRET_ACCESS_KEY", "simulated");
        command
    };
    let mut watch = here(&["watch", "--progress", "lines"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watch.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("acme-llm-network in 111122223333 is UPDATE_IN_PROGRESS")));
    assert!(here(&["cancel", "--yes"]).output().unwrap().status.success());
    let rest: Vec<String> = lines.collect();
    assert!(rest.iter().any(|line| line.contains("stack UPDATE_ROLLBACK_COMPLETE")), "{rest:?}");
    assert_eq!(watch.wait().unwrap().code(), Some(9), "{rest:?}");
}

#[test]
fn nothing_in_progress_is_said_and_no_failure() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    let run = rehearsal.run(&["watch"]).expect(0);
    assert!(run.stdout.contains("Nothing is in progress."), "{}", run.stdout);
    let run = rehearsal.run(&["cancel"]).expect(0);
    assert!(run.stdout.contains("Nothing is in progress."), "{}", run.stdout);
}

#[test]
fn a_running_update_is_cancelled_and_the_stack_goes_back() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    let scenario = pinned("network", "UPDATE_IN_PROGRESS");
    let run = rehearsal.run_with(&scenario, &["cancel", "--yes", "--progress", "lines"]).says(0, "Cancelled.");
    assert!(run.stderr.contains("UPDATE_ROLLBACK_COMPLETE"), "{}", run.stderr);
    rehearsal.run(&["plan", "--detailed-exitcode"]).expect(0);
}

#[test]
fn a_cancelled_update_is_told_of_as_cancelled_and_not_as_failed() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    let reason = "status: UPDATE_IN_PROGRESS, reason: \"User Initiated\"";
    let scenario = pinned("network", "UPDATE_IN_PROGRESS").replace("status: UPDATE_IN_PROGRESS", reason);
    let running = rehearsal.run_with(&scenario, &["diagnose"]).expect(0).stdout;
    assert!(running.contains("is UPDATE_IN_PROGRESS") && !running.contains("Root cause"), "{running}");
    drop(rehearsal.run(&["cancel", "--yes"]).expect(0));
    let cancelled = rehearsal.run(&["diagnose"]).expect(0).stdout;
    for words in ["was cancelled after", "somebody cancelled the update", "gwinfra plan"] {
        assert!(cancelled.contains(words), "{cancelled}");
    }
    assert!(!cancelled.contains("failed") && !cancelled.contains("Root cause"), "{cancelled}");
}

#[test]
fn what_cannot_be_cancelled_says_why() {
    for (status, why) in [
        ("CREATE_IN_PROGRESS", "CloudFormation cancels updates only"),
        ("DELETE_IN_PROGRESS", "a deletion cannot be cancelled"),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "on its way back"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "the update is done"),
    ] {
        let rehearsal = Rehearsal::new();
        let run = rehearsal.run_with(&pinned("network", status), &["cancel", "--yes"]).says(1, why);
        assert!(run.stderr.contains("gwinfra watch"), "{}", run.stderr);
    }
}

#[test]
fn cancel_does_not_ask_without_a_terminal() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    rehearsal.run_with(&pinned("network", "UPDATE_IN_PROGRESS"), &["cancel"]).says(64, "--yes");
}
