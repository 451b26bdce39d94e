//! `drift.baseline.yaml`: values that resources have and the spec does not set, as somebody has found them in order.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::codes::BASELINE;
use super::compare::Difference;
use super::finding::{Finding, Kind};
use super::fold::fold;
use super::level::level;
use super::report::{Document, Live, Potential};
use super::same::ORDERED;
use crate::diagnostics::Diagnostic;

/// What stands above the values in the file.
const HEAD: &str = "# Values that the deployment's resources have and the spec does not set. Written by `gwinfra drift --record`; a value\n\
                    # that is another one later is a difference. docs/drift.md says more.\n";

/// Recorded values.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// By name of the deployment, as each environment has one; Terraform's addresses are the same in all of them.
    #[serde(default)]
    recorded: BTreeMap<String, Recorded>,
}

/// Values of one deployment, by address of the resource and path of the property.
type Recorded = BTreeMap<String, BTreeMap<String, Value>>;

/// Why recorded values cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BaselineError(#[from] serde_yaml::Error);

impl Baseline {
    /// Reads recorded values.
    ///
    /// # Errors
    /// When the text is none of this format; the place is in the error.
    pub fn parse(text: &str) -> Result<Self, BaselineError> {
        let is_empty = text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'));
        if is_empty { Ok(Self::default()) } else { Ok(serde_yaml::from_str(text)?) }
    }

    /// As text, for the file.
    ///
    /// # Errors
    /// When a value cannot be written as YAML.
    pub fn text(&self) -> Result<String, BaselineError> {
        Ok(format!("{HEAD}{}", serde_yaml::to_string(self)?))
    }

    /// How many values of a deployment there are.
    pub fn count(&self, deployment: &str) -> usize {
        self.recorded.get(deployment).map_or(0, |own| own.values().map(BTreeMap::len).sum())
    }

    /// Takes what was found of every resource that was compared, without what is a finding already. What is recorded of others is kept, unless `whole` says that
    /// all were asked for: what could not be compared today may be tomorrow, but not what is no longer there.
    pub fn record(&mut self, document: &Document, whole: bool) {
        let own = self.recorded.entry(document.deployment.name.clone()).or_default();
        if whole {
            own.retain(|address, _| document.live.contains_key(address) || is_beside(document, address));
        }
        for (address, live) in &document.live {
            let mut known = own.remove(address).unwrap_or_default();
            let values = live.values.iter().filter(|(path, _)| !is_told(document, address, path));
            // The same in another order is no change to commit.
            let values: Vec<_> =
                values.filter(|(path, value)| known.get(*path).is_none_or(|own| !same(own, value))).collect();
            // What differs now is nobody's word for how it should be.
            known.retain(|path, _| live.values.contains_key(path) || is_told(document, address, path));
            known.extend(values.into_iter().map(|(path, value)| (path.clone(), value.clone())));
            if !known.is_empty() {
                own.insert(address.clone(), known);
            }
        }
        self.recorded.retain(|_, own| !own.is_empty());
    }

    /// Adds findings where a recorded value is another one, and lists values that are not recorded. Tells of what is
    /// recorded of resources that no stack has any more.
    pub fn apply(&self, document: &mut Document, whole: bool) -> Vec<Diagnostic> {
        let (mut findings, mut potential) = (Vec::new(), Vec::new());
        let (nothing, none) = (Recorded::new(), BTreeMap::new());
        let own = self.recorded.get(&document.deployment.name).unwrap_or(&nothing);
        for (address, live) in &document.live {
            let recorded = own.get(address).unwrap_or(&none);
            for (path, value) in live.values.iter().filter(|(path, _)| !is_told(document, address, path)) {
                match recorded.get(path) {
                    None => potential.push(Potential {
                        address: address.clone(),
                        stack: live.stack.clone(),
                        account: live.account.clone(),
                        region: live.region.clone(),
                        resource_type: live.resource_type.clone(),
                        path: parts(path),
                        actual: value.clone(),
                    }),
                    Some(known) if same(known, value) || live.moves_by_itself(path, known, value) => {}
                    Some(known) => findings.push(live.finding(address, path, known, Some(value))),
                }
            }
            for (path, known) in recorded {
                if !live.values.contains_key(path) && !is_declared(&live.declared, path) {
                    findings.push(live.finding(address, path, known, None));
                }
            }
        }
        document.findings.extend(findings);
        document.potential = potential;
        let is_there = |address: &str| {
            document.live.contains_key(address)
                || document.findings.iter().any(|finding| finding.address == address)
                || is_beside(document, address)
        };
        let gone = own.keys().filter(|address| whole && !is_there(address));
        gone.map(|address| {
            Diagnostic::warning(BASELINE, format!("the baseline has values of {address}, and no stack has that"))
                .with_help("gwinfra drift --record   writes it anew")
        })
        .collect()
    }
}

