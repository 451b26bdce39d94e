//! The names and condition keys of whoever calls.

use std::collections::BTreeMap;

use super::super::identity::Identity;

/// Every name by which a policy's `Principal` may mean the caller.
pub fn names(caller: &Identity) -> Vec<String> {
    let mut names = vec![format!("arn:aws:iam::{}:root", caller.account), caller.arn.clone()];
    names.extend(caller.session.as_ref().and_then(|session| session.role_arn.clone()));
    names
}

/// The global condition keys of a call, by lower-case name.
pub fn condition_keys(caller: &Identity) -> BTreeMap<String, Vec<String>> {
    // For a role's session, aws:PrincipalArn is the role's ARN and not the session's.
    let principal =
        caller.session.as_ref().and_then(|session| session.role_arn.clone()).unwrap_or_else(|| caller.arn.clone());
    let kind =
        if caller.session.as_ref().is_some_and(|session| session.role_arn.is_some()) { "AssumedRole" } else { "User" };
    BTreeMap::from([
        ("aws:principalarn".to_owned(), vec![principal]),
        ("aws:principalaccount".to_owned(), vec![caller.account.clone()]),
        ("aws:principaltype".to_owned(), vec![kind.to_owned()]),
        ("aws:userid".to_owned(), vec![caller.user_id.clone()]),
        ("aws:securetransport".to_owned(), vec!["true".to_owned()]),
    ])
}
