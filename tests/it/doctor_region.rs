//! `gwinfra doctor` and what a region offers: each thing that it lacks fails the check that looks for it, and no other.

use serde_json::{Value, json};

use crate::doctor::{JSON, SPEC, fails, warns, with_status};
use crate::rehearsal::Rehearsal;
use crate::support::repository;
use crate::variants::texts_below;

#[test]
fn an_instance_type_that_one_zone_lacks_is_a_warning() {
    let scenario = "not_offered: [{region: us-east-1, name: t4g.nano, zones: [us-east-1a]}]";
    let run = Rehearsal::of(SPEC).run_with(scenario, &JSON);
    warns(run, "GWD602", "instance type t4g.nano is not offered in us-east-1a");
}

#[test]
fn an_instance_type_that_no_zone_has_is_told_with_the_nearest() {
    let scenario = "not_offered: [{region: us-east-1, name: t4g.nano}]";
    let finding = fails(Rehearsal::of(SPEC).run_with(scenario, &JSON), "GWD602", "does not offer the instance type");
    let fix = finding["fix"].as_str().unwrap();
    assert!(fix.contains("the region offers t3.nano, t3a.nano, t4g.micro"), "{fix}");
}

/// A gateway of a blueprint of one's own: the built-in one refuses everything but Fargate.
fn on_instances(compute: &str) -> Rehearsal {
    let spec = SPEC.replace("  bastion: {instance_type: t4g.nano}\n", "");
    let rehearsal = Rehearsal::of(&format!("{spec}blueprint: ./fork\ncompute: {compute}\n"));
    for (path, text) in texts_below(&repository("blueprints/gateway")) {
        let file = rehearsal.path("fork").join(path);
        fs_err::create_dir_all(file.parent().unwrap()).unwrap();
        fs_err::write(file, text).unwrap();
    }
    rehearsal
}

#[test]
fn the_instance_type_of_the_gateway_passes_where_both_zones_offer_it() {
    let document = on_instances("{ec2: {instance_type: m7g.xlarge}}").run(&JSON).expect(0).json();
    let pass = ("pass".to_owned(), "instance type m7g.xlarge offered in 2/2 zones".to_owned());
    assert_eq!(findings(&document, "GWD602"), [pass]);
}

#[test]
fn an_instance_type_of_the_gateway_that_the_region_lacks_fails_at_its_line() {
    let run = on_instances("{ec2: {instance_type: m8g.large}}").run(&JSON);
    let finding = fails(run, "GWD602", "us-east-1 does not offer the instance type m8g.large");
    assert_eq!(finding["source"][0]["path"], "compute.ec2.instance_type");
    let fix = finding["fix"].as_str().unwrap();
    assert!(fix.contains("the region offers m7g.large, m6g.large, "), "{fix}");
}

#[test]
fn an_instance_type_of_the_gateway_that_one_zone_lacks_is_a_warning_with_the_zones_that_have_it() {
    let scenario = "not_offered: [{region: us-east-1, name: m7g.large, zones: [us-east-1b]}]";
    let run = on_instances("{ec2: {}}").run_with(scenario, &JSON);
    let finding = warns(run, "GWD602", "instance type m7g.large is not offered in us-east-1b");
    let fix = finding["fix"].as_str().unwrap();
    let zones = "zones that offer it (us-east-1a, us-east-1c, us-east-1d, us-east-1f)";
    assert!(fix.starts_with(&format!("put the private subnets into {zones}, or choose another type: ")), "{fix}");
}

#[test]
fn each_type_of_managed_nodes_is_looked_for() {
    let compute = "{eks: {cluster: {create: {mode: managed_nodes}}, nodes: {instance_types: [m7g.large, m8g.large]}}}";
    let document = on_instances(compute).run(&JSON).expect(5).json();
    let told = findings(&document, "GWD602");
    let told: Vec<(&str, &str)> = told.iter().map(|(status, message)| (status.as_str(), message.as_str())).collect();
    let wanted = [
        ("pass", "instance type m7g.large offered in 2/2 zones"),
        ("fail", "us-east-1 does not offer the instance type m8g.large"),
    ];
    assert_eq!(told, wanted);
}

#[test]
fn auto_mode_names_no_instance_type() {
    let document = on_instances("{eks: {nodes: {instance_types: [m8g.large]}}}").run(&JSON).expect(0).json();
    assert_eq!(findings(&document, "GWD602")[0].0, "skip", "{document:#}");
}

/// A gateway with a database and a cache, and an endpoint for every service that it calls.
fn with_data() -> String {
    SPEC.replace("database: {none: {}}\ncache: {none: {}}\n", "")
        .replace("create: {cidr: 10.40.0.0/16}}}", "create: {cidr: 10.40.0.0/16}}, endpoints: all}")
}

/// The findings of a check.
fn findings(document: &Value, id: &str) -> Vec<(String, String)> {
    let check = document["checks"].as_array().unwrap().iter().find(|check| check["id"] == id).unwrap();
    let text = |finding: &Value, member: &str| finding[member].as_str().unwrap().to_owned();
    let findings = check["findings"].as_array().unwrap().iter();
    findings.map(|finding| (text(finding, "status"), text(finding, "message"))).collect()
}

