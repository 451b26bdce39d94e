//! Values that resources have and no template sets.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::same::is_nothing;
use crate::cfn::registry::{PropertyPath, ResourceSchema, keyword_of};

/// Words in the names of properties whose values nobody writes down.
const SECRET: [&str; 6] = ["password", "secretstring", "token", "credential", "privatekey", "apikey"];
/// Members that give a name to the value beside them.
const NAMES: [&str; 4] = ["Name", "name", "Key", "key"];

/// Properties that other resources or AWS itself fill: tasks register as targets, rules and policies that are resources show
/// at the groups and roles that they belong to, what is added to a topic, a repository or a target is told of as that, and a group of parameters gives back every one with its default.
const FILLED: [(&str, &str); 11] = [
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "Targets"),
    ("AWS::EC2::SecurityGroup", "SecurityGroupIngress"),
    ("AWS::EC2::SecurityGroup", "SecurityGroupEgress"),
    ("AWS::IAM::Role", "ManagedPolicyArns"),
    ("AWS::IAM::Role", "Policies"),
    ("AWS::SNS::Topic", "Subscription"),
    ("AWS::ECR::Repository", "RepositoryPolicyText"),
    ("AWS::ApplicationAutoScaling::ScalableTarget", "ScheduledActions"),
    ("AWS::ElastiCache::ParameterGroup", "Properties"),
    ("AWS::RDS::DBClusterParameterGroup", "Parameters"),
    ("AWS::RDS::DBParameterGroup", "Parameters"),
];

/// The values that a resource has and the template does not set, by path. Left out is what nobody could set, or only when
/// the resource is made; what the schema calls the default; what others fill; and tags, which others set as well.
pub fn undeclared(schema: &ResourceSchema, declared: &Value, actual: &Value) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    let (Some(actual), Some(nodes)) = (actual.as_object(), schema.properties()) else { return found };
    let walk = Walk { schema };
    let empty = Map::new();
    walk.object(declared.as_object().unwrap_or(&empty), actual, &|name| nodes.get(name), &mut Vec::new(), &mut found);
    found
}

/// Whether the name of a property says that its value is a secret.
pub(crate) fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase().replace(['_', '-'], "");
    let says = name.ends_with("secret") || SECRET.iter().any(|word| name.contains(word));
    says && !name.ends_with("arn") && !name.ends_with("id")
}

/// What stands for the value of a secret.
const HIDDEN: &str = "****";

/// A value without the members whose names say that they are secrets, however deep.
pub(crate) fn without_secrets(value: &Value) -> Value {
    with_secrets_as(value, &|_| None)
}

/// A value in which the texts of members are hidden whose names say that they are secrets, however deep. References to where a
/// secret is are none.
pub(crate) fn with_hidden_secrets(value: &Value) -> Value {
    with_secrets_as(value, &|value| match value.as_str() {
        Some(text) if is_plain(text) => Some(HIDDEN.into()),
        _ => Some(with_hidden_secrets(value)),
    })
}

/// A value with something else in the place of members that hold secrets, or without them.
fn with_secrets_as(value: &Value, instead: &dyn Fn(&Value) -> Option<Value>) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| with_secrets_as(item, instead)).collect(),
        Value::Object(members) => {
            let shown = members.iter().filter_map(|(name, value)| {
                let value = match holds_secret(members, name) {
                    true => instead(value)?,
                    false => with_secrets_as(value, instead),
                };
                Some((name.clone(), value))
            });
            Value::Object(shown.collect())
        }
        other => other.clone(),
    }
}

/// Whether a member holds a secret, by its own name, or by that which another member gives to it.
fn holds_secret(members: &Map<String, Value>, name: &str) -> bool {
    let is_named = || NAMES.iter().filter_map(|name| members.get(*name)?.as_str()).any(is_secret);
    is_secret(name) || (name.eq_ignore_ascii_case("value") && is_named())
}

/// Whether a text is a value itself, and no reference to where it is.
fn is_plain(text: &str) -> bool {
    !["{{resolve:", "arn:"].iter().any(|reference| text.starts_with(reference))
}

struct Walk<'a> {
    schema: &'a ResourceSchema,
}

