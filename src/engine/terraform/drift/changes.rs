//! What differs of the resources of a root module, of what its files set.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::super::items::{Place, places};
use super::super::plan::configured::{self, Ignored};
use super::super::plan::values::{of_key, shown};
use super::super::show::ResourceChange;
use crate::drift::{Difference, Finding, Folded, Kind, Reader, fold, level};
use crate::engine::opened::opened;
use crate::engine::{Places, nearest_places};
use crate::render::RenderedModule;

/// What the files of a root module say of its resources, by their addresses without a key.
pub(super) struct Files<'a> {
    module: &'a RenderedModule,
    places: &'a Places,
    /// The arguments that they set.
    pub configured: BTreeMap<String, BTreeSet<String>>,
    /// What is another's to change.
    pub ignored: BTreeMap<String, Ignored>,
}

impl<'a> Files<'a> {
    /// Reads the files of a root module.
    pub fn of(module: &'a RenderedModule, places: &'a Places) -> Self {
        Self { module, places, configured: configured::configured(module), ignored: configured::ignored(module) }
    }

    /// What differs of the resources that a refresh tells of, and what of it differs by itself.
    pub fn changes(&self, told: &[ResourceChange]) -> (Vec<Finding>, Vec<Folded>) {
        let (mut findings, mut folded) = (Vec::new(), Vec::new());
        for resource in told.iter().filter(|resource| resource.mode == "managed") {
            let bare = resource.address.split('[').next().unwrap_or(&resource.address);
            let set = self.configured.get(bare).cloned().unwrap_or_default();
            let is_set = |name: &str| set.contains(name);
            let is_ignored = |path: &[String]| self.ignored.get(bare).is_some_and(|ignored| ignored.has(path));
            for finding in of_resource(self, resource, &is_set, &is_ignored) {
                match by_itself(resource, &finding) {
                    Some(reason) => {
                        folded.push(Folded { address: finding.address, path: finding.path, reason: reason.to_owned() })
                    }
                    None => findings.push(finding),
                }
            }
        }
        (findings, folded)
    }
}

/// What differs of a resource. What is ignored by its name or its position is left out.
fn of_resource(
    files: &Files<'_>,
    resource: &ResourceChange,
    is_set: &dyn Fn(&str) -> bool,
    is_ignored: &dyn Fn(&[String]) -> bool,
) -> Vec<Finding> {
    let (module, detail) = (files.module, &resource.change);
    let finding = |kind: Kind, place: Place| Finding {
        address: format!("{}/{}", module.key, resource.address),
        stack: module.key.clone(),
        account: module.target.account.clone(),
        region: module.target.region.clone(),
        resource_type: resource.resource_type.clone(),
        severity: level(&resource.resource_type, kind, &place.path),
        source: nearest_places(files.places.as_ref(), &module.key, &resource.address, &[&place.position]),
        kind,
        path: place.path,
        expected: place.was,
        actual: place.now,
        reader: Reader::Terraform,
        accepted_by: None,
        id: None,
        command: None,
        by_change_set: false,
    };
    let whole =
        |path: Vec<String>, was: Option<Value>, now: Option<Value>| Place { position: path.clone(), path, was, now };
    if detail.actions == ["delete"] {
        return vec![finding(Kind::Deleted, whole(Vec::new(), None, None))];
    }
    let masked = |value: &Value, sensitive: &Value| shown(value, &Value::Null, sensitive);
    let (before, after) =
        (masked(&detail.before, &detail.before_sensitive), masked(&detail.after, &detail.after_sensitive));
    let empty = Map::new();
    let names = before.as_object().unwrap_or(&empty).keys().filter(|name| is_set(name));
    let mut found = Vec::new();
    for name in names {
        let (was, now) = (opened(of_key(&before, name)), opened(of_key(&after, name)));
        let places = places(name, &was, &now).into_iter();
        for place in places.filter(|place| !is_ignored(&place.path) && !is_ignored(&place.position)) {
            let kind = if place.was.is_none() { Kind::Added } else { Kind::Changed };
            found.push(finding(kind, place));
        }
    }
    for (key, was, now) in default_tags(&before, &after) {
        let place = whole(vec!["tags_all".to_owned(), key], Some(was), now);
        if !is_ignored(&place.path) {
            found.push(finding(Kind::Changed, place));
        }
    }
    found
}

/// Why what differs of a resource is no drift.
fn by_itself(resource: &ResourceChange, finding: &Finding) -> Option<&'static str> {
    let Finding { path, expected, actual, .. } = finding.clone();
    fold(&resource.resource_type, &resource.change.before, &Difference { path, expected, actual })
}

