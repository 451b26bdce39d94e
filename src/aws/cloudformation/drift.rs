//! CloudFormation's own drift detection, of one resource.

use aws_sdk_cloudformation::types::{PropertyDifference, StackResourceDrift, StackResourceDriftStatus};
use serde_json::Value;

use super::CloudFormation;
use crate::aws::classify::plain;
use crate::aws::{Error, Result};

/// What CloudFormation's detection says of a resource.
#[derive(Debug, Clone, PartialEq)]
pub enum ResourceDrift {
    /// It has compared it.
    Compared(DetectedProperties),
    /// It is gone.
    Deleted,
    /// Detection does not see its type.
    Unsupported,
    /// Detection could not look, and why.
    NotChecked(String),
}

/// The properties that were compared, and what of them differs: nothing when the resource is in sync.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DetectedProperties {
    /// What the template sets, references resolved; `null` when CloudFormation does not say.
    pub expected: Value,
    /// What is there of it; `null` when CloudFormation does not say.
    pub actual: Value,
    /// What differs, as CloudFormation tells it.
    pub differences: Vec<DetectedDifference>,
}

/// A property that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct DetectedDifference {
    /// From the resource; items of lists by their position.
    pub path: Vec<String>,
    /// What the template sets. `None`: something was added.
    pub expected: Option<Value>,
    /// What is there. `None`: it was removed.
    pub actual: Option<Value>,
}

impl CloudFormation {
    /// Compares a resource with the template of its stack. CloudFormation reads it with the caller's permissions, which takes
    /// seconds, and remembers the result. Nothing is changed.
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DetectStackResourceDrift.html>
    ///
    /// # Errors
    /// When the call fails for another reason than that detection does not see the type.
    pub async fn resource_drift(&self, stack: &str, logical_id: &str) -> Result<ResourceDrift> {
        const ACTION: &str = "DetectStackResourceDrift";
        let answer = self
            .caller
            .call(ACTION, logical_id, || {
                self.client.detect_stack_resource_drift().stack_name(stack).logical_resource_id(logical_id).send()
            })
            .await;
        match answer {
            Ok(answer) => {
                let found =
                    self.caller.required(answer.stack_resource_drift, ACTION, logical_id, "StackResourceDrift")?;
                Ok(drift(found))
            }
            Err(error) if is_unsupported(&error) => Ok(ResourceDrift::Unsupported),
            Err(error) => Err(error),
        }
    }
}

/// `ValidationError: Drift detection is not supported for the specified ResourceType`: CloudFormation has no code of its own
/// for it.
fn is_unsupported(error: &Error) -> bool {
    let words = |message: &str| message.to_lowercase().contains("drift detection is not supported");
    error.is("ValidationError") && error.message().is_some_and(words)
}

fn drift(found: StackResourceDrift) -> ResourceDrift {
    let json = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or(Value::Null);
    let (status, reason) = (found.stack_resource_drift_status, found.drift_status_reason);
    match told(status.as_ref(), found.property_differences, reason.as_deref()) {
        ResourceDrift::Compared(DetectedProperties { differences, .. }) => {
            let (expected, actual) = (json(found.expected_properties), json(found.actual_properties));
            ResourceDrift::Compared(DetectedProperties { expected, actual, differences })
        }
        other => other,
    }
}

/// What a status says, with the properties that differ, or why CloudFormation could not look.
pub(super) fn told(
    status: Option<&StackResourceDriftStatus>,
    differences: Option<Vec<PropertyDifference>>,
    reason: Option<&str>,
) -> ResourceDrift {
    use StackResourceDriftStatus as Status;
    match status {
        Some(Status::InSync | Status::Modified) => ResourceDrift::Compared(DetectedProperties {
            differences: differences.unwrap_or_default().into_iter().map(difference).collect(),
            ..DetectedProperties::default()
        }),
        Some(Status::Deleted) => ResourceDrift::Deleted,
        Some(Status::Unsupported) => ResourceDrift::Unsupported,
        other => {
            let status = other.map_or("no status", Status::as_str);
            let reason = reason.map(plain).filter(|reason| !reason.trim().is_empty());
            ResourceDrift::NotChecked(reason.unwrap_or_else(|| status.to_owned()))
        }
    }
}

/// A value is the text of its JSON, or a text as it is; `null` stands on the side that has nothing.
fn difference(found: PropertyDifference) -> DetectedDifference {
    let value = |text: Option<String>| {
        let text = text?;
        let value = serde_json::from_str(&text).unwrap_or(Value::String(text));
        (!value.is_null()).then_some(value)
    };
    let unescaped = |part: &str| part.replace("~1", "/").replace("~0", "~");
    let path = found.property_path.unwrap_or_default();
    DetectedDifference {
        path: path.split('/').filter(|part| !part.is_empty()).map(unescaped).collect(),
        expected: value(found.expected_value),
        actual: value(found.actual_value),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudformation::types::DifferenceType;
    use serde_json::json;

    use super::*;

    fn with(status: &str) -> aws_sdk_cloudformation::types::builders::StackResourceDriftBuilder {
        StackResourceDrift::builder().stack_resource_drift_status(status.into())
    }

    #[test]
    fn what_differs_has_its_path_and_both_values() {
        let changed = |path: &str, kind, expected: &str, actual: &str| {
            let one = PropertyDifference::builder().property_path(path).difference_type(kind);
            one.expected_value(expected).actual_value(actual).build()
        };
        let found = with("MODIFIED")
            .expected_properties("{\"RetentionInDays\":90}")
            .actual_properties("{\"RetentionInDays\":7}")
            .property_differences(changed("/RetentionInDays", DifferenceType::NotEqual, "90", "7"))
            .property_differences(changed("/Tags/1", DifferenceType::Add, "null", "{\"Key\":\"a~1b\"}"))
            .property_differences(changed("/Names/a~1b", DifferenceType::Remove, "some text", "null"));
        let ResourceDrift::Compared(found) = drift(found.build()) else { panic!("not compared") };
        assert_eq!((&found.expected, &found.actual), (&json!({"RetentionInDays": 90}), &json!({"RetentionInDays": 7})));
        let path = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>();
        let one = |parts: &[&str], expected, actual| DetectedDifference { path: path(parts), expected, actual };
        assert_eq!(
            found.differences,
            [
                one(&["RetentionInDays"], Some(json!(90)), Some(json!(7))),
                one(&["Tags", "1"], None, Some(json!({"Key": "a~1b"}))),
                one(&["Names", "a/b"], Some(json!("some text")), None),
            ]
        );
    }

    #[test]
    fn what_could_not_be_looked_at_has_cloudformations_reason() {
        let reason = "not authorized to perform: sqs:GetQueueAttributes";
        let unknown = with("UNKNOWN").drift_status_reason(reason).build();
        assert_eq!(drift(unknown), ResourceDrift::NotChecked(reason.to_owned()));
        assert_eq!(drift(with("NOT_CHECKED").build()), ResourceDrift::NotChecked("NOT_CHECKED".to_owned()));
    }

    #[test]
    fn gone_and_not_supported_are_told_apart() {
        assert_eq!(drift(with("DELETED").build()), ResourceDrift::Deleted);
        assert_eq!(drift(with("UNSUPPORTED").build()), ResourceDrift::Unsupported);
    }
}
