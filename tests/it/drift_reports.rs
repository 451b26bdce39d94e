//! What was compared, what was not, and what else is to be said of drift stands in every format.

use serde_json::{Value, json};

use crate::drift::{deployed, inject, set};
use crate::rehearsal::{Rehearsal, Run};

/// Nobody may read anything.
const BLIND: &str = "faults:\n\
                     \x20 - {match: {action: GetResource}, times: 999, refuse: {code: AccessDeniedException, message: no, status: 400}}\n\
                     \x20 - {match: {action: DetectStackResourceDrift}, times: 999, refuse: {code: AccessDenied, message: no, status: 403}}\n";

fn applied() -> Rehearsal {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    rehearsal
}

fn blind(format: &str) -> Run {
    applied().run_with(BLIND, &["drift", "-o", format]).expect(0)
}

#[test]
fn annotations_of_what_could_not_be_read_warn_and_never_say_that_there_is_nothing() {
    let run = blind("github");
    assert!(run.stdout.starts_with("::notice::Compared "), "{}", run.stdout);
    let warned = |line: &str| line.starts_with("::warning::not compared: ") && line.contains("acme-llm-gateway/");
    assert!(run.stdout.lines().any(warned), "{}", run.stdout);
    assert!(!run.stdout.contains("no findings"), "{}", run.stdout);
}

#[test]
fn code_scanning_is_notified_of_what_could_not_be_read() {
    let invocation = blind("sarif").json()["runs"][0]["invocations"][0].clone();
    let notifications = invocation["toolExecutionNotifications"].as_array().unwrap();
    let of = |level: &str, words: &str| {
        let is_it = |one: &&Value| one["level"] == level && one["message"]["text"].as_str().unwrap().starts_with(words);
        notifications.iter().find(is_it).is_some()
    };
    assert!(of("note", "Compared ") && of("warning", "not compared: "), "{invocation:#}");
}

#[test]
fn a_test_report_of_what_could_not_be_read_has_skipped_cases() {
    let run = blind("junit");
    assert!(run.stdout.contains("could not be compared"), "{}", run.stdout);
    assert!(run.stdout.contains("<skipped message="), "{}", run.stdout);
}

#[test]
fn annotations_of_what_was_all_compared_say_how_much_it_was() {
    let run = applied().run(&["drift", "-o", "github"]).expect(0);
    assert!(run.stdout.starts_with("::notice::Compared "), "{}", run.stdout);
    assert!(run.stdout.ends_with("\nno findings\n"), "{}", run.stdout);
    assert!(!run.stdout.contains("::warning::"), "{}", run.stdout);
}

#[test]
fn what_matters_most_comes_first_in_its_stack_and_says_what_is_next() {
    let Some(rehearsal) = deployed() else { return };
    inject(
        &rehearsal,
        &json!([
            set("data", "DatabaseLogGroup", "/RetentionInDays", &json!(7)),
            set("data", "DatabaseWriter", "/PubliclyAccessible", &json!(true)),
        ]),
    );
    let text = rehearsal.run(&["drift"]).expect(2).stdout;
    let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("{words}: {text}"));
    assert!(at("acme-llm-data/DatabaseWriter") < at("acme-llm-data/DatabaseLogGroup"), "{text}");
    assert!(text.ends_with("Next: gwinfra drift --revert acme-llm-data/DatabaseWriter\n"), "{text}");
}

#[test]
fn a_policy_that_was_widened_shows_what_was_widened() {
    let Some(rehearsal) = deployed() else { return };
    let document = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]});
    inject(&rehearsal, &json!([set("data", "DatabaseMonitoringRole", "/AssumeRolePolicyDocument", &document)]));
    let text = rehearsal.run(&["drift"]).expect(2).stdout;
    assert!(text.contains("AssumeRolePolicyDocument.Statement.0.Principal"), "{text}");
    assert!(text.contains("now        {\"AWS\":\"*\"}"), "{text}");
}
