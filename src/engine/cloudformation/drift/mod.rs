//! What is deployed against what was deployed: the template and parameters of each stack, evaluated with what AWS gives back
//! of its resources.
//!
//! CloudFormation's own detection does not see Client VPN, parts of WAF and ElastiCache, and lists only what it has checked.
//! So the Cloud Control API reads every resource that it can, EC2 what has no handlers, and the rest is counted.

mod certificate;
mod identifier;
mod places;
mod stack;
mod vpn;
mod record;
mod watch;

use std::collections::BTreeMap;

use super::CloudFormationEngine;
use super::stack_set::of_template;
use crate::aws::cloudcontrol::CloudControl;
use crate::drift::{Coverage, Document, Finding, Folded, Live, SCHEMA, Source};
use crate::engine::at_once::at_once;
use crate::engine::configuration::Deployed;
use crate::engine::drift_scope::{not_deployed, skip_members};
use crate::engine::watch::{Looked, object, secrets};
use crate::engine::{ACCOUNTS_AT_ONCE, DriftOptions, EngineError, preflight};
use crate::render::{Bundle, RenderedStack};
use stack::ReadStack;

/// What can be put back.
const REVERTED: &str = "only properties that the template sets, and that the Cloud Control API has read, can be put back; \
     what else was added has to be deleted by hand, and gwinfra explain GW1202 tells what to do about what is gone";

/// What came of one stack.
#[derive(Debug, Default)]
pub(super) struct Part {
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
        let most = options.concurrency.unwrap_or(ACCOUNTS_AT_ONCE);
        let stacks: Vec<&RenderedStack> =
            bundle.stacks.iter().filter(|stack| options.wants(&stack.target.account)).collect();
        let asked = at_once(most, stacks.iter().map(|rendered| self.read_stack(rendered))).await;
        let (mut all, mut is_absent) = (Part::default(), false);
        let mut read: Vec<(&RenderedStack, ReadStack)> = Vec::new();
        for (rendered, result) in stacks.iter().zip(asked) {
            match result {
                Ok(Some(stack)) => read.push((rendered, stack)),
                Ok(None) => {
                    is_absent = true;
                    all.coverage.skip(rendered.address(&self.hub, "*"), "the stack is not deployed: gwinfra apply");
                }
                Err(error) => match preflight::of_account(bundle, &rendered.target, &error) {
                    Some(reason) => all.coverage.skip(format!("{}:{}", rendered.target.account, rendered.name), reason),
                    None => return Err(error),
                },
            }
        }
        let sets: Vec<_> = bundle.stacks.iter().flat_map(|stack| of_template(&stack.template)).collect();
        if read.is_empty() && is_absent {
            return Err(not_deployed(bundle, options));
        }
        skip_members(bundle, options, &sets, &mut all.coverage);
        // A rule of a group may be a resource of another stack, and so may a policy of a role.
        let attached: Vec<watch::Attachment> =
            read.iter().flat_map(|(rendered, stack)| watch::attachments(&rendered.target.account, stack)).collect();
        let (rules, leaving): (Vec<_>, Vec<_>) = read.iter().map(|(_, stack)| watch::rules(stack)).unzip();
        let (rules, leaving) = (rules.concat(), leaving.concat());
        let looked = read.iter().map(|(rendered, stack)| {
            let mut watch = watch::watch(stack);
            for group in &mut watch.groups {
                group.rules.clone_from(&rules);
                group.has_egress |= leaving.contains(&group.id);
            }
            async move { watch.look(&self.session(&rendered.target)).await }
        });
        let of_hub = self.look_at_the_hub(&read);
        let (looked, of_hub) = futures::join!(at_once(most, looked), of_hub);
        for ((rendered, stack), looked) in read.iter().zip(looked) {
            let mut part = self.compare_stack(rendered, stack, &attached);
            self.add_looked(rendered, looked, &mut part);
            all.add(part);
        }
        for (rendered, looked) in of_hub {
            self.add_looked(rendered, looked, &mut all);
        }
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

    fn add_looked(&self, rendered: &RenderedStack, looked: Looked, part: &mut Part) {
        for seen in looked.seen {
            let mut finding = self.subject(rendered, &seen.owner.id, &seen.owner.resource_type).finding(
                seen.kind,
                seen.difference,
                seen.reader,
            );
            finding.severity = seen.level.unwrap_or(finding.severity);
            part.findings.push(finding);
        }
        for (owner, what, reason) in looked.skipped {
            let address = self.subject(rendered, &owner.id, &owner.resource_type).address();
            part.coverage.skip(format!("{address} {what}"), reason);
        }
        part.coverage.watch(looked.watched);
    }

    /// Puts declared properties of one resource back to what is deployed, by a patch of each property as a whole. Gives how
    /// many were put back.
    ///
    /// # Errors
    /// When nothing there can be put back, or AWS refuses it.
    pub async fn revert(&self, bundle: &Bundle, address: &str) -> Result<usize, EngineError> {
        let nothing = || EngineError::NothingToRevert { address: address.to_owned(), next: REVERTED };
        let found = bundle.stacks.iter().find_map(|rendered| {
            let prefix = rendered.address(&self.hub, "");
            Some((rendered, address.strip_prefix(&prefix)?.to_owned()))
        });
        let Some((rendered, logical_id)) = found else {
            return Err(nothing());
        };
        let session = self.session(&rendered.target);
        let Some(read) = self.read_stack(rendered).await? else {
            return Err(nothing());
        };
        let Some(patch) = read.patch(&self.registry, &logical_id) else {
            return Err(nothing());
        };
        let control: &CloudControl = session.cloudcontrol();
        let token = uuid::Uuid::new_v4().to_string();
        control.update(&patch.type_name, &patch.identifier, &patch.operations, &token).await?;
        Ok(patch.count)
    }
}
