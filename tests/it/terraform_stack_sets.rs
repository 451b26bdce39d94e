//! Stack sets that Terraform makes with a stack, with the real Terraform on moto: what changes in the accounts.
//!
//! moto makes no stack set: the rows compare with the template that the stack has. In simulated accounts the set and its
//! stacks are there, and Terraform's provider takes the simulator's CloudFormation for AWS's.

use gwinfra::drift::{Kind, Reader};
use gwinfra::engine::{Engine, EngineError};
use gwinfra::render::{Bundle, RenderedModule, Target};
use gwinfra::simulator::World;
use gwinfra::simulator::assumed::{Assumed, assume};
use gwinfra::simulator::clock::{Clock, Pace};
use gwinfra::simulator::server::{Options, Server};
use serde_json::json;

use crate::terraform_desk::{Desk, account, bundle, module, role};
use crate::terraform_drift::{behind, drift};

/// A module with a stack whose set brings a topic and a log group into these accounts.
fn with_set(hub: &gwinfra::render::Target, accounts: &[&str], retention: u32) -> RenderedModule {
    let accounts = serde_json::to_string(accounts).unwrap();
    let body = format!(
        r#"resource "aws_cloudformation_stack" "access" {{
  name = "acme-set"

  template_body = jsonencode({{
    Resources = {{
      Access = {{
        Type = "AWS::CloudFormation::StackSet"
        Properties = {{
          StackSetName        = "acme-access"
          PermissionModel     = "SERVICE_MANAGED"
          StackInstancesGroup = [{{
            DeploymentTargets = {{
              OrganizationalUnitIds = ["ou-ab12-cdefgh34"]
              AccountFilterType     = "INTERSECTION"
              Accounts              = {accounts}
            }}
            Regions = ["us-east-1"]
          }}]
          TemplateBody        = file("${{path.module}}/access.yaml")
        }}
      }}
    }}
  }})
}}
"#
    );
    let mut module = module("hub", hub, &body);
    let template = format!(
        "Resources:\n  Topic: {{Type: AWS::SNS::Topic}}\n  Logs:\n    Type: AWS::Logs::LogGroup\n    Properties: \
         {{RetentionInDays: {retention}}}\n"
    );
    module.files.insert("access.yaml".into(), template.into());
    module
}

const TWO: &[&str] = &["222222222222", "333333333333"];
const SET: &str = "hub/aws_cloudformation_stack.access";

#[tokio::test]
async fn a_plan_shows_what_a_set_changes_in_the_accounts() {
    let hub = account();
    let Some(desk) = Desk::new(&hub).await else { return };
    desk.apply(&bundle(vec![with_set(&hub, TWO, 7)])).await;
    assert!(desk.plan(&bundle(vec![with_set(&hub, TWO, 7)])).await.is_empty());
    let plan = desk.plan(&bundle(vec![with_set(&hub, &["222222222222", "333333333333", "444444444444"], 14)])).await;
    let rows: Vec<_> = plan
        .changes
        .iter()
        .map(|row| (row.address.as_str(), row.actions.join(","), row.note.clone().unwrap_or_default()))
        .collect();
    let row = |name: &'static str, action: &str, note: &str| (name, action.to_owned(), note.to_owned());
    assert_eq!(
        rows,
        [
            row(SET, "update", ""),
            row("hub/aws_cloudformation_stack.access/Logs", "update", "in 2 accounts: 222222222222, 333333333333"),
            row("hub/aws_cloudformation_stack.access/Topic", "create", "in account 444444444444"),
            row("hub/aws_cloudformation_stack.access/Logs", "create", "in account 444444444444"),
        ]
    );
    // The rows of the accounts are in the place of the text.
    assert!(!plan.changes[0].after.as_ref().unwrap().to_string().contains("RetentionInDays"));
}

#[tokio::test]
async fn the_roles_of_the_two_rollouts_do_not_meet() {
    let (hub, spoke) = (account(), account());
    let Some(desk) = Desk::new(&hub).await else { return };
    desk.apply(&bundle(vec![with_set(&hub, &[spoke.account.as_str()], 7)])).await;
    let direct = vec![module("hub", &hub, ""), module("accounts/one", &spoke, &role("access", "one"))];
    let refused = desk.try_plan(&bundle(direct)).await;
    let Err(EngineError::Invalid(report)) = refused else { panic!("{refused:?}") };
    assert!(report.diagnostics[0].message.contains("is of the other `bedrock.rollout`"), "{report:?}");
}

