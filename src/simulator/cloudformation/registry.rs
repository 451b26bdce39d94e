//! Limits and types.

use serde_json::{Value, json};

use crate::simulator::request::{Fault, Reply, Request};
use crate::simulator::world::World;

/// The default quotas (User Guide: *CloudFormation quotas*).
pub(super) fn limits() -> Result<Reply, Fault> {
    Ok(json!({"AccountLimits": [
        {"Name": "ConcurrentResourcesLimit", "Value": 2500},
        {"Name": "StackLimit", "Value": 2000},
        {"Name": "StackOutputsLimit", "Value": 200},
    ]}))
}

/// Types whose drift CloudFormation cannot see: they have no read handler (reference of each type; registry schemas without `handlers`).
pub(super) const WITHOUT_READ_HANDLER: [&str; 12] = [
    "AWS::EC2::ClientVpnEndpoint",
    "AWS::EC2::ClientVpnTargetNetworkAssociation",
    "AWS::EC2::ClientVpnAuthorizationRule",
    "AWS::EC2::ClientVpnRoute",
    "AWS::CertificateManager::Certificate",
    "AWS::Route53::RecordSet",
    "AWS::Route53::RecordSetGroup",
    "AWS::IAM::Policy",
    "AWS::CloudFormation::CustomResource",
    "AWS::CloudFormation::WaitConditionHandle",
    "AWS::Budgets::Budget",
    "AWS::SNS::TopicPolicy",
];

pub(super) fn describe_type(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let name = request
        .text("TypeName")
        .or_else(|| request.text("Arn").map(|arn| arn.rsplit('/').next().unwrap_or_default().replace('-', "::")))
        .ok_or_else(|| Fault::new("CFNRegistryException", "Either TypeName and Type or Arn must be specified"))?;
    let registry = world.registry();
    let schema = registry.get(&name).filter(|schema| schema.type_name() == name);
    let schema = schema.filter(|_| !registry.absent_in(&name, request.region)).ok_or_else(|| {
        Fault::new("TypeNotFoundException", format!("The type '{name}' cannot be found.")).with_status(404)
    })?;
    let every = schema.properties().into_iter().flat_map(|all| all.keys()).filter(|key| !schema.is_read_only(key));
    let mutable = every.filter(|key| schema.replacement(&[key]) != crate::cfn::registry::Replacement::Always).count();
    let provisioning = if WITHOUT_READ_HANDLER.contains(&name.as_str()) {
        "NON_PROVISIONABLE"
    } else if mutable == 0 {
        "IMMUTABLE"
    } else {
        "FULLY_MUTABLE"
    };
    Ok(json!({
        "Arn": format!("arn:aws:cloudformation:{}::type/resource/{}", request.region, name.replace("::", "-")),
        "Type": "RESOURCE",
        "TypeName": name,
        "IsDefaultVersion": true,
        "Description": Value::Null,
        "Schema": schema.whole().to_string(),
        "ProvisioningType": provisioning,
        "DeprecatedStatus": "LIVE",
        "Visibility": "PUBLIC",
    }))
}
