//! Ctrl-C and SIGTERM during an apply: the first stops cleanly, the second leaves at once, and the next apply goes on.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::rehearsal::Rehearsal;

/// An apply in simulated accounts whose time passes as on AWS, once its first stack is being made.
fn under_way(rehearsal: &Rehearsal) -> (Child, BufReader<std::process::ChildStderr>) {
    let mut child = rehearsal
        .command(&["apply", "--yes", "--clock", "real", "--progress", "lines"])
        .env("GWINFRA_SIMULATE", "true")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    read_until(&mut stderr, "CREATE_IN_PROGRESS");
    (child, stderr)
}

fn read_until(stderr: &mut BufReader<std::process::ChildStderr>, words: &str) {
    let mut line = String::new();
    while stderr.read_line(&mut line).unwrap() > 0 {
        if line.contains(words) {
            return;
        }
        line.clear();
    }
    panic!("the apply ended without {words:?}");
}

fn send(child: &Child, signal: &str) {
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
}

fn ends_with(signal: &str, code: i32) {
    let rehearsal = Rehearsal::new();
    let (mut child, mut stderr) = under_way(&rehearsal);
    send(&child, signal);
    read_until(&mut stderr, "Stopping");
    send(&child, signal);
    read_until(&mut stderr, "AWS goes on");
    assert_eq!(child.wait().unwrap().code(), Some(code));
    // With the fast clock the operations that were left behind end at once.
    rehearsal.apply();
    rehearsal.run(&["apply", "--yes"]).says(0, "No changes");
}

#[test]
fn a_second_interrupt_leaves_at_once_and_the_next_apply_goes_on() {
    ends_with("-INT", 130);
}

#[test]
fn a_second_termination_leaves_at_once_and_the_next_apply_goes_on() {
    ends_with("-TERM", 143);
}
