//! Pipelines: the shell of their steps, as it runs.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use serde_yaml::Value;

use crate::ci::{BY_URL, SHA256, environments, read, written, yaml};
use crate::ci_forge::{Forge, TOKEN};
use crate::rehearsal::{Rehearsal, Run, SPEC};
use crate::support::repository;
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

    /// In accounts in which this goes wrong.
    fn with_scenario(self, scenario: &str) -> Self {
        self.runner.rehearsal.write("scenario.yaml", scenario);
        Self { runner: self.runner.set("GWINFRA_SCENARIO", "scenario.yaml"), ..self }
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

/// Nothing may be read.
const BLIND: &str = "faults: [{match: {action: GetResource}, times: 9999, refuse: {code: AccessDeniedException, message: no, status: 400}}]\n";
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
fn an_account_that_refuses_keeps_back_neither_the_plan_nor_the_others() {
    const REFUSING: &str = r#"faults:
  - match: {action: AssumeRole, role: "arn:aws:iam::333333333333:role/gwinfra-deploy"}
    times: 9999
    refuse: {code: AccessDenied, message: not authorized, status: 403}
"#;
    let rehearsal = written(SPEC, "github", &BY_URL);
    let forge = Forge::start();
    let job = |job| Some(Github::new(&rehearsal, &forge, "gwinfra.yml", job)?.with_scenario(REFUSING));
    let Some(github) = job("save-plan") else { return };
    let run = github.step("Plan").expect(0);
    assert_eq!(read(&rehearsal, "output.txt"), "changes=true\n");
    assert!(run.stdout.contains("::error title=GW1015::account 333333333333 was not asked"), "{}", run.stdout);
    let run = job("apply").unwrap().step("Apply").expect(10);
    assert!(run.stderr.contains("account 333333333333 was not reached"), "{}", run.stderr);
    let status = rehearsal.run(&["status"]).expect(0).stdout;
    assert!(status.contains("deployment SUCCESSFUL"), "{status}");
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
    program(&rehearsal.path("bin/gwinfra"), "#!/bin/sh\necho gwinfra 0.0.0\n");
    fs_err::create_dir(rehearsal.path("autocomplete")).unwrap();
    rehearsal.write("autocomplete/gwinfra", "complete -F _gwinfra gwinfra\n");
    for name in ["", ".1", ".sha256"] {
        rehearsal.write(&format!("bin/gwinfra-middleware-linux-arm64{name}"), "a program");
    }
    let packed = Command::new("tar")
        .args(["-czf", "gwinfra.tar.gz", "autocomplete", "bin"])
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
    let installed = fs_err::read_dir(rehearsal.path(".local/bin")).unwrap().map(|entry| entry.unwrap().file_name());
    let installed: BTreeSet<_> = installed.map(|name| name.into_string().unwrap()).collect();
    assert_eq!(installed, ["gwinfra", "gwinfra-middleware-linux-arm64"].map(ToOwned::to_owned).into());
    assert!(read(&rehearsal, "path.txt").ends_with("/.local/bin\n"));
}

/// Writes a program.
fn program(path: &Path, text: &str) {
    fs_err::create_dir_all(path.parent().unwrap()).unwrap();
    fs_err::write(path, text).unwrap();
    fs_err::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// The step that compiles gwinfra, in an image with cargo and nothing else that can be had: its run, and what cargo was asked
/// for.
fn compiled(rehearsal: &Rehearsal) -> Option<(Run, String)> {
    let runner = Runner::new(rehearsal)?;
    let image = tempfile::tempdir_in(rehearsal.path("")).unwrap();
    for name in ["bash", "grep", "uname", "id"] {
        std::os::unix::fs::symlink(tools::system(name, name)?, image.path().join(name)).unwrap();
    }
    program(&image.path().join("cargo"), "#!/bin/sh\necho \"$@\" >> cargo.txt\n");
    for name in ["apt-get", "sudo"] {
        program(&image.path().join(name), "#!/bin/sh\nexit 100\n");
    }
    let runner = runner.set("PATH", &image.path().to_string_lossy());
    let runner = runner.set("GITHUB_ACTIONS", "true").set("INSTALL_GIT", "https://example.com/gwinfra.git");
    let run = runner.set("INSTALL_REV", REVISION).run(&gwinfra::ci::script("install-git").unwrap());
    Some((run, fs_err::read_to_string(rehearsal.path("cargo.txt")).unwrap_or_default()))
}

const REVISION: &str = "0123456789abcdef0123456789abcdef01234567";

#[test]
fn what_a_cache_has_of_this_revision_is_not_compiled_again() {
    let rehearsal = Rehearsal::new();
    let mut known = "[v1]\n".to_owned();
    for name in ["gwinfra", "gwinfra-middleware"] {
        program(&rehearsal.path(&format!(".local/bin/{name}")), "#!/bin/sh\necho gwinfra 0.0.0\n");
        let from = format!("git+https://example.com/gwinfra.git?rev={REVISION}#{REVISION}");
        known += &format!("\"{name} 0.1.0 ({from})\" = [\"{name}\"]\n");
    }
    rehearsal.write(".local/.crates.toml", &known);
    let Some((run, asked)) = compiled(&rehearsal) else { return };
    let run = run.expect(0);
    assert_eq!((run.stdout.as_str(), asked.as_str()), ("gwinfra 0.0.0\n", ""));
    rehearsal.write(".local/.crates.toml", &known.replace(REVISION, "another"));
    let (_, asked) = compiled(&rehearsal).unwrap();
    assert!(asked.ends_with(&format!("--rev {REVISION} gwinfra\n")), "{asked}");
}

#[test]
fn gwinfra_is_there_where_nothing_links_the_middleware_statically() {
    let rehearsal = Rehearsal::new();
    // What cargo would write.
    program(&rehearsal.path(".local/bin/gwinfra"), "#!/bin/sh\necho gwinfra 0.0.0\n");
    let Some((run, asked)) = compiled(&rehearsal) else { return };
    let run = run.expect(0);
    assert!(run.stdout.contains("::warning::musl-tools"), "{}", run.stdout);
    assert_eq!(asked.lines().count(), 1, "{asked}");
}
