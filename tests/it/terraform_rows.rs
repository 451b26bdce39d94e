//! The rows of both engines' plans for the same change of a spec: the same nodes, the same actions, the same lines.
//!
//! With the real Terraform on moto, every row counts. Without it, for what moto does not model and for `plan --offline`,
//! the blocks of Terraform that stand for a node are compared; which members of a family change, `plan --offline` says as
//! the real Terraform does.

use std::collections::{BTreeMap, BTreeSet};

use gwinfra::blueprint::Blueprint;
use gwinfra::cfn::registry::Registry;
use gwinfra::engine::journal::Journal;
use gwinfra::model::Model;
use gwinfra::render::{self, Bundle, Configuration, Input};
use serde_json::Value;

use crate::rehearsal::Rehearsal;
use crate::support::repository;
use crate::terraform_estate::Estate;

/// Everything that a change below changes.
const SPEC: &str = r#"version: 1
name: acme-llm
engine: cloudformation
hub: {account: "111122223333", region: us-east-1}
network:
  vpc:
    create: {cidr: 10.40.0.0/16, availability_zones: 2}
compute:
  fargate:
    cpu: 1024
    memory: 4096
    tasks: {min: 2, desired: 2, max: 4}
    schedules:
      - {name: night, cron: "0 20 ? * MON-FRI *", timezone: Europe/Paris, min: 1, max: 2}
ingress:
  tls:
    certificate: {arn: "arn:aws:acm:us-east-1:111122223333:certificate/0a1b2c3d-0000-0000-0000-000000000000", name: llm.example.com}
  allow_from: [10.0.0.0/8]
  idle_timeout_seconds: 700
  waf: {rate_limit_per_5_minutes: 2000}
access:
  client_vpn:
    client_cidr: 172.16.0.0/22
    authentication:
      mutual:
        server_certificate: arn:aws:acm:us-east-1:111122223333:certificate/server
        client_ca_certificate: arn:aws:acm:us-east-1:111122223333:certificate/clients
    authorize: [vpc]
    session_hours: 8
database:
  aurora_postgres:
    capacity: {min_acu: 0.5, max_acu: 4}
    readers: 0
    backup_days: 7
cache:
  redis: {engine: valkey, version: "8.0", node_type: cache.t4g.small, replicas: 1}
tags: {team: platform}
bedrock:
  accounts:
    - {id: "222222222222", name: bedrock-1, regions: [us-east-1], deploy_role: "arn:aws:iam::222222222222:role/gwinfra-deploy"}
    # another
gateway:
  middleware:
    environment: {LOG_LEVEL: info}
models:
  - name: claude-haiku
    bedrock: {model: anthropic.claude-3-haiku-20240307-v1:0}
observability:
  log_retention_days: 90
  request_logs: true
  alarms: {error_rate_percent: 5, notify: {email: oncall@example.com}}
"#;

/// A name, what stands in [`SPEC`], and what is put there.
type Edit = (&'static str, &'static str, &'static str);

/// Changes of one value each.
const EDITS: [Edit; 20] = [
    ("memory", "memory: 4096", "memory: 8192"),
    ("cpu", "cpu: 1024", "cpu: 2048"),
    ("tasks.max", "max: 4}", "max: 6}"),
    ("schedule", "0 20 ?", "0 21 ?"),
    ("idle timeout", "idle_timeout_seconds: 700", "idle_timeout_seconds: 900"),
    ("allow_from", "allow_from: [10.0.0.0/8]", "allow_from: [10.0.0.0/8, 192.168.0.0/16]"),
    ("rate limit", "rate_limit_per_5_minutes: 2000", "rate_limit_per_5_minutes: 3000"),
    ("authorization", "authorize: [vpc]", "authorize: [vpc, 10.80.0.0/16]"),
    ("session_hours", "session_hours: 8", "session_hours: 10"),
    ("max_acu", "max_acu: 4", "max_acu: 8"),
    ("reader", "readers: 0", "readers: 1"),
    ("backup_days", "backup_days: 7", "backup_days: 14"),
    ("node_type", "cache.t4g.small", "cache.t4g.medium"),
    (TAG, "team: platform", "team: gateway"),
    ("account", "    # another", "    - {id: \"333333333333\", name: bedrock-2, regions: [us-east-1]}"),
    ("model", "claude-3-haiku-20240307-v1:0", "claude-3-5-haiku-20241022-v1:0"),
    ("retention", "log_retention_days: 90", "log_retention_days: 30"),
    ("request logs", "request_logs: true", "request_logs: false"),
    ("alarm", "error_rate_percent: 5", "error_rate_percent: 7"),
    ("variable", "LOG_LEVEL: info", "LOG_LEVEL: debug"),
];

/// What a plan says of one node: its actions and the places in the spec that cause them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Row {
    actions: BTreeSet<String>,
    source: BTreeSet<String>,
}

