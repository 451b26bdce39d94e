//! What an update would do, as a change set shows it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::difference::{PropertyChange, changes, worst};
use super::lookup::{Inputs, attribute_of, export, properties, takes_tags};
use super::state::{Settings, Stack, StackResource, Validation};
use crate::cfn::registry::Replacement;
use crate::simulator::provision;
use crate::simulator::request::scalar;
use crate::simulator::template::{Body, KNOWN_AFTER_APPLY, Lookup, dependencies, references, values};
use crate::simulator::world::World;

/// What happens to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Its identifier and attributes stay.
    Stays,
    /// It is new or may be replaced: its identifier is not known yet.
    Renewed,
}

/// The account as it will be, as far as that is known.
struct Preview<'a> {
    world: &'a World,
    stack: &'a Stack,
    fates: &'a BTreeMap<String, Fate>,
}

impl Preview<'_> {
    fn known(&self, logical_id: &str) -> Option<&StackResource> {
        let resource = self.stack.resources.get(logical_id).filter(|resource| resource.physical_id.is_some())?;
        (self.fates.get(logical_id) != Some(&Fate::Renewed)).then_some(resource)
    }
}

impl Lookup for Preview<'_> {
    fn reference(&self, logical_id: &str) -> Option<Value> {
        match self.known(logical_id) {
            Some(resource) => resource.physical_id.clone().map(Value::String),
            None => Some(Value::String(KNOWN_AFTER_APPLY.to_owned())),
        }
    }

    fn attribute(&self, logical_id: &str, attribute: &str) -> Option<Value> {
        match self.known(logical_id) {
            Some(resource) => attribute_of(self.world, self.stack.place(), resource, attribute),
            None => Some(Value::String(KNOWN_AFTER_APPLY.to_owned())),
        }
    }

    fn import(&self, name: &str) -> Option<String> {
        export(&self.world.cloudformation, self.stack.place(), name)
    }
}

/// The resources of a template, each after those that it needs.
fn in_order(body: &Body) -> Vec<String> {
    let mut left = dependencies(body);
    let mut order = Vec::new();
    while !left.is_empty() {
        let free: Vec<String> = left
            .iter()
            .filter(|(_, needs)| needs.iter().all(|need| !left.contains_key(need)))
            .map(|(id, _)| id.clone())
            .collect();
        if free.is_empty() {
            break;
        }
        for id in free {
            left.remove(&id);
            order.push(id);
        }
    }
    order
}

/// The changes from a stack as it is to other settings, with property values. The error is CloudFormation's message.
pub(super) fn compute(world: &World, stack: &Stack, settings: &Settings) -> Result<Vec<Value>, String> {
    let body = Body::parse(&settings.template)?;
    let inputs = Inputs::new(stack, settings);
    let mut fates: BTreeMap<String, Fate> = BTreeMap::new();
    let mut found: BTreeMap<String, Value> = BTreeMap::new();
    let context = Context { world, settings, body: &body, changed: changed_parameters(stack, settings) };
    retyped(stack, &body)?;
    for id in in_order(&body) {
        let Some(template) = body.resource(&id) else { continue };
        let preview = Preview { world, stack, fates: &fates };
        let evaluator = inputs.evaluator(&body, &preview);
        if !evaluator.exists(template).map_err(|error| error.to_string())? {
            continue;
        }
        let declared = properties(&evaluator, template).map_err(|error| error.to_string())?;
        let metadata = template
            .get("Metadata")
            .map(|metadata| evaluator.value(metadata))
            .transpose()
            .map_err(|error| error.to_string())?;
        let (fate, change) = match stack.resources.get(&id).filter(|resource| resource.physical_id.is_some()) {
            None => (Fate::Renewed, Some(context.add(&id, template, &declared))),
            Some(current) => context.modify(current, template, &declared, metadata.as_ref(), &fates),
        };
        fates.insert(id.clone(), fate);
        if let Some(change) = change {
            found.insert(id, change);
        }
    }
    let mut changes: Vec<Value> = body.resources().filter_map(|(id, _)| found.remove(id)).collect();
    for (id, current) in &stack.resources {
        if !fates.contains_key(id) && current.physical_id.is_some() && current.status != "DELETE_COMPLETE" {
            changes.push(context.remove(current));
        }
    }
    Ok(changes)
}

/// Refuses a resource that takes another type under its old name.
fn retyped(stack: &Stack, body: &Body) -> Result<(), String> {
    let names: Vec<&str> = body
        .resources()
        .filter(|(id, resource)| {
            let type_name = resource.get("Type").and_then(Value::as_str).unwrap_or_default();
            stack
                .resources
                .get(*id)
                .is_some_and(|current| current.physical_id.is_some() && current.type_name != type_name)
        })
        .map(|(id, _)| id)
        .collect();
    if names.is_empty() {
        return Ok(());
    }
    Err(format!(
        "Update of resource type is not permitted. The new template modifies resource type of the following resources: [{}]",
        names.join(", ")
    ))
}

