//! Pipelines: builds of CodeBuild, as they run.

use serde_yaml::Value;

use crate::ci::{BY_URL, written, yaml};
use crate::ci_forge::{Forge, TOKEN};
use crate::ci_steps::{BLIND, Runner};
use crate::rehearsal::{Rehearsal, Run, SPEC};
use crate::tools;

/// A project whose builds run in simulated accounts.
struct Project {
    rehearsal: Rehearsal,
    forge: Forge,
    file: Value,
}

impl Project {
    fn new() -> Option<Self> {
        tools::system("jq", "jq")?;
        tools::system("curl", "curl")?;
        let rehearsal = written(SPEC, "codebuild", &BY_URL);
        let file = yaml(&rehearsal, ".codebuild/gwinfra.yml");
        Some(Self { rehearsal, forge: Forge::start(), file })
    }

    /// What a build of a step runs in.
    fn runner(&self, step: &str, token: &str) -> Runner<'_> {
        let place = self.rehearsal.path("approved");
        let approved = if place.exists() { place.display().to_string() } else { String::new() };
        Runner::new(&self.rehearsal)
            .unwrap()
            .with(&self.file["env"]["variables"])
            .set("STEP", step)
            .set("GITHUB_TOKEN", token)
            .set("GITHUB_API_URL", &self.forge.url)
            .set("CODEBUILD_SOURCE_REPO_URL", "https://github.com/acme/llm.git")
            .set("CODEBUILD_WEBHOOK_TRIGGER", "pr/7")
            .set("CODEBUILD_SRC_DIR_plan", &approved)
    }

    /// The commands of a phase: the run of the one that failed, as it ends its phase.
    fn phase(&self, runner: &Runner<'_>, phase: &str) -> Option<Run> {
        let commands = self.file["phases"][phase]["commands"].as_sequence().unwrap();
        commands.iter().map(|command| runner.run(command.as_str().unwrap())).find(|run| run.code != 0)
    }

    fn build(&self, step: &str, token: &str) -> Option<Run> {
        self.phase(&self.runner(step, token), "build")
    }

    fn afterwards(&self, step: &str, token: &str) -> Option<Run> {
        self.phase(&self.runner(step, token), "post_build")
    }
}

#[test]
fn a_build_has_the_phases_that_codebuild_runs() {
    let file = yaml(&written(SPEC, "codebuild", &BY_URL), ".codebuild/gwinfra.yml");
    let phases: Vec<&str> = file["phases"].as_mapping().unwrap().keys().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(phases, ["install", "pre_build", "build", "post_build"]);
}

#[test]
fn a_pull_request_has_a_comment_and_a_branch_has_none() {
    let Some(project) = Project::new() else { return };
    assert!(project.build("plan", TOKEN).is_none());
    let branch = project.runner("plan", TOKEN).set("CODEBUILD_WEBHOOK_TRIGGER", "branch/main");
    assert!(project.phase(&branch, "post_build").is_none());
    assert_eq!(project.forge.comments().len(), 0);
    assert!(project.afterwards("plan", TOKEN).is_none());
    assert_eq!(project.forge.comments().len(), 1);
    assert!(!project.rehearsal.path("gwinfra.gwplan").exists());
}

#[test]
fn the_plan_of_an_earlier_action_is_applied() {
    let Some(project) = Project::new() else { return };
    assert!(project.build("save-plan", "").is_none());
    let [plan, approved] = ["gwinfra.gwplan", "approved/gwinfra.gwplan"].map(|name| project.rehearsal.path(name));
    fs_err::create_dir(approved.parent().unwrap()).unwrap();
    fs_err::rename(&plan, &approved).unwrap();
    let run = project.build("apply", "");
    assert!(run.is_none(), "{run:?}");
    assert!(plan.exists());
    let _ = project.rehearsal.run(&["plan", "--detailed-exitcode"]).expect(0);
}

#[test]
fn a_build_that_applies_makes_its_plan_itself() {
    let Some(project) = Project::new() else { return };
    assert!(project.build("apply", "").is_none());
    let _ = project.rehearsal.run(&["plan", "--detailed-exitcode"]).expect(0);
}

#[test]
fn without_a_token_a_drift_fails_the_build_and_with_one_there_is_an_issue() {
    let Some(project) = Project::new() else { return };
    project.rehearsal.apply();
    assert!(project.build("drift", "").is_none());
    crate::drift::change_log_group(&project.rehearsal);
    assert_eq!(project.build("drift", "").unwrap().code, 2);
    assert!(project.build("drift", TOKEN).is_none() && project.afterwards("drift", TOKEN).is_none());
    assert_eq!(project.forge.issues().len(), 1);
}

#[test]
fn without_a_token_what_could_not_be_compared_fails_the_build_with_11() {
    let Some(project) = Project::new() else { return };
    project.rehearsal.apply();
    project.rehearsal.write("scenario.yaml", BLIND);
    let blind = |token: &str| project.runner("drift", token).set("GWINFRA_SCENARIO", "scenario.yaml");
    let run = project.phase(&blind(""), "build").unwrap();
    assert_eq!(run.code, 11, "{run:?}");
    assert!(project.phase(&blind(TOKEN), "build").is_none() && project.afterwards("drift", TOKEN).is_none());
    assert_eq!(project.forge.issues().len(), 1);
}
