//! What drift looks at stacks with.

use super::own::{Allowed, stacks_of};
use super::scope::Scope;

/// What drift detection of CloudFormation needs beside the permissions to read each resource.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html>
fn detection(stacks: String) -> Vec<Allowed> {
    vec![
        (vec!["cloudformation:DetectStackResourceDrift"], vec![stacks]),
        (vec!["cloudformation:BatchDescribeTypeConfigurations"], vec!["*".to_owned()]),
    ]
}

/// What drift lets CloudFormation detect in stacks: what nobody else reads.
pub(super) fn stacks(scope: &Scope) -> Vec<Allowed> {
    detection(stacks_of(scope))
}

/// What plans and drift read of the stack that a stack set has in an account.
pub(super) fn member(scope: &Scope) -> Vec<Allowed> {
    let stacks = scope.regional("cloudformation", &format!("stack/StackSet-{}-*", scope.prefix));
    let mut allowed = detection(stacks.clone());
    allowed.extend([
        (
            vec!["cloudformation:DescribeStacks", "cloudformation:GetTemplate", "cloudformation:ListStackResources"],
            vec![stacks],
        ),
        (vec!["cloudformation:GetResource"], vec!["*".to_owned()]),
        (vec!["iam:ListEntitiesForPolicy"], scope.resources("iam:GetPolicy", &["policy".to_owned()])),
    ]);
    allowed
}
