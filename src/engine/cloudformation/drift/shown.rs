//! What was shown of a resource before something of it is put back: that may be overwritten, and nothing else.

use serde_json::Value;

use crate::drift::{Difference, Finding, Kind};
use crate::engine::EngineError;

/// What a resource is to be, with what has become of it by itself: a new minor version is not taken back.
pub(super) fn left(mut declared: Value, by_itself: &[Difference]) -> Value {
    for difference in by_itself {
        if let ([name], Some(actual)) = (difference.path.as_slice(), &difference.actual)
            && let Some(value) = declared.get_mut(name)
        {
            value.clone_from(actual);
        }
    }
    declared
}

/// Whether a finding tells of a difference as it is.
pub(super) fn is_shown(difference: &Difference, findings: &[Finding]) -> bool {
    let Difference { path, expected, actual } = difference;
    findings.iter().any(|finding| finding.path == *path && finding.expected == *expected && finding.actual == *actual)
}

/// Whether nobody accepts it.
pub(super) fn is_open(finding: &Finding) -> bool {
    finding.accepted_by.is_none()
}

/// Whether it is of a resource that is gone.
pub(super) fn is_gone(finding: &Finding) -> bool {
    finding.kind == Kind::Deleted
}

/// The findings that somebody accepts.
pub(super) fn accepted(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    findings.iter().filter(|finding| !is_open(finding))
}

/// The differences that open findings tell of.
///
/// # Errors
/// When one is not as it was told: what was shown is what may be overwritten, and nothing that came since.
pub(super) fn told<'a>(
    differences: impl IntoIterator<Item = &'a Difference>,
    findings: &[Finding],
) -> Result<Vec<Difference>, EngineError> {
    let mut told = Vec::new();
    for difference in differences {
        let is_of = |finding: &&Finding| difference.path == finding.path && difference.expected == finding.expected;
        let mut of_it = findings.iter().filter(|finding| is_open(finding)).filter(is_of).peekable();
        if of_it.peek().is_none() {
            continue;
        }
        if !of_it.any(|finding| finding.actual == difference.actual) {
            return Err(changed_since(findings, difference));
        }
        told.push(difference.clone());
    }
    Ok(told)
}

/// The error for what is not as it was told.
pub(super) fn changed_since(findings: &[Finding], difference: &Difference) -> EngineError {
    let address = findings.iter().find(|finding| is_open(finding)).map(|finding| finding.address.clone());
    EngineError::ChangedSince { address: address.unwrap_or_default(), property: difference.path.join(".") }
}

/// The error for what is accepted and would be put back with the rest.
pub(super) fn goes_along(kept: &Finding) -> EngineError {
    EngineError::AcceptedGoesAlong { address: kept.address.clone(), property: kept.property() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::drift::{Level, Reader};

    fn difference(property: &str, actual: i64) -> Difference {
        Difference { path: vec![property.to_owned()], expected: Some(json!(1)), actual: Some(json!(actual)) }
    }

    fn finding(property: &str, actual: i64) -> Finding {
        let Difference { path, expected, actual } = difference(property, actual);
        Finding {
            address: "acme-llm-data/Cache".to_owned(),
            stack: "data".to_owned(),
            account: "111122223333".to_owned(),
            region: "us-east-1".to_owned(),
            resource_type: "AWS::ElastiCache::ReplicationGroup".to_owned(),
            kind: Kind::Changed,
            path,
            expected,
            actual,
            severity: Level::Medium,
            reader: Reader::CloudControl,
            source: Vec::new(),
            accepted_by: None,
            id: None,
            command: None,
            by_change_set: false,
        }
    }

    #[test]
    fn what_has_changed_since_it_was_told_is_not_put_back() {
        let findings = [finding("A", 2)];
        assert_eq!(told(&[difference("A", 2)], &findings).unwrap(), [difference("A", 2)]);
        let refused = told(&[difference("A", 3)], &findings).unwrap_err();
        assert!(matches!(refused, EngineError::ChangedSince { property, .. } if property == "A"));
    }

    #[test]
    fn what_came_since_was_not_shown() {
        let findings = [finding("A", 2)];
        assert!(is_shown(&difference("A", 2), &findings));
        assert!(!is_shown(&difference("B", 2), &findings) && !is_shown(&difference("A", 3), &findings));
    }

    #[test]
    fn a_version_that_came_by_itself_stays() {
        let version = Difference {
            path: vec!["EngineVersion".to_owned()],
            expected: Some(json!("8.0")),
            actual: Some(json!("8.1")),
        };
        let declared = json!({"EngineVersion": "8.0", "Port": 6379});
        assert_eq!(left(declared, &[version]), json!({"EngineVersion": "8.1", "Port": 6379}));
    }
}
