//! What time it is at AWS.

use std::time::Duration;

use aws_config::SdkConfig;
use reqwest::redirect::Policy;

use super::call::Caller;
use super::{Error, Result};
use crate::spec::types::Region;

/// How long the answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Seconds that the clock of STS is ahead of this machine's. The call is not signed: it is refused, and dated.
pub(super) async fn difference(config: &SdkConfig, caller: &Caller) -> Result<i64> {
    const ACTION: &str = "Date";
    let region = Region(caller.target.region.clone());
    let url = config
        .endpoint_url()
        .map_or_else(|| format!("https://sts.{}.{}/", region.0, region.dns_suffix()), ToOwned::to_owned);
    let unreachable = |error: reqwest::Error| Error::Unreachable {
        service: caller.service.to_owned(),
        region: region.0.clone(),
        reason: error.to_string(),
    };
    let client = reqwest::Client::builder().redirect(Policy::none()).timeout(PATIENCE).build().map_err(unreachable)?;
    let before = jiff::Timestamp::now();
    let answer = client.get(&url).send().await.map_err(unreachable)?;
    let after = jiff::Timestamp::now();
    let date = answer.headers().get("date").and_then(|date| date.to_str().ok());
    let date = date.and_then(|text| jiff::fmt::rfc2822::parse(text).ok());
    let date = caller.required(date, ACTION, &url, "date")?.timestamp();
    // Whatever lies between asking and having the answer is no difference.
    Ok(if date > after {
        date.as_second() - after.as_second()
    } else if date.as_second() < before.as_second() {
        date.as_second() - before.as_second()
    } else {
        0
    })
}
