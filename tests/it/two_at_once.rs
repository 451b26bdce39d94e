//! A second gwinfra in the directory of one that works, and what is said of one that was cut off.

use std::path::Path;

use gwinfra::engine::journal::{Journal, Run};

use crate::rehearsal::Rehearsal;

/// A run of another gwinfra, which lives as long as it is kept.
fn at_work(rehearsal: &Rehearsal, command: &str) -> Run {
    let directory: &Path = &rehearsal.path(".gwinfra");
    Journal::new(directory, "acme-llm").begin(command, "digest", jiff::Timestamp::now()).unwrap()
}

#[test]
fn a_second_gwinfra_stops_before_it_touches_what_the_first_has_made() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    // The change sets and the empty stack of a run that lives are the first thing that the second would sweep away.
    let _run = at_work(&rehearsal, "apply");
    for arguments in [
        &["apply", "--no-input"][..],
        &["apply", "--yes"],
        &["destroy", "--plan-only"],
        &["destroy", "--yes", "--confirm", "acme-llm", "--empty-buckets"],
        &["config", "push", "--yes"],
    ] {
        let run = rehearsal.run(arguments).says(6, "another gwinfra is at work on acme-llm");
        assert!(!run.stderr.contains("taking up"), "{arguments:?}: {}", run.stderr);
    }
}

#[test]
fn a_run_that_lives_is_not_called_cut_off() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    let _run = at_work(&rehearsal, "apply");
    let status = rehearsal.run(&["status"]).expect(0).stdout;
    let process = std::process::id();
    assert!(status.contains(&format!("is at work (process {process}): `gwinfra watch` follows it.")), "{status}");
    assert!(!status.contains("cut off"), "{status}");
    let json = rehearsal.run(&["status", "-o", "json"]).expect(0).json();
    assert_eq!((&json["running"]["command"], &json["unfinished"]), (&"apply".into(), &serde_json::Value::Null));
}

#[test]
fn a_run_that_was_cut_off_is_taken_up_by_its_own_command() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    for (command, next) in [
        ("apply", "`gwinfra apply`"),
        ("config push", "`gwinfra config push`"),
        ("destroy", "`gwinfra destroy`"),
        ("recover", "`gwinfra recover`"),
    ] {
        drop(at_work(&rehearsal, command));
        let status = rehearsal.run(&["status"]).expect(0).stdout;
        assert!(status.contains(&format!("was cut off: {next}")), "{status}");
    }
}
