//! Environments: what they merge, and where their mistakes are.

use gwinfra::spec::{self, Cache, Compute, Database, Loaded};

use crate::spec_load::{EVERYTHING, MINIMAL, load, minimal_and, only};

fn with(environment: &str, text: &str) -> Loaded {
    let loaded = spec::load("gwinfra.yaml", text.as_bytes(), Some(environment));
    loaded.unwrap_or_else(|report| panic!("{:#?}", report.diagnostics))
}

#[test]
fn maps_merge() {
    let Compute::Fargate(fargate) = with("dev", EVERYTHING).spec.compute else { panic!("no fargate") };
    assert_eq!((fargate.tasks.max, fargate.cpu, fargate.spot_percent), (2, 1024, 20));
}

#[test]
fn lists_are_replaced() {
    let text = minimal_and("ingress_: {}\n")
        .replace("ingress_: {}", "network: {endpoints: [a, b]}\nenvironments: {dev: {network: {endpoints: [c]}}}");
    assert_eq!(with("dev", &text).spec.network.endpoints, spec::Endpoints::Services(vec!["c".to_owned()]));
}

#[test]
fn null_removes() {
    let text = EVERYTHING.replace("  dev:\n", "  dev:\n    cache: null\n    access: {client_vpn: ~}\n");
    let spec = with("dev", &text).spec;
    assert!(matches!(spec.cache, Cache::Redis(redis) if redis.version.is_none()));
    assert!(spec.access.client_vpn.is_none() && spec.access.bastion.is_some());
}

#[test]
fn another_alternative_replaces_the_choice() {
    let text = EVERYTHING.replace("{aurora_postgres: {deletion_protection: false}}", "{none: {}}");
    assert!(matches!(with("dev", &text).spec.database, Database::None(_)));
}

#[test]
fn the_same_alternative_merges() {
    let Database::AuroraPostgres(aurora) = with("dev", EVERYTHING).spec.database else { panic!("no aurora") };
    assert_eq!((aurora.deletion_protection, aurora.readers), (false, 1));
}

#[test]
fn errors_point_into_the_environments_lines() {
    let text = EVERYTHING.replace("nat: per_az", "nat: per_azz");
    let report = spec::load("gwinfra.yaml", text.as_bytes(), Some("prod")).unwrap_err();
    let found = &report.diagnostics[0];
    let line = found.span.as_ref().unwrap().start.line as usize;
    assert_eq!(text.lines().nth(line - 1).unwrap().trim(), "network: {vpc: {create: {nat: per_azz}}}");
    assert_eq!(found.path.as_deref(), Some("network.vpc.create.nat"));
}

#[test]
fn spans_point_into_the_environments_lines() {
    let line = with("prod", EVERYTHING).spans.nearest("network.vpc.create.nat").unwrap().start.line as usize;
    assert_eq!(EVERYTHING.lines().nth(line - 1).unwrap().trim(), "network: {vpc: {create: {nat: per_az}}}");
}

#[test]
fn an_unknown_environment_is_guessed() {
    let report = spec::load("gwinfra.yaml", EVERYTHING.as_bytes(), Some("prd")).unwrap_err();
    assert_eq!(report.diagnostics[0].code, "GW0020");
    assert_eq!(report.diagnostics[0].help.as_deref(), Some("did you mean `prod`? Environments: dev, prod"));
}

#[test]
fn the_name_may_not_be_changed() {
    let text = minimal_and("environments:\n  dev:\n    name: other\n");
    assert_eq!(only(text), ("GW0021", 14, 5, "environments.dev.name".to_owned()));
}

#[test]
fn an_environments_name_is_checked() {
    assert_eq!(only(minimal_and("environments: {Dev: {}}\n")), ("GW0015", 12, 16, "environments.Dev".to_owned()));
}

#[test]
fn an_empty_environment_is_the_spec_itself() {
    let text = minimal_and("environments:\n  dev:\n");
    assert_eq!(with("dev", &text).spec.hub, load(MINIMAL).unwrap().spec.hub);
}

#[test]
fn checking_all_reports_each_finding_once() {
    let text = EVERYTHING.replace("cpu: 1024", "cpus: 1024").replace("nat: per_az", "nat: per_azz");
    let (loaded, report) = spec::check_all("gwinfra.yaml", text.as_bytes());
    let codes: Vec<&str> = report.diagnostics.iter().map(|finding| finding.code).collect();
    // Without the unknown key the spec can be read, but for the environment with the wrong word.
    assert_eq!((loaded.len(), codes), (2, vec!["GW0011", "GW0014"]));
}

#[test]
fn what_every_environment_brings_need_not_be_in_the_spec() {
    let text = MINIMAL.replace("hub: {account: \"111122223333\", region: us-east-1}\n", "");
    let text = text + "environments:\n  dev: {hub: {account: \"111122223333\", region: us-east-1}}\n";
    let (loaded, report) = spec::check_all("gwinfra.yaml", text.as_bytes());
    assert_eq!((loaded.len(), report.diagnostics.len()), (1, 0));
}
