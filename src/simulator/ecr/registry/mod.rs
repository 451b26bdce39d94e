//! The registry itself: what Docker, skopeo and gwinfra push to, at the port of all services.
//!
//! Written from <https://github.com/opencontainers/distribution-spec/blob/main/spec.md>, with what ECR does otherwise: PATCH is
//! answered with 201, no blob is mounted from another repository unless the account allows it, and a manifest is stored without
//! a `Location`. The repositories and their images are those of the API.

mod blobs;
mod manifests;
mod refusal;
mod route;
mod token;

use axum::http::Method;

use serde_json::Value;

use super::super::identity::Identity;
use super::super::protocol::{HttpReply, HttpRequest};
use super::super::request::{Fault, Request};
use super::super::scenario::{self, Interference};
use super::super::world::World;
use super::REPOSITORY;
use super::images::ImageUri;

pub(super) use token::password;

use refusal::Refusal;
use route::Route;

/// A repository of one account and region, and who asks for it.
struct Place<'a> {
    identity: Identity,
    region: String,
    repository: &'a str,
}

/// Whether a request is for the registry: API calls are signed, and its own are not.
pub fn is_for(http: &HttpRequest) -> bool {
    let is_signed = http.header("authorization").is_some_and(|header| header.starts_with("AWS4-"));
    (http.path == "/v2" || http.path.starts_with("/v2/")) && !is_signed && http.query("X-Amz-Credential").is_none()
}

/// Answers a request to the registry.
pub fn answer(world: &mut World, http: &HttpRequest) -> HttpReply {
    let reply = match handle(world, http) {
        Ok(reply) => reply,
        Err(refusal) => refusal.reply(http.header("host").unwrap_or_default()),
    };
    let reply = reply.with_header("docker-distribution-api-version", "registry/2.0");
    if http.method == Method::HEAD { HttpReply { body: axum::body::Bytes::new(), ..reply } } else { reply }
}

/// What a scenario does to a request, which it knows by the API call that ECR permits it with.
pub fn interfere(world: &mut World, http: &HttpRequest) -> Option<Interference> {
    let grant = token::check(world, http).ok()?;
    let (_, route) = route::read(http)?;
    let action = match (&http.method, route) {
        (&Method::PUT, Route::Manifest(_)) => "PutImage",
        (_, Route::Manifest(_)) => "BatchGetImage",
        (&Method::HEAD, Route::Blob(_)) => "BatchCheckLayerAvailability",
        (_, Route::Blob(_)) => "GetDownloadUrlForLayer",
        (_, Route::Uploads) => "InitiateLayerUpload",
        (&Method::PATCH, Route::Upload(_)) => "UploadLayerPart",
        (_, Route::Upload(_)) => "CompleteLayerUpload",
        (_, Route::Referrers(_)) => "ListImageReferrers",
    };
    let identity = Identity::root(&grant.account);
    let params = Value::Null;
    let call = Request { identity: &identity, region: &grant.region, action, params: &params, request_id: "" };
    scenario::interfere(world, "ecr", &call)
}

/// The answer of a request that a scenario refuses.
pub fn refused(fault: Fault) -> HttpReply {
    let refusal = match fault.code.as_str() {
        "Throttling" => Refusal::new(429, "TOOMANYREQUESTS", "Rate exceeded"),
        "ExpiredToken" => Refusal::denied("Your authorization token has expired. Reauthenticate and try again."),
        _ => Refusal::new(fault.status, "UNKNOWN", fault.message),
    };
    refusal.reply("")
}

/// The answer to a request whose body did not come as it was announced.
pub fn unread() -> HttpReply {
    Refusal::new(400, "SIZE_INVALID", "provided length did not match content length").reply("")
}

fn handle(world: &mut World, http: &HttpRequest) -> Result<HttpReply, Refusal> {
    let grant = token::check(world, http)?;
    let host = ImageUri::parse(&format!("{}/x", http.header("host").unwrap_or_default()));
    let (account, region) = match host.ecr() {
        Some((account, region)) => (account.to_owned(), region.to_owned()),
        None => (grant.account.clone(), grant.region.clone()),
    };
    if (&account, &region) != (&grant.account, &grant.region) {
        return Err(Refusal::denied(format!("the token is for the registry of {} in {}", grant.account, grant.region)));
    }
    let Some((repository, route)) = route::read(http) else {
        // `/v2/` alone: whether somebody is known.
        return Ok(HttpReply::status(200).with_body("application/json", "{}"));
    };
    if world.resource(&account, &region, REPOSITORY, repository).is_none() {
        return Err(Refusal::unknown_repository(repository, &account));
    }
    let place = Place { identity: Identity::root(&account), region, repository };
    match (&http.method, route) {
        (&Method::GET | &Method::HEAD, Route::Manifest(wanted)) => manifests::get(world, &place, wanted),
        (&Method::PUT, Route::Manifest(wanted)) => manifests::put(world, &place, wanted, http),
        (&Method::GET | &Method::HEAD, Route::Blob(digest)) => blobs::get(world, &place, digest),
        (&Method::POST, Route::Uploads) => blobs::begin(world, &place, http),
        (&Method::PATCH, Route::Upload(id)) => blobs::append(world, &place, id, &http.body),
        (&Method::PUT, Route::Upload(id)) => blobs::finish(world, &place, id, http),
        (&Method::GET, Route::Referrers(digest)) => manifests::referrers(world, &place, digest),
        _ => Err(Refusal::unsupported()),
    }
}

#[cfg(test)]
mod tests;
