//! The Terraform engine deploys root modules with the real Terraform to moto.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use gwinfra::engine::terraform::Binary;
use gwinfra::engine::{ApplyOptions, DestroyOptions, DriftOptions, Engine, EngineError, Fate, Remedy};
use gwinfra::plan::{Action, SavedPlan, SeenBy, StackAction};
use gwinfra::render::ModuleState;

use crate::moto_server::interpreter;
use crate::terraform_desk::{Desk, account, bundle, module, role, text, with_variable};

const OUTPUT: &str = "output \"RoleArn\" {\n  value = aws_iam_role.gateway.arn\n}\n";

#[tokio::test]
async fn what_is_applied_is_not_planned_again() {
    let hub = account();
    let Some(desk) = Desk::new(&hub).await else { return };
    let bundle = bundle(vec![module("hub", &hub, &(role("gateway", "one") + OUTPUT))]);
    let first = desk.saved(&bundle).await;
    assert_eq!(first.plan.stacks[0].action, StackAction::Create);
    assert_eq!(first.plan.changes[0].address, "hub/aws_iam_role.gateway");
    assert_eq!(first.plan.changes[0].seen_by, [SeenBy::TerraformPlan]);
    let applied = Engine::apply(&desk.engine, &first, &ApplyOptions::default()).await.unwrap();
    assert!(applied.outputs["gateway"]["RoleArn"].ends_with(":role/gateway"));
    assert_eq!(desk.told("aws_iam_role.gateway"), ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]);
    assert!(desk.plan(&bundle).await.is_empty());
    assert_eq!(desk.engine.outputs(&bundle).await.unwrap(), applied.outputs);
    let status = desk.engine.status(&bundle).await.unwrap();
    assert_eq!(status.stacks[0].status.as_deref(), Some("1 resource"));
}

#[tokio::test]
async fn a_changed_value_is_a_row_with_both_values_and_the_line_of_the_spec() {
    let hub = account();
    let Some(desk) = Desk::new(&hub).await else { return };
    let variable = "variable \"words\" {\n  default = \"none\"\n}\n";
    let body = variable.to_owned() + &role("gateway", "${var.words}");
    let of = |words: &str| bundle(vec![with_variable(module("hub", &hub, &body), "words", words)]);
    desk.apply(&of("one")).await;
    let plan = desk.plan(&of("two")).await;
    let [row] = plan.changes.as_slice() else { panic!("{:?}", plan.changes) };
    assert_eq!((row.kind(), row.paths.as_slice()), (Action::Update, &[vec!["description".to_owned()]][..]));
    assert_eq!(row.before.as_ref().unwrap()["description"], "one");
    assert_eq!(row.after.as_ref().unwrap()["description"], "two");
    assert_eq!((row.source[0].line, row.source[0].path.as_deref()), (7, Some("aws_iam_role.gateway.description")));
}

#[tokio::test]
async fn a_saved_plan_is_applied_exactly_and_once() {
    let hub = account();
    let Some(desk) = Desk::new(&hub).await else { return };
    let of = |words: &str| bundle(vec![module("hub", &hub, &role("gateway", words))]);
    let saved = desk.saved(&of("one")).await;
    let path = desk.root().join("acme.gwplan");
    saved.save(&path).unwrap();
    // Somebody else's plan lies in the directory by now.
    desk.plan(&of("two")).await;
    let saved = SavedPlan::load(&path).unwrap();
    assert_eq!(desk.engine.moved(&saved, None).await.unwrap(), Vec::<String>::new());
    Engine::apply(&desk.engine, &saved, &ApplyOptions::default()).await.unwrap();
    assert!(desk.plan(&of("one")).await.is_empty());
    let moved = desk.engine.moved(&saved, None).await.unwrap();
    assert!(moved[0].contains("hub had no state when the plan was made"), "{moved:?}");
    let again = Engine::apply(&desk.engine, &saved, &ApplyOptions::default()).await;
    assert!(matches!(again, Err(EngineError::Stale(_))), "{again:?}");
}

