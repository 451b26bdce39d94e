//! RDS: which versions and instance classes of Aurora PostgreSQL a region offers. Databases themselves are resources of
//! stacks.
//!
//! Upgrade targets, certificates, character sets and time zones of a version are left out, and no version is said to be
//! the default.

mod catalogue;

use serde_json::{Value, json};

use self::catalogue::{AVAILABLE, DEPRECATED, ENGINE, ENGINES, Orderable, SERVERLESS, numbers};
use super::protocol::service::{Lists, unknown_action};
use super::records::{invalid, records};
use super::request::{Fault, Reply, Request, scalar};
use super::world::World;

/// What the items of lists are called, by the API's model.
pub const LISTS: Lists = Lists::Named(&[
    ("AvailabilityZones", "AvailabilityZone"),
    ("AvailableProcessorFeatures", "AvailableProcessorFeature"),
    ("DBEngineVersions", "DBEngineVersion"),
    ("OrderableDBInstanceOptions", "OrderableDBInstanceOption"),
]);

/// Answers an RDS call.
pub fn handle(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    match request.action {
        "DescribeDBEngineVersions" => describe_engine_versions(world, request),
        "DescribeOrderableDBInstanceOptions" => describe_orderable_options(world, request),
        _ => Err(unknown_action(request)),
    }
}

/// Refuses an engine that RDS does not have, or that there is no catalogue of.
fn check(engine: &str) -> Result<(), Fault> {
    match engine {
        ENGINE => Ok(()),
        known if ENGINES.contains(&known) => {
            Err(invalid(format!("gwinfra's simulator has a catalogue of {ENGINE}, and none of {known}")))
        }
        other => Err(invalid(format!("Unrecognized engine name: {other}"))),
    }
}

