//! What AWS changes by itself, or gives back in other words, is no drift: all that is known to, at once.

use gwinfra::drift::Document;
use gwinfra::engine::{ApplyOptions, DriftOptions, Engine};
use gwinfra::plan::SavedPlan;
use gwinfra::render::Bundle;
use gwinfra::simulator::assumed::{Assumed, Certificate, assume};
use gwinfra::simulator::clock::{Clock, Pace};
use gwinfra::simulator::server::{Options, Server};
use gwinfra::simulator::{Resource, World};
use serde_json::{Value, json};

use crate::deployment::{Desk, HUB, bundle, stack};
use crate::drift::spec;
use crate::rehearsal::Rehearsal;

/// What AWS does to a property: logical id of its resource, where it is in it, the new value by the one that is there, and the
/// reason with which it is listed under "Not drift"; `None` where it is the same in other words.
type Row = (&'static str, &'static str, fn(&Value) -> Value, Option<&'static str>);

const RDS_VERSION: &str = "a minor version that RDS has taken by itself";
const CACHE_VERSION: &str = "a minor version that ElastiCache has taken by itself";
const PARTS: &str = "ElastiCache gives all parts of the version";
const ZONES: &str = "Aurora keeps its storage in three zones, whichever are named";
const TASKS: &str = "the number of tasks is autoscaling's business";
const SCHEDULED: &str = "a schedule has moved the range";

/// Makes the changes of a table.
fn happen(world: &mut World, rows: &[Row]) {
    for (logical_id, pointer, change, _) in rows {
        let is_it = |one: &&Resource| one.stack.as_ref().is_some_and(|stack| stack.logical_id == *logical_id);
        let own = world.resources(HUB, "us-east-1").find(is_it).unwrap_or_else(|| panic!("no {logical_id}")).clone();
        let resource = world.resource_mut(HUB, "us-east-1", &own.type_name, &own.identifier).unwrap();
        let there = resource.properties.pointer(pointer).cloned().unwrap_or_default();
        let now = change(&there);
        assert_ne!(now, there, "{logical_id} {pointer}");
        match resource.properties.pointer_mut(pointer) {
            Some(value) => *value = now,
            None => resource.properties[pointer.trim_start_matches('/')] = now,
        }
    }
}

/// What has to be listed, as `LogicalId Property: reason`, in order.
fn wanted(rows: &[Row]) -> Vec<String> {
    let listed = rows.iter().filter_map(|(logical_id, pointer, _, reason)| {
        Some(format!("{logical_id} {}: {}", pointer.trim_start_matches('/').replace('/', "."), (*reason)?))
    });
    sorted(listed.collect())
}

fn sorted(mut all: Vec<String>) -> Vec<String> {
    all.sort();
    all
}

fn reversed(list: &Value) -> Value {
    list.as_array().unwrap().iter().rev().cloned().collect()
}

/// The id of a key in the place of its ARN.
fn id_of(arn: &Value) -> Value {
    arn.as_str().unwrap().rsplit('/').next().unwrap().into()
}

fn with_another(list: &Value, key: &str, value: &str) -> Value {
    let mut list = list.as_array().cloned().unwrap_or_default();
    list.push(json!({"Key": key, "Value": value}));
    list.into()
}

/// A gateway whose range of tasks a schedule narrows at night.
const OF_A_GATEWAY: &[Row] = &[
    ("DatabaseCluster", "/EngineVersion", |there| json!(format!("{}9", there.as_str().unwrap())), Some(RDS_VERSION)),
    // No template sets them, and nobody has to be asked to record them.
    ("DatabaseCluster", "/AvailabilityZones", |_| json!(["us-east-1a", "us-east-1b", "us-east-1c"]), None),
    ("DatabaseCluster", "/KmsKeyId", id_of, None),
    ("DatabaseSubnetGroup", "/SubnetIds", reversed, None),
    ("Cache", "/EngineVersion", |_| json!("8.1.0"), Some(CACHE_VERSION)),
    ("CacheSlowLogGroup", "/KmsKeyId", id_of, None),
    ("LoadBalancer", "/Subnets", reversed, None),
    ("LoadBalancer", "/LoadBalancerAttributes", |there| with_another(there, "routing.http2.enabled", "true"), None),
    ("LoadBalancer", "/Tags", |there| with_another(&reversed(there), "aws:autoscaling:x", "y"), None),
    ("TaskDefinition", "/Cpu", |there| json!(format!("{} vCPU", number(there) / 1024.0)), None),
    ("TaskDefinition", "/Memory", |there| json!(format!("{} GB", number(there) / 1024.0)), None),
    ("TaskDefinition", "/ContainerDefinitions", reversed, None),
    ("TaskDefinition", "/ContainerDefinitions/0/Environment", reversed, None),
    ("TaskRole", "/Policies/0/PolicyDocument/Statement", reversed, None),
    ("WebAcl", "/Rules", reversed, None),
    // No template sets it where there is autoscaling.
    ("Service", "/DesiredCount", |_| json!(3), None),
    ("ScalableTarget", "/MinCapacity", |_| json!(1), Some(SCHEDULED)),
    ("ScalableTarget", "/MaxCapacity", |_| json!(3), Some(SCHEDULED)),
];

fn number(text: &Value) -> f64 {
    text.as_str().map_or_else(|| text.as_f64(), |text| text.parse().ok()).unwrap()
}

#[test]
fn nothing_that_aws_does_to_a_gateway_by_itself_is_drift() {
    let schedules = "    schedules: [{name: night, cron: '0 20 ? * MON-FRI *', min: 1, max: 3}]\n    scale_on:";
    let rehearsal = Rehearsal::of(&spec().replace("    scale_on:", schedules));
    rehearsal.run(&["apply", "--yes"]).expect(0);
    rehearsal.tamper(|world| happen(world, OF_A_GATEWAY));
    let document = rehearsal.run(&["drift", "--strict", "-o", "json"]).expect(0).json();
    assert_eq!((&document["findings"], &document["potential"]), (&json!([]), &json!([])));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let folded = document["folded"].as_array().unwrap().iter().map(|one| {
        let path: Vec<String> = one["path"].as_array().unwrap().iter().map(text).collect();
        format!("{} {}: {}", text(&one["address"]).rsplit('/').next().unwrap(), path.join("."), text(&one["reason"]))
    });
    assert_eq!(sorted(folded.collect()), wanted(OF_A_GATEWAY));
}

/// What a template of one's own may say, and AWS gives back in other words.
const OF_ONES_OWN: &str = "
Resources:
  Key: {Type: AWS::KMS::Key, Properties: {Description: acme}}
  Alias: {Type: AWS::KMS::Alias, Properties: {AliasName: alias/acme, TargetKeyId: !Ref Key}}
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: acme, KmsMasterKeyId: alias/acme}}
  Logs: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: acme, KmsKeyId: !GetAtt Key.Arn}}
  Cluster:
    Type: AWS::RDS::DBCluster
    Properties:
      Engine: aurora-postgresql
      EngineVersion: '16.6'
      AvailabilityZones: [us-east-1a, us-east-1b]
      MasterUsername: gateway
      ManageMasterUserPassword: true
      StorageEncrypted: true
      KmsKeyId: alias/acme
      EnableCloudwatchLogsExports: [postgresql, instance]
  Writer:
    Type: AWS::RDS::DBInstance
    Properties: {Engine: aurora-postgresql, EngineVersion: '16.6', DBClusterIdentifier: !Ref Cluster, DBInstanceClass: db.serverless}
  Cache:
    Type: AWS::ElastiCache::ReplicationGroup
    Properties:
      ReplicationGroupDescription: acme
      Engine: valkey
      EngineVersion: '8.0'
      CacheNodeType: cache.t4g.small
      NumNodeGroups: 1
      ReplicasPerNodeGroup: 1
      AutomaticFailoverEnabled: true
      ClusterMode: disabled
      AutoMinorVersionUpgrade: true
  Serverless:
    Type: AWS::ElastiCache::ServerlessCache
    Properties: {ServerlessCacheName: acme, Engine: valkey, MajorEngineVersion: '8'}
  Tasks:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: acme
      Cpu: 1 vCPU
      Memory: 2 GB
      NetworkMode: awsvpc
      RequiresCompatibilities: [FARGATE]
      ContainerDefinitions: [{Name: litellm, Image: 'ghcr.io/acme/litellm:1', Command: [a, b]}]
  Machines: {Type: AWS::ECS::Cluster, Properties: {ClusterName: acme}}
  Service: {Type: AWS::ECS::Service, Properties: {Cluster: !Ref Machines, TaskDefinition: !Ref Tasks, DesiredCount: 2}}
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  Subnet: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24, AvailabilityZone: us-east-1a}}
  Vpn:
    Type: AWS::EC2::ClientVpnEndpoint
    Properties:
      ClientCidrBlock: 172.16.0.0/22
      ServerCertificateArn: arn:aws:acm:us-east-1:111122223333:certificate/server
      AuthenticationOptions:
        - Type: certificate-authentication
          MutualAuthentication: {ClientRootCertificateChainArn: 'arn:aws:acm:us-east-1:111122223333:certificate/clients'}
      ConnectionLogOptions: {Enabled: false}
      DnsServers: [10.0.0.2, 10.0.1.2]
  Association:
    Type: AWS::EC2::ClientVpnTargetNetworkAssociation
    Properties: {ClientVpnEndpointId: !Ref Vpn, SubnetId: !Ref Subnet}
