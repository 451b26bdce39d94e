//! Which operation a request is: method, whether there is a key, and the query string.

use axum::http::Method;

use super::super::protocol::HttpRequest;
use super::Address;

/// The operations that are modelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    ListBuckets,
    CreateBucket,
    HeadBucket,
    DeleteBucket,
    GetBucketLocation,
    GetBucketVersioning,
    PutBucketVersioning,
    GetBucketPolicy,
    PutBucketPolicy,
    GetBucketTagging,
    PutBucketTagging,
    GetBucketEncryption,
    PutBucketEncryption,
    GetPublicAccessBlock,
    PutPublicAccessBlock,
    GetBucketOwnershipControls,
    PutBucketOwnershipControls,
    GetBucketLifecycleConfiguration,
    PutBucketLifecycleConfiguration,
    ListObjectsV2,
    ListObjects,
    ListObjectVersions,
    PutObject,
    GetObject,
    HeadObject,
    DeleteObject,
    DeleteObjects,
}

/// Query parameters that name another operation on the same path.
const SUBRESOURCES: [&str; 32] = [
    "accelerate",
    "acl",
    "analytics",
    "attributes",
    "cors",
    "delete",
    "encryption",
    "intelligent-tiering",
    "inventory",
    "legal-hold",
    "lifecycle",
    "location",
    "logging",
    "metrics",
    "notification",
    "object-lock",
    "ownershipControls",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "replication",
    "requestPayment",
    "restore",
    "retention",
    "select",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versioning",
    "versions",
    "website",
];

impl Operation {
    pub(super) fn of(request: &HttpRequest, address: &Address) -> Option<Self> {
        let subresource =
            request.query.iter().find(|(name, _)| SUBRESOURCES.contains(&name.as_str())).map(|(name, _)| name.as_str());
        let method = &request.method;
        let is = |wanted: Method| *method == wanted;
        if address.bucket.is_empty() {
            return (is(Method::GET) && subresource.is_none()).then_some(Self::ListBuckets);
        }
        if address.key.is_empty() {
            return match subresource {
                None if is(Method::PUT) => Some(Self::CreateBucket),
                None if is(Method::HEAD) => Some(Self::HeadBucket),
                None if is(Method::DELETE) => Some(Self::DeleteBucket),
                None if is(Method::GET) && request.query("list-type") == Some("2") => Some(Self::ListObjectsV2),
                None if is(Method::GET) => Some(Self::ListObjects),
                Some("location") if is(Method::GET) => Some(Self::GetBucketLocation),
                Some("versioning") if is(Method::GET) => Some(Self::GetBucketVersioning),
                Some("versioning") if is(Method::PUT) => Some(Self::PutBucketVersioning),
                Some("policy") if is(Method::GET) => Some(Self::GetBucketPolicy),
                Some("policy") if is(Method::PUT) => Some(Self::PutBucketPolicy),
                Some("tagging") if is(Method::GET) => Some(Self::GetBucketTagging),
                Some("tagging") if is(Method::PUT) => Some(Self::PutBucketTagging),
                Some("encryption") if is(Method::GET) => Some(Self::GetBucketEncryption),
                Some("encryption") if is(Method::PUT) => Some(Self::PutBucketEncryption),
                Some("publicAccessBlock") if is(Method::GET) => Some(Self::GetPublicAccessBlock),
                Some("publicAccessBlock") if is(Method::PUT) => Some(Self::PutPublicAccessBlock),
                Some("ownershipControls") if is(Method::GET) => Some(Self::GetBucketOwnershipControls),
                Some("ownershipControls") if is(Method::PUT) => Some(Self::PutBucketOwnershipControls),
                Some("lifecycle") if is(Method::GET) => Some(Self::GetBucketLifecycleConfiguration),
                Some("lifecycle") if is(Method::PUT) => Some(Self::PutBucketLifecycleConfiguration),
                Some("versions") if is(Method::GET) => Some(Self::ListObjectVersions),
                Some("delete") if is(Method::POST) => Some(Self::DeleteObjects),
                _ => None,
            };
        }
        match subresource {
            None if is(Method::PUT) && request.header("x-amz-copy-source").is_none() => Some(Self::PutObject),
            None if is(Method::GET) => Some(Self::GetObject),
            None if is(Method::HEAD) => Some(Self::HeadObject),
            None if is(Method::DELETE) => Some(Self::DeleteObject),
            _ => None,
        }
    }

    /// The API's name of the operation.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ListBuckets => "ListBuckets",
            Self::CreateBucket => "CreateBucket",
            Self::HeadBucket => "HeadBucket",
            Self::DeleteBucket => "DeleteBucket",
            Self::GetBucketLocation => "GetBucketLocation",
            Self::GetBucketVersioning => "GetBucketVersioning",
            Self::PutBucketVersioning => "PutBucketVersioning",
            Self::GetBucketPolicy => "GetBucketPolicy",
            Self::GetBucketTagging => "GetBucketTagging",
            Self::PutBucketPolicy => "PutBucketPolicy",
            Self::PutBucketTagging => "PutBucketTagging",
            Self::GetBucketEncryption => "GetBucketEncryption",
            Self::PutBucketEncryption => "PutBucketEncryption",
            Self::GetPublicAccessBlock => "GetPublicAccessBlock",
            Self::PutPublicAccessBlock => "PutPublicAccessBlock",
            Self::GetBucketOwnershipControls => "GetBucketOwnershipControls",
            Self::PutBucketOwnershipControls => "PutBucketOwnershipControls",
            Self::GetBucketLifecycleConfiguration => "GetBucketLifecycleConfiguration",
            Self::PutBucketLifecycleConfiguration => "PutBucketLifecycleConfiguration",
            Self::ListObjectsV2 => "ListObjectsV2",
            Self::ListObjects => "ListObjects",
            Self::ListObjectVersions => "ListObjectVersions",
            Self::PutObject => "PutObject",
            Self::GetObject => "GetObject",
            Self::HeadObject => "HeadObject",
            Self::DeleteObject => "DeleteObject",
            Self::DeleteObjects => "DeleteObjects",
        }
    }
}
