//! The engine deploys to moto, whose accounts are another implementation of AWS than the simulator's.
//!
//! moto stands in for AWS only as far as it goes, and the stacks here are chosen so that the facts can be seen:
//!
//! * It gives no outputs to a stack that was made through a change set. The stack whose outputs others take is made with
//!   `CreateStack` beforehand, as another tool would have made it.
//! * Its events name no request and no resource: what happened is read back from the service that has it.
//! * An update loses resources of types that it cannot update. Only a security group is changed.
//! * It does not look at who may assume a role: any account can be reached.
//! * It does not have `UpdateTerminationProtection` and `DescribeEvents`, and answers with a page of HTML.

use std::collections::BTreeSet;

use gwinfra::aws::Error;
use gwinfra::engine::{ApplyOptions, DestroyOptions, EngineError};
use gwinfra::plan::{Action, SavedPlan, SeenBy, StackAction};
use gwinfra::render::Target;

use crate::deployment::row;
use crate::moto_estate::{CONFIG, Estate};

/// The account of every access key that moto did not give out itself.
const CALLER: &str = "123456789012";

#[tokio::test]
async fn a_plan_from_nothing_makes_every_resource() {
    let Some(estate) = Estate::new(1).await else { return };
    let plan = estate.desk.plan(&estate.bundle(4000)).await;
    assert!(plan.changes.iter().all(|change| change.kind() == Action::Create), "{plan:#?}");
    let role = format!("{}:acme-bedrock-access/Role", estate.spoke.account);
    let addresses: BTreeSet<&str> = plan.changes.iter().map(|change| change.address.as_str()).collect();
    let wanted = ["acme-foundation/Config", "acme-foundation/Images", "acme-gateway/Tasks", "acme-gateway/Vpc", &role];
    assert_eq!(addresses, BTreeSet::from(wanted));
    assert_eq!(row(&plan, "acme-foundation/Config").seen_by, [SeenBy::TemplateDiff, SeenBy::ChangeSet]);
    assert_eq!(row(&plan, "acme-gateway/Vpc").seen_by, [SeenBy::TemplateDiff]);
}

#[tokio::test]
async fn a_plan_leaves_nothing_behind() {
    let Some(estate) = Estate::new(2).await else { return };
    estate.desk.plan(&estate.bundle(4000)).await;
    assert_eq!(estate.stacks(&estate.hub).await, [""; 0]);
    assert_eq!(estate.stacks(&estate.spoke).await, [""; 0]);
}

#[tokio::test]
async fn stacks_are_made_in_their_accounts_and_regions() {
    let Some(estate) = Estate::founded(3).await else { return };
    estate.apply(&estate.bundle(4000)).await;
    let gateway = estate.stack(&estate.hub, "acme-gateway").await.unwrap();
    assert_eq!(gateway.status, "CREATE_COMPLETE");
    let own = format!("arn:aws:cloudformation:us-east-1:{}:stack/acme-gateway/", estate.hub.account);
    assert!(gateway.id.starts_with(&own), "{}", gateway.id);
    let access = estate.stack(&estate.spoke, "acme-bedrock-access").await.unwrap();
    let own = format!("arn:aws:cloudformation:us-west-2:{}:stack/acme-bedrock-access/", estate.spoke.account);
    assert!(access.id.starts_with(&own), "{}", access.id);
    let vpc = estate.session(&estate.hub).ec2().vpc(&estate.physical_id("Vpc").await).await.unwrap();
    assert_eq!(vpc.unwrap().cidrs, ["10.40.0.0/16"]);
}

#[tokio::test]
async fn resources_of_one_account_are_not_in_the_other() {
    let Some(estate) = Estate::founded(4).await else { return };
    estate.apply(&estate.bundle(4000)).await;
    assert!(estate.has_role(&estate.spoke).await);
    assert!(!estate.has_role(&estate.hub).await);
    assert_eq!(estate.stack(&estate.hub, "acme-bedrock-access").await, None);
    let vpc = estate.physical_id("Vpc").await;
    assert_eq!(estate.session(&estate.spoke).ec2().vpc(&vpc).await.unwrap(), None);
}

#[tokio::test]
async fn outputs_and_digests_are_passed_on_as_parameters() {
    let Some(estate) = Estate::founded(5).await else { return };
    let plan = estate.apply(&estate.bundle(4000)).await;
    let gateway = estate.stack(&estate.hub, "acme-gateway").await.unwrap();
    assert_eq!(gateway.parameters["Bucket"], estate.bucket);
    assert_eq!(gateway.parameters["Image"], plan.inputs.images["litellm"]);
}

