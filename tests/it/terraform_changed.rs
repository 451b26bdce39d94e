//! The life of one deployment that was stopped in the middle of an apply, and changed behind Terraform's back: the binary, the real
//! Terraform, and accounts on moto. It is made once, and every test tells one fact of it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufReader, Read as _};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::moto_server::interpreter;
use crate::rehearsal::Run;
use crate::signals::{assert_whole_journal, read_until, send};
use crate::terraform_estate::Estate;

/// What is changed, and what is said of it.
const CHANGES: &str = include_str!("../drift/behind.py");
const EXPECTED: &str = include_str!("../drift/behind.yaml");

/// One of the differences is accepted.
const ACCEPTED: &str = "accept:\n  - {address: hub/aws_iam_role.flow_logs, path: description, reason: tried out, owner: sam, expires: 2099-01-01}\n";

/// What came of each step.
struct Changed {
    spec: String,
    stopped: Stopped,
    /// What needs recovering after that.
    recover: Run,
    /// The hub as it was deployed, its values recorded on the way, and the Bedrock accounts.
    untouched: [Run; 2],
    /// Everything, and only the Bedrock accounts, after the changes.
    found: Run,
    beside: Run,
    /// One resource put back.
    reverted: Run,
}

/// An apply that was terminated.
struct Stopped {
    code: Option<i32>,
    took: Duration,
    said: String,
}

fn changed() -> Option<&'static Changed> {
    static CHANGED: LazyLock<Option<Changed>> = LazyLock::new(Changed::make);
    CHANGED.as_ref()
}

impl Changed {
    fn make() -> Option<Self> {
        let mut estate = Estate::prepared(4)?;
        estate.ask(&estate.hub, &["secret", "acme/openai"]);
        estate.apply();
        let stopped = stop(&estate);
        let recover = estate.run(&["recover"]);
        let drift = |estate: &mut Estate, more: &[&str]| estate.run(&[&["drift", "-q", "-o", "json"], more].concat());
        let hub = drift(&mut estate, &["--only", "hub", "--strict", "--record"]);
        let untouched = [hub, drift(&mut estate, &["--only", "accounts"])];
        change(&estate);
        fs_err::write(estate.directory().join("drift.yaml"), ACCEPTED).unwrap();
        let found = drift(&mut estate, &[]);
        let beside = drift(&mut estate, &["--only", "accounts"]);
        let of_one = ["drift", "--only", "bedrock-2", "--revert", "accounts/bedrock-2/aws_iam_role.main", "--yes"];
        let reverted = estate.run(&of_one);
        Some(Self { spec: estate.spec().to_owned(), stopped, recover, untouched, found, beside, reverted })
    }

    fn findings(&self) -> Vec<Value> {
        findings(&self.found)
    }
}

