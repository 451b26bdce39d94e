//! What the registry says about one resource type.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::path::Relation;
use super::{PropertyPath, attributes};

/// Whether changing a property replaces the resource: a new one is made, then the old one is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Replacement {
    /// The resource is changed in place.
    Never,
    /// It depends on the values; only AWS knows.
    Conditional,
    /// The resource is replaced.
    Always,
}

/// The schema of one resource type.
#[derive(Debug)]
pub struct ResourceSchema {
    raw: Value,
    definitions: HashMap<String, Definition>,
    required: Vec<String>,
    read_only: Vec<PropertyPath>,
    write_only: Vec<PropertyPath>,
    create_only: Vec<PropertyPath>,
    conditional_create_only: Vec<PropertyPath>,
    primary_identifier: Vec<PropertyPath>,
}

/// The text of a definition, and what it is once something refers to it.
#[derive(Debug)]
struct Definition {
    text: Box<RawValue>,
    value: OnceLock<Option<Value>>,
}

impl Definition {
    fn value(&self) -> Option<&Value> {
        self.value.get_or_init(|| serde_json::from_str(self.text.get()).ok()).as_ref()
    }
}

impl ResourceSchema {
    /// Reads the text of a schema.
    ///
    /// # Errors
    /// When it is no JSON object.
    pub(super) fn parse(text: &str) -> serde_json::Result<Self> {
        // The keywords in the order of the text: the raw schema keeps it.
        let members: indexmap::IndexMap<String, &RawValue> = serde_json::from_str(text)?;
        let mut raw = Map::new();
        let mut definitions = HashMap::new();
        for (keyword, member) in members {
            if keyword == "definitions" {
                let texts: HashMap<String, Box<RawValue>> = serde_json::from_str(member.get())?;
                let unread = |text| Definition { text, value: OnceLock::new() };
                definitions = texts.into_iter().map(|(name, text)| (name, unread(text))).collect();
            } else {
                raw.insert(keyword, serde_json::from_str(member.get())?);
            }
        }
        Ok(Self::new(Value::Object(raw), definitions))
    }

    fn new(raw: Value, definitions: HashMap<String, Definition>) -> Self {
        let paths = |keyword: &str| -> Vec<PropertyPath> {
            strings(&raw, keyword).filter_map(PropertyPath::from_pointer).collect()
        };
        Self {
            required: strings(&raw, "required").map(str::to_owned).collect(),
            read_only: paths("readOnlyProperties"),
            write_only: paths("writeOnlyProperties"),
            create_only: paths("createOnlyProperties"),
            conditional_create_only: paths("conditionalCreateOnlyProperties"),
            primary_identifier: paths("primaryIdentifier"),
            raw,
            definitions,
        }
    }

    /// The type's name, `AWS::EC2::VPC`.
    pub fn type_name(&self) -> &str {
        self.raw.get("typeName").and_then(Value::as_str).unwrap_or_default()
    }

    /// The schema as JSON, but for its definitions: [`ResourceSchema::resolve`] gives those.
    pub fn raw(&self) -> &Value {
        &self.raw
    }

    /// The whole schema as JSON.
    pub fn whole(&self) -> Value {
        let mut whole = self.raw.clone();
        let mut names: Vec<&String> = self.definitions.keys().collect();
        names.sort_unstable();
        let definitions: Map<String, Value> = names
            .into_iter()
            .filter_map(|name| Some((name.clone(), self.definitions.get(name)?.value()?.clone())))
            .collect();
        if let (Value::Object(whole), false) = (&mut whole, definitions.is_empty()) {
            whole.insert("definitions".to_owned(), Value::Object(definitions));
        }
        whole
    }

    /// The top-level properties and their schemas, which may be `$ref`s: see [`ResourceSchema::resolve`].
    pub fn properties(&self) -> Option<&Map<String, Value>> {
        self.raw.get("properties").and_then(Value::as_object)
    }

    /// The top-level properties that must be set.
    pub fn required(&self) -> &[String] {
        &self.required
    }

    /// What AWS computes: the attributes that `Fn::GetAtt` offers, and never a property that a template sets.
    pub fn read_only(&self) -> &[PropertyPath] {
        &self.read_only
    }

    /// What can be set but not read back.
    pub fn write_only(&self) -> &[PropertyPath] {
        &self.write_only
    }

    /// Whether the property at a concrete path (items of lists by their position or name), or what is around it, can be set
    /// but not read back.
    pub fn is_write_only<S: AsRef<str>>(&self, path: &[S]) -> bool {
        self.write_only.iter().any(|own| own.relation(path) == Relation::Covers)
    }

