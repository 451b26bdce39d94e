//! One AWS resource.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The pseudo region in which resources of global services live.
pub const GLOBAL: &str = "global";

/// The types of global services that are not told by their service's name.
const GLOBAL_SERVICES: [&str; 9] = [
    "AWS::IAM::",
    "AWS::Route53::",
    "AWS::CloudFront::",
    "AWS::Organizations::",
    "AWS::Budgets::",
    "AWS::GlobalAccelerator::",
    "AWS::Shield::",
    "AWS::Account::",
    "AWS::CE::",
];

/// Where resources of a type live: [`GLOBAL`] for global services, else the caller's region.
pub fn home<'a>(type_name: &str, region: &'a str) -> &'a str {
    if GLOBAL_SERVICES.iter().any(|prefix| type_name.starts_with(prefix)) { GLOBAL } else { region }
}

/// A resource that exists in an account, whoever made it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    /// `AWS::EC2::VPC`.
    pub type_name: String,
    /// The primary identifier of the type's schema, several parts joined with `|`: what the Cloud Control API calls it.
    pub identifier: String,
    /// What `Ref` returns: CloudFormation's PhysicalResourceId.
    pub physical_id: String,
    /// Properties as declared, with the read-only attributes that the service adds.
    pub properties: Value,
    /// What the service keeps but no property shows: ECS deployments, ECR images, credentials. `null` if there is nothing.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub runtime: Value,
    /// The stack that owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<StackRef>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// It was not created here: something that the spec names was assumed to exist.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub assumed: bool,
}

/// Which stack owns a resource, and under which name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackRef {
    /// The stack's ARN.
    pub stack_id: String,
    /// The resource's name in the template.
    pub logical_id: String,
}

impl Resource {
    /// A resource whose `Ref` is its identifier, created at `now`.
    pub fn new(type_name: impl Into<String>, identifier: impl Into<String>, properties: Value, now: Timestamp) -> Self {
        let identifier = identifier.into();
        Self {
            type_name: type_name.into(),
            physical_id: identifier.clone(),
            identifier,
            properties,
            runtime: Value::Null,
            stack: None,
            created_at: now,
            updated_at: now,
            assumed: false,
        }
    }

    /// A property or attribute by dotted path: `Endpoint.Address`.
    pub fn property(&self, path: &str) -> Option<&Value> {
        path.split('.').try_fold(&self.properties, |value, name| value.get(name))
    }

    /// A property that is a text.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.property(path).and_then(Value::as_str)
    }

    /// The tags that CloudFormation gives to what it makes: key and value. Only AWS sets tags with such keys (User Guide:
    /// *Resource tag*).
    pub fn stack_tags(&self) -> Vec<(String, String)> {
        let Some(stack) = &self.stack else { return Vec::new() };
        let name = stack.stack_id.split('/').nth(1).unwrap_or_default();
        [("logical-id", stack.logical_id.as_str()), ("stack-id", stack.stack_id.as_str()), ("stack-name", name)]
            .into_iter()
            .map(|(key, value)| (format!("aws:cloudformation:{key}"), value.to_owned()))
            .collect()
    }

    /// The resource's tags, whether its type has them as a list of pairs or as a map.
    pub fn tags(&self) -> Vec<(String, String)> {
        match self.properties.get("Tags") {
            Some(Value::Array(list)) => list
                .iter()
                .filter_map(|tag| {
                    Some((
                        tag.get("Key")?.as_str()?.to_owned(),
                        tag.get("Value").and_then(Value::as_str).unwrap_or("").to_owned(),
                    ))
                })
                .collect(),
            Some(Value::Object(map)) => {
                map.iter().filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
            }
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iam_is_global() {
        assert_eq!(home("AWS::IAM::Role", "eu-west-1"), GLOBAL);
    }

    #[test]
    fn everything_else_is_regional() {
        assert_eq!(home("AWS::EC2::VPC", "eu-west-1"), "eu-west-1");
    }

    #[test]
    fn nested_attributes_are_read_by_path() {
        let resource =
            Resource::new("T", "i", serde_json::json!({"Endpoint": {"Address": "a"}}), Timestamp::UNIX_EPOCH);
        assert_eq!(resource.text("Endpoint.Address"), Some("a"));
    }
}
