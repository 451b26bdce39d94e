//! CloudFormation's own detection, where the Cloud Control API may not read or has no reader.

use gwinfra::drift::{Document, Finding, Kind, Level, Reader};
use gwinfra::engine::{ApplyOptions, DriftOptions, Engine};
use gwinfra::plan::SavedPlan;
use gwinfra::render::Bundle;
use gwinfra::simulator::World;
use gwinfra::simulator::clock::{Clock, Pace};
use gwinfra::simulator::resource::Resource;
use gwinfra::simulator::scenario::Scenario;
use gwinfra::simulator::server::{Options, Server};
use serde_json::{Value, json};

use crate::deployment::{Desk, HUB, bundle, stack};
use crate::drift::{change_log_group, deployed};

const LOGS: &str = "AWS::Logs::LogGroup";
const TOPIC: &str = "AWS::SNS::Topic";
const CLUSTER: &str = "AWS::RDS::DBCluster";
const CALL: &str = "cloudformation:DetectStackResourceDrift";

/// A log group with a tag that only whoever has read the topic knows.
const TEMPLATE: &str = "
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: acme}}
  Logs:
    Type: AWS::Logs::LogGroup
    Properties:
      LogGroupName: acme
      RetentionInDays: 90
      Tags: [{Key: topic, Value: !GetAtt Topic.TopicName}]
";

/// One deployed stack.
struct Deployed {
    server: Server,
    desk: Desk,
    bundle: Bundle,
}

impl Deployed {
    async fn new(template: &str) -> Self {
        let server = Server::start(World::new(1, Clock::new(Pace::Fast)), Options::default()).await.unwrap();
        let desk = Desk::new(&server.url(), HUB).await;
        let bundle = bundle(vec![stack("acme", "gateway", template)]);
        let saved = SavedPlan::new(desk.plan_to_keep(&bundle).await, bundle.clone());
        desk.engine.apply(&saved, &ApplyOptions::default()).await.unwrap();
        server.world().lock().calls.clear();
        Self { server, desk, bundle }
    }

    /// Refuses calls: what they are, as a scenario matches them.
    fn refuse(&self, calls: &[&str]) {
        let refused = calls.iter().map(|call| {
            format!(" - {{match: {{{call}}}, times: 999, refuse: {{code: AccessDenied, message: no, status: 403}}}}\n")
        });
        let faults = format!("faults:\n{}", refused.collect::<String>());
        self.server.world().lock().scenario = Scenario::parse(&faults).unwrap();
    }

    fn change(&self, type_name: &str, change: impl FnOnce(&mut Value)) {
        let mut world = self.server.world().lock();
        let found: Resource = world.resources_of(HUB, "us-east-1", type_name).next().unwrap().clone();
        change(&mut world.resource_mut(HUB, "us-east-1", type_name, &found.identifier).unwrap().properties);
    }

    async fn drift(&self) -> Document {
        Engine::drift(&self.desk.engine, &self.bundle, &DriftOptions::default()).await.unwrap()
    }

    fn asked(&self) -> u64 {
        self.server.world().lock().calls.get(CALL).copied().unwrap_or_default()
    }
}

/// The Cloud Control API may read no log group.
const LOGS_REFUSED: &str = "action: GetResource, type: \"AWS::Logs::LogGroup\"";
const TOPIC_REFUSED: &str = "action: GetResource, type: \"AWS::SNS::Topic\"";
const DETECTION_REFUSED: &str = "action: DetectStackResourceDrift";

fn only(document: &Document) -> &Finding {
    assert_eq!(document.findings.len(), 1, "{:#?}", document.findings);
    &document.findings[0]
}

#[tokio::test]
async fn where_all_was_read_detection_is_not_asked() {
    let deployed = Deployed::new(TEMPLATE).await;
    let document = deployed.drift().await;
    assert_eq!((document.findings.len(), document.coverage.unread, document.coverage.checked), (0, 0, 2));
    assert_eq!(deployed.asked(), 0);
}

#[tokio::test]
async fn what_only_detection_reads_and_is_as_deployed_is_checked() {
    let deployed = Deployed::new(TEMPLATE).await;
    deployed.refuse(&[LOGS_REFUSED]);
    let coverage = deployed.drift().await.coverage;
    assert_eq!((coverage.by_reader["cloud_control"], coverage.by_reader["cloud_formation"]), (1, 1));
    assert_eq!((coverage.is_whole(), coverage.unread, deployed.asked()), (true, 0, 1));
}

