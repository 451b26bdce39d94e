//! Buckets themselves.

use serde_json::json;

use super::super::clock::iso8601;
use super::super::protocol::{HttpReply, xml};
use super::super::resource::Resource;
use super::super::world::World;
use super::objects::{self, Versioning};
use super::{Address, BUCKET, Call, Place, Refused, no_such_bucket, policy_allows};

const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// An XML answer with this root element.
pub(super) fn document(root: &str, content: &str) -> HttpReply {
    let body = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root} xmlns=\"{NAMESPACE}\">{content}</{root}>");
    HttpReply::status(200).with_body("application/xml", body)
}

/// Finds the bucket and checks that the caller may use it and asks in its region.
pub(super) fn locate(world: &World, call: &Call<'_>, bucket: &str, action: &str, key: &str) -> Result<Place, Refused> {
    let place = Place::find(world, bucket).ok_or_else(|| no_such_bucket(bucket))?;
    if place.region != call.region {
        let endpoint = format!("{bucket}.s3.{}.amazonaws.com", place.region);
        return Err(Refused::new(
            301,
            "PermanentRedirect",
            "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this \
             endpoint.",
        )
        .with_element("Endpoint", endpoint)
        .with_element("Bucket", bucket)
        .with_header("x-amz-bucket-region", place.region));
    }
    if call.http.header("x-amz-expected-bucket-owner").is_some_and(|account| account != place.account) {
        return Err(Refused::new(403, "AccessDenied", "Access Denied"));
    }
    // IAM names some actions otherwise than the API.
    let permission = match action {
        "HeadObject" => "GetObject",
        "HeadBucket" | "ListObjects" | "ListObjectsV2" => "ListBucket",
        "ListObjectVersions" => "ListBucketVersions",
        "DeleteObjects" => "DeleteObject",
        "GetBucketEncryption" => "GetEncryptionConfiguration",
        "PutBucketEncryption" => "PutEncryptionConfiguration",
        "GetPublicAccessBlock" => "GetBucketPublicAccessBlock",
        "PutPublicAccessBlock" => "PutBucketPublicAccessBlock",
        "GetBucketLifecycleConfiguration" => "GetLifecycleConfiguration",
        "PutBucketLifecycleConfiguration" => "PutLifecycleConfiguration",
        other => other,
    };
    if place.account != call.identity.account && !policy_allows(world, call, &place, permission, key) {
        return Err(Refused::new(403, "AccessDenied", "Access Denied"));
    }
    Ok(place)
}

pub(super) fn list_buckets(world: &World, call: &Call<'_>) -> HttpReply {
    let account = &call.identity.account;
    let mut buckets: Vec<(&str, &Resource)> = world
        .regions(account)
        .flat_map(|region| world.resources_of(account, region, BUCKET).map(move |bucket| (region, bucket)))
        .collect();
    buckets.sort_by(|a, b| a.1.identifier.cmp(&b.1.identifier));
    let mut out = String::new();
    xml::write(&mut out, "Owner", &json!({"ID": owner(account)}), super::super::protocol::Lists::Repeated);
    out.push_str("<Buckets>");
    for (region, bucket) in buckets {
        out.push_str("<Bucket>");
        xml::leaf(&mut out, "Name", &bucket.identifier);
        xml::leaf(&mut out, "CreationDate", &iso8601(bucket.created_at));
        xml::leaf(&mut out, "BucketRegion", region);
        out.push_str("</Bucket>");
    }
    out.push_str("</Buckets>");
    document("ListAllMyBucketsResult", &out)
}

/// The canonical user id of an account: 64 digits, as S3 has them.
pub(super) fn owner(account: &str) -> String {
    format!("{account:0>64}")
}

pub(super) fn create(world: &mut World, call: &Call<'_>, address: &Address) -> Result<HttpReply, Refused> {
    let name = &address.bucket;
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    if !(3..=63).contains(&name.len()) || !name.bytes().all(allowed) {
        return Err(Refused::new(400, "InvalidBucketName", "The specified bucket is not valid.")
            .with_element("BucketName", name));
    }
    if let Some(place) = Place::find(world, name) {
        if place.account != call.identity.account {
            return Err(Refused::new(
                409,
                "BucketAlreadyExists",
                "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different \
                 name and try again.",
            )
            .with_element("BucketName", name));
        }
        // In us-east-1 creating one's own bucket again is no error, for the sake of old clients.
        if place.region == "us-east-1" && call.region == "us-east-1" {
            return Ok(HttpReply::status(200).with_header("location", &format!("/{name}")));
        }
        return Err(Refused::new(
            409,
            "BucketAlreadyOwnedByYou",
            "Your previous request to create the named bucket succeeded and you already own it.",
        )
        .with_element("BucketName", name));
    }
    let constraint = match std::str::from_utf8(&call.http.body) {
        Ok(text) if !text.trim().is_empty() => {
            let (_, body) = xml::read(text).map_err(|error| Refused::new(400, "MalformedXML", error.to_string()))?;
            body.get("LocationConstraint").and_then(|value| value.as_str()).map(str::to_owned)
        }
        _ => None,
    };
    if constraint.as_deref().unwrap_or("us-east-1") != call.region {
        let which = constraint.as_deref().unwrap_or("unspecified");
        return Err(Refused::new(
            400,
            "IllegalLocationConstraintException",
            format!(
                "The {which} location constraint is incompatible for the region specific endpoint this request was sent to."
            ),
        ));
    }
    let properties = json!({
        "BucketName": name,
        "Arn": format!("arn:aws:s3:::{name}"),
        "DomainName": format!("{name}.s3.amazonaws.com"),
        "RegionalDomainName": format!("{name}.s3.{}.amazonaws.com", call.region),
    });
    let now = world.now();
    world.put(&call.identity.account, call.region, Resource::new(BUCKET, name, properties, now));
    Ok(HttpReply::status(200).with_header("location", &format!("/{name}")))
}

