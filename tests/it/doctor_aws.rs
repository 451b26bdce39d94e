//! Checks of `gwinfra doctor` that follow AWS's own rules closely.

use serde_json::{Value, json};

use gwinfra::simulator::Resource;

use crate::rehearsal::Rehearsal;

const REGION: &str = "us-east-1";
const HUB: &str = "111122223333";
const SPOKE: &str = "222222222222";
const JSON: [&str; 3] = ["doctor", "-o", "json"];

fn resource(type_name: &str, id: &str, properties: Value) -> Resource {
    Resource::new(type_name, id, properties, jiff::Timestamp::now())
}

/// What a check has found.
fn check(document: &Value, id: &str) -> Value {
    document["checks"].as_array().unwrap().iter().find(|check| check["id"] == id).unwrap().clone()
}

#[test]
fn vpn_clients_inside_a_secondary_network_of_the_own_vpc_fail() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    rehearsal.tamper(|world| {
        let vpc = world.resources_of(HUB, REGION, "AWS::EC2::VPC").next().unwrap().identifier.clone();
        let block = json!({"VpcId": vpc, "CidrBlock": "172.16.0.0/20", "Id": "vpc-cidr-assoc-1"});
        world.put(HUB, REGION, resource("AWS::EC2::VPCCidrBlock", "vpc-cidr-assoc-1", block));
    });
    let document = rehearsal.run(&JSON).json();
    let found = check(&document, "GWD701");
    assert_eq!(found["status"], "fail", "{found:#}");
    let text = found.to_string();
    assert!(text.contains("overlaps the VPC's own") && text.contains("172.16.0.0/20"), "{found:#}");
}

/// A deploy role in the first Bedrock account whose one policy has a condition.
fn with_condition(condition: Value) -> Value {
    let rehearsal = Rehearsal::new();
    let _ = rehearsal.run(&["doctor", "--only", "secrets"]).expect(0);
    let arn = "arn:aws:iam::222222222222:role/gwinfra-deploy";
    let trust = json!({"Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}
    }]});
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["iam:SimulatePrincipalPolicy", "iam:GetRole"], "Resource": "*"},
        {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}
    ]});
    rehearsal.tamper(|world| {
        let properties = json!({
            "RoleName": "gwinfra-deploy", "Path": "/", "Arn": arn, "RoleId": "AROAEXAMPLE",
            "AssumeRolePolicyDocument": trust, "Policies": [{"PolicyName": "p", "PolicyDocument": policy}],
        });
        world.put(SPOKE, REGION, resource("AWS::IAM::Role", "gwinfra-deploy", properties));
    });
    let mut run = rehearsal.run(&JSON);
    run.code = 0;
    check(&run.json(), "GWD301")
}

#[test]
fn a_policy_for_the_region_of_the_deployment_allows_it() {
    let found = with_condition(json!({"StringEquals": {"aws:RequestedRegion": "us-east-1"}}));
    assert_eq!(found["status"], "pass", "{found:#}");
}

#[test]
fn a_policy_that_looks_at_the_unknown_is_no_failure() {
    let found = with_condition(json!({"StringEquals": {"aws:PrincipalTag/team": "llm"}}));
    assert_eq!(found["status"], "warn", "{found:#}");
    assert!(found.to_string().contains("depends on aws:PrincipalTag/team"), "{found:#}");
}