#[tokio::test]
async fn the_config_object_is_there_under_the_hash_of_its_content() {
    let Some(estate) = Estate::founded(6).await else { return };
    estate.apply(&estate.bundle(4000)).await;
    let head = estate.s3().await.head_object().bucket(&estate.bucket).key(estate.object().key).send().await.unwrap();
    assert_eq!(head.content_type.as_deref(), Some("application/yaml"));
    assert_eq!(head.content_length, Some(CONFIG.len() as i64));
}

#[tokio::test]
async fn what_was_applied_has_no_changes_and_its_config_object_is_uploaded_once() {
    let Some(estate) = Estate::founded(7).await else { return };
    let versioning = aws_sdk_s3::types::VersioningConfiguration::builder()
        .status(aws_sdk_s3::types::BucketVersioningStatus::Enabled)
        .build();
    let s3 = estate.s3().await;
    s3.put_bucket_versioning().bucket(&estate.bucket).versioning_configuration(versioning).send().await.unwrap();
    let bundle = estate.bundle(4000);
    estate.apply(&bundle).await;
    let again = estate.apply(&bundle).await;
    assert!(again.is_empty(), "{again:#?}");
    let uploaded = format!("uploaded to {}", estate.bucket);
    assert_eq!(estate.results(&format!("upload {}", estate.object().key)), [uploaded.as_str(), "already there"]);
    let versions = s3.list_object_versions().bucket(&estate.bucket).send().await.unwrap();
    assert_eq!(versions.versions.unwrap_or_default().len(), 1);
}

#[tokio::test]
async fn the_wrong_account_stops_before_anything_is_made() {
    let Some(mut estate) = Estate::new(8).await else { return };
    estate.hub.deploy_role = None;
    let error = estate.desk.engine.plan(&estate.bundle(4000), &Default::default()).await.unwrap_err().error;
    let EngineError::Aws(Error::WrongAccount { expected, actual, .. }) = &error else { panic!("{error:?}") };
    assert_eq!((expected.as_str(), actual.as_str()), (estate.hub.account.as_str(), CALLER));
    let caller = Target { account: CALLER.into(), ..estate.hub.clone() };
    assert!(!estate.stacks(&caller).await.iter().any(|name| name.starts_with("acme-")));
    assert_eq!(estate.stacks(&estate.spoke).await, [""; 0]);
}

#[tokio::test]
async fn a_deploy_role_of_another_account_stops_before_anything_is_made() {
    let Some(mut estate) = Estate::new(9).await else { return };
    let right = estate.spoke.clone();
    estate.spoke.deploy_role.clone_from(&estate.hub.deploy_role);
    let error = estate.desk.engine.plan(&estate.bundle(4000), &Default::default()).await.unwrap_err().error;
    let EngineError::Aws(Error::WrongAccount { expected, actual, .. }) = &error else { panic!("{error:?}") };
    assert_eq!((expected, actual), (&right.account, &estate.hub.account));
    assert_eq!(estate.stacks(&estate.hub).await, [""; 0]);
}

#[tokio::test]
async fn an_image_by_tag_is_planned_by_the_digest_that_ecr_has() {
    let Some(estate) = Estate::founded(10).await else { return };
    let digest = estate.push("v2").await;
    let mut bundle = estate.bundle(4000);
    bundle.images.insert("litellm".into(), estate.image("v2"));
    let plan = estate.desk.plan(&bundle).await;
    let repository = estate.image("v2").trim_end_matches(":v2").to_owned();
    assert_eq!(plan.inputs.images["litellm"], format!("{repository}@{digest}"));
}

#[tokio::test]
async fn a_tag_that_is_missing_says_how_to_push_it() {
    let Some(estate) = Estate::founded(11).await else { return };
    let mut bundle = estate.bundle(4000);
    bundle.images.insert("litellm".into(), estate.image("v9"));
    let error = estate.desk.engine.plan(&bundle, &Default::default()).await.unwrap_err().error;
    let EngineError::ImageMissing(words) = &error else { panic!("{error:?}") };
    assert!(words.contains("has no v9"), "{words}");
    let command = format!("gwinfra image mirror ghcr.io/berriai/litellm:v9 {}", estate.image("v9"));
    assert!(words.contains(&command), "{words}");
}

