//! Why Terraform failed, and what is done about one that still works: on moto.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::Command;
use std::time::Duration;

use gwinfra::diagnose::{Document, Outcome};
use gwinfra::engine::{ApplyOptions, DiagnoseOptions, Engine, EngineError};
use gwinfra::render::Bundle;

use crate::terraform_desk::{Desk, account, bundle, module, role};
use crate::terraform_engine::{slow, until};

async fn diagnose(desk: &Desk, bundle: &Bundle) -> Document {
    let options = DiagnoseOptions {
        stacks: BTreeSet::new(),
        run: None,
        patience: Duration::from_secs(5),
        most: usize::MAX,
        total: None,
        next: BTreeMap::new(),
    };
    Engine::diagnose(&desk.engine, bundle, &options).await.unwrap()
}

#[tokio::test]
async fn the_first_error_is_the_cause_until_an_apply_succeeds() {
    let hub = account();
    let Some(desk) = Desk::new(&hub).await else { return };
    let attachment = "resource \"aws_iam_role_policy_attachment\" \"main\" {\n  role = \"nobody\"\n  policy_arn = \
                      \"arn:aws:iam::aws:policy/ReadOnlyAccess\"\n}\n";
    let broken = bundle(vec![module("hub", &hub, &(role("gateway", "one") + attachment))]);
    let saved = desk.saved(&broken).await;
    let failed = Engine::apply(&desk.engine, &saved, &ApplyOptions::default()).await;
    assert!(matches!(failed, Err(EngineError::Failed { .. })), "{failed:?}");
    let document = diagnose(&desk, &broken).await;
    let failure = &document.failures[0];
    let cause = failure.cause.as_ref().unwrap();
    assert_eq!((failure.outcome, cause.status.as_str()), (Outcome::InPart, "CREATE_FAILED"));
    assert_eq!(cause.address, "hub/aws_iam_role_policy_attachment.main");
    assert!(cause.reason.contains("NoSuchEntity"), "{cause:?}");
    assert_eq!(failure.next, ["edit gwinfra.yaml:7:3, then `gwinfra plan`"]);
    // A later plan takes the place of the stream: the journal remembers.
    let _ = desk.try_plan(&broken).await;
    let document = diagnose(&desk, &broken).await;
    assert_eq!(
        document.failures[0].cause.as_ref().unwrap().address,
        "hub/aws_iam_role_policy_attachment.main",
        "{document:?}"
    );
    let mended = bundle(vec![module("hub", &hub, &role("gateway", "one"))]);
    desk.apply(&mended).await;
    assert_eq!(diagnose(&desk, &mended).await.failures, []);
}

#[tokio::test]
#[ignore = "takes minutes: make test"]
async fn terraform_whose_gwinfra_is_gone_is_asked_once_to_stop_and_writes_its_state() {
    let hub = account();
    let Some(mut desk) = Desk::new(&hub).await else { return };
    let bundle = bundle(vec![module("hub", &hub, &slow(5))]);
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
    assert_eq!(diagnose(&desk, &bundle).await.failures[0].outcome, Outcome::InProgress);
    let underway = desk.engine.underway(&bundle).await.unwrap();
    assert_eq!((underway.len(), underway[0].fixed.as_deref()), (1, None), "{underway:?}");
    desk.engine.cancel(&bundle, &underway).await.unwrap();
    let state = fs_err::read_to_string(desk.file("hub", "terraform.tfstate")).unwrap();
    assert!(state.contains("\"before\"") && !desk.has_role(&hub, "gateway").await);
    assert_eq!(desk.engine.underway(&bundle).await.unwrap(), []);
}

#[tokio::test]
async fn terraform_that_another_gwinfra_waits_for_is_asked_to_stop() {
    let hub = account();
    let Some(desk) = Desk::new(&hub).await else { return };
    let bundle = bundle(vec![module("hub", &hub, "")]);
    // In the place of Terraform: it holds the lock of its stream, and ends with a SIGINT.
    let log = desk.file("hub", "terraform.jsonl");
    fs_err::create_dir_all(log.parent().unwrap()).unwrap();
    let stream = fs_err::File::create(&log).unwrap().into_parts().0;
    stream.lock().unwrap();
    let mut child = Command::new("sleep").arg("60").stdout(stream).process_group(0).spawn().unwrap();
    fs_err::write(desk.file("hub", "terraform.pid"), child.id().to_string()).unwrap();
    drop(desk.engine.journal.begin("apply", "digest", jiff::Timestamp::now()).unwrap());
    let _claim = desk.engine.journal.claim(jiff::Timestamp::now()).unwrap();
    let underway = desk.engine.underway(&bundle).await.unwrap();
    assert_eq!((underway.len(), underway[0].fixed.as_deref()), (1, None), "{underway:?}");
    desk.engine.cancel(&bundle, &underway).await.unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(2));
}

#[tokio::test]
#[ignore = "takes minutes: make test"]
async fn terraform_that_works_is_followed_to_its_end() {
    let hub = account();
    let Some(mut desk) = Desk::new(&hub).await else { return };
    let bundle = bundle(vec![module("hub", &hub, &slow(5))]);
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
    let underway = desk.engine.underway(&bundle).await.unwrap();
    desk.engine.watch(&bundle, &underway).await.unwrap();
    assert!(desk.told("aws_iam_role.gateway").iter().any(|status| status == "CREATE_COMPLETE"));
    assert!(desk.has_role(&hub, "gateway").await);
}
