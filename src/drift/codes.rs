//! The codes of drift, GW1200 to GW1299, and what `gwinfra explain` says about each.

/// A declared property has another value.
pub const CHANGED: &str = "GW1201";
/// A resource is gone.
pub const DELETED: &str = "GW1202";
/// Something stands inside a resource that nobody declared.
pub const ADDED: &str = "GW1203";
/// What runs is not what is deployed.
pub const RUNTIME: &str = "GW1204";
/// A rule of drift.yaml has expired, or matches nothing.
pub const ACCEPTANCE: &str = "GW1205";

/// A value that nobody declares is not as recorded.
pub const UNDECLARED: &str = "GW1206";
/// drift.baseline.yaml has something that is not there.
pub const BASELINE: &str = "GW1207";

/// Code, title, and explanation in Markdown.
pub const CODES: &[(&str, &str, &str)] = &[
    (
        CHANGED,
        "A declared property has another value",
        "Somebody or something changed a resource behind gwinfra's back: a property that the deployed template sets has another value in AWS. `gwinfra drift --revert ADDRESS` puts it back, where the Cloud Control API, Route 53 or Terraform has read it; a certificate is put back by hand. If the new value is the right one, write it into the spec, or accept it in `drift.yaml` with a reason, an owner and a date.\n\nWith CloudFormation no plan shows it: CloudFormation compares templates, not resources, so an apply leaves it as it is until the property changes in the template.",
    ),
    (
        DELETED,
        "A resource is gone",
        "A stack says that it has a resource, and AWS says that there is none. CloudFormation does not make it again by itself. Change a property of it that replaces it, or take it out of the spec, apply, and put it back.\n\nA whole stack may be gone too, if CloudFormation tells of its deletion (for 90 days) or it was applied from here, and gwinfra has not deleted it: `gwinfra apply` makes it anew, and `gwinfra doctor` tells what the deletion has kept. Data that it had is in the final snapshots, if there are any. CloudTrail's `DeleteStack` says who it was.",
    ),
    (
        ADDED,
        "Something was added that nobody declared",
        "A resource of the deployment has a part that no template has: a rule in a security group, a rule of the listener, a policy at a role, an item of a list. Delete it (with CloudFormation `gwinfra drift --revert ADDRESS` does, where the template sets the list that it was added to), or accept it in `drift.yaml` with a reason, an owner and a date.",
    ),
    (
        RUNTIME,
        "What runs is not what is deployed",
        "Tasks run another image than the one that was deployed, the number of tasks is outside its range, the gateway's configuration object is not what its name says, a certificate ends within thirty days or has ended, a secret is scheduled for deletion or was not rotated in time, an account has lost access to a model, the record is gone by which ACM renews a certificate, or the stack of an account is not what its stack set has.\n\n`gwinfra status` shows the service; `gwinfra apply` deploys it again. Certificates of ACM renew themselves while their DNS record is there; imported ones are imported again under the same ARN. `aws secretsmanager restore-secret` takes a deletion back. `gwinfra accounts verify` says what an account lacks. `aws cloudformation update-stack-instances` brings an account to what its stack set has.",
    ),
    (
        ACCEPTANCE,
        "A rule of drift.yaml has expired or matches nothing",
        "Every rule in `drift.yaml` has an `expires` date. After it, its findings count again. A rule that matches nothing is no longer needed: take it out, so that it does not hide the next change.",
    ),
    (
        UNDECLARED,
        "A value that no template sets is not as recorded",
        "`drift.baseline.yaml` has the values that the deployment's resources have and the spec does not set, as they were when `gwinfra drift --record` wrote them. One is another now. Put it back, or record it anew if it is the right one; `drift.yaml` accepts it for a while.",
    ),
    (
        BASELINE,
        "The baseline has something that is not there",
        "`drift.baseline.yaml` has values of a resource that no stack has any more. `gwinfra drift --record` writes the file anew.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_and_unique() {
        assert!(CODES.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