/// The bundle that the binary makes of a spec.
fn bundle(spec: &str) -> Bundle {
    let loaded = gwinfra::spec::load("gwinfra.yaml", spec.as_bytes(), None).unwrap();
    let model = Model::new(&loaded.spec, None);
    let mut input = Input::new(&loaded, &model);
    input.images.insert("litellm".into(), model.gateway.images.litellm.reference.clone());
    if let Some(image) = &model.gateway.images.middleware {
        input.images.insert("middleware".into(), image.reference.clone());
    }
    let content = model.gateway.config.text.clone();
    input.configuration = Some(Configuration { content, content_type: "application/yaml".into() });
    let blueprint = Blueprint::open("gateway", std::path::Path::new("."), None).unwrap();
    render::render(&input, &blueprint, &Registry::builtin()).unwrap().bundle
}

/// A spec that is applied, as far as this machine knows.
fn applied(spec: &str) -> Rehearsal {
    let rehearsal = Rehearsal::of(spec);
    Journal::new(&rehearsal.path(".gwinfra"), "acme-llm").remember(Some(&bundle(spec))).unwrap();
    rehearsal
}

/// What a plan in JSON says of each node. A row without one is kept under its address.
fn rows(plan: &Value) -> BTreeMap<String, Row> {
    let mut found: BTreeMap<String, Row> = BTreeMap::new();
    for change in plan["changes"].as_array().unwrap() {
        let node = change["node"].as_str().unwrap_or_else(|| change["address"].as_str().unwrap());
        let row = found.entry(node.to_owned()).or_default();
        let actions: Vec<&str> =
            change["actions"].as_array().unwrap().iter().map(|action| action.as_str().unwrap()).collect();
        row.actions.insert(if actions.len() == 2 { "replace".to_owned() } else { actions[0].to_owned() });
        for place in change["source"].as_array().unwrap() {
            row.source.insert(self::place(place));
        }
    }
    found
}

fn place(place: &Value) -> String {
    format!("{}:{} {}", place["line"], place["column"], place["path"].as_str().unwrap_or_default())
}

fn for_terraform(spec: &str) -> String {
    spec.replace("engine: cloudformation", "engine: terraform")
}

/// The rows of a change, without AWS.
fn offline(spec: &str, (_, from, to): Edit) -> BTreeMap<String, Row> {
    let rehearsal = applied(spec);
    rehearsal.change(from, to);
    rows(&rehearsal.bare(&["plan", "--offline", "-q", "-o", "json"]).expect(0).json())
}

/// Resources that only Terraform has: they are parts of other nodes in CloudFormation, and why no row is missing there.
const ONLY_TERRAFORM: [(&str, &str); 3] = [
    ("aws_s3_object.config", "on CloudFormation, gwinfra uploads the configuration between two stacks"),
    ("aws_iam_role_policy_attachment.bedrock", "CloudFormation names the role in the policy"),
    ("aws_iam_role_policy_attachment.invoke", "CloudFormation names the role in the policy"),
];

/// What `plan --offline` of Terraform says nothing of: the service follows the revision of the task definition, which only
/// Terraform makes.
const ONLINE_ONLY: &str = "gateway/Service";

/// A changed tag. A stack gives its own tags to its resources, most of which have none in the template: offline,
/// CloudFormation's rows are only those of the templates that write tags out.
const TAG: &str = "tag";

/// CloudFormation writes schedules inside the scalable target.
const SCHEDULES: (&str, &str) = ("gateway/ScalableTarget", "aws_appautoscaling_scheduled_action.main");

