//! Values that resources have and the files of a root module do not set.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::plan::values::is_marked;
use super::watch::Held;
use crate::drift::{Difference, Live, Reader, fold, is_secret, without_secrets};
use crate::render::RenderedModule;
use crate::tf::Kind;
use crate::tf::registry::Registry;

/// Arguments that are names, or whose values others set as well.
const FIXED: [&str; 9] =
    ["id", "arn", "name", "name_prefix", "region", "tags", "tags_all", "timeouts", "container_definitions"];

/// Arguments whose values follow from what is declared, so that an apply may change them: type, argument, and the type of the
/// resources that fill it, with their argument that names the owner. Without one it is always so: names that Terraform makes up,
/// and what is looked at by itself whoever has added it.
const FILLED: [(&str, &str, Filler); 13] = [
    ("aws_security_group", "ingress", None),
    ("aws_security_group", "egress", None),
    ("aws_default_security_group", "ingress", None),
    ("aws_default_security_group", "egress", None),
    ("aws_route_table", "route", None),
    ("aws_iam_role", "managed_policy_arns", None),
    ("aws_s3_bucket", "bucket", None),
    ("aws_s3_object", "etag", None),
    ("aws_s3_bucket", "policy", Some(("aws_s3_bucket_policy", "bucket"))),
    ("aws_sns_topic", "policy", Some(("aws_sns_topic_policy", "arn"))),
    ("aws_rds_cluster", "cluster_members", Some(("aws_rds_cluster_instance", "cluster_identifier"))),
    ("aws_eip", "network_interface", Some(("aws_nat_gateway", "allocation_id"))),
    ("aws_ecs_cluster", "capacity_providers", Some(("aws_ecs_cluster_capacity_providers", "cluster_name"))),
];

/// A type, and its argument that names whose argument it fills.
type Filler = Option<(&'static str, &'static str)>;

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
                && !is_filled(held, one, name)
        });
        let values = values.map(|(name, value)| (name.clone(), without_secrets(value)));
        let live = Live {
            stack: module.key.clone(),
            account: module.target.account.clone(),
            region: module.target.region.clone(),
            resource_type: one.resource_type.clone(),
            reader: Reader::Terraform,
            values: values.filter(|(name, value)| !says_nothing(value) && !is_of_itself(one, name, value)).collect(),
            declared: set.iter().map(|name| (name.clone(), declared(one, name))).collect(),
        };
        Some((format!("{}/{}", module.key, one.address), live))
    });
    live.collect()
}

/// What stands for an argument that is set: whether a switch is on, and of everything else that it is there.
fn declared(one: &Held, name: &str) -> Value {
    one.values.get(name).filter(|value| value.is_boolean()).cloned().unwrap_or_else(|| json!(true))
}

/// Whether an argument has its value from another resource.
fn is_filled(held: &[Held], one: &Held, name: &str) -> bool {
    let ids = ["id", "arn", "name"].map(|id| one.values.get(id).and_then(Value::as_str));
    let names_it = |other: &Held, by: &str| {
        let owner = other.values.get(by).and_then(Value::as_str);
        owner.is_some() && ids.contains(&owner)
    };
    let mut own = FILLED.iter().filter(|(kind, argument, _)| *kind == one.resource_type && *argument == name);
    own.any(|(_, _, by)| match by {
        None => true,
        Some((kind, by)) => held.iter().any(|other| other.resource_type == *kind && names_it(other, by)),
    })
}

/// Whether a value that nobody sets comes by itself.
fn is_of_itself(one: &Held, name: &str, value: &Value) -> bool {
    let difference = Difference { path: vec![name.to_owned()], expected: None, actual: Some(value.clone()) };
    fold(&one.resource_type, &one.values, &difference).is_some()
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of a resource that count when its file sets nothing.
    fn values(held: Value) -> BTreeMap<String, Value> {
        let held: Vec<Held> = serde_json::from_value(held).unwrap();
        let target = crate::render::Target {
            account: "111122223333".to_owned(),
            region: "us-east-1".to_owned(),
            deploy_role: None,
        };
        let module = RenderedModule {
            key: "hub".to_owned(),
            target,
            files: BTreeMap::new(),
            variables: BTreeMap::new(),
            state: crate::render::ModuleState::Local,
            outputs: BTreeMap::new(),
        };
        let configured = BTreeMap::from([(held[0].address.clone(), BTreeSet::new())]);
        undeclared(&module, &configured, &held).remove(&format!("hub/{}", held[0].address)).unwrap().values
    }

    #[test]
    fn the_rules_of_a_group_are_told_of_by_themselves() {
        let group = json!([{"address": "aws_security_group.task", "mode": "managed", "type": "aws_security_group",
            "values": {"id": "sg-1", "ingress": [{"from_port": 22}], "revoke_rules_on_delete": true}}]);
        assert_eq!(values(group), BTreeMap::from([("revoke_rules_on_delete".to_owned(), json!(true))]));
    }

    #[test]
    fn a_policy_that_is_a_resource_is_that_resources() {
        let bucket = |policy: &str| {
            json!([
                {"address": "aws_s3_bucket.logs", "mode": "managed", "type": "aws_s3_bucket",
                 "values": {"id": "acme-logs", "policy": "{}"}},
                {"address": "aws_s3_bucket_policy.logs", "mode": "managed", "type": "aws_s3_bucket_policy",
                 "values": {"bucket": policy}},
            ])
        };
        assert!(values(bucket("acme-logs")).is_empty());
        assert_eq!(values(bucket("another")), BTreeMap::from([("policy".to_owned(), json!("{}"))]));
    }

    #[test]
    fn what_comes_by_itself_is_no_value_to_record() {
        let cluster = json!([{"address": "aws_rds_cluster.main", "mode": "managed", "type": "aws_rds_cluster",
            "values": {"availability_zones": ["a", "b", "c"], "port": 5432}}]);
        assert_eq!(values(cluster), BTreeMap::from([("port".to_owned(), json!(5432))]));
    }
}
