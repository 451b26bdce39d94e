//! Putting one resource back.

use super::comparison::Comparison;
use super::put_back::Patch;
use super::reading::Wanted;
use super::shown::{is_gone, is_open};
use super::stack::{Read, ReadStack};
use crate::drift::Finding;
use crate::engine::certificates::Certificates;
use crate::engine::cloudformation::CloudFormationEngine;
use crate::engine::{DriftOptions, EngineError};
use crate::render::{Bundle, Target};

/// Whether a resource is still gone of which an open finding tells that CloudFormation makes it again.
fn is_left_to_cloudformation(stack: &ReadStack, logical_id: &str, findings: &[Finding]) -> bool {
    findings.iter().any(|finding| is_open(finding) && is_gone(finding) && finding.by_change_set)
        && matches!(stack.read.get(logical_id), Some(Read::Gone(_)))
}

/// What can be put back.
const REVERTED: &str = "properties that the template sets and the Cloud Control API can write, records of DNS, what a user of \
     the cache may do, the web ACL of a load balancer, what was added where its type can be deleted, and what is gone \
     and has no data can be put back; `command` in gwinfra drift -o json   is for what is left, where there is one";

impl CloudFormationEngine {
    /// Puts what findings tell of one resource and nobody accepts back to what is deployed, where it still is as told: declared
    /// properties, parts that were added, and the resource itself if it is gone: CloudFormation makes it again where it would get
    /// another id. Gives how many properties and parts that were.
    ///
    /// # Errors
    /// When nothing there can be put back, the account is another one, AWS refuses it, or CloudFormation would change more.
    pub async fn revert(&self, bundle: &Bundle, address: &str, findings: &[Finding]) -> Result<usize, EngineError> {
        let certificates = Certificates::default();
        let comparison = self.comparison(&DriftOptions::default(), &certificates);
        let found = bundle.stacks.iter().find_map(|rendered| {
            let prefix = rendered.address(&self.hub, "");
            Some((rendered, address.strip_prefix(&prefix)?))
        });
        let (target, patches) = match found {
            Some((rendered, logical_id)) => {
                comparison.verified([&rendered.target]).await.of(&rendered.target)?;
                let patches = match comparison.read_stack(Wanted::deployed(rendered)).await? {
                    Some(stack) if is_left_to_cloudformation(&stack, logical_id, findings) => {
                        return self.bring_back(bundle, rendered, &stack, logical_id).await;
                    }
                    Some(stack) => comparison.patches(&rendered.target, &stack, logical_id, findings).await?,
                    None => Vec::new(),
                };
                (rendered.target.clone(), patches)
            }
            None => {
                comparison.verified([&self.hub]).await.of(&self.hub)?;
                comparison.patches_of_member(bundle, &self.deployed_sets(bundle).await?, address, findings).await?
            }
        };
        if patches.is_empty() {
            return Err(EngineError::NothingToRevert { address: address.to_owned(), next: REVERTED });
        }
        comparison.put_all_back(&target, &patches).await
    }
}

impl Comparison<'_> {
    /// Writes patches one after the other. Gives how many properties and parts they put back.
    ///
    /// # Errors
    /// When the credentials are of another account, or AWS refuses one: those before it are written.
    pub async fn put_all_back(&self, target: &Target, patches: &[Patch]) -> Result<usize, EngineError> {
        let mut count = 0;
        for patch in patches {
            count += self.put_back(target, patch).await?;
        }
        Ok(count)
    }

    /// All that puts a resource of a stack back.
    ///
    /// # Errors
    /// When it is not as the findings tell, or what is accepted would be put back with them.
    pub(super) async fn patches(
        &self,
        target: &Target,
        stack: &ReadStack,
        logical_id: &str,
        findings: &[Finding],
    ) -> Result<Vec<Patch>, EngineError> {
        let properties = stack.patch(self.registry, logical_id, findings)?;
        let parts = self.removals(target, stack, logical_id, findings).await?;
        let whole = stack.remade(self.registry, logical_id, findings);
        Ok(properties.into_iter().chain(parts).chain(whole).collect())
    }
}
