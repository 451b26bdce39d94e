//! Manifests and indexes: the images of a repository.

use serde_json::{Value, json};

use super::super::super::protocol::{HttpReply, HttpRequest};
use super::super::super::request::{Request, scalar};
use super::super::super::world::World;
use super::super::images::{self, Image, sha256};
use super::super::{REPOSITORY, writes};
use super::refusal::Refusal;
use super::{Place, blobs};

/// Media type of a list of what is about an image.
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// The images of the repository that have a manifest: one that is only assumed has none to give.
fn all(world: &World, place: &Place<'_>) -> Vec<Image> {
    let images = images::of(world, &place.identity.account, &place.region, place.repository).unwrap_or_default();
    images.into_iter().filter(|image| image.manifest.is_some()).collect()
}

pub fn get(world: &World, place: &Place<'_>, wanted: &str) -> Result<HttpReply, Refusal> {
    let found = all(world, place)
        .into_iter()
        .find(|image| image.digest == wanted || image.tags.iter().any(|tag| tag == wanted))
        .and_then(|image| Some((image.manifest?, image.digest, image.media_type)));
    let (manifest, digest, media_type) =
        found.ok_or_else(|| Refusal::new(404, "MANIFEST_UNKNOWN", "Requested image not found"))?;
    Ok(HttpReply::status(200)
        .with_header("content-length", &manifest.len().to_string())
        .with_body(&media_type, manifest)
        .with_header("docker-content-digest", &digest))
}

pub fn put(world: &mut World, place: &Place<'_>, wanted: &str, http: &HttpRequest) -> Result<HttpReply, Refusal> {
    let invalid = |message: &str| Refusal::new(400, "MANIFEST_INVALID", message);
    let text = std::str::from_utf8(&http.body).map_err(|_| invalid("Invalid JSON syntax"))?.to_owned();
    let manifest: Value = serde_json::from_str(&text).map_err(|_| invalid("Invalid JSON syntax"))?;
    complete(world, place, &manifest)?;
    let digest = sha256(text.as_bytes());
    let by_digest = wanted.starts_with("sha256:");
    if by_digest && wanted != digest {
        return Err(Refusal::new(400, "DIGEST_INVALID", "provided digest did not match uploaded content"));
    }
    let params = json!({
        "repositoryName": place.repository,
        "imageManifest": text,
        "imageTag": (!by_digest).then_some(wanted),
        "imageManifestMediaType": http.header("content-type"),
    });
    let call = Request {
        identity: &place.identity,
        region: &place.region,
        action: "PutImage",
        params: &params,
        request_id: "",
    };
    match writes::put_image(world, &call) {
        Ok(_) => {}
        // Sent again, it is what it was.
        Err(fault) if fault.code == "ImageAlreadyExistsException" => {}
        Err(fault) => return Err(fault.into()),
    }
    let reply = HttpReply::status(201).with_header("docker-content-digest", &digest);
    Ok(match manifest.pointer("/subject/digest").and_then(Value::as_str) {
        Some(subject) => reply.with_header("oci-subject", subject),
        None => reply,
    })
}

/// Makes sure that the repository has everything that a manifest names.
fn complete(world: &World, place: &Place<'_>, manifest: &Value) -> Result<(), Refusal> {
    let digest = |part: &Value| part.get("digest").and_then(scalar).unwrap_or_default();
    let list = |name: &str| manifest.get(name).and_then(Value::as_array).into_iter().flatten();
    let repository = world.resource(&place.identity.account, &place.region, REPOSITORY, place.repository);
    let layers = list("layers").chain(manifest.get("config")).map(digest);
    for blob in layers {
        if !repository.is_some_and(|repository| blobs::has(repository, &blob)) {
            let message =
                format!("Layers with digests '[{blob}]' required for pushing image into repository do not exist");
            return Err(Refusal::new(404, "BLOB_UNKNOWN", message));
        }
    }
    let there = all(world, place);
    for part in list("manifests").map(digest) {
        if !there.iter().any(|image| image.digest == part) {
            let message =
                format!("Images with digests '[{part}]' required for pushing image into repository do not exist");
            return Err(Refusal::new(404, "MANIFEST_BLOB_UNKNOWN", message));
        }
    }
    Ok(())
}

/// What is about an image.
pub fn referrers(world: &World, place: &Place<'_>, of: &str) -> Result<HttpReply, Refusal> {
    let mut found = Vec::new();
    for image in all(world, place) {
        let text = image.manifest.unwrap_or_default();
        let manifest: Value = serde_json::from_str(&text).unwrap_or_default();
        if manifest.pointer("/subject/digest").and_then(Value::as_str) == Some(of) {
            let kind = manifest.get("artifactType").or_else(|| manifest.pointer("/config/mediaType"));
            found.push(json!({
                "mediaType": image.media_type,
                "digest": image.digest,
                "size": text.len(),
                "artifactType": kind,
            }));
        }
    }
    let list = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": found});
    Ok(HttpReply::status(200).with_body(INDEX, list.to_string()))
}
