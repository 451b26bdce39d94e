use serde_json::{Value, json};

use super::*;
use crate::simulator::clock::{Clock, Pace};

const PLACE: Place<'static> = Place { account: "111111111111", region: "us-east-1" };

fn world() -> World {
    World::new(1, Clock::new(Pace::Fast))
}

fn make(world: &mut World, logical_id: &str, type_name: &str, properties: Value) -> Result<Resource, Failure> {
    let origin = Origin {
        stack: None,
        prefix: "acme".into(),
        logical_id: logical_id.into(),
        token: format!("token-{logical_id}"),
    };
    create(world, PLACE, &origin, type_name, &properties)
}

fn vpc(world: &mut World) -> String {
    make(world, "Vpc", "AWS::EC2::VPC", json!({"CidrBlock": "10.0.0.0/16"})).unwrap().physical_id
}

fn subnet(world: &mut World, logical_id: &str, vpc: &str, cidr: &str, zone: &str) -> Result<Resource, Failure> {
    make(world, logical_id, "AWS::EC2::Subnet", json!({"VpcId": vpc, "CidrBlock": cidr, "AvailabilityZone": zone}))
}

fn role(principal: &str) -> Value {
    json!({"AssumeRolePolicyDocument": {"Statement": [{"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}]}})
}

#[test]
fn every_type_can_be_identified() {
    let world = world();
    let registry = world.registry();
    let origin = Origin { stack: None, prefix: "p".into(), logical_id: "L".into(), token: "t".into() };
    for type_name in registry.type_names() {
        let schema = registry.get(type_name).unwrap();
        let mut properties = serde_json::Map::new();
        naming::complete(&world, schema, PLACE, &origin, &mut properties).unwrap();
        attributes::complete(&world, schema, PLACE, &origin, &mut properties);
        assert!(!naming::identifier(schema, &Value::Object(properties), &origin).is_empty(), "{type_name}");
    }
}

#[test]
fn a_vpc_has_ec2s_form_of_identifier() {
    let id = vpc(&mut world());
    assert_eq!((id.len(), id.starts_with("vpc-")), (21, true));
}

#[test]
fn a_generated_bucket_name_is_lower_case() {
    let bucket = make(&mut world(), "Logs", "AWS::S3::Bucket", json!({})).unwrap();
    assert!(bucket.physical_id.starts_with("acme-logs-"), "{}", bucket.physical_id);
}

#[test]
fn a_missing_property_is_named() {
    let failure = make(&mut world(), "R", "AWS::IAM::Role", json!({})).unwrap_err();
    assert!(failure.message.contains("required key [AssumeRolePolicyDocument] not found"), "{}", failure.message);
}

#[test]
fn an_unknown_property_is_named() {
    let failure =
        make(&mut world(), "V", "AWS::EC2::VPC", json!({"CidrBlock": "10.0.0.0/16", "Colour": "red"})).unwrap_err();
    assert!(failure.message.contains("extraneous key [Colour] is not permitted"), "{}", failure.message);
}

#[test]
fn a_wrong_enum_is_named() {
    let failure = make(&mut world(), "G", "AWS::Logs::LogGroup", json!({"RetentionInDays": 8})).unwrap_err();
    assert!(failure.message.contains("8 is not a valid enum value"), "{}", failure.message);
}

#[test]
fn texts_become_the_numbers_that_the_schema_wants() {
    let group = make(&mut world(), "G", "AWS::Logs::LogGroup", json!({"RetentionInDays": "7"})).unwrap();
    assert_eq!(group.properties["RetentionInDays"], json!(7));
}

#[test]
fn a_name_that_is_taken_is_refused() {
    let mut world = world();
    make(&mut world, "A", "AWS::Logs::LogGroup", json!({"LogGroupName": "g"})).unwrap();
    let failure = make(&mut world, "B", "AWS::Logs::LogGroup", json!({"LogGroupName": "g"})).unwrap_err();
    assert_eq!(failure.code, "AlreadyExists");
}

#[test]
fn a_subnet_lies_in_its_vpc() {
    let mut world = world();
    let vpc = vpc(&mut world);
    assert!(
        subnet(&mut world, "S", &vpc, "10.1.0.0/24", "us-east-1a").unwrap_err().message.contains("InvalidSubnet.Range")
    );
}

#[test]
fn subnets_do_not_overlap() {
    let mut world = world();
    let vpc = vpc(&mut world);
    subnet(&mut world, "A", &vpc, "10.0.0.0/24", "us-east-1a").unwrap();
    assert!(
        subnet(&mut world, "B", &vpc, "10.0.0.0/25", "us-east-1b")
            .unwrap_err()
            .message
            .contains("InvalidSubnet.Conflict")
    );
}

#[test]
fn a_load_balancer_needs_two_zones() {
    let mut world = world();
    let vpc = vpc(&mut world);
    let a = subnet(&mut world, "A", &vpc, "10.0.0.0/24", "us-east-1a").unwrap().physical_id;
    let b = subnet(&mut world, "B", &vpc, "10.0.1.0/24", "us-east-1a").unwrap().physical_id;
    let failure =
        make(&mut world, "L", "AWS::ElasticLoadBalancingV2::LoadBalancer", json!({"Subnets": [a, b]})).unwrap_err();
    assert!(failure.message.contains("two different Availability Zones"), "{}", failure.message);
}

#[test]
fn a_vpc_with_subnets_stays() {
    let mut world = world();
    let vpc = vpc(&mut world);
    subnet(&mut world, "A", &vpc, "10.0.0.0/24", "us-east-1a").unwrap();
    assert!(delete(&mut world, PLACE, "AWS::EC2::VPC", &vpc).unwrap_err().message.contains("DependencyViolation"));
}

#[test]
fn a_bucket_with_objects_stays() {
    let mut world = world();
    let bucket = make(&mut world, "B", "AWS::S3::Bucket", json!({})).unwrap().identifier;
    world.resource_mut(PLACE.account, PLACE.region, "AWS::S3::Bucket", &bucket).unwrap().runtime =
        json!({"objects": {"k": {}}});
    assert!(delete(&mut world, PLACE, "AWS::S3::Bucket", &bucket).unwrap_err().message.contains("BucketNotEmpty"));
}

#[test]
fn a_trust_policy_names_real_principals() {
    let failure = make(&mut world(), "R", "AWS::IAM::Role", role("nobody")).unwrap_err();
    assert!(failure.message.contains("Invalid principal in policy"), "{}", failure.message);
    assert!(make(&mut world(), "R", "AWS::IAM::Role", role("arn:aws:iam::222222222222:root")).is_ok());
}

#[test]
fn a_new_revision_follows_the_last() {
    let mut world = world();
    let task = json!({"Family": "gateway", "ContainerDefinitions": [{"Name": "a", "Image": "i"}]});
    make(&mut world, "A", "AWS::ECS::TaskDefinition", task.clone()).unwrap();
    let second = make(&mut world, "B", "AWS::ECS::TaskDefinition", task).unwrap();
    assert!(second.physical_id.ends_with(":task-definition/gateway:2"), "{}", second.physical_id);
}

#[test]
fn a_changed_task_definition_begins_a_deployment() {
    let mut world = world();
    let service = make(&mut world, "S", "AWS::ECS::Service", json!({"TaskDefinition": "t:1"})).unwrap();
    let next = json!({"TaskDefinition": "t:2"});
    let changed =
        update(&mut world, PLACE, "AWS::ECS::Service", &service.identifier, &json!({}), &next, "second").unwrap();
    assert_eq!(changed.runtime["deployments"].as_array().unwrap().len(), 2);
}

#[test]
fn what_a_circuit_breaker_went_back_to_is_not_deployed_again() {
    let mut world = world();
    let service = make(&mut world, "S", "AWS::ECS::Service", json!({"TaskDefinition": "t:1"})).unwrap();
    let mut change = |definition: &str, token: &str| {
        let next = json!({"TaskDefinition": definition});
        let id = &service.identifier;
        let changed = update(&mut world, PLACE, "AWS::ECS::Service", id, &json!({}), &next, token).unwrap();
        if token == "second" {
            settle_service(&mut world, PLACE, id, Outcome::RollbackSuccessful, "tasks failed");
        }
        changed.runtime["deployments"].as_array().unwrap().len()
    };
    let counts = (change("t:2", "second"), change("t:1", "back"), change("t:2", "again"));
    assert_eq!(counts, (2, 2, 3));
}

#[test]
fn a_circuit_breaker_returns_to_what_worked() {
    let mut world = world();
    let service = make(&mut world, "S", "AWS::ECS::Service", json!({"TaskDefinition": "t:1"})).unwrap();
    let next = json!({"TaskDefinition": "t:2"});
    update(&mut world, PLACE, "AWS::ECS::Service", &service.identifier, &json!({}), &next, "second").unwrap();
    settle_service(&mut world, PLACE, &service.identifier, Outcome::RollbackSuccessful, "tasks failed");
    let service = world.resource(PLACE.account, PLACE.region, "AWS::ECS::Service", &service.identifier).unwrap();
    assert_eq!(service.text("TaskDefinition"), Some("t:1"));
}
