//! The stacks that stack sets have in other accounts: whether each is what its set has, and whether what is in it is
//! still what was deployed.
//!
//! The hub sees every stack of a set, but not what is in it: that is read with the account's `deploy_role`, where the
//! spec has one.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Part;
use super::comparison::Comparison;
use super::detected_set::SetDetection;
use super::places::{Whole, size};
use super::put_back::Patch;
use super::reading::Wanted;
use crate::aws::cloudformation::StackInstance;
use crate::cfn::stack_set::StackSet;
use crate::drift::{Coverage, Difference, Finding, Kind};
use crate::engine::at_once::at_once;
use crate::engine::cloudformation::stack_set::{SUSPENDED, called};
use crate::engine::{DriftOptions, EngineError, Places, preflight};
use crate::render::{Bundle, RenderedStack, Target};

/// A stack set that is deployed.
#[derive(Debug, Clone)]
pub(in crate::engine) struct DeployedSet {
    /// Key of the stack or root module that has it.
    pub key: String,
    /// Its name there: logical id, or the address in the root module.
    pub name: String,
    /// Its address.
    pub address: String,
    /// The set.
    pub set: StackSet,
}

impl DeployedSet {
    /// The set's stack in an account, as if it were one of the bundle.
    pub(super) fn stack(&self, target: &Target) -> RenderedStack {
        RenderedStack {
            key: self.key.clone(),
            kind: self.key.clone(),
            name: self.set.name.clone(),
            target: target.clone(),
            template_path: self.set.name.clone(),
            template: Arc::from(self.set.template.as_str()),
            parameters: Default::default(),
            tags: Default::default(),
            capabilities: Vec::new(),
            termination_protection: false,
            depends_on: Vec::new(),
            descriptions: Default::default(),
        }
    }

    /// Places in the spec: the account's own, and then those of what its stack has.
    pub(super) fn places(&self, account: &str, places: &Places) -> Places {
        let (places, own, set) = (places.clone(), format!("{}/{account}", self.name), self.name.clone());
        Arc::new(move |key: &str, name: &str, path: &[String]| {
            let mut found = places(key, &own, &[]);
            found.extend(places(key, &format!("{set}/{name}"), path));
            found
        })
    }

    /// What is told of an account that nobody can look into.
    pub(super) fn closed(&self) -> String {
        format!(
            "its role comes from the stack set {}, and only a `deploy_role` of the account in the spec can look at it: give it one, or \
             let CloudFormation compare: gwinfra drift --detect-stack-sets",
            self.set.name
        )
    }
}

/// The stack of a set in one account.
struct Member<'a> {
    deployed: &'a DeployedSet,
    account: &'a str,
    /// What CloudFormation says of it in the hub.
    instance: Option<&'a StackInstance>,
    detection: &'a SetDetection,
}

/// Lists the accounts of the spec that no deployed set has as not compared. Gives how many there are.
pub(in crate::engine) fn skip_absent(
    bundle: &Bundle,
    options: &DriftOptions,
    sets: &[DeployedSet],
    coverage: &mut Coverage,
) -> usize {
    let is_absent = |account: &str| sets.iter().all(|deployed| deployed.set.accounts.iter().all(|own| own != account));
    let members = bundle.members.iter().filter(|member| options.wants(&member.account) && is_absent(&member.account));
    let reason = "no stack set that is deployed has the account: gwinfra apply";
    members.map(|member| coverage.skip_part(format!("{}:*", member.account), reason)).count()
}

