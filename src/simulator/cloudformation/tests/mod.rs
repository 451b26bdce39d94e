//! A world with one account whose clock tests move.

mod change_sets;
mod drift_aware;
mod drifted;
mod events;
mod life;
mod rollbacks;
mod stack_sets;
mod statuses;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::*;
use crate::simulator::clock::Clock;
use crate::simulator::identity::Identity;
use crate::simulator::scenario::Scenario;

const ACCOUNT: &str = "111111111111";
const REGION: &str = "us-east-1";

/// A world whose clock stands still until it is told to move.
struct Account {
    world: World,
}

impl Account {
    fn new() -> Self {
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        Self { world: World::new(7, Clock::manual(start)) }
    }

    fn with(scenario: &str) -> Self {
        let mut account = Self::new();
        account.world.play(Scenario::parse(scenario).unwrap());
        account
    }

    fn call(&mut self, action: &str, params: Value) -> Result<Value, Fault> {
        let identity = Identity::root(ACCOUNT);
        let request = Request { identity: &identity, region: REGION, action, params: &params, request_id: "r" };
        handle(&mut self.world, &request)
    }

    fn ok(&mut self, action: &str, params: Value) -> Value {
        self.call(action, params).unwrap_or_else(|fault| panic!("{action}: {}: {}", fault.code, fault.message))
    }

    fn message(&mut self, action: &str, params: Value) -> String {
        self.call(action, params).unwrap_err().message
    }

    fn wait(&mut self) {
        self.world.clock.step(SignedDuration::from_hours(4));
        advance(&mut self.world);
    }

    fn seconds(&mut self, seconds: i64) {
        self.world.clock.step(SignedDuration::from_secs(seconds));
        advance(&mut self.world);
    }

    fn create(&mut self, template: &str) -> Value {
        self.ok("CreateStack", json!({"StackName": "s", "TemplateBody": template}));
        self.wait();
        self.stack()
    }

    fn update(&mut self, template: &str) -> Value {
        self.ok("UpdateStack", json!({"StackName": "s", "TemplateBody": template}));
        self.wait();
        self.stack()
    }

    fn stack(&mut self) -> Value {
        self.ok("DescribeStacks", json!({"StackName": "s"}))["Stacks"][0].clone()
    }

    fn status(&mut self) -> String {
        self.stack()["StackStatus"].as_str().unwrap().to_owned()
    }

    /// `LOGICAL STATUS` of all events, oldest first.
    fn events(&mut self) -> Vec<String> {
        let listed = self.ok("DescribeStackEvents", json!({"StackName": "s"}));
        let events = listed["StackEvents"].as_array().unwrap();
        let text = |event: &Value, name: &str| event[name].as_str().unwrap_or_default().to_owned();
        events
            .iter()
            .rev()
            .map(|event| format!("{} {}", text(event, "LogicalResourceId"), text(event, "ResourceStatus")))
            .collect()
    }

    fn reasons(&mut self) -> String {
        let listed = self.ok("DescribeStackEvents", json!({"StackName": "s"}));
        let events = listed["StackEvents"].as_array().unwrap();
        events.iter().filter_map(|event| event["ResourceStatusReason"].as_str()).collect::<Vec<_>>().join("\n")
    }

    fn change_set(&mut self, kind: &str, template: &str) -> Value {
        let params = json!({"StackName": "s", "ChangeSetName": "c", "ChangeSetType": kind, "TemplateBody": template});
        self.ok("CreateChangeSet", params);
        self.seconds(60);
        self.ok("DescribeChangeSet", json!({"StackName": "s", "ChangeSetName": "c", "IncludePropertyValues": "true"}))
    }

    fn physical(&mut self, logical_id: &str) -> String {
        let found = self.ok("DescribeStackResource", json!({"StackName": "s", "LogicalResourceId": logical_id}));
        found["StackResourceDetail"]["PhysicalResourceId"].as_str().unwrap().to_owned()
    }

    fn count(&self) -> usize {
        self.world.resources(ACCOUNT, REGION).count()
    }
}

const GROUP: &str = "Resources: {G: {Type: 'AWS::Logs::LogGroup', Properties: {RetentionInDays: 7}}}";
const LONGER: &str = "Resources: {G: {Type: 'AWS::Logs::LogGroup', Properties: {RetentionInDays: 30}}}";
const NAMED: &str =
    "Resources: {G: {Type: 'AWS::Logs::LogGroup', Properties: {LogGroupName: g, LogGroupClass: STANDARD}}}";
const NETWORK: &str = "
Parameters: {Cidr: {Type: String, Default: 10.0.0.0/16}}
Resources:
  Vpc: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: !Ref Cidr}}
  Subnet: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref Vpc, CidrBlock: !Select [0, !Cidr [!GetAtt Vpc.CidrBlock, 2, 8]]}}
Outputs:
  VpcId: {Value: !Ref Vpc, Export: {Name: !Sub '${AWS::StackName}-vpc'}}
";

fn failing(step: &str) -> String {
    format!("faults: [{{match: {{logical_id: Subnet}}, fail: {{step: {step}, reason: no room}}}}]")
}
