//! What compares stacks: the same for those of the deployment, and for those that stack sets bring into accounts.

use super::Part;
use super::places::Subject;
use super::put_back::{Patch, Write};
use super::stack::ReadStack;
use super::watch;
use crate::aws::{Clients, Error, Session};
use crate::cfn::registry::Registry;
use crate::engine::at_once::at_once;
use crate::engine::beside::{Beside, count_secrets};
use crate::engine::certificates::Certificates;
use crate::engine::watch::Looked;
use crate::engine::{EngineError, Places};
use crate::render::{RenderedStack, Target};

/// What stacks are compared with.
#[derive(Clone, Copy)]
pub(in crate::engine) struct Comparison<'a> {
    /// Sessions with AWS.
    pub clients: &'a Clients,
    /// The resource schemas.
    pub registry: &'a Registry,
    /// Where the gateway runs.
    pub hub: &'a Target,
    /// From properties to places in the spec.
    pub places: &'a Places,
    /// What ACM has said of certificates.
    pub certificates: &'a Certificates,
    /// The most stacks that are worked on at the same time.
    pub most: usize,
}

/// Targets, and why one cannot be used.
pub(super) struct Accounts(Vec<(Target, Option<Error>)>);

impl Accounts {
    /// Whether a target can be used.
    ///
    /// # Errors
    /// [`Error::WrongAccount`], or why nobody could say.
    pub fn of(&self, target: &Target) -> Result<(), EngineError> {
        let found = self.0.iter().find(|(own, _)| own == target).and_then(|(_, error)| error.clone());
        found.map_or(Ok(()), |error| Err(error.into()))
    }
}

/// Each of the targets once, in their order.
pub(super) fn once<'t>(targets: impl IntoIterator<Item = &'t Target>) -> Vec<&'t Target> {
    let mut once: Vec<&Target> = Vec::new();
    for target in targets {
        if !once.contains(&target) {
            once.push(target);
        }
    }
    once
}

impl Comparison<'_> {
    /// The session with a target.
    pub fn session(&self, target: &Target) -> Session {
        self.clients.session(target)
    }

    /// Compares what was read of stacks, and looks at what is beside their declared properties.
    pub(super) async fn compare(&self, read: &[(&RenderedStack, ReadStack)]) -> Part {
        // A rule of a group may be a resource of another stack, and so may a policy of a role.
        let attached: Vec<watch::Attachment> =
            read.iter().flat_map(|(rendered, stack)| watch::attachments(&rendered.target.account, stack)).collect();
        let (rules, leaving): (Vec<_>, Vec<_>) = read.iter().map(|(_, stack)| watch::rules(stack)).unzip();
        let (rules, leaving) = (rules.concat(), leaving.concat());
        let judged: Vec<_> = read.iter().map(|(_, stack)| stack.all_judged(self.registry)).collect();
        let looked = read.iter().zip(&judged).map(|((rendered, stack), judged)| {
            let mut watch = watch::watch(stack);
            watch::tell_rules(&mut watch, &rules, &leaving);
            let beside = Beside::of(&watch);
            async move {
                let session = self.session(&rendered.target);
                let (looked, detected) =
                    futures::join!(watch.look(&session, self.certificates), self.detect(rendered, stack, judged));
                (looked, detected, beside)
            }
        });
        let mut all = Part::default();
        let looked = at_once(self.most, looked).await;
        for (((rendered, stack), judged), (looked, detected, beside)) in read.iter().zip(judged).zip(looked) {
            let mut part = self.compare_stack(rendered, stack, &attached, judged, &detected);
            beside.count(&looked, &mut part.coverage);
            self.add_looked(rendered, looked, &mut part);
            all.add(part);
        }
        all
    }

    /// Adds what was seen beside the properties of a stack's resources.
    pub(super) fn add_looked(&self, rendered: &RenderedStack, looked: Looked, part: &mut Part) {
        count_secrets(&looked, &mut part.coverage);
        for seen in looked.seen {
            let mut finding = self.subject(rendered, &seen.owner.id, &seen.owner.resource_type).finding(
                seen.kind,
                seen.difference,
                seen.reader,
            );
            finding.severity = seen.level.unwrap_or(finding.severity);
            part.findings.push(finding.of_addition(seen.addition));
        }
        for (owner, what, reason) in looked.skipped {
            let address = self.subject(rendered, &owner.id, &owner.resource_type).address();
            part.coverage.skip_part(format!("{address} {what}"), reason);
        }
        part.coverage.watch(looked.watched);
    }

    /// Whose the credentials for targets are, each asked once: a profile of another account finds its stacks by the same names.
    pub(super) async fn verified<'t>(&self, targets: impl IntoIterator<Item = &'t Target>) -> Accounts {
        let wanted = once(targets);
        let asked = wanted.iter().map(|target| async move { self.session(target).verify_account().await.err() });
        let answers = at_once(self.most, asked).await;
        Accounts(wanted.into_iter().cloned().zip(answers).collect())
    }

    /// Writes a patch. Gives how many properties it puts back.
    ///
    /// # Errors
    /// When the credentials are of another account, or AWS refuses it.
    pub(super) async fn put_back(&self, target: &Target, patch: &Patch) -> Result<usize, EngineError> {
        let session = self.session(target);
        session.verify_account().await?;
        let token = uuid::Uuid::new_v4().to_string();
        match &patch.write {
            Write::Properties { type_name, identifier, operations } => {
                session.cloudcontrol().update(type_name, identifier, operations, &token).await?;
            }
            Write::Record(record) => session.route53().upsert(record).await?,
            Write::Access { user, access } => session.elasticache().set_access(user, access).await?,
            Write::WebAcl { resource, web_acl } => session.wafv2().associate(resource, web_acl).await?,
            Write::Deletion { type_name, identifier } => {
                session.cloudcontrol().delete(type_name, identifier, &token).await?;
            }
            Write::Creation { type_name, desired } => {
                session.cloudcontrol().create(type_name, desired, &token).await?;
            }
        }
        Ok(patch.count)
    }

    /// A resource, for findings about it.
    pub(super) fn subject<'s>(
        &'s self,
        rendered: &'s RenderedStack,
        logical_id: &'s str,
        resource_type: &'s str,
    ) -> Subject<'s> {
        Subject { rendered, hub: self.hub, places: self.places, logical_id, resource_type }
    }
}
