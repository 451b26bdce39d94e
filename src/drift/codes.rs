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
        "Somebody or something changed a resource behind gwinfra's back: a property that the deployed template sets has another value in AWS. `gwinfra drift --revert ADDRESS` puts it back, where the Cloud Control API, Route 53, AWS WAF or Terraform has read it, and also what a user of the cache may do; a certificate is put back by hand. If the new value is the right one, write it into the spec, or accept it in `drift.yaml` with a reason, an owner and a date.\n\nWith CloudFormation no plan shows it: CloudFormation compares templates, not resources, so an apply leaves it as it is until the property changes in the template.\n\nA finding may be about a stack as a whole: its address is that of the stack, and its path begins with `Parameters`, `Resources` or `Tags`, or is `EnableTerminationProtection`. Somebody has updated the stack through CloudFormation itself, and a parameter, a property of the template, a tag, or the protection against deletion is neither what was applied from here nor what the spec renders. `gwinfra apply` puts it back, and `gwinfra plan` shows that before. CloudTrail's `UpdateStack` or `ExecuteChangeSet` says who it was.",
    ),
    (
        DELETED,
        "A resource is gone",
        "A stack says that it has a resource, and AWS says that there is none. CloudFormation does not make it again by itself, and no plan shows it. `gwinfra drift` ends with the command that brings it back:\n\n- `gwinfra drift --revert ADDRESS` makes it again where it then has the name that its stack knows (roles, policies, log groups, alarms), and also a record of DNS and the web ACL of the load balancer. Begin with what the others name: the role before its policies. What would get another id (a rule of a security group, a service) CloudFormation makes again, and changes what names it; it does nothing where its stack differs elsewhere, too.\n- `aws cloudformation create-change-set --deployment-mode REVERT_DRIFT` plans the whole stack against what is there, all differences together; `command` in JSON has it whole, also for the stack of a stack set. Look at it, `aws cloudformation describe-change-set`, and `aws cloudformation execute-change-set` does it.\n- An authorization or a route of the Client VPN has the command of EC2 (`command`).\n- A database, a cache, a bucket, a key, a secret or a VPN endpoint comes back empty, if at all: restore its data first from a snapshot or backup.\n\nWith Terraform `gwinfra apply` makes it again.\n\nA whole stack may be gone too, if CloudFormation tells of its deletion (for 90 days) or it was applied from here, and gwinfra has not deleted it: `gwinfra apply` makes it anew, and `gwinfra doctor` tells what the deletion has kept. Data that it had is in the final snapshots, if there are any. CloudTrail's `DeleteStack` says who it was.",
    ),
    (
        ADDED,
        "Something was added that nobody declared",
        "A resource of the deployment has a part that no template has: a rule in a security group, a rule of the listener, a policy at a role, an item of a list, a part of a rule of the firewall. With CloudFormation `gwinfra drift --revert ADDRESS` takes it out, but for Client VPN; the AWS CLI's command for the rest, and with Terraform, stands at the finding (`command` in JSON). Or accept it in `drift.yaml` with a reason, an owner and a date.",
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
