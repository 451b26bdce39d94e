//! IAM: roles and whom they trust.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::Result;
use super::call::Caller;

/// A role.
#[derive(Debug, Clone, PartialEq)]
pub struct Role {
    /// Its ARN.
    pub arn: String,
    /// Its trust policy.
    pub trust: Value,
}

/// IAM in one account.
#[derive(Debug)]
pub struct Iam {
    client: aws_sdk_iam::Client,
    caller: Caller,
}

impl Iam {
    pub(super) fn new(client: aws_sdk_iam::Client, caller: Caller) -> Self {
        Self { client, caller }
    }

    /// A role by name; `None` when there is none.
    ///
    /// # Errors
    /// When the call fails for another reason, or the trust policy is no JSON.
    pub async fn role(&self, name: &str) -> Result<Option<Role>> {
        const ACTION: &str = "GetRole";
        let answer = self.caller.call(ACTION, name, || self.client.get_role().role_name(name).send()).await;
        let role = match answer {
            Ok(answer) => answer.role,
            Err(error) if error.is("NoSuchEntity") || error.is("NoSuchEntityException") => return Ok(None),
            Err(error) => return Err(error),
        };
        let Some(role) = role else { return Ok(None) };
        // IAM sends policies with percent encoding (RFC 3986).
        let text = role.assume_role_policy_document.unwrap_or_default();
        let text = percent_decode_str(&text).decode_utf8_lossy();
        let trust = serde_json::from_str(&text)
            .map_err(|error| self.caller.unexpected(ACTION, name, format!("its trust policy is no JSON: {error}")))?;
        Ok(Some(Role { arn: role.arn, trust }))
    }
}
