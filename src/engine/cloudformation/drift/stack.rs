//! One stack: what its template declares, what AWS gives back, and the difference.

use std::collections::BTreeMap;

use futures::StreamExt;
use serde_json::{Value, json};

use super::comparison::Comparison;
use super::identifier::identifier;
use super::places::Subject;
use super::shown::{self, accepted, changed_since, goes_along, is_gone, is_open, told};
use super::{Part, attached, cache, certificate, covered, record, topic_policy, vpn, watch};
use crate::aws::Error;
use crate::aws::cloudcontrol::{CloudControl, Resource};
use crate::aws::cloudformation::StackResource;
use crate::aws::route53::WritableRecord;
use crate::cfn::evaluate::{Evaluator, Lookup, Parameters};
use crate::cfn::registry::{Registry, ResourceSchema};
use crate::cfn::template::Template;
use crate::drift::{Compared, Difference, Finding, Kind, Live, Reader, compare, fold, patch, undeclared};
use crate::engine::EngineError;
use crate::engine::cloudformation::plan::live::pseudo;
use crate::engine::cloudformation::plan::lock;
use crate::engine::cloudformation::status_table::{self, Verdict};
use crate::render::RenderedStack;

/// The most resources of one stack that are read at the same time. The Cloud Control API throttles by account.
const AT_ONCE: usize = 8;
const ROLE: &str = "AWS::IAM::Role";
/// CloudFormation's value of a hidden parameter.
const HIDDEN: &str = "****";

/// A resource that was read.
#[derive(Debug, Clone)]
pub(super) enum Read {
    /// It is there, with these properties.
    There(Value, Reader),
    /// It is gone.
    Gone(Reader),
    /// It could not be read, and why.
    Unread(String),
}

/// A stack with everything that was read of it.
pub(super) struct ReadStack {
    template: Template,
    parameters: Parameters,
    pub resources: Vec<StackResource>,
    pub read: BTreeMap<String, Read>,
    pub outputs: BTreeMap<String, String>,
    /// Tags of the stack, which CloudFormation gives to its resources.
    tags: BTreeMap<String, String>,
    identifiers: BTreeMap<String, String>,
    /// Properties that the Cloud Control API does not give of a resource, and its service does, by logical id.
    given: BTreeMap<String, Vec<&'static str>>,
    /// Why a service has given nothing of a resource, by logical id.
    withheld: BTreeMap<String, String>,
    /// What no template has: logical id, property, value.
    pub more: Vec<(String, &'static str, Value)>,
    /// Whether the spec renders this very template.
    pub is_current: bool,
    /// Whether the rendered template counts all the same.
    pub is_given: bool,
    /// Its status, if something has to be done about that first.
    pub stuck: Option<String>,
}

/// What puts a resource back.
pub(in crate::engine) struct Patch {
    pub write: Write,
    /// How many properties it puts back.
    pub count: usize,
}

/// The call that puts a resource back.
pub(in crate::engine) enum Write {
    /// By the Cloud Control API: what is set, by a JSON patch.
    Properties { type_name: String, identifier: String, operations: Value },
    /// By Route 53: the record as a whole.
    Record(WritableRecord),
}

/// Physical ids, and what AWS gave back.
struct Deployed<'a> {
    resources: &'a [StackResource],
    read: &'a BTreeMap<String, Read>,
}

impl Lookup for Deployed<'_> {
    fn reference(&self, logical_id: &str) -> Option<Value> {
        let found = self.resources.iter().find(|resource| resource.logical_id == logical_id)?;
        Some(json!(found.physical_id.as_ref()?))
    }

    fn attribute(&self, logical_id: &str, attribute: &str) -> Option<Value> {
        let Read::There(properties, _) = self.read.get(logical_id)? else { return None };
        let value = attribute.split('.').try_fold(properties, |value, part| value.get(part))?;
        (!value.is_null()).then(|| value.clone())
    }
}

impl ReadStack {
    /// The properties that the template declares for a resource.
    pub fn declared(&self, logical_id: &str) -> Option<Value> {
        let lookup = Deployed { resources: &self.resources, read: &self.read };
        let resource = self.template.resource(logical_id)?;
        Some(Evaluator::new(&self.template, &self.parameters, &lookup).properties(&resource))
    }

