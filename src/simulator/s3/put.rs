//! PutObject.

use std::borrow::Cow;
use std::collections::BTreeMap;

use aws_smithy_types::base64;
use md5::{Digest, Md5};

use super::super::protocol::{HttpReply, chunked};
use super::super::world::World;
use super::objects::{self, NULL_VERSION, Version, Versioning};
use super::{Call, Place, Refused, checksum};
use crate::hexadecimal::digits;

/// The largest key, in bytes.
const MAXIMUM_KEY_BYTES: usize = 1_024;

/// Headers that come back with the object.
const KEPT: [&str; 7] = [
    "content-type",
    "cache-control",
    "content-disposition",
    "content-language",
    "expires",
    "x-amz-storage-class",
    "x-amz-website-redirect-location",
];

pub(super) fn object(world: &mut World, call: &Call<'_>, place: &Place, key: &str) -> Result<HttpReply, Refused> {
    if key.len() > MAXIMUM_KEY_BYTES {
        return Err(Refused::new(400, "KeyTooLongError", "Your key is too long"));
    }
    let bucket = place.resource(world)?;
    preconditions(call, objects::current(bucket, key).as_ref(), key)?;
    let versioning = objects::versioning(bucket);
    let bucket_encryption = bucket
        .properties
        .pointer("/BucketEncryption/ServerSideEncryptionConfiguration/0/ServerSideEncryptionByDefault")
        .cloned()
        .unwrap_or_default();

    let (content, trailers) = content(call)?;
    let header = |name: &str| {
        call.http
            .header(name)
            .or_else(|| trailers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()))
    };
    let digest = Md5::digest(&content);
    if header("content-md5").is_some_and(|value| value != base64::encode(digest)) {
        return Err(Refused::new(400, "BadDigest", "The Content-MD5 you specified did not match what we received."));
    }
    let mut headers = BTreeMap::new();
    for name in checksum::HEADERS {
        let Some(value) = header(name) else { continue };
        if !checksum::fits(name, value, &content) {
            let algorithm = name.trim_start_matches("x-amz-checksum-").to_ascii_uppercase();
            let message = format!("The {algorithm} you specified did not match the calculated checksum.");
            return Err(Refused::new(400, "BadDigest", message));
        }
        headers.insert(name.to_owned(), value.to_owned());
        headers.insert("x-amz-checksum-type".to_owned(), "FULL_OBJECT".to_owned());
    }
    for (name, value) in &call.http.headers {
        if let Ok(value) = value.to_str()
            && (KEPT.contains(&name.as_str()) || name.as_str().starts_with("x-amz-meta-"))
        {
            headers.insert(name.as_str().to_owned(), value.to_owned());
        }
    }
    if let Some(encoding) = call.http.header("content-encoding") {
        // aws-chunked is the transfer's, not the object's.
        let own: Vec<&str> =
            encoding.split(',').map(str::trim).filter(|part| *part != "aws-chunked" && !part.is_empty()).collect();
        if !own.is_empty() {
            headers.insert("content-encoding".to_owned(), own.join(","));
        }
    }
    let encryption = encryption(call, &bucket_encryption);
    headers.extend(encryption.clone());

    let id = match versioning {
        Versioning::Enabled => world.new_token(32),
        Versioning::Off | Versioning::Suspended => NULL_VERSION.to_owned(),
    };
    let etag = digits(digest);
    let blob = world.blobs.put(&content).map_err(|error| Refused::internal(&error))?;
    let mut reply = HttpReply::status(200).with_header("etag", &format!("\"{etag}\""));
    if versioning == Versioning::Enabled {
        reply = reply.with_header("x-amz-version-id", &id);
    }
    for (name, value) in
        headers.iter().filter(|(name, _)| name.starts_with("x-amz-checksum") || encryption.contains_key(*name))
    {
        reply = reply.with_header(name, value);
    }
    let modified = world.now();
    let version = Version { id, blob: Some(blob), etag, size: content.len() as u64, modified, headers };
    objects::push(place.resource_mut(world)?, key, version);
    Ok(reply)
}

fn preconditions(call: &Call<'_>, current: Option<&Version>, key: &str) -> Result<(), Refused> {
    let failed = |condition: &str| {
        Refused::new(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
            .with_element("Condition", condition)
    };
    if call.http.header("if-none-match") == Some("*") && current.is_some() {
        return Err(failed("If-None-Match"));
    }
    match (call.http.header("if-match"), current) {
        (Some(_), None) => {
            Err(Refused::new(404, "NoSuchKey", "The specified key does not exist.").with_element("Key", key))
        }
        (Some(etag), Some(current)) if etag.trim_matches('"') != current.etag => Err(failed("If-Match")),
        _ => Ok(()),
    }
}

fn content<'a>(call: &Call<'a>) -> Result<(Cow<'a, [u8]>, chunked::Trailers), Refused> {
    let body = &call.http.body;
    let streaming = call.http.header("x-amz-content-sha256").is_some_and(|value| value.starts_with("STREAMING-"));
    let encoded = call.http.header("content-encoding").is_some_and(|value| value.contains("aws-chunked"));
    if !streaming && !encoded {
        return Ok((Cow::Borrowed(body), Vec::new()));
    }
    let malformed = || Refused::new(400, "IncompleteBody", "The request body terminated unexpectedly");
    let (content, trailers) = chunked::decode(body).map_err(|_| malformed())?;
    let declared = call.http.header("x-amz-decoded-content-length").and_then(|value| value.parse::<usize>().ok());
    if declared.is_some_and(|length| length != content.len()) {
        return Err(malformed());
    }
    Ok((Cow::Owned(content), trailers))
}

/// What the request asks for, else what the bucket is set to, else AES256, which S3 uses on its own.
fn encryption(call: &Call<'_>, bucket: &serde_json::Value) -> BTreeMap<String, String> {
    let configured = |name: &str| bucket.get(name).and_then(|value| value.as_str());
    let asked = call.http.header("x-amz-server-side-encryption");
    let algorithm = asked.or(configured("SSEAlgorithm")).unwrap_or("AES256");
    let key = call.http.header("x-amz-server-side-encryption-aws-kms-key-id").or(if asked.is_none() {
        configured("KMSMasterKeyID")
    } else {
        None
    });
    let mut headers = BTreeMap::from([("x-amz-server-side-encryption".to_owned(), algorithm.to_owned())]);
    if let Some(key) = key.filter(|_| algorithm.starts_with("aws:kms")) {
        headers.insert("x-amz-server-side-encryption-aws-kms-key-id".to_owned(), key.to_owned());
    }
    headers
}
