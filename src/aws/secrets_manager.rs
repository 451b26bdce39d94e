//! Secrets Manager: whether secrets are there, and their values, which go no further than the memory of who asks.

use super::Result;
use super::call::Caller;

/// Whether a secret is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It is there.
    There,
    /// It is to be deleted, and cannot be read any more.
    Doomed,
    /// There is none of that name.
    Absent,
}

/// Secrets Manager in one account and region.
#[derive(Debug)]
pub struct SecretsManager {
    client: aws_sdk_secretsmanager::Client,
    caller: Caller,
}

impl SecretsManager {
    pub(super) fn new(client: aws_sdk_secretsmanager::Client, caller: Caller) -> Self {
        Self { client, caller }
    }

    /// Whether a secret is there, by name or ARN. No value is read.
    ///
    /// # Errors
    /// When the call fails for another reason than that there is no such secret.
    pub async fn presence(&self, id: &str) -> Result<Presence> {
        let answer =
            self.caller.call("DescribeSecret", id, || self.client.describe_secret().secret_id(id).send()).await;
        match answer {
            Ok(answer) if answer.deleted_date.is_some() => Ok(Presence::Doomed),
            Ok(_) => Ok(Presence::There),
            Err(error) if error.is("ResourceNotFoundException") => Ok(Presence::Absent),
            Err(error) => Err(error),
        }
    }

    /// The text of a secret, by name or ARN.
    ///
    /// # Errors
    /// When the call fails, or the secret is not a text.
    pub async fn text(&self, id: &str) -> Result<String> {
        const ACTION: &str = "GetSecretValue";
        let answer = self.caller.call(ACTION, id, || self.client.get_secret_value().secret_id(id).send()).await?;
        self.caller.required(answer.secret_string, ACTION, id, "SecretString")
    }
}
