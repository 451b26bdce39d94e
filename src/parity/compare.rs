//! Node by node, fact by fact.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::finding::{Finding, FindingKind, Intended, Parity, Place, Places, Unchecked};
use super::kinds::{self, Kind};
use super::normal::normal;
use super::resource::{Output, Resource, Side};
use super::{place, tree};
use crate::cfn::registry::Registry as Schemas;
use crate::render::{Node, snake};
use crate::tf::registry::Registry;

/// Outputs by name.
type Outputs = BTreeMap<String, Output>;

/// Facts that the model knows of a node, by fact.
pub(super) type Expected = BTreeMap<String, BTreeMap<String, Json>>;

/// Compares two sides with each other and with what the model expects.
pub(super) fn compare(
    cloudformation: &Side,
    terraform: &Side,
    expected: &Expected,
    nodes: &[Node],
    schemas: &Schemas,
    registry: &Registry,
) -> Parity {
    let parity = Parity { stacks: BTreeMap::new(), findings: Vec::new(), intended: Vec::new(), unchecked: Vec::new() };
    let mut comparison =
        Comparison { parity, intended: BTreeSet::new(), unchecked: BTreeSet::new(), nodes, schemas, registry };
    let keys: BTreeSet<&String> =
        cloudformation.nodes.keys().chain(terraform.nodes.keys()).chain(expected.keys()).collect();
    for key in keys {
        let nothing = BTreeMap::new();
        let sides = (cloudformation.nodes.get(key), terraform.nodes.get(key));
        comparison.node(key, sides, expected.get(key).unwrap_or(&nothing));
    }
    let stacks: BTreeSet<&String> = cloudformation.outputs.keys().chain(terraform.outputs.keys()).collect();
    for stack in stacks {
        comparison.outputs(stack, cloudformation.outputs.get(stack), terraform.outputs.get(stack));
    }
    for resource in &cloudformation.unmapped {
        let places = Places { cloudformation: Some(place::of(resource, "")), ..Places::default() };
        comparison.unmapped(format!("{}/{}", resource.place, resource.name), places);
    }
    for resource in &terraform.unmapped {
        let places = Places { terraform: Some(place::of(resource, "")), ..Places::default() };
        comparison.unmapped(resource.name.clone(), places);
    }
    for problem in cloudformation.unreadable.iter().chain(&terraform.unreadable) {
        comparison.found("", FindingKind::Unreadable, problem.clone(), "", [None, None, None], Places::default());
    }
    for (address, reason) in &terraform.own {
        let of = address.clone();
        comparison.intended.insert(Intended { of, fact: String::new(), reason: reason.clone() });
    }
    comparison.finish()
}

struct Comparison<'a> {
    parity: Parity,
    intended: BTreeSet<Intended>,
    unchecked: BTreeSet<Unchecked>,
    nodes: &'a [Node],
    schemas: &'a Schemas,
    registry: &'a Registry,
}

/// What one side knows of a node.
struct Facts<'r> {
    resources: &'r [Resource],
    facts: BTreeMap<String, Json>,
    tagged: bool,
}

impl<'r> Facts<'r> {
    fn new(kind: &Kind, key: &str, resources: &'r [Resource]) -> Self {
        let own = format!("${{{key}.");
        let mut whole = json!({});
        let mut tagged = false;
        for resource in resources {
            tree::merge(&mut whole, kind.facts(&resource.type_name, &resource.properties, &own));
            tagged |= resource.tags.is_some();
        }
        let mut facts = tree::leaves(&whole);
        // A part of a node, such as a bucket's policy, has no tags of its own: the first that has any counts.
        let tags = resources.iter().find_map(|resource| resource.tags.as_ref());
        facts.extend(tags.into_iter().flatten().map(|(name, value)| (format!("tags.{name}"), json!(value))));
        tagged |= facts.keys().any(|fact| fact.starts_with("tags."));
        Self { resources, facts, tagged }
    }

    fn place(&self, kind: &Kind, fact: &str) -> Option<Place> {
        let found = self.resources.iter().map(|resource| place::find(kind, resource, fact));
        found.max_by_key(|place| place.path.len()).or_else(|| Some(place::of(self.resources.first()?, fact)))
    }
}

