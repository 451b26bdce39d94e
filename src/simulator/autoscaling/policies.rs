//! Scaling policies, which are resources.

use serde_json::{Value, json};

use super::super::page::{limit, page};
use super::super::provision::{self, Origin, Place};
use super::super::request::{Fault, Reply, Request};
use super::super::resource::Resource;
use super::super::world::World;
use super::{MAXIMUM_POLICIES, given, identifier, not_found, required, target};

const POLICY: &str = "AWS::ApplicationAutoScaling::ScalingPolicy";
const CONFIGURATION: [&str; 4] = [
    "PolicyType",
    "TargetTrackingScalingPolicyConfiguration",
    "StepScalingPolicyConfiguration",
    "PredictiveScalingPolicyConfiguration",
];

pub(super) fn put(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    target(world, request)?;
    let name = required(request, "PolicyName")?;
    let place = Place { account: &request.identity.account, region: request.region };
    let arn = match find(world, request, &name)? {
        Some(there) => {
            let (policy, own) = (there.identifier.clone(), arn(there).to_owned());
            if let Some(policy) = world.resource_mut(place.account, place.region, POLICY, &policy) {
                for (member, value) in given(request, &CONFIGURATION) {
                    policy.properties[member] = value;
                }
            }
            own
        }
        None => {
            let mut wanted = given(request, &CONFIGURATION);
            wanted.entry("PolicyType").or_insert_with(|| json!("StepScaling"));
            wanted.extend(given(request, &["PolicyName", "ResourceId", "ScalableDimension", "ServiceNamespace"]));
            let (prefix, logical_id) = ("autoscaling".to_owned(), "ScalingPolicy".to_owned());
            let origin = Origin { stack: None, prefix, logical_id, token: request.request_id.to_owned() };
            let made = provision::create(world, place, &origin, POLICY, &Value::Object(wanted));
            let made = made.map_err(|failure| Fault::new("ValidationException", failure.message))?;
            arn(&made).to_owned()
        }
    };
    Ok(json!({"PolicyARN": arn, "Alarms": []}))
}

pub(super) fn describe(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let namespace = required(request, "ServiceNamespace")?;
    let names = request.texts("PolicyNames");
    let is_wanted = |policy: &&Resource| {
        let [own, resource, dimension] = place(policy);
        own == namespace
            && request.text("ResourceId").is_none_or(|wanted| wanted == resource)
            && request.text("ScalableDimension").is_none_or(|wanted| wanted == dimension)
            && (names.is_empty() || names.iter().any(|name| policy.text("PolicyName") == Some(name)))
    };
    let all = world.resources_of(&request.identity.account, request.region, POLICY).filter(is_wanted);
    let found = all
        .map(|policy| {
            let [namespace, resource, dimension] = place(policy);
            let mut out = json!({
                "PolicyARN": arn(policy),
                "PolicyName": policy.text("PolicyName"),
                "ServiceNamespace": namespace,
                "ResourceId": resource,
                "ScalableDimension": dimension,
                "Alarms": [],
                "CreationTime": super::super::ecr::epoch(policy.created_at),
            });
            for member in CONFIGURATION {
                if let Some(value) = policy.property(member) {
                    out[member] = value.clone();
                }
            }
            out
        })
        .collect();
    let size = limit(request, "MaxResults", MAXIMUM_POLICIES);
    let (found, next) = page(found, size, request.text("NextToken").as_deref(), "InvalidNextTokenException")?;
    Ok(json!({"ScalingPolicies": found, "NextToken": next}))
}

pub(super) fn delete(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let name = required(request, "PolicyName")?;
    let policy = find(world, request, &name)?.map(|policy| policy.identifier.clone());
    let policy = policy.ok_or_else(|| not_found("scaling policy found", request))?;
    world.remove(&request.identity.account, request.region, POLICY, &policy);
    Ok(json!({}))
}

fn find<'a>(world: &'a World, request: &Request<'_>, name: &str) -> Result<Option<&'a Resource>, Fault> {
    let target = identifier(request)?;
    let mut all = world.resources_of(&request.identity.account, request.region, POLICY);
    Ok(all.find(|policy| {
        let [namespace, resource, dimension] = place(policy);
        policy.text("PolicyName") == Some(name) && format!("{resource}|{dimension}|{namespace}") == target
    }))
}

fn arn(policy: &Resource) -> &str {
    policy.text("Arn").unwrap_or(&policy.physical_id)
}

/// Namespace, resource and dimension: a policy names its target as a whole, or these.
fn place(policy: &Resource) -> [String; 3] {
    let target = policy.text("ScalingTargetId").unwrap_or_default();
    let parts: Vec<&str> = target.split('|').collect();
    let of = |name: &str, position: usize| {
        policy.text(name).or_else(|| parts.get(position).copied()).unwrap_or_default().to_owned()
    };
    [of("ServiceNamespace", 2), of("ResourceId", 0), of("ScalableDimension", 1)]
}
