//! Terraform's plan file, read directly.
//!
//! `terraform show -json` starts the provider once more, only to learn which attributes are sensitive: it takes as long as
//! the plan itself. The file has everything else, and the schemas that gwinfra carries have that. Its format is
//! Terraform's own business, though: what is read here is used only if it is of the version that this code was written
//! for, if a schema is known for every type, and if it says the same of every resource as Terraform's own messages while
//! it planned. In every other case there is nothing, and Terraform is asked.

mod marks;
mod message;
mod value;

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use prost::Message as _;
use serde_json::Value;

use self::message::{Change, Plan, ResourceInstanceChange};
use super::message::{Message, Planned};
use super::show::{ChangeDetail, OutputChange, ResourceChange, Shown};
use crate::tf::Kind;
use crate::tf::registry::{Registry, TypeSchema};

/// The version of the format since Terraform 0.12, as `internal/plans/planfile` of Terraform 1.11 has it.
const FORMAT: u64 = 3;

/// The most bytes that are unpacked: ten times the plan of a hub with everything.
const MOST: u64 = 64 << 20;

/// Reads a plan file; `None` when Terraform itself has to be asked. `planned` is what Terraform said while it planned.
pub(super) fn read(path: &Path, planned: &[Planned]) -> Option<Shown> {
    let plan = Plan::decode(unpacked(path)?.as_slice()).ok()?;
    if plan.version != FORMAT {
        return None;
    }
    let registry = Registry::builtin();
    let resources: Option<Vec<ResourceChange>> =
        plan.resource_changes.iter().map(|resource| resource_change(&registry, resource)).collect();
    let mut resource_changes = resources?;
    resource_changes.sort_by_cached_key(|resource| order(&resource.address));
    if told(planned) != of_file(&resource_changes)? {
        return None;
    }
    let outputs = plan.output_changes.iter().map(|output| {
        let actions = actions(output.change.as_ref()?.action)?;
        Some((output.name.clone(), OutputChange { actions }))
    });
    let output_changes: Option<BTreeMap<String, OutputChange>> = outputs.collect();
    Some(Shown { resource_changes, output_changes: output_changes? })
}

/// What is read of a plan file, in the form of `terraform show -json`; `None` when it is not. `log` is the stream of
/// `terraform plan -json`.
pub fn as_json(path: &Path, log: &str) -> Option<Value> {
    let messages = log.lines().filter_map(Message::parse);
    let planned: Vec<Planned> =
        messages.filter(|message| message.kind == "planned_change").filter_map(|message| message.change).collect();
    serde_json::to_value(read(path, &planned)?).ok()
}

fn unpacked(path: &Path) -> Option<Vec<u8>> {
    let mut archive = zip::ZipArchive::new(fs_err::File::open(path).ok()?).ok()?;
    let file = archive.by_name("tfplan").ok()?;
    let mut bytes = Vec::new();
    // One byte more than allowed tells a longer file from one that fits.
    file.take(MOST + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= MOST).then_some(bytes)
}

fn resource_change(registry: &Registry, resource: &ResourceInstanceChange) -> Option<ResourceChange> {
    let managed = !resource.addr.starts_with("data.");
    let resource_type = resource.addr.trim_start_matches("data.").split('.').next()?;
    let schema = registry.get(if managed { Kind::Resource } else { Kind::Data }, resource_type)?;
    let change = resource.change.as_ref()?;
    Some(ResourceChange {
        address: resource.addr.clone(),
        mode: if managed { "managed" } else { "data" }.to_owned(),
        resource_type: resource_type.to_owned(),
        change: detail(change, schema, &resource.required_replace)?,
        action_reason: reason(resource.action_reason)?.map(ToOwned::to_owned),
    })
}

