//! The middleware's README says which variables a deployment sets: those that its containers have.

use std::collections::{BTreeMap, BTreeSet};

use gwinfra::model::Model;
use gwinfra::model::container::{Form, free_middleware_variables, middleware_form, reserved_middleware_variables};
use gwinfra::{rules, spec};

use crate::rehearsal::SPEC;
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
            let mut loaded = spec::load(&path.display().to_string(), &text, None).unwrap();
            loaded.spec.gateway.middleware.environment.clear();
            let containers = Model::new(&loaded.spec, None).gateway.task.containers;
            for container in containers.into_iter().filter(|container| container.name != "litellm") {
                names.extend(container.environment.into_iter().map(|variable| variable.name));
                names.extend(container.secrets.into_iter().map(|secret| secret.name));
            }
        }
    }
    names
}

/// The cells of the README's table of variables: name, default, keys that set it, meaning.
fn cells() -> Vec<[String; 4]> {
    let readme = fs_err::read_to_string(repository("gateway/middleware/README.md")).unwrap();
    let (_, table) = readme.split_once("| variable | default | in a deployment set by | meaning |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        [cells[1].trim_matches('`'), cells[2].trim_matches('`'), cells[3], cells[4]].map(ToOwned::to_owned)
    })
    .collect()
}

/// Each variable of the README's table, with the keys that set it in a deployment.
fn table() -> Vec<(String, Option<String>)> {
    cells().into_iter().map(|[name, _, keys, _]| (name, Some(keys).filter(|keys| keys != "–"))).collect()
}

/// The bounds that a meaning names: `1 to 100`.
fn bounds(meaning: &str) -> Option<Form> {
    let number = |word: &str| word.trim_end_matches(['.', ',']).parse().ok();
    let words: Vec<&str> = meaning.split(' ').collect();
    words.windows(3).find_map(|three| match three {
        [least, "to", most] => Some(Form::Number(number(least)?, number(most)?)),
        _ => None,
    })
}

#[test]
fn the_rules_know_which_values_the_middleware_takes() {
    let free: BTreeSet<&str> = free_middleware_variables().collect();
    let rows = cells().into_iter().filter(|[name, ..]| free.contains(name.as_str()));
    for [name, default, _, meaning] in rows {
        match middleware_form(&name) {
            Some(Form::OneOf(["true", "false"])) => assert!(matches!(default.as_str(), "true" | "false"), "{name}"),
            Some(Form::OneOf(texts)) => {
                assert!(texts.iter().all(|text| meaning.contains(&format!("`{text}`"))), "{name}: {meaning}");
            }
            form => assert_eq!(form, bounds(&meaning), "{name}: {meaning}"),
        }
        let is_switch = matches!(default.as_str(), "true" | "false");
        assert!(!is_switch || middleware_form(&name).is_some(), "{name}");
    }
}

#[test]
fn the_readme_of_the_middleware_tells_what_a_deployment_sets() {
    let told: BTreeSet<String> = table().into_iter().filter(|(_, keys)| keys.is_some()).map(|(name, _)| name).collect();
    assert_eq!(told, set());
}

#[test]
fn the_rules_know_the_variables_of_the_middleware_and_what_sets_them() {
    let told: BTreeMap<String, Option<String>> = table().into_iter().collect();
    let reserved = reserved_middleware_variables().map(|(name, keys)| (name.to_owned(), Some(keys.to_owned())));
    let free = free_middleware_variables().map(|name| (name.to_owned(), None));
    assert_eq!(reserved.chain(free).collect::<BTreeMap<_, _>>(), told);
}

/// The names of the README's table of what libraries read, with those of proxies in small letters, too.
fn of_libraries() -> Vec<String> {
    let readme = fs_err::read_to_string(repository("gateway/middleware/README.md")).unwrap();
    let (_, table) = readme.split_once("| variable | meaning |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let cells = rows.filter_map(|row| row.split('|').nth(1));
    let names = cells.flat_map(|cell| cell.split('`')).filter(|name| name.contains('_')).map(ToOwned::to_owned);
    let small = |name: String| {
        let also = name.ends_with("_PROXY").then(|| name.to_lowercase());
        std::iter::once(name).chain(also)
    };
    names.flat_map(small).collect()
}

#[test]
fn what_libraries_of_the_middleware_read_is_no_unknown_variable() {
    let names = of_libraries();
    assert!(names.len() >= 16 && names.contains(&"no_proxy".to_owned()), "{names:?}");
    for name in names {
        let spec = format!("{SPEC}gateway: {{middleware: {{environment: {{{name}: \"2\"}}}}}}\n");
        let loaded = spec::load("gwinfra.yaml", spec.as_bytes(), None).unwrap();
        assert!(rules::check(&loaded).iter().all(|finding| finding.code != "GW0318"), "{name}");
    }
}
