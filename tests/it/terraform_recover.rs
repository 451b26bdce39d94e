//! `gwinfra recover` for root modules: what a run that ended badly has left, with the real Terraform on moto.

use gwinfra::engine::{ApplyOptions, Engine, EngineError, RecoverOptions, Remedy};
use serde_json::{Value, json};

use crate::terraform_desk::{Desk, account, bundle, module, role};
use crate::terraform_estate::Estate;

/// Key of the hub's state, and of its lock.
const LOCK: &str = "acme-llm/hub/terraform.tfstate.tflock";
const LOCK_ID: &str = "5e0e2f6c-0000-4000-8000-000000000000";

#[tokio::test]
async fn what_an_apply_has_made_in_part_is_left_for_the_next_one_which_makes_it() {
    let hub = account();
    let Some(desk) = Desk::new(&hub).await else { return };
    let step = "resource \"terraform_data\" \"step\" {\n  provisioner \"local-exec\" {\n    command = \"test -e ready\"\n  }\n}\n";
    let bundle = bundle(vec![module("hub", &hub, &(role("gateway", "one") + step))]);
    let saved = desk.saved(&bundle).await;
    let failed = Engine::apply(&desk.engine, &saved, &ApplyOptions::default()).await;
    assert!(matches!(failed, Err(EngineError::Failed { .. })), "{failed:?}");
    let patients = desk.engine.patients(&bundle).await.unwrap();
    let told: Vec<_> = patients.iter().map(|one| (&*one.status, one.remedy, one.reason.as_deref())).collect();
    assert_eq!(told, [("applied in part", Remedy::Apply, Some("not made to the end: terraform_data.step"))]);
    fs_err::write(desk.file("hub", "ready"), "").unwrap();
    desk.apply(&bundle).await;
    assert_eq!(desk.engine.patients(&bundle).await.unwrap(), []);
    assert!(desk.plan(&bundle).await.is_empty());
}

#[tokio::test]
async fn a_state_that_could_not_be_written_is_written_by_a_recovery() {
    let hub = account();
    let Some(desk) = Desk::new(&hub).await else { return };
    let bundle = bundle(vec![module("hub", &hub, &role("gateway", "one"))]);
    desk.apply(&bundle).await;
    let (state, errored) = (desk.file("hub", "terraform.tfstate"), desk.file("hub", "errored.tfstate"));
    // As it was before the role was made: what Terraform could not write has it.
    let mut whole: Value = serde_json::from_slice(&fs_err::read(&state).unwrap()).unwrap();
    whole["serial"] = (whole["serial"].as_u64().unwrap() + 1).into();
    fs_err::write(&errored, whole.to_string()).unwrap();
    whole["serial"] = 1.into();
    whole["resources"] = json!([]);
    fs_err::write(&state, whole.to_string()).unwrap();
    let patients = desk.engine.patients(&bundle).await.unwrap();
    assert_eq!(patients.iter().map(|one| one.remedy).collect::<Vec<_>>(), [Remedy::PushState]);
    desk.engine.recover(&bundle, &patients, &RecoverOptions::default()).await.unwrap();
    assert!(!errored.exists() && fs_err::read_to_string(&state).unwrap().contains("\"gateway\""));
    assert_eq!(desk.engine.patients(&bundle).await.unwrap(), []);
}

/// A state in which a resource was not made to the end.
fn tainted(status: &str) -> String {
    let role = json!({"mode": "managed", "type": "aws_iam_role", "name": "main",
        "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
        "instances": [{"status": status, "schema_version": 0, "attributes": {}}]});
    json!({"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "a", "outputs": {}, "resources": [role]})
        .to_string()
}

#[test]
fn a_command_tells_of_what_was_made_in_part_and_asks_nothing_since_it_changes_nothing() {
    let Some(mut estate) = Estate::prepared(5) else { return };
    let state = estate.module("accounts/bedrock-1").join("terraform.tfstate");
    fs_err::write(&state, tainted("tainted")).unwrap();
    let run = estate.run(&["recover"]).says(0, "Nothing to undo.  Next: gwinfra apply");
    let words = format!("accounts/bedrock-1 ({}) is applied in part: nothing to undo", estate.spokes[0]);
    assert!(run.stdout.contains(&words), "{}", run.stdout);
    assert!(run.stdout.contains("not made to the end: aws_iam_role.main"), "{}", run.stdout);
    assert_eq!(fs_err::read_to_string(&state).unwrap(), tainted("tainted"));

    // Terraform of an earlier run is still at work there.
    let log = fs_err::File::create(estate.module("accounts/bedrock-1").join("terraform.jsonl")).unwrap();
    let log = log.into_parts().0;
    log.lock().unwrap();
    let busy = format!("accounts/bedrock-1 ({}): an operation is in progress, and has to end first", estate.spokes[0]);
    let run = estate.run(&["recover"]).says(6, &busy);
    assert!(run.stdout.contains("is worked on by Terraform of an earlier run"), "{}", run.stdout);
    drop(log);

    fs_err::write(&state, tainted("")).unwrap();
    let run = estate.run(&["recover"]).expect(0);
    assert!(run.stdout.contains("Every stack is well."), "{}", run.stdout);
}

/// Puts a lock beside the hub's state, as somebody's apply does.
fn hold(estate: &Estate, bucket: &str, who: &str) {
    let lock = json!({"ID": LOCK_ID, "Operation": "OperationTypeApply", "Info": "", "Who": who, "Version": "1.11.4",
        "Created": "2026-01-02T03:04:06Z", "Path": format!("{bucket}/acme-llm/hub/terraform.tfstate")});
    estate.ask(&estate.hub, &["put", bucket, LOCK, &lock.to_string()]);
}

#[test]
fn a_command_releases_the_lock_that_a_run_here_has_left_once_it_was_told_to_and_no_other() {
    let bucket = "acme-state-of-6";
    let Some(mut estate) = Estate::prepared_with_state_in_s3(6, bucket) else { return };
    hold(&estate, bucket, "joe@elsewhere");
    let busy = format!("hub ({}): an operation is in progress, and has to end first", estate.hub);
    let run = estate.run(&["recover", "--yes"]).says(6, &busy);
    for words in [
        &*format!("hub ({}) is locked", estate.hub),
        "held since 2026-01-02T03:04:06Z by joe@elsewhere",
        &*format!("force-unlock {LOCK_ID}"),
    ] {
        assert!(run.stdout.contains(words), "there is no {words:?}: {}", run.stdout);
    }

    // A child of this directory was killed with the lock.
    let here = rustix::system::uname();
    hold(&estate, bucket, &format!("joe@{}", here.nodename().to_string_lossy()));
    let began = "{\"type\":\"version\",\"@timestamp\":\"2026-01-02T03:04:05.000000Z\"}\n";
    fs_err::write(estate.module("hub").join("terraform.jsonl"), began).unwrap();
    let run = estate.run(&["recover"]).says(64, "pass `--yes`");
    assert!(
        run.stdout.contains("release the lock of its state, which a run on this machine has left"),
        "{}",
        run.stdout
    );
    assert_eq!(estate.ask(&estate.hub, &["objects", bucket]), json!([LOCK]));
    let _ = estate.run(&["recover", "--yes"]).says(0, "Recovered.  Next: gwinfra plan");
    assert_eq!(estate.ask(&estate.hub, &["objects", bucket]), json!([]));
}
