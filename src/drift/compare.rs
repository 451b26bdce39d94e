//! Declared properties against those that AWS gives back, under the resource schema.

use serde_json::Value;

use super::same::{ORDERED, identity, is_nothing, is_policy, same};
use super::statements::statements;
use crate::cfn::evaluate::{is_function, is_known};
use crate::cfn::registry::{ResourceSchema, keyword_of};
use crate::policy::grants;

/// One property that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// From the resource; members of a list by their identity, or else by their position.
    pub path: Vec<String>,
    /// What is declared. `None`: something was added to a list.
    pub expected: Option<Value>,
    /// What is there.
    pub actual: Option<Value>,
}

/// What came of comparing one resource.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Compared {
    /// What differs.
    pub differences: Vec<Difference>,
    /// Declared properties that AWS does not give back, or whose value is not known here.
    pub unread: Vec<Vec<String>>,
}

/// Compares the declared properties of a resource. What is not declared is not looked at: it is AWS's default, or the
/// business of another resource. `given` are properties that were read although the schema says that they can only be
/// written.
pub fn compare(schema: &ResourceSchema, declared: &Value, actual: &Value, given: &[&str]) -> Compared {
    let mut walk = Walk { schema, given, found: Compared::default(), path: Vec::new() };
    let properties = declared.as_object().into_iter().flatten();
    for (name, value) in properties {
        walk.at(name, |walk| {
            let node = schema.properties().and_then(|properties| properties.get(name));
            walk.value(value, actual.get(name), node);
        });
    }
    walk.found
}

struct Walk<'a> {
    schema: &'a ResourceSchema,
    given: &'a [&'a str],
    found: Compared,
    path: Vec<String>,
}

impl Walk<'_> {
    fn at(&mut self, name: &str, work: impl FnOnce(&mut Self)) {
        self.path.push(name.to_owned());
        work(self);
        self.path.pop();
    }

    fn differs(&mut self, expected: Option<&Value>, actual: Option<&Value>) {
        self.found.differences.push(Difference {
            path: self.path.clone(),
            expected: expected.cloned(),
            actual: actual.cloned(),
        });
    }

    fn is_not_given_back(&self) -> bool {
        if self.path.first().is_some_and(|first| self.given.contains(&first.as_str())) {
            return false;
        }
        self.schema.is_write_only(&self.path)
    }

    fn value(&mut self, expected: &Value, actual: Option<&Value>, node: Option<&Value>) {
        let node = node.and_then(|node| self.schema.resolve(node));
        if is_function(expected) || self.is_not_given_back() {
            self.found.unread.push(self.path.clone());
            return;
        }
        // A document may come back as the text of its JSON.
        let parsed = match (expected, actual) {
            (Value::Object(_) | Value::Array(_), Some(Value::String(text))) => serde_json::from_str::<Value>(text).ok(),
            _ => None,
        };
        let actual = parsed.as_ref().or(actual).filter(|value| !value.is_null());
        match (expected, actual) {
            (_, None) => {
                let is_default =
                    node.and_then(|node| keyword_of(node, "default")).is_some_and(|value| value == expected);
                if !is_default && !is_nothing(expected) {
                    self.differs(Some(expected), None);
                }
            }
            // A document with a name in it that is not known, of something that is gone, says nothing.
            (Value::Object(_), Some(_)) if is_policy(expected) && !is_known(expected) => {
                self.found.unread.push(self.path.clone());
            }
            (Value::Object(_), Some(actual)) if is_policy(expected) => {
                if grants([expected]) != grants([actual]) {
                    self.policy(expected, actual);
                }
            }
            // `{Allow: {}}` and `{Block: {}}`: what is empty says something where it is chosen from several.
            (Value::Object(members), Some(Value::Object(there)))
                if !members.is_empty() && !there.is_empty() && members.keys().all(|name| !there.contains_key(name)) =>
            {
                self.differs(Some(expected), actual);
            }
            (Value::Object(members), Some(Value::Object(there))) => {
                for (name, value) in members {
                    let inner = node.and_then(|node| self.schema.member_schema(node, name)).cloned();
                    self.at(name, |walk| walk.value(value, there.get(name), inner.as_ref()));
                }
            }
            (Value::Array(items), Some(Value::Array(there))) => self.list(items, there, node),
            (expected, Some(actual)) => {
                if !same(expected, actual) {
                    self.differs(Some(expected), Some(actual));
                }
            }
        }
    }

    fn policy(&mut self, expected: &Value, actual: &Value) {
        let told = statements(expected, actual);
        if told.is_empty() {
            return self.differs(Some(expected), Some(actual));
        }
        let here = &self.path;
        let with_path = |one: Difference| Difference { path: [here.as_slice(), &one.path].concat(), ..one };
        self.found.differences.extend(told.into_iter().map(with_path));
    }

    fn list(&mut self, expected: &[Value], actual: &[Value], node: Option<&Value>) {
        let inner = node.and_then(|node| keyword_of(node, "items")).cloned();
        let is_ordered = self.path.last().is_some_and(|name| ORDERED.contains(&name.as_str()));
        if is_ordered && expected.len() == actual.len() {
            for (index, (expected, actual)) in expected.iter().zip(actual).enumerate() {
                self.at(&index.to_string(), |walk| walk.value(expected, Some(actual), inner.as_ref()));
            }
            return;
        }
        if let Some(key) = identity(expected, actual) {
            return self.by_identity(key, expected, actual, inner.as_ref());
        }
        let mut left: Vec<&Value> = actual.iter().collect();
        let mut missing: Vec<(usize, &Value)> = Vec::new();
        for (index, item) in expected.iter().enumerate() {
            let found = left.iter().position(|other| self.is_same(item, other, inner.as_ref()));
            match found {
                Some(at) => drop(left.remove(at)),
                None => missing.push((index, item)),
            }
        }
        // What is not known may be any of what is left.
        let known: Vec<(usize, &Value)> = missing.into_iter().filter(|(_, item)| !is_function(item)).collect();
        let unknown = expected.iter().filter(|item| is_function(item)).count();
        let mut left = left.into_iter().skip(unknown);
        for (index, item) in known {
            let other = left.next();
            self.at(&index.to_string(), |walk| match other {
                Some(other) => walk.value(item, Some(other), inner.as_ref()),
                None => walk.differs(Some(item), None),
            });
        }
        for other in left {
            self.differs(None, Some(other));
        }
    }

    fn by_identity(&mut self, key: &str, expected: &[Value], actual: &[Value], node: Option<&Value>) {
        let name = |item: &Value| item.get(key).and_then(Value::as_str).map(ToOwned::to_owned).unwrap_or_default();
        for item in expected {
            let other = actual.iter().find(|other| name(other) == name(item));
            self.at(&name(item), |walk| match other {
                Some(other) => walk.value(item, Some(other), node),
                None => walk.differs(Some(item), None),
            });
        }
        // Tags are also set by AWS, by cost allocation and by policies of the organization; a load balancer, listener or
        // target group gives back every attribute that there is, with its default.
        let is_open = |list: &String| list.ends_with("Tags") || list.ends_with("Attributes");
        let is_open = self.path.last().is_some_and(is_open);
        for other in actual.iter().filter(|other| !is_open && expected.iter().all(|item| name(item) != name(other))) {
            self.at(&name(other), |walk| walk.differs(None, Some(other)));
        }
    }

    fn is_same(&self, expected: &Value, actual: &Value, node: Option<&Value>) -> bool {
        let (schema, given) = (self.schema, self.given);
        let mut inner = Walk { schema, given, found: Compared::default(), path: self.path.clone() };
        inner.at("0", |walk| walk.value(expected, Some(actual), node));
        inner.found.differences.is_empty()
    }
}