fn changed_parameters(stack: &Stack, settings: &Settings) -> BTreeSet<String> {
    let (before, after) = (values(&stack.settings.parameters), values(&settings.parameters));
    after.iter().filter(|(key, value)| before.get(*key) != Some(value)).map(|(key, _)| key.clone()).collect()
}

struct Context<'a> {
    world: &'a World,
    settings: &'a Settings,
    body: &'a Body,
    changed: BTreeSet<String>,
}

fn policy(template: Option<&str>, replace: bool) -> &'static str {
    match (template, replace) {
        (Some("Retain" | "RetainExceptOnCreate"), false) => "Retain",
        (Some("Snapshot"), false) => "Snapshot",
        (_, false) => "Delete",
        (Some("Retain"), true) => "ReplaceAndRetain",
        (Some("Snapshot"), true) => "ReplaceAndSnapshot",
        (_, true) => "ReplaceAndDelete",
    }
}

fn context_text(declared: &Value, metadata: Option<&Value>) -> String {
    let mut context = json!({"Properties": declared});
    if let Some(metadata) = metadata {
        context["Metadata"] = metadata.clone();
    }
    context.to_string()
}

impl Context<'_> {
    fn add(&self, id: &str, template: &Value, declared: &Value) -> Value {
        json!({"Type": "Resource", "ResourceChange": {
            "Action": "Add",
            "LogicalResourceId": id,
            "ResourceType": template.get("Type"),
            "Scope": [],
            "Details": [],
            "AfterContext": context_text(declared, template.get("Metadata")),
        }})
    }

    fn remove(&self, current: &StackResource) -> Value {
        json!({"Type": "Resource", "ResourceChange": {
            "PolicyAction": policy(current.deletion_policy.as_deref(), false),
            "Action": "Remove",
            "LogicalResourceId": current.logical_id,
            "PhysicalResourceId": current.physical_id,
            "ResourceType": current.type_name,
            "Scope": [],
            "Details": [],
            "BeforeContext": context_text(&current.declared, current.metadata.as_ref()),
        }})
    }

    fn modify(
        &self,
        current: &StackResource,
        template: &Value,
        declared: &Value,
        metadata: Option<&Value>,
        fates: &BTreeMap<String, Fate>,
    ) -> (Fate, Option<Value>) {
        let registry = self.world.registry();
        let schema = registry.get(&current.type_name);
        let found = changes(schema, &current.declared, declared);
        let mut scope: Vec<&str> = Vec::new();
        let mut details: Vec<Value> = Vec::new();
        let mut certain = Replacement::Never;
        for change in &found {
            let attribute = if change.name() == "Tags" { "Tags" } else { "Properties" };
            if !scope.contains(&attribute) {
                scope.push(attribute);
            }
            let (found, dynamic) = self.details(template, change, attribute, fates);
            details.extend(found);
            // What is replaced for sure is known only when the new value is.
            let own = if dynamic { change.replacement.min(Replacement::Conditional) } else { change.replacement };
            certain = certain.max(own);
        }
        if current.tags != self.settings.tags && takes_tags(self.world, &current.type_name) {
            if !scope.contains(&"Tags") {
                scope.push("Tags");
            }
            details.extend(self.tag_details(current));
        }
        let text = |name: &str| template.get(name).and_then(Value::as_str).map(str::to_owned);
        let attributes = [
            ("Metadata", metadata != current.metadata.as_ref()),
            ("DeletionPolicy", text("DeletionPolicy") != current.deletion_policy),
            ("UpdateReplacePolicy", text("UpdateReplacePolicy") != current.replace_policy),
        ];
        for (name, differs) in attributes {
            if differs {
                scope.push(name);
                details.push(json!({
                    "Target": {"Attribute": name, "RequiresRecreation": "Never", "Path": format!("/{name}")},
                    "Evaluation": "Static", "ChangeSource": "DirectModification",
                }));
            }
        }
        if scope.is_empty() {
            return (Fate::Stays, None);
        }
        let replacement = match certain {
            Replacement::Always => "True",
            Replacement::Conditional => "Conditional",
            Replacement::Never => "False",
        };
        let fate = if worst(&found) == Replacement::Never { Fate::Stays } else { Fate::Renewed };
        let replace_policy =
            (certain == Replacement::Always).then(|| policy(text("UpdateReplacePolicy").as_deref(), true));
        let change = json!({"Type": "Resource", "ResourceChange": {
            "PolicyAction": replace_policy,
            "Action": "Modify",
            "LogicalResourceId": current.logical_id,
            "PhysicalResourceId": current.physical_id,
            "ResourceType": current.type_name,
            "Replacement": replacement,
            "Scope": scope,
            "Details": details,
            "BeforeContext": context_text(&current.declared, current.metadata.as_ref()),
            "AfterContext": context_text(declared, metadata),
        }});
        (fate, Some(change))
    }

    /// The details of one property, and whether its new value is known only later.
    fn details(
        &self,
        template: &Value,
        change: &PropertyChange,
        attribute: &str,
        fates: &BTreeMap<String, Fate>,
    ) -> (Vec<Value>, bool) {
        let dynamic = change.after.as_ref().is_some_and(|after| after.to_string().contains(KNOWN_AFTER_APPLY));
        let recreation = match change.replacement {
            Replacement::Never => "Never",
            Replacement::Conditional => "Conditionally",
            Replacement::Always => "Always",
        };
        let shown =
            |value: &Option<Value>| value.as_ref().map(|value| scalar(value).unwrap_or_else(|| value.to_string()));
        let target = json!({
            "Attribute": attribute,
            "Name": if attribute == "Properties" { Value::from(change.name()) } else { Value::Null },
            "RequiresRecreation": recreation,
            "Path": format!("/Properties/{}", change.path.join("/")),
            "BeforeValue": shown(&change.before),
            "AfterValue": shown(&change.after),
            "AttributeChangeType": change.kind(),
        });
        let evaluation = if dynamic { "Dynamic" } else { "Static" };
        let expression = template.get("Properties").and_then(|properties| properties.get(change.name()));
        let mut details: Vec<Value> = Vec::new();
        for (source, entity) in expression.map(|expression| self.causes(expression, fates)).unwrap_or_default() {
            details.push(
                json!({"Target": target, "Evaluation": evaluation, "ChangeSource": source, "CausingEntity": entity}),
            );
        }
        if details.is_empty() {
            details.push(json!({"Target": target, "Evaluation": evaluation, "ChangeSource": "DirectModification"}));
        }
        (details, dynamic)
    }

    fn causes(&self, expression: &Value, fates: &BTreeMap<String, Fate>) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        for name in references(expression) {
            if self.changed.contains(&name) {
                found.push(("ParameterReference", name));
            } else if self.body.resource(&name).is_some() && fates.get(&name) == Some(&Fate::Renewed) {
                match attribute_in(expression, &name) {
                    Some(attribute) => found.push(("ResourceAttribute", format!("{name}.{attribute}"))),
                    None => found.push(("ResourceReference", name)),
                }
            }
        }
        found
    }

    fn tag_details(&self, current: &StackResource) -> Vec<Value> {
        let before: BTreeMap<&str, &str> =
            current.tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let after: BTreeMap<&str, &str> =
            self.settings.tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let keys: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
        keys.into_iter()
            .filter(|key| before.get(key) != after.get(key))
            .map(|key| {
                let kind = match (before.get(key), after.get(key)) {
                    (None, _) => "Add",
                    (_, None) => "Remove",
                    _ => "Modify",
                };
                json!({
                    "Target": {
                        "Attribute": "Tags", "Name": Value::Null, "RequiresRecreation": "Never", "Path": format!("/Properties/Tags/{key}"),
                        "BeforeValue": before.get(key), "AfterValue": after.get(key), "AttributeChangeType": kind,
                    },
                    "Evaluation": "Static", "ChangeSource": "DirectModification",
                })
            })
            .collect()
    }
}

