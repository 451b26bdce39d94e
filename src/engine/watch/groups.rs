//! Rules of security groups that nobody declared, and declared ones in a group itself that are gone.

use serde_json::{Value, json};

use super::{Looked, Owner};
use crate::aws::Session;
use crate::cfn::evaluate::is_known;
use crate::drift::{Addition, Reader};

/// A security group, and the rules that are declared for it.
#[derive(Debug, Clone)]
pub(in crate::engine) struct Group {
    pub owner: Owner,
    /// Its id.
    pub id: String,
    /// Ids of rules that are resources.
    pub rules: Vec<String>,
    /// Rules in the group itself: whether they are for traffic that leaves, and their properties.
    pub inline: Vec<(bool, Value)>,
    /// Whether anything is declared for what leaves. A group without a rule for that has one that lets everything out.
    pub has_egress: bool,
}

pub(super) async fn look(session: &Session, groups: &[Group]) -> Looked {
    let mut looked = Looked::default();
    if groups.is_empty() {
        return looked;
    }
    let ids: Vec<&str> = groups.iter().map(|group| group.id.as_str()).collect();
    match session.ec2().security_group_rules(&ids).await {
        Ok(rules) => {
            for group in groups {
                let own = rules.iter().filter(|rule| rule.group == group.id);
                for rule in own.filter(|rule| !group.is_declared(&rule.id, rule.is_egress, &rule.properties)) {
                    let addition = Addition::group_rule(&group.id, &rule.id, rule.is_egress);
                    let more = (rule.properties.clone(), addition);
                    looked.added(&group.owner, property(rule.is_egress), more, Reader::Ec2);
                }
                let there: Vec<_> = rules.iter().filter(|rule| rule.group == group.id).collect();
                for (is_egress, wanted) in &group.inline {
                    let is = |rule: &Value, egress: bool| egress == *is_egress && same_rule(wanted, rule);
                    if is_known(wanted) && !there.iter().any(|rule| is(&rule.properties, rule.is_egress)) {
                        looked.missing(&group.owner, property(*is_egress), wanted.clone(), Reader::Ec2);
                    }
                }
            }
        }
        Err(error) => groups.iter().for_each(|group| looked.skip(&group.owner, "rules", &error)),
    }
    looked
}

fn property(is_egress: bool) -> &'static str {
    if is_egress { "SecurityGroupEgress" } else { "SecurityGroupIngress" }
}

impl Group {
    fn is_declared(&self, id: &str, is_egress: bool, properties: &Value) -> bool {
        let everything_out = json!({"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"});
        self.rules.iter().any(|rule| rule == id)
            || self.inline.iter().any(|(egress, rule)| *egress == is_egress && same_rule(rule, properties))
            || (is_egress && !self.has_egress && same_rule(&everything_out, properties))
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn group(rules: &[&str], inline: Vec<(bool, Value)>, has_egress: bool) -> Group {
        let owner = Owner { id: "Group".into(), resource_type: "AWS::EC2::SecurityGroup".into() };
        let rules = rules.iter().map(|rule| (*rule).to_owned()).collect();
        Group { owner, id: "sg-1".into(), rules, inline, has_egress }
    }

    #[test]
    fn a_rule_of_another_stack_that_is_a_resource_is_declared_by_its_id() {
        let rule = json!({"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "SourceSecurityGroupId": "sg-2"});
        assert!(group(&["sgr-1"], Vec::new(), true).is_declared("sgr-1", false, &rule));
        assert!(!group(&[], Vec::new(), true).is_declared("sgr-1", false, &rule));
    }

    #[test]
    fn ports_are_the_same_as_numbers_and_as_texts_and_descriptions_do_not_count() {
        let declared = json!({"IpProtocol": "tcp", "FromPort": "443", "ToPort": "443", "CidrIp": "10.0.0.0/8"});
        let live =
            json!({"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/8", "Description": "a"});
        assert!(group(&[], vec![(false, declared)], true).is_declared("sgr-1", false, &live));
    }

    #[test]
    fn the_rule_that_lets_everything_out_is_the_groups_own_where_none_is_declared() {
        let out = json!({"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"});
        assert!(group(&[], Vec::new(), false).is_declared("sgr-1", true, &out));
        assert!(!group(&[], Vec::new(), true).is_declared("sgr-1", true, &out));
    }
}
