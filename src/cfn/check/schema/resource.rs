//! A resource's type and attributes; its properties go to the [`Validator`].

use super::pattern::Patterns;
use super::{Step, Validator};
use crate::cfn::check::suggestion::did_you_mean;
use crate::cfn::codes;
use crate::cfn::registry::Registry;
use crate::cfn::template::{Node, Place, Resource, Template, Value};
use crate::diagnostics::Diagnostic;

const ATTRIBUTES: &[&str] = &[
    "Type",
    "Properties",
    "DependsOn",
    "Condition",
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "Metadata",
    "CreationPolicy",
    "UpdatePolicy",
    "Version",
];

const DELETION_POLICIES: &[&str] = &["Delete", "Retain", "RetainExceptOnCreate", "Snapshot"];
const UPDATE_REPLACE_POLICIES: &[&str] = &["Delete", "Retain", "Snapshot"];

/// Types that can be snapshotted when they go (CloudFormation User Guide, "DeletionPolicy attribute").
const SNAPSHOT_TYPES: &[&str] = &[
    "AWS::DocDB::DBCluster",
    "AWS::EC2::Volume",
    "AWS::ElastiCache::CacheCluster",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::Neptune::DBCluster",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::Redshift::Cluster",
];

pub(super) fn check<'a>(
    template: &'a Template,
    registry: &'a Registry,
    region: Option<&str>,
    resource: &Resource<'a>,
    patterns: &mut Patterns<'a>,
    findings: &mut Vec<Diagnostic>,
) {
    let attributes = attributes(template, resource);
    findings.extend(attributes);
    let type_name = resource.resource_type();
    let type_place = resource.attribute("Type").map_or(resource.key, |node| node.place);
    let found = |code, message: String| {
        Diagnostic::error(code, message)
            .with_span(Some(template.span(type_place)))
            .with_path(format!("Resources.{}.Type", resource.logical_id))
    };
    let Some(schema) = registry.get(type_name) else {
        let mut finding = found(codes::UNKNOWN_TYPE, format!("`{type_name}` is no resource type that gwinfra knows"));
        finding.help = did_you_mean(type_name, registry.type_names());
        findings.push(finding);
        return;
    };
    if let Some(region) = region.filter(|region| registry.absent_in(type_name, region)) {
        findings.push(found(codes::ABSENT_TYPE, format!("{region} has no {type_name}")));
    }
    let mut validator = Validator {
        template,
        registry,
        schema,
        logical_id: resource.logical_id,
        path: Vec::new(),
        patterns,
        findings: Vec::new(),
    };
    match resource.properties() {
        None => {
            for name in schema.required() {
                let message = format!("{type_name} needs the property `{name}`");
                validator.error(codes::MISSING_PROPERTY, resource.key, message);
            }
        }
        Some(node) => match &node.value {
            Value::Map(map) => {
                // Only at the top: some types list what can be set among the nested read-only properties.
                for (name, member) in map.iter().filter(|(name, _)| schema.is_read_only(name)) {
                    validator.path.push(Step::Key(name));
                    let message = format!("`{name}` is computed by AWS and cannot be set");
                    validator.error(codes::READ_ONLY, member.key, message);
                    validator.path.pop();
                }
                validator.object(node, map, schema.raw());
                validator.alternatives(node, schema.raw());
            }
            _ => validator.error(
                codes::WRONG_TYPE,
                node.place,
                format!("Properties is a map, and this is {}", node.kind()),
            ),
        },
    }
    findings.append(&mut validator.findings);
}

fn attributes(template: &Template, resource: &Resource<'_>) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let mut error = |place: Place, message: String, help: Option<String>| {
        let mut finding = Diagnostic::error(codes::RESOURCE_ATTRIBUTE, message).with_span(Some(template.span(place)));
        finding.help = help;
        findings.push(finding);
    };
    for (name, member) in resource.node.as_map().into_iter().flatten() {
        if !ATTRIBUTES.contains(&name.as_str()) {
            let help = did_you_mean(name, ATTRIBUTES.iter().copied());
            error(member.key, format!("a resource has no attribute `{name}`"), help);
        }
    }
    for (name, allowed) in [("DeletionPolicy", DELETION_POLICIES), ("UpdateReplacePolicy", UPDATE_REPLACE_POLICIES)] {
        let Some((node, policy)) = resource.attribute(name).and_then(|node| Some((node, node.as_str()?))) else {
            continue;
        };
        if !allowed.contains(&policy) {
            let help = Some(format!("it is one of {}", allowed.join(", ")));
            error(node.place, format!("`{name}` cannot be `{policy}`"), help);
        } else if policy == "Snapshot" && !SNAPSHOT_TYPES.contains(&resource.resource_type()) {
            error(node.place, format!("{} has no snapshots", resource.resource_type()), Some("use Retain".to_owned()));
        }
    }
    for name in ["Condition", "Version"] {
        if let Some(node) = resource.attribute(name).filter(|node| node.as_scalar_text().is_none()) {
            error(node.place, format!("`{name}` is a string, and this is {}", node.kind()), None);
        }
    }
    if let Some(node) = resource.attribute("DependsOn") {
        let strings =
            node.as_list().unwrap_or(std::slice::from_ref(node)).iter().all(|item: &Node| item.as_str().is_some());
        if !strings {
            error(node.place, "`DependsOn` is a logical id or a list of them".to_owned(), None);
        }
    }
    findings
}
