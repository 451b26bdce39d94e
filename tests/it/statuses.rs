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

#[test]
fn plan_does_what_the_table_says() {
    for row in STATUSES {
        check(row.status, row.plan, row.next, &["plan"]);
    }
}

#[test]
fn apply_does_what_the_table_says() {
    for row in STATUSES.iter().filter(|row| row.apply.exit_code().is_some()) {
        check(row.status, row.apply, row.next, &["apply", "--yes"]);
    }
}

#[test]
fn destroy_does_what_the_table_says() {
    for row in STATUSES {
        check(row.status, row.destroy, row.next, &["destroy", "--plan-only"]);
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