#[tokio::test]
async fn a_changed_value_updates_exactly_its_resource() {
    let Some(estate) = Estate::founded(12).await else { return };
    estate.apply(&estate.bundle(4000)).await;
    let plan = estate.apply(&estate.bundle(4443)).await;
    assert_eq!(plan.changes.len(), 1, "{plan:#?}");
    let tasks = row(&plan, "acme-gateway/Tasks");
    assert_eq!(tasks.kind(), Action::Update);
    assert_eq!(tasks.seen_by, [SeenBy::TemplateDiff, SeenBy::ChangeSet]);
    let actions: Vec<StackAction> = plan.stacks.iter().map(|stack| stack.action).collect();
    assert_eq!(actions, [StackAction::NoOp, StackAction::Update, StackAction::NoOp]);
    let groups = aws_sdk_ec2::Client::new(&estate.config(&estate.hub).await)
        .describe_security_groups()
        .group_ids(estate.physical_id("Tasks").await)
        .send()
        .await
        .unwrap()
        .security_groups
        .unwrap();
    assert_eq!(groups[0].ip_permissions.as_ref().unwrap()[0].from_port, Some(4443));
}

#[tokio::test]
async fn destroy_takes_every_stack_down() {
    let Some(estate) = Estate::founded(13).await else { return };
    let bundle = estate.bundle(4000);
    estate.apply(&bundle).await;
    let vpc = estate.physical_id("Vpc").await;
    let options = DestroyOptions { empty_buckets: true, ..DestroyOptions::default() };
    let plan = estate.desk.engine.plan_destroy(&bundle, &options).await.unwrap();
    assert_eq!(plan.blockers, [""; 0]);
    assert_eq!(plan.buckets, [("foundation".to_owned(), estate.bucket.clone(), 1)]);
    estate.desk.engine.destroy(&bundle, &plan, &options).await.unwrap();
    assert_eq!(estate.stacks(&estate.hub).await, [""; 0]);
    assert_eq!(estate.stacks(&estate.spoke).await, [""; 0]);
    assert!(!estate.has_role(&estate.spoke).await);
    assert_eq!(estate.session(&estate.hub).ec2().vpc(&vpc).await.unwrap(), None);
    let bucket = estate.s3().await.head_bucket().bucket(&estate.bucket).send().await.unwrap_err();
    assert!(bucket.as_service_error().unwrap().is_not_found(), "{bucket:?}");
}

#[tokio::test]
async fn a_bucket_with_something_in_it_blocks_a_destroy() {
    let Some(estate) = Estate::founded(14).await else { return };
    let bundle = estate.bundle(4000);
    estate.apply(&bundle).await;
    let plan = estate.desk.engine.plan_destroy(&bundle, &DestroyOptions::default()).await.unwrap();
    let wanted = format!("bucket {} holds 1 object version: pass `--empty-buckets` to delete them", estate.bucket);
    assert_eq!(plan.blockers, [wanted]);
}

#[tokio::test]
async fn a_call_that_is_not_implemented_is_a_readable_error_and_not_tried_again() {
    let Some(estate) = Estate::founded(15).await else { return };
    let mut bundle = estate.bundle(4000);
    bundle.stacks[2].termination_protection = true;
    let saved = SavedPlan::new(estate.desk.plan_to_keep(&bundle).await, bundle);
    let error = estate.desk.engine.apply(&saved, &ApplyOptions::default()).await.unwrap_err();
    let EngineError::Aws(error) = &error else { panic!("{error:?}") };
    let words = "the answer to cloudformation:UpdateTerminationProtection is not from AWS (HTTP 500): \
                 500 Internal Server Error";
    assert!(error.to_string().starts_with(words), "{error}");
    assert_eq!(estate.desk.retries.lock().unwrap().len(), 0);
}

/// What moto lacks is what a stack of somebody else's making lacks: the outputs that the blueprint counts on.
#[tokio::test]
async fn a_stack_without_its_outputs_stops_what_needs_them() {
    let Some(estate) = Estate::new(16).await else { return };
    let mut bundle = estate.bundle(4000);
    // One that nobody has to push first.
    bundle.images.insert("litellm".into(), format!("ghcr.io/berriai/litellm@sha256:{}", "0".repeat(64)));
    let saved = SavedPlan::new(estate.desk.plan_to_keep(&bundle).await, bundle);
    let error = estate.desk.engine.apply(&saved, &ApplyOptions::default()).await.unwrap_err();
    let EngineError::Stale(reasons) = &error else { panic!("{error:?}") };
    assert!(reasons[0].starts_with(&format!("the bucket of {} is not known", estate.object().key)), "{reasons:?}");
    assert_eq!(estate.stack(&estate.hub, "acme-foundation").await.unwrap().status, "CREATE_COMPLETE");
    assert_eq!(estate.stack(&estate.hub, "acme-gateway").await, None);
}
