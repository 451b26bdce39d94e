//! The bill of materials against what cargo itself says that the middleware is built from.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use crate::moto_server::skip;
use crate::support::repository;

/// Names and versions of what cargo builds the middleware from on Linux, without what only its tests use. `None` where the
/// packages for that target have not been fetched.
fn built_from(target: &str) -> Option<BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--locked", "--format-version", "1", "--filter-platform", target])
        .arg("--manifest-path")
        .arg(repository("Cargo.toml"))
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    if stderr.contains("--offline was specified") {
        skip(&format!("packages for {target} are not here (cargo fetch --locked --target {target})"));
        return None;
    }
    assert!(output.status.success(), "{stderr}");
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let list = |value: &Value| value.as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let packages: BTreeMap<String, (String, String)> = list(&metadata["packages"])
        .iter()
        .map(|package| (text(&package["id"]), (text(&package["name"]), text(&package["version"]))))
        .collect();
    let nodes: BTreeMap<String, Value> =
        list(&metadata["resolve"]["nodes"]).into_iter().map(|node| (text(&node["id"]), node)).collect();
    let root = packages.iter().find(|(_, (name, _))| name == "gwinfra-middleware").unwrap().0.clone();
    let (mut seen, mut waiting) = (BTreeSet::new(), vec![root.clone()]);
    while let Some(id) = waiting.pop() {
        if !seen.insert(id.clone()) {
            continue;
        }
        for dependency in list(&nodes[&id]["deps"]) {
            if list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"] != "dev") {
                waiting.push(text(&dependency["pkg"]));
            }
        }
    }
    seen.remove(&root);
    Some(seen.iter().map(|id| format!("{}@{}", packages[id].0, packages[id].1)).collect())
}

#[test]
fn the_bill_lists_everything_that_cargo_builds_the_middleware_from_and_hardly_more() {
    let bill: Value = serde_json::from_slice(&gwinfra::image::sbom::middleware()).unwrap();
    let listed: BTreeSet<String> = bill["components"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| format!("{}@{}", part["name"].as_str().unwrap(), part["version"].as_str().unwrap()))
        .collect();
    for target in ["x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl"] {
        let Some(real) = built_from(target) else { return };
        let missing: Vec<&String> = real.difference(&listed).collect();
        assert!(missing.is_empty(), "{missing:?}");
        // A lock file does not tell which features are on: a few packages stand behind one that is off.
        let more: Vec<&String> = listed.difference(&real).collect();
        assert!(more.len() * 20 < real.len(), "{more:?}");
    }
}
