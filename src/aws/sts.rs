//! STS: who is calling, and whether that may be somebody else.

use super::Result;
use super::call::Caller;

/// Who credentials stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Account id.
    pub account: String,
    /// ARN of the user, or of the assumed role and its session.
    pub arn: String,
}

/// The shortest session that STS gives, in seconds.
const SHORTEST_SESSION: i32 = 900;

/// STS in one account and region.
#[derive(Debug)]
pub(super) struct Sts {
    client: aws_sdk_sts::Client,
    caller: Caller,
}

impl Sts {
    pub(super) fn new(client: aws_sdk_sts::Client, caller: Caller) -> Self {
        Self { client, caller }
    }

    pub(super) async fn caller_identity(&self) -> Result<Identity> {
        const ACTION: &str = "GetCallerIdentity";
        let answer = self.caller.call(ACTION, "the caller", || self.client.get_caller_identity().send()).await?;
        Ok(Identity {
            account: self.caller.required(answer.account, ACTION, "the caller", "account")?,
            arn: self.caller.required(answer.arn, ACTION, "the caller", "ARN")?,
        })
    }

    /// Assumes a role for as short as can be, and forgets the credentials.
    pub(super) async fn try_assume(&self, role: &str, external_id: &str) -> Result<()> {
        let send = || {
            self.client
                .assume_role()
                .role_arn(role)
                .role_session_name("gwinfra-verify")
                .external_id(external_id)
                .duration_seconds(SHORTEST_SESSION)
                .send()
        };
        self.caller.call("AssumeRole", role, send).await.map(|_| ())
    }
}