#[tokio::test]
async fn every_account_gets_what_is_its_own_and_loses_it_when_it_is_taken_out() {
    let (hub, spoke) = (account(), account());
    let Some(desk) = Desk::new(&hub).await else { return };
    let own = module("hub", &hub, &role("gateway", "hub"));
    let other = module("accounts/bedrock-1", &spoke, &role("invoke", "spoke"));
    desk.apply(&bundle(vec![own.clone(), other])).await;
    assert!(desk.has_role(&hub, "gateway").await && !desk.has_role(&hub, "invoke").await);
    assert!(desk.has_role(&spoke, "invoke").await && !desk.has_role(&spoke, "gateway").await);
    let alone = bundle(vec![own]);
    let saved = desk.saved(&alone).await;
    assert_eq!(saved.plan.stacks[1].action, StackAction::Delete);
    assert_eq!(saved.plan.changes[0].address, "accounts/bedrock-1/aws_iam_role.invoke");
    Engine::apply(&desk.engine, &saved, &ApplyOptions::default()).await.unwrap();
    assert!(!desk.has_role(&spoke, "invoke").await && desk.has_role(&hub, "gateway").await);
}

#[tokio::test]
async fn a_protected_resource_that_is_taken_out_needs_leave() {
    let hub = account();
    let Some(desk) = Desk::new(&hub).await else { return };
    let key = "resource \"aws_kms_key\" \"main\" {\n  description = \"acme\"\n  count = var.on\n  lifecycle {\n    \
               prevent_destroy = true\n  }\n}\nvariable \"on\" {\n  default = 0\n  type = number\n}\n";
    let of = |on: &str| bundle(vec![with_variable(module("hub", &hub, key), "on", on)]);
    desk.apply(&of("1")).await;
    let saved = desk.saved(&of("0")).await;
    assert_eq!(saved.plan.gates[0].flag(), "--allow-destroy hub/aws_kms_key.main[0]");
    let refused = Engine::apply(&desk.engine, &saved, &ApplyOptions::default()).await;
    assert!(matches!(refused, Err(EngineError::Gated(_))), "{refused:?}");
    assert!(!desk.file("hub", "gwinfra_lift_override.tf").exists());
    let leave =
        ApplyOptions { allow_destroy: ["hub/aws_kms_key.main[0]".to_owned()].into(), ..ApplyOptions::default() };
    Engine::apply(&desk.engine, &saved, &leave).await.unwrap();
}

#[tokio::test]
#[ignore = "takes minutes: make test"]
async fn destroy_leaves_nothing_but_what_must_outlive_the_deployment() {
    let hub = account();
    let Some(desk) = Desk::new(&hub).await else { return };
    let key = "resource \"aws_kms_key\" \"main\" {\n  description = \"acme\"\n  lifecycle {\n    prevent_destroy = true\n  \
               }\n}\nresource \"aws_kms_alias\" \"main\" {\n  name = \"alias/acme\"\n  target_key_id = \
               aws_kms_key.main.id\n}\n";
    let bundle = bundle(vec![module("hub", &hub, &(role("gateway", "one") + key))]);
    desk.apply(&bundle).await;
    let options = DestroyOptions::default();
    let plan = desk.engine.plan_destroy(&bundle, &options).await.unwrap();
    let fate = |address: &str| plan.stacks[0].resources.iter().find(|own| own.logical_id == address).unwrap().fate;
    assert_eq!((fate("aws_kms_key.main"), fate("aws_iam_role.gateway")), (Fate::Retained, Fate::Deleted));
    desk.engine.destroy(&bundle, &plan, &options).await.unwrap();
    assert!(!desk.has_role(&hub, "gateway").await);
    assert_eq!(desk.engine.plan_destroy(&bundle, &options).await.unwrap().stacks, []);
    assert_eq!(desk.engine.status(&bundle).await.unwrap().stacks[0].status, None);
}

