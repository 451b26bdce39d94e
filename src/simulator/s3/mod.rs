//! S3: buckets are `AWS::S3::Bucket` resources, whoever made them; their objects live in the resource's runtime state.

mod address;
mod bucket;
mod call;
mod checksum;
mod configuration;
mod delete;
mod get;
mod list;
pub mod objects;
mod put;

use super::protocol::service::not_modelled;
use super::protocol::{HttpReply, HttpRequest, Protocol, xml};
use super::request::Fault;
use super::resource::Resource;
use super::world::World;
use super::{Identity, iam};
use crate::policy;

pub use address::Address;

/// The type of a bucket.
pub const BUCKET: &str = "AWS::S3::Bucket";

/// One S3 request.
pub struct Call<'a> {
    /// Who calls.
    pub identity: &'a Identity,
    /// The region that the request was signed for.
    pub region: &'a str,
    /// The request id of the reply.
    pub request_id: &'a str,
    /// The request.
    pub http: &'a HttpRequest,
}

/// A refused request: the fault, and what S3 adds to it.
#[derive(Debug)]
pub struct Refused {
    fault: Fault,
    elements: Vec<(&'static str, String)>,
    headers: Vec<(&'static str, String)>,
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self { fault, elements: Vec::new(), headers: Vec::new() }
    }
}

impl Refused {
    fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Fault::new(code, message).with_status(status).into()
    }

    fn with_element(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.elements.push((name, value.into()));
        self
    }

    fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn internal(error: &std::io::Error) -> Self {
        Self::new(500, "InternalError", format!("We encountered an internal error. Please try again. ({error})"))
    }
}

/// The name of the action that a request asks for, in IAM's words; `None` for those that are not modelled.
pub fn action(request: &HttpRequest) -> Option<&'static str> {
    call::Operation::of(request, &Address::of(request)).map(call::Operation::name)
}

/// Answers one request.
pub fn answer(world: &mut World, call: &Call<'_>) -> HttpReply {
    let address = Address::of(call.http);
    let reply = respond(world, call, &address).unwrap_or_else(|refused| refusal(&refused, call));
    reply.with_header("x-amz-request-id", call.request_id).with_header("server", "AmazonS3")
}

fn respond(world: &mut World, call: &Call<'_>, address: &Address) -> Result<HttpReply, Refused> {
    use call::Operation;
    let Some(operation) = Operation::of(call.http, address) else {
        let names: Vec<&str> = call.http.query.iter().map(|(name, _)| name.as_str()).collect();
        let action = format!(
            "{} {}?{}",
            call.http.method,
            if address.key.is_empty() { "BUCKET" } else { "OBJECT" },
            names.join("&")
        );
        return Err(not_modelled("s3", Protocol::S3, &action).into());
    };
    match operation {
        Operation::ListBuckets => return Ok(bucket::list_buckets(world, call)),
        Operation::CreateBucket => return bucket::create(world, call, address),
        _ => {}
    }
    let place = bucket::locate(world, call, &address.bucket, operation.name(), &address.key)?;
    match operation {
        Operation::ListBuckets | Operation::CreateBucket => Ok(HttpReply::status(200)),
        Operation::HeadBucket => Ok(HttpReply::status(200).with_header("x-amz-bucket-region", &place.region)),
        Operation::DeleteBucket => bucket::delete(world, &place),
        Operation::GetBucketLocation => Ok(bucket::location(&place)),
        Operation::GetBucketVersioning => bucket::versioning(world, &place),
        Operation::PutBucketVersioning => bucket::put_versioning(world, call, &place),
        Operation::GetBucketPolicy => bucket::policy(world, &place),
        Operation::PutBucketPolicy => bucket::put_policy(world, call, &place),
        Operation::GetBucketTagging => bucket::tagging(world, &place),
        Operation::PutBucketTagging => configuration::TAGGING.put(world, call, &place),
        Operation::GetBucketEncryption => configuration::ENCRYPTION.get(world, &place),
        Operation::PutBucketEncryption => configuration::ENCRYPTION.put(world, call, &place),
        Operation::GetPublicAccessBlock => configuration::PUBLIC_ACCESS.get(world, &place),
        Operation::PutPublicAccessBlock => configuration::PUBLIC_ACCESS.put(world, call, &place),
        Operation::GetBucketOwnershipControls => configuration::OWNERSHIP.get(world, &place),
        Operation::PutBucketOwnershipControls => configuration::OWNERSHIP.put(world, call, &place),
        Operation::GetBucketLifecycleConfiguration => configuration::LIFECYCLE.get(world, &place),
        Operation::PutBucketLifecycleConfiguration => configuration::LIFECYCLE.put(world, call, &place),
        Operation::ListObjectsV2 => list::version_2(world, call, &place),
        Operation::ListObjects => list::version_1(world, call, &place),
        Operation::ListObjectVersions => list::versions(world, call, &place),
        Operation::PutObject => put::object(world, call, &place, &address.key),
        Operation::GetObject => get::object(world, call, &place, &address.key, true),
        Operation::HeadObject => get::object(world, call, &place, &address.key, false),
        Operation::DeleteObject => delete::object(world, call, &place, &address.key),
        Operation::DeleteObjects => delete::objects(world, call, &place),
    }
}

