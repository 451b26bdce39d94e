//! Ctrl-C and SIGTERM during an apply: the first stops cleanly, the second leaves at once, and the next apply goes on.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

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

pub(crate) fn read_until(stderr: &mut BufReader<std::process::ChildStderr>, words: &str) {
    let mut line = String::new();
    while stderr.read_line(&mut line).unwrap() > 0 {
        if line.contains(words) {
            return;
        }
        line.clear();
    }
    panic!("the apply ended without {words:?}");
}

pub(crate) fn send(child: &Child, signal: &str) {
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

/// Port on which a process listens: that of its simulated accounts.
fn port(process: u32) -> Option<u16> {
    let files = fs_err::read_dir(format!("/proc/{process}/fd")).ok()?;
    let links =
        files.filter_map(|file| Some(fs_err::read_link(file.ok()?.path()).ok()?.to_string_lossy().into_owned()));
    let sockets: Vec<String> =
        links.filter_map(|link| Some(link.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())).collect();
    let table = fs_err::read_to_string(format!("/proc/{process}/net/tcp")).ok()?;
    table.lines().find_map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let (address, state, inode) = (columns.get(1)?, columns.get(3)?, columns.get(9)?);
        // `0A` is LISTEN.
        let is_own = *state == "0A" && sockets.iter().any(|socket| socket == inode);
        u16::from_str_radix(address.rsplit(':').next()?, 16).ok().filter(|_| is_own)
    })
}

/// The calls that the simulated accounts in a process have taken.
fn calls(process: u32) -> Option<String> {
    let mut connection = TcpStream::connect(("127.0.0.1", port(process)?)).ok()?;
    connection.write_all(b"GET /_simulator/calls HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).ok()?;
    Some(answer)
}

/// Waits until a command waits for the answer to a call.
fn wait_for_call(child: &mut Child, action: &str) {
    let begun = Instant::now();
    let call = format!(":{action}\"");
    while !calls(child.id()).is_some_and(|calls| calls.contains(&call)) {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it called {action}");
        assert!(begun.elapsed() < Duration::from_secs(60), "it never called {action}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A command that AWS keeps waiting with its answer to an action ends within the seven seconds that CI systems give after
/// SIGTERM.
pub(crate) fn ends_in_time(rehearsal: &Rehearsal, (action, scenario): (&str, &str), arguments: &[&str]) -> String {
    rehearsal.write("slow.yaml", scenario);
    let mut child = rehearsal
        .command(arguments)
        .env("GWINFRA_SIMULATE", "true")
        .env("GWINFRA_SCENARIO", "slow.yaml")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for_call(&mut child, action);
    let sent = Instant::now();
    send(&child, "-TERM");
    let code = child.wait().unwrap().code();
    let mut stderr = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut stderr).unwrap();
    assert_eq!(code, Some(143), "{arguments:?}:\n{stderr}");
    assert!(sent.elapsed() < Duration::from_secs(7), "{arguments:?} took {:?}:\n{stderr}", sent.elapsed());
    stderr
}

/// Every call of an action takes a minute.
pub(crate) fn slow(action: &str) -> String {
    format!("faults:\n  - {{match: {{action: {action}}}, delay: {{milliseconds: 60000}}}}\n")
}

#[test]
fn commands_that_only_look_end_in_time_and_name_no_command_that_changes_something() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    for arguments in [
        &["plan"][..],
        &["drift"],
        &["status"],
        &["outputs"],
        &["smoke"],
        &["diagnose"],
        &["watch"],
        &["config", "diff"],
        &["destroy", "--plan-only"],
    ] {
        let said = ends_in_time(&rehearsal, ("DescribeStacks", &slow("DescribeStacks")), arguments);
        for words in ["gwinfra apply", "gwinfra destroy", "rolled back"] {
            assert!(!said.contains(words), "{arguments:?}: {said}");
        }
    }
}

#[test]
fn a_recovery_that_is_stopped_goes_on_as_a_recovery() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    let said = ends_in_time(&rehearsal, ("DescribeStacks", &slow("DescribeStacks")), &["recover", "--yes"]);
    assert!(said.contains("gwinfra recover") && !said.contains("gwinfra apply"), "{said}");
}

#[test]
fn a_recovery_that_aws_keeps_waiting_ends_in_time_and_its_journal_is_whole() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    let stuck = "stacks:\n  - {account: \"111122223333\", region: us-east-1, name: acme-llm-gateway, \
                 status: UPDATE_ROLLBACK_FAILED, failed: [Service]}\n";
    let scenario = format!("{stuck}{}", slow("ContinueUpdateRollback"));
    let said = ends_in_time(&rehearsal, ("ContinueUpdateRollback", &scenario), &["recover", "--yes"]);
    assert!(said.contains("gwinfra recover   says what is left to do"), "{said}");
    journal_is_whole(&rehearsal);
    status_tells_of(&rehearsal, "recover");
}

