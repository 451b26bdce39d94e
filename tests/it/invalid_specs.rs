//! Every file of `tests/specs/invalid` breaks one rule, and says in its first lines which finding that gives:
//! `# expect: CODE SEVERITY LINE:COLUMN`, one line for each finding. `# environment: NAME` chooses an environment.

use std::collections::BTreeSet;
use std::path::PathBuf;

use gwinfra::diagnostics::{Diagnostic, Severity};
use gwinfra::{rules, spec};

use crate::support::repository;

/// A spec with what its comments say about it.
struct Case {
    name: String,
    text: String,
    environment: Option<String>,
    expected: Vec<String>,
}

fn files(folder: &str) -> Vec<PathBuf> {
    let entries = fs_err::read_dir(repository(folder)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|end| end == "yaml")).collect();
    files.sort();
    files
}

fn case(path: &PathBuf) -> Case {
    let text = fs_err::read_to_string(path).unwrap();
    let comments = |key: &str| -> Vec<String> {
        let lines = text.lines().take_while(|line| line.starts_with('#'));
        lines.filter_map(|line| Some(line.strip_prefix(&format!("# {key}: "))?.trim().to_owned())).collect()
    };
    Case {
        name: path.file_name().unwrap().to_string_lossy().into_owned(),
        environment: comments("environment").pop(),
        expected: comments("expect"),
        text,
    }
}

fn cases(folder: &str) -> Vec<Case> {
    files(folder).iter().map(case).collect()
}

/// What loading and the rules find.
fn findings(case: &Case) -> Vec<Diagnostic> {
    match spec::load(&case.name, case.text.as_bytes(), case.environment.as_deref()) {
        Ok(loaded) => rules::check(&loaded),
        Err(report) => report.diagnostics,
    }
}

fn line(finding: &Diagnostic) -> String {
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let start = finding.span.as_ref().expect("a finding about a spec has a place").start;
    format!("{} {severity} {}:{}", finding.code, start.line, start.column)
}

#[test]
fn every_invalid_spec_gives_exactly_the_findings_that_it_names() {
    let cases = cases("tests/specs/invalid");
    assert!(cases.len() >= 40, "only {} invalid specs", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        assert!(!case.expected.is_empty(), "{} expects nothing", case.name);
        let findings = findings(case);
        let found: Vec<String> = findings.iter().map(line).collect();
        if found != case.expected {
            let messages: Vec<_> = findings.iter().map(|finding| &finding.message).collect();
            wrong.push(format!("{}: expected {:?}, found {found:?} {messages:?}", case.name, case.expected));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_is_broken_by_an_invalid_spec() {
    let cases = cases("tests/specs/invalid");
    let broken: BTreeSet<&str> =
        cases.iter().flat_map(|case| &case.expected).filter_map(|line| line.split(' ').next()).collect();
    let unbroken: Vec<_> = rules::codes().map(|(code, ..)| code).filter(|code| !broken.contains(code)).collect();
    assert!(unbroken.is_empty(), "no spec in tests/specs/invalid breaks {unbroken:?}");
}

#[test]
fn every_finding_says_the_way_out_and_the_path() {
    for case in cases("tests/specs/invalid") {
        for finding in findings(&case) {
            assert!(finding.help.is_some(), "{}: {} has no help", case.name, finding.code);
            assert!(finding.path.is_some(), "{}: {} has no path", case.name, finding.code);
            assert!(!finding.message.ends_with('.'), "{}: {}", case.name, finding.message);
        }
    }
}

#[test]
fn valid_specs_and_examples_break_no_rule_but_those_that_they_name() {
    for folder in ["tests/specs/valid", "examples"] {
        for case in cases(folder) {
            for (environment, loaded) in spec::load_all(&case.name, case.text.as_bytes()) {
                let loaded = loaded.unwrap_or_else(|report| panic!("{}: {:#?}", case.name, report.diagnostics));
                let found = rules::check(&loaded);
                let errors: Vec<String> =
                    found.iter().filter(|finding| finding.severity == Severity::Error).map(line).collect();
                assert_eq!(errors, case.expected, "{} with {environment:?}: {found:#?}", case.name);
            }
        }
    }
}

#[test]
fn messages_read_well() {
    let mut text = String::new();
    for case in cases("tests/specs/invalid") {
        for finding in findings(&case) {
            let help = finding.help.as_deref().unwrap_or_default();
            let path = finding.path.as_deref().unwrap_or_default();
            text.push_str(&format!("{} {path}\n  {}\n  help: {help}\n", finding.code, finding.message));
        }
    }
    insta::assert_snapshot!(text);
}
