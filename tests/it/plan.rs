//! Plans against simulated accounts.

use gwinfra::aws::Error;
use gwinfra::engine::{ApplyOptions, EngineError};
use gwinfra::plan::{Action, SavedPlan, SeenBy, StackAction};
use gwinfra::render::{Bundle, Lookup};
use gwinfra::simulator::World;
use gwinfra::simulator::assumed::{Assumed, HostedZone, Vpc, assume};
use gwinfra::simulator::clock::{Clock, Pace};
use gwinfra::simulator::server::{Options, Server};

use crate::deployment::{Desk, HUB, bundle, row, stack, target, two_stacks};

async fn server() -> Server {
    Server::start(World::new(1, Clock::new(Pace::Fast)), Options::default()).await.unwrap()
}

async fn apply(desk: &Desk, bundle: &Bundle) {
    let saved = SavedPlan::new(desk.plan_to_keep(bundle).await, bundle.clone());
    desk.engine.apply(&saved, &ApplyOptions::default()).await.unwrap();
}

/// Names of all stacks in the hub.
async fn stacks(desk: &Desk) -> Vec<String> {
    let session = desk.engine.clients.session(&target(HUB));
    session.cloudformation().stacks().await.unwrap().into_iter().map(|stack| stack.name).collect()
}

#[tokio::test]
async fn a_first_plan_makes_everything_and_leaves_nothing_behind() {
    let server = server().await;
    let desk = Desk::new(&server.url(), HUB).await;
    let plan = desk.plan(&two_stacks("10.0.0.0/16", 7)).await;
    assert_eq!((plan.summary.add, plan.stacks.len()), (3, 2));
    assert!(plan.stacks.iter().all(|stack| stack.change_set.is_none()));
    assert!(stacks(&desk).await.is_empty());
}

#[tokio::test]
async fn a_stack_that_waits_for_outputs_is_planned_from_its_template() {
    let server = server().await;
    let desk = Desk::new(&server.url(), HUB).await;
    let plan = desk.plan(&two_stacks("10.0.0.0/16", 7)).await;
    assert_eq!(plan.stacks[0].template_only, None);
    let reason = plan.stacks[1].template_only.as_deref().unwrap();
    assert_eq!(reason, "it takes outputs of acme-network, which does not exist yet");
    assert_eq!(row(&plan, "acme-gateway/Logs").seen_by, [SeenBy::TemplateDiff]);
    assert_eq!(row(&plan, "acme-network/Vpc").seen_by, [SeenBy::TemplateDiff, SeenBy::ChangeSet]);
}

#[tokio::test]
async fn what_was_applied_has_no_changes_and_needs_no_change_set() {
    let server = server().await;
    let desk = Desk::new(&server.url(), HUB).await;
    let bundle = two_stacks("10.0.0.0/16", 7);
    apply(&desk, &bundle).await;
    let plan = desk.plan_to_keep(&bundle).await;
    assert!(plan.is_empty(), "{plan:#?}");
    assert!(plan.stacks.iter().all(|stack| stack.change_set.is_none()));
}

#[tokio::test]
async fn one_changed_value_is_one_row() {
    let server = server().await;
    let desk = Desk::new(&server.url(), HUB).await;
    apply(&desk, &two_stacks("10.0.0.0/16", 7)).await;
    let plan = desk.plan(&two_stacks("10.0.0.0/16", 14)).await;
    assert_eq!(plan.changes.len(), 1, "{plan:#?}");
    let logs = row(&plan, "acme-gateway/Logs");
    assert_eq!((logs.kind(), &logs.paths), (Action::Update, &vec![vec!["RetentionInDays".to_owned()]]));
    assert_eq!(logs.seen_by, [SeenBy::TemplateDiff, SeenBy::ChangeSet]);
    assert_eq!(plan.stacks[0].action, StackAction::NoOp);
}

#[tokio::test]
async fn a_replacement_reaches_the_stacks_that_take_its_outputs() {
    let server = server().await;
    let desk = Desk::new(&server.url(), HUB).await;
    apply(&desk, &two_stacks("10.0.0.0/16", 7)).await;
    let plan = desk.plan(&two_stacks("10.1.0.0/16", 7)).await;
    assert_eq!(row(&plan, "acme-network/Vpc").kind(), Action::Replace);
    assert_eq!(plan.output_changes, ["acme-network/VpcId"]);
    let reason = plan.stacks[1].template_only.as_deref().unwrap();
    assert_eq!(reason, "it takes outputs of acme-network that this plan changes");
    assert!(row(&plan, "acme-gateway/Group").replace.is_some());
}

