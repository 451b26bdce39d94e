//! What is deployed against the state, as Terraform's refresh sees it.
//!
//! The exit code of a refresh-only plan also tells of attributes that only AWS computes, so its findings are counted: of
//! the resources that changed, the arguments that the files set.

mod beside;
mod changes;
mod refreshed;
mod sets;

use std::collections::BTreeMap;

use super::diagnostic::{Doing, Subject};
use super::unseen::{leave_written, size};
use super::{AT_ONCE, TerraformEngine, range, undeclared};
use crate::cfn::registry::Registry;
use crate::drift::{Coverage, Document, Finding, Folded, Live, Reader, SCHEMA, Source};
use crate::engine::at_once::at_once;
use crate::engine::certificates::Certificates;
use crate::engine::cloudformation::drift::{Comparison, DeployedSet, skip_absent};
use crate::engine::{DriftOptions, EngineError, preflight};
use crate::render::{Bundle, RenderedModule};
use changes::Files;
use refreshed::{Refreshed, Values};
use sets::sets;

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
    pub(in crate::engine::terraform) async fn find_drift(
        &self,
        bundle: &Bundle,
        options: &DriftOptions,
    ) -> Result<Document, EngineError> {
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
                    Some(reason) => coverage.skip_stack(module.key.as_str(), size(module), reason),
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
            deployment: Source::of(&bundle.deployment),
            findings,
            potential: Vec::new(),
            folded,
            coverage,
            first: members.first,
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
            coverage.skip_stack(module.key.as_str(), size(module), "the root module is not deployed: gwinfra apply");
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
        let files = Files::of(module, &self.places);
        leave_written(module, &managed, &files.configured, &mut coverage);
        let (mut findings, mut folded) = files.changes(&refreshed.resource_drift);
        let Values { outputs, root_module } = refreshed.prior_state.values;
        let held = root_module.resources;
        let ranges = range::ranges(module, &held, &files.ignored);
        findings.extend(ranges.seen.into_iter().map(|seen| self.seen(module, seen)));
        folded.extend(ranges.folded);
        let looked = self.look_beside(bundle, module, &held, &outputs, certificates, &mut coverage).await;
        for seen in looked.seen {
            findings.push(self.seen(module, seen));
        }
        for (owner, what, reason) in looked.skipped {
            coverage.skip_part(format!("{}/{} {what}", module.key, owner.id), reason);
        }
        coverage.watch(looked.watched);
        let live = undeclared::undeclared(module, &files.configured, &held);
        Ok(Part { findings, folded, coverage, live, sets: sets(module, &held), is_absent: false })
    }
}
