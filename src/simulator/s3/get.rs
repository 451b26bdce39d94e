//! GetObject and HeadObject.

use super::super::protocol::HttpReply;
use super::super::world::World;
use super::objects::{self, Version, Versioning};
use super::{Call, Place, Refused};

pub(super) fn object(
    world: &World,
    call: &Call<'_>,
    place: &Place,
    key: &str,
    with_body: bool,
) -> Result<HttpReply, Refused> {
    let bucket = place.resource(world)?;
    let version = find(call, &objects::versions(bucket, key), key)?;
    let blob = version.blob.as_deref().unwrap_or_default();
    conditions(call, &version)?;
    let content = world
        .blobs
        .get(blob)
        .map_err(|error| Refused::internal(&error))?
        .ok_or_else(|| Refused::new(500, "InternalError", "The object's content is missing"))?;

    let mut reply = HttpReply::status(200);
    let mut part = &content[..];
    if let Some((from, to)) = range(call, content.len())? {
        part = content.get(from..to).unwrap_or_default();
        reply = HttpReply::status(206)
            .with_header("content-range", &format!("bytes {from}-{}/{}", to.saturating_sub(1), content.len()));
    }
    let partial = part.len() != content.len();
    let kind = version.headers.get("content-type").map_or("binary/octet-stream", String::as_str);
    // A HEAD names the length of the body that it does not have; the server takes the body away.
    reply = if with_body {
        reply.with_body(kind, part.to_vec())
    } else {
        reply.with_header("content-type", kind).with_header("content-length", &part.len().to_string())
    };
    reply = reply
        .with_header("etag", &format!("\"{}\"", version.etag))
        .with_header("last-modified", &http_date(version.modified))
        .with_header("accept-ranges", "bytes");
    if objects::versioning(bucket) != Versioning::Off {
        reply = reply.with_header("x-amz-version-id", &version.id);
    }
    let checksums = call.http.header("x-amz-checksum-mode") == Some("ENABLED") && !partial;
    for (name, value) in &version.headers {
        if checksums || !name.starts_with("x-amz-checksum") {
            reply = reply.with_header(name, value);
        }
    }
    Ok(reply)
}

fn find(call: &Call<'_>, versions: &[Version], key: &str) -> Result<Version, Refused> {
    let no_such_key = || Refused::new(404, "NoSuchKey", "The specified key does not exist.").with_element("Key", key);
    match call.http.query("versionId") {
        None => match versions.last() {
            Some(version) if version.blob.is_some() => Ok(version.clone()),
            Some(marker) => Err(no_such_key()
                .with_header("x-amz-delete-marker", "true")
                .with_header("x-amz-version-id", &marker.id)),
            None => Err(no_such_key()),
        },
        Some(id) => match versions.iter().find(|version| version.id == id) {
            Some(version) if version.blob.is_some() => Ok(version.clone()),
            Some(_) => {
                Err(Refused::new(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
                    .with_header("x-amz-delete-marker", "true"))
            }
            None => Err(Refused::new(404, "NoSuchVersion", "The specified version does not exist.")
                .with_element("Key", key)
                .with_element("VersionId", id)),
        },
    }
}

fn conditions(call: &Call<'_>, version: &Version) -> Result<(), Refused> {
    let same =
        |value: &str| value.split(',').any(|etag| etag.trim() == "*" || etag.trim().trim_matches('"') == version.etag);
    if call.http.header("if-match").is_some_and(|value| !same(value)) {
        let message = "At least one of the pre-conditions you specified did not hold";
        return Err(Refused::new(412, "PreconditionFailed", message).with_element("Condition", "If-Match"));
    }
    if call.http.header("if-none-match").is_some_and(same) {
        return Err(
            Refused::new(304, "NotModified", "Not Modified").with_header("etag", format!("\"{}\"", version.etag))
        );
    }
    Ok(())
}

/// The range that is asked for, as start and end without it; `None` for the whole object or a header that is to be ignored.
fn range(call: &Call<'_>, length: usize) -> Result<Option<(usize, usize)>, Refused> {
    let Some((first, last)) =
        call.http.header("range").and_then(|header| header.strip_prefix("bytes=")?.split_once('-'))
    else {
        return Ok(None);
    };
    let (from, to) = match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) if first <= last => (first, last.saturating_add(1).min(length)),
        (Ok(first), Err(_)) if last.is_empty() => (first, length),
        (Err(_), Ok(suffix)) if first.is_empty() => (length.saturating_sub(suffix), length),
        _ => return Ok(None),
    };
    if from >= to {
        return Err(Refused::new(416, "InvalidRange", "The requested range is not satisfiable")
            .with_element("ActualObjectSize", length.to_string()));
    }
    Ok(Some((from, to)))
}

fn http_date(moment: jiff::Timestamp) -> String {
    moment.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