#[test]
fn what_the_region_offers_passes_in_one_line_for_each_service() {
    let document = Rehearsal::of(&with_data()).run(&JSON).expect(0).json();
    let pass = |message: &str| vec![("pass".to_owned(), message.to_owned())];
    let database = "db.serverless for aurora-postgresql 16.6 offered in 2/2 zones";
    assert_eq!(findings(&document, "GWD603"), pass(database));
    let cache = "valkey 8.0 and cache.t4g.small offered in us-east-1; ElastiCache does not say in which zones";
    assert_eq!(findings(&document, "GWD604"), pass(cache));
    assert_eq!(findings(&document, "GWD605"), pass("us-east-1 has all 11 endpoint services"));
}

#[test]
fn without_database_cache_and_endpoints_there_is_nothing_to_ask_for() {
    let spec = SPEC.replace("create: {cidr: 10.40.0.0/16}}}", "create: {cidr: 10.40.0.0/16}}, endpoints: none}");
    let document = Rehearsal::of(&spec).run(&JSON).expect(0).json();
    let skipped = with_status(&document, "skip");
    assert!(["GWD603", "GWD604", "GWD605"].iter().all(|id| skipped.iter().any(|one| one == id)), "{skipped:?}");
}

#[test]
fn a_database_class_that_the_region_lacks_fails() {
    let scenario = "not_offered: [{region: us-east-1, name: db.serverless}]";
    let words = "us-east-1 does not offer db.serverless for aurora-postgresql 16.6";
    let finding = fails(Rehearsal::of(&with_data()).run_with(scenario, &JSON), "GWD603", words);
    assert!(finding["fix"].as_str().unwrap().contains("database.external"), "{finding:#}");
}

#[test]
fn what_another_region_lacks_is_nothing_to_this_one() {
    let scenario = "not_offered: [{region: us-west-2, name: db.serverless}, {region: us-west-2, name: 'cache.*'}]";
    let document = Rehearsal::of(&with_data()).run_with(scenario, &JSON).expect(0).json();
    assert_eq!(with_status(&document, "fail"), Vec::<String>::new(), "{document:#}");
}

#[test]
fn a_version_without_the_class_fails_with_the_versions_that_have_it() {
    let scenario = "not_offered: [{region: us-east-1, name: 'db.serverless aurora-postgresql 16.6'}]";
    let words = "us-east-1 does not offer db.serverless for aurora-postgresql 16.6";
    let finding = fails(Rehearsal::of(&with_data()).run_with(scenario, &JSON), "GWD603", words);
    let fix = "set database.aurora_postgres.version to one that has it there: 16.4, 16.8, 16.9";
    assert_eq!(finding["fix"], fix);
}

#[test]
fn a_version_that_new_databases_cannot_have_fails() {
    let spec = with_data() + "database: {aurora_postgres: {version: '16.3'}}\n";
    let words = "us-east-1 does not offer aurora-postgresql 16.3 for new databases";
    let finding = fails(Rehearsal::of(&spec).run(&JSON), "GWD603", words);
    assert_eq!(finding["source"][0]["path"], "database.aurora_postgres.version");
}

#[test]
fn a_database_version_that_the_region_lacks_fails_with_the_nearest() {
    let scenario = "not_offered: [{region: us-east-1, name: aurora-postgresql 16.6}]";
    let words = "us-east-1 does not offer aurora-postgresql 16.6 for new databases";
    let finding = fails(Rehearsal::of(&with_data()).run_with(scenario, &JSON), "GWD603", words);
    let fix = "set database.aurora_postgres.version to one that is offered there: 16.4, 16.8, 16.9";
    assert_eq!(finding["fix"], fix);
}

#[test]
fn a_database_with_a_reader_warns_when_one_zone_only_has_its_class() {
    let scenario = "not_offered: [{region: us-east-1, name: db.serverless, zones: [us-east-1b]}]";
    let words = "only us-east-1a offers db.serverless for aurora-postgresql 16.6: all 2 instances";
    let finding = warns(Rehearsal::of(&with_data()).run_with(scenario, &JSON), "GWD603", words);
    let fix =
        "put the data subnets into zones of us-east-1 that offer it: us-east-1a, us-east-1c, us-east-1d, us-east-1f";
    assert_eq!(finding["fix"], fix);
}

#[test]
fn a_database_whose_zones_all_lack_its_class_fails() {
    let spec = with_data().replace(
        "create: {cidr: 10.40.0.0/16}",
        "create: {cidr: 10.40.0.0/16, availability_zones: [us-east-1c, us-east-1e]}",
    );
    let scenario = "not_offered: [{region: us-east-1, name: db.serverless, zones: [us-east-1c]}]";
    let rehearsal = Rehearsal::of(&spec.replace("bastion: {instance_type: t4g.nano}", ""));
    let run = rehearsal.run_with(scenario, &JSON);
    fails(run, "GWD603", "none of us-east-1c, us-east-1e offers db.serverless");
}