    /// Whether the property at a concrete path (items of lists by their position or name), or what is around it, is set when the
    /// resource is made, and never after.
    pub fn is_create_only<S: AsRef<str>>(&self, path: &[S]) -> bool {
        self.create_only.iter().any(|own| own.relation(path) == Relation::Covers)
    }

    /// What replaces the resource when it changes.
    pub fn create_only(&self) -> &[PropertyPath] {
        &self.create_only
    }

    /// What may replace the resource when it changes.
    pub fn conditional_create_only(&self) -> &[PropertyPath] {
        &self.conditional_create_only
    }

    /// What identifies the resource; `Ref` returns it, joined by `|` when it has several parts.
    pub fn primary_identifier(&self) -> &[PropertyPath] {
        &self.primary_identifier
    }

    /// Whether a template may set a top-level property.
    pub fn is_read_only(&self, property: &str) -> bool {
        self.read_only.iter().any(|path| path.as_str() == property)
    }

    /// Whether changing the property at a concrete path (list indices as numbers) replaces the resource. A path above
    /// a create-only one counts as that one.
    pub fn replacement<S: AsRef<str>>(&self, path: &[S]) -> Replacement {
        self.replacement_where(path, |_| true)
    }

    /// Like [`ResourceSchema::replacement`] for a change of a whole subtree at `path`: `changes` says whether the
    /// create-only property at a path below it (as segments from the resource) changes too.
    pub fn replacement_where<S: AsRef<str>>(&self, path: &[S], changes: impl Fn(&[String]) -> bool) -> Replacement {
        let hit = |paths: &[PropertyPath]| {
            paths.iter().any(|own| match own.relation(path) {
                Relation::Covers => true,
                Relation::Inside => changes(own.segments()),
                Relation::Apart => false,
            })
        };
        if hit(&self.create_only) {
            Replacement::Always
        } else if hit(&self.conditional_create_only) {
            Replacement::Conditional
        } else {
            Replacement::Never
        }
    }

    /// Follows a node's `$ref`s into `definitions`; a node without one is returned as it is. `None` for a reference to
    /// nothing or one that never ends.
    pub fn resolve<'a>(&'a self, mut node: &'a Value) -> Option<&'a Value> {
        for _ in 0..16 {
            match keyword_of(node, "$ref").and_then(Value::as_str) {
                None => return Some(node),
                Some(reference) => node = self.pointed_at(reference.strip_prefix('#')?)?,
            }
        }
        None
    }

    fn pointed_at(&self, pointer: &str) -> Option<&Value> {
        let Some(path) = pointer.strip_prefix("/definitions/") else { return self.raw.pointer(pointer) };
        let name_ends = path.find('/').unwrap_or(path.len());
        self.definitions.get(&path[..name_ends])?.value()?.pointer(&path[name_ends..])
    }

    /// The schema of the property at a concrete path; list indices as numbers or `*`. `None` where the schema says
    /// nothing, as inside a policy document.
    pub fn property_schema<S: AsRef<str>>(&self, path: &[S]) -> Option<&Value> {
        let mut node = &self.raw;
        for segment in path {
            node = self.member_schema(node, segment.as_ref())?;
        }
        Some(node)
    }

    /// The resolved schema of one member of an object or list node.
    pub fn member_schema<'a>(&'a self, node: &'a Value, name: &str) -> Option<&'a Value> {
        let found = node
            .get("properties")
            .and_then(|properties| properties.get(name))
            .or_else(|| if is_index(name) { node.get("items") } else { None })
            .or_else(|| node.get("patternProperties")?.as_object()?.values().next())
            .or_else(|| node.get("additionalProperties").filter(|schema| schema.is_object()))?;
        self.resolve(found)
    }

    /// Whether `Fn::GetAtt` offers an attribute, dotted: `Endpoint.Address`.
    pub fn has_attribute(&self, attribute: &str) -> bool {
        attributes::has(self, attribute)
    }

    /// The attributes that `Fn::GetAtt` offers by name, sorted, for suggestions.
    pub fn attributes(&self) -> Vec<&str> {
        attributes::names(self)
    }
}

/// The value of a keyword of a schema's node. Such a node has a handful of keywords, and comparing those is ten times as
/// fast as hashing the one that is looked for.
pub fn keyword_of<'a>(node: &'a Value, keyword: &str) -> Option<&'a Value> {
    node.as_object()?.iter().find(|(name, _)| *name == keyword).map(|(_, value)| value)
}