#[tokio::test]
async fn a_held_lock_names_its_holder_and_a_left_one_is_released() {
    let hub = account();
    let Some(desk) = Desk::new(&hub).await else { return };
    let (bucket, key) = ("acme-terraform-state-8".to_owned(), "acme/hub/terraform.tfstate".to_owned());
    desk.session(&hub).s3().create_bucket(&bucket).await.unwrap();
    let backend = format!(
        "backend \"s3\" {{\n    bucket = \"{bucket}\"\n    key = \"{key}\"\n    region = \"us-east-1\"\n    use_lockfile = \
         true\n    use_path_style = true\n    skip_credentials_validation = true\n    skip_requesting_account_id = true\n    \
         assume_role = {{\n      role_arn = \"{}\"\n    }}\n  }}",
        hub.deploy_role.as_deref().unwrap()
    );
    let mut module = module("hub", &hub, "");
    module.files.insert("main.tf".into(), text(&hub, &backend, &role("gateway", "one")).into());
    module.state =
        ModuleState::S3 { bucket: bucket.clone(), key: key.clone(), region: "us-east-1".into(), kms_key: None };
    let bundle = bundle(vec![module]);
    desk.apply(&bundle).await;
    assert!(desk.plan(&bundle).await.is_empty());
    let hold = |who: &str, created: &str| {
        serde_json::json!({
            "ID": "5e0e2f6c-0000-4000-8000-000000000000", "Operation": "OperationTypeApply", "Info": "", "Who": who,
            "Version": "1.11.4", "Created": created, "Path": format!("{bucket}/{key}"),
        })
        .to_string()
    };
    let put = |text: String| {
        let (session, bucket, key) = (desk.session(&hub), bucket.clone(), format!("{key}.tflock"));
        async move { session.s3().put_once(&bucket, &key, "application/json", &text).await.unwrap() }
    };
    assert!(put(hold("joe@elsewhere", "2026-01-02T03:04:05Z")).await);
    let locked = desk.try_plan(&bundle).await;
    let Err(EngineError::StateLocked { lock, release, .. }) = locked else { panic!("{locked:?}") };
    assert_eq!((lock.who.as_str(), lock.doing()), ("joe@elsewhere", "an apply"));
    assert!(lock.created.starts_with("2026-01-02 03:04:05"), "{lock:?}");
    assert!(release.ends_with("force-unlock 5e0e2f6c-0000-4000-8000-000000000000"), "{release}");
    // Somebody else's lock is not ours to release.
    let patients = desk.engine.patients(&bundle).await.unwrap();
    assert_eq!(patients[0].remedy, Remedy::Wait, "{patients:?}");
    assert!(patients[0].reason.as_deref().unwrap().contains("by joe@elsewhere"), "{patients:?}");
    desk.session(&hub).s3().delete_versions(&bucket).await.unwrap();
    let name = rustix::system::uname();
    let here = format!("joe@{}", name.nodename().to_string_lossy());
    // Taken on this machine long after the last child here has ended: by whoever works elsewhere on it.
    assert!(put(hold(&here, "2099-01-02T03:04:05Z")).await);
    let patients = desk.engine.patients(&bundle).await.unwrap();
    assert_eq!(patients[0].remedy, Remedy::Wait, "{patients:?}");
    desk.session(&hub).s3().delete_versions(&bucket).await.unwrap();
    // A child that was killed with the lock.
    let began = r#"{"type":"version","@timestamp":"2026-01-02T03:04:05.000000Z"}"#;
    fs_err::write(desk.file("hub", "terraform.jsonl"), format!("{began}\n")).unwrap();
    fs_err::remove_file(desk.file("hub", "terraform.end")).unwrap();
    assert!(put(hold(&here, "2026-01-02T03:04:06Z")).await);
    let patients = desk.engine.patients(&bundle).await.unwrap();
    assert_eq!(patients[0].remedy, Remedy::ReleaseLock, "{patients:?}");
    desk.engine.recover(&bundle, &patients, &gwinfra::engine::RecoverOptions::default()).await.unwrap();
    assert_eq!(desk.session(&hub).s3().text(&bucket, &format!("{key}.tflock")).await.unwrap(), None);
}

