//! What deleted stacks of this deployment have kept, and is still there.

use async_trait::async_trait;

use crate::aws::{Result, Session};
use crate::doctor::check::{Area, Check, Needs};
use crate::doctor::finding::Finding;
use crate::doctor::subject::Subject;
use crate::spec::EngineName;

/// What deleted stacks of this deployment have kept.
pub(super) struct Retained;

/// Status of a resource that its stack has left behind.
const KEPT: &str = "DELETE_SKIPPED";

#[async_trait(?Send)]
impl Check for Retained {
    fn id(&self) -> &'static str {
        "GWD903"
    }

    fn name(&self) -> &'static str {
        "retained"
    }

    fn area(&self) -> Area {
        Area::Leftovers
    }

    fn needs(&self) -> Needs {
        Needs::Accounts
    }

    async fn run(&self, subject: &Subject<'_>) -> Vec<Finding> {
        if subject.engine() == EngineName::Terraform {
            return vec![Finding::skip("engine: terraform: there are no stacks")];
        }
        let mut findings = subject
            .each_account(async |account, session| {
                let stacks = subject.bundle.stacks.iter();
                let names: Vec<&str> = stacks
                    .filter(|stack| stack.target.account == account.target.account)
                    .map(|stack| stack.name.as_str())
                    .collect();
                match kept(&session, &names).await {
                    Ok(kept) => kept.into_iter().map(told).collect(),
                    Err(error) => vec![Finding::unknown("what deleted stacks have kept", &error)],
                }
            })
            .await;
        if findings.is_empty() {
            findings.push(Finding::pass("no deleted stack has left anything"));
        }
        findings
    }
}

/// A resource that is still there.
struct Kept {
    stack: String,
    logical_id: String,
    resource_type: String,
    physical_id: String,
    region: String,
}

async fn kept(session: &Session, names: &[&str]) -> Result<Vec<Kept>> {
    let client = session.cloudformation();
    let mut all = Vec::new();
    for stack in client.deleted_stacks().await?.into_iter().filter(|stack| names.contains(&stack.name.as_str())) {
        for resource in client.resources(&stack.id).await?.into_iter().filter(|resource| resource.status == KEPT) {
            let Some(physical_id) = resource.physical_id else { continue };
            // What the Cloud Control API cannot read may be gone: nothing is said of it.
            let there = session.cloudcontrol().get(&resource.resource_type, &physical_id).await;
            if matches!(there, Ok(Some(_))) {
                all.push(Kept {
                    stack: stack.name.clone(),
                    logical_id: resource.logical_id,
                    resource_type: resource.resource_type,
                    physical_id,
                    region: session.target().region.clone(),
                });
            }
        }
    }
    Ok(all)
}

fn told(kept: Kept) -> Finding {
    let Kept { stack, logical_id, resource_type, physical_id, region } = kept;
    Finding::warn(
        format!("{stack}/{logical_id} ({resource_type} {physical_id}) is there still: a deleted stack has kept it"),
        format!(
            "when its data is no longer needed: aws cloudcontrol delete-resource --type-name {resource_type} \
             --identifier {physical_id} --region {region}"
        ),
    )
}
