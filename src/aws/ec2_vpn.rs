//! EC2: Client VPN endpoints with all that belongs to them, and the rules of security groups, as a template would write
//! them.

use aws_sdk_ec2::types::{AuthorizationRule, ClientVpnRoute, TargetNetwork};
use serde_json::{Value, json};

use super::Result;
use super::ec2::Ec2;

/// A Client VPN endpoint.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ClientVpn {
    /// Properties of the endpoint; `None` when it is not there.
    pub endpoint: Option<Value>,
    /// Associations with networks by their id.
    pub associations: Vec<(String, Value)>,
    /// Authorization rules.
    pub rules: Vec<Value>,
    /// Routes that were added. AWS makes one for each network that is associated.
    pub routes: Vec<Value>,
}

/// A rule of a security group.
#[derive(Debug, Clone, PartialEq)]
pub struct SecurityGroupRule {
    /// Id.
    pub id: String,
    /// The group.
    pub group: String,
    /// Whether it is for traffic that leaves.
    pub is_egress: bool,
    /// Its properties.
    pub properties: Value,
}

/// An object of the members that are there.
fn object(members: Value) -> Value {
    match members {
        Value::Object(members) => Value::Object(members.into_iter().filter(|(_, value)| !value.is_null()).collect()),
        other => other,
    }
}

impl Ec2 {
    /// A Client VPN endpoint with its associations, authorization rules and routes.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn client_vpn(&self, id: &str) -> Result<ClientVpn> {
        let answer = self
            .caller
            .call("DescribeClientVpnEndpoints", id, || {
                self.client.describe_client_vpn_endpoints().client_vpn_endpoint_ids(id).send()
            })
            .await;
        let answer = match answer {
            Err(error) if error.is("InvalidClientVpnEndpointId.NotFound") => return Ok(ClientVpn::default()),
            other => other?,
        };
        let found = answer.client_vpn_endpoints.unwrap_or_default().into_iter().next();
        let Some(found) = found.filter(|found| !is_going(found)) else { return Ok(ClientVpn::default()) };
        let endpoint = endpoint(&found);
        let (associations, rules, routes) =
            futures::try_join!(self.vpn_associations(id), self.vpn_rules(id), self.vpn_routes(id))?;
        Ok(ClientVpn { endpoint: Some(endpoint), associations, rules, routes })
    }

    async fn vpn_associations(&self, id: &str) -> Result<Vec<(String, Value)>> {
        let (mut all, mut token) = (Vec::new(), None);
        loop {
            let answer = self
                .caller
                .call("DescribeClientVpnTargetNetworks", id, || {
                    self.client
                        .describe_client_vpn_target_networks()
                        .client_vpn_endpoint_id(id)
                        .set_next_token(token.clone())
                        .send()
                })
                .await?;
            let is_going = |network: &TargetNetwork| {
                let code = network.status.as_ref().and_then(|status| status.code.as_ref());
                code.is_some_and(|code| matches!(code.as_str(), "disassociating" | "disassociated"))
            };
            let networks = answer.client_vpn_target_networks.unwrap_or_default().into_iter();
            for network in networks.filter(|network| !is_going(network)) {
                let properties = json!({"ClientVpnEndpointId": network.client_vpn_endpoint_id, "SubnetId": network.target_network_id});
                all.extend(network.association_id.map(|association| (association, object(properties))));
            }
            token = answer.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(all);
            }
        }
    }

    async fn vpn_rules(&self, id: &str) -> Result<Vec<Value>> {
        let (mut all, mut token) = (Vec::new(), None);
        loop {
            let answer = self
                .caller
                .call("DescribeClientVpnAuthorizationRules", id, || {
                    self.client
                        .describe_client_vpn_authorization_rules()
                        .client_vpn_endpoint_id(id)
                        .set_next_token(token.clone())
                        .send()
                })
                .await?;
            let is_going = |rule: &AuthorizationRule| {
                let code = rule.status.as_ref().and_then(|status| status.code.as_ref());
                code.is_some_and(|code| code.as_str() == "revoking")
            };
            let rules = answer.authorization_rules.unwrap_or_default().into_iter();
            all.extend(rules.filter(|rule| !is_going(rule)).map(|rule| {
                object(json!({
                    "ClientVpnEndpointId": rule.client_vpn_endpoint_id,
                    "TargetNetworkCidr": rule.destination_cidr,
                    "AccessGroupId": rule.group_id.filter(|group| !group.is_empty()),
                    "AuthorizeAllGroups": rule.access_all,
                    "Description": rule.description.filter(|text| !text.is_empty()),
                }))
            }));
            token = answer.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(all);
            }
        }
    }

    async fn vpn_routes(&self, id: &str) -> Result<Vec<Value>> {
        let (mut all, mut token) = (Vec::new(), None);
        loop {
            let answer = self
                .caller
                .call("DescribeClientVpnRoutes", id, || {
                    self.client
                        .describe_client_vpn_routes()
                        .client_vpn_endpoint_id(id)
                        .set_next_token(token.clone())
                        .send()
                })
                .await?;
            let is_added = |route: &ClientVpnRoute| {
                let code = route.status.as_ref().and_then(|status| status.code.as_ref());
                let is_going = code.is_some_and(|code| code.as_str() == "deleting");
                route.origin.as_deref() == Some("add-route") && !is_going
            };
            all.extend(answer.routes.unwrap_or_default().into_iter().filter(is_added).map(|route| {
                object(json!({
                    "ClientVpnEndpointId": route.client_vpn_endpoint_id,
                    "DestinationCidrBlock": route.destination_cidr,
                    "TargetVpcSubnetId": route.target_subnet,
                    "Description": route.description.filter(|text| !text.is_empty()),
                }))
            }));
            token = answer.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(all);
            }
        }
    }

    /// The rules of security groups.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn security_group_rules(&self, groups: &[&str]) -> Result<Vec<SecurityGroupRule>> {
        let (mut all, mut token) = (Vec::new(), None);
        let names = groups.join(", ");
        let filter = aws_sdk_ec2::types::Filter::builder().name("group-id");
        let filter = groups.iter().fold(filter, |filter, group| filter.values(*group)).build();
        loop {
            let answer = self
                .caller
                .call("DescribeSecurityGroupRules", &names, || {
                    self.client
                        .describe_security_group_rules()
                        .filters(filter.clone())
                        .set_next_token(token.clone())
                        .send()
                })
                .await?;
            all.extend(answer.security_group_rules.unwrap_or_default().into_iter().filter_map(|rule| {
                let is_egress = rule.is_egress.unwrap_or_default();
                let peer = rule.referenced_group_info.and_then(|peer| peer.group_id);
                let (group_key, list_key) = if is_egress {
                    ("DestinationSecurityGroupId", "DestinationPrefixListId")
                } else {
                    ("SourceSecurityGroupId", "SourcePrefixListId")
                };
                let properties = json!({
                    "IpProtocol": rule.ip_protocol,
                    "FromPort": rule.from_port.filter(|port| *port >= 0),
                    "ToPort": rule.to_port.filter(|port| *port >= 0),
                    "CidrIp": rule.cidr_ipv4,
                    "CidrIpv6": rule.cidr_ipv6,
                    group_key: peer,
                    list_key: rule.prefix_list_id,
                });
                Some(SecurityGroupRule {
                    id: rule.security_group_rule_id?,
                    group: rule.group_id.unwrap_or_default(),
                    is_egress,
                    properties: object(properties),
                })
            }));
            token = answer.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(all);
            }
        }
    }
}

