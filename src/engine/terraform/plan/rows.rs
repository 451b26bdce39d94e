//! The rows of one root module, from Terraform's plan.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::configured::configured;
use super::values::{aligned, differences, is_marked, is_nothing, of_key, shown};
use crate::engine::Places;
use crate::engine::opened::opened;
use crate::engine::terraform::show::{ResourceChange, Shown};
use crate::plan::{Change, Replace, ReplaceRequired, SeenBy, SourcePlace, is_stateful};
use crate::render::{Node, RenderedModule};

/// Makes the rows of a root module, in Terraform's order.
pub(in crate::engine::terraform) fn rows(
    module: &RenderedModule,
    nodes: &[Node],
    shown: &Shown,
    places: &Places,
) -> Vec<Change> {
    let configured = configured(module);
    shown
        .resource_changes
        .iter()
        .filter(|resource| resource.mode == "managed")
        .filter(|resource| !matches!(resource.change.actions.as_slice(), [one] if one == "no-op" || one == "read"))
        .map(|resource| {
            let set = configured.get(without_key(&resource.address)).cloned().unwrap_or_default();
            Row { module, resource, set, places }.change(nodes)
        })
        .collect()
}

/// The address of a resource without the key of its instance.
fn without_key(address: &str) -> &str {
    address.split_once('[').map_or(address, |(resource, _)| resource)
}

struct Row<'a> {
    module: &'a RenderedModule,
    resource: &'a ResourceChange,
    /// Attributes that the files set.
    set: BTreeSet<String>,
    places: &'a Places,
}

