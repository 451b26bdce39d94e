//! What is deployed against what was deployed: the template and parameters of each stack, evaluated with what AWS gives back
//! of its resources.
//!
//! CloudFormation's own detection does not see Client VPN, parts of WAF and ElastiCache, and lists only what it has checked.
//! So the Cloud Control API reads every resource that it can, own readers what has no handlers, detection what is left, and
//! what nobody reads is counted.

mod access_string;
mod aliases;
mod attached;
mod cache;
mod certificate;
mod compared;
mod comparison;
mod covered;
mod detected_set;
mod detection;
mod given;
mod gone;
mod identifier;
mod made_again;
mod members;
mod places;
mod put_back;
mod reading;
mod record;
mod remade;
mod removal;
mod revert;
mod shown;
mod stack;
mod stated;
mod topic_policy;
mod updated;
mod users;
mod vpn;
mod waf;
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
use detection::Detected;
use reading::Wanted;
use stack::ReadStack;

pub(in crate::engine) use comparison::Comparison;
pub(in crate::engine) use members::{DeployedSet, skip_absent};

/// What came of one stack.
#[derive(Debug, Default)]
pub(in crate::engine) struct Part {
    pub findings: Vec<Finding>,
    pub folded: Vec<Folded>,
    pub coverage: Coverage,
    pub notes: Vec<String>,
    /// The next command of a stack that is stuck.
    pub first: Option<String>,
    pub live: BTreeMap<String, Live>,
}

impl Part {
    fn add(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.folded.extend(other.folded);
        self.coverage.add(other.coverage);
        self.notes.extend(other.notes);
        self.first = self.first.take().or(other.first);
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
                    Some(reason) => {
                        let address = format!("{}:{}", rendered.target.account, rendered.name);
                        all.coverage.skip_stack(address, places::size(&rendered.template), reason);
                    }
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
        all.add(comparison.absent(&absent, applied.as_ref()).await);
        is_absent |= skip_absent(bundle, options, &sets, &mut all.coverage) > 0 && sets.is_empty();
        if read.is_empty() && is_absent && all.findings.is_empty() {
            return Err(options.not_deployed(bundle));
        }
        let (updated, compared, of_hub, members) = futures::join!(
            comparison.updated(bundle, applied.as_ref(), &read),
            comparison.compare(&read),
            self.look_at_the_hub(&read),
            comparison.members(bundle, options, &sets)
        );
        all.add(updated);
        all.add(compared);
        for (rendered, looked) in of_hub {
            comparison.add_looked(rendered, looked, &mut all);
        }
        all.add(members?);
        Ok(Document {
            schema: SCHEMA.to_owned(),
            deployment: Source::of(&bundle.deployment),
            findings: all.findings,
            potential: Vec::new(),
            folded: all.folded,
            coverage: all.coverage,
            first: all.first,
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
        // CloudFormation does not check what a rollback has left out.
        let detected = Detected::new();
        if let Some(stack) = comparison.read_stack(Wanted::deployed(rendered)).await? {
            let mut judged = stack.all_judged(&self.registry);
            for resource in stack.resources.iter().filter(|resource| logical_ids.contains(&resource.logical_id)) {
                let judged = judged.remove(&resource.logical_id);
                comparison.compare_resource(rendered, &stack, (resource, judged), &detected, &mut part);
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
