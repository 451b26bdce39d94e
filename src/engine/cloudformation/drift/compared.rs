//! What was read of a stack, compared: findings, and what could not be compared.

use std::collections::BTreeMap;

use serde_json::Value;

use super::comparison::Comparison;
use super::detection::Detected;
use super::places::Subject;
use super::remade::Return;
use super::stack::{Judged, Read, ReadStack};
use super::watch::ROLE;
use super::{Part, vpn, watch};
use crate::aws::cloudformation::StackResource;
use crate::drift::{Addition, Difference, Folded, Kind, Live, Reader, fold, undeclared};
use crate::engine::cloudformation::status_table;
use crate::render::RenderedStack;

impl Comparison<'_> {
    /// Tells what was read of one stack, compared as `judged` has it. `attached` are the managed policies of all stacks,
    /// `detected` is what CloudFormation has said of what nobody has read.
    pub(super) fn compare_stack(
        &self,
        rendered: &RenderedStack,
        stack: &ReadStack,
        attached: &[watch::Attachment],
        mut judged: BTreeMap<String, Judged>,
        detected: &Detected,
    ) -> Part {
        let mut part = Part::default();
        if let Some(status) = &stack.stuck {
            part.first = Some(status_table::lookup(status).next.to_owned());
            part.notes.push(format!(
                "{} is {status}, and may be neither as before nor as wanted: {}",
                rendered.name,
                status_table::lookup(status).next
            ));
        }
        for resource in &stack.resources {
            let judged = judged.remove(&resource.logical_id);
            self.compare_resource(rendered, stack, (resource, judged), detected, &mut part);
        }
        let mut more = |subject: Subject<'_>, property: &str, (value, addition): (Value, Addition), reader: Reader| {
            let added = Difference { path: vec![property.to_owned()], expected: None, actual: Some(value) };
            part.findings.push(subject.finding(Kind::Added, added, reader).of_addition(Some(addition)));
        };
        for (logical_id, property, value, addition) in &stack.more {
            let endpoint = self.subject(rendered, logical_id, vpn::ENDPOINT);
            more(endpoint, property, (value.clone(), addition.clone()), Reader::Ec2);
        }
        for (logical_id, name) in stack.of_type(ROLE) {
            let Some(Read::There(actual, reader)) = stack.read.get(logical_id) else { continue };
            let own = attached.iter().filter(|one| one.account == rendered.target.account && one.role == name);
            let own: Vec<&str> = own.map(|one| one.policy.as_str()).collect();
            for (property, value) in watch::policies_more(stack, logical_id, &own, actual) {
                let addition = match (value.as_str(), value.get("PolicyName").and_then(Value::as_str)) {
                    (Some(arn), _) => Addition::attachment(name, arn),
                    (None, policy) => Addition::policy(name, policy.unwrap_or_default()),
                };
                more(self.subject(rendered, logical_id, ROLE), property, (value, addition), *reader);
            }
        }
        part
    }

    /// Tells what was read of one resource; compared, if it is there.
    pub(super) fn compare_resource(
        &self,
        rendered: &RenderedStack,
        stack: &ReadStack,
        (resource, judged): (&StackResource, Option<Judged>),
        detected: &Detected,
        part: &mut Part,
    ) {
        part.coverage.total += 1;
        let subject = self.subject(rendered, &resource.logical_id, &resource.resource_type);
        match stack.read.get(&resource.logical_id) {
            Some(Read::There(_, reader)) => {
                if let Some(judged) = judged {
                    self.compare_one(stack, &subject, (judged, *reader), detected, part);
                }
                part.coverage.check(*reader);
            }
            Some(Read::Gone(reader)) => {
                let gone = Difference { path: Vec::new(), expected: None, actual: None };
                let mut finding = subject.finding(Kind::Deleted, gone, *reader);
                match stack.way_back(self.registry, rendered, &resource.logical_id) {
                    Return::Remade(id) => finding.id = Some(id),
                    Return::ChangeSet(command) if *reader == Reader::CloudControl => {
                        finding.command = Some(command);
                        finding.by_change_set = true;
                    }
                    Return::Command(command) => finding.command = Some(command),
                    Return::ChangeSet(_) | Return::Unknown => {}
                }
                part.findings.push(finding);
                part.coverage.check(*reader);
            }
            Some(Read::Unread(reason)) => self.add_detected(stack, &subject, reason, detected, part),
            None => part.coverage.skip(subject.address(), "it has no name in AWS yet"),
        }
    }

    fn compare_one(
        &self,
        stack: &ReadStack,
        subject: &Subject<'_>,
        (judged, reader): (Judged, Reader),
        detected: &Detected,
        part: &mut Part,
    ) {
        let Some(schema) = self.registry.get(subject.resource_type) else { return };
        let Judged { declared, actual, differences, unread } = judged;
        let address = subject.address();
        if let Some(reason) = stack.withheld.get(subject.logical_id) {
            part.coverage.skip_part(format!("{address} properties"), reason.as_str());
        }
        if let Some(given) = stack.given.get(subject.logical_id) {
            part.coverage.read_beside(given.reader);
        }
        let unread = self.add_unread(stack, subject, unread, detected, part);
        unread.iter().for_each(|path| part.coverage.leave_unread(&address, path));
        for difference in differences {
            let reader = stack.reader_of(schema, subject.logical_id, &difference.path, reader);
            part.tell(subject, &declared, difference, reader);
        }
        let rendered = subject.rendered;
        let mut values = undeclared(schema, &declared, &actual);
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
}

impl Part {
    /// Tells of a difference as a finding, unless it comes by itself.
    pub(super) fn tell(&mut self, subject: &Subject<'_>, declared: &Value, difference: Difference, reader: Reader) {
        if let Some(reason) = fold(subject.resource_type, declared, &difference) {
            // What AWS never gives back need not be told of each time.
            if difference.actual.is_none() {
                return self.coverage.leave_unread(&subject.address(), &difference.path);
            }
            let (address, reason) = (subject.address(), reason.to_owned());
            return self.folded.push(Folded { address, path: difference.path, reason });
        }
        let kind = if difference.expected.is_none() { Kind::Added } else { Kind::Changed };
        self.findings.push(subject.finding(kind, difference, reader));
    }
}