impl Row<'_> {
    fn change(&self, nodes: &[Node]) -> Change {
        let detail = &self.resource.change;
        let resource_type = self.resource.resource_type.as_str();
        let actions: Vec<&str> = detail.actions.iter().map(String::as_str).collect();
        let replaced = matches!(actions.as_slice(), ["create", "delete"] | ["delete", "create"]);
        // Every change of a task definition is a new revision; the old one stays, and nothing is interrupted.
        let revision = replaced && resource_type == "aws_ecs_task_definition";
        let paths = if replaced || actions == ["update"] { self.paths() } else { Vec::new() };
        let (before, after) = self.values(&paths);
        let mut notes = Vec::new();
        if revision {
            notes.push("new revision, rolling deployment".to_owned());
        }
        if resource_type == "aws_ecs_service" && paths.iter().any(|path| path[0] == "task_definition") {
            notes.push("rolling deployment".to_owned());
        }
        notes.extend(self.reason());
        if actions == ["forget"] {
            notes.push("stays in AWS, and Terraform no longer manages it".to_owned());
        }
        Change {
            address: format!("{}/{}", self.module.key, self.resource.address),
            node: nodes.iter().find_map(|node| node.of_address(&self.resource.address)).map(|found| found.name),
            stack: self.module.key.clone(),
            account: self.module.target.account.clone(),
            resource_type: resource_type.to_owned(),
            actions: if revision { vec!["update".to_owned()] } else { detail.actions.clone() },
            replace: (replaced && !revision)
                .then(|| Replace { required: ReplaceRequired::Always, paths: self.replace_paths() }),
            stateful: is_stateful(resource_type),
            before,
            after,
            source: match self.source(&paths) {
                // Where the files make up its name, nothing but its type is left of it.
                none if none.is_empty() && actions == ["delete"] => (self.places)(&self.module.key, resource_type, &[]),
                found => found,
            },
            paths,
            seen_by: vec![SeenBy::TerraformPlan],
            policy: self.policy(&actions, replaced).map(ToOwned::to_owned),
            note: (!notes.is_empty()).then(|| notes.join("; ")),
        }
    }

    /// Attributes that differ, as deep as both sides look alike. What only AWS computes is left out.
    fn paths(&self) -> Vec<Vec<String>> {
        let detail = &self.resource.change;
        let empty = Map::new();
        let before = detail.before.as_object().unwrap_or(&empty);
        let after = detail.after.as_object().unwrap_or(&empty);
        let unknown = detail.after_unknown.as_object().unwrap_or(&empty);
        let mut names: Vec<&String> = before.keys().chain(after.keys()).chain(unknown.keys()).collect();
        names.sort();
        names.dedup();
        let mut found = Vec::new();
        for name in names {
            if is_marked(of_key(&detail.after_unknown, name)) {
                if self.set.contains(name.as_str()) {
                    found.push(vec![name.clone()]);
                }
                continue;
            }
            let mut path = vec![name.clone()];
            let after = opened(of_key(&detail.after, name));
            let before = aligned(opened(of_key(&detail.before, name)), &after);
            differences(&before, &after, &mut path, &mut found);
        }
        // All tags are the resource's own and the provider's defaults: they only tell something where the own do not.
        if found.iter().any(|path| path[0] == "tags") {
            found.retain(|path| path[0] != "tags_all");
        }
        found
    }

    fn values(&self, paths: &[Vec<String>]) -> (Option<Value>, Option<Value>) {
        let detail = &self.resource.change;
        let before = shown(&detail.before, &Value::Null, &detail.before_sensitive);
        let after = shown(&detail.after, &detail.after_unknown, &detail.after_sensitive);
        let both = !detail.before.is_null() && !detail.after.is_null();
        let keep = |value: Value, wanted: &dyn Fn(&str, &Value) -> bool| match value {
            Value::Object(object) => {
                Some(Value::Object(object.into_iter().filter(|(name, value)| wanted(name, value)).collect()))
            }
            _ => None,
        };
        let changed = |name: &str, _: &Value| paths.iter().any(|path| path[0] == name);
        if both {
            let open = |value: Option<Value>| match value {
                Some(Value::Object(object)) => object.into_iter().map(|(name, value)| (name, opened(&value))).collect(),
                _ => Map::new(),
            };
            let after = Value::Object(open(keep(after, &changed)));
            let before = aligned(Value::Object(open(keep(before, &changed))), &after);
            return (Some(before), Some(after));
        }
        let told = |name: &str, value: &Value| {
            let computed = is_marked(of_key(&detail.after_unknown, name)) && !self.set.contains(name);
            !computed && !is_nothing(value)
        };
        (keep(before, &told), keep(after, &told))
    }

    fn replace_paths(&self) -> Vec<Vec<String>> {
        let text = |part: &Value| part.as_str().map_or_else(|| part.to_string(), ToOwned::to_owned);
        self.resource.change.replace_paths.iter().map(|path| path.iter().map(text).collect()).collect()
    }

    fn reason(&self) -> Option<String> {
        match self.resource.action_reason.as_deref()? {
            "replace_because_tainted" => Some("an earlier apply did not finish making it".to_owned()),
            "replace_by_triggers" => Some("replaced together with what it depends on".to_owned()),
            _ => None,
        }
    }

    /// Places in the spec: of the attributes that differ, or of the resource when it comes or goes as a whole. What only
    /// follows another resource, or was changed behind Terraform's back, has none.
    fn source(&self, paths: &[Vec<String>]) -> Vec<SourcePlace> {
        let mut found: Vec<SourcePlace> = Vec::new();
        let of = |path: &[String]| (self.places)(&self.module.key, &self.resource.address, path);
        for place in paths.iter().flat_map(|path| of(path)) {
            if !found.contains(&place) {
                found.push(place);
            }
        }
        if paths.is_empty() { of(&[]) } else { found }
    }

    /// What becomes of the old one, in CloudFormation's words.
    fn policy(&self, actions: &[&str], replaced: bool) -> Option<&'static str> {
        if !replaced && actions != ["delete"] {
            return None;
        }
        let before = &self.resource.change.before;
        if of_key(before, "skip_destroy") == &Value::Bool(true) {
            return Some(if replaced { "ReplaceAndRetain" } else { "Retain" });
        }
        if of_key(before, "skip_final_snapshot") == &Value::Bool(false)
            && !is_nothing(of_key(before, "final_snapshot_identifier"))
        {
            return Some(if replaced { "ReplaceAndSnapshot" } else { "Snapshot" });
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::render::{ModuleState, Target};

    /// Of one resource, whose file sets its task definition.
    fn rows_of(resource_type: &str, resources: Value) -> Vec<Change> {
        let file = format!("resource \"{resource_type}\" \"main\" {{\n  task_definition = \"a\"\n}}\n");
        let module = RenderedModule {
            key: "hub".into(),
            target: Target { account: "111122223333".into(), region: "us-east-1".into(), deploy_role: None },
            files: BTreeMap::from([("main.tf".to_owned(), Arc::from(file))]),
            variables: BTreeMap::new(),
            state: ModuleState::Local,
            outputs: BTreeMap::new(),
        };
        let shown: Shown = serde_json::from_value(json!({
            "resource_changes": resources,
        }))
        .unwrap();
        let places: Places = Arc::new(|_, _, _| Vec::new());
        rows(&module, &[], &shown, &places)
    }

    fn updated(resource_type: &str, actions: Value, before: Value, after: Value, unknown: Value) -> Vec<Change> {
        let address = format!("{resource_type}.main");
        let change = json!({"actions": actions, "before": before, "after": after, "after_unknown": unknown});
        rows_of(
            resource_type,
            json!([{"address": address, "mode": "managed", "type": resource_type, "change": change}]),
        )
    }

    #[test]
    fn a_row_has_only_what_changes() {
        let rows = updated(
            "aws_cloudwatch_log_group",
            json!(["update"]),
            json!({"name": "a", "retention_in_days": 7, "tags": null}),
            json!({"name": "a", "retention_in_days": 14, "tags": {}}),
            json!({}),
        );
        assert_eq!(rows[0].paths, [["retention_in_days"]]);
        assert_eq!(rows[0].after, Some(json!({"retention_in_days": 14})));
    }

    #[test]
    fn what_only_aws_computes_is_no_change() {
        let rows = updated(
            "aws_ecs_service",
            json!(["update"]),
            json!({"task_definition": "a:1", "triggers_id": "x"}),
            json!({}),
            json!({"task_definition": true, "triggers_id": true}),
        );
        assert_eq!(rows[0].paths, [["task_definition"]]);
        assert_eq!(rows[0].note.as_deref(), Some("rolling deployment"));
    }

    #[test]
    fn a_new_revision_of_a_task_definition_replaces_nothing() {
        let rows = updated(
            "aws_ecs_task_definition",
            json!(["delete", "create"]),
            json!({"cpu": "256"}),
            json!({"cpu": "512"}),
            json!({}),
        );
        assert_eq!((rows[0].actions.as_slice(), &rows[0].replace), (&["update".to_owned()][..], &None));
    }

    #[test]
    fn a_database_with_a_final_snapshot_says_so() {
        let before = json!({"skip_final_snapshot": false, "final_snapshot_identifier": "acme-final"});
        let rows = updated("aws_rds_cluster", json!(["delete"]), before, json!(null), json!({}));
        assert_eq!(rows[0].policy.as_deref(), Some("Snapshot"));
        assert!(rows[0].stateful);
    }
}
