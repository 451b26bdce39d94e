//! What CloudFormation's own detection says of the stacks of a set in accounts that nobody else can look into: it works with the
//! set's roles there.

use std::collections::BTreeMap;

use super::Part;
use super::comparison::Comparison;
use super::members::DeployedSet;
use crate::aws::cloudformation::{ResourceDrift, StackInstance};
use crate::cfn::template::Template;
use crate::drift::{Difference, Kind, Reader, is_same};
use crate::engine::cloudformation::stack_set::called;
use crate::render::Target;

/// What came of the detection of one set.
pub(super) enum SetDetection {
    /// Nobody has asked for it.
    NotAsked,
    /// CloudFormation has not done it, and why.
    Refused(String),
    /// It has ended.
    Ended {
        /// Id of the operation.
        operation: String,
        /// Why an account could not be compared.
        failed: BTreeMap<String, String>,
    },
}

impl Comparison<'_> {
    /// Lets CloudFormation compare the stacks of a set.
    pub(super) async fn detect_set(&self, deployed: &DeployedSet) -> SetDetection {
        let session = self.session(self.hub);
        match session.cloudformation().detect_stack_set_drift(&called(&deployed.set)).await {
            Ok((operation, failed)) => SetDetection::Ended { operation, failed },
            Err(error) => SetDetection::Refused(error.to_string()),
        }
    }

    /// Tells what detection has said of the stack of a set in one account. `size` is how many resources it has at most.
    pub(super) async fn add_detected_instance(
        &self,
        deployed: &DeployedSet,
        instance: &StackInstance,
        detection: &SetDetection,
        size: usize,
        part: &mut Part,
    ) {
        let whole = format!("{}:*", instance.account);
        let operation = match detection {
            SetDetection::NotAsked => return part.coverage.skip_stack(whole, size, deployed.closed()),
            SetDetection::Refused(why) => {
                let reason = format!("CloudFormation has not compared its stack set: {why}");
                return part.coverage.skip_stack(whole, size, reason);
            }
            SetDetection::Ended { failed, operation } => match failed.get(&instance.account) {
                Some(why) => {
                    let reason = format!("CloudFormation could not compare the stack of its set: {why}");
                    return part.coverage.skip_stack(whole, size, reason);
                }
                None => operation,
            },
        };
        let session = self.session(self.hub);
        let client = session.cloudformation();
        let resources = match client.instance_resource_drifts(&called(&deployed.set), instance, operation).await {
            Ok(resources) => resources,
            Err(error) => return part.coverage.skip_stack(whole, size, error.to_string()),
        };
        let (account, region) = (instance.account.clone(), instance.region.clone());
        let rendered = deployed.stack(&Target { account, region, deploy_role: None });
        let places = deployed.places(&instance.account, self.places);
        let there = Comparison { places: &places, ..*self };
        let mut listed = Vec::new();
        for resource in &resources {
            let subject = there.subject(&rendered, &resource.logical_id, &resource.resource_type);
            part.coverage.total += 1;
            listed.push(resource.logical_id.as_str());
            match &resource.drift {
                ResourceDrift::Compared(found) => {
                    for one in &found.differences {
                        let (path, expected, actual) = (one.path.clone(), one.expected.clone(), one.actual.clone());
                        let difference = Difference { path, expected, actual };
                        if !says_the_same(&difference) {
                            part.tell(&subject, &found.expected, difference, Reader::CloudFormation);
                        }
                    }
                    part.coverage.check(Reader::CloudFormation);
                }
                ResourceDrift::Deleted => {
                    let gone = Difference { path: Vec::new(), expected: None, actual: None };
                    part.findings.push(subject.finding(Kind::Deleted, gone, Reader::CloudFormation));
                    part.coverage.check(Reader::CloudFormation);
                }
                ResourceDrift::Unsupported => {
                    part.coverage.skip(subject.address(), "CloudFormation's detection does not see its type");
                }
                ResourceDrift::NotChecked(why) => {
                    part.coverage.skip(subject.address(), format!("CloudFormation's detection could not look: {why}"));
                }
            }
        }
        // What only some accounts have, the hub cannot tell of this one.
        let template = Template::parse(rendered.template_path.as_str(), &rendered.template).ok();
        let everywhere = template.iter().flat_map(Template::resources).filter(|one| one.condition().is_none());
        for resource in everywhere.filter(|one| !listed.contains(&one.logical_id)) {
            let address = there.subject(&rendered, resource.logical_id, resource.resource_type()).address();
            part.coverage.total += 1;
            part.coverage.skip(address, "CloudFormation's detection does not list it");
        }
    }
}

/// Whether the two texts of a difference are the same value: detection compares them letter by letter.
fn says_the_same(difference: &Difference) -> bool {
    let texts = (difference.expected.as_ref(), difference.actual.as_ref());
    let (Some(expected), Some(actual)) = texts else { return false };
    matches!((expected.as_str(), actual.as_str()), (Some(expected), Some(actual)) if is_same(expected, actual))
}
