//! One stack: what its template declares, and what AWS gives back.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::aliases::{self, Aliases};
use super::given::Given;
use super::{attached, covered, record};
use crate::aws::cloudformation::StackResource;
use crate::cfn::evaluate::{Evaluator, Lookup, Parameters};
use crate::cfn::registry::{Registry, ResourceSchema};
use crate::cfn::template::Template;
use crate::drift::{Addition, Difference, Reader, compare};

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
    /// ARN.
    pub id: String,
    pub template: Template,
    pub parameters: Parameters,
    /// What CloudFormation says of its parameters.
    pub values: BTreeMap<String, String>,
    pub resources: Vec<StackResource>,
    pub read: BTreeMap<String, Read>,
    pub outputs: BTreeMap<String, String>,
    /// Tags of the stack, which CloudFormation gives to its resources.
    pub tags: BTreeMap<String, String>,
    /// Whether the stack is protected against deletion.
    pub is_protected: bool,
    pub identifiers: BTreeMap<String, String>,
    /// What a service has given of a resource beside the Cloud Control API, by logical id.
    pub given: BTreeMap<String, Given>,
    /// Why a service has given nothing of a resource, by logical id.
    pub withheld: BTreeMap<String, String>,
    /// What the aliases stand for that the template names.
    pub aliases: Aliases,
    /// What no template has: logical id, property, value, and what AWS calls it.
    pub more: Vec<(String, &'static str, Value, Addition)>,
    /// Whether the spec renders this very template.
    pub is_current: bool,
    /// Whether the rendered template counts all the same.
    pub is_given: bool,
    /// Its status, if something has to be done about that first.
    pub stuck: Option<String>,
}

/// Both sides of a resource that is there, compared.
pub(super) struct Judged {
    pub declared: Value,
    pub actual: Value,
    pub differences: Vec<Difference>,
    /// Declared properties that nobody reads.
    pub unread: Vec<Vec<String>>,
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

    /// Compares both sides of a resource that a reader has found.
    pub fn judged(&self, schema: &ResourceSchema, logical_id: &str, live: &Value, reader: Reader) -> Judged {
        let (declared, actual) = self.sides(schema, logical_id, live, reader);
        let (read, others) = covered::part(schema.type_name(), &declared);
        let mut compared = compare(schema, &read, &actual, self.given_of(logical_id));
        compared.differences.extend(covered::more(schema.type_name(), &declared, &actual));
        compared.unread.extend(others);
        aliases::settle(&self.aliases, &mut compared);
        Judged { declared, actual, differences: compared.differences, unread: compared.unread }
    }

    /// All resources that are there, compared, by logical id.
    pub fn all_judged(&self, registry: &Registry) -> BTreeMap<String, Judged> {
        let judged = self.resources.iter().filter_map(|resource| {
            let id = resource.logical_id.as_str();
            let Read::There(live, reader) = self.read.get(id)? else { return None };
            let schema = registry.get(&resource.resource_type)?;
            Some((id.to_owned(), self.judged(schema, id, live, *reader)))
        });
        judged.collect()
    }

    /// The properties of a resource that its service has given.
    fn given_of(&self, logical_id: &str) -> &[&'static str] {
        self.given.get(logical_id).map_or(&[], |given| &given.names)
    }

    /// Who has read a property of a resource that a reader has read.
    pub fn reader_of(&self, schema: &ResourceSchema, logical_id: &str, path: &[String], reader: Reader) -> Reader {
        let (Some(first), Some(given)) = (path.first(), self.given.get(logical_id)) else { return reader };
        let counts = given.control.is_some() || schema.is_write_only(path);
        if counts && given.names.contains(&first.as_str()) { given.reader } else { reader }
    }

    /// Whether only the service of a resource gives a property, and the Cloud Control API can only write it.
    pub fn is_only_given(&self, schema: &ResourceSchema, logical_id: &str, path: &[String]) -> bool {
        let first = path.first().map(String::as_str).unwrap_or_default();
        schema.is_write_only(path) && self.given_of(logical_id).contains(&first)
    }
}