/// Begins an apply and terminates it while Terraform makes something that takes a minute.
fn stop(estate: &Estate) -> Stopped {
    let slow = estate.module("accounts/bedrock-2").join("slow.tf");
    let text =
        "resource \"terraform_data\" \"slow\" {\n  provisioner \"local-exec\" {\n    command = \"sleep 60\"\n  }\n}\n";
    fs_err::write(&slow, text).unwrap();
    let mut command = estate.command(env!("CARGO_BIN_EXE_gwinfra"));
    command.args(["--endpoint-url", estate.endpoint(), "apply", "--yes", "--progress", "lines"]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    read_until(&mut stderr, "terraform_data.slow CREATE_IN_PROGRESS");
    let sent = Instant::now();
    send(&child, "-TERM");
    let mut said = String::new();
    stderr.read_to_string(&mut said).unwrap();
    let code = child.wait().unwrap().code();
    let took = sent.elapsed();
    assert_whole_journal(&estate.directory().join(".gwinfra/acme-llm/runs"));
    fs_err::remove_file(slow).unwrap();
    Stopped { code, took, said }
}

fn change(estate: &Estate) {
    let states = estate.directory().join(".gwinfra/acme-llm/terraform");
    let output = Command::new(interpreter()).args(["-c", CHANGES, estate.endpoint()]).arg(states).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn findings(run: &Run) -> Vec<Value> {
    run.json()["findings"].as_array().unwrap().clone()
}

/// Address and property of a finding.
fn place(finding: &Value) -> (String, String) {
    let path: Vec<&str> = finding["path"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    (finding["address"].as_str().unwrap().to_owned(), path.join("."))
}

/// A row of what is expected: address, kind, property, both values, and keys of the spec.
type Row = (String, String, String, Value, Value, Vec<String>);

fn rows() -> Vec<Row> {
    serde_yaml::from_str(EXPECTED).unwrap()
}

/// Whether a value is as a row has it.
fn is(value: &Value, wanted: &Value) -> bool {
    match wanted.as_str().and_then(|text| text.strip_prefix("~ ")) {
        Some(part) => !value.is_null() && value.to_string().contains(part),
        None => value == wanted,
    }
}

#[test]
#[ignore = "takes minutes: make test-terraform"]
fn an_apply_that_is_terminated_while_terraform_runs_ends_in_time_and_says_how_to_go_on() {
    let Some(Changed { stopped, .. }) = changed() else { return };
    assert_eq!(stopped.code, Some(143), "{}", stopped.said);
    assert!(stopped.took < Duration::from_secs(7), "it took {:?}:\n{}", stopped.took, stopped.said);
    for words in ["Stopping: nothing new is started", "gwinfra apply   goes on where it stopped"] {
        assert!(stopped.said.contains(words), "{}", stopped.said);
    }
}

#[test]
#[ignore = "takes minutes: make test-terraform"]
fn what_the_terminated_apply_was_making_is_for_the_next_one() {
    let Some(Changed { recover, .. }) = changed() else { return };
    assert_eq!(recover.code, 0, "{}", recover.stderr);
    for words in ["is applied in part: nothing to undo", "not made to the end: terraform_data.slow"] {
        assert!(recover.stdout.contains(words), "{}", recover.stdout);
    }
}

#[test]
#[ignore = "takes minutes: make test-terraform"]
fn what_nobody_has_changed_has_no_drift() {
    let Some(Changed { untouched: [hub, accounts], .. }) = changed() else { return };
    for run in [hub, accounts] {
        assert_eq!((run.code, run.json()["findings"].clone()), (0, json!([])), "{}{}", run.stdout, run.stderr);
        let coverage = run.json()["coverage"].clone();
        assert_eq!(coverage["checked"], coverage["total"]);
    }
}

#[test]
#[ignore = "takes minutes: make test-terraform"]
fn what_could_not_be_looked_at_is_listed() {
    let Some(Changed { untouched: [hub, accounts], .. }) = changed() else { return };
    assert_eq!(hub.json()["coverage"]["skipped"], json!([]));
    let skipped = accounts.json()["coverage"]["skipped"].as_array().unwrap().clone();
    // moto does not have the call.
    let is_access = |one: &Value| one["reason"].as_str().unwrap().contains("GetFoundationModelAvailability");
    assert!(skipped.len() == 2 && skipped.iter().all(is_access), "{skipped:?}");
}

#[test]
#[ignore = "takes minutes: make test-terraform"]
fn every_change_is_found_with_its_property_and_both_values_and_nothing_else_is() {
    let Some(changed) = changed() else { return };
    assert_eq!(changed.found.code, 2, "{}", changed.found.stderr);
    let mut found: BTreeMap<(String, String), Value> =
        changed.findings().into_iter().map(|finding| (place(&finding), finding)).collect();
    let rows = rows();
    assert!(rows.len() >= 30);
    let mut wrong = Vec::new();
    for (address, kind, property, expected, actual, _) in rows {
        match found.remove(&(address.clone(), property.clone())) {
            None => wrong.push(format!("{address} {property} is not found")),
            Some(one) if one["kind"] == kind && is(&one["expected"], &expected) && is(&one["actual"], &actual) => {}
            Some(one) => wrong.push(format!("{address} {property} is {one}")),
        }
    }
    wrong.extend(found.into_values().map(|one| format!("{one} was not changed")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[ignore = "takes minutes: make test-terraform"]
fn findings_have_the_lines_of_the_spec() {
    let Some(changed) = changed() else { return };
    let lines: Vec<&str> = changed.spec.lines().collect();
    let sources: BTreeMap<(String, String), Value> =
        changed.findings().iter().map(|finding| (place(finding), finding["source"].clone())).collect();
    let mut wrong = Vec::new();
    for (address, _, property, _, _, keys) in rows() {
        let Some(source) = sources.get(&(address.clone(), property.clone())) else { continue };
        let places = source.as_array().unwrap();
        let paths: Vec<&str> = places.iter().filter_map(|place| place["path"].as_str()).collect();
        // The value of a key may begin below it; a key that is not written has the line of the nearest that is.
        let is_there = |place: &Value| {
            let line = usize::try_from(place["line"].as_u64().unwrap()).unwrap();
            let near = lines[line.saturating_sub(2)..line].concat();
            let keys: Vec<&str> = place["path"].as_str().unwrap().split('.').collect();
            keys.iter().any(|key| near.contains(key)) || !changed.spec.contains(&format!("\n{}:", keys[0]))
        };
        if paths != keys || !places.iter().all(is_there) {
            wrong.push(format!("{address} {property} is from {source}, and not from {keys:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[ignore = "takes minutes: make test-terraform"]
fn a_minor_version_that_rds_has_taken_by_itself_is_no_drift() {
    let Some(changed) = changed() else { return };
    let folded = changed.found.json()["folded"].clone();
    assert_eq!(
        folded,
        json!([{
            "address": "hub/aws_rds_cluster.main", "path": ["engine_version"],
            "reason": "a minor version that RDS has taken by itself",
        }])
    );
}

#[test]
#[ignore = "takes minutes: make test-terraform"]
fn a_rule_accepts_one_difference_and_no_other() {
    let Some(changed) = changed() else { return };
    let findings = changed.findings();
    let accepted = findings.iter().filter(|finding| !finding["accepted_by"].is_null());
    let accepted: Vec<_> = accepted.map(|finding| (place(finding), finding["accepted_by"].clone())).collect();
    let expected = ("hub/aws_iam_role.flow_logs".to_owned(), "description".to_owned());
    assert_eq!(accepted.len(), 1, "{accepted:?}");
    assert_eq!(accepted[0].0, expected);
    assert!(accepted[0].1.as_str().unwrap().contains("sam"), "{accepted:?}");
}

#[test]
#[ignore = "takes minutes: make test-terraform"]
fn a_recorded_value_that_is_another_one_is_undeclared() {
    let Some(changed) = changed() else { return };
    let findings = changed.findings();
    let undeclared = findings.iter().filter(|finding| finding["kind"] == "undeclared");
    let undeclared: Vec<_> =
        undeclared.map(|one| (place(one).0, place(one).1, one["expected"].clone(), one["actual"].clone())).collect();
    let address = "hub/aws_iam_role.flow_logs".to_owned();
    assert_eq!(undeclared, [(address, "max_session_duration".to_owned(), json!(3600), json!(7200))]);
}

#[test]
#[ignore = "takes minutes: make test-terraform"]
fn only_the_accounts_that_are_asked_for_are_compared() {
    let Some(changed) = changed() else { return };
    let of_accounts = |findings: Vec<Value>| -> BTreeSet<(String, String)> {
        findings.iter().map(place).filter(|(address, _)| address.starts_with("accounts/")).collect()
    };
    let beside = findings(&changed.beside);
    assert_eq!((changed.beside.code, beside.len()), (2, of_accounts(changed.findings()).len()));
    assert_eq!(of_accounts(beside), of_accounts(changed.findings()));
}

#[test]
#[ignore = "takes minutes: make test-terraform"]
fn one_resource_is_put_back_and_compared_again() {
    let Some(Changed { reverted, .. }) = changed() else { return };
    let said = &reverted.stderr;
    assert_eq!(reverted.code, 0, "{said}{}", reverted.stdout);
    assert!(said.contains("max_session_duration is `43200`, and becomes `3600`"), "{said}");
    assert!(said.contains("of accounts/bedrock-2/aws_iam_role.main. Comparing again."), "{said}");
}