/// Whether an item of a list is the declared one at a path.
pub(super) fn is_same_item(schema: &ResourceSchema, path: &[String], expected: &Value, actual: &Value) -> bool {
    let mut walk = Walk { schema, given: &[], found: Compared::default(), path: path.to_vec() };
    walk.value(expected, Some(actual), schema.property_schema(path));
    walk.found.differences.is_empty()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cfn::registry::Registry;

    fn between(type_name: &str, declared: Value, actual: Value) -> Vec<(String, Option<Value>, Option<Value>)> {
        let registry = Registry::builtin();
        let compared = compare(registry.get(type_name).unwrap(), &declared, &actual, &[]);
        compared.differences.into_iter().map(|one| (one.path.join("."), one.expected, one.actual)).collect()
    }

    #[test]
    fn what_is_not_declared_is_not_looked_at() {
        let there = json!({"RetentionInDays": 7, "LogGroupName": "acme", "Arn": "arn:aws:logs:x"});
        assert!(between("AWS::Logs::LogGroup", json!({"LogGroupName": "acme"}), there).is_empty());
    }

    #[test]
    fn a_value_that_changed_is_found_with_both_sides() {
        let found = between("AWS::Logs::LogGroup", json!({"RetentionInDays": 90}), json!({"RetentionInDays": 7}));
        assert_eq!(found, [("RetentionInDays".to_owned(), Some(json!(90)), Some(json!(7)))]);
    }

    #[test]
    fn numbers_and_their_texts_are_the_same() {
        let found = between("AWS::Logs::LogGroup", json!({"RetentionInDays": "90"}), json!({"RetentionInDays": 90}));
        assert!(found.is_empty());
    }

    #[test]
    fn a_key_is_the_same_by_id_and_by_arn() {
        let arn = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        let declared = json!({"KmsKeyId": "1234abcd-12ab-34cd-56ef-1234567890ab"});
        assert!(between("AWS::Logs::LogGroup", declared.clone(), json!({"KmsKeyId": arn})).is_empty());
        let other = json!({"KmsKeyId": "arn:aws:kms:us-east-1:111122223333:key/other"});
        assert_eq!(between("AWS::Logs::LogGroup", declared, other).len(), 1);
    }

    #[test]
    fn the_order_of_a_list_does_not_matter() {
        let (declared, there) = (json!({"SubnetIds": ["a", "b"]}), json!({"SubnetIds": ["b", "a"]}));
        assert!(between("AWS::RDS::DBSubnetGroup", declared, there).is_empty());
    }

    #[test]
    fn an_item_that_was_added_to_a_declared_list_is_found() {
        let (declared, there) = (json!({"SubnetIds": ["a"]}), json!({"SubnetIds": ["b", "a"]}));
        let found = between("AWS::RDS::DBSubnetGroup", declared, there);
        assert_eq!(found, [("SubnetIds".to_owned(), None, Some(json!("b")))]);
    }

    #[test]
    fn tags_are_compared_by_key_and_others_tags_are_theirs() {
        let tag = |key: &str, value: &str| json!({"Key": key, "Value": value});
        let declared = json!({"Tags": [tag("team", "platform"), tag("Name", "acme")]});
        let there = json!({"Tags": [tag("Name", "acme"), tag("aws:x", "y"), tag("cost", "1"), tag("team", "other")]});
        let found = between("AWS::EC2::VPC", declared, there);
        assert_eq!(found, [("Tags.team.Value".to_owned(), Some(json!("platform")), Some(json!("other")))]);
    }

    #[test]
    fn memory_and_cpu_are_the_same_with_and_without_a_unit() {
        let task = |cpu: &str, memory: &str| json!({"Cpu": cpu, "Memory": memory});
        assert!(between("AWS::ECS::TaskDefinition", task("1024", "1024"), task("1 vCPU", "1 GB")).is_empty());
        assert!(between("AWS::ECS::TaskDefinition", task(".5 vCPU", "2GB"), task("512", "2048")).is_empty());
        assert_eq!(between("AWS::ECS::TaskDefinition", task("1024", "1024"), task("1024", "2 GB")).len(), 1);
    }

    #[test]
    fn attributes_that_aws_adds_with_their_defaults_are_no_drift() {
        let attribute = |key: &str, value: &str| json!({"Key": key, "Value": value});
        let declared = json!({"LoadBalancerAttributes": [attribute("idle_timeout.timeout_seconds", "600")]});
        let live = |seconds: &str| {
            json!({"LoadBalancerAttributes": [
                attribute("deletion_protection.enabled", "false"), attribute("idle_timeout.timeout_seconds", seconds)]})
        };
        let kind = "AWS::ElasticLoadBalancingV2::LoadBalancer";
        assert!(between(kind, declared.clone(), live("600")).is_empty());
        assert_eq!(between(kind, declared, live("60")).len(), 1);
    }

    #[test]
    fn policies_are_the_same_when_they_grant_the_same() {
        let statement = |action: Value| json!({"Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]});
        let role = |action: Value| json!({"Policies": [{"PolicyName": "a", "PolicyDocument": statement(action)}]});
        assert!(between("AWS::IAM::Role", role(json!(["s3:GetObject"])), role(json!("s3:GetObject"))).is_empty());
        let found = between("AWS::IAM::Role", role(json!("s3:GetObject")), role(json!("s3:*")));
        assert_eq!(found[0].0, "Policies.a.PolicyDocument.Statement.0.Action");
    }

    /// A firewall whose one rule has some other members.
    fn firewall(members: Value) -> Value {
        let mut rule = json!({
            "Name": "flood", "Priority": 1, "Action": {"Block": {}},
            "Statement": {"RateBasedStatement": {"Limit": 2000, "AggregateKeyType": "IP"}},
        });
        for (name, value) in members.as_object().into_iter().flatten() {
            rule[name] = value.clone();
        }
        json!({"Rules": [rule]})
    }

    #[test]
    fn the_action_of_a_rule_of_a_firewall_is_compared() {
        let found = between("AWS::WAFv2::WebACL", firewall(json!({})), firewall(json!({"Action": {"Count": {}}})));
        assert_eq!(found[0].0, "Rules.flood.Action");
    }

    #[test]
    fn the_limit_of_a_rule_of_a_firewall_is_compared() {
        let other = json!({"Statement": {"RateBasedStatement": {"Limit": 2_000_000, "AggregateKeyType": "IP"}}});
        let found = between("AWS::WAFv2::WebACL", firewall(json!({})), firewall(other));
        assert_eq!(found[0].0, "Rules.flood.Statement.RateBasedStatement.Limit");
    }

    #[test]
    fn the_overrides_of_a_group_of_rules_are_compared() {
        let managed = |action: Value| {
            firewall(json!({"Statement": {"ManagedRuleGroupStatement": {
                "VendorName": "AWS", "Name": "AWSManagedRulesCommonRuleSet",
                "RuleActionOverrides": [{"Name": "SizeRestrictions_BODY", "ActionToUse": action}]}}}))
        };
        let found = between("AWS::WAFv2::WebACL", managed(json!({"Count": {}})), managed(json!({"Allow": {}})));
        assert!(found[0].0.ends_with("RuleActionOverrides.SizeRestrictions_BODY.ActionToUse"), "{found:?}");
    }

    #[test]
    fn tags_that_others_add_are_theirs_also_inside_other_lists() {
        let tags = |tags: Value| json!({"TagSpecifications": [{"ResourceType": "client-vpn-endpoint", "Tags": tags}]});
        let own = json!({"Key": "team", "Value": "platform"});
        let (declared, there) = (tags(json!([own])), tags(json!([{"Key": "cost", "Value": "1"}, own])));
        assert!(between("AWS::EC2::ClientVpnEndpoint", declared.clone(), there).is_empty());
        let other = tags(json!([{"Key": "team", "Value": "other"}]));
        assert_eq!(between("AWS::EC2::ClientVpnEndpoint", declared, other).len(), 1);
    }

    #[test]
    fn an_account_is_the_same_by_its_number_and_by_its_root() {
        let role = |who: &str| {
            json!({"AssumeRolePolicyDocument": {"Statement": [
                {"Effect": "Allow", "Principal": {"AWS": who}, "Action": "sts:AssumeRole"}]}})
        };
        let root = "arn:aws-us-gov:iam::111122223333:root";
        assert!(between("AWS::IAM::Role", role("111122223333"), role(root)).is_empty());
        assert_eq!(between("AWS::IAM::Role", role("111122223333"), role("222222222222")).len(), 1);
    }

    #[test]
    fn what_aws_does_not_give_back_is_counted_and_not_compared() {
        let registry = Registry::builtin();
        let schema = registry.get("AWS::SecretsManager::Secret").unwrap();
        let compared = compare(schema, &json!({"SecretString": "x", "Name": {"Ref": "Other"}}), &json!({}), &[]);
        assert_eq!((compared.differences.len(), compared.unread.len()), (0, 2));
    }

    #[test]
    fn what_aws_does_not_give_back_of_an_item_with_a_name_is_not_compared() {
        let registry = Registry::builtin();
        let rules = |rule: Value| json!({"LifecycleConfiguration": {"Rules": [rule]}});
        let declared = rules(json!({"Id": "old", "Status": "Enabled", "ExpiredObjectDeleteMarker": true}));
        let live = rules(json!({"Id": "old", "Status": "Enabled"}));
        let compared = compare(registry.get("AWS::S3::Bucket").unwrap(), &declared, &live, &[]);
        assert_eq!(compared.differences, []);
        let path = ["LifecycleConfiguration", "Rules", "old", "ExpiredObjectDeleteMarker"];
        assert_eq!(compared.unread, [path.map(ToOwned::to_owned)]);
    }

    #[test]
    fn what_its_service_has_given_is_compared_although_the_schema_calls_it_write_only() {
        let registry = Registry::builtin();
        let schema = registry.get("AWS::ElastiCache::ReplicationGroup").unwrap();
        let (declared, there) = (json!({"SecurityGroupIds": ["sg-1"]}), json!({"SecurityGroupIds": ["sg-2"]}));
        let unread = compare(schema, &declared, &there, &[]);
        assert_eq!((unread.differences.len(), unread.unread.len()), (0, 1));
        let read = compare(schema, &declared, &there, &["SecurityGroupIds"]);
        assert_eq!((read.differences.len(), read.unread.len()), (1, 0));
    }

    #[test]
    fn another_choice_is_found_although_both_are_empty() {
        let (declared, there) = (json!({"DefaultAction": {"Allow": {}}}), json!({"DefaultAction": {"Block": {}}}));
        assert_eq!(between("AWS::WAFv2::WebACL", declared, there).len(), 1);
    }

    #[test]
    fn nothing_is_the_same_as_what_says_nothing() {
        let declared = json!({"Tags": [], "EnableDnsSupport": false});
        assert!(between("AWS::EC2::VPC", declared, json!({})).is_empty());
        assert_eq!(between("AWS::EC2::VPC", json!({"EnableDnsSupport": true}), json!({})).len(), 1);
    }
}
