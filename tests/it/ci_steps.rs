//! Pipelines: the shell of their steps, as it runs.

use std::path::Path;
use std::process::Command;

use serde_yaml::Value;

use crate::ci::{BY_URL, SHA256, environments, read, written, yaml};
use crate::ci_forge::{Forge, TOKEN};
use crate::rehearsal::{Rehearsal, Run, SPEC};
use crate::tools;

/// A shell that runs steps as a runner does.
#[derive(Clone)]
struct Runner<'a> {
    rehearsal: &'a Rehearsal,
    variables: Vec<(String, String)>,
}

impl<'a> Runner<'a> {
    fn new(rehearsal: &'a Rehearsal) -> Option<Self> {
        tools::system("jq", "jq")?;
        tools::system("curl", "curl")?;
        Some(Self { rehearsal, variables: Vec::new() })
    }

    fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With the variables of a part of the file, but those that the runner fills.
    fn with(mut self, environment: &Value) -> Self {
        for (name, value) in environment.as_mapping().into_iter().flatten() {
            let value = value.as_str().unwrap();
            if !value.contains('$') {
                self.variables.push((name.as_str().unwrap().to_owned(), value.to_owned()));
            }
        }
        self
    }

    fn run(&self, script: &str) -> Run {
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
struct Github<'a> {
    runner: Runner<'a>,
    workflow: Value,
    job: &'static str,
}

impl<'a> Github<'a> {
    fn new(rehearsal: &'a Rehearsal, forge: &Forge, file: &str, job: &'static str) -> Option<Self> {
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

    fn step(&self, name: &str) -> Run {
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

/// A repository whose first plan is saved and applied by its workflow.
fn applied(forge: &Forge) -> Option<Rehearsal> {
    let rehearsal = written(SPEC, "github", &BY_URL);
    save(&rehearsal, forge, "true")?;
    let github = Github::new(&rehearsal, forge, "gwinfra.yml", "apply")?;
    let run = github.step("Apply").expect(0);
    assert!(run.stderr.contains("Applied."), "{}", run.stderr);
    Some(rehearsal)
}

/// Saves a plan, and looks at what the job says of it.
fn save(rehearsal: &Rehearsal, forge: &Forge, changes: &str) -> Option<()> {
    rehearsal.write("output.txt", "");
    let _ = Github::new(rehearsal, forge, "gwinfra.yml", "save-plan")?.step("Plan").expect(0);
    assert_eq!(read(rehearsal, "output.txt"), format!("changes={changes}\n"));
    Some(())
}

fn apply(rehearsal: &Rehearsal, forge: &Forge) -> Run {
    Github::new(rehearsal, forge, "gwinfra.yml", "apply").unwrap().step("Apply")
}

const FROM: &str = "tags: {team: platform}";
const OURS: &str = "observability: {log_retention_days: 30}\ntags: {team: platform}";

#[test]
fn what_is_merged_is_saved_and_applied_and_then_nothing_is_left() {
    let forge = Forge::start();
    let Some(rehearsal) = applied(&forge) else { return };
    save(&rehearsal, &forge, "false");
    let run = apply(&rehearsal, &forge).expect(0);
    assert!(run.stdout.contains("Nothing to apply."), "{}", run.stdout);
}

#[test]
fn what_costs_data_is_annotated_and_applied_only_if_it_is_allowed() {
    let forge = Forge::start();
    let Some(rehearsal) = applied(&forge) else { return };
    rehearsal.change("172.16.0.0/22", "172.20.0.0/22");
    save(&rehearsal, &forge, "true");
    let _ = apply(&rehearsal, &forge).expect(8);
    save(&rehearsal, &forge, "true");
    let mut github = Github::new(&rehearsal, &forge, "gwinfra.yml", "apply").unwrap();
    github.runner =
        github.runner.set("GWINFRA_ALLOW_REPLACE", "acme-llm-access/ClientVpn").set("GWINFRA_ALLOW_DESTROY", "");
    let _ = github.step("Apply").expect(0);
}

#[test]
fn a_stale_plan_is_made_again_and_applied_if_it_does_the_same() {
    let forge = Forge::start();
    let Some(rehearsal) = applied(&forge) else { return };
    rehearsal.change(FROM, OURS);
    save(&rehearsal, &forge, "true");
    // Somebody changes the same stacks, and takes it back.
    rehearsal.change("log_retention_days: 30", "log_retention_days: 7");
    rehearsal.apply();
    rehearsal.change("log_retention_days: 7", "log_retention_days: 90");
    rehearsal.apply();
    rehearsal.change("log_retention_days: 90", "log_retention_days: 30");
    let run = apply(&rehearsal, &forge).expect(0);
    assert!(run.stdout.contains("The saved plan is stale"), "{}", run.stdout);
    save(&rehearsal, &forge, "false");
}

#[test]
fn a_stale_plan_that_would_now_do_something_else_is_not_applied() {
    let forge = Forge::start();
    let Some(rehearsal) = applied(&forge) else { return };
    rehearsal.change(FROM, OURS);
    save(&rehearsal, &forge, "true");
    rehearsal.change("log_retention_days: 30", "log_retention_days: 7");
    rehearsal.apply();
    rehearsal.change("log_retention_days: 7", "log_retention_days: 30");
    let run = apply(&rehearsal, &forge).expect(7);
    assert!(run.stderr.contains("What would be applied now is not what was shown"), "{}", run.stderr);
    save(&rehearsal, &forge, "true");
    let _ = apply(&rehearsal, &forge).expect(0);
}

#[test]
fn a_stale_plan_of_which_nothing_is_left_is_done() {
    let forge = Forge::start();
    let Some(rehearsal) = applied(&forge) else { return };
    rehearsal.change(FROM, OURS);
    save(&rehearsal, &forge, "true");
    rehearsal.apply();
    let run = apply(&rehearsal, &forge).expect(0);
    assert!(run.stdout.contains("Nothing is left to apply."), "{}", run.stdout);
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

#[test]
fn an_issue_stays_open_while_not_everything_could_be_compared() {
    let forge = Forge::start();
    let Some(rehearsal) = applied(&forge) else { return };
    let night = |refused: bool| {
        let github = Github::new(&rehearsal, &forge, "gwinfra-drift.yml", "drift").unwrap();
        let runner = github.runner.clone();
        let github =
            if refused { Github { runner: runner.set("GWINFRA_SCENARIO", "scenario.yaml"), ..github } } else { github };
        let _ = github.step("Drift").expect(0);
        let _ = github.step("Issue").expect(0);
    };
    rehearsal.write(
        "scenario.yaml",
        "faults: [{match: {action: GetResource}, times: 9999, refuse: {code: AccessDeniedException, message: no, status: 400}}]\n",
    );
    night(true);
    assert_eq!(forge.issues(), []);
    crate::drift::change_log_group(&rehearsal);
    night(false);
    assert!(forge.issues()[0].open);
    night(true);
    let issues = forge.issues();
    assert_eq!((issues.len(), issues[0].open), (1, true));
    assert!(issues[0].body.contains("no drift in what could be compared"), "{}", issues[0].body);
}

#[test]
fn gitlab_has_one_note_and_one_issue() {
    let rehearsal = written(SPEC, "gitlab", &BY_URL);
    let forge = Forge::start();
    let file = yaml(&rehearsal, ".gitlab-ci.yml");
    let job = |name: &str, part: &str| {
        let runner = Runner::new(&rehearsal)?
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
    for _ in 0..2 {
        let _ = job("drift", "script").unwrap().expect(0);
    }
    assert_eq!(forge.issues().len(), 1);
    let _ = rehearsal.run(&["drift", "--revert", "acme-llm-gateway/LitellmLogGroup", "--yes"]).expect(0);
    let _ = job("drift", "script").unwrap().expect(0);
    assert!(!forge.issues()[0].open);
    let written: Vec<String> = fs_err::read_dir(rehearsal.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(written.contains(&"project.token".to_owned()), "{written:?}");
}

#[test]
fn codebuild_does_what_its_step_says() {
    let rehearsal = written(SPEC, "codebuild", &BY_URL);
    let forge = Forge::start();
    let file = yaml(&rehearsal, ".codebuild/gwinfra.yml");
    let phases: Vec<&str> = file["phases"].as_mapping().unwrap().keys().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(phases, ["install", "pre_build", "build", "post_build"]);
    let approved = || {
        let place = rehearsal.path("approved");
        if place.exists() { place.display().to_string() } else { String::new() }
    };
    let build_of = |step: &str, phase: &str, token: &str, trigger: &str| {
        let runner = Runner::new(&rehearsal)?
            .with(&file["env"]["variables"])
            .set("STEP", step)
            .set("GITHUB_TOKEN", token)
            .set("GITHUB_API_URL", &forge.url)
            .set("CODEBUILD_SOURCE_REPO_URL", "https://github.com/acme/llm.git")
            .set("CODEBUILD_WEBHOOK_TRIGGER", trigger)
            .set("CODEBUILD_SRC_DIR_plan", &approved());
        let commands = file["phases"][phase]["commands"].as_sequence().unwrap();
        // A command that fails ends its phase.
        Some(commands.iter().map(|command| runner.run(command.as_str().unwrap())).find(|run| run.code != 0))
    };
    let build = |step: &str, phase: &str, token: &str| build_of(step, phase, token, "pr/7");
    let Some(run) = build("plan", "build", TOKEN) else { return };
    assert!(run.is_none(), "{run:?}");
    assert!(build_of("plan", "post_build", TOKEN, "branch/main").unwrap().is_none());
    assert_eq!(forge.comments().len(), 0);
    assert!(build("plan", "post_build", TOKEN).unwrap().is_none());
    assert_eq!(forge.comments().len(), 1);
    assert!(!rehearsal.path("gwinfra.gwplan").exists());
    assert!(build("save-plan", "build", "").unwrap().is_none());
    assert!(rehearsal.path("gwinfra.gwplan").exists());
    fs_err::create_dir(rehearsal.path("approved")).unwrap();
    fs_err::rename(rehearsal.path("gwinfra.gwplan"), rehearsal.path("approved/gwinfra.gwplan")).unwrap();
    let run = build("apply", "build", "").unwrap();
    assert!(run.is_none(), "{run:?}");
    assert!(rehearsal.path("gwinfra.gwplan").exists());
    fs_err::remove_dir_all(rehearsal.path("approved")).unwrap();
    assert!(build("apply", "build", "").unwrap().is_none());
    let _ = rehearsal.run(&["plan", "--detailed-exitcode"]).expect(0);
    assert!(build("drift", "build", "").unwrap().is_none());
    crate::drift::change_log_group(&rehearsal);
    assert_eq!(build("drift", "build", "").unwrap().unwrap().code, 2);
    assert!(
        build("drift", "build", TOKEN).unwrap().is_none() && build("drift", "post_build", TOKEN).unwrap().is_none()
    );
    assert_eq!(forge.issues().len(), 1);
}

#[test]
fn only_what_has_the_digest_that_was_written_is_installed() {
    let rehearsal = Rehearsal::new();
    let Some(runner) = Runner::new(&rehearsal) else { return };
    rehearsal.write("gwinfra", "#!/bin/sh\necho gwinfra 0.0.0\n");
    rehearsal.write("gwinfra-middleware-linux-arm64", "a program");
    let packed = Command::new("tar")
        .args(["-czf", "gwinfra.tar.gz", "gwinfra", "gwinfra-middleware-linux-arm64"])
        .current_dir(rehearsal.path(""))
        .status()
        .unwrap();
    assert!(packed.success());
    let output = Command::new("sha256sum").arg(rehearsal.path("gwinfra.tar.gz")).output().unwrap();
    let digest = String::from_utf8(output.stdout).unwrap()[..64].to_owned();
    let script = gwinfra::ci::script("install-url").unwrap();
    let url = format!("file://{}", rehearsal.path("gwinfra.tar.gz").display());
    let runner = runner.set("INSTALL_URL", &url).set("GITHUB_PATH", "path.txt").set("INSTALL_SHA256", SHA256);
    let run = runner.run(&script);
    assert!(run.code != 0 && !rehearsal.path(".local/bin/gwinfra").exists(), "{run:?}");
    let run = runner.set("INSTALL_SHA256", &digest).run(&script).expect(0);
    assert_eq!(run.stdout, "gwinfra 0.0.0\n");
    assert!(rehearsal.path(".local/bin/gwinfra-middleware-linux-arm64").exists(), "the middleware's program is kept");
    assert!(read(&rehearsal, "path.txt").ends_with("/.local/bin\n"));
}