/// Something that takes a few seconds, and then a role.
pub fn slow(seconds: u32) -> String {
    let wait = format!(
        "resource \"terraform_data\" \"wait\" {{\n  depends_on = [aws_iam_role.before]\n  provisioner \"local-exec\" {{\n    \
         command = \"sleep {seconds}\"\n  }}\n}}\n"
    );
    format!(
        "{}{wait}{}",
        role("before", "one"),
        role("gateway", "one").replace("{\n  name", "{\n  depends_on = [terraform_data.wait]\n  name")
    )
}

/// Waits until something was told of a resource.
pub async fn until(desk: &Desk, address: &str, status: &str) {
    while !desk.told(address).iter().any(|told| told == status) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
#[ignore = "takes minutes: make test"]
async fn one_interrupt_lets_terraform_write_its_state_and_the_next_apply_converges() {
    let hub = account();
    let Some(mut desk) = Desk::new(&hub).await else { return };
    let bundle = bundle(vec![module("hub", &hub, &slow(3))]);
    let saved = desk.saved(&bundle).await;
    let options = ApplyOptions::default();
    let (stopped, ()) = futures::join!(Engine::apply(&desk.engine, &saved, &options), async {
        until(&desk, "aws_iam_role.before", "CREATE_COMPLETE").await;
        desk.canceller.advance();
    });
    assert!(matches!(&stopped, Err(EngineError::Cancelled(left)) if left.is_empty()), "{stopped:?}");
    let state = fs_err::read_to_string(desk.file("hub", "terraform.tfstate")).unwrap();
    assert!(state.contains("\"before\"") && !desk.has_role(&hub, "gateway").await);
    desk.again().await;
    desk.apply(&bundle).await;
    assert!(desk.plan(&bundle).await.is_empty());
}

#[tokio::test]
#[ignore = "takes minutes: make test"]
async fn terraform_goes_on_when_gwinfra_is_gone_and_the_next_run_waits_for_it() {
    let hub = account();
    let Some(mut desk) = Desk::new(&hub).await else { return };
    let bundle = bundle(vec![module("hub", &hub, &slow(20))]);
    let saved = desk.saved(&bundle).await;
    {
        let options = ApplyOptions::default();
        let apply = Engine::apply(&desk.engine, &saved, &options);
        futures::pin_mut!(apply);
        tokio::select! {
            ended = &mut apply => panic!("{ended:?}"),
            () = until(&desk, "aws_iam_role.before", "CREATE_COMPLETE") => {}
        }
    }
    desk.again().await;
    let busy = desk.try_plan(&bundle).await;
    assert!(matches!(busy, Err(EngineError::Busy { .. })), "{busy:?}");
    desk.engine.take_up(&bundle).await.unwrap();
    assert!(desk.said("waiting for its end"));
    assert!(desk.has_role(&hub, "gateway").await);
    assert!(desk.plan(&bundle).await.is_empty());
    desk.engine.settle(&bundle).unwrap();
    assert_eq!(desk.engine.status(&bundle).await.unwrap().unfinished, None);
}

/// Processes of this machine that work in a directory.
#[cfg(target_os = "linux")]
fn workers(directory: &std::path::Path) -> Vec<i32> {
    let entries = fs_err::read_dir("/proc").unwrap().filter_map(Result::ok);
    entries
        .filter(|entry| fs_err::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == directory))
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect()
}

