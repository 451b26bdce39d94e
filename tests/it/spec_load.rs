//! Loading a spec.

use gwinfra::diagnostics::{Diagnostic, Report};
use gwinfra::spec::types::AccountId;
use gwinfra::spec::{self, Cache, Compute, Database, Loaded, Nat, Vpc};

use crate::support::repository;

pub(crate) const MINIMAL: &str = include_str!("../specs/valid/minimal.yaml");
pub(crate) const EVERYTHING: &str = include_str!("../specs/valid/everything.yaml");

pub(crate) fn load(text: &str) -> Result<Loaded, Report> {
    spec::load("gwinfra.yaml", text.as_bytes(), None)
}

pub(crate) fn findings(text: impl AsRef<[u8]>) -> Vec<Diagnostic> {
    spec::load("gwinfra.yaml", text.as_ref(), None).unwrap_err().diagnostics
}

/// The only finding: its code, place and path.
pub(crate) fn only(text: impl AsRef<[u8]>) -> (&'static str, u32, u32, String) {
    let findings = findings(text);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    let span = findings[0].span.as_ref().unwrap();
    (findings[0].code, span.start.line, span.start.column, findings[0].path.clone().unwrap_or_default())
}

pub(crate) fn help(text: &str) -> String {
    findings(text)[0].help.clone().unwrap()
}

/// The minimal spec, 12 lines, and more lines.
pub(crate) fn minimal_and(more: &str) -> String {
    format!("{MINIMAL}{more}")
}

#[test]
fn every_valid_spec_loads_with_and_without_its_environments() {
    for entry in fs_err::read_dir(repository("tests/specs/valid")).unwrap() {
        let path = entry.unwrap().path();
        let (_, report) = spec::check_all(&path.display().to_string(), &fs_err::read(&path).unwrap());
        assert_eq!(report.diagnostics, [], "{}", path.display());
    }
}

#[test]
fn the_minimal_spec_has_the_documented_defaults() {
    let spec = load(MINIMAL).unwrap().spec;
    let Vpc::Create(vpc) = &spec.network.vpc else { panic!("{:?}", spec.network.vpc) };
    assert_eq!((vpc.cidr.as_str(), vpc.nat, vpc.flow_logs), ("10.40.0.0/16", Nat::Single, true));
    let Compute::Fargate(fargate) = &spec.compute else { panic!("{:?}", spec.compute) };
    assert_eq!((fargate.cpu, fargate.memory, fargate.tasks.max), (1024, 4096, 10));
    assert!(matches!(&spec.database, Database::AuroraPostgres(aurora) if aurora.version == "16.6"));
    assert!(matches!(&spec.cache, Cache::Redis(redis) if redis.node_type == "cache.t4g.small"));
    assert_eq!((spec.blueprint.as_str(), spec.ingress.idle_timeout_seconds), ("gateway", 600));
}

#[test]
fn defaults_in_the_schema_are_those_of_the_types() {
    let schema: serde_json::Value = serde_json::from_str(spec::json_schema::SCHEMA_TEXT).unwrap();
    let loaded = serde_json::to_value(load(MINIMAL).unwrap().spec).unwrap();
    for (key, property) in schema["properties"].as_object().unwrap() {
        if let Some(default) = property.get("default").filter(|_| key != "bedrock") {
            assert_eq!(&loaded[key], default, "{key}");
        }
    }
}

#[test]
fn strings_need_no_quotes() {
    let text = EVERYTHING.replace("\"111122223333\"", "011122223333").replace("version: \"16.6\"", "version: 16.10");
    let spec = load(&text).unwrap().spec;
    assert_eq!(spec.hub.account, AccountId::from("011122223333"));
    assert!(matches!(&spec.database, Database::AuroraPostgres(aurora) if aurora.version == "16.10"));
}

#[test]
fn anchors_and_merge_keys_may_be_used() {
    let text = EVERYTHING.replace("      deploy_role: arn:aws:iam::222222222222:role/gwinfra-deploy\n    - id: \"333333333333\"\n      name: bedrock-2\n      regions: [us-east-1]", "    - &two {id: \"333333333333\", name: bedrock-2, regions: [us-east-1]}\n    - {<<: *two, name: bedrock-3}");
    assert_ne!(text, EVERYTHING);
    let accounts = load(&text).unwrap().spec.bedrock.accounts;
    assert_eq!((accounts[2].id.as_str(), accounts[2].name.as_str()), ("333333333333", "bedrock-3"));
}

#[test]
fn spans_are_known_by_path() {
    let spans = load(EVERYTHING).unwrap().spans;
    let line = |path: &str| spans.nearest(path).unwrap().start.line;
    let text_at = |line: u32| EVERYTHING.lines().nth(line as usize - 1).unwrap();
    assert_eq!(text_at(line("models.0.bedrock.model")).trim(), "model: us.anthropic.claude-3-7-sonnet-20250219-v1:0");
    assert_eq!(text_at(line("compute.fargate")).trim(), "fargate:");
    assert_eq!(text_at(line("compute.fargate.nothing.here")).trim(), "fargate:");
    assert_eq!(text_at(line("models.1.expected.max_tokens")).trim(), "- name: claude-haiku");
    assert!(spans.value("compute.fargate.nothing").is_none());
}

#[test]
fn a_defaulted_key_points_at_the_nearest_parent() {
    let spans = load(MINIMAL).unwrap().spans;
    assert_eq!(spans.nearest("ingress.idle_timeout_seconds").unwrap().start.line, 5);
    assert_eq!(spans.nearest("compute.fargate.cpu").unwrap().start.line, 2);
}

#[test]
fn the_prefix_has_the_environment() {
    assert_eq!(load(EVERYTHING).unwrap().prefix(), "acme-llm");
    assert_eq!(spec::load("g", EVERYTHING.as_bytes(), Some("dev")).unwrap().prefix(), "acme-llm-dev");
}
