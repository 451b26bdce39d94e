//! Whether names that a first creation takes are taken: by what an earlier deployment has kept, or by somebody else.

use async_trait::async_trait;
use futures::StreamExt;

use crate::aws::{Result, Session};
use crate::cfn::registry::Registry;
use crate::cfn::template::{Resource, Template};
use crate::doctor::check::{Area, Check, Needs};
use crate::doctor::finding::Finding;
use crate::doctor::subject::Subject;
use crate::plan::SourcePlace;
use crate::render::RenderedStack;
use crate::spec::EngineName;

/// Calls of the Cloud Control API at the same time in one account.
const AT_ONCE: usize = 4;

/// Codes of types that the Cloud Control API does not read.
const UNREADABLE: [&str; 3] = ["UnsupportedActionException", "TypeNotFoundException", "ValidationException"];

/// Whether names that a first creation takes are taken.
pub(super) struct Names;

/// A resource with a name of its own.
struct Named {
    resource_type: String,
    name: String,
    retained: bool,
    source: Vec<SourcePlace>,
}

#[async_trait(?Send)]
impl Check for Names {
    fn id(&self) -> &'static str {
        "GWD902"
    }

    fn name(&self) -> &'static str {
        "names"
    }

    fn area(&self) -> Area {
        Area::Leftovers
    }

    fn needs(&self) -> Needs {
        Needs::Accounts
    }

    async fn run(&self, subject: &Subject<'_>) -> Vec<Finding> {
        if subject.engine() == EngineName::Terraform && subject.is_applied {
            return vec![Finding::skip("what is there is in Terraform's state")];
        }
        let registry = &Registry::builtin();
        let mut findings = subject
            .each_account(async |account, session| {
                let stacks = subject.bundle.stacks.iter().filter(|stack| {
                    stack.target.account == account.target.account && stack.target.region == account.target.region
                });
                let mut findings = Vec::new();
                for stack in stacks {
                    match of_stack(subject, registry, &session, stack).await {
                        Ok(found) => findings.extend(found),
                        Err(error) => findings.push(Finding::unknown("which names are taken", &error)),
                    }
                }
                findings
            })
            .await;
        if findings.is_empty() {
            findings.push(Finding::pass("no name that a creation takes is taken"));
        }
        findings
    }
}

/// What is taken of a stack that is still to be made.
async fn of_stack(
    subject: &Subject<'_>,
    registry: &Registry,
    session: &Session,
    stack: &RenderedStack,
) -> Result<Vec<Finding>> {
    let there = session.cloudformation().stack(&stack.name).await?;
    if there.is_some_and(|there| there.status != "REVIEW_IN_PROGRESS") {
        return Ok(Vec::new());
    }
    let asked = named(subject, registry, stack).into_iter().map(|named| async move {
        let found = session.cloudcontrol().get(&named.resource_type, &named.name).await;
        (named, found)
    });
    let answers: Vec<_> = futures::stream::iter(asked).buffered(AT_ONCE).collect().await;
    let mut findings = Vec::new();
    for (named, answer) in answers {
        match answer {
            Ok(None) => {}
            Ok(Some(_)) => findings.push(taken(named)),
            Err(error) if error.code().is_some_and(|code| UNREADABLE.contains(&code)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(findings)
}

fn taken(named: Named) -> Finding {
    let Named { resource_type, name, retained, source } = named;
    let why = if retained { ": an earlier deployment has kept it" } else { "" };
    Finding::fail(
        format!("{resource_type} {name} is there already{why}, and its creation would fail"),
        "keep it under another `name` of the deployment, or look at what is in it and delete it",
    )
    .at(source)
}

/// The resources of a stack that AWS knows by a name that the template gives.
fn named(subject: &Subject<'_>, registry: &Registry, stack: &RenderedStack) -> Vec<Named> {
    let Ok(template) = Template::parse(stack.template_path.as_str(), &stack.template) else { return Vec::new() };
    let of_resource = |resource: Resource<'_>| {
        let schema = registry.get(resource.resource_type())?;
        let [identifier] = schema.primary_identifier() else { return None };
        let mut node = resource.properties()?;
        for part in identifier.segments() {
            node = node.get(part)?;
        }
        let mut source = (subject.places)(&stack.key, resource.logical_id, identifier.segments());
        source.truncate(1);
        Some(Named {
            resource_type: resource.resource_type().to_owned(),
            // What AWS puts together is not known before.
            name: node.as_str()?.to_owned(),
            retained: resource.deletion_policy().is_some_and(|policy| policy.starts_with("Retain")),
            source,
        })
    };
    template.resources().filter_map(of_resource).collect()
}
