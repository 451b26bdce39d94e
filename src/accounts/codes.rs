//! The codes of what is wrong in an account, GW1300 to GW1399, and what `gwinfra explain` says about each.

use super::check::CheckName;

/// The account cannot be asked.
pub const REACH: &str = "GW1301";
/// The role is not there.
pub const ROLE: &str = "GW1302";
/// The role lets in somebody else, or not the gateway.
pub const TRUST: &str = "GW1303";
/// The role's policies are not those that the spec renders.
pub const PERMISSIONS: &str = "GW1304";
/// The gateway may not assume the role.
pub const ASSUME: &str = "GW1305";
/// The role may not call the model.
pub const INVOKE: &str = "GW1306";
/// The account has no access to the model.
pub const ACCESS: &str = "GW1307";
/// The account's quota is less than the spec says.
pub const QUOTA: &str = "GW1308";

/// Code, title, and explanation in Markdown.
pub const CODES: &[(&str, &str, &str)] = &[
    (
        REACH,
        "An account cannot be asked",
        "Nothing is known of the account: its `deploy_role` could not be assumed, or refuses the calls. `gwinfra accounts policy` prints what the role needs.",
    ),
    (
        ROLE,
        "The role is not there",
        "The account has no role of the name that the gateway assumes. `gwinfra apply` makes it; where the stack says that it is complete, the role was deleted behind CloudFormation, and `gwinfra drift --revert ADDRESS` makes it again: `gwinfra drift --only accounts` has the address.",
    ),
    (
        TRUST,
        "The role lets in somebody else, or not the gateway",
        "The trust policy of the role is not the one that the spec renders: the gateway's task role with its external id, and nobody else. `gwinfra accounts verify -o json` has the right one under `expected`.",
    ),
    (
        PERMISSIONS,
        "The role's policies are not the rendered ones",
        "Somebody changed what the role may do. CloudFormation compares templates and not what is in the account: put the policy back by hand, from `expected` in `gwinfra accounts verify -o json`. A policy that somebody added is taken away with the command in the finding (`aws iam delete-role-policy`). Terraform puts back by itself what it made, and knows nothing of what was added.",
    ),
    (
        ASSUME,
        "The gateway may not assume the role",
        "The policies of the gateway's task role do not allow `sts:AssumeRole` on the role of the account.",
    ),
    (
        INVOKE,
        "The role may not call a model",
        "The live policies of the role do not allow the calls that the model needs in one of the regions that it may be sent to.",
    ),
    (
        ACCESS,
        "The account has no access to a model",
        "Access to a model is granted for each account: an agreement, a form of its maker, or a region that lacks the model stands in the way. The finding says which.",
    ),
    (
        QUOTA,
        "The account's quota is less than the spec says",
        "Service Quotas has a smaller figure for tokens per minute than the spec, so the gateway would send more than the account takes. Ask for more, or lower `tpm` where the finding points.",
    ),
];

/// The code of a check that failed.
pub(super) fn code(name: CheckName) -> &'static str {
    match name {
        CheckName::Reach => REACH,
        CheckName::Role => ROLE,
        CheckName::Trust => TRUST,
        CheckName::Permissions => PERMISSIONS,
        CheckName::Assume => ASSUME,
        CheckName::Invoke => INVOKE,
        CheckName::Access => ACCESS,
        CheckName::Quota => QUOTA,
    }
}
