//! What was added to a resource and no template has: how AWS names it, and what takes it out.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::scaled::Scaled;
use crate::shell::{quoted, word};

/// How AWS names a part that was added, and what takes it out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Addition {
    /// `sgr-...`, the ARN of a listener, of its rule or of a policy, a policy's name, the id of an association, the network of
    /// an authorization; of a route its table or endpoint, and where it leads to, with `|` between. Of a policy that a resource
    /// has of its own it is the resource's ARN or name; of a subscription filter its name and its log group, of a scaling policy
    /// its ARN and what it scales, of a scheduled action its name and the same, of a subscription its protocol and endpoint.
    pub id: String,
    /// The AWS CLI's command that takes it out, with credentials of the account.
    pub command: String,
}

/// The type by which the Cloud Control API deletes what was added to a resource, under the id of the [`Addition`]. `None`
/// where it has no such type: of Client VPN none has a handler, a policy belongs to its role or repository, a scheduled action
/// to its target, and a topic does not tell the ARNs of its subscriptions.
pub fn deleted_as(resource_type: &str, property: &str) -> Option<&'static str> {
    match (resource_type, property) {
        ("AWS::EC2::SecurityGroup", "SecurityGroupIngress") => Some("AWS::EC2::SecurityGroupIngress"),
        ("AWS::EC2::SecurityGroup", "SecurityGroupEgress") => Some("AWS::EC2::SecurityGroupEgress"),
        ("AWS::EC2::RouteTable", "Routes") => Some("AWS::EC2::Route"),
        ("AWS::ElasticLoadBalancingV2::Listener", "Rules") => Some("AWS::ElasticLoadBalancingV2::ListenerRule"),
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", "Listeners") => Some("AWS::ElasticLoadBalancingV2::Listener"),
        ("AWS::SecretsManager::Secret", "ResourcePolicy") => Some("AWS::SecretsManager::ResourcePolicy"),
        ("AWS::Logs::LogGroup", "SubscriptionFilters") => Some("AWS::Logs::SubscriptionFilter"),
        ("AWS::ApplicationAutoScaling::ScalableTarget", "ScalingPolicies") => {
            Some("AWS::ApplicationAutoScaling::ScalingPolicy")
        }
        _ => None,
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

impl Addition {
    fn new(id: impl Into<String>, command: String) -> Self {
        Self { id: id.into(), command: format!("aws {command}") }
    }

    /// A rule of a security group.
    pub fn group_rule(group: &str, rule: &str, is_egress: bool) -> Self {
        let call = if is_egress { "revoke-security-group-egress" } else { "revoke-security-group-ingress" };
        Self::new(rule, format!("ec2 {call} --group-id {group} --security-group-rule-ids {rule}"))
    }

    /// A route of a route table. The destination is a network, or the id of a list of prefixes.
    pub fn route(table: &str, destination: &str) -> Self {
        let flag = match destination {
            list if list.starts_with("pl-") => "--destination-prefix-list-id",
            network if network.contains(':') => "--destination-ipv6-cidr-block",
            _ => "--destination-cidr-block",
        };
        let command = format!("ec2 delete-route --route-table-id {table} {flag} {destination}");
        Self::new(format!("{table}|{destination}"), command)
    }

    /// A rule of a listener.
    pub fn listener_rule(arn: &str) -> Self {
        Self::new(arn, format!("elbv2 delete-rule --rule-arn {arn}"))
    }

    /// A listener of a load balancer.
    pub fn listener(arn: &str) -> Self {
        Self::new(arn, format!("elbv2 delete-listener --listener-arn {arn}"))
    }

    /// An inline policy of a role.
    pub fn policy(role: &str, name: &str) -> Self {
        Self::new(name, format!("iam delete-role-policy --role-name {role} --policy-name {name}"))
    }

    /// A managed policy at a role.
    pub fn attachment(role: &str, arn: &str) -> Self {
        Self::new(arn, format!("iam detach-role-policy --role-name {role} --policy-arn {arn}"))
    }

    /// A network of a Client VPN endpoint, by the id of its association.
    pub fn vpn_network(endpoint: &str, association: &str) -> Self {
        let call = "ec2 disassociate-client-vpn-target-network";
        Self::new(association, format!("{call} --client-vpn-endpoint-id {endpoint} --association-id {association}"))
    }

    /// An authorization of a Client VPN endpoint.
    pub fn vpn_authorization(endpoint: &str, rule: &Value) -> Self {
        let (network, group) = (text(rule, "TargetNetworkCidr"), text(rule, "AccessGroupId"));
        let whose = if group.is_empty() {
            "--revoke-all-groups".to_owned()
        } else {
            format!("--access-group-id {}", word(group))
        };
        let call = "ec2 revoke-client-vpn-ingress";
        let command = format!("{call} --client-vpn-endpoint-id {endpoint} --target-network-cidr {network} {whose}");
        Self::new(network, command)
    }

    /// A route of a Client VPN endpoint.
    pub fn vpn_route(endpoint: &str, route: &Value) -> Self {
        let (network, subnet) = (text(route, "DestinationCidrBlock"), text(route, "TargetVpcSubnetId"));
        let call = format!("ec2 delete-client-vpn-route --client-vpn-endpoint-id {endpoint}");
        let command = format!("{call} --destination-cidr-block {network} --target-vpc-subnet-id {subnet}");
        Self::new(format!("{endpoint}|{network}"), command)
    }

    /// The policy that a secret has of its own.
    pub fn secret_policy(arn: &str) -> Self {
        Self::new(arn, format!("secretsmanager delete-resource-policy --secret-id {arn}"))
    }

    /// The policy of a repository.
    pub fn repository_policy(name: &str) -> Self {
        Self::new(name, format!("ecr delete-repository-policy --repository-name {name}"))
    }

    /// What sends a copy of a log group's lines somewhere.
    pub fn subscription_filter(group: &str, name: &str) -> Self {
        let own = word(name);
        let command = format!("logs delete-subscription-filter --log-group-name {group} --filter-name {own}");
        Self::new(format!("{name}|{group}"), command)
    }

    /// A subscription of a topic. Who may read the topic's subscriptions finds its ARN.
    pub fn subscription(topic: &str, protocol: &str, endpoint: &str) -> Self {
        let is_it = format!("Protocol=='{protocol}' && Endpoint=='{endpoint}'");
        let query = quoted(&format!("Subscriptions[?{is_it}].SubscriptionArn"));
        let region = topic.split(':').nth(3).unwrap_or_default();
        let list = format!("aws sns list-subscriptions-by-topic --topic-arn {topic} --query {query} --output text");
        let list = format!("{list} --region {region}");
        Self::new(format!("{protocol} {endpoint}"), format!("sns unsubscribe --subscription-arn \"$({list})\""))
    }

    /// A policy that scales, by its ARN, name and target.
    pub fn scaling_policy(arn: &str, name: &str, target: &Scaled) -> Self {
        let (name, flags) = (word(name), target.flags());
        let command = format!("application-autoscaling delete-scaling-policy --policy-name {name} {flags}");
        Self::new(format!("{arn}|{}", target.dimension), command)
    }

    /// An action that changes the range of a target at a time.
    pub fn scheduled_action(name: &str, target: &Scaled) -> Self {
        let (own, flags) = (word(name), target.flags());
        let command = format!("application-autoscaling delete-scheduled-action --scheduled-action-name {own} {flags}");
        Self::new(format!("{name}|{}", target.resource), command)
    }

    /// The same in a region, which the command then names.
    #[must_use]
    pub fn in_region(mut self, region: &str) -> Self {
        self.command = format!("{} --region {region}", self.command);
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_route_is_deleted_by_the_kind_of_its_destination() {
        let flag = |destination: &str| {
            let command = Addition::route("rtb-1", destination).command;
            command.split(' ').nth(5).unwrap().to_owned()
        };
        assert_eq!(flag("10.9.0.0/16"), "--destination-cidr-block");
        assert_eq!(flag("::/0"), "--destination-ipv6-cidr-block");
        assert_eq!(flag("pl-1"), "--destination-prefix-list-id");
    }

    #[test]
    fn an_authorization_is_revoked_from_the_group_that_has_it_or_from_all() {
        let of = |rule: Value| Addition::vpn_authorization("cvpn-1", &rule).command;
        assert!(of(json!({"TargetNetworkCidr": "10.0.0.0/8"})).ends_with("10.0.0.0/8 --revoke-all-groups"));
        let of_group = of(json!({"TargetNetworkCidr": "10.0.0.0/8", "AccessGroupId": "S-1"}));
        assert!(of_group.ends_with("10.0.0.0/8 --access-group-id S-1"), "{of_group}");
        let named = of(json!({"TargetNetworkCidr": "10.0.0.0/8", "AccessGroupId": "LLM users; id"}));
        assert!(named.ends_with("--access-group-id 'LLM users; id'"), "{named}");
    }

    #[test]
    fn a_command_names_the_region() {
        let command = Addition::group_rule("sg-1", "sgr-1", false).in_region("us-east-1").command;
        assert_eq!(
            command,
            "aws ec2 revoke-security-group-ingress --group-id sg-1 --security-group-rule-ids sgr-1 --region us-east-1"
        );
    }

    #[test]
    fn a_name_in_which_anything_may_be_is_one_word_of_the_shell() {
        let filter = Addition::subscription_filter("/acme", "it's mine");
        assert_eq!(filter.id, "it's mine|/acme");
        assert!(filter.command.ends_with(r"--filter-name 'it'\''s mine'"), "{}", filter.command);
    }

    #[test]
    fn a_subscription_is_ended_by_the_arn_that_its_topic_has_for_it() {
        let topic = "arn:aws:sns:us-east-1:111122223333:alarms";
        let command =
            Addition::subscription(topic, "sqs", "arn:aws:sqs:us-east-1:999988887777:a").in_region("us-east-1").command;
        assert!(
            command.starts_with("aws sns unsubscribe --subscription-arn \"$(aws sns list-subscriptions-by-topic "),
            "{command}"
        );
        assert!(command.ends_with("--output text --region us-east-1)\" --region us-east-1"), "{command}");
    }

    #[test]
    fn a_policy_that_scales_is_deleted_under_its_arn_and_what_it_scales() {
        let target = Scaled::parse("service/a/b|ecs:service:DesiredCount|ecs").unwrap();
        let policy = Addition::scaling_policy("arn:1", "mine", &target);
        assert_eq!(policy.id, "arn:1|ecs:service:DesiredCount");
        let flags = "--service-namespace ecs --resource-id service/a/b --scalable-dimension ecs:service:DesiredCount";
        assert_eq!(
            policy.command,
            format!("aws application-autoscaling delete-scaling-policy --policy-name mine {flags}")
        );
    }
}