#[test]
fn a_plan_that_waits_for_its_change_sets_ends_in_time() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    rehearsal.change("memory: 4096", "memory: 8192");
    let _ = ends_in_time(&rehearsal, ("DescribeChangeSet", &slow("DescribeChangeSet")), &["plan"]);
}

/// The newest journal tells how its run ended, and what became of each step.
fn journal_is_whole(rehearsal: &Rehearsal) {
    assert_whole_journal(&rehearsal.path(".gwinfra/acme-llm/runs"));
}

/// The newest journal of a directory has whole records only, an end for each step that began, and that of its run: that it
/// was stopped.
pub(crate) fn assert_whole_journal(runs: &Path) {
    let mut runs: Vec<_> = fs_err::read_dir(runs).unwrap().map(|run| run.unwrap().path()).collect();
    runs.sort();
    let text = fs_err::read_to_string(runs.pop().unwrap()).unwrap();
    assert!(text.ends_with('\n'), "{text}");
    let whole = |line| serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let records: Vec<Value> = text.lines().map(whole).collect();
    let last = records.last().unwrap();
    assert_eq!(last["record"], "run_finished", "{text}");
    // Terraform may end its child by itself: then nothing is left that goes on.
    assert!(["stopped", "cancelled"].contains(&last["result"].as_str().unwrap()), "{text}");
    let mut open = BTreeSet::new();
    for record in &records {
        let step = record["step"].as_str();
        match record["record"].as_str().unwrap() {
            "step_started" | "executing" => drop(open.insert(step.unwrap())),
            "step_finished" | "step_failed" | "step_stopped" => drop(open.remove(step.unwrap())),
            _ => {}
        }
    }
    assert!(open.is_empty(), "{open:?} have no end:\n{text}");
}

/// What `status` says of the run that a signal has stopped, and of its command.
fn status_tells_of(rehearsal: &Rehearsal, command: &str) {
    let said = rehearsal.run(&["status"]).stdout;
    let line = said.lines().find(|line| line.contains("was stopped by a signal")).unwrap_or_else(|| panic!("{said}"));
    assert!(line.contains(&format!("`gwinfra {command}`")), "{line}");
}

#[test]
fn one_termination_is_enough_for_an_apply_and_its_journal_is_whole() {
    let rehearsal = Rehearsal::new();
    let (mut child, mut stderr) = under_way(&rehearsal);
    let sent = Instant::now();
    send(&child, "-TERM");
    read_until(&mut stderr, "AWS goes on");
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert!(sent.elapsed() < Duration::from_secs(7), "{:?}", sent.elapsed());
    journal_is_whole(&rehearsal);
    status_tells_of(&rehearsal, "apply");
    let report = rehearsal.run(&["diagnose", "-o", "json"]).expect(0).json();
    assert_eq!(report["run"]["result"], "stopped");
    assert!(rehearsal.apply().stderr.contains("was stopped by a signal"));
}

#[test]
fn an_apply_that_aws_keeps_waiting_ends_in_time_and_its_journal_is_whole() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    rehearsal.change("memory: 4096", "memory: 8192");
    let said = ends_in_time(&rehearsal, ("ExecuteChangeSet", &slow("ExecuteChangeSet")), &["apply", "--yes"]);
    assert!(said.contains("gwinfra apply   goes on where it stopped"), "{said}");
    journal_is_whole(&rehearsal);
    rehearsal.apply();
}

#[test]
fn a_destroy_ends_in_time_and_its_journal_is_whole() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    let arguments = ["destroy", "--yes", "--confirm", "acme-llm", "--empty-buckets"];
    let said = ends_in_time(&rehearsal, ("DeleteStack", &slow("DeleteStack")), &arguments);
    assert!(said.contains("gwinfra destroy   goes on") && !said.contains("gwinfra apply"), "{said}");
    journal_is_whole(&rehearsal);
    status_tells_of(&rehearsal, "destroy");
    rehearsal.run(&arguments).expect(0);
}

