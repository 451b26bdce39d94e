//! Service Quotas: what an account may use.

use aws_sdk_servicequotas::types::ServiceQuota;

use super::Result;
use super::call::Caller;

/// The most quotas that one call lists.
const LISTED_AT_ONCE: i32 = 100;

/// A quota and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    /// Code, such as `L-F4DDD3EB`.
    pub code: String,
    /// Name.
    pub name: String,
    /// Value, in the unit that the name says.
    pub value: u64,
}

/// What an account may have of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// Name of the quota.
    pub name: String,
    /// Value, in the unit that the name says.
    pub value: u64,
    /// Whether more can be asked for.
    pub adjustable: bool,
}

/// Service Quotas in one account and region.
#[derive(Debug)]
pub struct ServiceQuotas {
    client: aws_sdk_servicequotas::Client,
    caller: Caller,
}

impl ServiceQuotas {
    pub(super) fn new(client: aws_sdk_servicequotas::Client, caller: Caller) -> Self {
        Self { client, caller }
    }

    /// All quotas of a service with the values that accounts have by default.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn defaults(&self, service: &str) -> Result<Vec<Quota>> {
        let mut quotas = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let answer = self
                .caller
                .call("ListAWSDefaultServiceQuotas", service, || {
                    self.client
                        .list_aws_default_service_quotas()
                        .service_code(service)
                        .max_results(LISTED_AT_ONCE)
                        .set_next_token(token.clone())
                        .send()
                })
                .await?;
            quotas.extend(answer.quotas.unwrap_or_default().into_iter().filter_map(quota));
            token = answer.next_token;
            if token.is_none() {
                return Ok(quotas);
            }
        }
    }

    /// The value that applies to the account. `None`: it has only the default.
    ///
    /// # Errors
    /// When the call fails for another reason than that there is no such value.
    pub async fn applied(&self, service: &str, code: &str) -> Result<Option<u64>> {
        Ok(self.own(service, code).await?.and_then(quota).map(|quota| quota.value))
    }

    /// The quota as the account has it. `None`: it has only the default.
    async fn own(&self, service: &str, code: &str) -> Result<Option<ServiceQuota>> {
        let send = || self.client.get_service_quota().service_code(service).quota_code(code).send();
        known(self.caller.call("GetServiceQuota", code, send).await.map(|answer| answer.quota))
    }

    /// The value of a quota that applies to the account, or else the default. `None`: there is no such quota.
    ///
    /// # Errors
    /// When a call fails for another reason.
    pub async fn limit(&self, service: &str, code: &str) -> Result<Option<Limit>> {
        if let Some(own) = self.own(service, code).await? {
            return Ok(limit(own));
        }
        let send = || self.client.get_aws_default_service_quota().service_code(service).quota_code(code).send();
        let default = self.caller.call("GetAWSDefaultServiceQuota", code, send).await;
        Ok(known(default.map(|answer| answer.quota))?.and_then(limit))
    }
}

/// An answer, or nothing where Service Quotas knows no such quota.
fn known(answer: Result<Option<ServiceQuota>>) -> Result<Option<ServiceQuota>> {
    match answer {
        Err(error) if error.is("NoSuchResourceException") => Ok(None),
        other => other,
    }
}

fn limit(found: ServiceQuota) -> Option<Limit> {
    let adjustable = found.adjustable;
    let Quota { name, value, .. } = quota(found)?;
    Some(Limit { name, value, adjustable })
}

fn quota(quota: ServiceQuota) -> Option<Quota> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast saturates; quotas are whole")]
    let value = quota.value? as u64;
    Some(Quota { code: quota.quota_code?, name: quota.quota_name?, value })
}
