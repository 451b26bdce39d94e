//! Blobs: which of them a repository has, and uploads under way.

use axum::body::Bytes;
use serde_json::{Value, json};

use super::super::super::protocol::{HttpReply, HttpRequest};
use super::super::super::resource::Resource;
use super::super::super::world::World;
use super::super::REPOSITORY;
use super::Place;
use super::refusal::Refusal;

/// Where a repository remembers its blobs and its uploads.
const BLOBS: &str = "blobs";
const UPLOADS: &str = "uploads";

/// Whether a repository has a blob.
pub fn has(repository: &Resource, digest: &str) -> bool {
    let known = repository.runtime.get(BLOBS).and_then(Value::as_array);
    known.is_some_and(|known| known.iter().any(|blob| blob == digest))
}

pub fn get(world: &World, place: &Place<'_>, digest: &str) -> Result<HttpReply, Refusal> {
    let repository = world.resource(&place.identity.account, &place.region, REPOSITORY, place.repository);
    let unknown = || Refusal::new(404, "BLOB_UNKNOWN", "blob unknown to registry");
    let known = repository.is_some_and(|repository| has(repository, digest));
    let hex = digest.strip_prefix("sha256:").filter(|_| known).ok_or_else(unknown)?;
    let bytes = world.blobs.get(hex).map_err(|error| Refusal::internal(&error))?.ok_or_else(unknown)?;
    Ok(HttpReply::status(200)
        .with_body("application/octet-stream", Bytes::copy_from_slice(&bytes))
        .with_header("content-length", &bytes.len().to_string())
        .with_header("docker-content-digest", digest))
}

/// Begins an upload. A blob of another repository is not taken over: accounts do not allow it unless they say so.
pub fn begin(world: &mut World, place: &Place<'_>, _http: &HttpRequest) -> Result<HttpReply, Refusal> {
    let id = world.new_id("upload");
    set_upload(world, place, &id, Some(None))?;
    Ok(under_way(202, place, &id))
}

/// Takes a part of a blob. ECR answers with 201 where the specification has 202.
pub fn append(world: &mut World, place: &Place<'_>, id: &str, part: &Bytes) -> Result<HttpReply, Refusal> {
    let whole = so_far(world, place, id, part)?;
    let digest = world.blobs.put(&whole).map_err(|error| Refusal::internal(&error))?;
    set_upload(world, place, id, Some(Some(digest)))?;
    let range = format!("0-{}", whole.len().saturating_sub(1));
    Ok(under_way(201, place, id).with_header("range", &range))
}

/// Ends an upload: what came must be what the digest says.
pub fn finish(world: &mut World, place: &Place<'_>, id: &str, http: &HttpRequest) -> Result<HttpReply, Refusal> {
    let whole = so_far(world, place, id, &http.body)?;
    let wanted = http.query("digest").unwrap_or_default().to_owned();
    let hex = world.blobs.put(&whole).map_err(|error| Refusal::internal(&error))?;
    if wanted != format!("sha256:{hex}") {
        return Err(Refusal::new(400, "DIGEST_INVALID", "provided digest did not match uploaded content"));
    }
    set_upload(world, place, id, None)?;
    let runtime = runtime(world, place)?;
    let known = runtime.entry(BLOBS).or_insert_with(|| json!([]));
    if let Some(known) = known.as_array_mut()
        && !known.iter().any(|blob| blob == wanted.as_str())
    {
        known.push(json!(wanted));
    }
    Ok(HttpReply::status(201)
        .with_header("location", &format!("/v2/{}/blobs/{wanted}", place.repository))
        .with_header("docker-content-digest", &wanted))
}

fn under_way(status: u16, place: &Place<'_>, id: &str) -> HttpReply {
    HttpReply::status(status)
        .with_header("location", &format!("/v2/{}/blobs/uploads/{id}", place.repository))
        .with_header("docker-upload-uuid", id)
}

/// What an upload has brought, with another part.
fn so_far(world: &World, place: &Place<'_>, id: &str, part: &Bytes) -> Result<Vec<u8>, Refusal> {
    let unknown = || Refusal::new(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry");
    let repository = world.resource(&place.identity.account, &place.region, REPOSITORY, place.repository);
    let upload = repository.and_then(|repository| repository.runtime.get(UPLOADS)?.get(id)).ok_or_else(unknown)?;
    let mut whole = match upload.as_str() {
        Some(hex) => world.blobs.get(hex).map_err(|error| Refusal::internal(&error))?.ok_or_else(unknown)?.to_vec(),
        None => Vec::new(),
    };
    whole.extend_from_slice(part);
    Ok(whole)
}

/// Remembers what an upload has brought; `None` forgets it.
fn set_upload(world: &mut World, place: &Place<'_>, id: &str, state: Option<Option<String>>) -> Result<(), Refusal> {
    let runtime = runtime(world, place)?;
    let uploads = runtime.entry(UPLOADS).or_insert_with(|| json!({}));
    if let Some(uploads) = uploads.as_object_mut() {
        match state {
            Some(digest) => uploads.insert(id.to_owned(), json!(digest)),
            None => uploads.shift_remove(id),
        };
    }
    Ok(())
}

fn runtime<'a>(world: &'a mut World, place: &Place<'_>) -> Result<&'a mut serde_json::Map<String, Value>, Refusal> {
    let account = place.identity.account.clone();
    let repository = world
        .resource_mut(&account, &place.region, REPOSITORY, place.repository)
        .ok_or_else(|| Refusal::unknown_repository(place.repository, &account))?;
    if !repository.runtime.is_object() {
        repository.runtime = json!({});
    }
    repository.runtime.as_object_mut().ok_or_else(|| Refusal::unknown_repository(place.repository, &account))
}