/// The block that an address is an instance of.
fn block(address: &str) -> &str {
    address.split('[').next().unwrap_or(address)
}

/// The address in a root module.
fn local(address: &str) -> &str {
    match address.strip_prefix("accounts/") {
        Some(rest) => rest.split_once('/').map_or(rest, |(_, local)| local),
        None => address.strip_prefix("hub/").unwrap_or(address),
    }
}

/// The blocks of Terraform that stand for a node, by its name without the member. Some are alternatives.
fn blocks(bundle: &Bundle, node: &str) -> BTreeSet<String> {
    let family = node.split('[').next().unwrap_or(node);
    let named = bundle.nodes.iter().filter(|own| format!("{}/{}", own.stack, own.logical_id) == family);
    let mut blocks: BTreeSet<String> =
        named.flat_map(|own| own.terraform.iter().map(|address| block(address).to_owned())).collect();
    if node == SCHEDULES.0 {
        blocks.insert(SCHEDULES.1.to_owned());
    }
    blocks
}

/// Whether a place is another one or around it: `20:8 ingress.waf` is around `20:35 ingress.waf.rate_limit_per_5_minutes`.
fn covers(place: &str, other: &str) -> bool {
    let path = |place: &str| place.split_once(' ').map(|(_, path)| path.to_owned()).unwrap_or_default();
    place == other || path(other).starts_with(&format!("{}.", path(place)))
}

/// What differs offline between the rows of both engines.
fn offline_differences(edit: Edit) -> Vec<String> {
    let terraform = for_terraform(SPEC);
    let bundle = bundle(&terraform.replace(edit.1, edit.2));
    let rehearsal = applied(&terraform);
    rehearsal.change(edit.1, edit.2);
    let plan = rehearsal.bare(&["plan", "--offline", "-q", "-o", "json"]).expect(0).json();
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for change in plan["changes"].as_array().unwrap() {
        let own = block(local(change["address"].as_str().unwrap())).to_owned();
        seen.entry(own).or_default().extend(change["source"].as_array().unwrap().iter().map(place));
    }
    let mut found = Vec::new();
    let mut wanted = BTreeSet::new();
    for (node, row) in offline(SPEC, edit).into_iter().filter(|(node, _)| node != ONLINE_ONLY) {
        let blocks = blocks(&bundle, &node);
        let rows: Vec<&BTreeSet<String>> = blocks.iter().filter_map(|block| seen.get(block)).collect();
        if rows.is_empty() {
            found.push(format!("{}: {node} is only a row of CloudFormation; {blocks:?} have none", edit.0));
        } else if !row.source.iter().all(|place| rows.iter().any(|places| places.iter().any(|own| covers(place, own))))
        {
            found.push(format!("{}: {node} is from {:?}, and with Terraform from {rows:?}", edit.0, row.source));
        }
        wanted.extend(blocks);
    }
    let only =
        |own: &&String| edit.0 != TAG && !wanted.contains(*own) && !ONLY_TERRAFORM.iter().any(|(name, _)| name == own);
    found.extend(seen.keys().filter(only).map(|own| format!("{}: {own} is only a row of Terraform", edit.0)));
    if seen.is_empty() {
        found.push(format!("{}: nothing changes", edit.0));
    }
    found
}

/// What differs between the rows of CloudFormation and those of the real Terraform, by node.
fn differences(name: &str, cloudformation: &BTreeMap<String, Row>, terraform: &BTreeMap<String, Row>) -> Vec<String> {
    let mut found = Vec::new();
    for (node, row) in cloudformation {
        match terraform.get(node) {
            None => found.push(format!("{name}: {node} {row:?} is only a row of CloudFormation")),
            Some(other) if other != row => {
                found.push(format!("{name}: {node}\n  {row:?} is\n  {other:?} with Terraform"))
            }
            Some(_) => {}
        }
    }
    for (node, row) in terraform.iter().filter(|(node, _)| !cloudformation.contains_key(*node)) {
        if !ONLY_TERRAFORM.iter().any(|(own, _)| *own == block(local(node))) {
            found.push(format!("{name}: {node} {row:?} is only a row of Terraform"));
        }
    }
    found
}

