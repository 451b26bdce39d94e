//! What is deployed against the state, as Terraform's refresh sees it.
//!
//! The exit code of a refresh-only plan also tells of attributes that only AWS computes, so its findings are counted: of
//! the resources that changed, the arguments that the files set.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::diagnostic::{Doing, Subject};
use super::plan::values::{aligned, differences, of_key, shown};
use super::plan::{configured, members};
use super::show::ResourceChange;
use super::watch::Held;
use super::{AT_ONCE, TerraformEngine, range, undeclared};
use crate::cfn::registry::Registry;
use crate::cfn::stack_set;
use crate::drift::{Coverage, Difference, Document, Finding, Folded, Kind, Live, Reader, SCHEMA, Source, fold, level};
use crate::engine::at_once::at_once;
use crate::engine::certificates::Certificates;
use crate::engine::cloudformation::drift::{Comparison, DeployedSet, skip_absent};
use crate::engine::configuration::Deployed;
use crate::engine::opened::opened;
use crate::engine::watch::{Looked, Seen, object, secrets};
use crate::engine::{DriftOptions, EngineError, preflight};
use crate::render::{Bundle, RenderedModule};

/// The part of `terraform show -json` that tells of drift.
#[derive(Debug, Default, Deserialize)]
struct Refreshed {
    #[serde(default)]
    resource_drift: Vec<ResourceChange>,
    #[serde(default)]
    prior_state: Prior,
}

/// The state as the refresh found it.
#[derive(Debug, Default, Deserialize)]
struct Prior {
    #[serde(default)]
    values: Values,
}

#[derive(Debug, Default, Deserialize)]
struct Values {
    #[serde(default)]
    outputs: BTreeMap<String, Output>,
    #[serde(default)]
    root_module: Root,
}

#[derive(Debug, Default, Deserialize)]
struct Root {
    #[serde(default)]
    resources: Vec<Held>,
}

/// An output.
#[derive(Debug, Default, Deserialize)]
struct Output {
    #[serde(default)]
    value: Value,
}

/// What came of one root module.
#[derive(Default)]
struct Part {
    findings: Vec<Finding>,
    /// What differs by itself.
    folded: Vec<Folded>,
    coverage: Coverage,
    live: BTreeMap<String, Live>,
    /// The stack sets that it has.
    sets: Vec<DeployedSet>,
    /// Nothing of the root module is deployed.
    is_absent: bool,
}

impl TerraformEngine {
    /// Compares every root module with AWS. Changes nothing.
    ///
    /// # Errors
    /// What Terraform says of the hub's module, or that nothing is deployed.
    pub(super) async fn find_drift(&self, bundle: &Bundle, options: &DriftOptions) -> Result<Document, EngineError> {
        let hub = &bundle.deployment.hub;
        let modules: Vec<&RenderedModule> =
            bundle.modules.iter().filter(|module| options.wants(&module.target.account)).collect();
        let most = options.concurrency.unwrap_or(AT_ONCE);
        let certificates = &Certificates::default();
        let asked = at_once(most, modules.iter().map(|module| self.refresh(bundle, module, certificates))).await;
        let Part { mut findings, mut folded, mut coverage, mut live, mut sets, .. } = Part::default();
        let mut absent = 0;
        for (module, result) in modules.iter().zip(asked) {
            match result {
                Ok(part) => {
                    absent += usize::from(part.is_absent);
                    findings.extend(part.findings);
                    folded.extend(part.folded);
                    coverage.add(part.coverage);
                    live.extend(part.live);
                    sets.extend(part.sets);
                }
                Err(error) => match preflight::of_account(bundle, &module.target, &error) {
                    Some(reason) => coverage.skip(module.key.as_str(), reason),
                    None => return Err(error),
                },
            }
        }
        if !options.wants(&hub.account) {
            sets = self.known_sets(bundle).await?;
        }
        if skip_absent(bundle, options, &sets, &mut coverage) > 0 && sets.is_empty() {
            absent += 1;
        }
        if absent > 0 && coverage.total == 0 {
            return Err(options.not_deployed(bundle));
        }
        let registry = Registry::builtin();
        let places = &self.places;
        let comparison = Comparison { clients: &self.clients, registry: &registry, hub, places, certificates, most };
        let members = comparison.members(bundle, options, &sets).await?;
        findings.extend(members.findings);
        folded.extend(members.folded);
        coverage.add(members.coverage);
        live.extend(members.live);
        Ok(Document {
            schema: SCHEMA.to_owned(),
            deployment: Source {
                name: bundle.deployment.prefix.clone(),
                engine: bundle.deployment.engine.clone(),
                account: hub.account.clone(),
                region: hub.region.clone(),
            },
            findings,
            potential: Vec::new(),
            folded,
            coverage,
            notes: members.notes,
            live,
        })
    }