impl Comparison<'_> {
    fn node(
        &mut self,
        key: &str,
        (cloudformation, terraform): (Option<&Vec<Resource>>, Option<&Vec<Resource>>),
        expected: &BTreeMap<String, Json>,
    ) {
        let (Some(cloudformation), Some(terraform)) = (cloudformation, terraform) else {
            let side =
                |resources: Option<&Vec<Resource>>| resources.and_then(|all| all.first()).map(|one| place::of(one, ""));
            let places = Places { cloudformation: side(cloudformation), terraform: side(terraform) };
            let word = |resources: Option<&Vec<Resource>>| resources.map(|all| json!(all[0].name));
            let sides = [(!expected.is_empty()).then(|| json!(key)), word(cloudformation), word(terraform)];
            return self.found(key, FindingKind::Resource, key.to_owned(), "", sides, places);
        };
        self.stack(key).nodes += 1;
        let cloudformation_type = cloudformation.first().map_or("", |resource| resource.type_name.as_str());
        let kind = kinds::of(cloudformation_type);
        let [left, right] = [cloudformation, terraform].map(|resources| Facts::new(kind, key, resources));
        let names: BTreeSet<&String> = left.facts.keys().chain(right.facts.keys()).chain(expected.keys()).collect();
        for fact in names {
            self.fact(key, kind, fact, &left, &right, expected.get(fact));
        }
    }

    fn fact(
        &mut self,
        key: &str,
        kind: &Kind,
        fact: &str,
        left: &Facts<'_>,
        right: &Facts<'_>,
        expected: Option<&Json>,
    ) {
        let default = kind.when_absent(fact).map(|text| json!(text));
        let [ours, theirs] = [left, right].map(|side| side.facts.get(fact).or(default.as_ref()));
        let asked = expected.is_none_or(|expected| ours == Some(expected));
        if ours.is_some() && ours == theirs && asked {
            let stack = self.stack(key);
            stack.facts += 1;
            stack.expected += usize::from(expected.is_some());
            return;
        }
        let type_name = |side: &Facts<'_>| side.resources.first().map(|one| one.type_name.clone()).unwrap_or_default();
        // What both say, or the model, must agree: only silence can be intended.
        if expected.is_none() && ours.is_none() != theirs.is_none() {
            if let Some(reason) = kind.intended(fact) {
                let of = type_name(left);
                self.intended.insert(Intended { of, fact: general(fact), reason: reason.to_owned() });
                return;
            }
            let (said, silent) = if ours.is_some() { (left, right) } else { (right, left) };
            if !self.has(kind, key, silent, fact) {
                self.unchecked.insert(Unchecked { type_name: type_name(said), fact: general(fact) });
                return;
            }
        }
        let word = if ours.is_some() && theirs.is_some() { FindingKind::Differs } else { FindingKind::Missing };
        let places = Places { cloudformation: left.place(kind, fact), terraform: right.place(kind, fact) };
        self.found(key, word, key.to_owned(), fact, [expected.cloned(), ours.cloned(), theirs.cloned()], places);
    }

    /// Whether an engine could say a fact of a node.
    fn has(&self, kind: &Kind, key: &str, side: &Facts<'_>, fact: &str) -> bool {
        let head = fact.split('.').next().unwrap_or_default();
        if head == "tags" {
            return side.tagged;
        }
        let mut types: Vec<&str> = side.resources.iter().map(|resource| resource.type_name.as_str()).collect();
        if types.iter().all(|type_name| self.schemas.get(type_name).is_none()) {
            types.extend(self.parts(key));
        }
        kind.knows(&types, fact)
            || types.iter().any(|type_name| {
                if let Some(schema) = self.schemas.get(type_name) {
                    return schema.properties().is_some_and(|all| all.keys().any(|name| snake(name) == head));
                }
                let schema = self.registry.get(crate::tf::Kind::Resource, type_name);
                schema.is_some_and(|schema| {
                    let block = schema.block();
                    let argument = block.attributes.get(head).is_some_and(|argument| !argument.is_read_only());
                    argument || block.block_types.contains_key(head)
                })
            })
    }

    /// Compares what a stack and a root module tell about it.
    fn outputs(&mut self, stack: &str, ours: Option<&Outputs>, theirs: Option<&Outputs>) {
        let names: BTreeSet<&String> = ours.into_iter().chain(theirs).flat_map(|outputs| outputs.keys()).collect();
        for name in names {
            let [ours, theirs] = [ours, theirs].map(|outputs| outputs.and_then(|outputs| outputs.get(name)));
            let [left, right] = [ours, theirs].map(|output| output.map(|output| normal(&output.value)));
            if left.is_some() && left == right {
                self.stack(stack).facts += 1;
                continue;
            }
            let kind = if ours.is_some() && theirs.is_some() { FindingKind::Differs } else { FindingKind::Missing };
            let place = |output: Option<&Output>| {
                output.map(|output| Place { place: output.place.clone(), name: output.name.clone(), path: Vec::new() })
            };
            let places = Places { cloudformation: place(ours), terraform: place(theirs) };
            let fact = format!("outputs.{name}");
            self.found(stack, kind, stack.to_owned(), &fact, [None, left, right], places);
        }
    }

    /// The types in Terraform that a node may be made of, also of parts that are left out.
    fn parts(&self, key: &str) -> impl Iterator<Item = &str> {
        let name = key.split_once(':').map_or(key, |(_, name)| name);
        let name = name.split_once('[').map_or(name, |(name, _)| name);
        let is = move |node: &&Node| name.split_once('/') == Some((node.stack.as_str(), node.logical_id.as_str()));
        let addresses = self.nodes.iter().filter(is).flat_map(|node| &node.terraform);
        addresses.filter_map(|address| address.split('.').next())
    }

    fn unmapped(&mut self, name: String, places: Places) {
        self.found("", FindingKind::Unmapped, name, "", [None, None, None], places);
    }

    fn found(
        &mut self,
        key: &str,
        kind: FindingKind,
        node: String,
        fact: &str,
        [expected, cloudformation, terraform]: [Option<Json>; 3],
        places: Places,
    ) {
        if !key.is_empty() {
            self.stack(key).findings += 1;
        }
        let fact = fact.to_owned();
        self.parity.findings.push(Finding { kind, node, fact, expected, cloudformation, terraform, places });
    }

    /// The counts of a node's stack.
    fn stack(&mut self, key: &str) -> &mut super::finding::Compared {
        let node = key.split_once(':').map_or(key, |(_, node)| node);
        let stack = node.split('/').next().unwrap_or_default();
        self.parity.stacks.entry(stack.to_owned()).or_default()
    }

    fn finish(mut self) -> Parity {
        self.parity.intended = self.intended.into_iter().collect();
        self.parity.unchecked = self.unchecked.into_iter().collect();
        self.parity
    }
}

/// A fact without what tells resources apart, for lists by type: the first two steps.
fn general(fact: &str) -> String {
    let steps = if fact.starts_with("tags.") { 1 } else { 2 };
    fact.split('.').take(steps).collect::<Vec<_>>().join(".")
}