#[tokio::test]
async fn drift_tells_of_an_account_that_a_set_has_lost_and_of_one_that_it_cannot_look_into() {
    let hub = account();
    let Some(desk) = Desk::new(&hub).await else { return };
    let bundle = bundle(vec![with_set(&hub, TWO, 7)]);
    desk.apply(&bundle).await;
    behind(
        &hub,
        r#"
logs = "Resources: {Logs: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: acme-set-65}}}"
cloudformation.create_stack_set(StackSetName="acme-access", TemplateBody=logs)
cloudformation.create_stack_instances(StackSetName="acme-access", Accounts=["222222222222"], Regions=["us-east-1"])
"#,
    );
    let document = drift(&desk, &bundle).await;
    let rows: Vec<_> = document.findings.iter().map(|one| (one.address.as_str(), one.kind, one.reader)).collect();
    let lost = "hub/aws_cloudformation_stack.access/333333333333";
    assert_eq!(rows, [(lost, Kind::Deleted, Reader::CloudFormation)]);
    let skipped: Vec<_> = document.coverage.skipped.iter().map(|one| one.address.as_str()).collect();
    assert_eq!(skipped, ["222222222222:*"]);
    assert_eq!(document.coverage.watched["stack instances"], 2);
}

/// An account that is reached through a role.
fn reached(account: &str) -> Target {
    let role = format!("arn:aws:iam::{account}:role/gwinfra-deploy");
    Target { account: account.into(), region: "us-east-1".into(), deploy_role: Some(role) }
}

/// Simulated accounts with the roles of these, and a desk whose Terraform deploys to the first.
async fn simulated(targets: &[&Target]) -> Option<(Server, Desk)> {
    let mut world = World::new(1, Clock::new(Pace::Fast));
    let roles = targets.iter().filter_map(|target| target.deploy_role.clone()).collect();
    assume(&mut world, &Assumed { account: targets[0].account.clone(), roles, ..Assumed::default() });
    let server = Server::start(world, Options::default()).await.unwrap();
    let desk = Desk::at(&server.url(), &targets[0].account, targets[0]).await?;
    Some((server, desk))
}

/// The set in two accounts, of which the first can be looked into.
fn with_a_member(hub: &Target, spoke: &Target, retention: u32) -> Bundle {
    let mut bundle = bundle(vec![with_set(hub, TWO, retention)]);
    bundle.members = vec![spoke.clone()];
    bundle
}

/// Sets how long the log group of an account keeps its lines.
fn set_retention(server: &Server, account: &str, days: u32) {
    let mut world = server.world().lock();
    let mut groups = world.resources_of(account, "us-east-1", "AWS::Logs::LogGroup");
    let identifier = groups.next().unwrap().identifier.clone();
    drop(groups);
    let group = world.resource_mut(account, "us-east-1", "AWS::Logs::LogGroup", &identifier).unwrap();
    group.properties["RetentionInDays"] = json!(days);
}

#[tokio::test]
async fn what_was_changed_in_an_account_of_a_set_is_found_with_its_own_role_and_put_back() {
    let (hub, spoke) = (reached("111122223333"), reached("222222222222"));
    let Some((server, desk)) = simulated(&[&hub, &spoke]).await else { return };
    let bundle = with_a_member(&hub, &spoke, 7);
    desk.apply(&bundle).await;
    let document = drift(&desk, &bundle).await;
    assert_eq!(document.findings, []);
    let skipped: Vec<_> = document.coverage.skipped.iter().map(|one| one.address.as_str()).collect();
    assert_eq!(skipped, ["333333333333:*"], "the other account has no role to look with");
    for account in TWO {
        set_retention(&server, account, 30);
    }
    let found = drift(&desk, &bundle).await.findings;
    let [finding] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!((finding.account.as_str(), finding.kind, finding.reader), (TWO[0], Kind::Changed, Reader::CloudControl));
    assert_eq!((finding.expected.clone(), finding.actual.clone()), (Some(json!(7)), Some(json!(30))));
    assert_eq!(Engine::revert(&desk.engine, &bundle, &finding.address, &found).await.unwrap(), 1);
    assert_eq!(drift(&desk, &bundle).await.findings, []);
    server.stop().await;
}

#[tokio::test]
async fn a_plan_compares_with_what_an_account_of_a_set_has_where_a_role_can_look() {
    let (hub, spoke) = (reached("111122223333"), reached("222222222222"));
    let Some((server, desk)) = simulated(&[&hub, &spoke]).await else { return };
    desk.apply(&with_a_member(&hub, &spoke, 7)).await;
    assert!(desk.plan(&with_a_member(&hub, &spoke, 7)).await.is_empty());
    let plan = desk.plan(&with_a_member(&hub, &spoke, 14)).await;
    let rows: Vec<_> = plan.changes.iter().map(|row| (row.address.as_str(), row.note.as_deref())).collect();
    let logs = "hub/aws_cloudformation_stack.access/Logs";
    assert_eq!(rows, [(SET, None), (logs, Some("in all 2 accounts"))]);
    server.stop().await;
}
