//! What is looked at for one model in one account and region.

use serde_json::Value;

use super::access;
use super::check::{Check, CheckName};
use super::permission::refused_calls;
use super::report::ModelRow;
use crate::aws::{Result, Session};
use crate::model::invoke::Invocation;
use crate::quotas::{AccountQuota, Standing};

/// Whether the role's policies allow the calls to a model.
pub(super) fn invoke(account: &str, row: &ModelRow, role: Option<(&str, &[Value])>) -> Check {
    let Some((role, policies)) = role else { return Check::skip(CheckName::Invoke, "there is no role to look at") };
    let partition = role.split(':').nth(1).unwrap_or("aws");
    let region = std::slice::from_ref(&row.region);
    let calls = Invocation::policies(partition, account, region, &[&row.id]);
    let refused: Vec<String> =
        calls.iter().flat_map(|invocation| refused_calls(policies, role, invocation, &row.region)).collect();
    Check::of(CheckName::Invoke, &refused, "allowed")
}

/// Whether the account has access to a model. One that Bedrock does not know is a failure.
///
/// # Errors
/// When it could not be found out.
pub(crate) async fn model_access(session: &Session, id: &str) -> Result<Check> {
    match access::ask(session, id).await {
        Ok(problems) => Ok(Check::of(CheckName::Access, &problems, "available")),
        Err(error) if access::is_unknown_model(&error) => Ok(Check::fail(CheckName::Access, error.to_string())),
        Err(error) => Err(error),
    }
}

/// Whether a quota is enough.
pub(crate) fn quota_check(quota: &AccountQuota) -> Check {
    let figure = |tokens: Option<u64>| tokens.map_or_else(|| "unknown".to_owned(), |tokens| tokens.to_string());
    let applied = figure(quota.applied);
    let short = quota.applied.zip(quota.spec).is_some_and(|(applied, wanted)| applied < wanted);
    let name = CheckName::Quota;
    match quota.standing {
        Standing::Fine => Check::pass(name, format!("{applied} tokens per minute")),
        Standing::NotListed | Standing::NotAsked => Check::skip(name, quota.standing.words()),
        Standing::BelowDefault if !short => Check::pass(
            name,
            format!("{applied} tokens per minute, less than the default of {}", figure(quota.default)),
        ),
        Standing::AccountHold | Standing::BelowDefault | Standing::BelowSpec => {
            let spec = quota.spec.map(|tokens| format!(", and the spec says {tokens}")).unwrap_or_default();
            Check::fail(name, format!("{applied} tokens per minute{spec}: {}", quota.standing.words()))
        }
    }
}
