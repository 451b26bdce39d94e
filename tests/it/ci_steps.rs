//! Pipelines: the shell of their steps, as it runs.

use std::path::Path;
use std::process::Command;

use serde_yaml::Value;

use crate::ci::{BY_URL, environments, read, written, yaml};
use crate::ci_apply::applied;
use crate::ci_forge::{Forge, TOKEN};
use crate::rehearsal::{Rehearsal, Run, SPEC};
use crate::support::repository;
use crate::tools;

/// A shell that runs steps as a runner does.
#[derive(Clone)]
pub struct Runner<'a> {
    rehearsal: &'a Rehearsal,
    variables: Vec<(String, String)>,
}

impl<'a> Runner<'a> {
    pub fn new(rehearsal: &'a Rehearsal) -> Option<Self> {
        tools::system("jq", "jq")?;
        tools::system("curl", "curl")?;
        Some(Self { rehearsal, variables: Vec::new() })
    }

    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With the variables of a part of the file, but those that the runner fills.
    pub fn with(mut self, environment: &Value) -> Self {
        for (name, value) in environment.as_mapping().into_iter().flatten() {
            let value = value.as_str().unwrap();
            if !value.contains('$') {
                self.variables.push((name.as_str().unwrap().to_owned(), value.to_owned()));
            }
        }
        self
    }

    pub fn run(&self, script: &str) -> Run {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs_err::write(file.path(), script).unwrap();
        let gwinfra = Path::new(env!("CARGO_BIN_EXE_gwinfra")).parent().unwrap();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path =
            std::env::join_paths(std::iter::once(gwinfra.to_owned()).chain(std::env::split_paths(&path))).unwrap();
        let mut command = Command::new("bash");
        command.args(["-euo", "pipefail"]).arg(file.path()).current_dir(self.rehearsal.path("")).env_clear();
        command.env("PATH", path).env("HOME", self.rehearsal.path("")).env("GWINFRA_SIMULATE", "true");
        command.env("AWS_EC2_METADATA_DISABLED", "true").envs(self.variables.iter().map(|(name, value)| (name, value)));
        Run::from(command.output().unwrap())
    }
}

/// A GitHub runner in a job.
pub struct Github<'a> {
    pub runner: Runner<'a>,
    workflow: Value,
    job: &'static str,
}

impl<'a> Github<'a> {
    pub fn new(rehearsal: &'a Rehearsal, forge: &Forge, file: &str, job: &'static str) -> Option<Self> {
        let workflow = yaml(rehearsal, &format!(".github/workflows/{file}"));
        let runner = Runner::new(rehearsal)?
            .set("GITHUB_ACTIONS", "true")
            .set("GITHUB_API_URL", &forge.url)
            .set("GITHUB_STEP_SUMMARY", "summary.md")
            .set("GITHUB_OUTPUT", "output.txt")
            .set("GITHUB_TOKEN", TOKEN)
            .set("REPOSITORY", "acme/llm")
            .set("PULL_REQUEST", "7")
            .with(&workflow["env"])
            .with(&workflow["jobs"][job]["env"]);
        Some(Self { runner, workflow, job })
    }

    /// In accounts in which this goes wrong.
    pub fn with_scenario(self, scenario: &str) -> Self {
        self.runner.rehearsal.write("scenario.yaml", scenario);
        Self { runner: self.runner.set("GWINFRA_SCENARIO", "scenario.yaml"), ..self }
    }

    pub fn step(&self, name: &str) -> Run {
        let steps = self.workflow["jobs"][self.job]["steps"].as_sequence().unwrap();
        let step = steps.iter().find(|step| step["name"] == name).unwrap();
        self.runner.clone().with(&step["env"]).run(step["run"].as_str().unwrap())
    }
}

#[test]
fn a_pull_request_has_one_comment_with_the_newest_plan() {
    let rehearsal = written(&environments(), "github", &BY_URL);
    let forge = Forge::start();
    for number in 0..149 {
        forge.comment(&format!("looks good {number}"));
    }
    // Anybody may write what the pipeline would look for.
    forge.comment("<!-- gwinfra:plan:acme-llm-prod -->\nNothing changes.");
    let Some(github) = Github::new(&rehearsal, &forge, "gwinfra.yml", "plan-prod") else { return };
    let _ = github.step("Plan").expect(0);
    let _ = github.step("Comment").expect(0);
    assert_eq!(forge.comments().len(), 151);
    assert!(forge.comments()[150].starts_with("<!-- gwinfra:plan:acme-llm-prod -->\n**acme-llm-prod**"));
    assert!(read(&rehearsal, "summary.md").contains("to add"));
    let first = forge.comments()[150].clone();
    rehearsal.change("readers: 0", "readers: 1");
    let _ = github.step("Plan").expect(0);
    let _ = github.step("Comment").expect(0);
    assert_eq!(forge.comments().len(), 151);
    assert_ne!(forge.comments()[150], first);
}

