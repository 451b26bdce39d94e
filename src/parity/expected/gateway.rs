//! Load balancer, listeners, rules and web ACL.

use serde_json::{Value as Json, json};

use super::Expectations;
use crate::model::Model;
use crate::model::gateway::Gateway;
use crate::model::listener::Target;
use crate::model::reference::{attribute, reference};
use crate::model::waf::WebAcl;

pub(super) const STACK: &str = "gateway";

pub(super) fn expect(model: &Model, said: &mut Expectations<'_>) {
    let gateway = &model.gateway;
    let balancer = &gateway.load_balancer;
    let subnets = reference(if balancer.public { "PublicSubnetIds" } else { "PrivateSubnetIds" });
    let subnets = json!({"Fn::Split": [",", subnets]});
    let properties = json!({
        "Type": "application",
        "Scheme": balancer.scheme,
        "LoadBalancerAttributes": balancer.attributes,
        "Subnets": subnets,
        "SecurityGroups": [reference("LoadBalancerSecurityGroupId")],
    });
    said.expect(STACK, "LoadBalancer", "AWS::ElasticLoadBalancingV2::LoadBalancer", properties);
    for group in &gateway.target_groups {
        let properties = json!({
            "Port": group.port,
            "Protocol": "HTTP",
            "TargetType": "ip",
            "HealthCheckPath": group.health_path,
            "TargetGroupAttributes": group.attributes,
        });
        said.expect(STACK, group.id, "AWS::ElasticLoadBalancingV2::TargetGroup", properties);
        said.tags(STACK, group.id, &group.tags);
    }
    listener(gateway, said);
    if let Some(acl) = &gateway.waf {
        web_acl(model, acl, said);
    }
}

fn listener(gateway: &Gateway, said: &mut Expectations<'_>) {
    let listener = &gateway.listener;
    let default = gateway.target_groups.iter().find(|group| group.container == "litellm").map(|group| group.id);
    let forward = |group: &str| json!([{"Type": "forward", "TargetGroupArn": reference(group)}]);
    let properties = json!({
        "Port": listener.port,
        "Protocol": listener.protocol,
        "SslPolicy": listener.ssl_policy,
        "Certificates": listener.certificate.as_ref().map(|arn| json!([{"CertificateArn": arn}])),
        "LoadBalancerArn": reference("LoadBalancer"),
        "DefaultActions": default.map(&forward),
        "ListenerAttributes": listener.attributes,
    });
    said.expect(STACK, listener.id, "AWS::ElasticLoadBalancingV2::Listener", properties);
    for rule in &gateway.rules {
        let container = match rule.target {
            Target::Litellm => "litellm",
            Target::Middleware => "middleware",
        };
        let group = gateway.target_groups.iter().find(|group| group.container == container).map(|group| group.id);
        let properties = json!({
            "Priority": rule.priority,
            "ListenerArn": reference(listener.id),
            "Conditions": [{"Field": "path-pattern", "PathPatternConfig": {"Values": rule.paths}}],
            "Actions": group.map(&forward),
        });
        said.expect(STACK, &rule.id, "AWS::ElasticLoadBalancingV2::ListenerRule", properties);
    }
    if let Some(domain) = &listener.domain {
        let properties = json!({"DomainName": domain, "ValidationMethod": "DNS"});
        said.expect(STACK, "Certificate", "AWS::CertificateManager::Certificate", properties);
        let alias = json!({"DNSName": attribute("LoadBalancer", "DNSName")});
        let record = json!({"Name": domain, "Type": "A", "AliasTarget": alias});
        said.expect(STACK, "DnsRecord", "AWS::Route53::RecordSet", record);
    }
}

fn web_acl(model: &Model, acl: &WebAcl, said: &mut Expectations<'_>) {
    let properties =
        json!({"Scope": "REGIONAL", "DefaultAction": {"Allow": {}}, "Rules": Json::from(acl.rules.clone())});
    said.expect(STACK, "WebAcl", "AWS::WAFv2::WebACL", properties);
    said.expect(
        STACK,
        "WebAclAssociation",
        "AWS::WAFv2::WebACLAssociation",
        json!({"ResourceArn": reference("LoadBalancer"), "WebACLArn": attribute("WebAcl", "Arn")}),
    );
    said.log_group(STACK, "WebAclLogGroup", &acl.log_group, model.log_retention_days);
    if !acl.block.is_empty() {
        let properties = json!({"Scope": "REGIONAL", "IPAddressVersion": "IPV4", "Addresses": acl.block});
        said.expect(STACK, "BlockedNetworks", "AWS::WAFv2::IPSet", properties);
    }
}
