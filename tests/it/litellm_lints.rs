//! Every file of `tests/litellm/invalid` has one mistake, or is what an article shows, and says in its first lines which
//! findings that gives: `# expect: CODE SEVERITY LINE:COLUMN`, one line for each, in the order of the file.

use std::collections::BTreeSet;

use gwinfra::diagnostics::{Diagnostic, Report, Severity};
use gwinfra::litellm::{ConfigFile, LINTS, Reach, codes};

use crate::rehearsal::Rehearsal;
use crate::support::repository;

const CANARY: &str = "canary-7f3a91";

/// A configuration with what its comments say about it.
struct Case {
    name: String,
    text: String,
    expected: Vec<String>,
}

fn cases(folder: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = fs_err::read_dir(repository(folder))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let text = fs_err::read_to_string(&path).unwrap();
            let expected =
                text.lines().filter_map(|line| line.strip_prefix("# expect: ")).map(ToOwned::to_owned).collect();
            Case { name: path.file_name().unwrap().to_string_lossy().into_owned(), text, expected }
        })
        .collect();
    cases.sort_by(|one, next| one.name.cmp(&next.name));
    cases
}

fn report(case: &Case) -> Report {
    match ConfigFile::read(&case.name, case.text.as_bytes()) {
        Ok(config) => config.check(),
        Err(report) => report,
    }
}

fn line(finding: &Diagnostic) -> String {
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let start = finding.span.as_ref().expect("a finding about a file has a place").start;
    format!("{} {severity} {}:{}", finding.code, start.line, start.column)
}

#[test]
fn every_invalid_configuration_gives_exactly_the_findings_that_it_names() {
    let mut wrong = Vec::new();
    for case in cases("tests/litellm/invalid") {
        let report = report(&case);
        let found: Vec<String> = report.diagnostics.iter().map(line).collect();
        if found != case.expected || found.is_empty() {
            let messages: Vec<_> = report.diagnostics.iter().map(|finding| &finding.message).collect();
            wrong.push(format!("{}: expected {:?}, found {found:?} {messages:?}", case.name, case.expected));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_lint_has_a_configuration_that_it_finds() {
    let cases = cases("tests/litellm/invalid");
    let found: BTreeSet<&str> =
        cases.iter().flat_map(|case| &case.expected).filter_map(|line| line.split(' ').next()).collect();
    let missing: Vec<_> = codes().map(|(code, ..)| code).filter(|code| !found.contains(code)).collect();
    assert!(missing.is_empty(), "no configuration in tests/litellm/invalid has {missing:?}");
}

#[test]
fn valid_configurations_have_no_finding() {
    for case in cases("tests/litellm/valid") {
        assert_eq!(report(&case).diagnostics, [], "{}", case.name);
    }
}

#[test]
fn what_gwinfra_generates_has_no_finding() {
    for folder in ["everything", "existing-vpc", "isolated", "minimal", "private-vpn-two-accounts", "public-waf-domain"]
    {
        let cases = cases(&format!("tests/bundles/{folder}/config"));
        assert_eq!(cases.len(), 1, "{folder}");
        assert_eq!(report(&cases[0]).diagnostics, [], "{folder}");
    }
}

#[test]
fn every_finding_says_the_way_out() {
    for case in cases("tests/litellm/invalid") {
        for finding in report(&case).diagnostics.iter().filter(|finding| finding.code > "GW0099") {
            assert!(finding.help.is_some() && finding.path.is_some(), "{}: {finding:?}", case.name);
            assert!(!finding.message.ends_with('.'), "{}: {}", case.name, finding.message);
        }
    }
}

#[test]
fn findings_read_well() {
    let mut text = String::new();
    for case in cases("tests/litellm/invalid") {
        for finding in report(&case).diagnostics {
            let help = finding.help.as_deref().unwrap_or_default();
            let path = finding.path.as_deref().unwrap_or_default();
            text.push_str(&format!("{} {path}\n  {}\n  help: {help}\n", finding.code, finding.message));
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn no_format_shows_a_key() {
    let rehearsal = Rehearsal::new();
    let mut shown = 0;
    for case in cases("tests/litellm/invalid").iter().filter(|case| case.text.contains(CANARY)) {
        rehearsal.write("config.yaml", &case.text);
        for format in ["text", "json", "sarif", "junit", "github", "markdown"] {
            let run = rehearsal.bare(&["config", "check", "config.yaml", "-o", format]).expect(3);
            assert!(!(run.stdout + &run.stderr).contains(CANARY), "{format} shows the key of {}", case.name);
            shown += 1;
        }
    }
    assert!(shown >= 30, "only {shown} runs");
}

#[test]
fn a_check_shows_line_excerpt_and_way_out() {
    let rehearsal = Rehearsal::new();
    let case = &cases("tests/litellm/invalid").into_iter().find(|case| case.name == "article-on-ecs.yaml").unwrap();
    rehearsal.write("config.yaml", &case.text);
    insta::assert_snapshot!(rehearsal.bare(&["config", "check", "config.yaml"]).expect(3).stderr);
}

#[test]
fn a_configuration_is_read_from_standard_input() {
    use std::io::Write as _;
    use std::process::Stdio;
    let rehearsal = Rehearsal::new();
    let mut command = rehearsal.command(&["config", "check", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"model_list: []\n").unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
}

#[test]
fn warnings_fail_a_strict_check_only() {
    let rehearsal = Rehearsal::new();
    rehearsal.write("config.yaml", "router_settings: {load_balancing: fair}\n");
    let _ = rehearsal.bare(&["config", "check", "config.yaml"]).says(0, "GW0371");
    let _ = rehearsal.bare(&["config", "check", "config.yaml", "--strict"]).says(3, "GW0371");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let _ = Rehearsal::new().bare(&["config", "check", "config.yaml"]).says(3, "there is no file config.yaml");
}

#[test]
fn every_lint_that_is_for_specs_too_is_broken_by_an_invalid_spec() {
    let expected: Vec<String> = cases("tests/specs/invalid").into_iter().flat_map(|case| case.expected).collect();
    for lint in LINTS.iter().filter(|lint| lint.reach == Reach::Both) {
        assert!(expected.iter().any(|line| line.starts_with(lint.code)), "no invalid spec has {}", lint.code);
    }
}

/// An example of an explanation as a whole configuration.
fn whole(example: &str) -> String {
    let indented: String = example.lines().map(|line| format!("  {line}\n")).collect();
    if example.starts_with("litellm_params:") {
        return format!("model_list:\n- model_name: a\n{indented}");
    }
    if example.contains("model_list:") {
        return example.to_owned();
    }
    let models =
        ["claude", "gpt-4o"].map(|name| format!("- {{model_name: {name}, litellm_params: {{model: openai/a}}}}\n"));
    format!("model_list:\n{}{example}", models.concat())
}

#[test]
fn the_examples_of_explanations_are_true() {
    for (code, _, explanation) in codes() {
        let example = |heading: &str| {
            let (_, rest) = explanation.split_once(&format!("\n{heading}:\n\n```yaml\n")).unwrap();
            whole(rest.split_once("```").unwrap().0)
        };
        let found = |text: String| -> Vec<&'static str> {
            let report = report(&Case { name: code.to_owned(), text, expected: Vec::new() });
            report.diagnostics.iter().map(|finding| finding.code).collect()
        };
        let wrong = found(example("Wrong"));
        assert!(
            !wrong.is_empty() && wrong.iter().all(|found| *found == code),
            "{code}: the wrong example has {wrong:?}"
        );
        assert_eq!(found(example("Right")), [""; 0], "{code}: the right example");
    }
}
