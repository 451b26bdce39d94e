//! Rows that CloudFormation would refuse half-way through an apply, found before it starts.

use serde_json::Value;

use crate::cfn::diff::TemplateDiff;
use crate::cfn::evaluate::is_known;
use crate::cfn::registry::Registry;
use crate::diagnostics::{Diagnostic, Position, Span};
use crate::plan::{Action, Change, SourcePlace, codes};

/// Findings about the rows of one stack.
pub(super) fn refusals(rows: &[Change], difference: &TemplateDiff, registry: &Registry) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for resource in &difference.resources {
        if let Some(before) = &resource.type_before {
            let message =
                format!("`{}` was a {before} and cannot become a {}", resource.logical_id, resource.resource_type);
            findings.push(
                Diagnostic::error(codes::TYPE_CHANGED, message)
                    .with_help("give the new resource another logical id in the blueprint"),
            );
        }
    }
    for row in rows.iter().filter(|row| row.kind() == Action::Replace) {
        let Some((property, name)) = own_name(row, registry) else { continue };
        let causes: Vec<String> =
            row.replace.iter().flat_map(|replace| &replace.paths).map(|path| path.join(".")).collect();
        let message = format!(
            "{} has to be replaced because of {}, but its {property} `{name}` is taken by the one that it replaces",
            row.address,
            if causes.is_empty() { "another change".to_owned() } else { causes.join(", ") },
        );
        findings.push(
            Diagnostic::error(codes::NAMED_REPLACEMENT, message).with_span(row.source.first().map(span)).with_help(
                format!(
                    "change its {property} in the same step (a fork of the blueprint can), or take the change back"
                ),
            ),
        );
    }
    findings
}

pub(super) fn span(place: &SourcePlace) -> Span {
    let position = Position { line: place.line, column: place.column };
    Span { file: place.file.as_str().into(), start: position, end: position }
}

/// The name that a resource was given and keeps, if it has one that no second resource can have at the same time.
fn own_name(row: &Change, registry: &Registry) -> Option<(String, String)> {
    let schema = registry.get(&row.resource_type)?;
    // A family has any number of revisions.
    if row.resource_type == "AWS::ECS::TaskDefinition" {
        return None;
    }
    let (before, after) = (row.before.as_ref()?, row.after.as_ref()?);
    let kept = |property: &str| -> Option<String> {
        let (old, new) = (before.get(property)?, after.get(property)?);
        if old != new || !is_known(new) {
            return None;
        }
        match new {
            Value::String(name) => Some(name.clone()),
            _ => None,
        }
    };
    let noun = row.resource_type.rsplit("::").next().unwrap_or_default();
    let candidates = ["Name".to_owned(), format!("{noun}Name"), "GroupName".to_owned()];
    for property in &candidates {
        let create_only = schema.create_only().iter().any(|path| path.as_str() == property);
        if create_only && let Some(name) = kept(property) {
            return Some((property.clone(), name));
        }
    }
    // An identifier that the template sets, all parts of it.
    let identifier: Vec<&str> = schema.primary_identifier().iter().map(|path| path.as_str()).collect();
    if identifier.is_empty() || identifier.iter().any(|part| schema.is_read_only(part)) {
        return None;
    }
    let parts: Option<Vec<String>> = identifier.iter().map(|part| kept(part)).collect();
    Some((identifier.join(" and "), parts?.join("|")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::{Replace, ReplaceRequired};

    fn replaced(resource_type: &str, before: Value, after: Value) -> Change {
        Change {
            address: "acme-gateway/Thing".into(),
            node: None,
            stack: "gateway".into(),
            account: "111122223333".into(),
            resource_type: resource_type.into(),
            actions: vec!["create".into(), "delete".into()],
            replace: Some(Replace { required: ReplaceRequired::Always, paths: vec![vec!["Port".into()]] }),
            stateful: false,
            before: Some(before),
            after: Some(after),
            paths: Vec::new(),
            seen_by: Vec::new(),
            source: Vec::new(),
            policy: None,
            note: None,
        }
    }

    fn codes_of(row: Change) -> Vec<&'static str> {
        let registry = Registry::builtin();
        refusals(&[row], &TemplateDiff::default(), &registry).into_iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn a_named_target_group_cannot_be_replaced() {
        let row = replaced(
            "AWS::ElasticLoadBalancingV2::TargetGroup",
            json!({"Name": "acme-tg", "Port": 4000}),
            json!({"Name": "acme-tg", "Port": 4001}),
        );
        assert_eq!(codes_of(row), [codes::NAMED_REPLACEMENT]);
    }

    #[test]
    fn one_that_is_renamed_in_the_same_step_can() {
        let row = replaced(
            "AWS::ElasticLoadBalancingV2::TargetGroup",
            json!({"Name": "acme-tg", "Port": 4000}),
            json!({"Name": "acme-tg-2", "Port": 4001}),
        );
        assert!(codes_of(row).is_empty());
    }

    #[test]
    fn one_without_a_name_can() {
        let row = replaced("AWS::ElasticLoadBalancingV2::TargetGroup", json!({"Port": 4000}), json!({"Port": 4001}));
        assert!(codes_of(row).is_empty());
    }

    #[test]
    fn an_identifier_that_is_given_is_a_name() {
        let row = replaced(
            "AWS::RDS::DBCluster",
            json!({"DBClusterIdentifier": "acme", "KmsKeyId": "a"}),
            json!({"DBClusterIdentifier": "acme", "KmsKeyId": "b"}),
        );
        assert_eq!(codes_of(row), [codes::NAMED_REPLACEMENT]);
    }

    #[test]
    fn an_association_with_something_else_has_another_identifier() {
        let row = replaced(
            "AWS::WAFv2::WebACLAssociation",
            json!({"ResourceArn": "a", "WebACLArn": "w"}),
            json!({"ResourceArn": "b", "WebACLArn": "w"}),
        );
        assert!(codes_of(row).is_empty());
    }
}
