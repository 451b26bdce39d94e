//! The stack set that puts the role of the gateway into the accounts.

use schemars::JsonSchema;
use serde::Serialize;

use super::Basis;
use super::bedrock::AccessGroup;
use super::tags::Tag;
use crate::spec::Rollout;

/// The longest name of a stack set. The name of an instance's stack is `StackSet-`, this and a UUID: together at most
/// 128 characters.
const NAME_LIMIT: usize = 80;

/// The longest name of a stack.
const STACK_NAME_LIMIT: usize = 128;

/// As what a delegated administrator calls.
pub const DELEGATED_ADMIN: &str = "DELEGATED_ADMIN";

/// One service-managed stack set.
///
/// It is one for all accounts, also where they may do different things, and conditions on the account tell them apart:
/// an account that passed from one set to another would lose its role before it got the new one, or could not get the
/// new one because of the old one's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StackSet {
    /// Name of the stack set.
    pub name: String,
    /// Name of the stack that has it, where Terraform makes it.
    pub stack_name: String,
    /// Ids of the organizational units, or of the root, that hold the accounts.
    pub organizational_units: Vec<String>,
    /// Account ids: those of the groups, in their order.
    pub accounts: Vec<String>,
    /// As what the hub calls AWS: `SELF` or `DELEGATED_ADMIN`.
    pub call_as: String,
    /// How many of the accounts are worked on at the same time, in percent.
    pub max_concurrent_percentage: u8,
    /// How many of the accounts may fail, in percent.
    pub failure_tolerance_percentage: u8,
    /// Tags of the set, which it passes on to its stacks.
    pub tags: Vec<Tag>,
}

impl StackSet {
    /// The stack set of a spec; `None` when it has none, or there is no account to put a role into.
    pub(super) fn new(basis: &Basis<'_>, groups: &[AccessGroup]) -> Option<Self> {
        let Rollout::StackSets(spec) = &basis.spec.bedrock.rollout else { return None };
        let accounts: Vec<String> = groups.iter().flat_map(|group| group.accounts.iter().cloned()).collect();
        if accounts.is_empty() {
            return None;
        }
        Some(Self {
            name: basis.names.within(NAME_LIMIT, "bedrock-access"),
            stack_name: basis.names.within(STACK_NAME_LIMIT, "bedrock-stack-set"),
            organizational_units: spec.organizational_units.iter().map(ToString::to_string).collect(),
            accounts,
            call_as: if spec.delegated_administrator { DELEGATED_ADMIN } else { "SELF" }.to_owned(),
            max_concurrent_percentage: spec.max_concurrent_percentage,
            failure_tolerance_percentage: spec.failure_tolerance_percentage,
            tags: basis.tags("bedrock-stack-set").named("bedrock-access"),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::Model;
    use crate::model::testing::spec;

    fn set(accounts: Value, more: Value) -> Option<StackSet> {
        let mut stack_sets = json!({"organizational_units": ["ou-ab12-cdefgh34"]});
        stack_sets.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let bedrock = json!({"bedrock": {"accounts": accounts, "rollout": {"stack_sets": stack_sets}}});
        Model::new(&spec(bedrock), Some("prod")).bedrock.stack_set
    }

    fn two() -> Value {
        json!([
            {"id": "222222222222", "name": "one", "regions": ["us-east-1"]},
            {"id": "333333333333", "name": "two", "regions": ["us-west-2"]}
        ])
    }

    #[test]
    fn accounts_that_may_do_different_things_are_in_one_set() {
        let set = set(two(), json!({})).unwrap();
        assert_eq!(set.accounts, ["222222222222", "333333333333"]);
        assert_eq!(set.name, "acme-llm-prod-bedrock-access");
    }

    #[test]
    fn all_accounts_are_worked_on_at_once_and_none_may_fail_unless_the_spec_says_so() {
        let set = set(two(), json!({})).unwrap();
        assert_eq!((set.max_concurrent_percentage, set.failure_tolerance_percentage), (100, 0));
    }

    #[test]
    fn a_delegated_administrator_says_that_it_is_one() {
        let call_as = |delegated: bool| set(two(), json!({"delegated_administrator": delegated})).unwrap().call_as;
        assert_eq!([call_as(false), call_as(true)], ["SELF", "DELEGATED_ADMIN"]);
    }

    #[test]
    fn without_accounts_there_is_no_set() {
        assert_eq!(set(json!([]), json!({})), None);
    }
}
