//! Client VPN and bastion.

use serde_json::json;

use super::Expectations;
use crate::model::Model;
use crate::model::access::{Bastion, ClientVpn};
use crate::model::reference::reference;

const STACK: &str = "access";

pub(super) fn expect(model: &Model, said: &mut Expectations<'_>) {
    let Some(access) = &model.access else { return };
    if let Some(vpn) = &access.client_vpn {
        client_vpn(model, vpn, said);
    }
    if let Some(bastion) = &access.bastion {
        expect_bastion(bastion, said);
    }
}

fn client_vpn(model: &Model, vpn: &ClientVpn, said: &mut Expectations<'_>) {
    let authentication = match &vpn.saml_provider {
        Some(provider) => json!([{
            "Type": "federated-authentication",
            "FederatedAuthentication": {"SAMLProviderArn": provider},
        }]),
        None => json!([{
            "Type": "certificate-authentication",
            "MutualAuthentication": {"ClientRootCertificateChainArn": vpn.client_ca_certificate},
        }]),
    };
    let properties = json!({
        "ClientCidrBlock": vpn.client_cidr,
        "ServerCertificateArn": vpn.server_certificate,
        "SplitTunnel": vpn.split_tunnel,
        "SessionTimeoutHours": vpn.session_hours,
        "AuthenticationOptions": authentication,
        "ConnectionLogOptions": {"Enabled": vpn.log_group.is_some()},
        "SecurityGroupIds": [reference("VpnSecurityGroupId")],
        "DnsServers": [model.network.resolver],
    });
    said.expect(STACK, "ClientVpn", "AWS::EC2::ClientVpnEndpoint", properties);
    said.tags(STACK, "ClientVpn", &vpn.constant_tags);
    if let Some(name) = &vpn.log_group {
        said.log_group(STACK, "ConnectionLogGroup", name, model.log_retention_days);
    }
    for authorization in &vpn.authorizations {
        let properties = json!({"TargetNetworkCidr": authorization.cidr, "AuthorizeAllGroups": true});
        said.expect(STACK, &authorization.id, "AWS::EC2::ClientVpnAuthorizationRule", properties);
    }
    let subnet = |at: usize| json!({"Fn::Select": [at, {"Fn::Split": [",", {"Ref": "PrivateSubnetIds"}]}]});
    for association in &vpn.associations {
        let properties = json!({"SubnetId": subnet(association.subnet)});
        said.expect(STACK, &association.id, "AWS::EC2::ClientVpnTargetNetworkAssociation", properties);
    }
    for route in &vpn.routes {
        let properties = json!({"DestinationCidrBlock": route.cidr, "TargetVpcSubnetId": subnet(route.subnet)});
        said.expect(STACK, &route.id, "AWS::EC2::ClientVpnRoute", properties);
    }
}

fn expect_bastion(bastion: &Bastion, said: &mut Expectations<'_>) {
    let properties = json!({"LaunchTemplateData": {
        "InstanceType": bastion.instance_type,
        "ImageId": format!("resolve:ssm:{}", bastion.image_parameter),
        "MetadataOptions": {"HttpTokens": "required"},
    }});
    said.expect(STACK, "BastionLaunchTemplate", "AWS::EC2::LaunchTemplate", properties);
    said.tags(STACK, "BastionLaunchTemplate", &bastion.constant_tags);
    said.expect(STACK, "BastionRole", "AWS::IAM::Role", json!({"RoleName": bastion.role}));
}
