//! CloudFormation's own drift detection, for what nobody else reads: resources whose reader was refused or is not there, and
//! declared properties whose value only CloudFormation knows.
//!
//! It reads a resource as the Cloud Control API does, so it does not see what that never gives back either.

use std::collections::BTreeMap;

use futures::StreamExt;
use serde_json::Value;

use super::comparison::Comparison;
use super::places::Subject;
use super::reading::AT_ONCE;
use super::stack::{Judged, Read, ReadStack};
use super::{Part, attached, certificate, record, vpn};
use crate::aws::Result;
use crate::aws::cloudformation::{DetectedProperties, ResourceDrift, StackResource};
use crate::cfn::registry::ResourceSchema;
use crate::drift::{Difference, Kind, Reader, compare, item_at};
use crate::render::RenderedStack;

/// Types that have readers of their own, and that detection refuses. Client VPN cannot be provisioned by the registry
/// (`DescribeType`), which detection asks for; the others have no read handler.
const BLIND: [&str; 6] =
    [vpn::ENDPOINT, vpn::ASSOCIATION, vpn::RULE, vpn::ROUTE, certificate::CERTIFICATE, record::RECORD];

/// What detection has said of resources of a stack, by logical id.
pub(super) type Detected = BTreeMap<String, Result<ResourceDrift>>;

impl Comparison<'_> {
    /// Asks CloudFormation about what nobody has read of a stack. Where all was read, no call is made.
    pub(super) async fn detect(
        &self,
        rendered: &RenderedStack,
        stack: &ReadStack,
        judged: &BTreeMap<String, Judged>,
    ) -> Detected {
        // It compares with the template that the stack has, and here another one counts.
        if stack.is_given && !stack.is_current {
            return Detected::new();
        }
        let wanted: Vec<&str> = stack
            .resources
            .iter()
            .filter(|resource| {
                !BLIND.contains(&resource.resource_type.as_str()) && self.is_unread(stack, judged, resource)
            })
            .map(|resource| resource.logical_id.as_str())
            .collect();
        if wanted.is_empty() {
            return Detected::new();
        }
        let session = self.session(&rendered.target);
        let client = session.cloudformation();
        let asked = futures::stream::iter(wanted)
            .map(|id| async move { (id.to_owned(), client.resource_drift(&stack.id, id).await) });
        asked.buffer_unordered(AT_ONCE).collect().await
    }

    /// Whether nobody has read a resource, or something of it that detection may see.
    fn is_unread(&self, stack: &ReadStack, judged: &BTreeMap<String, Judged>, resource: &StackResource) -> bool {
        let id = resource.logical_id.as_str();
        let seen = || {
            let (judged, schema) = (judged.get(id)?, self.registry.get(&resource.resource_type)?);
            Some(judged.unread.iter().any(|path| is_seen(schema, path)))
        };
        matches!(stack.read.get(id), Some(Read::Unread(_))) || seen() == Some(true)
    }

    /// Tells what detection has said of a resource that nobody could read. `reason` is why nobody could.
    pub(super) fn add_detected(
        &self,
        stack: &ReadStack,
        subject: &Subject<'_>,
        reason: &str,
        detected: &Detected,
        part: &mut Part,
    ) {
        let why = match detected.get(subject.logical_id) {
            None => None,
            Some(Ok(ResourceDrift::Compared(found))) => {
                for path in not_compared(&stack.declared(subject.logical_id).unwrap_or_default(), &found.expected) {
                    part.coverage.leave_unread(&subject.address(), &path);
                }
                for difference in self.differences(stack, subject, found) {
                    part.tell(subject, &found.expected, difference, Reader::CloudFormation);
                }
                return part.coverage.check(Reader::CloudFormation);
            }
            Some(Ok(ResourceDrift::Deleted)) => {
                let gone = Difference { path: Vec::new(), expected: None, actual: None };
                part.findings.push(subject.finding(Kind::Deleted, gone, Reader::CloudFormation));
                return part.coverage.check(Reader::CloudFormation);
            }
            Some(Ok(ResourceDrift::Unsupported)) => Some("does not see its type".to_owned()),
            Some(Ok(ResourceDrift::NotChecked(why))) => Some(format!("could not look: {why}")),
            Some(Err(error)) => Some(format!("could not be asked: {error}")),
        };
        let why = why.map(|why| format!("; CloudFormation's detection {why}")).unwrap_or_default();
        part.coverage.skip(subject.address(), format!("{reason}{why}"));
    }

    /// Tells what detection has said of properties that another reader has not read. Gives those that are unread all the same.
    pub(super) fn add_unread(
        &self,
        stack: &ReadStack,
        subject: &Subject<'_>,
        unread: Vec<Vec<String>>,
        detected: &Detected,
        part: &mut Part,
    ) -> Vec<Vec<String>> {
        let why = match detected.get(subject.logical_id) {
            Some(Ok(ResourceDrift::Compared(found))) => {
                let all = self.differences(stack, subject, found);
                let (seen, unseen): (Vec<_>, Vec<_>) = unread.into_iter().partition(|path| {
                    !is_key(path)
                        && (item_at(&found.actual, path).is_some() || all.iter().any(|one| one.path.starts_with(path)))
                });
                // The rest of the resource another reader has judged.
                for one in all.into_iter().filter(|one| seen.iter().any(|path| one.path.starts_with(path))) {
                    part.tell(subject, &found.expected, one, Reader::CloudFormation);
                }
                return unseen;
            }
            Some(Ok(ResourceDrift::NotChecked(why))) => format!("could not look: {why}"),
            Some(Err(error)) => format!("could not be asked: {error}"),
            Some(Ok(ResourceDrift::Deleted | ResourceDrift::Unsupported)) | None => return unread,
        };
        let address = format!("{} properties", subject.address());
        part.coverage.skip_part(address, format!("CloudFormation's detection {why}"));
        unread
    }

    /// What differs, in the paths and values of the other readers. CloudFormation says which properties do; what says the
    /// same in other words, and what other resources add to one, is left out as it is everywhere.
    fn differences(&self, stack: &ReadStack, subject: &Subject<'_>, found: &DetectedProperties) -> Vec<Difference> {
        let told = found.differences.iter();
        let (Some(schema), Value::Object(names), Value::Object(_)) =
            (self.registry.get(subject.resource_type), &found.expected, &found.actual)
        else {
            let as_told = told.map(|one| Difference {
                path: one.path.clone(),
                expected: one.expected.clone(),
                actual: one.actual.clone(),
            });
            return as_told.collect();
        };
        let told: Vec<&String> = told.filter_map(|one| one.path.first()).collect();
        let (mut expected, mut actual) = (found.expected.clone(), found.actual.clone());
        attached::take_out(stack, subject.resource_type, &mut expected, &mut actual);
        // What it compares it has read, whatever the schema says.
        let read: Vec<&str> = names.keys().map(String::as_str).collect();
        let all = compare(schema, &expected, &actual, &read).differences;
        all.into_iter().filter(|one| one.path.first().is_some_and(|first| told.contains(&first))).collect()
    }
}