    /// Physical ids of the resources of a type, with their logical ids.
    pub fn of_type(&self, type_name: &str) -> impl Iterator<Item = (&str, &str)> {
        let of_type = move |resource: &&StackResource| resource.resource_type == type_name;
        self.resources
            .iter()
            .filter(of_type)
            .filter_map(|resource| Some((resource.logical_id.as_str(), resource.physical_id.as_deref()?)))
    }

    /// What a resource is compared with, and what is compared: the declared properties with what the stack gives to them, and
    /// the live ones without what other resources add to them.
    fn sides(&self, schema: &ResourceSchema, logical_id: &str, actual: &Value, reader: Reader) -> (Value, Value) {
        let mut declared = self.declared(logical_id).unwrap_or_else(|| json!({}));
        let mut actual = actual.clone();
        if schema.type_name() == record::RECORD {
            actual = record::spelled(&actual, &declared);
        }
        if reader == Reader::CloudControl {
            attached::add_tags(schema, &self.tags, &mut declared, &actual);
            attached::take_out(self, schema.type_name(), &mut declared, &mut actual);
        }
        (declared, actual)
    }

    /// Compares both sides of a resource. What nobody reads of it is unread.
    fn compared(&self, schema: &ResourceSchema, logical_id: &str, declared: &Value, actual: &Value) -> Compared {
        let (read, others) = covered::part(schema.type_name(), declared);
        let mut compared = compare(schema, &read, actual, self.given_of(logical_id));
        compared.unread.extend(others);
        compared
    }

    /// The properties of a resource that its service gives, and the Cloud Control API does not.
    fn given_of(&self, logical_id: &str) -> &[&'static str] {
        self.given.get(logical_id).map_or(&[], Vec::as_slice)
    }

    /// Who has read a property of a resource that a reader has read.
    fn reader_of(&self, schema: &ResourceSchema, logical_id: &str, path: &[String], reader: Reader) -> Reader {
        let Some(first) = path.first() else { return reader };
        let is_written = schema.write_only().iter().any(|one| one.as_str() == first);
        let is_given = is_written && self.given_of(logical_id).contains(&first.as_str());
        if is_given { Reader::ElastiCache } else { reader }
    }

    /// What puts those declared properties of a resource back that findings tell of.
    ///
    /// # Errors
    /// When they are not as the findings tell, or what is accepted would be put back with them.
    pub fn patch(
        &self,
        registry: &Registry,
        logical_id: &str,
        findings: &[Finding],
    ) -> Result<Option<Patch>, EngineError> {
        let Some(resource) = self.resources.iter().find(|resource| resource.logical_id == logical_id) else {
            return Ok(None);
        };
        let (Some(schema), Some(read)) = (registry.get(&resource.resource_type), self.read.get(logical_id)) else {
            return Ok(None);
        };
        if resource.resource_type == record::RECORD {
            return self.record_patch(schema, logical_id, read, findings);
        }
        let (Read::There(live, Reader::CloudControl), Some(identifier)) = (read, self.identifiers.get(logical_id))
        else {
            return Ok(None);
        };
        let (declared, actual) = self.sides(schema, logical_id, live, Reader::CloudControl);
        let all = self.compared(schema, logical_id, &declared, &actual).differences;
        let (by_itself, all): (Vec<Difference>, Vec<Difference>) =
            all.into_iter().partition(|one| fold(&resource.resource_type, &declared, one).is_some());
        // A patch begins with what the Cloud Control API gives.
        let is_given = |one: &&Difference| {
            self.reader_of(schema, logical_id, &one.path, Reader::CloudControl) == Reader::CloudControl
        };
        let told = told(all.iter().filter(is_given), findings)?;
        let patch = patch(schema, &shown::left(declared, &by_itself), live, &told);
        if let Some(kept) = accepted(findings).find(|finding| patch.touches(&finding.path)) {
            return Err(goes_along(kept));
        }
        if let Some(other) = all.iter().find(|one| patch.touches(&one.path) && !shown::is_shown(one, findings)) {
            return Err(changed_since(findings, other));
        }
        Ok((!patch.operations.is_empty()).then(|| Patch {
            write: Write::Properties {
                type_name: topic_policy::written_as(&resource.resource_type).to_owned(),
                identifier: identifier.clone(),
                operations: Value::Array(patch.operations),
            },
            count: patch.count,
        }))
    }

