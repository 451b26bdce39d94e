//! What is sensitive in a value: what the schema calls so, and what the files mark.

use serde_json::{Map, Value};

use super::message::{Path, Selector};
use super::value;
use crate::tf::registry::{Block, TypeSchema};

/// `true` where a value is sensitive, in the shape of the value. `None` for a path that cannot be read: nothing may then
/// be shown.
pub(super) fn sensitive(value: &Value, schema: &TypeSchema, paths: &[Path]) -> Option<Value> {
    let mut marks = of_block(value, schema, schema.block());
    for path in paths {
        mark(&mut marks, path)?;
    }
    Some(marks)
}

fn of_block(value: &Value, schema: &TypeSchema, block: &Block) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| of_block(item, schema, block)).collect(),
        Value::Object(object) => {
            let mut marks = Map::new();
            for (name, value) in object {
                let hidden = block.attributes.get(name).is_some_and(|argument| argument.sensitive);
                if hidden {
                    marks.insert(name.clone(), Value::Bool(true));
                } else if let Some(nested) = block.block_types.get(name)
                    && let Some(nested) = schema.resolve(&nested.block)
                {
                    marks.insert(name.clone(), of_block(value, schema, nested));
                }
            }
            Value::Object(marks)
        }
        _ => Value::Bool(false),
    }
}

fn mark(marks: &mut Value, path: &Path) -> Option<()> {
    let mut at = marks;
    for step in &path.steps {
        if *at == Value::Bool(true) {
            return Some(());
        }
        let key = match step.selector.as_ref()? {
            Selector::AttributeName(name) => Value::String(name.clone()),
            Selector::ElementKey(key) => value::decode(&key.msgpack)?.known,
        };
        at = match &key {
            Value::String(name) => {
                if !at.is_object() {
                    *at = Value::Object(Map::new());
                }
                at.as_object_mut()?.entry(name.as_str()).or_insert(Value::Bool(false))
            }
            Value::Number(number) => {
                let index = usize::try_from(number.as_u64()?).ok()?;
                if !at.is_array() {
                    *at = Value::Array(Vec::new());
                }
                let list = at.as_array_mut()?;
                if list.len() <= index {
                    list.resize(index.checked_add(1).filter(|length| *length < 1 << 16)?, Value::Bool(false));
                }
                list.get_mut(index)?
            }
            // An element of a set is named by itself: the whole set is hidden.
            _ => break,
        };
    }
    *at = Value::Bool(true);
    Some(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tf::Kind;
    use crate::tf::registry::Registry;

    fn of(resource_type: &str, value: &Value, steps: &[&str]) -> Value {
        let registry = Registry::builtin();
        let steps = steps
            .iter()
            .map(|name| super::super::message::Step { selector: Some(Selector::AttributeName((*name).to_owned())) });
        let path = Path { steps: steps.collect() };
        let paths: Vec<Path> = Some(path).filter(|path| !path.steps.is_empty()).into_iter().collect();
        sensitive(value, registry.get(Kind::Resource, resource_type).unwrap(), &paths).unwrap()
    }

    #[test]
    fn what_the_schema_calls_sensitive_is_marked() {
        let marks = of("aws_rds_cluster", &json!({"master_password": "canary", "engine": "a"}), &[]);
        assert_eq!(marks, json!({"master_password": true}));
    }

    #[test]
    fn so_is_an_attribute_of_a_nested_block() {
        let value = json!({"authentication_mode": [{"passwords": ["canary"], "type": "password"}], "passwords": null});
        let marks = of("aws_elasticache_user", &value, &[]);
        assert_eq!(marks["passwords"], true);
    }

    #[test]
    fn so_is_what_the_files_mark() {
        let marks = of("aws_ecs_service", &json!({"tags": {"a": "canary"}}), &["tags", "a"]);
        assert_eq!(marks["tags"]["a"], true);
    }
}