/// The attribute of a resource that an expression takes, if it takes one.
fn attribute_in(expression: &Value, id: &str) -> Option<String> {
    match expression {
        Value::Array(items) => items.iter().find_map(|item| attribute_in(item, id)),
        Value::Object(map) => map.iter().find_map(|(key, inner)| match (key.as_str(), inner) {
            ("Fn::GetAtt", Value::Array(items)) if items.first().and_then(Value::as_str) == Some(id) => {
                items.get(1).and_then(Value::as_str).map(str::to_owned)
            }
            ("Fn::GetAtt", Value::String(text)) => text.strip_prefix(id)?.strip_prefix('.').map(str::to_owned),
            ("Fn::Sub", Value::String(text)) => {
                let rest = text.split_once(&format!("${{{id}."))?.1;
                rest.split('}').next().map(str::to_owned)
            }
            _ => attribute_in(inner, id),
        }),
        _ => None,
    }
}

/// Whether the outputs change although no resource does.
pub(super) fn outputs_differ(before: &Settings, after: &Settings) -> bool {
    let outputs =
        |settings: &Settings| Body::parse(&settings.template).ok().and_then(|body| body.root().get("Outputs").cloned());
    let (old, new) = (outputs(before), outputs(after));
    if old != new {
        return true;
    }
    let (old_values, new_values) = (values(&before.parameters), values(&after.parameters));
    new.map(|outputs| references(&outputs))
        .unwrap_or_default()
        .iter()
        .any(|name| old_values.get(name) != new_values.get(name))
}