#[test]
fn a_plan_that_fails_replaces_the_comment_of_an_older_one() {
    let rehearsal = written(SPEC, "github", &BY_URL);
    let forge = Forge::start();
    let Some(github) = Github::new(&rehearsal, &forge, "gwinfra.yml", "plan") else { return };
    rehearsal.change("172.16.0.0/22", "10.40.0.0/22");
    let _ = github.step("Plan").expect(3);
    let _ = github.step("Comment").expect(0);
    let comments = forge.comments();
    assert_eq!(comments.len(), 1);
    assert!(comments[0].starts_with("<!-- gwinfra:plan:acme-llm -->\n**gwinfra: 1 error**"), "{}", comments[0]);
    assert!(comments[0].contains("gwinfra.yaml:"), "{}", comments[0]);
}

#[test]
fn validation_annotates_the_lines_of_the_spec() {
    let rehearsal = written(SPEC, "github", &BY_URL);
    let Some(github) = Github::new(&rehearsal, &Forge::start(), "gwinfra.yml", "validate") else { return };
    let _ = github.step("Validate").expect(0);
    rehearsal.change("172.16.0.0/22", "10.40.0.0/22");
    let run = github.step("Validate").expect(3);
    assert!(run.stdout.contains("::error file=gwinfra.yaml,line="), "{}", run.stdout);
}
#[test]
fn drift_has_one_issue_which_is_closed_when_nothing_drifts_any_more() {
    let forge = Forge::start();
    let Some(rehearsal) = applied(&forge) else { return };
    let night = || {
        let github = Github::new(&rehearsal, &forge, "gwinfra-drift.yml", "drift").unwrap();
        let _ = github.step("Drift").expect(0);
        let _ = github.step("Issue").expect(0);
    };
    night();
    assert_eq!(forge.issues(), []);
    crate::drift::change_log_group(&rehearsal);
    night();
    night();
    let issues = forge.issues();
    assert_eq!((issues.len(), issues[0].title.as_str(), issues[0].open), (1, "Drift: acme-llm", true));
    assert!(issues[0].body.contains("RetentionInDays"), "{}", issues[0].body);
    let _ = rehearsal.run(&["drift", "--revert", "acme-llm-gateway/LitellmLogGroup", "--yes"]).expect(0);
    night();
    let issues = forge.issues();
    assert_eq!((issues.len(), issues[0].open, issues[0].comments.len()), (1, false, 1));
}

/// Nothing may be read.
pub const BLIND: &str = "faults:\n\
                         \x20 - {match: {action: GetResource}, times: 9999, refuse: {code: AccessDeniedException, message: no, status: 400}}\n\
                         \x20 - {match: {action: DetectStackResourceDrift}, times: 9999, refuse: {code: AccessDenied, message: no, status: 403}}\n";
/// What an issue is called then.
const UNKNOWN: &str = "Drift unknown, not everything could be compared: acme-llm";

#[test]
fn an_issue_is_opened_and_stays_open_while_not_everything_could_be_compared() {
    let forge = Forge::start();
    let Some(rehearsal) = applied(&forge) else { return };
    let night = |refused: bool| {
        let github = Github::new(&rehearsal, &forge, "gwinfra-drift.yml", "drift").unwrap();
        let github = if refused { github.with_scenario(BLIND) } else { github };
        let _ = github.step("Drift").expect(0);
        let _ = github.step("Issue").expect(0);
        let issues = forge.issues();
        assert!(issues.len() == 1 && issues[0].open, "{issues:?}");
        issues[0].clone()
    };
    let issue = night(true);
    assert_eq!(issue.title, UNKNOWN);
    assert!(issue.body.contains("accept that in `drift.yaml`"), "{}", issue.body);
    crate::drift::change_log_group(&rehearsal);
    assert_eq!(night(false).title, "Drift: acme-llm");
    let issue = night(true);
    assert_eq!(issue.title, UNKNOWN);
    assert!(issue.body.contains("no drift in what could be compared"), "{}", issue.body);
}

