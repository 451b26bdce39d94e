//! Who signed a request. Signatures are read, not verified: a simulated account has no secrets to protect.

use super::identity::{Identity, Session};
use super::protocol::{HttpRequest, Protocol};
use super::request::Fault;
use super::resource::GLOBAL;
use super::world::World;

/// Access key ids that mean the simulator's default account.
const DEFAULT_KEYS: [&str; 3] = ["simulator", "test", "testing"];

/// What a signature says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// The access key id.
    pub access_key: String,
    /// The region of the scope; empty for a signature that has none.
    pub region: String,
    /// The service of the scope.
    pub service: String,
    /// The session token that came with it.
    pub token: Option<String>,
}

/// Why a request is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It has no signature.
    Unsigned,
    /// Nobody issued its access key, or the session token is another key's.
    UnknownKey,
    /// Its session is over.
    Expired,
    /// It is signed for a region that does not exist.
    NoSuchRegion,
}

/// Reads the signature of a request: the `Authorization` header, or a presigned query string.
pub fn credential(request: &HttpRequest) -> Option<Credential> {
    let (scope, token) = match request.header("authorization") {
        Some(header) => {
            let (_, rest) = header.split_once("Credential=")?;
            let scope = rest.split([',', ' ']).next()?.to_owned();
            (scope, request.header("x-amz-security-token").map(str::to_owned))
        }
        None => {
            (request.query("X-Amz-Credential")?.to_owned(), request.query("X-Amz-Security-Token").map(str::to_owned))
        }
    };
    // KEY/DATE/REGION/SERVICE/aws4_request; version 4A has no region.
    let mut parts: Vec<&str> = scope.split('/').collect();
    if parts.pop()? != "aws4_request" || parts.len() < 3 {
        return None;
    }
    let service = parts.pop()?.to_owned();
    let region = if parts.len() > 2 { parts.pop()?.to_owned() } else { String::new() };
    parts.pop()?;
    Some(Credential { access_key: parts.join("/"), region, service, token })
}

/// The principal that a credential stands for.
pub fn identify(world: &World, credential: &Credential, default_account: &str) -> Result<Identity, Refusal> {
    let key = credential.access_key.as_str();
    if let Some(account) = account_of_key(key) {
        return Ok(administrator(account));
    }
    if DEFAULT_KEYS.contains(&key) {
        return Ok(administrator(default_account));
    }
    let session = world
        .accounts()
        .find_map(|account| world.service(account, GLOBAL, "sts").get("sessions")?.get(key))
        .ok_or(Refusal::UnknownKey)?;
    if session.get("token").and_then(|token| token.as_str()) != credential.token.as_deref() {
        return Err(Refusal::UnknownKey);
    }
    let identity: Identity = session
        .get("identity")
        .and_then(|identity| serde_json::from_value(identity.clone()).ok())
        .ok_or(Refusal::UnknownKey)?;
    match &identity.session {
        Some(Session { expires_at, .. }) if *expires_at <= world.now() => Err(Refusal::Expired),
        _ => Ok(identity),
    }
}