pub(super) fn delete(world: &mut World, place: &Place) -> Result<HttpReply, Refused> {
    if !objects::is_empty(place.resource(world)?) {
        return Err(Refused::new(409, "BucketNotEmpty", "The bucket you tried to delete is not empty")
            .with_element("BucketName", &place.bucket));
    }
    world.remove(&place.account, &place.region, BUCKET, &place.bucket);
    Ok(HttpReply::status(204))
}

pub(super) fn location(place: &Place) -> HttpReply {
    // The first region has no name here.
    document("LocationConstraint", if place.region == "us-east-1" { "" } else { &place.region })
}

pub(super) fn versioning(world: &World, place: &Place) -> Result<HttpReply, Refused> {
    Ok(document(
        "VersioningConfiguration",
        match objects::versioning(place.resource(world)?) {
            Versioning::Off => "",
            Versioning::Enabled => "<Status>Enabled</Status>",
            Versioning::Suspended => "<Status>Suspended</Status>",
        },
    ))
}

pub(super) fn put_versioning(world: &mut World, call: &Call<'_>, place: &Place) -> Result<HttpReply, Refused> {
    let malformed = || {
        Refused::new(
            400,
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema",
        )
    };
    let (_, body) =
        std::str::from_utf8(&call.http.body).ok().and_then(|text| xml::read(text).ok()).ok_or_else(malformed)?;
    let status = body.get("Status").and_then(|value| value.as_str()).ok_or_else(malformed)?.to_owned();
    let bucket = place.resource_mut(world)?;
    if let Some(properties) = bucket.properties.as_object_mut() {
        properties.insert("VersioningConfiguration".into(), json!({"Status": status}));
    }
    Ok(HttpReply::status(200))
}

pub(super) fn policy(world: &World, place: &Place) -> Result<HttpReply, Refused> {
    let policy = world
        .resources_of(&place.account, &place.region, "AWS::S3::BucketPolicy")
        .find(|policy| policy.text("Bucket") == Some(&place.bucket))
        .and_then(|policy| policy.property("PolicyDocument"));
    match policy {
        Some(document) => Ok(HttpReply::status(200).with_body("application/json", document.to_string())),
        None => Err(Refused::new(404, "NoSuchBucketPolicy", "The bucket policy does not exist")
            .with_element("BucketName", &place.bucket)),
    }
}

pub(super) fn put_policy(world: &mut World, call: &Call<'_>, place: &Place) -> Result<HttpReply, Refused> {
    let document: serde_json::Value = serde_json::from_slice(&call.http.body).map_err(|_| {
        Refused::new(400, "MalformedPolicy", "Policies must be valid JSON and the first byte must be '{'")
    })?;
    let now = world.now();
    let properties = json!({"Bucket": place.bucket, "PolicyDocument": document});
    // CloudFormation names a bucket's policy after the bucket.
    let policy = Resource::new("AWS::S3::BucketPolicy", &place.bucket, properties, now);
    world.put(&place.account, &place.region, policy);
    Ok(HttpReply::status(204))
}

pub(super) fn tagging(world: &World, place: &Place) -> Result<HttpReply, Refused> {
    let tags = place.resource(world)?.tags();
    if tags.is_empty() {
        return Err(
            Refused::new(404, "NoSuchTagSet", "The TagSet does not exist").with_element("BucketName", &place.bucket)
        );
    }
    let mut out = String::from("<TagSet>");
    for (key, value) in tags {
        out.push_str("<Tag>");
        xml::leaf(&mut out, "Key", &key);
        xml::leaf(&mut out, "Value", &value);
        out.push_str("</Tag>");
    }
    out.push_str("</TagSet>");
    Ok(document("Tagging", &out))
}