/// The rows of both engines for changes of the spec that is applied on moto.
fn on_moto(estate: &mut Estate, name: &str, edits: &[(&str, &str)]) -> Vec<String> {
    let before = estate.spec().replace("engine: terraform", "engine: cloudformation");
    let rehearsal = applied(&before);
    for (from, to) in edits {
        rehearsal.change(from, to);
    }
    let cloudformation = rows(&rehearsal.bare(&["plan", "--offline", "-q", "-o", "json"]).expect(0).json());
    estate.change(edits);
    differences(name, &cloudformation, &rows(&estate.plan()))
}

/// Changes of one value each that moto can take.
const ON_MOTO: [(&str, &str, &str); 13] = [
    ("memory", "memory: 4096", "memory: 8192"),
    ("cpu", "cpu: 1024", "cpu: 2048"),
    ("tasks.max", "max: 4}\n    scale", "max: 6}\n    scale"),
    ("scale_on", "cpu_percent: 60", "cpu_percent: 70"),
    ("idle timeout", "idle_timeout_seconds: 700", "idle_timeout_seconds: 900"),
    ("allow_from", "allow_from: [10.0.0.0/8]", "allow_from: [10.0.0.0/8, 192.168.0.0/16]"),
    ("max_acu", "max_acu: 4", "max_acu: 8"),
    ("reader", "readers: 0", "readers: 1"),
    ("backup_days", "backup_days: 7", "backup_days: 14"),
    ("retention", "log_retention_days: 90", "log_retention_days: 30"),
    ("request logs", "request_logs: true", "request_logs: false"),
    ("model", "claude-3-haiku-20240307-v1:0", "claude-3-5-haiku-20241022-v1:0"),
    ("alarm", "error_rate_percent: 5", "error_rate_percent: 7"),
];

#[test]
fn what_is_applied_has_no_row_offline_on_either_engine() {
    for spec in [SPEC.to_owned(), for_terraform(SPEC)] {
        let rehearsal = applied(&spec);
        rehearsal.bare(&["plan", "--offline", "--detailed-exitcode"]).expect(0);
    }
}