#[tokio::test]
async fn a_stack_that_left_the_spec_is_deleted() {
    let server = server().await;
    let desk = Desk::new(&server.url(), HUB).await;
    let whole = two_stacks("10.0.0.0/16", 7);
    apply(&desk, &whole).await;
    let plan = desk.plan(&bundle(vec![whole.stacks[0].clone()])).await;
    assert_eq!((plan.stacks[1].action, plan.summary.destroy), (StackAction::Delete, 2));
}

#[tokio::test]
async fn a_neighbour_with_a_longer_prefix_is_left_alone() {
    let server = server().await;
    let desk = Desk::new(&server.url(), HUB).await;
    let mut neighbour = bundle(vec![stack("acme-dev", "network", "Resources: {Topic: {Type: AWS::SNS::Topic}}")]);
    neighbour.deployment.prefix = "acme-dev".into();
    apply(&desk, &neighbour).await;
    let plan = desk.plan(&two_stacks("10.0.0.0/16", 7)).await;
    assert_eq!(plan.summary.destroy, 0, "{plan:#?}");
}

#[tokio::test]
async fn a_changed_bucket_name_is_gated() {
    let server = server().await;
    let desk = Desk::new(&server.url(), HUB).await;
    let with = |name: &str| {
        let template = format!("Resources: {{Logs: {{Type: AWS::S3::Bucket, Properties: {{BucketName: {name}}}}}}}");
        bundle(vec![stack("acme", "foundation", &template)])
    };
    apply(&desk, &with("acme-logs-one")).await;
    let plan = desk.plan(&with("acme-logs-two")).await;
    assert_eq!(plan.gates[0].flag(), "--allow-replace acme-foundation/Logs");
}