/// Whether a resource was not compared, or its whole stack is gone: what is recorded of it may count again.
fn is_beside(document: &Document, address: &str) -> bool {
    let skipped = document.coverage.skipped.iter();
    let is_of = |stack: &str| address.strip_prefix(stack).is_some_and(|rest| rest.starts_with('/'));
    skipped.map(|one| one.address.trim_end_matches('*')).any(|skipped| address.starts_with(skipped))
        || document.findings.iter().any(|finding| finding.kind == Kind::Deleted && is_of(&finding.address))
}

/// Whether two values are the same, lists in any order unless it is a part of what they say.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| {
                    other.get(name).is_some_and(|other| {
                        if ORDERED.contains(&name.as_str()) { value == other } else { same(value, other) }
                    })
                })
        }
        (Value::Array(one), Value::Array(other)) => {
            let mut left: Vec<&Value> = other.iter().collect();
            let mut take = |value: &Value| {
                let at = left.iter().position(|other| same(value, other));
                at.map(|at| left.swap_remove(at)).is_some()
            };
            one.len() == other.len() && one.iter().all(&mut take)
        }
        (one, other) => one == other,
    }
}

/// Whether a finding tells of what is at a path, or of something in it.
fn is_told(document: &Document, address: &str, path: &str) -> bool {
    let path = parts(path);
    document.findings.iter().any(|finding| {
        finding.address == address
            && !finding.path.is_empty()
            && finding.kind != Kind::Undeclared
            && (path.starts_with(&finding.path) || finding.path.starts_with(&path))
    })
}

/// Whether the template sets what is at a path, or something above it.
fn is_declared(declared: &Value, path: &str) -> bool {
    let mut value = declared;
    for part in parts(path) {
        match value.get(&part) {
            Some(inner @ Value::Object(_)) => value = inner,
            Some(_) => return true,
            None => return false,
        }
    }
    true
}

fn parts(path: &str) -> Vec<String> {
    path.split('.').map(ToOwned::to_owned).collect()
}

impl Live {
    /// Whether a value becomes this other one without anybody's doing.
    fn moves_by_itself(&self, path: &str, recorded: &Value, actual: &Value) -> bool {
        let (expected, actual) = (Some(recorded.clone()), Some(actual.clone()));
        fold(&self.resource_type, &self.declared, &Difference { path: parts(path), expected, actual }).is_some()
    }