#[test]
fn a_node_type_that_the_region_lacks_fails_with_the_nearest() {
    let spec = with_data() + "cache: {redis: {node_type: cache.r8g.large}}\n";
    let finding = fails(Rehearsal::of(&spec).run(&JSON), "GWD604", "us-east-1 does not offer cache.r8g.large");
    let fix =
        "set cache.redis.node_type to one that is offered there: cache.r7g.large, cache.r6g.large, cache.r5.large";
    assert_eq!(finding["fix"], fix);
    assert_eq!(finding["source"][0]["path"], "cache.redis.node_type");
}

#[test]
fn a_cache_version_that_the_region_lacks_fails_with_the_nearest() {
    let scenario = "not_offered: [{region: us-east-1, name: valkey 8.0}]";
    let finding =
        fails(Rehearsal::of(&with_data()).run_with(scenario, &JSON), "GWD604", "us-east-1 does not offer valkey 8.0");
    let fix = "set cache.redis.version to one that is offered there: 8.1, 8.2, 9.0";
    assert_eq!(finding["fix"], fix);
}

#[test]
fn a_serverless_cache_is_looked_at_by_its_major_version() {
    let spec = with_data() + "cache: {serverless: {engine: redis}}\n";
    let document = Rehearsal::of(&spec).run(&JSON).expect(0).json();
    let message = "redis 7 offered in us-east-1; a serverless cache has no node type".to_owned();
    assert_eq!(findings(&document, "GWD604"), [("pass".to_owned(), message)]);
    let scenario = "not_offered: [{region: us-east-1, name: 'redis 7*'}]";
    fails(Rehearsal::of(&spec).run_with(scenario, &JSON), "GWD604", "us-east-1 does not offer redis 7");
}

#[test]
fn an_endpoint_service_that_the_region_lacks_fails() {
    let scenario = "not_offered: [{region: us-east-1, name: com.amazonaws.us-east-1.ec2messages}]";
    let words = "us-east-1 has no endpoint service com.amazonaws.us-east-1.ec2messages";
    let finding = fails(Rehearsal::of(&with_data()).run_with(scenario, &JSON), "GWD605", words);
    assert_eq!(finding["source"][0]["path"], "network.endpoints");
}

#[test]
fn an_endpoint_service_that_one_zone_lacks_fails() {
    let name = "com.amazonaws.us-east-1.bedrock-runtime";
    let scenario = format!("not_offered: [{{region: us-east-1, name: {name}, zones: [us-east-1b]}}]");
    let words = "com.amazonaws.us-east-1.bedrock-runtime has no endpoints in us-east-1b";
    fails(Rehearsal::of(&with_data()).run_with(&scenario, &JSON), "GWD605", words);
}

/// Every call of this name is refused.
fn denied(action: &str) -> String {
    format!(
        "faults: [{{match: {{action: {action}}}, times: 1000, refuse: {{code: AccessDenied, status: 403, message: no}}}}]"
    )
}

#[test]
fn what_may_not_be_asked_is_said_to_be_unknown_and_fails_nothing() {
    for (action, id, words) in [
        (
            "DescribeOrderableDBInstanceOptions",
            "GWD603",
            "where us-east-1 has db.serverless for aurora-postgresql 16.6",
        ),
        ("DescribeCacheEngineVersions", "GWD604", "whether us-east-1 has valkey 8.0"),
        ("DescribeReservedCacheNodesOfferings", "GWD604", "whether us-east-1 has cache.t4g.small"),
        ("DescribeVpcEndpointServices", "GWD605", "where us-east-1 has all 11 endpoint services"),
        ("DescribeInstanceTypeOfferings", "GWD602", "where t4g.nano is offered"),
    ] {
        let run = Rehearsal::of(&with_data()).run_with(&denied(action), &JSON);
        let finding = warns(run, id, &format!("{words} could not be found out: access denied"));
        assert!(finding["fix"].as_str().unwrap().contains(&format!(":{action} on ")), "{finding:#}");
    }
}

#[test]
fn a_database_version_is_known_also_where_classes_may_not_be_asked_for() {
    let scenario = denied("DescribeOrderableDBInstanceOptions")
        + "\nnot_offered: [{region: us-east-1, name: aurora-postgresql 16.6}]";
    let document = Rehearsal::of(&with_data()).run_with(&scenario, &JSON).expect(5).json();
    let told = findings(&document, "GWD603");
    let statuses: Vec<&str> = told.iter().map(|(status, _)| status.as_str()).collect();
    assert_eq!(statuses, ["warn", "fail"], "{told:#?}");
}

#[test]
fn resource_types_that_may_not_be_asked_about_are_all_named() {
    let finding =
        warns(Rehearsal::of(SPEC).run_with(&denied("DescribeType"), &JSON), "GWD601", "whether us-east-1 has all ");
    let named = finding["details"].as_array().unwrap();
    assert!(named.len() > 20 && named.contains(&json!("AWS::EC2::NatGateway")), "{finding:#}");
}
