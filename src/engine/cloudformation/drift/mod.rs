//! What is deployed against what was deployed: the template and parameters of each stack, evaluated with what AWS gives back
//! of its resources.
//!
//! CloudFormation's own detection does not see Client VPN, parts of WAF and ElastiCache, and lists only what it has checked.
//! So the Cloud Control API reads every resource that it can, EC2 what has no handlers, and the rest is counted.

mod attached;
mod cache;
mod certificate;
mod comparison;
mod covered;
mod gone;
mod identifier;
mod members;
mod places;
mod record;
mod shown;
mod stack;
mod topic_policy;
mod vpn;
mod watch;

use std::collections::{BTreeMap, BTreeSet};

use super::CloudFormationEngine;
use super::stack_set::of_template;
use crate::drift::{Coverage, Document, Finding, Folded, Live, SCHEMA, Source};
use crate::engine::at_once::at_once;
use crate::engine::certificates::Certificates;
use crate::engine::configuration::Deployed;
use crate::engine::watch::{Looked, object, secrets};
use crate::engine::{ACCOUNTS_AT_ONCE, DriftOptions, EngineError, preflight};
use crate::render::{Bundle, RenderedStack};
use stack::{ReadStack, Wanted};

pub(in crate::engine) use comparison::Comparison;
pub(in crate::engine) use members::{DeployedSet, skip_absent};

/// What can be put back.
const REVERTED: &str = "only properties that the template sets, and that the Cloud Control API has read, and records of DNS \
     can be put back; what else was added has to be deleted by hand, and gwinfra explain GW1202 tells what to do about \
     what is gone";

/// What came of one stack.
#[derive(Debug, Default)]
pub(in crate::engine) struct Part {
    pub findings: Vec<Finding>,
    pub folded: Vec<Folded>,
    pub coverage: Coverage,
    pub notes: Vec<String>,
    pub live: BTreeMap<String, Live>,
}

impl Part {
    fn add(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.folded.extend(other.folded);
        self.coverage.add(other.coverage);
        self.notes.extend(other.notes);
        self.live.extend(other.live);
    }
}

impl CloudFormationEngine {
    /// Compares every stack of a deployment, several accounts at the same time. Changes nothing.
    ///
    /// # Errors
    /// When the hub cannot be asked, or nothing is deployed. An account that refuses is part of what was not looked at.
    pub async fn drift(&self, bundle: &Bundle, options: &DriftOptions) -> Result<Document, EngineError> {
        let hub = &bundle.deployment.hub;
        let certificates = Certificates::default();
        let comparison = self.comparison(options, &certificates);
        let stacks: Vec<&RenderedStack> =
            bundle.stacks.iter().filter(|stack| options.wants(&stack.target.account)).collect();
        let accounts = comparison.verified(stacks.iter().map(|stack| &stack.target)).await;
        let asked = stacks.iter().map(|rendered| {
            let (accounts, comparison) = (&accounts, &comparison);
            async move {
                accounts.of(&rendered.target)?;
                comparison.read_stack(Wanted::deployed(rendered)).await
            }
        });
        let asked = at_once(comparison.most, asked).await;
        let mut all = Part::default();
        let mut absent: Vec<&RenderedStack> = Vec::new();
        let mut read: Vec<(&RenderedStack, ReadStack)> = Vec::new();
        for (rendered, result) in stacks.iter().zip(asked) {
            match result {
                Ok(Some(stack)) => read.push((rendered, stack)),
                Ok(None) => absent.push(rendered),
                Err(error) => match preflight::of_account(bundle, &rendered.target, &error) {
                    Some(reason) => all.coverage.skip(format!("{}:{}", rendered.target.account, rendered.name), reason),
                    None => return Err(error),
                },
            }
        }
        if bundle.stacks.iter().any(|stack| !of_template(&stack.template).is_empty()) {
            comparison.verified([hub]).await.of(hub)?;
        }
        let sets = self.deployed_sets(bundle).await?;
        let mut is_absent = !absent.is_empty();
        let applied = self.journal.applied()?;
        let asked = absent.into_iter().map(|rendered| comparison.absent(rendered, applied.as_ref()));
        for part in at_once(comparison.most, asked).await {
            all.add(part);
        }
        is_absent |= skip_absent(bundle, options, &sets, &mut all.coverage) > 0 && sets.is_empty();
        if read.is_empty() && is_absent && all.findings.is_empty() {
            return Err(options.not_deployed(bundle));
        }
        let (compared, of_hub, members) = futures::join!(
            comparison.compare(&read),
            self.look_at_the_hub(&read),
            comparison.members(bundle, options, &sets)
        );
        all.add(compared);
        for (rendered, looked) in of_hub {
            comparison.add_looked(rendered, looked, &mut all);
        }
        all.add(members?);
        Ok(Document {
            schema: SCHEMA.to_owned(),
            deployment: Source {
                name: bundle.deployment.prefix.clone(),
                engine: bundle.deployment.engine.clone(),
                account: hub.account.clone(),
                region: hub.region.clone(),
            },
            findings: all.findings,
            potential: Vec::new(),
            folded: all.folded,
            coverage: all.coverage,
            notes: all.notes,
            live: all.live,
        })
    }