#[tokio::test]
async fn what_only_detection_reads_and_was_changed_is_a_finding_like_any_other() {
    let deployed = Deployed::new(TEMPLATE).await;
    deployed.change(LOGS, |logs| logs["RetentionInDays"] = json!(7));
    let read = deployed.drift().await;
    deployed.refuse(&[LOGS_REFUSED]);
    let detected = deployed.drift().await;
    assert_eq!((only(&read).reader, only(&detected).reader), (Reader::CloudControl, Reader::CloudFormation));
    assert_eq!(only(&detected), &Finding { reader: Reader::CloudFormation, ..only(&read).clone() });
    assert_eq!((&only(&detected).expected, &only(&detected).actual), (&Some(json!(90)), &Some(json!(7))));
}

#[tokio::test]
async fn a_member_of_a_list_is_told_of_by_its_name() {
    let deployed = Deployed::new(TEMPLATE).await;
    deployed.change(LOGS, |logs| {
        let tags = logs["Tags"].as_array_mut().unwrap();
        tags.iter_mut().find(|tag| tag["Key"] == "gwinfra:stack").unwrap()["Value"] = json!("mine");
    });
    deployed.refuse(&[LOGS_REFUSED]);
    let document = deployed.drift().await;
    assert_eq!(only(&document).path, ["Tags", "gwinfra:stack", "Value"]);
    assert_eq!((only(&document).severity, &only(&document).actual), (Level::Low, &Some(json!("mine"))));
}

#[tokio::test]
async fn what_only_detection_reads_and_was_deleted_is_gone() {
    let deployed = Deployed::new(TEMPLATE).await;
    deployed.server.world().lock().remove(HUB, "us-east-1", LOGS, "acme").unwrap();
    deployed.refuse(&[LOGS_REFUSED]);
    let document = deployed.drift().await;
    assert_eq!((only(&document).kind, only(&document).reader), (Kind::Deleted, Reader::CloudFormation));
    let report = document.report();
    assert_eq!(report.diagnostics[0].help.as_deref(), Some("gwinfra explain GW1202"));
}

/// A type that neither the Cloud Control API nor detection reads.
const POLICY: &str = "
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: [{Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: sts:AssumeRole}]
  Policy:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: more
      Roles: [!Ref Role]
      PolicyDocument:
        Version: '2012-10-17'
        Statement: [{Effect: Allow, Action: sts:AssumeRole, Resource: arn:aws:iam::444455556666:role/acme}]
";

#[tokio::test]
async fn a_type_that_detection_does_not_see_stays_skipped_with_its_reason() {
    let deployed = Deployed::new(POLICY).await;
    let coverage = deployed.drift().await.coverage;
    assert_eq!((coverage.checked, coverage.skipped.len(), deployed.asked()), (1, 1, 1));
    assert_eq!(coverage.skipped[0].address, "acme-gateway/Policy");
    let reason = "AWS::IAM::Policy has no reader; CloudFormation's detection does not see its type";
    assert_eq!((coverage.skipped[0].reason.as_str(), coverage.skipped[0].is_refused()), (reason, false));
}

#[tokio::test]
async fn a_refusal_of_detection_names_the_permission_and_fails_nothing() {
    let deployed = Deployed::new(TEMPLATE).await;
    deployed.change(LOGS, |logs| logs["RetentionInDays"] = json!(7));
    deployed.refuse(&[LOGS_REFUSED, DETECTION_REFUSED]);
    let document = deployed.drift().await;
    assert_eq!(document.findings, Vec::new());
    let skipped: Vec<&str> = document.coverage.skipped.iter().map(|one| one.address.as_str()).collect();
    assert_eq!(skipped, ["acme-gateway/Logs"]);
    let reason = &document.coverage.skipped[0].reason;
    for action in ["cloudformation:GetResource", CALL] {
        assert!(reason.contains(action), "{reason}");
    }
    assert!(document.coverage.skipped[0].is_refused(), "{reason}");
}