/// The versions that the region has: available ones, and with `deprecated` also those that new clusters cannot have.
fn versions<'a>(
    world: &'a World,
    region: &'a str,
    deprecated: bool,
) -> impl Iterator<Item = (&'static str, bool)> + 'a {
    let old: &[&str] = if deprecated { DEPRECATED } else { &[] };
    let all = old.iter().map(|version| (*version, false)).chain(AVAILABLE.iter().map(|version| (*version, true)));
    all.filter(move |(version, _)| world.scenario.is_offered(region, &format!("{ENGINE} {version}")))
}

fn describe_engine_versions(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    if let Some(engine) = request.text("Engine") {
        check(&engine)?;
    }
    if request.flag("DefaultOnly") == Some(true) {
        return Err(invalid("gwinfra's simulator does not know which version is the default"));
    }
    let (version, family) = (request.text("EngineVersion"), request.text("DBParameterGroupFamily"));
    let filters = filters(request)?;
    let found: Vec<Value> = versions(world, request.region, request.flag("IncludeAll") == Some(true))
        .map(|(version, available)| shown_version(version, available))
        .filter(|one| version.as_deref().is_none_or(|wanted| one["EngineVersion"] == wanted))
        .filter(|one| family.as_deref().is_none_or(|wanted| one["DBParameterGroupFamily"] == wanted))
        .filter(|one| filters.iter().all(|(member, wanted)| wanted.iter().any(|wanted| has(&one[*member], wanted))))
        .collect();
    records(request, "DBEngineVersions", 100, found)
}

/// The filters of a call, by the member that each looks at.
fn filters(request: &Request<'_>) -> Result<Vec<(&'static str, Vec<String>)>, Fault> {
    let given = request.params.get("Filters").and_then(|filters| filters.get("Filter")).and_then(Value::as_array);
    given.into_iter().flatten().map(filter).collect()
}

fn filter(filter: &Value) -> Result<(&'static str, Vec<String>), Fault> {
    let name = filter.get("Name").and_then(scalar).unwrap_or_default();
    let member = match name.as_str() {
        "db-parameter-group-family" => "DBParameterGroupFamily",
        "engine" => "Engine",
        "engine-mode" => "SupportedEngineModes",
        "engine-version" => "EngineVersion",
        "status" => "Status",
        other => return Err(invalid(format!("Unrecognized filter name: {other}"))),
    };
    let values = filter.get("Values").and_then(|values| values.get("Value")).and_then(Value::as_array);
    Ok((member, values.into_iter().flatten().filter_map(scalar).collect()))
}

/// Whether a member is that text, or a list that has it.
fn has(member: &Value, wanted: &str) -> bool {
    member == wanted || member.as_array().is_some_and(|items| items.iter().any(|item| item == wanted))
}

fn shown_version(version: &str, available: bool) -> Value {
    let (major, _) = numbers(version);
    let limitless = version.ends_with("-limitless");
    let number = version.trim_end_matches("-limitless");
    json!({
        "Engine": ENGINE,
        "EngineVersion": version,
        "MajorEngineVersion": major.to_string(),
        "DBParameterGroupFamily": format!("{ENGINE}{major}{}", if limitless { "-limitless" } else { "" }),
        "DBEngineDescription": "Aurora (PostgreSQL)",
        "DBEngineVersionDescription": format!("Aurora PostgreSQL (Compatible with PostgreSQL {number})"),
        "ExportableLogTypes": ["instance", "postgresql"],
        "SupportsLogExportsToCloudwatchLogs": true,
        "SupportsReadReplica": false,
        "SupportedEngineModes": ["provisioned"],
        "Status": if available { "available" } else { "deprecated" },
        "SupportsParallelQuery": false,
        "SupportsGlobalDatabases": !limitless,
        "SupportsLimitlessDatabase": limitless,
        "ServerlessV2FeaturesSupport": serverless(version),
    })
}

/// The capacity that Serverless v2 may have; nothing before version 13, which has none.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.how-it-works.html>
fn serverless(version: &str) -> Option<Value> {
    let numbers = numbers(version);
    let at_least = |from: [(u32, u32); 4]| {
        from.iter().find(|(major, _)| *major == numbers.0).map_or(numbers.0 > 16, |from| numbers >= *from)
    };
    let pauses = at_least([(13, 15), (14, 12), (15, 7), (16, 3)]);
    let large = at_least([(13, 13), (14, 10), (15, 5), (16, 1)]);
    let (minimum, maximum) = (if pauses { 0.0 } else { 0.5 }, if large { 256.0 } else { 128.0 });
    (numbers.0 >= 13).then(|| json!({"MinCapacity": minimum, "MaxCapacity": maximum}))
}

fn describe_orderable_options(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let engine = request
        .text("Engine")
        .ok_or_else(|| Fault::new("MissingParameter", "The request must contain the parameter Engine."))?;
    check(&engine)?;
    let (version, class) = (request.text("EngineVersion"), request.text("DBInstanceClass"));
    let licence = request.text("LicenseModel");
    // Aurora is in VPCs and in no Local Zone.
    let none = licence.is_some_and(|licence| licence != LICENCE)
        || request.flag("Vpc") == Some(false)
        || request.text("AvailabilityZoneGroup").is_some();
    let found: Vec<Value> = versions(world, request.region, false)
        .map(|(version, _)| version)
        .filter(|one| !none && version.as_deref().is_none_or(|wanted| wanted == *one))
        .flat_map(|version| catalogue::orderable(version, request.region).into_iter().map(move |one| (version, one)))
        .filter(|(_, one)| class.as_deref().is_none_or(|wanted| wanted == one.class))
        .flat_map(|(version, one)| {
            let scenario = &world.scenario;
            let zones = scenario.offering(request.region, &one.class, one.zones.clone());
            let zones = scenario.offering(request.region, &format!("{} {ENGINE} {version}", one.class), zones);
            let storage: &[&str] = if zones.is_empty() { &[] } else { storage(version, &one) };
            storage.iter().map(move |storage| shown_option(version, &one, storage, &zones)).collect::<Vec<_>>()
        })
        .collect();
    records(request, "OrderableDBInstanceOptions", 1_000, found)
}

const LICENCE: &str = "postgresql-license";

/// Aurora's storage, which is in an option of its own where input and output cost nothing.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Overview.StorageReliability.html>
fn storage(version: &str, one: &Orderable) -> &'static [&'static str] {
    let optimized = match numbers(version) {
        (13, minor) => minor >= 10,
        (14, minor) => minor >= 7,
        (major, _) => major >= 15,
    };
    if optimized && !one.family.starts_with('t') { &["aurora", "aurora-iopt1"] } else { &["aurora"] }
}

fn shown_option(version: &str, one: &Orderable, storage: &str, zones: &[String]) -> Value {
    let zones: Vec<Value> = zones.iter().map(|zone| json!({"Name": zone})).collect();
    let streams: &[&str] = if one.family == SERVERLESS { &[] } else { &["async", "sync"] };
    json!({
        "Engine": ENGINE,
        "EngineVersion": version,
        "DBInstanceClass": one.class,
        "LicenseModel": LICENCE,
        "AvailabilityZones": zones,
        "MultiAZCapable": false,
        "ReadReplicaCapable": false,
        "Vpc": true,
        "SupportsStorageEncryption": true,
        "StorageType": storage,
        "SupportsIops": false,
        "SupportsEnhancedMonitoring": true,
        "SupportsIAMDatabaseAuthentication": true,
        "SupportsPerformanceInsights": true,
        "AvailableProcessorFeatures": [],
        "SupportedEngineModes": ["provisioned"],
        "SupportsKerberosAuthentication": true,
        "OutpostCapable": false,
        "SupportedActivityStreamModes": streams,
        "SupportsGlobalDatabases": true,
        "SupportsClusters": true,
        "SupportedNetworkTypes": ["IPV4", "DUAL"],
        "SupportsStorageThroughput": false,
    })
}
