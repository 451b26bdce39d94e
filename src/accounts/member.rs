//! An account of a stack set that nobody may look into: what the set itself tells.

use std::collections::BTreeMap;

use super::check::{Check, CheckName};
use super::report::State;
use crate::aws::Session;
use crate::aws::cloudformation::{StackInstance, StackSetName};
use crate::model::stack_set::StackSet;

/// The stacks of the set by account, or why they are not known.
pub(super) type Members = Result<BTreeMap<String, StackInstance>, String>;

/// Asks the hub for the set's stacks; there are none without a set.
pub(super) async fn members(hub: &Session, set: Option<&StackSet>) -> Members {
    let Some(set) = set else { return Ok(BTreeMap::new()) };
    let name = StackSetName { name: set.name.clone(), call_as: set.call_as.clone() };
    hub.cloudformation().stack_instances(&name).await.map_err(|error| error.to_string())
}

/// How an account is by its stack in the set. Nothing that was changed behind the set shows there.
pub(super) fn look(members: &Members, account: &str) -> (State, Check) {
    let name = CheckName::Role;
    match members.as_ref().map(|members| members.get(account)) {
        Ok(Some(instance)) if instance.is_current() => {
            (State::Deployed, Check::pass(name, "its stack in the stack set is CURRENT"))
        }
        Ok(Some(instance)) => {
            let reason = instance.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            let state = if instance.stack_id.is_some() { State::Deployed } else { State::Absent };
            (state, Check::fail(name, format!("its stack in the stack set is {}{reason}", instance.status)))
        }
        Ok(None) => (State::Absent, Check::fail(name, "the stack set has no stack in this account")),
        Err(reason) => (State::Refused, Check::fail(name, format!("the stack set could not be asked: {reason}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::CheckStatus;

    fn instance(status: &str, stack_id: Option<&str>) -> Members {
        let one = StackInstance {
            account: "222222222222".to_owned(),
            region: "us-east-1".to_owned(),
            stack_id: stack_id.map(str::to_owned),
            status: status.to_owned(),
            detailed_status: None,
            reason: Some("why".to_owned()),
        };
        Ok(BTreeMap::from([(one.account.clone(), one)]))
    }

    fn told(members: &Members, account: &str) -> (State, CheckStatus, String) {
        let (state, check) = look(members, account);
        (state, check.status, check.detail)
    }

    #[test]
    fn a_current_stack_has_the_role() {
        let (state, status, _) = told(&instance("CURRENT", Some("arn")), "222222222222");
        assert_eq!((state, status), (State::Deployed, CheckStatus::Pass));
    }

    #[test]
    fn a_stack_that_was_left_behind_has_an_old_role_and_says_why() {
        let found = told(&instance("OUTDATED", Some("arn")), "222222222222");
        let detail = "its stack in the stack set is OUTDATED: why".to_owned();
        assert_eq!(found, (State::Deployed, CheckStatus::Fail, detail));
    }

    #[test]
    fn an_account_without_a_stack_has_no_role() {
        assert_eq!(told(&instance("OUTDATED", None), "222222222222").0, State::Absent);
        assert_eq!(told(&instance("CURRENT", Some("arn")), "333333333333").0, State::Absent);
    }

    #[test]
    fn a_set_that_cannot_be_asked_is_no_account_without_a_role() {
        assert_eq!(told(&Err("denied".to_owned()), "222222222222").0, State::Refused);
    }
}
