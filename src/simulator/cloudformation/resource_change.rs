//! One resource of a change set.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::difference::{PropertyChange, changes, worst};
use super::lookup::takes_tags;
use super::preview::Fate;
use super::state::{Settings, StackResource};
use crate::cfn::registry::Replacement;
use crate::simulator::request::scalar;
use crate::simulator::template::{Body, KNOWN_AFTER_APPLY, references};
use crate::simulator::world::World;

/// What the changes of one change set are worked out from.
pub(super) struct Context<'a> {
    pub(super) world: &'a World,
    pub(super) settings: &'a Settings,
    pub(super) body: &'a Body,
    pub(super) changed: BTreeSet<String>,
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
    pub(super) fn add(&self, id: &str, template: &Value, declared: &Value) -> Value {
        json!({"Type": "Resource", "ResourceChange": {
            "Action": "Add",
            "LogicalResourceId": id,
            "ResourceType": template.get("Type"),
            "Scope": [],
            "Details": [],
            "AfterContext": context_text(declared, template.get("Metadata")),
        }})
    }

    pub(super) fn remove(&self, current: &StackResource) -> Value {
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

    pub(super) fn modify(
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
