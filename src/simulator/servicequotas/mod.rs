//! Service Quotas: the token quotas of Bedrock and what a gateway needs of other services, at their defaults unless a
//! scenario says otherwise.

mod table;

use serde_json::{Value, json};

use super::page::{limit, page};
use super::protocol::service::unknown_action;
use super::request::{Fault, Reply, Request};
use super::scenario::QuotaState;
use super::world::World;
use table::{QUOTAS, Quota, SERVICES};

const SERVICE: &str = "servicequotas";
/// The largest page of a list.
const MAXIMUM_RESULTS: usize = 100;

/// Answers a Service Quotas call.
pub fn handle(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    match request.action {
        "GetServiceQuota" => {
            let quota = find(request)?;
            let value = applied(world, &request.identity.account, request.region, quota.code);
            let value = value.ok_or_else(|| missing("The specified resource does not exist."))?;
            Ok(json!({"Quota": shown(request, quota, value, true)}))
        }
        "GetAWSDefaultServiceQuota" => {
            let quota = find(request)?;
            Ok(json!({"Quota": shown(request, quota, quota.default, false)}))
        }
        "ListServiceQuotas" => {
            let account = &request.identity.account;
            let value = |quota: &Quota| applied(world, account, request.region, quota.code);
            let quotas = of_service(request)?.filter_map(|quota| Some(shown(request, quota, value(quota)?, true)));
            list(request, quotas.collect())
        }
        "ListAWSDefaultServiceQuotas" => {
            let quotas = of_service(request)?.map(|quota| shown(request, quota, quota.default, false));
            list(request, quotas.collect())
        }
        _ => Err(unknown_action(request)),
    }
}

/// Gives an account another value of a quota.
pub fn apply(world: &mut World, state: &QuotaState) {
    let service = world.service_mut(&state.account, &state.region, SERVICE);
    if !service.is_object() {
        *service = json!({});
    }
    if let Some(values) = service.as_object_mut() {
        values.insert(state.code.clone(), json!(state.value));
    }
}

/// Whether there is a quota of that code.
pub fn is_known(code: &str) -> bool {
    QUOTAS.iter().any(|quota| quota.code == code)
}

/// The value that applies to an account. As on AWS, quotas that cannot be adjusted have a default only.
fn applied(world: &World, account: &str, region: &str, code: &str) -> Option<f64> {
    let own = world.service(account, region, SERVICE).get(code).and_then(Value::as_f64);
    let quota = QUOTAS.iter().find(|quota| quota.code == code)?;
    own.or_else(|| quota.adjustable.then_some(quota.default))
}

fn find(request: &Request<'_>) -> Result<&'static Quota, Fault> {
    let code = request.required("QuotaCode")?;
    let found = of_service(request)?.find(|quota| quota.code == code);
    found.ok_or_else(|| missing("The specified resource does not exist."))
}

fn of_service(request: &Request<'_>) -> Result<impl Iterator<Item = &'static Quota> + use<>, Fault> {
    let service = request.required("ServiceCode")?;
    if SERVICES.iter().any(|(code, _)| *code == service) {
        return Ok(QUOTAS.iter().filter(move |quota| quota.service == service));
    }
    let known: Vec<&str> = SERVICES.iter().map(|(code, _)| *code).collect();
    Err(missing(format!("gwinfra's simulator has quotas of {}, none of {service}", known.join(", "))))
}

fn missing(message: impl Into<String>) -> Fault {
    Fault::new("NoSuchResourceException", message)
}

fn list(request: &Request<'_>, quotas: Vec<Value>) -> Result<Reply, Fault> {
    let size = limit(request, "MaxResults", MAXIMUM_RESULTS);
    let token = request.text("NextToken");
    let (quotas, next) = page(quotas, size, token.as_deref(), "InvalidPaginationTokenException")?;
    Ok(json!({"NextToken": next, "Quotas": quotas}))
}

/// The ARN of a default has no account.
fn shown(request: &Request<'_>, quota: &Quota, value: f64, applied: bool) -> Value {
    let account = if applied { request.identity.account.as_str() } else { "" };
    let service = quota.service;
    let mut members = json!({
        "ServiceCode": service,
        "ServiceName": SERVICES.iter().find(|(code, _)| *code == service).map(|(_, name)| *name),
        "QuotaArn": format!("arn:aws:servicequotas:{}:{account}:{service}/{}", request.region, quota.code),
        "QuotaCode": quota.code,
        "QuotaName": quota.name,
        "Value": value,
        "Unit": "None",
        "Adjustable": quota.adjustable,
        "GlobalQuota": false,
    });
    if let Some(members) = members.as_object_mut().filter(|_| applied) {
        members.insert("QuotaAppliedAtLevel".into(), json!("ACCOUNT"));
    }
    members
}
