//! What a change set really says about a resource, without its nested noise.
//!
//! CloudFormation lists every resource that refers to a changing one, because the value that it refers to is known only
//! while the change runs ("dynamic"). But what `Ref` returns, and what an ARN or id is, changes only when that resource
//! is replaced. So a dynamic detail counts only when its cause is new, replaced or may be.

use std::collections::{BTreeMap, BTreeSet};

use crate::aws::cloudformation::{ChangeDetail, ResourceChange};
use crate::cfn::diff::TemplateDiff;
use crate::cfn::registry::{Registry, Replacement};

/// What a change set says about a resource that it modifies.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Evidence {
    /// Whether it is replaced.
    pub(super) replacement: Replacement,
    /// Property paths that replace it, or may.
    pub(super) replacement_paths: Vec<Vec<String>>,
    /// Property paths that change.
    pub(super) paths: Vec<Vec<String>>,
    /// What decides whether it is replaced: `Vpc.CidrBlock`.
    pub(super) decided_by: Option<String>,
    /// Why nothing really changes; `None` when something does.
    pub(super) idle_because: Option<String>,
}

/// Reads the evidence of a whole change set, by logical id.
pub(super) fn read(
    changes: &[ResourceChange],
    difference: &TemplateDiff,
    registry: &Registry,
) -> BTreeMap<String, Evidence> {
    let moving = moving(changes, difference, registry);
    let modified = changes.iter().filter(|change| is_modification(change));
    modified.map(|change| (change.logical_id.clone(), evidence(change, changes, &moving, registry))).collect()
}

/// Whether a change is neither the making nor the end of a resource.
pub(super) fn is_modification(change: &ResourceChange) -> bool {
    !matches!(change.action.as_str(), "Add" | "Remove" | "Import")
}

/// Resources whose references get other values: new, replaced, or perhaps replaced because of one of those.
fn moving<'a>(changes: &'a [ResourceChange], difference: &'a TemplateDiff, registry: &Registry) -> BTreeSet<&'a str> {
    let of_template = difference.resources.iter().filter(|resource| {
        resource.change == crate::cfn::diff::Change::Added || resource.replacement == Replacement::Always
    });
    let of_change_set =
        changes.iter().filter(|change| !is_modification(change) || change.replacement.as_deref() == Some("True"));
    let mut moving: BTreeSet<&str> = of_template
        .map(|resource| resource.logical_id.as_str())
        .chain(of_change_set.map(|change| change.logical_id.as_str()))
        .collect();
    loop {
        let more: Vec<&str> = changes
            .iter()
            .filter(|change| is_modification(change) && !moving.contains(change.logical_id.as_str()))
            .filter(|change| {
                change.details.iter().any(|detail| recreates(detail) && counts(detail, changes, &moving, registry))
            })
            .map(|change| change.logical_id.as_str())
            .collect();
        if more.is_empty() {
            return moving;
        }
        moving.extend(more);
    }
}

fn evidence(
    change: &ResourceChange,
    changes: &[ResourceChange],
    moving: &BTreeSet<&str>,
    registry: &Registry,
) -> Evidence {
    let (real, noise): (Vec<&ChangeDetail>, Vec<&ChangeDetail>) =
        change.details.iter().partition(|detail| counts(detail, changes, moving, registry));
    let replacing: Vec<&ChangeDetail> = real.iter().copied().filter(|detail| recreates(detail)).collect();
    let replacement = match change.replacement.as_deref() {
        Some("True") => Replacement::Always,
        // Without details there is nothing to tell noise by.
        Some("Conditional") if !replacing.is_empty() || change.details.is_empty() => Replacement::Conditional,
        _ => Replacement::Never,
    };
    let idle = real.is_empty() && !noise.is_empty() && replacement == Replacement::Never;
    let causes: BTreeSet<&str> = noise.iter().filter_map(|detail| detail.causing_entity.as_deref()).collect();
    let paths = |details: &[&ChangeDetail]| {
        let mut paths: Vec<Vec<String>> = details.iter().filter_map(|detail| path(detail)).collect();
        paths.sort();
        paths.dedup();
        paths
    };
    Evidence {
        replacement,
        replacement_paths: if replacement == Replacement::Never { Vec::new() } else { paths(&replacing) },
        paths: paths(&real),
        decided_by: replacing.iter().find_map(|detail| detail.causing_entity.clone()),
        idle_because: idle.then(|| {
            let causes: Vec<&str> = causes.into_iter().collect();
            format!("listed by CloudFormation only because it refers to {}, which stays the same", causes.join(", "))
        }),
    }
}

fn recreates(detail: &ChangeDetail) -> bool {
    detail.requires_recreation.as_deref().is_some_and(|requires| requires != "Never")
}

/// Whether a detail says that something changes.
fn counts(detail: &ChangeDetail, changes: &[ResourceChange], moving: &BTreeSet<&str>, registry: &Registry) -> bool {
    let reference = matches!(detail.source.as_deref(), Some("ResourceReference" | "ResourceAttribute"));
    if detail.evaluation.as_deref() == Some("Static") || !reference {
        return detail.source.as_deref() != Some("NoModification");
    }
    let Some(entity) = detail.causing_entity.as_deref() else { return true };
    let (id, attribute) = entity.split_once('.').unwrap_or((entity, ""));
    if moving.contains(id) {
        return true;
    }
    if attribute.is_empty() || detail.source.as_deref() == Some("ResourceReference") {
        return false;
    }
    // An attribute that an update in place can change: a version, an endpoint.
    let cause = changes.iter().find(|change| change.logical_id == id);
    cause.is_some_and(|cause| !is_lasting(&cause.resource_type, attribute, registry))
}