    /// Compares some resources of a stack with what it takes them for.
    pub(super) async fn compare_only(
        &self,
        rendered: &RenderedStack,
        logical_ids: &BTreeSet<String>,
    ) -> Result<Part, EngineError> {
        let mut part = Part::default();
        let certificates = Certificates::default();
        let comparison = self.comparison(&DriftOptions::default(), &certificates);
        if let Some(stack) = comparison.read_stack(Wanted::deployed(rendered)).await? {
            for resource in stack.resources.iter().filter(|resource| logical_ids.contains(&resource.logical_id)) {
                comparison.compare_resource(rendered, &stack, resource, &mut part);
            }
        }
        Ok(part)
    }

    /// Looks at what several stacks of the hub name: secrets, and the configuration object.
    async fn look_at_the_hub<'a>(
        &self,
        read: &'a [(&'a RenderedStack, ReadStack)],
    ) -> Vec<(&'a RenderedStack, Looked)> {
        let session = self.session(&self.hub);
        let hub: Vec<_> = read.iter().filter(|(rendered, _)| rendered.target == self.hub).collect();
        // A secret that a stack has is told of as that, and not where a task is given it.
        let (own, given): (Vec<_>, Vec<_>) = hub.iter().map(|(_, stack)| watch::secrets(stack)).unzip();
        let of_task = hub.iter().find(|(_, stack)| watch::task(stack).is_some());
        let uses: Vec<_> = own.iter().chain(&given).flatten().cloned().collect();
        let outputs = hub.iter().map(|(rendered, stack)| (rendered.kind.clone(), stack.outputs.clone())).collect();
        let deployed = Deployed::of(&outputs);
        let object = async {
            match (of_task.and_then(|(_, stack)| watch::task(stack)), &deployed) {
                (Some(task), Some(deployed)) => object(&session, &task, deployed).await,
                _ => Looked::default(),
            }
        };
        let (mut of_secrets, of_object) = futures::join!(secrets(&session, &uses), object);
        of_secrets.add(of_object);
        // Findings go to the stack whose resource they are about.
        let Looked { seen, skipped, watched } = of_secrets;
        let mut parts: Vec<(&RenderedStack, Looked)> =
            hub.iter().map(|(rendered, _)| (*rendered, Looked::default())).collect();
        let at = |owner: &crate::engine::watch::Owner| {
            hub.iter().position(|(_, stack)| {
                stack.resources.iter().any(|one| one.logical_id == owner.id && one.resource_type == owner.resource_type)
            })
        };
        for one in seen {
            if let Some((_, part)) = at(&one.owner).and_then(|at| parts.get_mut(at)) {
                part.seen.push(one);
            }
        }
        for one in skipped {
            if let Some((_, part)) = at(&one.0).and_then(|at| parts.get_mut(at)) {
                part.skipped.push(one);
            }
        }
        if let Some((_, first)) = parts.first_mut() {
            first.watched = watched;
        }
        parts
    }

    /// Puts those declared properties of one resource back to what is deployed that findings tell of and nobody accepts, where
    /// they still are as told. Gives how many were put back.
    ///
    /// # Errors
    /// When nothing there can be put back, the account is another one, or AWS refuses it.
    pub async fn revert(&self, bundle: &Bundle, address: &str, findings: &[Finding]) -> Result<usize, EngineError> {
        let nothing = || EngineError::NothingToRevert { address: address.to_owned(), next: REVERTED };
        let certificates = Certificates::default();
        let comparison = self.comparison(&DriftOptions::default(), &certificates);
        let found = bundle.stacks.iter().find_map(|rendered| {
            let prefix = rendered.address(&self.hub, "");
            Some((rendered, address.strip_prefix(&prefix)?))
        });
        let patch = match found {
            Some((rendered, logical_id)) => {
                comparison.verified([&rendered.target]).await.of(&rendered.target)?;
                let read = comparison.read_stack(Wanted::deployed(rendered)).await?;
                let patch = read.map(|read| read.patch(&self.registry, logical_id, findings)).transpose()?;
                patch.flatten().map(|patch| (rendered.target.clone(), patch))
            }
            None => {
                comparison.verified([&self.hub]).await.of(&self.hub)?;
                comparison.patch_of_member(bundle, &self.deployed_sets(bundle).await?, address, findings).await?
            }
        };
        let (target, patch) = patch.ok_or_else(nothing)?;
        comparison.put_back(&target, &patch).await
    }

    fn comparison<'a>(&'a self, options: &DriftOptions, certificates: &'a Certificates) -> Comparison<'a> {
        Comparison {
            clients: &self.clients,
            registry: &self.registry,
            hub: &self.hub,
            places: &self.places,
            certificates,
            most: options.concurrency.unwrap_or(ACCOUNTS_AT_ONCE),
        }
    }

    /// The stack sets of a deployment as they were deployed.
    async fn deployed_sets(&self, bundle: &Bundle) -> Result<Vec<DeployedSet>, EngineError> {
        let mut sets = Vec::new();
        for rendered in bundle.stacks.iter().filter(|stack| !of_template(&stack.template).is_empty()) {
            let text = self.session(&rendered.target).cloudformation().template(&rendered.name).await?;
            sets.extend(of_template(&text.unwrap_or_default()).into_iter().map(|set| DeployedSet {
                key: rendered.key.clone(),
                name: set.logical_id.clone(),
                address: rendered.address(&self.hub, &set.logical_id),
                set,
            }));
        }
        Ok(sets)
    }
}
