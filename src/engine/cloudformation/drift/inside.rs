//! What stands inside our resources that no template has: rules of security groups, rules of a listener, policies at a role,
//! authorizations of a VPN.

use serde_json::{Value, json};

use super::Part;
use super::stack::{Read, ReadStack};
use crate::drift::{Difference, Kind, Reader};
use crate::engine::EngineError;
use crate::engine::cloudformation::CloudFormationEngine;
use crate::render::RenderedStack;

const GROUP: &str = "AWS::EC2::SecurityGroup";
const LISTENER: &str = "AWS::ElasticLoadBalancingV2::Listener";
const LISTENER_RULE: &str = "AWS::ElasticLoadBalancingV2::ListenerRule";
const ROLE: &str = "AWS::IAM::Role";

impl CloudFormationEngine {
    /// Adds what no template has.
    pub(super) async fn look_for_more(
        &self,
        rendered: &RenderedStack,
        stack: &ReadStack,
        part: &mut Part,
    ) -> Result<(), EngineError> {
        let more = |part: &mut Part, logical_id: &str, kind: &str, property: &str, value: Value, reader: Reader| {
            let added = Difference { path: vec![property.to_owned()], expected: None, actual: Some(value) };
            part.findings.push(self.subject(rendered, logical_id, kind).finding(Kind::Added, added, reader));
        };
        for (logical_id, property, value) in &stack.more {
            more(part, logical_id, "AWS::EC2::ClientVpnEndpoint", property, value.clone(), Reader::Ec2);
        }
        let session = self.session(&rendered.target);
        for (logical_id, group) in stack.of_type(GROUP) {
            match session.ec2().security_group_rules(group).await {
                Ok(rules) => {
                    let declared = declared_rules(stack, logical_id, group);
                    for rule in
                        rules.iter().filter(|rule| !declared.is_declared(&rule.id, rule.is_egress, &rule.properties))
                    {
                        let property = if rule.is_egress { "SecurityGroupEgress" } else { "SecurityGroupIngress" };
                        more(part, logical_id, GROUP, property, rule.properties.clone(), Reader::Ec2);
                    }
                }
                Err(error) => part
                    .coverage
                    .skip(format!("{} rules", self.subject(rendered, logical_id, GROUP).address()), error.to_string()),
            }
        }
        let known: Vec<&str> = stack.of_type(LISTENER_RULE).map(|(_, arn)| arn).collect();
        for (logical_id, listener) in stack.of_type(LISTENER) {
            let listed = session.cloudcontrol().list_in(LISTENER_RULE, &json!({"ListenerArn": listener})).await;
            match listed {
                Ok(rules) => {
                    for rule in rules.iter().filter(|rule| !known.contains(&rule.identifier.as_str())) {
                        if rule.properties.get("IsDefault") != Some(&Value::Bool(true)) {
                            more(part, logical_id, LISTENER, "Rules", rule.properties.clone(), Reader::CloudControl);
                        }
                    }
                }
                Err(error) => part.coverage.skip(
                    format!("{} rules", self.subject(rendered, logical_id, LISTENER).address()),
                    error.to_string(),
                ),
            }
        }
        for (logical_id, name) in stack.of_type(ROLE) {
            let Some(Read::There(actual, reader)) = stack.read.get(logical_id) else { continue };
            for (property, value) in policies_more(stack, logical_id, name, actual) {
                more(part, logical_id, ROLE, property, value, *reader);
            }
        }
        Ok(())
    }
}

/// The rules that templates have for a group.
struct DeclaredRules<'a> {
    /// Ids of rules that are resources.
    ids: Vec<&'a str>,
    /// Rules in the group itself: whether they are for traffic that leaves, and their properties.
    inline: Vec<(bool, Value)>,
    has_egress: bool,
}

impl DeclaredRules<'_> {
    fn is_declared(&self, id: &str, is_egress: bool, properties: &Value) -> bool {
        let everything_out = json!({"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"});
        self.ids.contains(&id)
            || self.inline.iter().any(|(egress, rule)| *egress == is_egress && same_rule(rule, properties))
            // A group without a rule for what leaves has this one.
            || (is_egress && !self.has_egress && same_rule(&everything_out, properties))
    }
}

fn declared_rules<'a>(stack: &'a ReadStack, logical_id: &str, group: &str) -> DeclaredRules<'a> {
    let own = stack.declared(logical_id).unwrap_or_default();
    let list = |property: &str| own.get(property).and_then(Value::as_array).cloned().unwrap_or_default();
    let ingress = list("SecurityGroupIngress").into_iter().map(|rule| (false, rule));
    let egress: Vec<Value> = list("SecurityGroupEgress");
    let mut has_egress = !egress.is_empty();
    let inline: Vec<(bool, Value)> = ingress.chain(egress.into_iter().map(|rule| (true, rule))).collect();
    let mut ids = Vec::new();
    for kind in ["AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"] {
        for (own, id) in stack.of_type(kind) {
            let is_of_group = stack.declared(own).is_some_and(|rule| rule.get("GroupId") == Some(&json!(group)));
            has_egress |= is_of_group && kind.ends_with("Egress");
            ids.push(id);
        }
    }
    DeclaredRules { ids, inline, has_egress }
}

/// Whether two rules let the same through. Descriptions do not matter.
fn same_rule(one: &Value, other: &Value) -> bool {
    const MEMBERS: [&str; 9] = [
        "IpProtocol",
        "FromPort",
        "ToPort",
        "CidrIp",
        "CidrIpv6",
        "SourceSecurityGroupId",
        "DestinationSecurityGroupId",
        "SourcePrefixListId",
        "DestinationPrefixListId",
    ];
    let text = |rule: &Value, name: &str| match rule.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    };
    MEMBERS.iter().all(|name| text(one, name) == text(other, name))
}

/// Policies at a role that no template has: attached ones by ARN, inline ones whole.
fn policies_more(stack: &ReadStack, logical_id: &str, name: &str, actual: &Value) -> Vec<(&'static str, Value)> {
    let declared = stack.declared(logical_id).unwrap_or_default();
    let list =
        |value: &Value, property: &str| value.get(property).and_then(Value::as_array).cloned().unwrap_or_default();
    let mut found = Vec::new();
    let own = list(&declared, "ManagedPolicyArns");
    let attached: Vec<&str> = stack
        .of_type("AWS::IAM::ManagedPolicy")
        .filter(|(policy, _)| {
            stack.declared(policy).is_some_and(|policy| list(&policy, "Roles").contains(&json!(name)))
        })
        .map(|(_, arn)| arn)
        .collect();
    // What the role itself declares is compared with its own list.
    if own.is_empty() {
        let more = list(actual, "ManagedPolicyArns").into_iter();
        found.extend(
            more.filter(|arn| !arn.as_str().is_some_and(|arn| attached.contains(&arn)))
                .map(|arn| ("ManagedPolicyArns", arn)),
        );
    }
    if list(&declared, "Policies").is_empty() {
        let names: Vec<Value> = ["AWS::IAM::RolePolicy", "AWS::IAM::Policy"]
            .into_iter()
            .flat_map(|kind| stack.of_type(kind))
            .filter_map(|(policy, _)| stack.declared(policy)?.get("PolicyName").cloned())
            .collect();
        let more = list(actual, "Policies").into_iter();
        found.extend(
            more.filter(|policy| !policy.get("PolicyName").is_some_and(|name| names.contains(name)))
                .map(|policy| ("Policies", policy)),
        );
    }
    found
}