    async fn refresh(
        &self,
        bundle: &Bundle,
        module: &RenderedModule,
        certificates: &Certificates,
    ) -> Result<Part, EngineError> {
        const OUT: &str = "tfdrift";
        let directory = self.work_directory(bundle, module);
        let subject = Subject { module, directory: &directory };
        let mut coverage = Coverage::default();
        let state = self.read_state(subject).await?.unwrap_or_default();
        let managed: Vec<String> = state.managed().map(|(address, _)| address).collect();
        if managed.is_empty() {
            coverage.skip(module.key.as_str(), "the root module is not deployed: gwinfra apply");
            return Ok(Part { coverage, is_absent: true, ..Part::default() });
        }
        self.clients.session(&module.target).verify_account().await?;
        self.prepare(subject).await?;
        self.say(Some(&module.key), "asking Terraform what differs");
        let arguments = ["plan", "-refresh-only", "-json", "-input=false", "-out=tfdrift"];
        let ended = self.follow(&directory, &arguments, |_| {}).await?;
        if ended.code != Some(0) {
            return Err(self.error_of(subject, Doing::Plan, &ended));
        }
        let text = self.capture(&directory, &["show", "-json", "-no-color", OUT]).await?;
        directory.remove(OUT)?;
        let text = text.map_err(|words| self.command_failed(subject, "show", &words))?;
        let refreshed: Refreshed = serde_json::from_slice(&text).map_err(|error| directory.failed(error.into()))?;
        coverage.total = managed.len();
        managed.iter().for_each(|_| coverage.check(Reader::Terraform));
        let configured = configured::configured(module);
        let ignored = configured::ignored(module);
        let (mut findings, mut folded) = (Vec::new(), Vec::new());
        for resource in refreshed.resource_drift.iter().filter(|resource| resource.mode == "managed") {
            let bare = resource.address.split('[').next().unwrap_or(&resource.address);
            let set = configured.get(bare).cloned().unwrap_or_default();
            for finding in self.of_resource(module, resource, &|name| set.contains(name)) {
                if ignored.get(bare).is_some_and(|ignored| ignored.has(&finding.path)) {
                    continue;
                }
                match by_itself(resource, &finding) {
                    Some(reason) => {
                        folded.push(Folded { address: finding.address, path: finding.path, reason: reason.to_owned() })
                    }
                    None => findings.push(finding),
                }
            }
        }
        let Values { outputs, root_module } = refreshed.prior_state.values;
        let held = root_module.resources;
        let ranges = range::ranges(module, &held, &ignored);
        findings.extend(ranges.seen.into_iter().map(|seen| self.seen(module, seen)));
        folded.extend(ranges.folded);
        let looked = self.look_beside(bundle, module, &held, &outputs, certificates).await;
        for seen in looked.seen {
            findings.push(self.seen(module, seen));
        }
        for (owner, what, reason) in looked.skipped {
            coverage.skip(format!("{}/{} {what}", module.key, owner.id), reason);
        }
        coverage.watch(looked.watched);
        let live = undeclared::undeclared(module, &configured, &held);
        Ok(Part { findings, folded, coverage, live, sets: sets(module, &held), is_absent: false })
    }

    /// The stack sets that the hub's module has, by its state: without a look at the hub.
    pub(super) async fn known_sets(&self, bundle: &Bundle) -> Result<Vec<DeployedSet>, EngineError> {
        let of_hub = bundle.modules.iter().filter(|module| module.target == bundle.deployment.hub);
        let mut known = Vec::new();
        for module in of_hub.filter(|_| !bundle.members.is_empty()) {
            let directory = self.work_directory(bundle, module);
            let subject = Subject { module, directory: &directory };
            if self.read_state(subject).await?.is_none() {
                continue;
            }
            self.prepare(subject).await?;
            let text = self.capture(&directory, &["show", "-json", "-no-color"]).await?;
            let text = text.map_err(|words| self.command_failed(subject, "show", &words))?;
            let state: Prior = serde_json::from_slice(&text).map_err(|error| directory.failed(error.into()))?;
            known.extend(sets(module, &state.values.root_module.resources));
        }
        Ok(known)
    }

    /// Looks at what Terraform does not: what was added inside resources, what runs, and what has an end.
    async fn look_beside(
        &self,
        bundle: &Bundle,
        module: &RenderedModule,
        held: &[Held],
        outputs: &BTreeMap<String, Output>,
        certificates: &Certificates,
    ) -> Looked {
        let session = self.clients.session(&module.target);
        let watch = super::watch::watch(held);
        let uses = super::watch::secrets(held);
        let text = |(name, output): (&String, &Output)| Some((name.clone(), output.value.as_str()?.to_owned()));
        let outputs = BTreeMap::from([(module.key.clone(), outputs.iter().filter_map(text).collect())]);
        let deployed = Deployed::of(&outputs).filter(|_| module.target == bundle.deployment.hub);
        let object = async {
            match (super::watch::task(held), &deployed) {
                (Some(task), Some(deployed)) => object(&session, &task, deployed).await,
                _ => Looked::default(),
            }
        };
        let (mut looked, secrets, object) =
            futures::join!(watch.look(&session, certificates), secrets(&session, &uses), object);
        looked.add(secrets);
        looked.add(object);
        looked
    }

