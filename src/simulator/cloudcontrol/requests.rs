//! Operations under way, and how they ended.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::ecr::epoch;
use super::super::page::{limit, page};
use super::super::request::{Fault, Reply, Request};
use super::super::world::World;
use super::required;

/// Where the requests of an account and region are kept.
const STATE: &str = "cloudcontrol";
/// How many are kept; AWS keeps them for seven days.
const MAXIMUM_KEPT: usize = 1_000;
/// Cloud Control's largest page.
const MAXIMUM_RESULTS: usize = 100;

/// One operation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Operation {
    pub token: String,
    pub client_token: Option<String>,
    pub type_name: String,
    pub identifier: Option<String>,
    /// `CREATE`, `UPDATE` or `DELETE`.
    pub operation: String,
    pub started_at: Timestamp,
    pub ends_at: Timestamp,
    /// Handler error code and text, if it fails.
    pub failure: Option<(String, String)>,
    /// The properties afterwards.
    pub model: Option<Value>,
}

impl Operation {
    /// `ProgressEvent`, at a moment: before its end every operation is under way.
    pub(super) fn event(&self, now: Timestamp) -> Value {
        let status = self.status(now);
        let failure = self.failure.as_ref().filter(|_| status == "FAILED");
        json!({
            "TypeName": self.type_name,
            "Identifier": self.identifier,
            "RequestToken": self.token,
            "Operation": self.operation,
            "OperationStatus": status,
            "EventTime": epoch(if status == "IN_PROGRESS" { self.started_at } else { self.ends_at }),
            "ResourceModel": self.model.as_ref().map(Value::to_string),
            "StatusMessage": failure.map(|(_, message)| message),
            "ErrorCode": failure.map(|(code, _)| code),
        })
    }

    fn status(&self, now: Timestamp) -> &'static str {
        match &self.failure {
            _ if now < self.ends_at => "IN_PROGRESS",
            Some(_) => "FAILED",
            None => "SUCCESS",
        }
    }
}

fn all(world: &World, request: &Request<'_>) -> Vec<Operation> {
    let kept = world.service(&request.identity.account, request.region, STATE);
    serde_json::from_value(kept.clone()).unwrap_or_default()
}

/// The operation that an earlier call with this client token began.
pub(super) fn repeated(world: &World, request: &Request<'_>) -> Option<Operation> {
    let token = request.text("ClientToken")?;
    all(world, request).into_iter().find(|operation| operation.client_token.as_ref() == Some(&token))
}

/// Whether something is being done to a resource.
pub(super) fn busy(world: &World, request: &Request<'_>, type_name: &str, identifier: &str) -> bool {
    let now = world.now();
    all(world, request).iter().any(|operation| {
        operation.type_name == type_name
            && operation.identifier.as_deref() == Some(identifier)
            && now < operation.ends_at
    })
}

pub(super) fn remember(world: &mut World, request: &Request<'_>, operation: &Operation) {
    let mut kept = all(world, request);
    kept.insert(0, operation.clone());
    kept.truncate(MAXIMUM_KEPT);
    if let Ok(kept) = serde_json::to_value(kept) {
        *world.service_mut(&request.identity.account, request.region, STATE) = kept;
    }
}

pub(super) fn get_status(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let token = required(request, "RequestToken")?;
    let operation = all(world, request).into_iter().find(|operation| operation.token == token).ok_or_else(|| {
        Fault::new("RequestTokenNotFoundException", format!("Request with token {token} was not found."))
    })?;
    Ok(json!({"ProgressEvent": operation.event(world.now())}))
}

pub(super) fn list(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let now = world.now();
    let filter = |name: &str| -> Vec<String> {
        let wanted = request.params.pointer(&format!("/ResourceRequestStatusFilter/{name}")).and_then(Value::as_array);
        wanted.into_iter().flatten().filter_map(|value| value.as_str().map(str::to_owned)).collect()
    };
    let (operations, statuses) = (filter("Operations"), filter("OperationStatuses"));
    let events = all(world, request)
        .into_iter()
        .filter(|one| operations.is_empty() || operations.contains(&one.operation))
        .filter(|one| statuses.is_empty() || statuses.iter().any(|status| status == one.status(now)))
        .map(|one| one.event(now))
        .collect();
    let size = limit(request, "MaxResults", MAXIMUM_RESULTS);
    let (events, next) = page(events, size, request.text("NextToken").as_deref(), "ValidationException")?;
    Ok(json!({"ResourceRequestStatusSummaries": events, "NextToken": next}))
}
