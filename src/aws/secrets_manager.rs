//! Secrets Manager: what is known of secrets, and their values, which go no further than the memory of who asks.

use serde_json::Value;

use super::Result;
use super::call::Caller;
use super::time::timestamp;

/// What is known of a secret beside its value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Secret {
    /// The date for which its deletion is scheduled: some time after it, it is gone. `None` when it is to stay.
    pub deleted: Option<jiff::Timestamp>,
    /// Whether it is rotated by itself.
    pub rotates: bool,
    /// By when it is to be rotated next.
    pub next_rotation: Option<jiff::Timestamp>,
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

    /// The text of a secret, by name or ARN.
    ///
    /// # Errors
    /// When the call fails, or the secret is not a text.
    pub async fn text(&self, id: &str) -> Result<String> {
        const ACTION: &str = "GetSecretValue";
        let answer = self.caller.call(ACTION, id, || self.client.get_secret_value().secret_id(id).send()).await?;
        self.caller.required(answer.secret_string, ACTION, id, "SecretString")
    }

    /// What is known of a secret, by name or ARN; `None` when it is not there. Its value is not asked for.
    ///
    /// # Errors
    /// When the call fails for another reason.
    pub async fn secret(&self, id: &str) -> Result<Option<Secret>> {
        let answer =
            self.caller.call("DescribeSecret", id, || self.client.describe_secret().secret_id(id).send()).await;
        let found = match answer {
            Err(error) if error.is("ResourceNotFoundException") => return Ok(None),
            other => other?,
        };
        Ok(Some(Secret {
            deleted: timestamp(found.deleted_date.as_ref()),
            rotates: found.rotation_enabled.unwrap_or_default(),
            next_rotation: timestamp(found.next_rotation_date.as_ref()),
        }))
    }

    /// The policy that a secret has of its own; `None` when it has none, or is gone or about to go.
    ///
    /// # Errors
    /// When the call fails for another reason, or the policy is no JSON.
    pub async fn resource_policy(&self, id: &str) -> Result<Option<Value>> {
        const ACTION: &str = "GetResourcePolicy";
        let answer = self.caller.call(ACTION, id, || self.client.get_resource_policy().secret_id(id).send()).await;
        let found = match answer {
            Err(error) if error.is("ResourceNotFoundException") || error.is("InvalidRequestException") => {
                return Ok(None);
            }
            other => other?.resource_policy,
        };
        let parsed = found.map(|text| serde_json::from_str(&text)).transpose();
        parsed.map_err(|error| self.caller.unexpected(ACTION, id, format!("ResourcePolicy is no JSON: {error}")))
    }
}
