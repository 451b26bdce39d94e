//! The services that have endpoints in a region.

use serde_json::{Value, json};

use super::super::identity::url_suffix;
use super::super::page::{limit, page};
use super::super::request::{Fault, Reply, Request};
use super::super::template::availability_zones;
use super::super::world::World;
use super::select::filters_hold;
use crate::hexadecimal;

/// Services of AWS with interface endpoints. The page knows no regions and zones: here every one has all of them.
/// <https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html>, November 2026.
const INTERFACE: &[&str] = &[
    "application-autoscaling",
    "autoscaling",
    "bedrock",
    "bedrock-agent",
    "bedrock-agent-runtime",
    "bedrock-runtime",
    "cloudformation",
    "comprehend",
    "dynamodb",
    "ec2",
    "ec2messages",
    "ecr.api",
    "ecr.dkr",
    "ecs",
    "ecs-agent",
    "ecs-telemetry",
    "eks",
    "eks-auth",
    "elasticache",
    "elasticfilesystem",
    "elasticloadbalancing",
    "events",
    "execute-api",
    "firehose",
    "kinesis-streams",
    "kms",
    "lambda",
    "logs",
    "monitoring",
    "rds",
    "s3",
    "sagemaker.runtime",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "ssmmessages",
    "sts",
];

/// Services with gateway endpoints.
/// <https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html>
const GATEWAY: &[&str] = &["dynamodb", "s3"];

/// Services whose names do not begin with `cn.` in China.
/// <https://docs.amazonaws.cn/en_us/aws/latest/userguide/endpoints-Beijing.html>
const PLAIN_IN_CHINA: [&str; 7] = ["dynamodb", "ec2messages", "logs", "s3", "secretsmanager", "ssm", "ssmmessages"];

/// The largest page of the list.
const MAXIMUM_RESULTS: usize = 1_000;

pub(super) fn describe_vpc_endpoint_services(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let gateway = GATEWAY.iter().map(|service| (*service, "Gateway"));
    let interface = INTERFACE.iter().map(|service| (*service, "Interface"));
    let all: Vec<Value> =
        gateway.chain(interface).filter_map(|(service, kind)| shown(world, request.region, service, kind)).collect();
    let wanted = request.texts("ServiceName");
    if let Some(unknown) = wanted.iter().find(|wanted| !all.iter().any(|one| one["serviceName"] == **wanted)) {
        let message = format!("The Vpc Endpoint Service '{unknown}' does not exist");
        return Err(Fault::new("InvalidServiceName", message));
    }
    let is_wanted = |one: &Value| wanted.is_empty() || wanted.iter().any(|wanted| one["serviceName"] == **wanted);
    let found: Vec<Value> = all.into_iter().filter(|one| is_wanted(one) && filters_hold(request, one)).collect();
    let size = limit(request, "MaxResults", MAXIMUM_RESULTS);
    let (found, next) = page(found, size, request.text("NextToken").as_deref(), "InvalidNextToken")?;
    let mut names: Vec<&Value> = found.iter().map(|one| &one["serviceName"]).collect();
    names.dedup();
    Ok(json!({"serviceNameSet": names, "serviceDetailSet": found, "nextToken": next}))
}

/// A service as EC2 describes it; `None` where the region does not have it.
fn shown(world: &World, region: &str, service: &str, kind: &str) -> Option<Value> {
    let suffix = url_suffix(region);
    let prefix = if region.starts_with("cn-") && !PLAIN_IN_CHINA.contains(&service) { "cn." } else { "" };
    let name = format!("{prefix}com.amazonaws.{region}.{service}");
    let zones = world.scenario.offering(region, &name, availability_zones(region));
    if zones.is_empty() {
        return None;
    }
    let digits = hexadecimal::sha256(format!("{name}|{kind}"));
    // `ecr.api` is `api.ecr` in the domain.
    let host = service.rsplit('.').collect::<Vec<_>>().join(".");
    Some(json!({
        "serviceName": name,
        "serviceId": format!("vpce-svc-{}", digits.get(..17).unwrap_or_default()),
        "serviceType": [{"serviceType": kind}],
        "serviceRegion": region,
        "availabilityZoneSet": zones,
        "owner": "amazon",
        "baseEndpointDnsNameSet": [format!("{host}.{region}.vpce.{suffix}")],
        "privateDnsName": (kind == "Interface").then(|| format!("{host}.{region}.{suffix}")),
        "vpcEndpointPolicySupported": true,
        "acceptanceRequired": false,
        "managesVpcEndpoints": false,
        "tagSet": [],
    }))
}