    fn seen(&self, module: &RenderedModule, seen: Seen) -> Finding {
        let Seen { owner, kind, difference, reader, level: own } = seen;
        Finding {
            address: format!("{}/{}", module.key, owner.id),
            stack: module.key.clone(),
            account: module.target.account.clone(),
            region: module.target.region.clone(),
            severity: own.unwrap_or_else(|| level(&owner.resource_type, kind, &difference.path)),
            source: (self.places)(&module.key, &owner.id, &difference.path),
            resource_type: owner.resource_type,
            kind,
            path: difference.path,
            expected: difference.expected,
            actual: difference.actual,
            reader,
            accepted_by: None,
        }
    }

    fn of_resource(
        &self,
        module: &RenderedModule,
        resource: &ResourceChange,
        is_set: &dyn Fn(&str) -> bool,
    ) -> Vec<Finding> {
        let detail = &resource.change;
        let finding = |kind: Kind, path: Vec<String>, expected: Option<Value>, actual: Option<Value>| Finding {
            address: format!("{}/{}", module.key, resource.address),
            stack: module.key.clone(),
            account: module.target.account.clone(),
            region: module.target.region.clone(),
            resource_type: resource.resource_type.clone(),
            severity: level(&resource.resource_type, kind, &path),
            source: (self.places)(&module.key, &resource.address, &path),
            kind,
            path,
            expected,
            actual,
            reader: Reader::Terraform,
            accepted_by: None,
        };
        if detail.actions == ["delete"] {
            return vec![finding(Kind::Deleted, Vec::new(), None, None)];
        }
        let masked = |value: &Value, sensitive: &Value| shown(value, &Value::Null, sensitive);
        let (before, after) =
            (masked(&detail.before, &detail.before_sensitive), masked(&detail.after, &detail.after_sensitive));
        let empty = Map::new();
        let names = before.as_object().unwrap_or(&empty).keys().filter(|name| is_set(name));
        let mut found = Vec::new();
        for name in names {
            let mut path = vec![name.clone()];
            let now = opened(of_key(&after, name));
            let was = aligned(opened(of_key(&before, name)), &now);
            let mut paths = Vec::new();
            differences(&was, &now, &mut path, &mut paths);
            for path in paths {
                let at = |value: &Value| {
                    let inner = path.iter().skip(1).try_fold(value, |value, part| match value {
                        Value::Array(items) => items.get(part.parse::<usize>().ok()?),
                        other => other.get(part),
                    });
                    inner.filter(|value| !value.is_null()).cloned()
                };
                let (expected, actual) = (at(&was), at(&now));
                let kind = if expected.is_none() { Kind::Added } else { Kind::Changed };
                found.push(finding(kind, path.clone(), expected, actual));
            }
        }
        for (key, was, now) in default_tags(&before, &after) {
            found.push(finding(Kind::Changed, vec!["tags_all".to_owned(), key], Some(was), now));
        }
        found
    }
}

/// Why what differs of a resource is no drift.
fn by_itself(resource: &ResourceChange, finding: &Finding) -> Option<&'static str> {
    let Finding { path, expected, actual, .. } = finding.clone();
    fold(&resource.resource_type, &resource.change.before, &Difference { path, expected, actual })
}

/// The tags that the provider gives to every resource, where they are others or gone: key, before, and now. Those of the
/// resource itself are among its arguments.
fn default_tags(before: &Value, after: &Value) -> Vec<(String, Value, Option<Value>)> {
    let own = of_key(before, "tags");
    let all = of_key(before, "tags_all").as_object().into_iter().flatten();
    let now = |key: &String| of_key(after, "tags_all").get(key).filter(|value| !value.is_null());
    all.filter(|(key, _)| own.get(key).is_none())
        .filter(|(key, was)| now(key) != Some(was))
        .map(|(key, was)| (key.clone(), was.clone(), now(key).cloned()))
        .collect()
}

/// The stack sets that a module's stacks have.
fn sets(module: &RenderedModule, held: &[Held]) -> Vec<DeployedSet> {
    let stacks = held.iter().filter(|one| one.resource_type == members::STACK);
    let of_stack = |stack: &Held| {
        let sets = stack_set::of_template(members::body(&stack.values).unwrap_or_default()).into_iter();
        let own = sets.map(|set| DeployedSet {
            key: module.key.clone(),
            name: stack.address.clone(),
            address: format!("{}/{}", module.key, stack.address),
            set,
        });
        own.collect::<Vec<_>>()
    };
    stacks.flat_map(of_stack).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_tag_of_the_provider_that_is_gone_or_another_one_is_found_and_those_of_others_are_theirs() {
        let before = json!({"tags": {"Name": "a"}, "tags_all": {"Name": "a", "team": "platform", "cost": "1"}});
        let after = json!({"tags": {"Name": "b"}, "tags_all": {"Name": "b", "team": "other", "mine": "x"}});
        let found = default_tags(&before, &after);
        assert_eq!(
            found,
            [("team".to_owned(), json!("platform"), Some(json!("other"))), ("cost".to_owned(), json!("1"), None),]
        );
    }
}
