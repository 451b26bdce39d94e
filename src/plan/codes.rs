//! The codes of findings while a plan is made, GW1000 to GW1099, and what `gwinfra explain` says about each.

/// A named resource would have to be replaced.
pub const NAMED_REPLACEMENT: &str = "GW1001";
/// A logical id stands for another type now.
pub const TYPE_CHANGED: &str = "GW1002";
/// CloudFormation refuses the template, its parameters or the change.
pub const REFUSED: &str = "GW1003";
/// A region does not exist or is not enabled.
pub const REGION: &str = "GW1010";
/// There is no such VPC, or it has another network.
pub const VPC: &str = "GW1011";
/// A subnet is not in the VPC.
pub const SUBNET: &str = "GW1012";
/// An availability zone is not in the region, or there are too few.
pub const AVAILABILITY_ZONE: &str = "GW1013";
/// There is no hosted zone of that name, or more than one.
pub const HOSTED_ZONE: &str = "GW1014";
/// An account cannot be used.
pub const ACCOUNT: &str = "GW1015";
/// Terraform is missing, does not work or is too old.
pub const TERRAFORM_PROGRAM: &str = "GW1016";
/// Terraform refuses the rendered files or the change.
pub const TERRAFORM: &str = "GW1017";
/// A role of the other rollout is in the way.
pub const ROLLOUT: &str = "GW1018";
/// A resource that holds data would be replaced or deleted.
pub const GATE: &str = "GW1020";
/// A resource would be replaced.
pub const REPLACED: &str = "GW1021";
/// A resource would be deleted.
pub const DELETED: &str = "GW1022";
/// Something to know before an apply.
pub const NOTE: &str = "GW1023";
/// A resource was left out of a rollback, and is not what its stack takes it for.
pub const UNRECONCILED: &str = "GW1024";
/// The plan could not be made whole.
pub const BLOCKED: &str = "GW1025";

/// Code, title, and explanation in Markdown.
pub const CODES: &[(&str, &str, &str)] = &[
    (
        NAMED_REPLACEMENT,
        "A named resource would have to be replaced",
        "CloudFormation replaces a resource by making the new one before it deletes the old one. Two resources of one name cannot exist at the same time, so an update that replaces a resource with a name of its own fails: `cannot update a stack when a custom-named resource requires replacing`.\n\nChange the name together with the property (a new `name` or environment of the deployment, or a fork of the blueprint that renames the resource), or take the change back.",
    ),
    (
        TYPE_CHANGED,
        "A logical id stands for another type",
        "CloudFormation does not update a resource to another type: `Update of resource type is not permitted`. Give the new resource another logical id; the old one is then deleted and the new one made.",
    ),
    (
        REFUSED,
        "CloudFormation refuses the change",
        "The change set could not be made. The finding carries CloudFormation's own words; where early validation found something (wrong property values, names that are taken), it names the resource and the property.",
    ),
    (
        REGION,
        "A region does not exist or is not enabled",
        "`aws ec2 describe-regions --all-regions` lists the regions. Regions after 2019 must be enabled per account, under Account > AWS Regions.",
    ),
    (
        VPC,
        "The VPC is not what the spec says",
        "`network.vpc.existing` names a VPC that is not in the hub's account and region, or that has another network. Security group rules are made from the network, so it must be right.",
    ),
    (
        SUBNET,
        "A subnet is not in the VPC",
        "Every subnet under `network.vpc.existing` must be in the VPC that is named there.",
    ),
    (
        AVAILABILITY_ZONE,
        "The region lacks an availability zone",
        "`network.vpc.create.availability_zones` names a zone that the account does not have in the region, or asks for more zones than there are. Zone names differ between accounts only in what they stand for, but not every account sees every zone.",
    ),
    (
        HOSTED_ZONE,
        "No single hosted zone of that name",
        "`ingress.tls.domain.hosted_zone` is looked up by name among the public hosted zones of the hub's account. Give its id (`Z...`) where there are several, or where the zone is in another account.",
    ),
    (
        ACCOUNT,
        "An account cannot be used",
        "Before anything is planned, gwinfra asks every account of the spec who it is. One did not answer, refused, or is another account than the spec says. Nothing has been changed.",
    ),
    (
        TERRAFORM_PROGRAM,
        "Terraform is missing or too old",
        "With `engine: terraform` gwinfra runs your own Terraform or OpenTofu: `--terraform-bin`, or else `terraform`, or else `tofu` on the `PATH`. Version 1.11 or newer is needed: it keeps secrets out of the state by write-only arguments and locks a state in S3 by itself.",
    ),
    (
        TERRAFORM,
        "Terraform refuses the change",
        "Terraform could not plan the rendered files. The finding carries its own words, the resource, the rendered file and line, and the line of the spec that it comes from, where there is one. `terraform -chdir=.gwinfra/PREFIX/terraform/MODULE plan` shows the same by hand.",
    ),
    (
        ROLLOUT,
        "A role of the other rollout is in the way",
        "`bedrock.rollout` changed between `direct` and `stack_sets`, and both make a role of the same name in each account. What is left over is deleted last, so the new one could not be made. Take the accounts out of `bedrock.accounts` and apply, which deletes their roles; then put them back with the new rollout and apply again. With `include_hub: true` the gateway serves with the hub's own quotas meanwhile.",
    ),
    (
        GATE,
        "A resource that holds data would be lost",
        "The plan replaces or deletes a database, cache, key, secret, bucket, repository or VPN endpoint. `gwinfra apply` does that only if it is allowed by name, also with `--yes`: `--allow-replace ADDRESS` or `--allow-destroy ADDRESS`. Change the spec back where the finding points, or back the data up and pass the flag.",
    ),
    (
        REPLACED,
        "A resource would be replaced",
        "A property changes that AWS cannot change in place: a new resource is made, what refers to it is moved over, and the old one is deleted. It holds no data, but what connects to it by name or address notices.",
    ),
    (
        DELETED,
        "A resource would be deleted",
        "The spec no longer renders a resource that is deployed. It holds no data. If it should stay, put back what was taken out of the spec.",
    ),
    (
        NOTE,
        "Something to know before an apply",
        "A remark of the plan that does not stop it. Its own words say what it is about.",
    ),
    (
        UNRECONCILED,
        "A resource was left out of a rollback",
        "`gwinfra recover --skip` or `--force-rollback`, or somebody else, let the rollback of a stack go on without this resource. CloudFormation takes it for what it was before the update, and it is something else: another update of the stack may fail and leave the stack beyond recovery.\n\nSo `gwinfra apply` does not update the stack (10) until both agree. `gwinfra drift --revert ADDRESS` puts the resource back to what its stack takes it for. If it is as you want it, and you have looked at it: `gwinfra apply --reconciled ADDRESS`. Which resources were left out is remembered in the state directory, and is told by the events of the stack where that is not there.",
    ),
    (
        BLOCKED,
        "The plan could not be made whole",
        "A stack needs `gwinfra recover`, an operation is in progress, or AWS refused to be asked. The finding says which, and what to do about it. What is known of the plan all the same is in the other findings; nothing of it can be applied.",
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
