//! Secrets Manager: the values of secrets, which go no further than the memory of who asks.

use super::Result;
use super::call::Caller;

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