fn is_index(name: &str) -> bool {
    name == "*" || (!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit()))
}

fn strings<'a>(raw: &'a Value, keyword: &str) -> impl Iterator<Item = &'a str> {
    raw.get(keyword).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::super::Registry;
    use super::*;

    fn replacement(type_name: &str, path: &[&str]) -> Replacement {
        Registry::builtin().get(type_name).unwrap().replacement(path)
    }

    #[test]
    fn a_create_only_property_always_replaces() {
        assert_eq!(replacement("AWS::EC2::VPC", &["CidrBlock"]), Replacement::Always);
    }

    #[test]
    fn a_conditional_create_only_property_may_replace() {
        assert_eq!(replacement("AWS::EC2::VPC", &["InstanceTenancy"]), Replacement::Conditional);
    }

    #[test]
    fn tags_of_a_vpc_never_replace_it() {
        assert_eq!(replacement("AWS::EC2::VPC", &["Tags", "0", "Value"]), Replacement::Never);
    }

    #[test]
    fn tags_of_a_client_vpn_endpoint_replace_it() {
        let path = ["TagSpecifications", "0", "Tags", "1", "Value"];
        assert_eq!(replacement("AWS::EC2::ClientVpnEndpoint", &path), Replacement::Always);
    }

    #[test]
    fn a_nested_create_only_property_spares_its_neighbours() {
        let type_name = "AWS::ECS::CapacityProvider";
        assert_eq!(replacement(type_name, &["AutoScalingGroupProvider", "AutoScalingGroupArn"]), Replacement::Always);
        assert_eq!(replacement(type_name, &["AutoScalingGroupProvider", "ManagedScaling"]), Replacement::Never);
    }

    #[test]
    fn a_change_of_the_parent_of_a_create_only_property_replaces() {
        assert_eq!(replacement("AWS::ECS::CapacityProvider", &["AutoScalingGroupProvider"]), Replacement::Always);
    }

    #[test]
    fn the_same_change_spares_the_resource_when_the_create_only_part_stays() {
        let registry = Registry::builtin();
        let schema = registry.get("AWS::ECS::CapacityProvider").unwrap();
        assert_eq!(schema.replacement_where(&["AutoScalingGroupProvider"], |_| false), Replacement::Never);
    }

    #[test]
    fn a_wildcard_matches_a_list_index() {
        let path = PropertyPath::from_pointer("/properties/AvailableLabels/*/Name").unwrap();
        assert_eq!(path.relation(&["AvailableLabels", "3", "Name"]), Relation::Covers);
        assert_eq!(path.relation(&["AvailableLabels", "3", "Colour"]), Relation::Apart);
    }

    #[test]
    fn a_nested_property_is_found_through_definitions() {
        let registry = Registry::builtin();
        let schema = registry.get("AWS::ECS::TaskDefinition").unwrap();
        let found = schema.property_schema(&["ContainerDefinitions", "0", "Image"]).unwrap();
        assert_eq!(found["type"], "string");
    }

    #[test]
    fn the_whole_schema_is_the_vendored_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/vendor/cloudformation/AWS-ECS-TaskDefinition.json");
        let vendored: Value = serde_json::from_slice(&fs_err::read(path).unwrap()).unwrap();
        assert_eq!(Registry::builtin().get("AWS::ECS::TaskDefinition").unwrap().whole(), vendored);
    }

    #[test]
    fn every_reference_in_every_schema_leads_somewhere() {
        fn references<'a>(node: &'a Value, found: &mut Vec<&'a Value>) {
            if node.get("$ref").is_some_and(Value::is_string) {
                found.push(node);
            }
            match node {
                Value::Object(map) => map.values().for_each(|value| references(value, found)),
                Value::Array(items) => items.iter().for_each(|item| references(item, found)),
                _ => {}
            }
        }
        let registry = Registry::builtin();
        for name in registry.type_names() {
            let schema = registry.get(name).unwrap();
            let whole = schema.whole();
            let mut found = Vec::new();
            references(&whole, &mut found);
            for node in found {
                assert!(schema.resolve(node).is_some(), "{name}: {node}");
            }
        }
    }

    #[test]
    fn a_policy_document_has_no_schema_inside() {
        let registry = Registry::builtin();
        let schema = registry.get("AWS::IAM::Role").unwrap();
        assert!(schema.property_schema(&["AssumeRolePolicyDocument", "Statement"]).is_none());
    }
}
