//! Bedrock: whether an account may use a model.

use super::Result;
use super::call::Caller;

/// What Bedrock says of a foundation model in one account and region. Values are AWS's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Availability {
    /// Whether the account has agreed to the model's terms: `AVAILABLE`, `PENDING`, `NOT_AVAILABLE`, `ERROR`.
    pub agreement: String,
    /// Why there is no agreement.
    pub agreement_error: Option<String>,
    /// Whether the account is authorised: `AUTHORIZED`, `NOT_AUTHORIZED`.
    pub authorization: String,
    /// Whether the account is entitled: `AVAILABLE`, `NOT_AVAILABLE`.
    pub entitlement: String,
    /// Whether the region has the model: `AVAILABLE`, `NOT_AVAILABLE`.
    pub region: String,
}

/// Bedrock in one account and region.
#[derive(Debug)]
pub struct Bedrock {
    client: aws_sdk_bedrock::Client,
    caller: Caller,
}

impl Bedrock {
    pub(super) fn new(client: aws_sdk_bedrock::Client, caller: Caller) -> Self {
        Self { client, caller }
    }

    /// Whether the account may use a foundation model; inference profiles are not known to this call.
    ///
    /// # Errors
    /// When the call fails: `ResourceNotFoundException` and `ValidationException` for a model that does not exist.
    pub async fn availability(&self, model: &str) -> Result<Availability> {
        const ACTION: &str = "GetFoundationModelAvailability";
        let send = || self.client.get_foundation_model_availability().model_id(model).send();
        let answer = self.caller.call(ACTION, model, send).await?;
        let agreement = answer.agreement_availability;
        Ok(Availability {
            agreement: agreement.as_ref().map_or_else(String::new, |agreement| agreement.status.as_str().to_owned()),
            agreement_error: agreement.and_then(|agreement| agreement.error_message),
            authorization: answer.authorization_status.as_str().to_owned(),
            entitlement: answer.entitlement_availability.as_str().to_owned(),
            region: answer.region_availability.as_str().to_owned(),
        })
    }
}