#[test]
fn a_push_of_the_configuration_ends_in_time_and_its_journal_is_whole() {
    let rehearsal = Rehearsal::of(&format!("{}routing: {{retries: 3}}\n", crate::rehearsal::SPEC));
    rehearsal.apply();
    rehearsal.change("retries: 3", "retries: 7");
    let slow = ("ExecuteChangeSet", &*slow("ExecuteChangeSet"));
    let said = ends_in_time(&rehearsal, slow, &["config", "push", "--yes"]);
    assert!(said.contains("gwinfra config push   goes on") && !said.contains("gwinfra apply"), "{said}");
    journal_is_whole(&rehearsal);
    rehearsal.run(&["config", "push", "--yes"]).expect(0);
}

#[test]
fn a_cancelling_ends_in_time() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    let pinned = "stacks:\n  - {account: \"111122223333\", region: us-east-1, name: acme-llm-network, status: UPDATE_IN_PROGRESS, seconds_ago: 60}\n";
    let scenario = format!("{pinned}{}", slow("CancelUpdateStack"));
    let said = ends_in_time(&rehearsal, ("CancelUpdateStack", &scenario), &["cancel", "--yes"]);
    assert!(said.contains("gwinfra watch") && !said.contains("gwinfra apply"), "{said}");
}

#[test]
fn what_is_being_put_back_ends_in_time() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    rehearsal.tamper(|world| {
        let group = world
            .resources_of("111122223333", "us-east-1", "AWS::Logs::LogGroup")
            .find(|group| group.identifier.contains("litellm"))
            .unwrap()
            .identifier
            .clone();
        let group = world.resource_mut("111122223333", "us-east-1", "AWS::Logs::LogGroup", &group).unwrap();
        group.properties["RetentionInDays"] = 7.into();
    });
    let revert = ["drift", "--revert", "acme-llm-gateway/LitellmLogGroup", "--yes"];
    let said = ends_in_time(&rehearsal, ("UpdateResource", &slow("UpdateResource")), &revert);
    assert!(said.contains("gwinfra drift   says what still differs"), "{said}");
    rehearsal.run(&revert).expect(0);
}

#[test]
fn a_watching_that_is_terminated_leaves_the_operation_alone() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    let pinned = "stacks:\n  - {account: \"111122223333\", region: us-east-1, name: acme-llm-network, status: UPDATE_IN_PROGRESS, seconds_ago: 60}\n";
    let _ = ends_in_time(&rehearsal, ("DescribeStackEvents", pinned), &["watch"]);
    let status = rehearsal.run(&["status", "-o", "json"]).expect(0).json();
    let network = status["stacks"].as_array().unwrap().iter().find(|stack| stack["key"] == "network").unwrap().clone();
    assert_eq!(network["status"], "UPDATE_IN_PROGRESS");
}

/// The process that another one has started.
fn child_of(process: u32) -> u32 {
    let children = fs_err::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap();
    children.split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn a_termination_ends_a_command_that_waits_at_its_question() {
    let rehearsal = Rehearsal::new();
    let gwinfra = rehearsal.command(&["apply"]);
    // `script` gives it a terminal.
    let mut terminal = Command::new("script");
    terminal.args(["-qec", &format!("exec {} apply --simulate", env!("CARGO_BIN_EXE_gwinfra")), "/dev/null"]);
    terminal.envs(gwinfra.get_envs().filter_map(|(name, value)| Some((name, value?)))).env("TERM", "xterm");
    terminal.current_dir(gwinfra.get_current_dir().unwrap());
    let mut terminal = terminal.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // Waiting closes it, and the end of what is typed would be an answer.
    let _typed = terminal.stdin.take();
    let (mut screen, mut byte) = (String::new(), [0; 1]);
    let mut shown = terminal.stdout.take().unwrap();
    while !screen.ends_with("[y/N] ") {
        assert_eq!(shown.read(&mut byte).unwrap(), 1, "{screen}");
        screen.push(char::from(byte[0]));
    }
    let process = child_of(terminal.id());
    let sent = Instant::now();
    assert!(Command::new("kill").args(["-TERM", &process.to_string()]).status().unwrap().success());
    let code = terminal.wait().unwrap().code();
    assert_eq!(code, Some(143), "{screen}");
    assert!(sent.elapsed() < Duration::from_secs(7), "{:?}", sent.elapsed());
}
