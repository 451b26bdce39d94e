//! The middleware's README says which variables a deployment sets: those that its containers have.

use std::collections::BTreeSet;

use gwinfra::model::Model;
use gwinfra::spec;

use crate::support::repository;

/// Variables that containers of the middleware's image have, for any of these specs.
fn set() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for folder in ["tests/specs/valid", "examples"] {
        for entry in fs_err::read_dir(repository(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                continue;
            }
            let text = fs_err::read(&path).unwrap();
            let loaded = spec::load(&path.display().to_string(), &text, None).unwrap();
            let containers = Model::new(&loaded.spec, None).gateway.task.containers;
            for container in containers.into_iter().filter(|container| container.name != "litellm") {
                names.extend(container.environment.into_iter().map(|variable| variable.name));
                names.extend(container.secrets.into_iter().map(|secret| secret.name));
            }
        }
    }
    names
}

#[test]
fn the_readme_of_the_middleware_tells_what_a_deployment_sets() {
    let readme = fs_err::read_to_string(repository("gateway/middleware/README.md")).unwrap();
    let (_, table) = readme.split_once("| variable | default | in a deployment set by | meaning |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let told: BTreeSet<String> = rows
        .map(|row| row.split('|').map(str::trim).collect::<Vec<_>>())
        .filter(|cells| cells[3] != "–")
        .map(|cells| cells[1].trim_matches('`').to_owned())
        .collect();
    assert_eq!(told, set());
}
