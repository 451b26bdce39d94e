//! Stack sets.

use serde_json::{Value as Json, json};

use super::{Kind, OWN, PLAIN};
use crate::parity::tree;

const SET: &str = "AWS::CloudFormation::StackSet";
const INSTANCE: &str = "aws_cloudformation_stack_set_instance";

/// Why the mode of concurrency may stand on one side only.
const CONCURRENCY: &str = "Terraform's provider cannot say it of a set";

pub(super) const KINDS: &[Kind] = &[Kind {
    cloudformation: SET,
    names: &[("aws_cloudformation_stack_set", "name", "stack_set_name"), (INSTANCE, "stack_set_name", OWN)],
    intended: &[("operation_preferences.concurrency_mode", CONCURRENCY)],
    adapt: Some(instances),
    ..PLAIN
}];

/// Where a set has stacks, by account: CloudFormation lists the accounts, and Terraform has a resource for each.
fn instances(type_name: &str, value: &mut Json) {
    let group = match type_name {
        SET => tree::take(value, "stack_instances_group"),
        INSTANCE => {
            let region = tree::take(value, "region");
            let targets = tree::take(value, "deployment_targets");
            targets.map(|targets| json!({"deployment_targets": targets, "regions": region.map(|one| json!([one]))}))
        }
        _ => None,
    };
    let Some(mut group) = group else { return };
    let accounts = tree::take(&mut group, "deployment_targets.accounts");
    for account in accounts.as_ref().and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str) {
        tree::put(value, &format!("instances.{account}"), group.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parity::kinds;

    #[test]
    fn a_list_of_accounts_and_a_resource_for_each_are_the_same() {
        let kind = kinds::of(SET);
        let targets = json!({"OrganizationalUnitIds": ["ou-1"], "Accounts": ["222222222222"], "AccountFilterType": "INTERSECTION"});
        let listed = json!({"StackInstancesGroup": [{"DeploymentTargets": targets, "Regions": ["us-east-1"]}]});
        let resource = json!({
            "stack_set_name": "${set/Access.name}",
            "region": "us-east-1",
            "deployment_targets": [{
                "organizational_unit_ids": ["ou-1"],
                "accounts": ["222222222222"],
                "account_filter_type": "INTERSECTION",
            }],
        });
        assert_eq!(kind.facts(SET, &listed, ""), kind.facts(INSTANCE, &resource, "${set/Access."));
    }
}