    /// What puts a record of DNS back that findings tell of, also one that is gone: all of it is written.
    ///
    /// # Errors
    /// When it is not as the findings tell, or something of it is accepted.
    fn record_patch(
        &self,
        schema: &ResourceSchema,
        logical_id: &str,
        read: &Read,
        findings: &[Finding],
    ) -> Result<Option<Patch>, EngineError> {
        let (declared, count) = match read {
            Read::There(live, Reader::Route53) => {
                let (declared, actual) = self.sides(schema, logical_id, live, Reader::Route53);
                let differences = self.compared(schema, logical_id, &declared, &actual).differences;
                let told = told(&differences, findings)?;
                if let Some(kept) = accepted(findings).next() {
                    return Err(goes_along(kept));
                }
                if let Some(other) = differences.iter().find(|difference| !told.contains(difference)) {
                    return Err(changed_since(findings, other));
                }
                (declared, told.len())
            }
            Read::Gone(Reader::Route53) if findings.iter().any(|finding| is_open(finding) && is_gone(finding)) => {
                let declared = self.declared(logical_id).unwrap_or_default();
                let count = declared.as_object().map_or(0, serde_json::Map::len);
                (declared, count)
            }
            _ => return Ok(None),
        };
        let record = WritableRecord::of(&declared).filter(|_| count > 0);
        Ok(record.map(|record| Patch { write: Write::Record(record), count }))
    }
}

/// The identifier of a resource that the template does not tell, among those of its type: the one that has CloudFormation's
/// name as a part.
///
/// # Errors
/// What AWS says instead of a list.
async fn among(control: &CloudControl, type_name: &str, physical_id: &str) -> Result<Option<String>, Error> {
    let listed = control.list(type_name).await?;
    let has = |resource: &Resource| resource.identifier.split('|').any(|part| part == physical_id);
    Ok(listed.into_iter().find(has).map(|resource| resource.identifier))
}

/// Why a resource could not be read.
pub(super) fn unread(type_name: &str, error: &Error) -> Read {
    if error.is("UnsupportedActionException") || error.is("TypeNotFoundException") {
        return Read::Unread(format!("{type_name} has no reader"));
    }
    Read::Unread(error.to_string())
}

/// Whether a deployed template is this one. CloudFormation gives characters outside of ASCII back as question marks.
fn is_text_of(deployed: &str, rendered: &str) -> bool {
    let masked = || rendered.chars().map(|character| if character.is_ascii() { character } else { '?' });
    deployed == rendered || (!rendered.is_ascii() && deployed.chars().eq(masked()))
}

/// Which stack is read, and what with.
pub(super) struct Wanted<'a> {
    /// The stack as it is rendered.
    pub rendered: &'a RenderedStack,
    /// What CloudFormation calls it.
    pub id: &'a str,
    /// Whether the rendered template counts, and not the one that the stack has.
    pub is_given: bool,
}

impl<'a> Wanted<'a> {
    /// A stack of the bundle, against what is deployed.
    pub fn deployed(rendered: &'a RenderedStack) -> Self {
        Self { rendered, id: &rendered.name, is_given: false }
    }
}