    fn finding(&self, address: &str, path: &str, recorded: &Value, actual: Option<&Value>) -> Finding {
        let path = parts(path);
        Finding {
            address: address.to_owned(),
            stack: self.stack.clone(),
            account: self.account.clone(),
            region: self.region.clone(),
            resource_type: self.resource_type.clone(),
            kind: Kind::Undeclared,
            severity: level(&self.resource_type, Kind::Undeclared, &path),
            path,
            expected: Some(recorded.clone()),
            actual: actual.cloned(),
            reader: self.reader,
            source: Vec::new(),
            accepted_by: None,
            id: None,
            command: None,
            by_change_set: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::drift::{Coverage, Reader, SCHEMA, Source};

    const WRITER: &str = "acme-data/DatabaseWriter";

    fn document(values: Value) -> Document {
        let live = Live {
            stack: "data".into(),
            account: "111122223333".into(),
            region: "us-east-1".into(),
            resource_type: "AWS::RDS::DBInstance".into(),
            reader: Reader::CloudControl,
            values: serde_json::from_value(values).unwrap(),
            declared: json!({"MonitoringInterval": 60}),
        };
        Document {
            schema: SCHEMA.into(),
            deployment: Source { name: "a".into(), engine: "e".into(), account: "1".into(), region: "r".into() },
            findings: Vec::new(),
            potential: Vec::new(),
            folded: Vec::new(),
            coverage: Coverage::default(),
            first: None,
            notes: Vec::new(),
            live: BTreeMap::from([(WRITER.to_owned(), live)]),
        }
    }

    fn recorded(values: Value) -> Baseline {
        let mut baseline = Baseline::default();
        baseline.record(&document(values), true);
        baseline
    }

    #[test]
    fn a_value_that_is_not_recorded_is_potential_and_no_finding() {
        let mut document = document(json!({"Window": "sun"}));
        Baseline::default().apply(&mut document, true);
        assert_eq!((document.findings.len(), document.potential.len()), (0, 1));
    }

    #[test]
    fn a_recorded_value_is_silent_until_it_is_another_one() {
        let baseline = recorded(json!({"Window": "sun"}));
        let mut same = document(json!({"Window": "sun"}));
        baseline.apply(&mut same, true);
        assert_eq!((same.findings.len(), same.potential.len()), (0, 0));
        let mut other = document(json!({"Window": "mon"}));
        baseline.apply(&mut other, true);
        assert_eq!(other.findings[0].kind, Kind::Undeclared);
        assert_eq!(
            (&other.findings[0].expected, &other.findings[0].actual),
            (&Some(json!("sun")), &Some(json!("mon")))
        );
    }

    #[test]
    fn a_list_in_another_order_is_the_same_and_is_not_recorded_anew() {
        let mut baseline = recorded(json!({"VpcSecurityGroups": ["sg-1", "sg-2"]}));
        let before = baseline.clone();
        let mut other = document(json!({"VpcSecurityGroups": ["sg-2", "sg-1"]}));
        baseline.apply(&mut other, true);
        assert_eq!((other.findings.len(), other.potential.len()), (0, 0));
        baseline.record(&other, true);
        assert_eq!(baseline, before);
        let mut more = document(json!({"VpcSecurityGroups": ["sg-2", "sg-1", "sg-3"]}));
        baseline.apply(&mut more, true);
        assert_eq!(more.findings.len(), 1);
    }

    #[test]
    fn a_minor_version_that_came_by_itself_is_no_difference_to_the_recorded_one() {
        let baseline = recorded(json!({"EngineVersion": "16.6"}));
        let of = |version: &str| {
            let mut document = document(json!({"EngineVersion": version}));
            baseline.apply(&mut document, true);
            document.findings.len()
        };
        assert_eq!((of("16.8"), of("17.1")), (0, 1));
    }

    #[test]
    fn a_recorded_value_that_is_gone_is_a_finding_unless_the_template_sets_it_now() {
        let baseline = recorded(json!({"Window": "sun", "MonitoringInterval": 30}));
        let mut gone = document(json!({}));
        baseline.apply(&mut gone, true);
        let found: Vec<String> = gone.findings.iter().map(Finding::property).collect();
        assert_eq!(found, ["Window"]);
    }

    #[test]
    fn what_is_a_finding_is_neither_potential_nor_recorded() {
        let mut with_finding = document(json!({"Rules": [1, 2], "Window": "sun"}));
        let live = with_finding.live[WRITER].clone();
        let mut added = live.finding(WRITER, "Rules", &json!(null), Some(&json!(2)));
        added.kind = Kind::Added;
        with_finding.findings.push(added);
        let mut baseline = recorded(json!({"Rules": [1]}));
        baseline.record(&with_finding, true);
        assert_eq!(baseline, recorded(json!({"Rules": [1], "Window": "sun"})));
        Baseline::default().apply(&mut with_finding, true);
        let potential: Vec<String> = with_finding.potential.iter().map(|one| one.path.join(".")).collect();
        assert_eq!((potential, with_finding.findings.len()), (vec!["Window".to_owned()], 1));
    }

    #[test]
    fn each_deployment_has_values_of_its_own() {
        let of = |name: &str, values: Value| {
            let mut document = document(values);
            document.deployment.name = name.to_owned();
            document
        };
        let mut baseline = Baseline::default();
        baseline.record(&of("acme-dev", json!({"Window": "sun"})), true);
        baseline.record(&of("acme-prod", json!({"Window": "mon", "Port": 5432})), true);
        assert_eq!((baseline.count("acme-dev"), baseline.count("acme-prod")), (1, 2));
        for (name, values) in
            [("acme-dev", json!({"Window": "sun"})), ("acme-prod", json!({"Window": "mon", "Port": 5432}))]
        {
            let mut same = of(name, values);
            let told = baseline.apply(&mut same, true);
            assert_eq!((told.len(), same.findings.len(), same.potential.len()), (0, 0, 0), "{name}");
        }
    }

    #[test]
    fn what_is_recorded_of_a_stack_that_is_gone_is_kept_for_when_it_is_there_again() {
        let mut baseline = recorded(json!({"Window": "sun"}));
        let mut later = document(json!({}));
        let stack = later.live[WRITER].finding("acme-data", "", &json!(null), None);
        later.findings.push(Finding { kind: Kind::Deleted, ..stack });
        later.live.clear();
        assert!(baseline.apply(&mut later, true).is_empty());
        baseline.record(&later, true);
        assert_eq!(baseline.count("a"), 1);
    }

    #[test]
    fn what_is_recorded_is_read_back() {
        let baseline = recorded(json!({"Window": "sun", "Ports": [1, 2]}));
        assert_eq!(Baseline::parse(&baseline.text().unwrap()).unwrap(), baseline);
        assert_eq!(Baseline::parse("# nothing yet\n").unwrap(), Baseline::default());
        assert!(Baseline::parse("recorded: {a: 1}").is_err());
    }

    #[test]
    fn a_resource_that_no_stack_has_any_more_is_told_of_and_goes_with_the_next_record() {
        let mut baseline = recorded(json!({"Window": "sun"}));
        let mut later = document(json!({}));
        later.live.clear();
        assert!(baseline.apply(&mut later, true)[0].message.contains(WRITER));
        assert!(baseline.apply(&mut later, false).is_empty());
        baseline.record(&later, true);
        assert_eq!(baseline.count("a"), 0);
    }
}