";

const TO_ONES_OWN: &[Row] = &[
    ("Topic", "/KmsMasterKeyId", |_| json!("arn:aws:kms:us-east-1:111122223333:alias/acme"), None),
    ("Logs", "/KmsKeyId", id_of, None),
    ("Cluster", "/EngineVersion", |_| json!("16.8"), Some(RDS_VERSION)),
    ("Cluster", "/AvailabilityZones", |_| json!(["us-east-1c", "us-east-1b", "us-east-1a"]), Some(ZONES)),
    ("Cluster", "/EnableCloudwatchLogsExports", reversed, None),
    ("Writer", "/EngineVersion", |_| json!("16.8"), Some(RDS_VERSION)),
    ("Cache", "/EngineVersion", |_| json!("8.1.2"), Some(CACHE_VERSION)),
    ("Cache", "/AutoMinorVersionUpgrade", |_| json!("true"), None),
    ("Serverless", "/MajorEngineVersion", |_| json!("8.1"), Some(PARTS)),
    ("Tasks", "/Cpu", |_| json!("1024"), None),
    ("Tasks", "/Memory", |_| json!("2048"), None),
    ("Service", "/DesiredCount", |_| json!(6), Some(TASKS)),
    ("Vpn", "/DnsServers", reversed, None),
    ("Vpn", "/VpcId", |_| json!("vpc-0123456789abcdef0"), None),
    ("Vpn", "/SecurityGroupIds", |_| json!(["sg-0123456789abcdef0"]), None),
    ("Vpn", "/SelfServicePortal", |_| json!("enabled"), None),
];