#[test]
fn offline_both_engines_name_the_same_resources_and_lines_for_a_change() {
    let found: Vec<String> = EDITS.into_iter().flat_map(offline_differences).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn terraform_and_cloudformation_have_the_same_rows_for_many_changes_at_once() {
    let Some(mut estate) = Estate::shared() else { return };
    let edits: Vec<(&str, &str)> = ON_MOTO.iter().map(|(_, from, to)| (*from, *to)).collect();
    let found = on_moto(&mut estate, "all", &edits);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The addresses of a plan in JSON, without those that are only read.
fn addresses(plan: &Value) -> BTreeSet<String> {
    let rows = plan["changes"].as_array().unwrap().iter();
    rows.map(|row| row["address"].as_str().unwrap().to_owned()).collect()
}

/// The addresses of what Terraform has made, by the states of its root modules.
fn made(estate: &Estate) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for key in ["hub", "accounts/bedrock-1", "accounts/bedrock-2"] {
        let text = fs_err::read(estate.module(key).join("terraform.tfstate")).unwrap();
        let state: Value = serde_json::from_slice(&text).unwrap();
        for resource in state["resources"].as_array().unwrap().iter().filter(|one| one["mode"] == "managed") {
            let family = format!("{key}/{}.{}", resource["type"].as_str().unwrap(), resource["name"].as_str().unwrap());
            for instance in resource["instances"].as_array().unwrap() {
                let member = instance.get("index_key").map(|key| format!("[{key}]")).unwrap_or_default();
                found.insert(format!("{family}{member}"));
            }
        }
    }
    found
}

fn assert_same(offline: &BTreeSet<String>, terraform: &BTreeSet<String>) {
    let only = |one: &BTreeSet<String>, other: &BTreeSet<String>| one.difference(other).cloned().collect::<Vec<_>>();
    let (more, less) = (only(offline, terraform), only(terraform, offline));
    assert!(more.is_empty() && less.is_empty(), "only offline: {more:#?}\nonly with Terraform: {less:#?}");
}

#[test]
fn a_first_plan_offline_names_what_terraform_makes_in_every_account() {
    let Some(estate) = Estate::shared() else { return };
    let rehearsal = Rehearsal::of(estate.spec());
    let plan = rehearsal.bare(&["plan", "--offline", "-q", "-o", "json"]).expect(0).json();
    assert_same(&addresses(&plan), &made(&estate));
}

#[test]
fn a_plan_offline_names_the_addresses_that_terraform_names() {
    let Some(mut estate) = Estate::shared() else { return };
    let mut edits: Vec<(&str, &str)> = ON_MOTO.iter().map(|(_, from, to)| (*from, *to)).collect();
    edits.push(("availability_zones: 2", "availability_zones: 3"));
    estate.change(&edits);
    let offline = addresses(&estate.run(&["plan", "--offline", "-q", "-o", "json"]).expect(0).json());
    let terraform = addresses(&estate.plan());
    assert_same(&offline, &terraform);
}

/// What a plan of either engine says causes the rows of an action.
fn causes(edit: Edit, action: &str) -> BTreeMap<String, BTreeSet<String>> {
    let plans = [SPEC.to_owned(), for_terraform(SPEC)].map(|spec| {
        let rehearsal = applied(&spec);
        rehearsal.change(edit.1, edit.2);
        rehearsal.bare(&["plan", "--offline", "-q", "-o", "json"]).expect(0).json()
    });
    let changes = plans.iter().flat_map(|plan| plan["changes"].as_array().unwrap());
    let own = changes.filter(|change| change["actions"][0] == action).map(|change| {
        let paths = change["source"].as_array().unwrap().iter().map(|place| place["path"].as_str().unwrap().to_owned());
        (change["address"].as_str().unwrap().to_owned(), paths.collect())
    });
    own.collect()
}

#[test]
fn what_goes_names_what_the_spec_says_now_in_its_place() {
    let cache = "redis: {engine: valkey, version: \"8.0\", node_type: cache.t4g.small, replicas: 1}";
    let gone = causes(("cache", cache, "none: {}"), "delete");
    // The days of the log group are written as before: they are no reason, and what asks for it is.
    let log_groups = ["acme-llm-data/CacheSlowLogGroup", "hub/aws_cloudwatch_log_group.cache_slow"];
    for address in ["acme-llm-data/Cache", "hub/aws_elasticache_replication_group.main"].into_iter().chain(log_groups) {
        assert_eq!(gone.get(address), Some(&BTreeSet::from(["cache".to_owned()])), "{gone:#?}");
    }
}

#[test]
fn a_changed_configuration_names_the_models_and_not_what_is_not_written() {
    let edit = EDITS.into_iter().find(|edit| edit.0 == "model").unwrap();
    let changed = causes(edit, "update");
    let task = changed.iter().find(|(address, _)| address.contains("aws_ecs_task_definition")).unwrap().1;
    assert!(task.contains("models") && !task.contains("gateway") && !task.contains("routing"), "{changed:#?}");
}

#[test]
fn what_a_stack_set_changes_in_the_accounts_is_seen_offline_on_both_engines() {
    let organization = fs_err::read_to_string(repository("examples/organization.yaml")).unwrap();
    let [cloudformation, terraform] = ["cloudformation", "terraform"].map(|engine| {
        let spec = organization.replacen("name: acme-llm\n", &format!("name: acme-llm\nengine: {engine}\n"), 1);
        let rehearsal = applied(&spec);
        rehearsal.change("claude-haiku-4-5-20251001-v1:0", "claude-3-5-haiku-20241022-v1:0");
        let plan = rehearsal.bare(&["plan", "--offline", "-q", "-o", "json"]).expect(0).json();
        let of_set = plan["changes"].as_array().unwrap().iter().filter(|row| row["seen_by"][0] == "stack_set_diff");
        let row = |row: &Value| {
            let name = row["address"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
            (name, row["actions"].to_string(), row["note"].to_string())
        };
        of_set.map(row).collect::<BTreeSet<_>>()
    });
    assert!(!cloudformation.is_empty());
    assert_eq!(cloudformation, terraform);
}
