//! What is deployed against what was deployed: the template and parameters of each stack, evaluated with what AWS gives back
//! of its resources.
//!
//! CloudFormation's own detection does not see Client VPN, parts of WAF and ElastiCache, and lists only what it has checked.
//! So the Cloud Control API reads every resource that it can, EC2 what has no handlers, and the rest is counted.

mod identifier;
mod inside;
mod places;
mod running;
mod stack;
mod vpn;

use futures::StreamExt;

use super::CloudFormationEngine;
use crate::aws::cloudcontrol::CloudControl;
use crate::drift::{Coverage, Document, Finding, Folded, SCHEMA, Source};
use crate::engine::{ACCOUNTS_AT_ONCE, DriftOptions, EngineError, preflight};
use crate::render::{Bundle, RenderedStack};

/// What came of one stack.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub findings: Vec<Finding>,
    pub folded: Vec<Folded>,
    pub coverage: Coverage,
    pub notes: Vec<String>,
}

impl Part {
    fn add(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.folded.extend(other.folded);
        self.coverage.add(other.coverage);
        self.notes.extend(other.notes);
    }
}

impl CloudFormationEngine {
    /// Compares every stack of a deployment, several accounts at the same time. Changes nothing.
    ///
    /// # Errors
    /// When the hub cannot be asked. An account that refuses is part of what was not looked at.
    pub async fn drift(&self, bundle: &Bundle, options: &DriftOptions) -> Result<Document, EngineError> {
        let hub = &bundle.deployment.hub;
        let stacks: Vec<&RenderedStack> =
            bundle.stacks.iter().filter(|stack| options.wants(&stack.target.account)).collect();
        let asked = futures::stream::iter(&stacks).map(|rendered| self.drift_of(bundle, rendered));
        let asked: Vec<Result<Part, EngineError>> =
            asked.buffered(options.concurrency.unwrap_or(ACCOUNTS_AT_ONCE).max(1)).collect().await;
        let mut all = Part::default();
        for (rendered, result) in stacks.iter().zip(asked) {
            match result {
                Ok(part) => all.add(part),
                Err(error) => match preflight::of_account(bundle, &rendered.target, &error) {
                    Some(reason) => all.coverage.skip(format!("{}:{}", rendered.target.account, rendered.name), reason),
                    None => return Err(error),
                },
            }
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
            folded: all.folded,
            coverage: all.coverage,
            notes: all.notes,
        })
    }

    /// Puts declared properties of one resource back to what is deployed, by a patch of each property as a whole. Gives how
    /// many were put back.
    ///
    /// # Errors
    /// When nothing there can be put back, or AWS refuses it.
    pub async fn revert(&self, bundle: &Bundle, address: &str) -> Result<usize, EngineError> {
        let found = bundle.stacks.iter().find_map(|rendered| {
            let prefix = rendered.address(&self.hub, "");
            Some((rendered, address.strip_prefix(&prefix)?.to_owned()))
        });
        let Some((rendered, logical_id)) = found else {
            return Err(EngineError::NothingToRevert { address: address.to_owned() });
        };
        let session = self.session(&rendered.target);
        let Some(read) = self.read_stack(rendered).await? else {
            return Err(EngineError::NothingToRevert { address: address.to_owned() });
        };
        let Some(patch) = read.patch(&self.registry, &logical_id) else {
            return Err(EngineError::NothingToRevert { address: address.to_owned() });
        };
        let control: &CloudControl = session.cloudcontrol();
        let token = uuid::Uuid::new_v4().to_string();
        control.update(&patch.type_name, &patch.identifier, &patch.operations, &token).await?;
        Ok(patch.count)
    }
}