#[cfg(target_os = "linux")]
#[tokio::test]
#[ignore = "takes minutes: make test"]
async fn terraform_that_was_killed_is_taken_up_at_any_point() {
    let hub = account();
    let Some(mut desk) = Desk::new(&hub).await else { return };
    let of = |round: usize| {
        let roles: String = (0..=round).map(|number| role(&format!("gateway{number}"), "one")).collect();
        bundle(vec![module("hub", &hub, &(slow(3) + &roles))])
    };
    for (round, delay) in [1500, 2600, 3400].into_iter().enumerate() {
        let bundle = of(round);
        let saved = desk.saved(&bundle).await;
        let directory = desk.file("hub", "");
        let directory = directory.canonicalize().unwrap();
        let options = ApplyOptions::default();
        let (killed, ()) = futures::join!(Engine::apply(&desk.engine, &saved, &options), async {
            tokio::time::sleep(Duration::from_millis(delay)).await;
            for worker in workers(&directory) {
                let process = rustix::process::Pid::from_raw(worker).unwrap();
                let _ = rustix::process::kill_process(process, rustix::process::Signal::KILL);
            }
        });
        if let Err(error) = &killed {
            assert!(matches!(error, EngineError::Failed { .. }), "{error:?}");
        }
        desk.again().await;
        desk.engine.take_up(&bundle).await.unwrap();
        desk.apply(&bundle).await;
        assert!(desk.plan(&bundle).await.is_empty(), "killed after {delay} ms");
    }
}

#[tokio::test]
async fn what_was_being_made_when_terraform_was_killed_is_taken_over() {
    let hub = account();
    let Some(mut desk) = Desk::new(&hub).await else { return };
    let bundle = bundle(vec![module("hub", &hub, &slow(1))]);
    let saved = desk.saved(&bundle).await;
    let options = ApplyOptions::default();
    let (applied, plan) = futures::join!(Engine::apply(&desk.engine, &saved, &options), async {
        until(&desk, "aws_iam_role.before", "CREATE_COMPLETE").await;
        fs_err::read(desk.file("hub", "tfplan")).unwrap()
    });
    applied.unwrap();
    // As it is left when the end comes between AWS's answer and the write to the state.
    let state = desk.file("hub", "terraform.tfstate");
    let mut whole: serde_json::Value = serde_json::from_slice(&fs_err::read(&state).unwrap()).unwrap();
    whole["resources"].as_array_mut().unwrap().retain(|resource| resource["name"] != "gateway");
    whole["serial"] = (whole["serial"].as_u64().unwrap() + 1).into();
    fs_err::write(&state, whole.to_string()).unwrap();
    fs_err::write(desk.file("hub", "tfplan"), plan).unwrap();
    let began = r#"{"type":"apply_start","hook":{"resource":{"addr":"aws_iam_role.gateway","resource_type":"aws_iam_role"},"action":"create"}}"#;
    fs_err::write(desk.file("hub", "terraform.jsonl"), format!("{began}\n")).unwrap();
    desk.again().await;
    desk.apply(&bundle).await;
    assert!(desk.said("took over aws_iam_role.gateway (gateway)"));
    assert!(desk.plan(&bundle).await.is_empty());
}

#[tokio::test]
async fn a_state_that_could_not_be_written_is_written_before_anything_else() {
    let hub = account();
    let Some(desk) = Desk::new(&hub).await else { return };
    let bundle = bundle(vec![module("hub", &hub, &role("gateway", "one"))]);
    desk.apply(&bundle).await;
    let (state, errored) = (desk.file("hub", "terraform.tfstate"), desk.file("hub", "errored.tfstate"));
    // The state as it was before the role was made; what Terraform could not write has it.
    let mut whole: serde_json::Value = serde_json::from_slice(&fs_err::read(&state).unwrap()).unwrap();
    whole["serial"] = (whole["serial"].as_u64().unwrap() + 1).into();
    fs_err::write(&errored, whole.to_string()).unwrap();
    whole["serial"] = 1.into();
    whole["resources"] = serde_json::json!([]);
    fs_err::write(&state, whole.to_string()).unwrap();
    let patients = desk.engine.patients(&bundle).await.unwrap();
    assert_eq!(patients[0].remedy, Remedy::PushState);
    assert!(desk.plan(&bundle).await.is_empty());
    assert!(!errored.exists() && desk.said("wrote the state of an earlier run"));
    // Left over from long ago: the state has moved on.
    whole["resources"] = serde_json::json!([]);
    fs_err::write(&errored, whole.to_string()).unwrap();
    assert!(desk.plan(&bundle).await.is_empty());
    assert!(!errored.exists() && desk.said("is not newer than what is there"));
    whole["resources"] = serde_json::json!([
        {"mode": "managed", "type": "aws_iam_role", "name": "lost", "instances": [{"attributes": {"id": "lost-1"}}]}
    ]);
    let there: serde_json::Value = serde_json::from_slice(&fs_err::read(&state).unwrap()).unwrap();
    // Terraform writes another content only with a higher serial.
    for serial in [1, there["serial"].as_u64().unwrap()] {
        whole["serial"] = serial.into();
        fs_err::write(&errored, whole.to_string()).unwrap();
        let refused = desk.try_plan(&bundle).await;
        let Err(EngineError::StateMovedOn { only, .. }) = refused else { panic!("{refused:?}") };
        assert_eq!(only[0].to_string(), "aws_iam_role.lost (lost-1)");
    }
}