impl Comparison<'_> {
    /// Compares what was read of one stack. `attached` are the managed policies of all stacks.
    pub(super) fn compare_stack(
        &self,
        rendered: &RenderedStack,
        stack: &ReadStack,
        attached: &[watch::Attachment],
    ) -> Part {
        let mut part = Part::default();
        if let Some(status) = &stack.stuck {
            part.notes.push(format!(
                "{} is {status}, and may be neither as before nor as wanted: {}",
                rendered.name,
                status_table::lookup(status).next
            ));
        }
        if !stack.is_current && !stack.is_given {
            part.notes.push(format!(
                "the spec renders another {} than what is deployed, and drift is told against what is deployed: gwinfra plan",
                rendered.name
            ));
        }
        for resource in &stack.resources {
            self.compare_resource(rendered, stack, resource, &mut part);
        }
        let mut more = |logical_id: &str, kind: &str, property: &str, value: Value, reader: Reader| {
            let added = Difference { path: vec![property.to_owned()], expected: None, actual: Some(value) };
            part.findings.push(self.subject(rendered, logical_id, kind).finding(Kind::Added, added, reader));
        };
        for (logical_id, property, value) in &stack.more {
            more(logical_id, vpn::ENDPOINT, property, value.clone(), Reader::Ec2);
        }
        for (logical_id, name) in stack.of_type(ROLE) {
            let Some(Read::There(actual, reader)) = stack.read.get(logical_id) else { continue };
            let own = attached.iter().filter(|one| one.account == rendered.target.account && one.role == name);
            let own: Vec<&str> = own.map(|one| one.policy.as_str()).collect();
            for (property, value) in watch::policies_more(stack, logical_id, &own, actual) {
                more(logical_id, ROLE, property, value, *reader);
            }
        }
        part
    }

    /// Compares what was read of one resource.
    pub(super) fn compare_resource(
        &self,
        rendered: &RenderedStack,
        stack: &ReadStack,
        resource: &StackResource,
        part: &mut Part,
    ) {
        part.coverage.total += 1;
        let subject = self.subject(rendered, &resource.logical_id, &resource.resource_type);
        match stack.read.get(&resource.logical_id) {
            Some(Read::There(actual, reader)) => {
                self.compare_one(stack, &subject, actual, *reader, part);
                part.coverage.check(*reader);
            }
            Some(Read::Gone(reader)) => {
                let gone = Difference { path: Vec::new(), expected: None, actual: None };
                part.findings.push(subject.finding(Kind::Deleted, gone, *reader));
                part.coverage.check(*reader);
            }
            Some(Read::Unread(reason)) => part.coverage.skip(subject.address(), reason.as_str()),
            None => part.coverage.skip(subject.address(), "it has no name in AWS yet"),
        }
    }

    fn compare_one(&self, stack: &ReadStack, subject: &Subject<'_>, actual: &Value, reader: Reader, part: &mut Part) {
        let Some(schema) = self.registry.get(subject.resource_type) else { return };
        let (declared, actual) = stack.sides(schema, subject.logical_id, actual, reader);
        let actual = &actual;
        let address = subject.address();
        if let Some(reason) = stack.withheld.get(subject.logical_id) {
            part.coverage.skip(format!("{address} properties"), reason.as_str());
        }
        let compared = stack.compared(schema, subject.logical_id, &declared, actual);
        compared.unread.iter().for_each(|path| part.coverage.leave_unread(&address, path));
        for difference in compared.differences {
            let reader = stack.reader_of(schema, subject.logical_id, &difference.path, reader);
            if let Some(reason) = fold(subject.resource_type, &declared, &difference) {
                // What AWS never gives back need not be told of each time.
                if difference.actual.is_none() {
                    part.coverage.leave_unread(&address, &difference.path);
                    continue;
                }
                part.folded.push(crate::drift::Folded {
                    address: subject.address(),
                    path: difference.path,
                    reason: reason.to_owned(),
                });
                continue;
            }
            let kind = if difference.expected.is_none() { Kind::Added } else { Kind::Changed };
            part.findings.push(subject.finding(kind, difference, reader));
        }
        let rendered = subject.rendered;
        let mut values = undeclared(schema, &declared, actual);
        values.retain(|path, value| {
            let path = path.split('.').map(ToOwned::to_owned).collect();
            let difference = Difference { path, expected: None, actual: Some(value.clone()) };
            fold(subject.resource_type, &declared, &difference).is_none()
        });
        let live = Live {
            stack: rendered.key.clone(),
            account: rendered.target.account.clone(),
            region: rendered.target.region.clone(),
            resource_type: subject.resource_type.to_owned(),
            reader,
            values,
            declared,
        };
        part.live.insert(subject.address(), live);
    }

    /// Reads a stack and everything in it; `None` when it is not there.
    pub(super) async fn read_stack(&self, wanted: Wanted<'_>) -> Result<Option<ReadStack>, EngineError> {
        let Wanted { rendered, id, is_given } = wanted;
        let session = self.session(&rendered.target);
        let client = session.cloudformation();
        let (found, text, resources) = futures::join!(client.stack(id), client.template(id), client.resources(id));
        let Some(found) = found? else { return Ok(None) };
        let verdict = status_table::lookup(&found.status).apply;
        match verdict {
            // What is half way through a change differs from everything.
            Verdict::Locked => return Err(lock::locked(client, &found).await),
            Verdict::Absent | Verdict::DeleteFirst => return Ok(None),
            Verdict::Proceed | Verdict::Recover => {}
        }
        let text = text?.unwrap_or_default();
        let is_current = is_text_of(&text, &rendered.template);
        let text: &str = if is_current || is_given { &rendered.template } else { &text };
        let Ok(template) = Template::parse(rendered.template_path.as_str(), text) else { return Ok(None) };
        let known = found.parameters.iter().filter(|(_, value)| *value != HIDDEN);
        let parameters = known.fold(pseudo(rendered), |all, (name, value)| all.with(name, value));
        let parameters = parameters.with("AWS::StackId", &found.id);
        let resources: Vec<StackResource> = resources?
            .into_iter()
            .filter(|resource| {
                resource.status != "DELETE_COMPLETE" && template.resource(&resource.logical_id).is_some()
            })
            .collect();
        let mut stack = ReadStack {
            is_current,
            is_given,
            stuck: (verdict == Verdict::Recover).then(|| found.status.clone()),
            template,
            parameters,
            resources,
            read: BTreeMap::new(),
            outputs: found.outputs,
            tags: found.tags,
            identifiers: BTreeMap::new(),
            given: BTreeMap::new(),
            withheld: BTreeMap::new(),
            more: Vec::new(),
        };
        // EC2 reads Client VPN.
        let others = stack.resources.iter().filter(|resource| !vpn::TYPES.contains(&resource.resource_type.as_str()));
        let asked = futures::stream::iter(others).map(|resource| {
            let (session, stack) = (&session, &stack);
            async move {
                let physical_id = resource.physical_id.as_deref()?;
                let Some(schema) = self.registry.get(&resource.resource_type) else {
                    let reason = format!("{} is not known here", resource.resource_type);
                    return Some((resource.logical_id.clone(), None, Read::Unread(reason)));
                };
                let declared = stack.declared(&resource.logical_id).unwrap_or_else(|| json!({}));
                if resource.resource_type == certificate::CERTIFICATE {
                    let read = certificate::read(self.certificates, session, physical_id, &declared).await;
                    return Some((resource.logical_id.clone(), None, read));
                }
                if resource.resource_type == record::RECORD {
                    let read = record::read(session.route53(), &declared).await;
                    return Some((resource.logical_id.clone(), None, read));
                }
                if resource.resource_type == topic_policy::TYPE {
                    let (topic, read) = topic_policy::read(session.cloudcontrol(), &declared).await;
                    return Some((resource.logical_id.clone(), topic, read));
                }
                let found = match identifier(schema, physical_id, &declared) {
                    Some(identifier) => Ok(Some(identifier)),
                    None => among(session.cloudcontrol(), &resource.resource_type, physical_id).await,
                };
                let identifier = match found {
                    Ok(Some(identifier)) => identifier,
                    // All of its type are known, and it is not among them.
                    Ok(None) => return Some((resource.logical_id.clone(), None, Read::Gone(Reader::CloudControl))),
                    Err(error) => {
                        return Some((resource.logical_id.clone(), None, unread(&resource.resource_type, &error)));
                    }
                };
                let answer = session.cloudcontrol().get(&resource.resource_type, &identifier).await;
                let read = match answer {
                    Ok(Some(found)) => Read::There(found.properties, Reader::CloudControl),
                    Ok(None) => Read::Gone(Reader::CloudControl),
                    Err(error) => unread(&resource.resource_type, &error),
                };
                Some((resource.logical_id.clone(), Some(identifier), read))
            }
        });
        let asked = asked.buffer_unordered(AT_ONCE).collect::<Vec<Option<(String, Option<String>, Read)>>>();
        let (answers, vpn, caches) =
            futures::join!(asked, vpn::read(session.ec2(), &stack), cache::read(session.elasticache(), &stack));
        let vpn = vpn?;
        for (logical_id, identifier, read) in answers.into_iter().flatten() {
            stack.identifiers.extend(identifier.map(|identifier| (logical_id.clone(), identifier)));
            stack.read.insert(logical_id, read);
        }
        stack.read.extend(vpn.read);
        stack.more = vpn.more;
        for (logical_id, group) in caches {
            let declared = stack.declared(&logical_id).unwrap_or_default();
            let Some(Read::There(actual, _)) = stack.read.get_mut(&logical_id) else { continue };
            match group {
                Ok(Some(group)) => {
                    let given = cache::merge(&group, &declared, actual);
                    stack.given.insert(logical_id, given);
                }
                Ok(None) => {}
                Err(error) => {
                    stack.withheld.insert(logical_id, error.to_string());
                }
            }
        }
        Ok(Some(stack))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_the_same_when_cloudformation_gives_question_marks_for_its_characters() {
        assert!(is_text_of("Description: Gateway f?r alle", "Description: Gateway für alle"));
        assert!(!is_text_of("Description: Gateway f?r jeden", "Description: Gateway für alle"));
        assert!(!is_text_of("Description: a?b", "Description: a-b"));
    }
}