impl Walk<'_> {
    fn object<'n>(
        &'n self,
        declared: &Map<String, Value>,
        actual: &Map<String, Value>,
        node_of: &dyn Fn(&str) -> Option<&'n Value>,
        path: &mut Vec<String>,
        found: &mut BTreeMap<String, Value>,
    ) {
        let is_filled = |name: &String| FILLED.contains(&(self.schema.type_name(), name.as_str()));
        let at_top = path.is_empty();
        for (name, value) in actual.iter().filter(|(name, _)| !at_top || !is_filled(name)) {
            path.push(name.clone());
            let node = node_of(name).and_then(|node| self.schema.resolve(node));
            match (declared.get(name), value) {
                // What is no object is compared as a whole, where it is declared.
                (Some(Value::Object(declared)), Value::Object(value)) => {
                    let inner = |name: &str| node.and_then(|node| self.schema.member_schema(node, name));
                    self.object(declared, value, &inner, path, found);
                }
                (Some(_), _) => {}
                (None, value) => {
                    let is_default =
                        node.and_then(|node| keyword_of(node, "default")).is_some_and(|default| default == value);
                    if node.is_some() && !is_default && !is_nothing(value) {
                        let left = self.settable(&without_secrets(value), path).filter(|value| !is_nothing(value));
                        found.extend(left.map(|value| (path.join("."), value)));
                    }
                }
            }
            path.pop();
        }
    }

    /// A value without what nobody could set in it, and without secrets; `None` when nothing is left of it.
    fn settable(&self, value: &Value, path: &mut Vec<String>) -> Option<Value> {
        if self.is_fixed(path) || path.last().is_some_and(|name| is_secret(name)) {
            return None;
        }
        match value {
            Value::Object(members) if !members.is_empty() => {
                let mut left = Map::new();
                for (name, value) in members {
                    path.push(name.clone());
                    left.extend(self.settable(value, path).map(|value| (name.clone(), value)));
                    path.pop();
                }
                (!left.is_empty()).then_some(Value::Object(left))
            }
            Value::Array(items) if !items.is_empty() => {
                let left: Vec<Value> = items.iter().filter_map(|item| self.settable(item, path)).collect();
                (!left.is_empty()).then_some(Value::Array(left))
            }
            other => Some(other.clone()),
        }
    }

    /// Whether nobody could set a property of a resource that is there, or everybody may.
    fn is_fixed(&self, path: &[String]) -> bool {
        // Members of lists are `*` in some schemas, and left out in others.
        let is = |paths: &[PropertyPath]| {
            paths.iter().any(|one| {
                let mut own = path.iter();
                one.segments().iter().filter(|part| *part != "*").all(|part| own.next() == Some(part))
            })
        };
        let is_tags = path.first().is_some_and(|first| first.ends_with("Tags"));
        is_tags
            || is(self.schema.read_only())
            || is(self.schema.create_only())
            || is(self.schema.write_only())
            || is(self.schema.primary_identifier())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cfn::registry::Registry;

    fn of(type_name: &str, declared: Value, actual: Value) -> Vec<(String, Value)> {
        let registry = Registry::builtin();
        undeclared(registry.get(type_name).unwrap(), &declared, &actual).into_iter().collect()
    }

    #[test]
    fn a_value_that_no_template_sets_is_found() {
        let actual = json!({"DBInstanceClass": "db.serverless", "PreferredMaintenanceWindow": "sun:05:00-sun:06:00"});
        let found = of("AWS::RDS::DBInstance", json!({"DBInstanceClass": "db.serverless"}), actual);
        assert_eq!(found, [("PreferredMaintenanceWindow".to_owned(), json!("sun:05:00-sun:06:00"))]);
    }

    #[test]
    fn a_value_inside_a_declared_object_is_found_by_its_path() {
        let declared = json!({"VersioningConfiguration": {"Status": "Enabled"}, "PublicAccessBlockConfiguration": {"BlockPublicAcls": true}});
        let actual = json!({
            "VersioningConfiguration": {"Status": "Enabled"},
            "PublicAccessBlockConfiguration": {"BlockPublicAcls": true, "BlockPublicPolicy": true},
        });
        let found = of("AWS::S3::Bucket", declared, actual);
        assert_eq!(found, [("PublicAccessBlockConfiguration.BlockPublicPolicy".to_owned(), json!(true))]);
    }

    #[test]
    fn what_aws_gives_and_what_is_only_set_at_the_beginning_is_left_out() {
        let actual = json!({"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "DefaultNetworkAcl": "acl-1", "Tags": [{"Key": "a", "Value": "b"}]});
        assert!(of("AWS::EC2::VPC", json!({}), actual).is_empty());
    }

    #[test]
    fn what_others_fill_is_left_out() {
        let targets = json!({"Targets": [{"Id": "10.0.1.7", "Port": 4000}], "HealthCheckIntervalSeconds": 5});
        let found = of("AWS::ElasticLoadBalancingV2::TargetGroup", json!({}), targets);
        assert_eq!(found, [("HealthCheckIntervalSeconds".to_owned(), json!(5))]);
        let rules = json!({"SecurityGroupIngress": [{"IpProtocol": "tcp", "CidrIp": "10.0.0.0/8"}]});
        assert!(of("AWS::EC2::SecurityGroup", json!({}), rules).is_empty());
        let parameters = json!({"Properties": {"maxmemory-policy": "noeviction", "hz": "10"}});
        let declared = json!({"Properties": {"maxmemory-policy": "noeviction"}});
        assert!(of("AWS::ElastiCache::ParameterGroup", declared, parameters).is_empty());
    }

    #[test]
    fn what_aws_gives_inside_an_object_is_left_out() {
        let actual = json!({"Endpoint": {"Address": "a.example", "Port": "6379"}, "DailySnapshotTime": "05:00"});
        let found = of("AWS::ElastiCache::ServerlessCache", json!({}), actual);
        assert_eq!(found, [("DailySnapshotTime".to_owned(), json!("05:00"))]);
    }

    #[test]
    fn a_value_that_says_nothing_is_left_out() {
        let actual =
            json!({"CopyTagsToSnapshot": false, "EnableIAMDatabaseAuthentication": null, "AssociatedRoles": []});
        assert!(of("AWS::RDS::DBCluster", json!({}), actual).is_empty());
    }

    #[test]
    fn a_secret_is_not_written_down() {
        assert!(is_secret("MasterUserPassword") && is_secret("auth_token"));
        assert!(is_secret("ClientSecret") && is_secret("private_key") && is_secret("ApiKey"));
        assert!(!is_secret("MasterUserSecretArn") && !is_secret("Secrets"));
    }

    #[test]
    fn a_secret_inside_a_value_is_not_written_down() {
        let value = json!({
            "Type": "authenticate-oidc",
            "Oidc": [{"ClientId": "gateway", "ClientSecret": "x"}],
            "Environment": [{"Name": "API_KEY", "Value": "x"}, {"Name": "LEVEL", "Value": "info"}],
        });
        let shown = json!({
            "Type": "authenticate-oidc",
            "Oidc": [{"ClientId": "gateway"}],
            "Environment": [{"Name": "API_KEY"}, {"Name": "LEVEL", "Value": "info"}],
        });
        assert_eq!(without_secrets(&value), shown);
    }
}