impl Comparison<'_> {
    /// Compares the stacks of sets in the accounts that are wanted.
    ///
    /// # Errors
    /// When an account cannot be asked, for a reason that is not its own.
    pub async fn members(
        &self,
        bundle: &Bundle,
        options: &DriftOptions,
        sets: &[DeployedSet],
    ) -> Result<Part, EngineError> {
        let mut all = Part::default();
        for deployed in sets {
            let mut accounts = deployed.set.accounts.clone();
            accounts.retain(|account| options.wants(account));
            let cloudformation = self.session(self.hub);
            let instances = match cloudformation.cloudformation().stack_instances(&called(&deployed.set)).await {
                Ok(instances) => instances,
                Err(error) => {
                    let size = size(&deployed.set.template);
                    let skip = |account: &String| {
                        all.coverage.skip_stack(format!("{account}:*"), size, error.to_string());
                    };
                    accounts.iter().for_each(skip);
                    continue;
                }
            };
            let is_closed = |account: &String| {
                let has_stack =
                    instances.get(account).is_some_and(|own| own.status != SUSPENDED && own.stack_id.is_some());
                has_stack && reachable(bundle, account).is_none()
            };
            let detection = match options.detect_stack_sets && accounts.iter().any(is_closed) {
                true => self.detect_set(deployed).await,
                false => SetDetection::NotAsked,
            };
            let work = accounts.iter().map(|account| {
                let member = Member { deployed, account, instance: instances.get(account), detection: &detection };
                self.member(bundle, member)
            });
            for part in at_once(self.most, work).await {
                all.add(part?);
            }
        }
        Ok(all)
    }

    async fn member(&self, bundle: &Bundle, member: Member<'_>) -> Result<Part, EngineError> {
        let Member { deployed, account, instance, detection } = member;
        let mut part = Part::default();
        let size = size(&deployed.set.template);
        let own = |kind, path, sides| self.of_instance(deployed, account, kind, path, sides);
        part.coverage.watch([("stack instances", 1)]);
        let Some(instance) = instance else {
            part.findings.push(own(Kind::Deleted, None, None));
            return Ok(part);
        };
        if instance.status == SUSPENDED {
            part.coverage.skip_stack(format!("{account}:*"), size, "the account is suspended");
            return Ok(part);
        }
        if !instance.is_current() {
            part.findings.push(own(
                Kind::Runtime,
                Some("Status"),
                Some((StackInstance::CURRENT.into(), status(instance))),
            ));
        }
        let Some(stack_id) = instance.stack_id.as_deref() else { return Ok(part) };
        let Some(target) = reachable(bundle, account) else {
            self.add_detected_instance(deployed, instance, detection, size, &mut part).await;
            return Ok(part);
        };
        let rendered = deployed.stack(target);
        let places = deployed.places(account, self.places);
        let there = Comparison { places: &places, ..*self };
        let read = async {
            there.verified([target]).await.of(target)?;
            there.read_stack(wanted(&rendered, stack_id, instance)).await
        };
        match read.await {
            Ok(Some(stack)) => {
                if stack.is_given && !stack.is_current {
                    let sides = ("the template of the stack set".to_owned(), "another template".to_owned());
                    part.findings.push(own(Kind::Runtime, Some("TemplateBody"), Some(sides)));
                }
                let mut member = there.compare(&[(&rendered, stack)]).await;
                // Who updates the stack of a set by itself takes it out of the set's hands.
                member.findings.iter_mut().for_each(|finding| finding.by_change_set = false);
                part.add(member);
            }
            Ok(None) => part.findings.push(own(Kind::Deleted, None, None)),
            Err(error) => match preflight::of_account(bundle, target, &error) {
                Some(reason) => part.coverage.skip_stack(format!("{account}:{}", rendered.name), size, reason),
                None => return Err(error),
            },
        }
        Ok(part)
    }

    /// A finding about the stack of a set in an account.
    fn of_instance(
        &self,
        deployed: &DeployedSet,
        account: &str,
        kind: Kind,
        property: Option<&str>,
        sides: Option<(String, String)>,
    ) -> Finding {
        let path: Vec<String> = property.map(ToOwned::to_owned).into_iter().collect();
        let (expected, actual): (Option<Value>, Option<Value>) =
            sides.map(|(expected, actual)| (json!(expected), json!(actual))).unzip();
        let whole = Whole {
            address: format!("{}/{account}", deployed.address),
            key: &deployed.key,
            account,
            region: &self.hub.region,
            source: (self.places)(&deployed.key, &format!("{}/{account}", deployed.name), &[]),
        };
        whole.finding(kind, Difference { path, expected, actual })
    }

    /// The account that has a resource of a set's stack, and what puts it back; nothing when it is in none of them.
    ///
    /// # Errors
    /// When AWS cannot be asked.
    pub async fn patches_of_member(
        &self,
        bundle: &Bundle,
        sets: &[DeployedSet],
        address: &str,
        findings: &[Finding],
    ) -> Result<(Target, Vec<Patch>), EngineError> {
        for deployed in sets {
            for target in deployed.set.accounts.iter().filter_map(|account| reachable(bundle, account)) {
                let rendered = deployed.stack(target);
                let prefix = rendered.address(self.hub, "");
                let Some(logical_id) = address.strip_prefix(&prefix) else { continue };
                let instances = self.session(self.hub).cloudformation().stack_instances(&called(&deployed.set)).await?;
                let Some(instance) = instances.get(&target.account) else { continue };
                let Some(stack_id) = instance.stack_id.as_deref() else { continue };
                self.verified([target]).await.of(target)?;
                let patches = match self.read_stack(wanted(&rendered, stack_id, instance)).await? {
                    Some(stack) => self.patches(target, &stack, logical_id, findings).await?,
                    None => Vec::new(),
                };
                return Ok((target.clone(), patches));
            }
        }
        Ok((self.hub.clone(), Vec::new()))
    }
}

/// What is live is compared with the set's template, unless the set has not reached the account: then it is known to be
/// another, and what was changed behind it is told against what is deployed there.
fn wanted<'a>(rendered: &'a RenderedStack, stack_id: &'a str, instance: &StackInstance) -> Wanted<'a> {
    Wanted { rendered, id: stack_id, is_given: instance.is_current() }
}

/// The account of the spec, if it has a role to look with.
fn reachable<'a>(bundle: &'a Bundle, account: &str) -> Option<&'a Target> {
    bundle.members.iter().find(|member| member.account == account && member.deploy_role.is_some())
}

/// How the stack of an account is, in words.
fn status(instance: &StackInstance) -> String {
    let detailed = instance.detailed_status.as_deref().filter(|own| *own != "SUCCEEDED" && *own != instance.status);
    let detailed = detailed.map(|own| format!(" ({own})")).unwrap_or_default();
    let reason = instance.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("{}{detailed}{reason}", instance.status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_told_with_how_the_last_operation_ended_and_why() {
        let instance = |status: &str, detailed: &str, reason: Option<&str>| StackInstance {
            account: "222222222222".into(),
            region: "us-east-1".into(),
            stack_id: None,
            status: status.into(),
            detailed_status: Some(detailed.into()),
            reason: reason.map(ToOwned::to_owned),
        };
        let told = status(&instance("OUTDATED", "FAILED", Some("Cannot exceed quota.")));
        assert_eq!(told, "OUTDATED (FAILED): Cannot exceed quota.");
        assert_eq!(status(&instance("INOPERABLE", "INOPERABLE", None)), "INOPERABLE");
    }
}