/// Why a stack policy forbids one of the changes.
pub(super) fn denied(policy: &str, changes: &[Value]) -> Option<String> {
    let policy: Value = serde_json::from_str(policy).ok()?;
    let statements = policy.get("Statement").and_then(Value::as_array).cloned().unwrap_or_default();
    for change in changes.iter().filter_map(|change| change.get("ResourceChange")) {
        let text = |name: &str| change.get(name).and_then(Value::as_str).unwrap_or_default();
        let action = match (text("Action"), text("Replacement")) {
            ("Add", _) => continue,
            ("Remove", _) => "Update:Delete",
            (_, "True" | "Conditional") => "Update:Replace",
            _ => "Update:Modify",
        };
        let resource = format!("LogicalResourceId/{}", text("LogicalResourceId"));
        let applies = |statement: &Value| {
            let any = |name: &str, wanted: &str| {
                let list = statement
                    .get(name)
                    .map(|value| value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice));
                list.is_some_and(|list| list.iter().filter_map(Value::as_str).any(|pattern| wildcard(pattern, wanted)))
            };
            let types = statement
                .pointer("/Condition/StringEquals/ResourceType")
                .or_else(|| statement.pointer("/Condition/StringLike/ResourceType"));
            let type_matches = types.is_none_or(|types| {
                let types = types.as_array().map_or(std::slice::from_ref(types), Vec::as_slice);
                types.iter().filter_map(Value::as_str).any(|pattern| wildcard(pattern, text("ResourceType")))
            });
            any("Action", action) && (any("Resource", &resource) || any("Resource", "*")) && type_matches
        };
        let effect = |statement: &&Value, wanted: &str| statement.get("Effect").and_then(Value::as_str) == Some(wanted);
        let deny = statements.iter().position(|statement| effect(&statement, "Deny") && applies(statement));
        let allow = statements.iter().any(|statement| effect(&statement, "Allow") && applies(statement));
        if let Some(index) = deny {
            return Some(format!("Statement [#{}] does not allow [{action}] for resource [{resource}]", index + 1));
        }
        if !allow {
            return Some(format!("Statement does not allow [{action}] for resource [{resource}]"));
        }
    }
    None
}

fn wildcard(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, "")) => text.starts_with(start),
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|tail| {
            (0..=tail.len()).any(|index| tail.get(index..).is_some_and(|tail| wildcard(rest, tail)))
        }),
    }
}

/// The findings of the validation before a deployment: wrong properties, and names that are taken.
pub(super) fn early_validation(world: &World, stack: &Stack, settings: &Settings) -> Vec<Validation> {
    let Ok(body) = Body::parse(&settings.template) else { return Vec::new() };
    let inputs = Inputs::new(stack, settings);
    let fates: BTreeMap<String, Fate> = BTreeMap::new();
    let preview = Preview { world, stack, fates: &fates };
    let evaluator = inputs.evaluator(&body, &preview);
    let registry = world.registry();
    let mut found = Vec::new();
    for (id, template) in body.resources() {
        let type_name = template.get("Type").and_then(Value::as_str).unwrap_or_default();
        let (Ok(true), Ok(declared), Some(schema)) =
            (evaluator.exists(template), properties(&evaluator, template), registry.get(type_name))
        else {
            continue;
        };
        let validation = |name: &str, path: String, reason: String| Validation {
            name: name.to_owned(),
            logical_id: id.to_owned(),
            type_name: type_name.to_owned(),
            path,
            reason,
            mode: "FAIL".to_owned(),
        };
        for violation in provision::violations(schema, &provision::coerce(schema, &declared)) {
            let path = format!("/Resources/{id}/Properties{}", violation.path.trim_start_matches('#'));
            found.push(validation("PROPERTY_VALIDATION", path, format!("{}: {}", violation.path, violation.message)));
        }
        if stack.resources.get(id).is_some_and(|resource| resource.physical_id.is_some()) {
            continue;
        }
        if let Some(property) = provision::name_property(schema)
            && let Some(name) = declared.get(property).and_then(Value::as_str)
            && provision::name_is_taken(world, stack.place(), type_name, &declared)
        {
            let path = format!("/Resources/{id}/Properties/{property}");
            found.push(validation(
                "NAME_CONFLICT_VALIDATION",
                path,
                format!("Resource of type '{type_name}' with identifier '{name}' already exists."),
            ));
        }
    }
    found
}
