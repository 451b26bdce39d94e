//! Pages of the services that count in `MaxRecords` and go on from a `Marker`: RDS and ElastiCache.

use serde_json::{Value, json};

use super::page::page;
use super::request::{Fault, Reply, Request};

/// Records of a page when a call does not say.
const DEFAULT: usize = 100;
/// The smallest page that may be asked for.
const MINIMUM: i64 = 20;

/// One page of a list under `name`. `maximum` is the largest page of the call.
pub(super) fn records(request: &Request<'_>, name: &str, maximum: i64, items: Vec<Value>) -> Result<Reply, Fault> {
    let wanted = request.integer("MaxRecords");
    if let Some(wanted) = wanted.filter(|wanted| !(MINIMUM..=maximum).contains(wanted)) {
        return Err(invalid(format!("Invalid value {wanted} for MaxRecords. Must be between {MINIMUM} and {maximum}")));
    }
    let size = wanted.and_then(|wanted| usize::try_from(wanted).ok()).unwrap_or(DEFAULT);
    let (items, marker) = page(items, size, request.text("Marker").as_deref(), INVALID)?;
    Ok(json!({name: items, "Marker": marker}))
}

/// What both services call a parameter that cannot be.
pub(super) fn invalid(message: impl Into<String>) -> Fault {
    Fault::new(INVALID, message)
}

const INVALID: &str = "InvalidParameterValue";
