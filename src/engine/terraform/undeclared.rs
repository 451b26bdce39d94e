//! Values that resources have and the files of a root module do not set.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::plan::values::is_marked;
use super::watch::Held;
use crate::drift::{Live, Reader, is_secret, without_secrets};
use crate::render::RenderedModule;
use crate::tf::Kind;
use crate::tf::registry::Registry;

/// Arguments that are names, or whose values others set as well.
const FIXED: [&str; 9] =
    ["id", "arn", "name", "name_prefix", "region", "tags", "tags_all", "timeouts", "container_definitions"];

/// The resources of a refreshed state, each with the values that could be set and are not, by address. The provider's
/// schemas do not tell defaults: every value that says something counts.
pub(super) fn undeclared(
    module: &RenderedModule,
    configured: &BTreeMap<String, BTreeSet<String>>,
    held: &[Held],
) -> BTreeMap<String, Live> {
    let registry = Registry::builtin();
    let managed = held.iter().filter(|one| one.mode == "managed");
    let live = managed.filter_map(|one| {
        let schema = registry.get(Kind::Resource, &one.resource_type)?;
        let bare = one.address.split('[').next().unwrap_or(&one.address);
        let set = configured.get(bare)?;
        let is_settable = |name: &str| schema.block().attributes.get(name).is_some_and(|one| one.optional);
        let is_sensitive = |name: &str| one.sensitive_values.get(name).is_some_and(is_marked);
        let values = one.values.as_object().into_iter().flatten().filter(|(name, _)| {
            is_settable(name)
                && !set.contains(*name)
                && !FIXED.contains(&name.as_str())
                && !is_sensitive(name)
                && !is_secret(name)
        });
        let values = values.map(|(name, value)| (name.clone(), without_secrets(value)));
        let live = Live {
            stack: module.key.clone(),
            account: module.target.account.clone(),
            region: module.target.region.clone(),
            resource_type: one.resource_type.clone(),
            reader: Reader::Terraform,
            values: values.filter(|(_, value)| !says_nothing(value)).collect(),
            declared: set.iter().map(|name| (name.clone(), json!(true))).collect(),
        };
        Some((format!("{}/{}", module.key, one.address), live))
    });
    live.collect()
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.iter().all(says_nothing),
        Value::Object(members) => members.values().all(says_nothing),
        Value::Bool(true) => false,
    }
}