/// The tags that the provider gives to every resource, where they are others or gone: key, before, and now. Those of the
/// resource itself are among its arguments.
fn default_tags(before: &Value, after: &Value) -> Vec<(String, Value, Option<Value>)> {
    let own = of_key(before, "tags");
    let all = of_key(before, "tags_all").as_object().into_iter().flatten();
    let now = |key: &String| of_key(after, "tags_all").get(key).filter(|value| !value.is_null());
    all.filter(|(key, _)| own.get(key).is_none())
        .filter(|(key, was)| now(key) != Some(was))
        .map(|(key, was)| (key.clone(), was.clone(), now(key).cloned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::super::refreshed::Refreshed;
    use super::*;
    use crate::render::{ModuleState, Target};

    /// What a refresh tells of after AWS has changed by itself, or gives back in other words, all that is known to, as
    /// `terraform show -json` has it, with the arguments that matter.
    const REFRESHED: &str = include_str!("../../../../tests/drift/refreshed.json");

    /// Files that set every argument in it.
    const FILES: &str = r#"
resource "aws_rds_cluster" "main" {
  engine_version                  = "16.6"
  availability_zones              = ["us-east-1a", "us-east-1b"]
  kms_key_id                      = aws_kms_key.main.arn
  enabled_cloudwatch_logs_exports = ["postgresql", "instance"]
}
resource "aws_rds_cluster_instance" "writer" {
  engine_version                  = "16.6"
  performance_insights_kms_key_id = aws_kms_key.main.arn
}
resource "aws_db_subnet_group" "database" { subnet_ids = local.data_subnet_ids }
resource "aws_elasticache_replication_group" "main" {
  engine_version             = "8.0"
  auto_minor_version_upgrade = true
  security_group_ids         = local.groups
}
resource "aws_elasticache_serverless_cache" "main" { major_engine_version = "8" }
resource "aws_ec2_client_vpn_endpoint" "main" {
  dns_servers         = ["10.0.0.2", "10.0.1.2"]
  self_service_portal = "disabled"
  vpc_id              = var.vpc
  security_group_ids  = var.groups
}
resource "aws_ecs_service" "main" { desired_count = 2 }
resource "aws_ecs_service" "ignoring" {
  desired_count = 2
  lifecycle { ignore_changes = [desired_count] }
}
resource "aws_ecs_task_definition" "main" {
  cpu                   = 1024
  memory                = 2048
  container_definitions = local.containers
}
resource "aws_iam_role_policy" "task" { policy = local.policy }
"#;

    fn module() -> RenderedModule {
        RenderedModule {
            key: "hub".to_owned(),
            target: Target { account: "111122223333".into(), region: "us-east-1".into(), deploy_role: None },
            files: BTreeMap::from([("main.tf".to_owned(), FILES.into())]),
            variables: BTreeMap::new(),
            state: ModuleState::Local,
            outputs: BTreeMap::new(),
        }
    }

    /// Properties of findings, and what was folded, as `address argument: reason`.
    fn told(refreshed: &str) -> (Vec<String>, Vec<String>) {
        let (module, places): (_, Places) = (module(), Arc::new(|_, _, _| Vec::new()));
        let refreshed: Refreshed = serde_json::from_str(refreshed).unwrap();
        let (findings, folded) = Files::of(&module, &places).changes(&refreshed.resource_drift);
        let findings = findings.iter().map(|one| format!("{} {}", one.address, one.property())).collect();
        let mut folded: Vec<String> =
            folded.iter().map(|one| format!("{} {}: {}", one.address, one.path.join("."), one.reason)).collect();
        folded.sort();
        (findings, folded)
    }

    #[test]
    fn nothing_that_comes_by_itself_is_drift() {
        let (findings, folded) = told(REFRESHED);
        assert_eq!(findings, Vec::<String>::new());
        let rds = "a minor version that RDS has taken by itself";
        assert_eq!(
            folded,
            [
                "hub/aws_ec2_client_vpn_endpoint.main security_group_ids: set by the association with a network",
                "hub/aws_ec2_client_vpn_endpoint.main vpc_id: set by the association with a network",
                "hub/aws_ecs_service.main desired_count: the number of tasks is autoscaling's business",
                "hub/aws_elasticache_replication_group.main engine_version: \
                 a minor version that ElastiCache has taken by itself",
                "hub/aws_elasticache_serverless_cache.main major_engine_version: \
                 ElastiCache gives all parts of the version",
                "hub/aws_rds_cluster.main availability_zones: \
                 Aurora keeps its storage in three zones, whichever are named",
                &format!("hub/aws_rds_cluster.main engine_version: {rds}"),
                &format!("hub/aws_rds_cluster_instance.writer engine_version: {rds}"),
            ]
        );
    }

    /// The same refresh, with another value of one argument.
    fn but(address: &str, argument: &str, now: Value) -> String {
        let mut document: Value = serde_json::from_str(REFRESHED).unwrap();
        let resources = document["resource_drift"].as_array_mut().unwrap();
        let own = resources.iter_mut().find(|one| one["address"] == address).unwrap();
        own["change"]["after"][argument] = now;
        document.to_string()
    }

    #[test]
    fn what_somebody_has_changed_beside_it_is_drift() {
        let policy = json!({"Statement": [{"Sid": "List", "Effect": "Allow", "Action": "*", "Resource": "*"}]});
        for (address, argument, now) in [
            ("aws_rds_cluster.main", "engine_version", json!("17.1")),
            ("aws_rds_cluster.main", "kms_key_id", json!("00000000-12ab-34cd-56ef-1234567890ab")),
            ("aws_db_subnet_group.database", "subnet_ids", json!(["subnet-1", "subnet-3"])),
            ("aws_elasticache_replication_group.main", "engine_version", json!("9.0.0")),
            ("aws_ec2_client_vpn_endpoint.main", "self_service_portal", json!("enabled")),
            ("aws_ecs_task_definition.main", "memory", json!("4 GB")),
            ("aws_iam_role_policy.task", "policy", json!(policy.to_string())),
        ] {
            let (findings, _) = told(&but(address, argument, now));
            let wanted = format!("hub/{address} {argument}");
            assert!(findings.iter().any(|found| found.starts_with(&wanted)), "{wanted}: {findings:?}");
        }
    }

    #[test]
    fn a_tag_of_the_provider_that_is_gone_or_another_one_is_found_and_those_of_others_are_theirs() {
        let before = json!({"tags": {"Name": "a"}, "tags_all": {"Name": "a", "team": "platform", "cost": "1"}});
        let after = json!({"tags": {"Name": "b"}, "tags_all": {"Name": "b", "team": "other", "mine": "x"}});
        let found = default_tags(&before, &after);
        assert_eq!(
            found,
            [("team".to_owned(), json!("platform"), Some(json!("other"))), ("cost".to_owned(), json!("1"), None),]
        );
    }
}
