//! Both engines build the same from one spec, and the check that says so can fail.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use gwinfra::blueprint::Blueprint;
use gwinfra::cfn::registry::Registry;
use gwinfra::model::Model;
use gwinfra::parity::{Finding, FindingKind, Parity, check, render_both};
use gwinfra::render::{Bundle, Input, Rendering};
use gwinfra::spec::{Loaded, load};

use crate::matrix_specs;
use crate::support::repository;
use crate::variants::variants;

static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::builtin);

/// A spec in both engines.
struct Pair {
    blueprint: Blueprint,
    model: Model,
    cloudformation: Rendering,
    terraform: Rendering,
}

impl Pair {
    fn new(loaded: &Loaded) -> Self {
        let model = Model::new(&loaded.spec, loaded.environment.as_deref());
        let blueprint = Blueprint::open(&loaded.spec.blueprint, Path::new("."), None).unwrap();
        let rendered = render_both(&Input::new(loaded, &model), &blueprint, &REGISTRY);
        let (cloudformation, terraform) = rendered.map_err(|report| report.diagnostics).unwrap();
        Self { blueprint, model, cloudformation, terraform }
    }

    fn example(name: &str) -> Self {
        let text = fs_err::read(repository("examples").join(name)).unwrap();
        Self::new(&load(name, &text, None).unwrap())
    }

    fn check(&self) -> Parity {
        self.against(&self.cloudformation.bundle, &self.terraform.bundle)
    }

    fn against(&self, cloudformation: &Bundle, terraform: &Bundle) -> Parity {
        check(cloudformation, terraform, &self.blueprint.manifest, &self.model, &REGISTRY)
    }

    /// What is found when text of one stack is another.
    fn with_stack(&self, stack: &str, old: &str, new: &str) -> Vec<String> {
        let mut bundle = self.cloudformation.bundle.clone();
        let stack = bundle.stacks.iter_mut().find(|other| other.key == stack).unwrap();
        stack.template = replaced(&stack.template, old, new).into();
        lines(&self.against(&bundle, &self.terraform.bundle).findings)
    }

    /// What is found when text of one file of the hub's root module is another.
    fn with_file(&self, file: &str, old: &str, new: &str) -> Vec<String> {
        let mut bundle = self.terraform.bundle.clone();
        let text = bundle.modules[0].files.get_mut(file).unwrap();
        *text = replaced(text, old, new).into();
        lines(&self.against(&self.cloudformation.bundle, &bundle).findings)
    }
}

/// The text with its only `old` as `new`.
fn replaced(text: &str, old: &str, new: &str) -> String {
    assert_eq!(text.matches(old).count(), 1, "`{old}` stands there more than once, or not at all");
    text.replace(old, new)
}

fn line(finding: &Finding) -> String {
    let Finding { kind, node, fact, expected, cloudformation, terraform, .. } = finding;
    let show = |value: &Option<serde_json::Value>| value.as_ref().map_or("-".to_owned(), ToString::to_string);
    let sides = [expected, cloudformation, terraform].map(show).join(" ");
    match kind {
        FindingKind::Differs | FindingKind::Missing => format!("{node} {fact}: {sides}"),
        _ => format!("{kind:?} {node}: {sides}"),
    }
}

fn lines(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(line).collect()
}

#[test]
fn every_example_is_the_same_in_both_engines() {
    let mut wrong = BTreeMap::new();
    for variant in variants() {
        let text = fs_err::read(&variant.file).unwrap();
        let parity = Pair::new(&load("example", &text, variant.environment.as_deref()).unwrap()).check();
        let compared = parity.compared();
        assert!(compared.facts > 700 && compared.expected > 500, "{}: {compared:?}", variant.name());
        if !parity.is_equal() {
            wrong.insert(variant.name(), lines(&parity.findings));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What nobody compares, and what differs on purpose, over everything that is rendered here: a reviewer sees it grow.
#[test]
fn every_pair_of_options_is_the_same_in_both_engines() {
    let rows = matrix_specs::pairwise(40);
    let specs: Vec<Vec<u8>> = rows.iter().map(|row| matrix_specs::spec(row).to_string().into_bytes()).collect();
    let compared: Vec<Parity> = std::thread::scope(|scope| {
        let half = specs.len().div_ceil(2);
        let work = specs.chunks(half).map(|specs| {
            scope.spawn(move || {
                let parity = |spec: &Vec<u8>| Pair::new(&load("matrix", spec, None).unwrap()).check();
                specs.iter().map(parity).collect::<Vec<_>>()
            })
        });
        let work: Vec<_> = work.collect();
        work.into_iter().flat_map(|work| work.join().unwrap()).collect()
    });
    let wrong: BTreeSet<String> = compared.iter().flat_map(|parity| lines(&parity.findings)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");

    let unchecked = compared.iter().flat_map(|parity| &parity.unchecked);
    let unchecked: BTreeSet<String> = unchecked.map(|row| format!("{} {}", row.type_name, row.fact)).collect();
    let intended = compared.iter().flat_map(|parity| &parity.intended);
    let intended: BTreeSet<String> = intended.map(|row| format!("{} {}: {}", row.of, row.fact, row.reason)).collect();
    insta::assert_snapshot!("parity_unchecked", Vec::from_iter(unchecked).join("\n"));
    insta::assert_snapshot!("parity_intended", Vec::from_iter(intended).join("\n"));
}
