//! Drift of small deployments, and how long that of a large one takes.

use std::time::{Duration, Instant};

use gwinfra::drift::{Document, Kind};
use gwinfra::engine::{ACCOUNTS_AT_ONCE, ApplyOptions, DriftOptions, Engine};
use gwinfra::plan::SavedPlan;
use gwinfra::render::{Bundle, ParameterValue, RenderedStack, Target};
use gwinfra::simulator::World;
use gwinfra::simulator::assumed::{Assumed, HostedZone, assume};
use gwinfra::simulator::clock::{Clock, Pace};
use gwinfra::simulator::resource::GLOBAL;
use gwinfra::simulator::scenario::Scenario;
use gwinfra::simulator::server::{Options, Server};

use crate::deployment::{Desk, HUB, bundle, stack};

async fn start(roles: Vec<String>) -> (Server, Desk) {
    let mut world = World::new(1, Clock::new(Pace::Fast));
    assume(&mut world, &Assumed { account: HUB.into(), region: "us-east-1".into(), roles, ..Assumed::default() });
    let server = Server::start(world, Options::default()).await.unwrap();
    let desk = Desk::new(&server.url(), HUB).await;
    (server, desk)
}

async fn apply(desk: &Desk, bundle: &Bundle) {
    let saved = SavedPlan::new(desk.plan_to_keep(bundle).await, bundle.clone());
    desk.engine.apply(&saved, &ApplyOptions::default()).await.unwrap();
}

async fn drift(desk: &Desk, bundle: &Bundle) -> Document {
    Engine::drift(&desk.engine, bundle, &DriftOptions::default()).await.unwrap()
}

const NETWORK: &str = "
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  Group: {Type: AWS::EC2::SecurityGroup, Properties: {VpcId: !Ref Vpc, GroupDescription: database}}
Outputs: {GroupId: {Value: !Ref Group}}
";

/// A group, and a rule in it that another stack has.
fn rule_of_another_stack() -> Bundle {
    let app = "
Parameters: {Group: {Type: String}}
Resources:
  Rule:
    Type: AWS::EC2::SecurityGroupIngress
    Properties: {GroupId: !Ref Group, IpProtocol: tcp, FromPort: 5432, ToPort: 5432, CidrIp: 10.0.0.0/16}
";
    let mut app = stack("acme", "gateway", app);
    let group = ParameterValue::Output { stack: "network".into(), output: "GroupId".into() };
    app.parameters.insert("Group".into(), group);
    bundle(vec![stack("acme", "network", NETWORK), app])
}

#[tokio::test]
async fn a_rule_that_another_stack_has_in_a_group_is_no_drift() {
    let (_server, desk) = start(Vec::new()).await;
    let bundle = rule_of_another_stack();
    apply(&desk, &bundle).await;
    assert_eq!(drift(&desk, &bundle).await.findings, Vec::new());
}

#[tokio::test]
async fn a_rule_that_no_stack_has_is_told_of() {
    let (server, desk) = start(Vec::new()).await;
    let bundle = rule_of_another_stack();
    apply(&desk, &bundle).await;
    let group = {
        let shared = server.world().lock();
        let group = shared.resources_of(HUB, "us-east-1", "AWS::EC2::SecurityGroup").next().unwrap();
        group.identifier.clone()
    };
    let rule = serde_json::json!({
        "GroupId": group, "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"});
    let now = server.world().lock().now();
    let rule = gwinfra::simulator::Resource::new("AWS::EC2::SecurityGroupIngress", "sgr-0123456789abcdef0", rule, now);
    server.world().lock().put(HUB, "us-east-1", rule);
    let found = drift(&desk, &bundle).await.findings;
    assert_eq!((found.len(), found[0].kind, found[0].address.as_str()), (1, Kind::Added, "acme-network/Group"));
}

/// A certificate of two names, whose records CloudFormation writes, and a listener that uses it.
const CERTIFIED: &str = "
Resources:
  Certificate:
    Type: AWS::CertificateManager::Certificate
    Properties:
      DomainName: llm.example.com
      SubjectAlternativeNames: [api.example.com]
      ValidationMethod: DNS
      DomainValidationOptions:
        - {DomainName: llm.example.com, HostedZoneId: Z0123456789ABCDEFGHIJ}
        - {DomainName: api.example.com, HostedZoneId: Z0123456789ABCDEFGHIJ}
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  SubnetA: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24, AvailabilityZone: us-east-1a}}
  SubnetB: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24, AvailabilityZone: us-east-1b}}
  LoadBalancer: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {Subnets: [!Ref SubnetA, !Ref SubnetB]}}
  Listener:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties:
      LoadBalancerArn: !Ref LoadBalancer
      Port: 443
      Protocol: HTTPS
      Certificates: [{CertificateArn: !Ref Certificate}]
      DefaultActions: [{Type: fixed-response, FixedResponseConfig: {StatusCode: '404'}}]
