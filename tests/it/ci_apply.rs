//! Pipelines: the steps that save a plan and apply it, as they run.

use crate::ci::{BY_URL, read, written};
use crate::ci_forge::Forge;
use crate::ci_steps::Github;
use crate::rehearsal::{Rehearsal, Run, SPEC};

/// A repository whose first plan is saved and applied by its workflow.
pub fn applied(forge: &Forge) -> Option<Rehearsal> {
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

/// A deployment of which a change is planned and the plan saved.
fn saved(forge: &Forge) -> Option<Rehearsal> {
    let rehearsal = applied(forge)?;
    rehearsal.change(FROM, OURS);
    save(&rehearsal, forge, "true");
    Some(rehearsal)
}

#[test]
fn a_stale_plan_is_made_again_and_applied_if_it_does_the_same() {
    let forge = Forge::start();
    let Some(rehearsal) = saved(&forge) else { return };
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
    let Some(rehearsal) = saved(&forge) else { return };
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
    let Some(rehearsal) = saved(&forge) else { return };
    rehearsal.apply();
    let run = apply(&rehearsal, &forge).expect(0);
    assert!(run.stdout.contains("Nothing is left to apply."), "{}", run.stdout);
}

/// An account that lets nobody in.
const REFUSING: &str = r#"faults:
  - match: {action: AssumeRole, role: "arn:aws:iam::333333333333:role/gwinfra-deploy"}
    times: 9999
    refuse: {code: AccessDenied, message: not authorized, status: 403}
"#;

/// A step in accounts one of which lets nobody in.
fn refused(rehearsal: &Rehearsal, forge: &Forge, job: &'static str, step: &str) -> Run {
    Github::new(rehearsal, forge, "gwinfra.yml", job).unwrap().with_scenario(REFUSING).step(step)
}

#[test]
fn an_account_that_refuses_keeps_back_neither_the_plan_nor_the_others() {
    let rehearsal = written(SPEC, "github", &BY_URL);
    let forge = Forge::start();
    if Github::new(&rehearsal, &forge, "gwinfra.yml", "save-plan").is_none() {
        return;
    }
    let run = refused(&rehearsal, &forge, "save-plan", "Plan").expect(0);
    assert_eq!(read(&rehearsal, "output.txt"), "changes=true\n");
    assert!(run.stdout.contains("::error title=GW1015::account 333333333333 was not asked"), "{}", run.stdout);
    let run = refused(&rehearsal, &forge, "apply", "Apply").expect(10);
    assert!(run.stderr.contains("account 333333333333 was not reached"), "{}", run.stderr);
    let status = rehearsal.run(&["status"]).expect(0).stdout;
    assert!(status.contains("deployment SUCCESSFUL"), "{status}");
}

#[test]
fn a_stale_plan_without_an_account_is_made_again_and_applied_if_it_does_the_same() {
    let forge = Forge::start();
    let Some(rehearsal) = applied(&forge) else { return };
    rehearsal.change(FROM, OURS);
    let _ = refused(&rehearsal, &forge, "save-plan", "Plan").expect(0);
    rehearsal.change("log_retention_days: 30", "log_retention_days: 7");
    rehearsal.apply();
    rehearsal.change("log_retention_days: 7", "log_retention_days: 90");
    rehearsal.apply();
    rehearsal.change("log_retention_days: 90", "log_retention_days: 30");
    let run = refused(&rehearsal, &forge, "apply", "Apply").expect(10);
    assert!(run.stdout.contains("The saved plan is stale"), "{}", run.stdout);
    assert!(run.stderr.contains("account 333333333333 was not reached"), "{}", run.stderr);
    let _ = rehearsal.run(&["plan", "--detailed-exitcode"]).expect(0);
}

#[test]
fn a_stale_plan_of_which_nothing_is_left_but_in_an_account_that_refuses_ends_with_10() {
    let forge = Forge::start();
    let Some(rehearsal) = applied(&forge) else { return };
    rehearsal.change(FROM, OURS);
    let _ = refused(&rehearsal, &forge, "save-plan", "Plan").expect(0);
    rehearsal.apply();
    let run = refused(&rehearsal, &forge, "apply", "Apply").expect(10);
    let told = "Nothing is left to apply but in accounts that could not be asked.";
    assert!(run.stdout.contains(told), "{}", run.stdout);
    assert!(!run.stderr.contains("Applied."), "{}", run.stderr);
}

#[test]
fn a_stale_plan_that_cannot_be_made_again_is_not_applied() {
    let forge = Forge::start();
    let Some(rehearsal) = saved(&forge) else { return };
    let stuck = "stacks:\n  - {account: \"111122223333\", region: us-east-1, name: acme-llm-gateway, status: UPDATE_ROLLBACK_FAILED, failed: [Service]}\n";
    let github = Github::new(&rehearsal, &forge, "gwinfra.yml", "apply").unwrap().with_scenario(stuck);
    let run = github.step("Apply").expect(10);
    assert!(run.stdout.contains("The saved plan is stale"), "{}", run.stdout);
    assert!(run.stderr.contains("gwinfra recover"), "{}", run.stderr);
    assert!(!rehearsal.path("gwinfra-again.gwplan").exists());
}
