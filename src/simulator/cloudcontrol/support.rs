//! Which types have handlers.

use serde_json::Value;

use super::super::request::Fault;
use super::super::world::World;

/// Types without handlers on AWS: they can only be made by CloudFormation itself.
const WITHOUT_HANDLERS: [&str; 13] = [
    "AWS::EC2::ClientVpnEndpoint",
    "AWS::EC2::ClientVpnTargetNetworkAssociation",
    "AWS::EC2::ClientVpnAuthorizationRule",
    "AWS::EC2::ClientVpnRoute",
    "AWS::CertificateManager::Certificate",
    "AWS::Route53::RecordSet",
    "AWS::Route53::RecordSetGroup",
    "AWS::IAM::Policy",
    "AWS::CloudFormation::WaitConditionHandle",
    "AWS::CloudFormation::CustomResource",
    "AWS::ElasticLoadBalancingV2::ListenerCertificate",
    "AWS::ServiceDiscovery::Service",
    "AWS::SNS::TopicPolicy",
];

/// What the list handlers of types ask for in the model of a call (`handlers.list.handlerSchema` of their schemas).
const ASKED_FOR: [(&str, &str); 2] = [
    ("AWS::ApplicationAutoScaling::ScalingPolicy", "ServiceNamespace"),
    ("AWS::Logs::SubscriptionFilter", "LogGroupName"),
];

/// Refuses a list without what its handler asks for.
pub(super) fn check_model(type_name: &str, model: &Value) -> Result<(), Fault> {
    let missing = ASKED_FOR.iter().find(|(own, name)| *own == type_name && model.get(name).is_none());
    let Some((_, name)) = missing else { return Ok(()) };
    let message = format!(
        "Missing or invalid ResourceModel property in {type_name} list handler request input. Required property:  \
         (#: required key [{name}] not found)"
    );
    Err(Fault::new("InvalidRequestException", message))
}

/// Refuses a type that does not exist, or that has no handler for what the call does.
pub(super) fn check(world: &World, type_name: &str, handler: &str) -> Result<(), Fault> {
    if world.registry().get(type_name).is_none() {
        return Err(Fault::new("TypeNotFoundException", format!("The type '{type_name}' cannot be found.")));
    }
    if WITHOUT_HANDLERS.contains(&type_name) {
        let message = format!("Resource type {type_name} does not support {handler} action");
        return Err(Fault::new("UnsupportedActionException", message));
    }
    Ok(())
}
