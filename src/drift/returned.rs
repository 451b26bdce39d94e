//! The AWS CLI's commands that make something again that is gone, and that has the same id then.

use serde_json::Value;

use crate::shell::word;

/// The command for a resource of a type with these declared properties; `None` where there is none, or a property is not known.
pub fn returned(type_name: &str, declared: &Value, region: &str) -> Option<String> {
    let text = |name: &str| declared.get(name).and_then(Value::as_str).map(word);
    let endpoint = text("ClientVpnEndpointId")?;
    let call = match type_name {
        "AWS::EC2::ClientVpnAuthorizationRule" => {
            let whose = match text("AccessGroupId") {
                Some(group) => format!("--access-group-id {group}"),
                None => "--authorize-all-groups".to_owned(),
            };
            let network = text("TargetNetworkCidr")?;
            format!(
                "authorize-client-vpn-ingress --client-vpn-endpoint-id {endpoint} --target-network-cidr {network} {whose}"
            )
        }
        "AWS::EC2::ClientVpnRoute" => {
            let (network, subnet) = (text("DestinationCidrBlock")?, text("TargetVpcSubnetId")?);
            format!(
                "create-client-vpn-route --client-vpn-endpoint-id {endpoint} --destination-cidr-block {network} \
                 --target-vpc-subnet-id {subnet}"
            )
        }
        _ => return None,
    };
    let description = text("Description").map(|text| format!(" --description {text}")).unwrap_or_default();
    Some(format!("aws ec2 {call}{description} --region {region}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_authorization_is_given_to_all_or_to_its_group() {
        let of = |group: Value| {
            let rule =
                json!({"ClientVpnEndpointId": "cvpn-1", "TargetNetworkCidr": "10.0.0.0/16", "AccessGroupId": group});
            returned("AWS::EC2::ClientVpnAuthorizationRule", &rule, "us-east-1").unwrap()
        };
        let all = of(Value::Null);
        let call =
            "aws ec2 authorize-client-vpn-ingress --client-vpn-endpoint-id cvpn-1 --target-network-cidr 10.0.0.0/16";
        assert_eq!(all, format!("{call} --authorize-all-groups --region us-east-1"));
        assert_eq!(of(json!("LLM users")), format!("{call} --access-group-id 'LLM users' --region us-east-1"));
    }

    #[test]
    fn a_route_has_its_description() {
        let route = json!({
            "ClientVpnEndpointId": "cvpn-1", "DestinationCidrBlock": "0.0.0.0/0", "TargetVpcSubnetId": "subnet-1",
            "Description": "to models",
        });
        let command = returned("AWS::EC2::ClientVpnRoute", &route, "us-east-1").unwrap();
        assert!(command.ends_with("--target-vpc-subnet-id subnet-1 --description 'to models' --region us-east-1"));
    }

    #[test]
    fn what_is_not_known_and_other_types_have_no_command() {
        let route = json!({"ClientVpnEndpointId": "cvpn-1", "DestinationCidrBlock": "0.0.0.0/0"});
        assert_eq!(returned("AWS::EC2::ClientVpnRoute", &route, "us-east-1"), None);
        assert_eq!(returned("AWS::EC2::ClientVpnTargetNetworkAssociation", &route, "us-east-1"), None);
    }
}