#[tokio::test]
async fn a_refused_value_names_the_resource_and_the_line_of_the_spec() {
    let hub = account();
    let Some(desk) = Desk::new(&hub).await else { return };
    let logs = "resource \"aws_cloudwatch_log_group\" \"main\" {\n  name = \"acme\"\n  retention_in_days = 8\n}\n";
    let refused = desk.try_plan(&bundle(vec![module("hub", &hub, logs)])).await;
    let Err(EngineError::Invalid(report)) = refused else { panic!("{refused:?}") };
    let finding = &report.diagnostics[0];
    assert!(finding.message.contains("hub/aws_cloudwatch_log_group.main: expected retention_in_days"), "{finding:?}");
    assert_eq!(finding.span.as_ref().unwrap().start.line, 7);
}

#[tokio::test]
async fn a_failed_resource_is_named_with_its_reason_and_the_next_apply_goes_on() {
    let hub = account();
    let Some(desk) = Desk::new(&hub).await else { return };
    let attachment = "resource \"aws_iam_role_policy_attachment\" \"main\" {\n  role = \"nobody\"\n  policy_arn = \
                      \"arn:aws:iam::aws:policy/ReadOnlyAccess\"\n}\n";
    let saved = desk.saved(&bundle(vec![module("hub", &hub, &(role("gateway", "one") + attachment))])).await;
    let failed = Engine::apply(&desk.engine, &saved, &ApplyOptions::default()).await;
    let Err(EngineError::Failed { failures, .. }) = failed else { panic!("{failed:?}") };
    let cause = &failures[0].causes[0];
    assert_eq!(cause.address, "hub/aws_iam_role_policy_attachment.main");
    assert!(cause.reason.contains("NoSuchEntity") && cause.place.as_deref() == Some("gwinfra.yaml:7:3"), "{cause:?}");
    assert_eq!(desk.told("aws_iam_role_policy_attachment.main"), ["CREATE_IN_PROGRESS", "CREATE_FAILED"]);
    desk.apply(&bundle(vec![module("hub", &hub, &role("gateway", "one"))])).await;
    assert!(desk.has_role(&hub, "gateway").await);
}

#[cfg(unix)]
#[tokio::test]
async fn a_program_that_is_missing_or_too_old_is_told_with_what_to_install() {
    use std::os::unix::fs::PermissionsExt;
    let hub = account();
    let Some(mut desk) = Desk::new(&hub).await else { return };
    let bundle = bundle(vec![module("hub", &hub, "")]);
    let old = desk.root().join("old-terraform");
    fs_err::write(&old, "#!/bin/sh\necho '{\"terraform_version\": \"1.5.7\"}'\n").unwrap();
    fs_err::set_permissions(&old, std::fs::Permissions::from_mode(0o755)).unwrap();
    for (program, words) in [(old, "is version 1.5.7, and 1.11.0 is needed"), (desk.root().join("none"), "there is no")]
    {
        desk.engine.binary = Binary::new(Some(program));
        let refused = desk.try_plan(&bundle).await;
        let Err(EngineError::Preflight(report)) = refused else { panic!("{refused:?}") };
        let finding = &report.diagnostics[0];
        assert!(finding.message.contains(words), "{finding:?}");
        assert!(finding.help.as_ref().unwrap().contains("install Terraform 1.11.0"), "{finding:?}");
    }
}

