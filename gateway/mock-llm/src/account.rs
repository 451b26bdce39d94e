//! Whose call it is: the account is read from the signature, which is not verified.

use std::borrow::Cow;

use axum::http::{HeaderMap, header};
use sha2::{Digest, Sha256};

/// Who calls.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Caller<'a> {
    /// A 12-digit account, the name of an access key that belongs to none, or the hash of an API key.
    pub account: Cow<'a, str>,
    /// Region of the signature; empty without one.
    pub region: &'a str,
}

/// Reads who calls from the headers.
pub(super) fn caller(headers: &HeaderMap) -> Caller<'_> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let authorization = text(header::AUTHORIZATION.as_str()).unwrap_or_default();
    if let Some((_, scope)) = authorization.split_once("Credential=") {
        // KEY/DATE/REGION/SERVICE/aws4_request
        let mut parts = scope.split([',', ' ']).next().unwrap_or_default().split('/');
        let key = parts.next().unwrap_or_default();
        return Caller { account: account_of(key), region: parts.nth(1).unwrap_or_default() };
    }
    let bearer = authorization.strip_prefix("Bearer ").map(str::trim).filter(|key| !key.is_empty());
    let account = match bearer.or_else(|| text("x-api-key")).or_else(|| text("api-key")) {
        Some(key) => Cow::Owned(hash_of(key)),
        None => Cow::Borrowed("anonymous"),
    };
    Caller { account, region: "" }
}

/// The account of an access key: its 12 digits if it has some, as those that simulated accounts have; else what AWS has
/// encoded in it; else the key's own id, which is no secret.
fn account_of(key: &str) -> Cow<'_, str> {
    if let Some(digits) = key.split(|one: char| !one.is_ascii_digit()).find(|digits| digits.len() == 12) {
        return Cow::Borrowed(digits);
    }
    match encoded(key) {
        Some(account) => Cow::Owned(format!("{account:012}")),
        None => Cow::Borrowed(key),
    }
}

/// The account in an access key of AWS: 40 of the bits behind the prefix of four letters.
fn encoded(key: &str) -> Option<u64> {
    let rest = key.strip_prefix("AKIA").or_else(|| key.strip_prefix("ASIA"))?;
    if rest.len() != 16 {
        return None;
    }
    let mut bits = 0u64;
    // Base 32: ten letters are 50 bits, of which the first 48 count.
    for letter in rest.bytes().take(10) {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'2'..=b'7' => letter - b'2' + 26,
            _ => return None,
        };
        bits = bits << 5 | u64::from(value);
    }
    let account = (bits >> 2 & 0x7fff_ffff_ff80) >> 7;
    (account < 1_000_000_000_000).then_some(account)
}

/// A name for an API key that does not give it away.
fn hash_of(key: &str) -> String {
    use std::fmt::Write;
    let mut name = String::with_capacity(12);
    name.push_str("key-");
    for byte in Sha256::digest(key.as_bytes()).iter().take(4) {
        // Writing to a string does not fail.
        let _ = write!(name, "{byte:02x}");
    }
    name
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn of(header: &'static str, value: &str) -> (String, String) {
        let headers =
            HeaderMap::from_iter([(header::HeaderName::from_static(header), HeaderValue::from_str(value).unwrap())]);
        let caller = caller(&headers);
        (caller.account.into_owned(), caller.region.to_owned())
    }

    fn signed(key: &str) -> (String, String) {
        of(
            "authorization",
            &format!(
                "AWS4-HMAC-SHA256 Credential={key}/20261129/eu-west-1/bedrock/aws4_request, SignedHeaders=host, Signature=0"
            ),
        )
    }

    #[test]
    fn twelve_digits_in_an_access_key_are_its_account() {
        for key in ["222222222222", "ASIA222222222222ROLE", "AKIASIM222222222222"] {
            assert_eq!(signed(key), ("222222222222".to_owned(), "eu-west-1".to_owned()), "{key}");
        }
    }

    #[test]
    fn an_access_key_of_aws_has_its_account_encoded() {
        // From the published description of the encoding.
        assert_eq!(signed("ASIAQNZGKIQY56JQ7WML").0, "029608264753");
    }

    #[test]
    fn any_other_access_key_is_an_account_of_its_own() {
        assert_eq!(signed("testing").0, "testing");
    }

    #[test]
    fn an_api_key_is_named_by_its_hash() {
        let (account, region) = of("authorization", "Bearer sk-k1");
        assert_eq!((account.as_str(), region.as_str()), ("key-3011f4f7", ""));
        assert_eq!(of("x-api-key", "sk-k1").0, "key-3011f4f7");
        assert_eq!(of("api-key", "sk-k1").0, "key-3011f4f7");
    }

    #[test]
    fn a_call_without_a_key_is_nobodys() {
        assert_eq!(of("accept", "*/*").0, "anonymous");
    }
}
