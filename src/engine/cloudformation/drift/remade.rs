//! What makes a resource again that is gone: itself, where it then has the id that its stack knows, or else CloudFormation.

use serde_json::{Value, json};

use super::attached;
use super::put_back::{Patch, Write};
use super::shown::{is_gone, is_open};
use super::stack::{Read, ReadStack};
use super::{topic_policy, vpn};
use crate::cfn::registry::{Registry, ResourceSchema};
use crate::drift::{Finding, Reader, can_be_written, returned};
use crate::plan::is_stateful;
use crate::render::RenderedStack;

/// Types whose id AWS composes of what is declared, and the property that has the last part of it.
const COMPOSED: [(&str, Option<&str>); 4] = [
    ("AWS::IAM::ManagedPolicy", Some("ManagedPolicyName")),
    ("AWS::SNS::Topic", Some("TopicName")),
    ("AWS::EC2::Route", None),
    ("AWS::EC2::VPCGatewayAttachment", None),
];

/// What brings back a resource that is gone.
pub(super) enum Return {
    /// `--revert`, under this id.
    Remade(String),
    /// A change set against what is there, which CloudFormation makes at this command.
    ChangeSet(String),
    /// This command of the AWS CLI, since CloudFormation does not see that it is gone.
    Command(String),
    /// Nothing here: what it had is in a snapshot, if anywhere.
    Unknown,
}

impl ReadStack {
    /// What brings back a resource that is gone.
    pub fn way_back(&self, registry: &Registry, rendered: &RenderedStack, logical_id: &str) -> Return {
        let resource = self.resources.iter().find(|resource| resource.logical_id == logical_id);
        match resource {
            Some(resource) if is_stateful(&resource.resource_type) => Return::Unknown,
            Some(resource) if self.desired(registry, logical_id).is_some() => {
                Return::Remade(resource.physical_id.clone().unwrap_or_default())
            }
            Some(resource) if vpn::TYPES.contains(&resource.resource_type.as_str()) => {
                let declared = self.declared(logical_id).unwrap_or_default();
                returned(&resource.resource_type, &declared, &rendered.target.region)
                    .map_or(Return::Unknown, Return::Command)
            }
            // CloudFormation reads no policy of topics, and takes it for there.
            Some(resource) if resource.resource_type == topic_policy::TYPE => Return::Unknown,
            _ => Return::ChangeSet(self.change_set(rendered)),
        }
    }

    /// What makes a resource again that an open finding tells is gone.
    pub fn remade(&self, registry: &Registry, logical_id: &str, findings: &[Finding]) -> Option<Patch> {
        findings.iter().find(|finding| is_open(finding) && is_gone(finding) && finding.id.is_some())?;
        let resource = self.resources.iter().find(|resource| resource.logical_id == logical_id)?;
        let desired = self.desired(registry, logical_id)?;
        let count = desired.as_object().map_or(0, serde_json::Map::len);
        let type_name = topic_policy::written_as(&resource.resource_type).to_owned();
        Some(Patch { write: Write::Creation { type_name, desired }, count })
    }

    /// All properties of a resource that is gone, with which it gets the id that its stack knows. `None` where it would get
    /// another, or a property is not known.
    fn desired(&self, registry: &Registry, logical_id: &str) -> Option<Value> {
        let resource = self.resources.iter().find(|resource| resource.logical_id == logical_id)?;
        let schema = registry.get(&resource.resource_type)?;
        if !matches!(self.read.get(logical_id), Some(Read::Gone(Reader::CloudControl)))
            || is_stateful(&resource.resource_type)
        {
            return None;
        }
        let mut desired = self.declared(logical_id).filter(can_be_written)?;
        if resource.resource_type == topic_policy::TYPE {
            return topic_policy::of_one_topic(&desired);
        }
        name(schema, resource.physical_id.as_deref()?, &mut desired)?;
        let of_stack: Vec<Value> = self.tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
        attached::add_tags(schema, &self.tags, &mut desired, &json!({"Tags": of_stack}));
        Some(desired)
    }

    /// The command for a change set of the whole stack against what is there. It has to be looked at before it is executed.
    fn change_set(&self, rendered: &RenderedStack) -> String {
        let stack = format!(
            "--stack-name {} --change-set-name revert-drift --region {}",
            rendered.name, rendered.target.region
        );
        let kept: Vec<String> = self
            .template
            .parameters()
            .map(|parameter| format!(" ParameterKey={},UsePreviousValue=true", parameter.name))
            .collect();
        let kept = if kept.is_empty() { String::new() } else { format!(" --parameters{}", kept.concat()) };
        format!(
            "aws cloudformation create-change-set {stack} --deployment-mode REVERT_DRIFT --use-previous-template \
             --capabilities CAPABILITY_NAMED_IAM{kept}"
        )
    }
}

/// Gives a resource the name by which its stack knows it. `None` where no name makes it the same resource.
fn name(schema: &ResourceSchema, physical_id: &str, desired: &mut Value) -> Option<()> {
    let composed = COMPOSED.iter().find(|(type_name, _)| *type_name == schema.type_name());
    let parts: Vec<&str> = schema.primary_identifier().iter().map(|path| path.as_str()).collect();
    let (property, own) = match (composed, parts.as_slice()) {
        (Some((_, None)), _) => return Some(()),
        (Some((_, Some(property))), _) => (*property, physical_id.rsplit(['/', ':']).next()?),
        (None, [property]) if !schema.is_read_only(property) => (*property, physical_id),
        (None, parts) => {
            let is_declared = |part: &&str| !schema.is_read_only(part) && desired.get(*part).is_some();
            return (parts.len() > 1 && parts.iter().all(is_declared)).then_some(());
        }
    };
    let declared = desired.as_object_mut()?.entry(property).or_insert_with(|| json!(own));
    // Some services write names in small letters.
    declared.as_str().is_some_and(|declared| declared.eq_ignore_ascii_case(own)).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A resource of a type with the name by which its stack knows it.
    fn named(type_name: &str, physical_id: &str, mut declared: Value) -> Option<Value> {
        let registry = Registry::builtin();
        name(registry.get(type_name).unwrap(), physical_id, &mut declared).map(|()| declared)
    }

    #[test]
    fn a_name_that_cloudformation_chose_is_given_again() {
        let of_log_group = named("AWS::Logs::LogGroup", "acme-Logs-1A2B", json!({"RetentionInDays": 90}));
        assert_eq!(of_log_group, Some(json!({"RetentionInDays": 90, "LogGroupName": "acme-Logs-1A2B"})));
        let arn = "arn:aws:iam::111122223333:policy/acme/acme-invoke";
        assert_eq!(named("AWS::IAM::ManagedPolicy", arn, json!({})), Some(json!({"ManagedPolicyName": "acme-invoke"})));
    }

    #[test]
    fn what_would_get_another_id_is_not_made_again() {
        assert_eq!(named("AWS::EC2::SecurityGroupIngress", "sgr-1", json!({"GroupId": "sg-1"})), None);
        assert_eq!(named("AWS::ECS::Service", "arn:aws:ecs:x:service/a/b", json!({"Cluster": "a"})), None);
        assert_eq!(named("AWS::IAM::Role", "acme-task", json!({"RoleName": "other"})), None);
    }

    #[test]
    fn what_is_named_by_several_parts_is_made_again_where_all_are_declared() {
        let policy = json!({"RoleName": "acme", "PolicyName": "own"});
        assert_eq!(named("AWS::IAM::RolePolicy", "own", policy.clone()), Some(policy));
        assert_eq!(named("AWS::Logs::MetricFilter", "a", json!({"LogGroupName": "b"})), None);
    }
}