fn is_going(endpoint: &aws_sdk_ec2::types::ClientVpnEndpoint) -> bool {
    let code = endpoint.status.as_ref().and_then(|status| status.code.as_ref());
    code.is_some_and(|code| matches!(code.as_str(), "deleting" | "deleted"))
}

fn endpoint(found: &aws_sdk_ec2::types::ClientVpnEndpoint) -> Value {
    let log = found.connection_log_options.as_ref();
    let has_portal = found.self_service_portal_url.as_ref().is_some_and(|url| !url.is_empty());
    let authentication: Vec<Value> = found
        .authentication_options
        .iter()
        .flatten()
        .map(|option| {
            let mutual = option.mutual_authentication.as_ref();
            let federated = option.federated_authentication.as_ref();
            object(json!({
                "Type": option.r#type.as_ref().map(|kind| kind.as_str()),
                "MutualAuthentication": mutual.map(|mutual| json!({
                    "ClientRootCertificateChainArn": mutual.client_root_certificate_chain,
                })),
                "FederatedAuthentication": federated.map(|federated| object(json!({
                    "SAMLProviderArn": federated.saml_provider_arn,
                    "SelfServiceSAMLProviderArn": federated.self_service_saml_provider_arn,
                }))),
            }))
        })
        .collect();
    object(json!({
        "Description": found.description,
        "ClientCidrBlock": found.client_cidr_block,
        "DnsServers": found.dns_servers,
        "SplitTunnel": found.split_tunnel,
        "TransportProtocol": found.transport_protocol.as_ref().map(|protocol| protocol.as_str()),
        "VpnPort": found.vpn_port,
        "ServerCertificateArn": found.server_certificate_arn,
        "AuthenticationOptions": authentication,
        "ConnectionLogOptions": log.map(|log| object(json!({
            "Enabled": log.enabled,
            "CloudwatchLogGroup": log.cloudwatch_log_group,
            "CloudwatchLogStream": log.cloudwatch_log_stream.as_ref().filter(|stream| !stream.is_empty()),
        }))),
        "SecurityGroupIds": found.security_group_ids,
        "VpcId": found.vpc_id,
        "SelfServicePortal": if has_portal { "enabled" } else { "disabled" },
        "SessionTimeoutHours": found.session_timeout_hours,
        "DisconnectOnSessionTimeout": found.disconnect_on_session_timeout,
        "ClientLoginBannerOptions": found.client_login_banner_options.as_ref().map(|banner| object(json!({
            "Enabled": banner.enabled,
            "BannerText": banner.banner_text,
        }))),
        "TagSpecifications": [{
            "ResourceType": "client-vpn-endpoint",
            "Tags": found.tags.iter().flatten().map(|tag| json!({"Key": tag.key, "Value": tag.value})).collect::<Vec<_>>(),
        }],
    }))
}
