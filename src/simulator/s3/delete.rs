//! DeleteObject and DeleteObjects.

use std::collections::BTreeMap;

use super::super::protocol::{HttpReply, xml};
use super::super::world::World;
use super::bucket::document;
use super::objects::{self, NULL_VERSION, Version, Versioning};
use super::{Call, Place, Refused};

/// The most keys of one DeleteObjects.
const MAXIMUM_KEYS: usize = 1_000;

/// What a deletion did.
struct Deleted {
    /// The version that is gone, or the marker that was added.
    version: Option<String>,
    marker: bool,
}

fn delete(world: &mut World, place: &Place, key: &str, version: Option<&str>) -> Result<Deleted, Refused> {
    if let Some(id) = version {
        let removed = objects::remove(place.resource_mut(world)?, key, id);
        let marker = removed.is_some_and(|version| version.blob.is_none());
        return Ok(Deleted { version: Some(id.to_owned()), marker });
    }
    let versioning = objects::versioning(place.resource(world)?);
    if versioning == Versioning::Off {
        objects::remove(place.resource_mut(world)?, key, NULL_VERSION);
        return Ok(Deleted { version: None, marker: false });
    }
    let id = if versioning == Versioning::Enabled { world.new_token(32) } else { NULL_VERSION.to_owned() };
    let marker = Version {
        id: id.clone(),
        blob: None,
        etag: String::new(),
        size: 0,
        modified: world.now(),
        headers: BTreeMap::new(),
    };
    objects::push(place.resource_mut(world)?, key, marker);
    Ok(Deleted { version: Some(id), marker: true })
}

pub(super) fn object(world: &mut World, call: &Call<'_>, place: &Place, key: &str) -> Result<HttpReply, Refused> {
    let deleted = delete(world, place, key, call.http.query("versionId"))?;
    let mut reply = HttpReply::status(204);
    if let Some(id) = &deleted.version {
        reply = reply.with_header("x-amz-version-id", id);
    }
    if deleted.marker {
        reply = reply.with_header("x-amz-delete-marker", "true");
    }
    Ok(reply)
}

pub(super) fn objects(world: &mut World, call: &Call<'_>, place: &Place) -> Result<HttpReply, Refused> {
    let malformed = || {
        Refused::new(
            400,
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema",
        )
    };
    let (_, body) =
        std::str::from_utf8(&call.http.body).ok().and_then(|text| xml::read(text).ok()).ok_or_else(malformed)?;
    let quiet = body.get("Quiet").and_then(|value| value.as_str()) == Some("true");
    let keys = xml::items(&body, "Object");
    if keys.is_empty() || keys.len() > MAXIMUM_KEYS {
        return Err(malformed());
    }
    let mut out = String::new();
    for object in keys {
        let key = object.get("Key").and_then(|value| value.as_str()).ok_or_else(malformed)?;
        let version = object.get("VersionId").and_then(|value| value.as_str()).filter(|id| !id.is_empty());
        let deleted = delete(world, place, key, version)?;
        if quiet {
            continue;
        }
        out.push_str("<Deleted>");
        xml::leaf(&mut out, "Key", key);
        if let Some(id) = version {
            xml::leaf(&mut out, "VersionId", id);
        }
        if deleted.marker {
            xml::leaf(&mut out, "DeleteMarker", "true");
            xml::leaf(&mut out, "DeleteMarkerVersionId", deleted.version.as_deref().unwrap_or_default());
        }
        out.push_str("</Deleted>");
    }
    Ok(document("DeleteResult", &out))
}
