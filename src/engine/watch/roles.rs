//! Policies at roles that nobody declared.

use futures::StreamExt;
use serde_json::json;

use super::{Looked, Owner};
use crate::aws::Session;
use crate::drift::{Addition, Reader};

/// The most roles that are asked at the same time.
const AT_ONCE: usize = 4;

/// A role, and the policies that are declared for it.
#[derive(Debug, Clone)]
pub(in crate::engine) struct Role {
    pub owner: Owner,
    /// Its name.
    pub name: String,
    /// Names of inline policies.
    pub inline: Vec<String>,
    /// ARNs of managed policies.
    pub attached: Vec<String>,
}

pub(super) async fn look(session: &Session, roles: &[Role]) -> Looked {
    let mut looked = Looked::default();
    let asked = futures::stream::iter(roles).map(|role| session.iam().role_policy_names(&role.name));
    let answers: Vec<_> = asked.buffered(AT_ONCE).collect().await;
    for (role, answer) in roles.iter().zip(answers) {
        match answer {
            Ok((inline, attached)) => {
                for name in inline.into_iter().filter(|name| !role.inline.contains(name)) {
                    let more = (json!(name), Addition::policy(&role.name, &name));
                    looked.added(&role.owner, "Policies", more, Reader::Iam);
                }
                for arn in attached.into_iter().filter(|arn| !role.attached.contains(arn)) {
                    let more = (json!(arn), Addition::attachment(&role.name, &arn));
                    looked.added(&role.owner, "ManagedPolicyArns", more, Reader::Iam);
                }
            }
            // A role that is gone is told of as that.
            Err(error) if error.is("NoSuchEntity") || error.is("NoSuchEntityException") => {}
            Err(error) => looked.skip(&role.owner, "policies", error),
        }
    }
    looked
}