fn refusal(refused: &Refused, call: &Call<'_>) -> HttpReply {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>");
    xml::leaf(&mut out, "Code", &refused.fault.code);
    xml::leaf(&mut out, "Message", &refused.fault.message);
    for (name, value) in &refused.elements {
        xml::leaf(&mut out, name, value);
    }
    xml::leaf(&mut out, "RequestId", call.request_id);
    xml::leaf(&mut out, "HostId", call.request_id);
    out.push_str("</Error>");
    // Neither a HEAD nor a 304 has a body.
    let mut reply = HttpReply::status(refused.fault.status);
    if call.http.method != axum::http::Method::HEAD && refused.fault.status != 304 {
        reply = reply.with_body("application/xml", out);
    }
    refused.headers.iter().fold(reply, |reply, (name, value)| reply.with_header(name, value))
}

/// Where a bucket is.
#[derive(Debug, Clone)]
pub struct Place {
    /// Its name.
    pub bucket: String,
    /// Its owner.
    pub account: String,
    /// Its region.
    pub region: String,
}

impl Place {
    /// The bucket of this name in whichever account and region: names are shared by all.
    pub fn find(world: &World, bucket: &str) -> Option<Self> {
        world.accounts().find_map(|account| {
            let region =
                world.regions(account).find(|region| world.resource(account, region, BUCKET, bucket).is_some())?;
            Some(Self { bucket: bucket.to_owned(), account: account.to_owned(), region: region.to_owned() })
        })
    }

    fn resource<'a>(&self, world: &'a World) -> Result<&'a Resource, Refused> {
        world.resource(&self.account, &self.region, BUCKET, &self.bucket).ok_or_else(|| no_such_bucket(&self.bucket))
    }

    fn resource_mut<'a>(&self, world: &'a mut World) -> Result<&'a mut Resource, Refused> {
        world
            .resource_mut(&self.account, &self.region, BUCKET, &self.bucket)
            .ok_or_else(|| no_such_bucket(&self.bucket))
    }
}

fn no_such_bucket(bucket: &str) -> Refused {
    Refused::new(404, "NoSuchBucket", "The specified bucket does not exist").with_element("BucketName", bucket)
}

/// Whether the bucket's policy lets another account's principal do something.
fn policy_allows(world: &World, call: &Call<'_>, place: &Place, action: &str, key: &str) -> bool {
    let resource = if key.is_empty() {
        format!("arn:aws:s3:::{}", place.bucket)
    } else {
        format!("arn:aws:s3:::{}/{key}", place.bucket)
    };
    let policy = world
        .resources_of(&place.account, &place.region, "AWS::S3::BucketPolicy")
        .find(|policy| policy.text("Bucket") == Some(&place.bucket))
        .and_then(|policy| policy.property("PolicyDocument"));
    let principals = iam::principal::names(call.identity);
    let keys = iam::principal::condition_keys(call.identity);
    let action = format!("s3:{action}");
    let access = policy::Access { action: &action, resource: &resource, principals: &principals, keys: &keys };
    policy::evaluate(policy, &access) == policy::Decision::Allowed
}