#[test]
fn an_issue_is_closed_where_only_what_is_accepted_could_not_be_compared() {
    let spec = fs_err::read_to_string(repository("examples/organization.yaml")).unwrap();
    let rehearsal = written(&spec, "github", &BY_URL);
    let forge = Forge::start();
    if Runner::new(&rehearsal).is_none() {
        return;
    }
    rehearsal.apply();
    let rule = |account: &str, last: &str| {
        format!("  - {{address: \"{account}:*\", reason: has no role to look with, owner: sam, expires: {last}}}\n")
    };
    let rules = [rule("222222222222", "2999-01-01"), rule("333333333333", "2999-01-01"), rule("*", "2020-01-01")];
    rehearsal.write("drift.yaml", &format!("accept:\n{}", rules.concat()));
    let night = || {
        let github = Github::new(&rehearsal, &forge, "gwinfra-drift.yml", "drift").unwrap();
        let _ = github.step("Drift").expect(0);
        let _ = github.step("Issue").expect(0);
        forge.issues()
    };
    crate::drift::change_log_group(&rehearsal);
    let issues = night();
    assert_eq!((issues.len(), issues[0].title.as_str()), (1, "Drift: acme-llm"));
    let told = ["Not compared, which is accepted", "has no role to look with", "that ended on 2020-01-01"];
    assert!(told.iter().all(|words| issues[0].body.contains(words)), "{}", issues[0].body);
    let _ = rehearsal.run(&["drift", "--revert", "acme-llm-gateway/LitellmLogGroup", "--yes"]).expect(0);
    let issues = night();
    assert_eq!((issues.len(), issues[0].open), (1, false));
    let run = rehearsal.run(&["drift", "--strict"]).expect(0);
    assert!(run.stdout.contains("No drift, 4 not compared as accepted."), "{}", run.stdout);
}

#[test]
fn gitlab_has_one_note_and_one_issue() {
    let rehearsal = written(SPEC, "gitlab", &BY_URL);
    let forge = Forge::start();
    let file = yaml(&rehearsal, ".gitlab-ci.yml");
    rehearsal.write("scenario.yaml", BLIND);
    let job_in = |scenario: &[(&str, &str)], name: &str, part: &str| {
        let runner = scenario.iter().fold(Runner::new(&rehearsal)?, |runner, (name, file)| runner.set(name, file));
        let runner = runner
            .set("CI_API_V4_URL", &forge.url)
            .set("CI_PROJECT_ID", "12")
            .set("CI_PROJECT_DIR", &rehearsal.path("project").to_string_lossy())
            .set("CI_MERGE_REQUEST_IID", "7")
            .set("AWS_OIDC_TOKEN", "unused")
            .set("GITLAB_TOKEN", TOKEN)
            .with(&file["variables"])
            .with(&file[name]["variables"]);
        let lines = file[name][part].as_sequence().unwrap().iter().map(|line| line.as_str().unwrap());
        // GitLab's shell gets all lines as one script.
        Some(runner.run(&lines.collect::<Vec<_>>().join("\n")))
    };
    let job = |name: &str, part: &str| job_in(&[], name, part);
    let Some(run) = job("plan", "script") else { return };
    let _ = run.expect(0);
    for _ in 0..2 {
        let _ = job("plan", "after_script").unwrap().expect(0);
    }
    assert_eq!(forge.comments().len(), 1);
    let _ = job("save-plan", "script").unwrap().expect(0);
    let _ = job("apply", "script").unwrap().expect(0);
    let _ = job("drift", "script").unwrap().expect(0);
    assert_eq!(forge.issues(), []);
    crate::drift::change_log_group(&rehearsal);
    let _ = job_in(&[("GWINFRA_SCENARIO", "scenario.yaml")], "drift", "script").unwrap().expect(0);
    assert_eq!(forge.issues()[0].title, UNKNOWN);
    let _ = job("drift", "script").unwrap().expect(0);
    assert_eq!((forge.issues().len(), forge.issues()[0].title.as_str()), (1, "Drift: acme-llm"));
    let _ = rehearsal.run(&["drift", "--revert", "acme-llm-gateway/LitellmLogGroup", "--yes"]).expect(0);
    let _ = job("drift", "script").unwrap().expect(0);
    assert!(!forge.issues()[0].open);
    let written: Vec<String> = fs_err::read_dir(rehearsal.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(written.contains(&"project.token".to_owned()), "{written:?}");
}