#[tokio::test]
async fn a_current_plan_has_not_moved() {
    let server = server().await;
    let desk = Desk::new(&server.url(), HUB).await;
    apply(&desk, &two_stacks("10.0.0.0/16", 7)).await;
    let changed = two_stacks("10.0.0.0/16", 14);
    let file = desk.file("acme.gwplan");
    SavedPlan::new(desk.plan_to_keep(&changed).await, changed.clone()).save(&file).unwrap();
    let saved = SavedPlan::load(&file).unwrap();
    assert_eq!(desk.engine.moved(&saved, Some(&changed.digest)).await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn another_apply_makes_a_plan_stale() {
    let server = server().await;
    let desk = Desk::new(&server.url(), HUB).await;
    apply(&desk, &two_stacks("10.0.0.0/16", 7)).await;
    let changed = two_stacks("10.0.0.0/16", 14);
    let saved = SavedPlan::new(desk.plan_to_keep(&changed).await, changed);
    apply(&desk, &two_stacks("10.0.0.0/16", 30)).await;
    let moved = desk.engine.moved(&saved, None).await.unwrap().join("\n");
    assert!(moved.contains("stack acme-gateway"), "{moved}");
    assert!(moved.contains("OBSOLETE") || moved.contains("change set"), "{moved}");
}

#[tokio::test]
async fn a_plan_for_another_account_is_stale() {
    let server = server().await;
    let desk = Desk::new(&server.url(), HUB).await;
    let bundle = two_stacks("10.0.0.0/16", 7);
    let saved = SavedPlan::new(desk.plan(&bundle).await, bundle);
    let other = Desk::new(&server.url(), "444455556666").await;
    let moved = other.engine.moved(&saved, None).await.unwrap();
    assert_eq!(moved, ["the plan is for account 111122223333, but the credentials are for account 444455556666"]);
}

#[tokio::test]
async fn credentials_of_another_account_stop_a_plan_before_anything_is_made() {
    let server = server().await;
    let desk = Desk::new(&server.url(), "444455556666").await;
    let error = desk.engine.plan(&two_stacks("10.0.0.0/16", 7), &Default::default()).await.unwrap_err().error;
    let EngineError::Aws(error) = error else { panic!("{error}") };
    assert!(error.is_preflight());
    assert!(matches!(error, Error::WrongAccount { .. }), "{error}");
}

#[tokio::test]
async fn a_region_that_does_not_exist_stops_a_plan() {
    let server = server().await;
    let desk = Desk::new(&server.url(), HUB).await;
    let mut bundle = two_stacks("10.0.0.0/16", 7);
    bundle.deployment.hub.region = "us-esat-1".into();
    for stack in &mut bundle.stacks {
        stack.target.region = "us-esat-1".into();
    }
    let error = desk.engine.plan(&bundle, &Default::default()).await.unwrap_err().error;
    assert!(error.to_string().contains("us-esat-1"), "{error}");
    assert!(matches!(error, EngineError::Aws(Error::UnknownRegion { .. })), "{error:?}");
}

#[tokio::test]
async fn a_vpc_that_is_not_there_stops_a_plan() {
    let server = server().await;
    let desk = Desk::new(&server.url(), HUB).await;
    let mut bundle = two_stacks("10.0.0.0/16", 7);
    let (id, cidr) = ("vpc-0a1b".to_owned(), "10.0.0.0/16".to_owned());
    bundle.lookups.insert("vpc".into(), Lookup::Vpc { id, cidr, subnets: Vec::new() });
    let error = desk.engine.plan(&bundle, &Default::default()).await.unwrap_err().error;
    let EngineError::Preflight(report) = error else { panic!("{error:?}") };
    assert_eq!(report.diagnostics[0].message, "VPC `vpc-0a1b` is not in account 111122223333, us-east-1");
}

#[tokio::test]
async fn more_availability_zones_than_there_are_stop_a_plan() {
    let server = server().await;
    let desk = Desk::new(&server.url(), HUB).await;
    let mut bundle = two_stacks("10.0.0.0/16", 7);
    bundle.lookups.insert("zones".into(), Lookup::AvailabilityZones { names: Vec::new(), count: 40 });
    let error = desk.engine.plan(&bundle, &Default::default()).await.unwrap_err().error;
    assert!(matches!(error, EngineError::Preflight(_)), "{error:?}");
}

#[tokio::test]
async fn an_image_that_is_not_pushed_says_how_to_push_it() {
    let server = server().await;
    let desk = Desk::new(&server.url(), HUB).await;
    let mut bundle = two_stacks("10.0.0.0/16", 7);
    let uri = format!("{HUB}.dkr.ecr.us-east-1.amazonaws.com/elsewhere/litellm:v1");
    bundle.images.insert("litellm".into(), uri);
    let error = desk.engine.plan(&bundle, &Default::default()).await.unwrap_err().error;
    let EngineError::ImageMissing(words) = error else { panic!("{error:?}") };
    assert!(words.contains("create-repository"), "{words}");
}

#[tokio::test]
async fn an_image_that_nothing_supplies_is_an_error_in_a_plan_that_makes_its_repository() {
    let server = server().await;
    let desk = Desk::new(&server.url(), HUB).await;
    let template = "Resources: {Images: {Type: AWS::ECR::Repository, Properties: {RepositoryName: acme/litellm}}}";
    let mut bundle = bundle(vec![stack("acme", "foundation", template)]);
    let uri = format!("{HUB}.dkr.ecr.us-east-1.amazonaws.com/acme/litellm:v1");
    bundle.images.insert("litellm".into(), uri);
    let plan = desk.plan(&bundle).await;
    assert!(plan.diagnostics[0].message.contains("made by this deployment"), "{:?}", plan.diagnostics);
    assert_eq!(plan.diagnostics[0].severity, "error");
    assert!(plan.inputs.images.is_empty());
}

#[tokio::test]
async fn a_template_that_cloudformation_refuses_is_a_finding() {
    let server = server().await;
    let desk = Desk::new(&server.url(), HUB).await;
    let template = "Resources: {Vpc: {Type: AWS::EC2::VPC, Properties: {Cidr: 10.0.0.0/16}}}";
    let bundle = bundle(vec![stack("acme", "network", template)]);
    let error = desk.engine.plan(&bundle, &Default::default()).await.unwrap_err().error;
    assert!(matches!(error, EngineError::Invalid(_)), "{error:?}");
    assert!(stacks(&desk).await.is_empty());
}

/// A simulator in which the hub has a hosted zone and a VPC, and another account a deploy role.
async fn furnished() -> Server {
    let server = server().await;
    let assumed = Assumed {
        account: HUB.into(),
        region: "us-east-1".into(),
        hosted_zones: vec![HostedZone { name: Some("example.com".into()), id: Some("Z0123456789ABCDEFGHIJ".into()) }],
        vpc: Some(Vpc {
            id: "vpc-0a1b".into(),
            cidr: None,
            subnets: vec![vec!["subnet-0a".into(), "subnet-0b".into()]],
        }),
        roles: vec![DEPLOY_ROLE.into()],
        ..Assumed::default()
    };
    assume(&mut server.world().lock(), &assumed);
    server
}

const DEPLOY_ROLE: &str = "arn:aws:iam::222222222222:role/gwinfra-deploy";

#[tokio::test]
async fn lookups_give_their_results_to_the_plan() {
    let server = furnished().await;
    let desk = Desk::new(&server.url(), HUB).await;
    let mut bundle = two_stacks("10.0.0.0/16", 7);
    bundle.lookups.insert("zone".into(), Lookup::HostedZone { name: "example.com".into() });
    let vpc = |subnet: &str| Lookup::Vpc {
        id: "vpc-0a1b".into(),
        cidr: "10.0.0.0/16".into(),
        subnets: vec!["subnet-0a".into(), subnet.into()],
    };
    bundle.lookups.insert("vpc".into(), vpc("subnet-0b"));
    let plan = desk.plan(&bundle).await;
    assert_eq!(plan.inputs.lookups["zone"], "Z0123456789ABCDEFGHIJ");
    assert_eq!(plan.inputs.lookups["vpc"], "vpc-0a1b");
    bundle.lookups.insert("vpc".into(), vpc("subnet-0c"));
    let error = desk.engine.plan(&bundle, &Default::default()).await.unwrap_err().error;
    let EngineError::Preflight(report) = error else { panic!("{error:?}") };
    assert_eq!(report.diagnostics[0].message, "subnet `subnet-0c` is not in VPC `vpc-0a1b`");
}

/// A bundle with a stack in another account.
fn two_accounts() -> Bundle {
    let mut whole = two_stacks("10.0.0.0/16", 7);
    let mut spoke = stack("acme", "bedrock-access", "Resources: {Topic: {Type: AWS::SNS::Topic}}");
    spoke.key = "bedrock-access@222222222222".into();
    spoke.target.account = "222222222222".into();
    spoke.target.deploy_role = Some(DEPLOY_ROLE.into());
    whole.stacks.push(spoke);
    whole
}

#[tokio::test]
async fn other_accounts_are_planned_through_their_deploy_roles() {
    let server = furnished().await;
    let desk = Desk::new(&server.url(), HUB).await;
    let plan = desk.plan(&two_accounts()).await;
    assert_eq!(row(&plan, "222222222222:acme-bedrock-access/Topic").kind(), Action::Create);
}

#[tokio::test]
async fn an_account_that_left_the_spec_is_found_through_the_journal() {
    let server = furnished().await;
    let desk = Desk::new(&server.url(), HUB).await;
    apply(&desk, &two_accounts()).await;
    let plan = desk.plan(&two_stacks("10.0.0.0/16", 7)).await;
    assert_eq!(row(&plan, "222222222222:acme-bedrock-access/Topic").kind(), Action::Delete);
    assert_eq!(plan.summary.destroy, 1);
}

#[tokio::test]
async fn a_changed_tag_updates_and_replaces_nothing() {
    let server = server().await;
    let desk = Desk::new(&server.url(), HUB).await;
    let mut bundle = two_stacks("10.0.0.0/16", 7);
    apply(&desk, &bundle).await;
    for stack in &mut bundle.stacks {
        stack.tags.insert("team".into(), "platform".into());
    }
    let plan = desk.plan(&bundle).await;
    assert_eq!((plan.summary.replace, plan.summary.destroy, plan.summary.add), (0, 0, 0));
    assert!(plan.changes.iter().all(|change| change.seen_by == [SeenBy::ChangeSet]), "{plan:#?}");
    assert!(plan.stacks.iter().all(|stack| stack.action == StackAction::Update));
}

#[tokio::test]
async fn what_the_change_set_names_only_because_of_a_reference_is_folded() {
    let server = server().await;
    let desk = Desk::new(&server.url(), HUB).await;
    let with = |description: &str| {
        let template = format!(
            "
Resources:
  Key: {{Type: AWS::KMS::Key, Properties: {{Description: {description}, KeyPolicy: {{Version: '2012-10-17', Statement: []}}}}}}
  Logs: {{Type: AWS::Logs::LogGroup, Properties: {{KmsKeyId: !GetAtt Key.Arn}}}}
"
        );
        bundle(vec![stack("acme", "foundation", &template)])
    };
    apply(&desk, &with("one")).await;
    let plan = desk.plan(&with("two")).await;
    assert_eq!(plan.summary.change, 1, "{plan:#?}");
    assert_eq!(row(&plan, "acme-foundation/Key").paths, [["Description"]]);
}

#[tokio::test]
async fn discarding_a_plan_deletes_its_change_sets_and_empty_stacks() {
    let server = server().await;
    let desk = Desk::new(&server.url(), HUB).await;
    let plan = desk.plan_to_keep(&two_stacks("10.0.0.0/16", 7)).await;
    assert_eq!(stacks(&desk).await, ["acme-network"]);
    desk.engine.discard(&plan).await.unwrap();
    assert!(stacks(&desk).await.is_empty());
}