/// Whether an attribute stays the same for as long as the resource exists.
pub(super) fn is_lasting(resource_type: &str, attribute: &str, registry: &Registry) -> bool {
    let last = attribute.rsplit('.').next().unwrap_or(attribute);
    ["Arn", "ARN", "Id", "ID", "Name", "Address", "Port", "Endpoint"].iter().any(|end| last.ends_with(end))
        || registry
            .get(resource_type)
            .is_some_and(|schema| schema.primary_identifier().iter().any(|path| path.as_str() == attribute))
}

/// The path of a detail's property: `/Properties/Tags/0/Value` is `Tags`, `0`, `Value`.
fn path(detail: &ChangeDetail) -> Option<Vec<String>> {
    if let Some(pointer) = &detail.path {
        let parts: Vec<String> = pointer.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let parts = match parts.first().map(String::as_str) {
            Some("Properties") if parts.len() > 1 => parts[1..].to_vec(),
            _ => parts,
        };
        if !parts.is_empty() {
            return Some(parts);
        }
    }
    match (&detail.attribute, &detail.name) {
        (_, Some(name)) => Some(vec![name.clone()]),
        (Some(attribute), None) if attribute != "Properties" => Some(vec![attribute.clone()]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detail(source: &str, evaluation: &str, cause: &str, requires: &str) -> ChangeDetail {
        ChangeDetail {
            attribute: Some("Properties".into()),
            name: Some("Property".into()),
            path: None,
            requires_recreation: Some(requires.into()),
            evaluation: Some(evaluation.into()),
            source: Some(source.into()),
            causing_entity: (!cause.is_empty()).then(|| cause.to_owned()),
            before: None,
            after: None,
        }
    }

    fn modify(id: &str, resource_type: &str, replacement: &str, details: Vec<ChangeDetail>) -> ResourceChange {
        ResourceChange {
            action: "Modify".into(),
            logical_id: id.into(),
            physical_id: None,
            resource_type: resource_type.into(),
            drift_status: None,
            replacement: Some(replacement.into()),
            policy_action: None,
            scope: vec!["Properties".into()],
            details,
            before: None,
            after: None,
        }
    }

    fn evidence_of(changes: &[ResourceChange], id: &str) -> Evidence {
        read(changes, &TemplateDiff::default(), &Registry::builtin())[id].clone()
    }

    #[test]
    fn a_reference_to_a_resource_that_stays_is_noise() {
        let changes = [
            modify("Key", "AWS::KMS::Key", "False", vec![detail("DirectModification", "Static", "", "Never")]),
            modify(
                "Database",
                "AWS::RDS::DBCluster",
                "Conditional",
                vec![detail("ResourceAttribute", "Dynamic", "Key.Arn", "Always")],
            ),
        ];
        let found = evidence_of(&changes, "Database");
        assert_eq!(found.replacement, Replacement::Never);
        assert!(found.idle_because.unwrap().contains("Key.Arn"));
    }

    #[test]
    fn a_reference_to_a_replaced_resource_may_replace() {
        let changes = [
            modify("Key", "AWS::KMS::Key", "True", vec![detail("DirectModification", "Static", "", "Always")]),
            modify(
                "Database",
                "AWS::RDS::DBCluster",
                "Conditional",
                vec![detail("ResourceAttribute", "Dynamic", "Key.Arn", "Always")],
            ),
        ];
        let found = evidence_of(&changes, "Database");
        assert_eq!(found.replacement, Replacement::Conditional);
        assert_eq!(found.decided_by.as_deref(), Some("Key.Arn"));
    }

    #[test]
    fn replacement_travels_along_references() {
        let changes = [
            modify("A", "AWS::EC2::VPC", "True", vec![detail("DirectModification", "Static", "", "Always")]),
            modify("B", "AWS::EC2::Subnet", "Conditional", vec![detail("ResourceReference", "Dynamic", "A", "Always")]),
            modify(
                "C",
                "AWS::EC2::NatGateway",
                "Conditional",
                vec![detail("ResourceReference", "Dynamic", "B", "Always")],
            ),
        ];
        assert_eq!(evidence_of(&changes, "C").replacement, Replacement::Conditional);
    }

    #[test]
    fn an_attribute_that_an_update_changes_is_no_noise() {
        let changes = [
            modify(
                "Template",
                "AWS::EC2::LaunchTemplate",
                "False",
                vec![detail("DirectModification", "Static", "", "Never")],
            ),
            modify(
                "Group",
                "AWS::AutoScaling::AutoScalingGroup",
                "False",
                vec![detail("ResourceAttribute", "Dynamic", "Template.LatestVersionNumber", "Never")],
            ),
        ];
        assert_eq!(evidence_of(&changes, "Group").idle_because, None);
    }

    #[test]
    fn a_conditional_replacement_without_details_is_believed() {
        let changes = [modify("A", "AWS::EC2::VPC", "Conditional", Vec::new())];
        assert_eq!(evidence_of(&changes, "A").replacement, Replacement::Conditional);
    }

    #[test]
    fn a_pointer_becomes_a_path_of_properties() {
        let mut own = detail("DirectModification", "Static", "", "Never");
        own.path = Some("/Properties/Tags/0/Value".into());
        assert_eq!(path(&own).unwrap(), ["Tags", "0", "Value"]);
    }
}