";

#[tokio::test]
async fn a_certificate_is_asked_for_once_wherever_it_is_used() {
    let (server, desk) = start(Vec::new()).await;
    let zone = HostedZone { id: Some("Z0123456789ABCDEFGHIJ".into()), name: None };
    let assumed =
        Assumed { account: HUB.into(), region: "us-east-1".into(), hosted_zones: vec![zone], ..Assumed::default() };
    assume(&mut server.world().lock(), &assumed);
    let bundle = bundle(vec![stack("acme", "gateway", CERTIFIED)]);
    apply(&desk, &bundle).await;
    server.world().lock().calls.clear();
    let watched = drift(&desk, &bundle).await.coverage.watched;
    assert_eq!((watched["certificates"], watched["validation records"]), (1, 2));
    assert_eq!(server.world().lock().calls["acm:DescribeCertificate"], 1);
}

/// A role, and a policy that another stack attaches to it.
fn policy_of_another_stack() -> Bundle {
    let gateway = "
Resources:
  TaskRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - {Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: sts:AssumeRole}
Outputs: {TaskRoleName: {Value: !Ref TaskRole}}
";
    let roles = "
Parameters: {TaskRoleName: {Type: String}}
Resources:
  FurtherPolicy1:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      Roles: [!Ref TaskRoleName]
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          - {Effect: Allow, Action: sts:AssumeRole, Resource: arn:aws:iam::444455556666:role/acme-bedrock}
";
    let mut roles = stack("acme", "bedrock-roles", roles);
    let name = ParameterValue::Output { stack: "gateway".into(), output: "TaskRoleName".into() };
    roles.parameters.insert("TaskRoleName".into(), name);
    bundle(vec![stack("acme", "gateway", gateway), roles])
}

#[tokio::test]
async fn a_policy_that_another_stack_attaches_to_a_role_is_no_drift() {
    let (server, desk) = start(Vec::new()).await;
    let bundle = policy_of_another_stack();
    apply(&desk, &bundle).await;
    // AWS gives the policies that are attached to a role back with the role, whoever attached them.
    {
        let mut world = server.world().lock();
        let policies = world.resources_of(HUB, GLOBAL, "AWS::IAM::ManagedPolicy");
        let arns: Vec<_> = policies.map(|policy| policy.physical_id.clone()).collect();
        assert_eq!(arns.len(), 1);
        let role = world.resources_of(HUB, GLOBAL, "AWS::IAM::Role").find(|role| role.identifier.contains("TaskRole"));
        let mut role = role.unwrap().clone();
        role.properties["ManagedPolicyArns"] = serde_json::json!(arns);
        world.put(HUB, GLOBAL, role);
    }
    assert_eq!(drift(&desk, &bundle).await.findings, Vec::new());
}

/// Two stacks in each of so many accounts, each reached through a role.
fn many(accounts: usize) -> Bundle {
    let template = "
Resources:
  One: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: 7}}
  Two: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: 30}}
  Three: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: 90}}
";
    let of_account = |number: usize| {
        let account = account(number);
        let target = Target { region: "us-east-1".into(), deploy_role: Some(role(&account)), account };
        ["one", "two"].map(|kind| RenderedStack {
            key: format!("{kind}@{}", target.account),
            target: target.clone(),
            ..stack("acme", kind, template)
        })
    };
    bundle((0..accounts).flat_map(of_account).collect())
}

fn account(number: usize) -> String {
    format!("{:012}", 200_000_000_000_usize + number)
}

fn role(account: &str) -> String {
    format!("arn:aws:iam::{account}:role/gwinfra-deploy")
}

/// Fifty accounts are applied first: half a minute, and a busy machine makes the time too long.
#[tokio::test]
#[ignore = "measures time: on a machine that does little else"]
async fn a_hundred_stacks_over_fifty_accounts_take_what_their_calls_take_and_hardly_more() {
    const LATENCY: Duration = Duration::from_millis(50);
    let bundle = many(50);
    let (server, desk) = start((0..50).map(|number| role(&account(number))).collect()).await;
    apply(&desk, &bundle).await;
    let faults = format!("faults: [{{delay: {{milliseconds: {}}}}}]", LATENCY.as_millis());
    server.world().lock().scenario = Scenario::parse(&faults).unwrap();
    server.world().lock().calls.clear();
    let began = Instant::now();
    let document = drift(&desk, &bundle).await;
    let took = began.elapsed();
    let calls: u64 = server.world().lock().calls.values().sum();
    assert_eq!((document.findings, document.coverage.checked), (Vec::new(), 300));
    let least = LATENCY.as_secs_f64() * calls as f64 / ACCOUNTS_AT_ONCE as f64;
    let ratio = took.as_secs_f64() / least;
    assert!(ratio < 1.5, "{calls} calls took {took:?}, {ratio:.2} times what they take at least");
}
