//! One stack: what its template declares, what AWS gives back, and the difference.

use std::collections::BTreeMap;

use futures::StreamExt;
use serde_json::{Value, json};

use super::comparison::Comparison;
use super::identifier::identifier;
use super::places::Subject;
use super::{Part, certificate, record, vpn, watch};
use crate::aws::cloudcontrol::{CloudControl, Resource};
use crate::aws::cloudformation::StackResource;
use crate::aws::route53::WritableRecord;
use crate::cfn::evaluate::{Evaluator, Lookup, Parameters};
use crate::cfn::registry::Registry;
use crate::cfn::template::Template;
use crate::drift::{Difference, Kind, Live, Reader, compare, fold, undeclared};
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
    identifiers: BTreeMap<String, String>,
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

    /// What puts the declared properties of a resource back that differ.
    pub fn patch(&self, registry: &Registry, logical_id: &str) -> Option<Patch> {
        let resource = self.resources.iter().find(|resource| resource.logical_id == logical_id)?;
        let schema = registry.get(&resource.resource_type)?;
        let declared = self.declared(logical_id)?;
        if resource.resource_type == record::RECORD {
            return record::patch(schema, self.read.get(logical_id)?, &declared);
        }
        let Read::There(actual, Reader::CloudControl) = self.read.get(logical_id)? else { return None };
        let mut operations: Vec<Value> = Vec::new();
        for difference in compare(schema, &declared, actual).differences {
            let property = difference.path.first()?;
            let path = format!("/{property}");
            if fold(&resource.resource_type, &difference).is_none()
                && operations.iter().all(|operation| operation["path"] != path.as_str())
            {
                operations.push(json!({"op": "add", "path": path, "value": declared.get(property)?}));
            }
        }
        (!operations.is_empty()).then(|| Patch {
            count: operations.len(),
            write: Write::Properties {
                type_name: resource.resource_type.clone(),
                identifier: self.identifiers.get(logical_id).cloned().unwrap_or_default(),
                operations: Value::Array(operations),
            },
        })
    }
}

/// The identifier of a resource that the template does not tell, among those of its type: the one that has CloudFormation's
/// name as a part.
async fn among(control: &CloudControl, type_name: &str, physical_id: &str) -> Option<String> {
    let listed = control.list(type_name).await.ok()?;
    let has = |resource: &Resource| resource.identifier.split('|').any(|part| part == physical_id);
    listed.into_iter().find(has).map(|resource| resource.identifier)
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
        let mut declared = stack.declared(subject.logical_id).unwrap_or_else(|| json!({}));
        let Some(schema) = self.registry.get(subject.resource_type) else { return };
        if let (Reader::Acm, Some(properties)) = (reader, declared.as_object_mut()) {
            // ACM tells of a certificate, and not of how it was asked for.
            let all = properties.len();
            properties.retain(|name, _| actual.get(name).is_some());
            part.coverage.unread += all - properties.len();
        }
        let spelled = (reader == Reader::Route53).then(|| record::spelled(actual, &declared));
        let actual = spelled.as_ref().unwrap_or(actual);
        let compared = compare(schema, &declared, actual);
        part.coverage.unread += compared.unread.len();
        for difference in compared.differences {
            if let Some(reason) = fold(subject.resource_type, &difference) {
                // What AWS never gives back need not be told of each time.
                if difference.actual.is_none() {
                    part.coverage.unread += 1;
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
            fold(subject.resource_type, &Difference { path, expected: None, actual: Some(value.clone()) }).is_none()
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
            identifiers: BTreeMap::new(),
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
                    let read = certificate::read(session.acm(), physical_id, &declared).await;
                    return Some((resource.logical_id.clone(), None, read));
                }
                if resource.resource_type == record::RECORD {
                    let read = record::read(session.route53(), &declared).await;
                    return Some((resource.logical_id.clone(), None, read));
                }
                let found = match identifier(schema, physical_id, &declared) {
                    Some(identifier) => Some(identifier),
                    None => among(session.cloudcontrol(), &resource.resource_type, physical_id).await,
                };
                let Some(identifier) = found else {
                    let reason = format!("{} cannot be addressed by what the template says", resource.resource_type);
                    return Some((resource.logical_id.clone(), None, Read::Unread(reason)));
                };
                let answer = session.cloudcontrol().get(&resource.resource_type, &identifier).await;
                let read = match answer {
                    Ok(Some(found)) => Read::There(found.properties, Reader::CloudControl),
                    Ok(None) => Read::Gone(Reader::CloudControl),
                    Err(error) if error.is("UnsupportedActionException") || error.is("TypeNotFoundException") => {
                        Read::Unread(format!("{} has no reader", resource.resource_type))
                    }
                    Err(error) => Read::Unread(error.to_string()),
                };
                Some((resource.logical_id.clone(), Some(identifier), read))
            }
        });
        let asked = asked.buffer_unordered(AT_ONCE).collect::<Vec<Option<(String, Option<String>, Read)>>>();
        let (answers, vpn) = futures::join!(asked, vpn::read(session.ec2(), &stack));
        let vpn = vpn?;
        for (logical_id, identifier, read) in answers.into_iter().flatten() {
            stack.identifiers.extend(identifier.map(|identifier| (logical_id.clone(), identifier)));
            stack.read.insert(logical_id, read);
        }
        stack.read.extend(vpn.read);
        stack.more = vpn.more;
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
