//! What is looked at before a deployment begins.

use std::collections::BTreeMap;

use serde_json::Value;

use super::lookup::{Inputs, properties};
use super::preview::{Fate, Preview};
use super::state::{Settings, Stack, Validation};
use crate::simulator::provision;
use crate::simulator::template::Body;
use crate::simulator::world::World;

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