/// The account whose administrator an access key id stands for: 12 digits, or `AKIASIM` and 12 digits.
pub fn account_of_key(key: &str) -> Option<&str> {
    let digits = key.strip_prefix("AKIASIM").unwrap_or(key);
    (digits.len() == 12 && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

/// A user who may do everything. Not the root user: AWS does not let that one assume roles.
fn administrator(account: &str) -> Identity {
    Identity {
        account: account.to_owned(),
        arn: format!("arn:aws:iam::{account}:user/administrator"),
        user_id: format!("AIDASIM{account}"),
        session: None,
    }
}

/// The fault with which a service of this protocol refuses a request.
pub fn fault(refusal: Refusal, protocol: Protocol) -> Fault {
    match (refusal, protocol) {
        (Refusal::Unsigned, Protocol::S3) => Fault::new("AccessDenied", "Access Denied").with_status(403),
        (Refusal::Unsigned, Protocol::Json { .. } | Protocol::RestJson) => {
            Fault::new("MissingAuthenticationTokenException", "Missing Authentication Token")
        }
        (Refusal::Unsigned, _) => {
            Fault::new("MissingAuthenticationToken", "Request is missing Authentication Token").with_status(403)
        }
        (Refusal::UnknownKey, Protocol::S3) => {
            Fault::new("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
                .with_status(403)
        }
        (Refusal::NoSuchRegion, Protocol::Json { .. } | Protocol::RestJson) => {
            Fault::new("InvalidSignatureException", "Credential should be scoped to a valid region.")
        }
        (Refusal::NoSuchRegion, Protocol::S3) => {
            Fault::new("AuthorizationHeaderMalformed", "The authorization header is malformed; the region is wrong.")
        }
        (Refusal::NoSuchRegion, Protocol::Query { .. } | Protocol::RestXml { .. }) => {
            Fault::new("SignatureDoesNotMatch", "Credential should be scoped to a valid region.").with_status(403)
        }
        (Refusal::UnknownKey | Refusal::NoSuchRegion, Protocol::Ec2 { .. }) => {
            Fault::new("AuthFailure", "AWS was not able to validate the provided access credentials").with_status(401)
        }
        (Refusal::UnknownKey, Protocol::Json { .. } | Protocol::RestJson) => {
            Fault::new("UnrecognizedClientException", "The security token included in the request is invalid.")
        }
        (Refusal::UnknownKey, _) => {
            Fault::new("InvalidClientTokenId", "The security token included in the request is invalid.")
                .with_status(403)
        }
        (Refusal::Expired, Protocol::S3) => Fault::new("ExpiredToken", "The provided token has expired."),
        (Refusal::Expired, Protocol::Ec2 { .. }) => Fault::new("RequestExpired", "Request has expired."),
        (Refusal::Expired, Protocol::Json { .. } | Protocol::RestJson) => {
            Fault::new("ExpiredTokenException", "The security token included in the request is expired")
        }
        (Refusal::Expired, _) => {
            Fault::new("ExpiredToken", "The security token included in the request is expired").with_status(403)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::clock::{Clock, Pace};
    use axum::http::{HeaderMap, HeaderValue, Method};

    fn signed(header: &str) -> HttpRequest {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", HeaderValue::from_str(header).unwrap());
        HttpRequest {
            method: Method::POST,
            path: "/".into(),
            query: Vec::new(),
            headers,
            body: axum::body::Bytes::new(),
        }
    }

    #[test]
    fn the_scope_names_key_region_and_service() {
        let request = signed(
            "AWS4-HMAC-SHA256 Credential=111122223333/20260101/eu-west-1/cloudformation/aws4_request, SignedHeaders=host, Signature=0",
        );
        let credential = credential(&request).unwrap();
        assert_eq!(
            (credential.access_key.as_str(), credential.region.as_str(), credential.service.as_str()),
            ("111122223333", "eu-west-1", "cloudformation")
        );
    }

    #[test]
    fn a_request_without_a_signature_has_no_credential() {
        assert_eq!(credential(&signed("Bearer x")), None);
    }

    #[test]
    fn twelve_digits_are_an_accounts_administrator() {
        assert_eq!(account_of_key("AKIASIM111122223333"), Some("111122223333"));
        assert_eq!(account_of_key("11112222333"), None);
    }

    #[test]
    fn a_key_that_nobody_issued_is_refused() {
        let world = World::new(1, Clock::new(Pace::Fast));
        let credential = Credential {
            access_key: "AKIAIOSFODNN7EXAMPLE".into(),
            region: "us-east-1".into(),
            service: "sts".into(),
            token: None,
        };
        assert_eq!(identify(&world, &credential, "111122223333"), Err(Refusal::UnknownKey));
    }
}
