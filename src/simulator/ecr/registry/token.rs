//! The password of the registry: who may use it, and until when.

use aws_smithy_types::base64;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::super::super::clock::after;
use super::super::super::protocol::HttpRequest;
use super::super::super::world::World;
use super::refusal::Refusal;

/// How long a password is good for.
const HOURS: i64 = 12;

/// What a password says. AWS's own is a JSON document in base64, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Account of the registry.
    pub account: String,
    /// Its region.
    pub region: String,
    /// When it ends.
    expiration: Timestamp,
    /// What nobody else can make.
    signature: String,
}

impl Grant {
    fn sign(world: &World, account: &str, region: &str, expiration: Timestamp) -> String {
        world.stable_token(&["ecr", account, region, &expiration.to_string()], 64)
    }
}

/// A password for the registry of an account and region, and when it ends.
pub fn password(world: &World, account: &str, region: &str) -> (String, Timestamp) {
    let expiration = after(world.now(), SignedDuration::from_hours(HOURS));
    let signature = Grant::sign(world, account, region, expiration);
    let grant = Grant { account: account.to_owned(), region: region.to_owned(), expiration, signature };
    (base64::encode(serde_json::to_vec(&grant).unwrap_or_default()), expiration)
}

/// Reads and checks the password of a request.
pub fn check(world: &World, http: &HttpRequest) -> Result<Grant, Refusal> {
    let header = http.header("authorization").and_then(|header| header.strip_prefix("Basic "));
    let pair = header.and_then(|encoded| String::from_utf8(base64::decode(encoded.trim()).ok()?).ok());
    let Some(pair) = pair else { return Err(Refusal::unauthorized()) };
    let password = pair.strip_prefix("AWS:").and_then(|password| base64::decode(password).ok());
    let grant: Option<Grant> = password.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let is_own = |grant: &Grant| grant.signature == Grant::sign(world, &grant.account, &grant.region, grant.expiration);
    match grant.filter(is_own) {
        None => Err(Refusal::unauthorized()),
        Some(grant) if grant.expiration <= world.now() => {
            Err(Refusal::denied("Your authorization token has expired. Reauthenticate and try again."))
        }
        Some(grant) => Ok(grant),
    }
}