#[tokio::test]
async fn a_value_that_only_cloudformation_knows_is_compared_by_it() {
    let deployed = Deployed::new(TEMPLATE).await;
    deployed.refuse(&[TOPIC_REFUSED]);
    let document = deployed.drift().await;
    assert_eq!((document.findings.len(), document.coverage.unread, deployed.asked()), (0, 0, 2));
    deployed.change(LOGS, |logs| {
        let tags = logs["Tags"].as_array_mut().unwrap();
        tags.iter_mut().find(|tag| tag["Key"] == "topic").unwrap()["Value"] = json!("mine");
        logs["RetentionInDays"] = json!(7);
    });
    let document = deployed.drift().await;
    let found = |reader| {
        let mut of_reader = document.findings.iter().filter(move |one| one.reader == reader);
        let first = of_reader.next().map(|one| (one.path.join("."), one.actual.clone()));
        assert_eq!(of_reader.next(), None);
        first
    };
    // The rest of the log group has been read by another.
    assert_eq!(found(Reader::CloudControl), Some(("RetentionInDays".to_owned(), Some(json!(7)))));
    assert_eq!(found(Reader::CloudFormation), Some(("Tags.topic.Value".to_owned(), Some(json!("mine")))));
    assert_eq!(document.coverage.unread, 0);
}

#[tokio::test]
async fn a_property_that_detection_may_not_compare_stays_unread_and_says_why() {
    let deployed = Deployed::new(TEMPLATE).await;
    deployed.refuse(&[TOPIC_REFUSED, DETECTION_REFUSED]);
    let coverage = deployed.drift().await.coverage;
    assert_eq!(coverage.unread_properties["acme-gateway/Logs"], ["Tags.topic.Value"]);
    let skipped = coverage.skipped.iter().find(|one| one.address == "acme-gateway/Logs properties").unwrap();
    assert!(skipped.reason.contains(CALL), "{}", skipped.reason);
}

#[tokio::test]
async fn a_topic_that_nobody_may_read_is_compared_but_for_its_key() {
    let keyed = "
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: acme, KmsMasterKeyId: alias/aws/sns}}
  Logs:
    Type: AWS::Logs::LogGroup
    Properties: {RetentionInDays: 90, KmsKeyId: arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab}
";
    let deployed = Deployed::new(keyed).await;
    deployed.refuse(&["action: GetResource"]);
    deployed.change(TOPIC, |topic| topic["DisplayName"] = json!("mine"));
    let document = deployed.drift().await;
    assert_eq!(only(&document).path, ["DisplayName"]);
    // Detection compares no keys.
    assert_eq!(document.coverage.unread_properties["acme-gateway/Logs"], ["KmsKeyId"]);
}

/// Nothing may be read by the Cloud Control API.
const REFUSING: &str = "faults: [{match: {action: GetResource}, times: 9999, refuse: {code: AccessDeniedException, message: no, status: 400}}]";

#[test]
fn a_whole_gateway_that_only_detection_may_read_has_no_drift_of_its_own() {
    let Some(rehearsal) = deployed() else { return };
    let document = rehearsal.run_with(REFUSING, &["drift", "-o", "json"]).expect(0).json();
    assert_eq!(document["findings"], json!([]));
    assert!(document["coverage"]["by_reader"]["cloud_formation"].as_u64().unwrap() > 80, "{}", document["coverage"]);
}

#[test]
fn what_detection_finds_has_the_line_of_the_spec_and_can_be_accepted() {
    let Some(rehearsal) = deployed() else { return };
    change_log_group(&rehearsal);
    let document = rehearsal.run_with(REFUSING, &["drift", "-o", "json"]).expect(2).json();
    let found = document["findings"].as_array().unwrap();
    assert_eq!((found.len(), &found[0]["reader"]), (1, &json!("cloud_formation")), "{found:#?}");
    assert_eq!(found[0]["source"][0]["path"], "observability.log_retention_days");
    rehearsal.write(
        "drift.yaml",
        "accept:\n  - {address: acme-llm-gateway/LitellmLogGroup, path: RetentionInDays, reason: audit, owner: sam, expires: 2999-01-01}\n",
    );
    let _ = rehearsal.run_with(REFUSING, &["drift"]).expect(0);
}

#[test]
fn what_differs_by_itself_is_folded_whoever_has_read_it() {
    let Some(rehearsal) = deployed() else { return };
    rehearsal.tamper(|world| {
        let cluster = world.resources_of(HUB, "us-east-1", CLUSTER).next().unwrap().identifier.clone();
        let properties = &mut world.resource_mut(HUB, "us-east-1", CLUSTER, &cluster).unwrap().properties;
        properties["EngineVersion"] = json!(format!("{}9", properties["EngineVersion"].as_str().unwrap()));
    });
    let document = rehearsal.run_with(REFUSING, &["drift", "-o", "json"]).expect(0).json();
    let folded = document["folded"].as_array().unwrap();
    assert_eq!((folded.len(), &folded[0]["path"]), (1, &json!(["EngineVersion"])), "{folded:#?}");
}