#[tokio::test]
async fn an_account_that_cannot_be_planned_keeps_none_of_the_others_back() {
    let (hub, spoke) = (account(), account());
    let Some(desk) = Desk::new(&hub).await else { return };
    let modules =
        || vec![module("hub", &hub, &role("gateway", "one")), module("accounts/one", &spoke, &role("bedrock", "one"))];
    let bundle = bundle(modules());
    // As an earlier run would that is still at work there.
    let log = desk.file("accounts/one", "terraform.jsonl");
    fs_err::create_dir_all(log.parent().unwrap()).unwrap();
    let held = fs_err::File::create(&log).unwrap().into_parts().0;
    held.lock().unwrap();
    let saved = desk.saved(&bundle).await;
    let spokes: Vec<_> = saved.plan.unreachable().collect();
    assert_eq!(spokes.len(), 1);
    assert!(spokes[0].status.as_deref().unwrap().contains("still at work"), "{spokes:?}");
    let result = Engine::apply(&desk.engine, &saved, &ApplyOptions::default()).await;
    let Err(EngineError::Failed { failures, partial: true, .. }) = result else { panic!("{result:?}") };
    assert_eq!(failures[0].account, spoke.account);
    assert!(desk.has_role(&hub, "gateway").await && !desk.has_role(&spoke, "bedrock").await);
    drop(held);
    desk.apply(&bundle).await;
    assert!(desk.has_role(&spoke, "bedrock").await);
}

/// Another process that holds the lock of a module's state, as Terraform does.
pub struct Holding(Child);

impl Holding {
    pub fn of(desk: &Desk, module: &str) -> Self {
        let lock = serde_json::json!({
            "ID": "5e0e2f6c-0000-4000-8000-000000000001", "Operation": "OperationTypeApply", "Info": "", "Who": "joe@elsewhere",
            "Version": "1.11.4", "Created": "2026-01-02T03:04:05Z", "Path": "terraform.tfstate",
        });
        fs_err::write(desk.file(module, ".terraform.tfstate.lock.info"), lock.to_string()).unwrap();
        // The lock goes when its process closes the file, and this one reads it.
        let script = "import fcntl, sys\nstate = open(sys.argv[1], 'r+')\nfcntl.lockf(state, fcntl.LOCK_EX)\nprint('held', \
                      flush=True)\nsys.stdin.read()";
        let mut command = Command::new(interpreter());
        command.args(["-c", script]).arg(desk.file(module, "terraform.tfstate"));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self(child)
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn an_account_whose_state_is_held_keeps_none_of_the_others_back() {
    let (hub, spoke) = (account(), account());
    let Some(desk) = Desk::new(&hub).await else { return };
    let roles = |description: &str| {
        let of = |key: &str, target, name| module(key, target, &role(name, description));
        bundle(vec![of("hub", &hub, "gateway"), of("accounts/one", &spoke, "bedrock")])
    };
    desk.apply(&roles("one")).await;
    let saved = desk.saved(&roles("two")).await;
    let _holding = Holding::of(&desk, "accounts/one");
    let drift = Engine::drift(&desk.engine, &roles("one"), &DriftOptions::default()).await.unwrap();
    let [skipped] = drift.coverage.skipped.as_slice() else { panic!("{:?}", drift.coverage) };
    assert_eq!((skipped.address.as_str(), drift.coverage.checked), ("accounts/one", 1));
    assert!(skipped.reason.contains("of joe@elsewhere"), "{skipped:?}");
    let result = Engine::apply(&desk.engine, &saved, &ApplyOptions::default()).await;
    let Err(EngineError::Failed { failures, partial: true, .. }) = result else { panic!("{result:?}") };
    assert_eq!(
        (failures[0].account.as_str(), failures[0].next.as_str()),
        (spoke.account.as_str(), "gwinfra apply --resume")
    );
    assert!(desk.told("aws_iam_role.gateway").iter().any(|status| status == "UPDATE_COMPLETE"));
}