fn detail(change: &Change, schema: &TypeSchema, required_replace: &[message::Path]) -> Option<ChangeDetail> {
    let values: Option<Vec<value::Decoded>> = change.values.iter().map(|value| value::decode(&value.msgpack)).collect();
    let (before, after) = match (change.action, values?.as_slice()) {
        // One value, the same on both sides.
        (message::NO_OP, [same]) => (same.clone(), same.clone()),
        (message::CREATE, [after]) => (value::Decoded::nothing(), after.clone()),
        (message::DELETE | message::FORGET, [before]) => (before.clone(), value::Decoded::nothing()),
        (_, [before, after]) => (before.clone(), after.clone()),
        _ => return None,
    };
    let replace_paths: Option<Vec<Vec<Value>>> = required_replace.iter().map(value::path).collect();
    Some(ChangeDetail {
        actions: actions(change.action)?,
        before_sensitive: marks::sensitive(&before.known, schema, &change.before_sensitive_paths)?,
        after_sensitive: marks::sensitive(&after.known, schema, &change.after_sensitive_paths)?,
        before: before.known,
        after: after.known,
        after_unknown: after.unknown,
        replace_paths: replace_paths?,
    })
}

/// The action in the words of Terraform's JSON.
fn actions(action: i32) -> Option<Vec<String>> {
    let words: &[&str] = match action {
        message::NO_OP => &["no-op"],
        message::CREATE => &["create"],
        message::READ => &["read"],
        message::UPDATE => &["update"],
        message::DELETE => &["delete"],
        message::DELETE_THEN_CREATE => &["delete", "create"],
        message::CREATE_THEN_DELETE => &["create", "delete"],
        message::FORGET => &["forget"],
        _ => return None,
    };
    Some(words.iter().map(|word| (*word).to_owned()).collect())
}

/// The reason in the words of Terraform's JSON; `None` for one that is new.
fn reason(reason: i32) -> Option<Option<&'static str>> {
    Some(match reason {
        0 => None,
        1 => Some("replace_because_tainted"),
        2 => Some("replace_by_request"),
        3 => Some("replace_because_cannot_update"),
        4 => Some("delete_because_no_resource_config"),
        5 => Some("delete_because_wrong_repetition"),
        6 => Some("delete_because_count_index"),
        7 => Some("delete_because_each_key"),
        8 => Some("delete_because_no_module"),
        9 => Some("replace_by_triggers"),
        10 => Some("read_because_config_unknown"),
        11 => Some("read_because_dependency_pending"),
        12 => Some("delete_because_no_move_target"),
        13 => Some("read_because_check_nested"),
        _ => return None,
    })
}

/// What Terraform said of each managed resource that changes, sorted.
fn told(planned: &[Planned]) -> Vec<(&str, &str)> {
    let changes = planned.iter().map(|planned| (planned.resource.addr.as_str(), planned.action.as_str()));
    let mut told: Vec<(&str, &str)> =
        changes.filter(|(address, action)| *action != "noop" && !address.starts_with("data.")).collect();
    told.sort_unstable();
    told
}

/// The same of a file, in the words of the messages.
fn of_file(resources: &[ResourceChange]) -> Option<Vec<(&str, &str)>> {
    let mut found = Vec::new();
    for resource in resources.iter().filter(|resource| resource.mode == "managed") {
        let actions: Vec<&str> = resource.change.actions.iter().map(String::as_str).collect();
        let word = match actions.as_slice() {
            ["no-op"] => continue,
            ["forget"] => "remove",
            [one] => *one,
            [_, _] => "replace",
            _ => return None,
        };
        found.push((resource.address.as_str(), word));
    }
    found.sort_unstable();
    Some(found)
}

/// Terraform's own order: data sources first, then by type, name and key, numbers before texts.
fn order(address: &str) -> (bool, String, Option<u64>, String) {
    let (resource, key) = address.split_once('[').unwrap_or((address, ""));
    let key = key.trim_end_matches(']');
    (!address.starts_with("data."), resource.to_owned(), key.parse().ok(), key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_plan_file_is_not_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tfplan");
        fs_err::write(&path, b"PK\x03\x04 cut in half").unwrap();
        assert_eq!(read(&path, &[]), None);
    }

    #[test]
    fn a_count_is_ordered_by_number() {
        assert!(order("aws_eip.nat[2]") < order("aws_eip.nat[10]"));
        assert!(order("data.aws_region.current") < order("aws_eip.nat"));
    }
}
