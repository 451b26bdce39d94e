//! What keeps a resource from being deleted.

use serde_json::Value;

use super::rules::mentions;
use super::{Failure, Place};
use crate::simulator::resource::Resource;
use crate::simulator::world::World;

/// A type that cannot go while one of the others names it, with the service's code and text. `{}` is the identifier.
struct Rule {
    type_name: &'static str,
    users: &'static [&'static str],
    code: &'static str,
    text: &'static str,
}

const RULES: &[Rule] = &[
    Rule {
        type_name: "AWS::EC2::VPC",
        users: &[
            "AWS::EC2::Subnet",
            "AWS::EC2::SecurityGroup",
            "AWS::EC2::VPCGatewayAttachment",
            "AWS::EC2::VPCEndpoint",
            "AWS::EC2::RouteTable",
            "AWS::EC2::ClientVpnEndpoint",
        ],
        code: "GeneralServiceException",
        text: "The vpc '{}' has dependencies and cannot be deleted. (Service: Ec2, Status Code: 400, Error Code: DependencyViolation)",
    },
    Rule {
        type_name: "AWS::EC2::Subnet",
        users: &[
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "AWS::EC2::NatGateway",
            "AWS::EC2::VPCEndpoint",
            "AWS::EC2::Instance",
            "AWS::ECS::Service",
            "AWS::EC2::ClientVpnTargetNetworkAssociation",
        ],
        code: "GeneralServiceException",
        text: "The subnet '{}' has dependencies and cannot be deleted. (Service: Ec2, Status Code: 400, Error Code: DependencyViolation)",
    },
    Rule {
        type_name: "AWS::EC2::SecurityGroup",
        users: &[
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "AWS::ECS::Service",
            "AWS::RDS::DBCluster",
            "AWS::RDS::DBInstance",
            "AWS::RDS::DBProxy",
            "AWS::ElastiCache::ReplicationGroup",
            "AWS::ElastiCache::ServerlessCache",
            "AWS::EC2::VPCEndpoint",
            "AWS::EC2::Instance",
            "AWS::EC2::ClientVpnEndpoint",
        ],
        code: "GeneralServiceException",
        text: "resource {} has a dependent object (Service: Ec2, Status Code: 400, Error Code: DependencyViolation)",
    },
    Rule {
        type_name: "AWS::ElasticLoadBalancingV2::TargetGroup",
        users: &["AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::ListenerRule"],
        code: "ResourceConflict",
        text: "Target group '{}' is currently in use by a listener or a rule",
    },
    Rule {
        type_name: "AWS::IAM::ManagedPolicy",
        users: &["AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group"],
        code: "ResourceConflict",
        text: "Cannot delete a policy attached to entities.",
    },
    Rule {
        type_name: "AWS::IAM::Role",
        users: &["AWS::IAM::InstanceProfile"],
        code: "ResourceConflict",
        text: "Cannot delete entity, must remove roles from instance profile first.",
    },
    Rule {
        type_name: "AWS::RDS::DBCluster",
        users: &["AWS::RDS::DBInstance"],
        code: "ResourceConflict",
        text: "Cluster cannot be deleted, it still contains DB instances in non-deleting state.",
    },
    Rule {
        type_name: "AWS::RDS::DBSubnetGroup",
        users: &["AWS::RDS::DBCluster", "AWS::RDS::DBInstance"],
        code: "ResourceConflict",
        text: "Cannot delete the subnet group '{}' because at least one database instance or cluster is still using it.",
    },
    Rule {
        type_name: "AWS::ElastiCache::SubnetGroup",
        users: &["AWS::ElastiCache::ReplicationGroup"],
        code: "ResourceConflict",
        text: "Cache subnet group {} is currently in use by a cache cluster.",
    },
    Rule {
        type_name: "AWS::ECS::Cluster",
        users: &["AWS::ECS::Service"],
        code: "ResourceConflict",
        text: "The Cluster cannot be deleted while Services are active.",
    },
    Rule {
        type_name: "AWS::WAFv2::WebACL",
        users: &["AWS::WAFv2::WebACLAssociation"],
        code: "ResourceConflict",
        text: "AWS WAF couldn't perform the operation because your resource is being used by another resource or it's associated with another resource.",
    },
    Rule {
        type_name: "AWS::CertificateManager::Certificate",
        users: &["AWS::ElasticLoadBalancingV2::Listener", "AWS::EC2::ClientVpnEndpoint"],
        code: "ResourceConflict",
        text: "Certificate {} is in use.",
    },
];

/// Refuses a deletion that the service would refuse.
pub(super) fn check(world: &World, place: Place<'_>, resource: &Resource) -> Result<(), Failure> {
    protected(resource)?;
    contents(place, resource)?;
    for rule in RULES.iter().filter(|rule| rule.type_name == resource.type_name) {
        let names =
            [resource.identifier.as_str(), resource.physical_id.as_str(), resource.text("Arn").unwrap_or_default()];
        let used = rule.users.iter().any(|user| {
            world
                .resources_of(place.account, place.region, user)
                .any(|user| names.iter().any(|name| !name.is_empty() && mentions(&user.properties, name)))
        });
        if used {
            return Err(Failure::new(rule.code, rule.text.replace("{}", &resource.identifier)));
        }
    }
    Ok(())
}

fn is_true(value: Option<&Value>) -> bool {
    value.is_some_and(|value| value == &Value::Bool(true) || value.as_str() == Some("true"))
}

fn protected(resource: &Resource) -> Result<(), Failure> {
    let message = match resource.type_name.as_str() {
        "AWS::RDS::DBCluster" if is_true(resource.property("DeletionProtection")) => {
            "Cannot delete protected Cluster, please disable deletion protection and try again."
        }
        "AWS::RDS::DBInstance" if is_true(resource.property("DeletionProtection")) => {
            "Cannot delete protected DB Instance, please disable deletion protection and try again."
        }
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => {
            let attributes =
                resource.property("LoadBalancerAttributes").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            let on = attributes.iter().any(|one| {
                one.get("Key").and_then(Value::as_str) == Some("deletion_protection.enabled")
                    && is_true(one.get("Value"))
            });
            if !on {
                return Ok(());
            }
            let text = format!(
                "Load balancer '{}' cannot be deleted because deletion protection is enabled",
                resource.identifier
            );
            return Err(Failure::new("ResourceConflict", text));
        }
        _ => return Ok(()),
    };
    Err(Failure::new("ResourceConflict", message))
}

fn contents(place: Place<'_>, resource: &Resource) -> Result<(), Failure> {
    let has = |name: &str| match resource.runtime.get(name) {
        Some(Value::Object(map)) => !map.is_empty(),
        Some(Value::Array(items)) => !items.is_empty(),
        _ => false,
    };
    match resource.type_name.as_str() {
        "AWS::S3::Bucket" if has("objects") || has("versions") => Err(Failure::new(
            "GeneralServiceException",
            "The bucket you tried to delete is not empty (Service: S3, Status Code: 409, Error Code: BucketNotEmpty)",
        )),
        "AWS::ECR::Repository"
            if (has("images") || has("manifests")) && !is_true(resource.property("EmptyOnDelete")) =>
        {
            Err(Failure::new(
                "GeneralServiceException",
                format!(
                    "The repository with name '{}' in registry with id '{}' cannot be deleted because it still contains images (Service: Ecr, Status Code: 400, Error Code: RepositoryNotEmptyException)",
                    resource.identifier, place.account
                ),
            ))
        }
        _ => Ok(()),
    }
}