/// A deployed template of one's own.
async fn own() -> (Server, Desk, Bundle) {
    let mut world = World::new(1, Clock::new(Pace::Fast));
    let certificate =
        |name: &str| Certificate { arn: format!("arn:aws:acm:us-east-1:111122223333:certificate/{name}"), name: None };
    let certificates = vec![certificate("server"), certificate("clients")];
    assume(
        &mut world,
        &Assumed { account: HUB.into(), region: "us-east-1".into(), certificates, ..Assumed::default() },
    );
    let server = Server::start(world, Options::default()).await.unwrap();
    let desk = Desk::new(&server.url(), HUB).await;
    let bundle = bundle(vec![stack("acme", "gateway", OF_ONES_OWN)]);
    let saved = SavedPlan::new(desk.plan_to_keep(&bundle).await, bundle.clone());
    desk.engine.apply(&saved, &ApplyOptions::default()).await.unwrap();
    // As AWS gives it back: by the key's ARN.
    let mut world = server.world().lock();
    let key = world.resources_of(HUB, "us-east-1", "AWS::KMS::Key").next().unwrap().text("Arn").unwrap().to_owned();
    let cluster = world.resources_of(HUB, "us-east-1", "AWS::RDS::DBCluster").next().unwrap().identifier.clone();
    let cluster = world.resource_mut(HUB, "us-east-1", "AWS::RDS::DBCluster", &cluster).unwrap();
    cluster.properties["KmsKeyId"] = json!(key);
    drop(world);
    (server, desk, bundle)
}

async fn drift(desk: &Desk, bundle: &Bundle) -> Document {
    Engine::drift(&desk.engine, bundle, &DriftOptions::default()).await.unwrap()
}

#[tokio::test]
async fn nothing_that_a_template_of_ones_own_says_in_other_words_is_drift() {
    let (server, desk, bundle) = own().await;
    happen(&mut server.world().lock(), TO_ONES_OWN);
    let document = drift(&desk, &bundle).await;
    assert_eq!((document.findings, document.coverage.skipped), (Vec::new(), Vec::new()));
    let told = document.folded.iter().map(|one| {
        let resource = one.address.rsplit('/').next().unwrap();
        format!("{resource} {}: {}", one.path.join("."), one.reason)
    });
    assert_eq!(sorted(told.collect()), wanted(TO_ONES_OWN));
    let vpn = &document.live["acme-gateway/Vpn"].values;
    assert!(["VpcId", "SecurityGroupIds", "SelfServicePortal"].iter().all(|name| !vpn.contains_key(*name)), "{vpn:?}");
}

#[tokio::test]
async fn another_key_than_that_of_the_alias_is_drift() {
    let (server, desk, bundle) = own().await;
    let other = "arn:aws:kms:us-east-1:111122223333:key/00000000-12ab-34cd-56ef-1234567890ab";
    {
        let mut world = server.world().lock();
        let cluster = world.resources_of(HUB, "us-east-1", "AWS::RDS::DBCluster").next().unwrap().identifier.clone();
        let cluster = world.resource_mut(HUB, "us-east-1", "AWS::RDS::DBCluster", &cluster).unwrap();
        cluster.properties["KmsKeyId"] = json!(other);
    }
    let found = drift(&desk, &bundle).await.findings;
    let [finding] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!((finding.property().as_str(), finding.actual.as_ref()), ("KmsKeyId", Some(&json!(other))));
}