/// Whether detection may see a property that nobody else has read: what a read handler never gives back, it has not either.
fn is_seen(schema: &ResourceSchema, path: &[String]) -> bool {
    !schema.is_write_only(path) && !is_key(path)
}

/// Whether a property is a KMS key, which detection compares nowhere.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html>
fn is_key(path: &[String]) -> bool {
    path.last().is_some_and(|name| name.eq_ignore_ascii_case("KmsKeyId"))
}

/// The declared properties that detection has not compared; none where it does not say which it has.
fn not_compared(declared: &Value, expected: &Value) -> Vec<Vec<String>> {
    let (Value::Object(declared), Value::Object(expected)) = (declared, expected) else { return Vec::new() };
    let paths = declared.keys().map(|name| vec![name.clone()]);
    paths.filter(|path| is_key(path) || !expected.contains_key(&path.concat())).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cfn::registry::Registry;

    #[test]
    fn what_detection_has_not_compared_is_known_by_what_it_expects() {
        let declared = json!({"RetentionInDays": 90, "KmsKeyId": "key", "LogGroupName": "acme"});
        let expected = json!({"RetentionInDays": 90, "KmsKeyId": "key"});
        let found = not_compared(&declared, &expected);
        assert_eq!(found, [vec!["KmsKeyId".to_owned()], vec!["LogGroupName".to_owned()]]);
        assert_eq!(not_compared(&declared, &Value::Null), Vec::<Vec<String>>::new());
    }

    #[test]
    fn detection_is_not_asked_for_what_no_read_handler_gives() {
        let registry = Registry::builtin();
        let sees = |type_name: &str, path: &[&str]| {
            let path: Vec<String> = path.iter().map(|part| (*part).to_owned()).collect();
            is_seen(registry.get(type_name).unwrap(), &path)
        };
        assert!(!sees("AWS::RDS::DBCluster", &["MasterUserPassword"]));
        assert!(!sees("AWS::Logs::LogGroup", &["KmsKeyId"]));
        assert!(sees("AWS::Logs::LogGroup", &["Tags", "team", "Value"]));
    }
}
