//! Roles and policies.

use serde_json::{Value as Json, json};

use super::{GENERATED_NAME, Kind, OWN, PLAIN};
use crate::parity::tree;

pub(super) const KINDS: &[Kind] = &[
    Kind {
        cloudformation: "AWS::IAM::Role",
        names: &[
            ("aws_iam_role", "name", "role_name"),
            ("aws_iam_role", "assume_role_policy", "assume_role_policy_document"),
            ("aws_iam_role_policy", "role", OWN),
            ("aws_iam_role_policy_attachment", "role", OWN),
            ("aws_iam_role_policy_attachment", "policy_arn", "managed_policy_arns"),
        ],
        intended: &[("role_name", GENERATED_NAME)],
        adapt: Some(role),
        ..PLAIN
    },
    Kind {
        cloudformation: "AWS::IAM::ManagedPolicy",
        names: &[
            ("aws_iam_policy", "name", "managed_policy_name"),
            ("aws_iam_policy", "policy", "policy_document"),
            ("aws_iam_role_policy_attachment", "policy_arn", OWN),
            ("aws_iam_role_policy_attachment", "role", "roles"),
        ],
        intended: &[("name_prefix", GENERATED_NAME)],
        adapt: Some(|_, value| as_list(value, "role")),
        ..PLAIN
    },
    Kind {
        cloudformation: "AWS::IAM::InstanceProfile",
        names: &[
            ("aws_iam_instance_profile", "role", "roles"),
            ("aws_iam_instance_profile", "name", "instance_profile_name"),
        ],
        intended: &[("instance_profile_name", GENERATED_NAME)],
        adapt: Some(|_, value| as_list(value, "role")),
        ..PLAIN
    },
];

/// A policy inside a role is a resource of its own in Terraform.
fn role(type_name: &str, value: &mut Json) {
    as_list(value, "policy_arn");
    if type_name != "aws_iam_role_policy" {
        return;
    }
    if let (Some(Json::String(name)), Some(policy)) = (tree::take(value, "name"), tree::take(value, "policy")) {
        tree::put(value, &format!("policies.{name}.policy_document"), policy);
    }
}

/// One value where the other engine has a list of one.
pub(super) fn as_list(value: &mut Json, name: &str) {
    if let Some(one) = value.get_mut(name).filter(|one| one.is_string()) {
        *one = json!([one.take()]);
    }
}
