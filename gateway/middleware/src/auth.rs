//! The caller's key, as it is sent. Whether it is valid, LiteLLM says.

use std::fmt;
use std::fmt::Write as _;

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use sha2::{Digest as _, Sha256};

use crate::error::Failure;

/// LiteLLM's own header, which it prefers to all others.
pub const LITELLM_API_KEY: HeaderName = HeaderName::from_static("x-litellm-api-key");
/// Headers of Azure's, Anthropic's and Google's clients and of Azure's API Management, in LiteLLM's order.
/// `litellm/proxy/auth/user_api_key_auth.py`, `get_api_key`
static OTHERS: [HeaderName; 4] = [
    HeaderName::from_static("api-key"),
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("x-goog-api-key"),
    HeaderName::from_static("ocp-apim-subscription-key"),
];
/// The addresses that a request came through.
pub const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// A key or token that a caller sent, and where from: LiteLLM may take keys from some addresses only. It is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    token: String,
    forwarded_for: Option<HeaderValue>,
}

impl fmt::Debug for Credential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Credential(***)")
    }
}

impl Credential {
    /// The key of a request: from `x-litellm-api-key` or `Authorization`, with or without `Bearer`, or from `api-key`,
    /// `x-api-key`, `x-goog-api-key` or `ocp-apim-subscription-key`. The first of them that is there counts, as at LiteLLM; the
    /// first two are not there if they are empty.
    ///
    /// # Errors
    /// [`Failure::MissingKey`] without one, or with another scheme.
    pub fn from_headers(headers: &HeaderMap) -> Result<Self, Failure> {
        let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let is_own = headers.get(&LITELLM_API_KEY).is_some_and(|value| !value.is_empty());
        let name = if is_own { LITELLM_API_KEY } else { AUTHORIZATION };
        // LiteLLM looks further where `Authorization` is empty.
        let token = match text(&name).filter(|value| is_own || !value.is_empty()) {
            Some(value) => match value.split_once(' ') {
                Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Some(token.trim_start()),
                Some(_) => None,
                None if value.eq_ignore_ascii_case("bearer") => None,
                None => Some(value),
            },
            None if is_own => None,
            None => OTHERS.iter().find_map(text),
        };
        match token {
            Some(token) if !token.is_empty() && !token.contains(' ') => {
                Ok(Self { token: token.to_owned(), forwarded_for: headers.get(&FORWARDED_FOR).cloned() })
            }
            _ => Err(Failure::MissingKey),
        }
    }

    /// The key of a text.
    pub fn new(token: &str) -> Self {
        Self { token: token.to_owned(), forwarded_for: None }
    }

    /// This key, sent from where another was.
    pub fn from_where(&self, other: &Self) -> Self {
        Self { token: self.token.clone(), forwarded_for: other.forwarded_for.clone() }
    }

    /// The addresses that it came through, as a load balancer says it.
    pub fn forwarded_for(&self) -> Option<&HeaderValue> {
        self.forwarded_for.as_ref()
    }

    /// The key itself.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// As `Authorization` towards LiteLLM.
    pub fn header(&self) -> HeaderValue {
        let value = HeaderValue::from_str(&format!("Bearer {}", self.token));
        let mut value = value.unwrap_or(HeaderValue::from_static("Bearer"));
        value.set_sensitive(true);
        value
    }

    /// SHA-256.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.token.as_bytes()).into()
    }

    /// SHA-256 in lower-case hexadecimal digits: how LiteLLM itself stores keys.
    pub fn hash(&self) -> String {
        let mut text = String::with_capacity(64);
        for byte in self.digest() {
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &'static str, value: &str) -> Result<String, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).expect("a header"));
        Credential::from_headers(&headers).map(|credential| credential.token().to_owned())
    }

    #[test]
    fn a_key_comes_with_or_without_bearer_in_any_case() {
        for value in ["Bearer sk-k1", "bearer sk-k1", "BEARER  sk-k1", "sk-k1"] {
            assert_eq!(key("authorization", value), Ok("sk-k1".to_owned()), "{value}");
        }
        for name in ["x-api-key", "api-key", "x-goog-api-key", "ocp-apim-subscription-key"] {
            assert_eq!(key(name, "sk-k1"), Ok("sk-k1".to_owned()), "{name}");
        }
    }

    #[test]
    fn of_the_headers_of_other_clients_litellms_first_counts() {
        let headers = OTHERS.iter().cloned().zip(["sk-1", "sk-2", "sk-3", "sk-4"].map(HeaderValue::from_static));
        let headers: Vec<_> = headers.collect();
        for first in 0..headers.len() {
            let headers = HeaderMap::from_iter(headers[first..].iter().rev().cloned());
            let key = Credential::from_headers(&headers).map(|credential| credential.token().to_owned());
            assert_eq!(key, Ok(format!("sk-{}", first + 1)));
        }
    }

    #[test]
    fn the_key_that_litellm_takes_is_the_one_that_counts() {
        let both = |own: &'static [u8]| {
            let own = HeaderValue::from_bytes(own).expect("a header");
            let headers = [(AUTHORIZATION, HeaderValue::from_static("Bearer sk-a")), (LITELLM_API_KEY, own)];
            Credential::from_headers(&HeaderMap::from_iter(headers)).map(|credential| credential.token().to_owned())
        };
        assert_eq!(both(b"sk-b"), Ok("sk-b".to_owned()));
        assert_eq!(both(b"Bearer sk-b"), Ok("sk-b".to_owned()));
        assert_eq!(both(b""), Ok("sk-a".to_owned()));
        assert_eq!(both(b"Basic x"), Err(Failure::MissingKey));
        assert_eq!(both(b"sk-\xff"), Err(Failure::MissingKey));
        assert_eq!(key("x-litellm-api-key", "sk-b"), Ok("sk-b".to_owned()));
    }

    #[test]
    fn an_empty_authorization_is_none_beside_another_key() {
        let with = |authorization: &'static str| {
            let headers = [(AUTHORIZATION, authorization), (OTHERS[1].clone(), "sk-a")];
            let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value)));
            Credential::from_headers(&HeaderMap::from_iter(headers)).map(|credential| credential.token().to_owned())
        };
        assert_eq!(with(""), Ok("sk-a".to_owned()));
        assert_eq!(with("Basic x"), Err(Failure::MissingKey));
    }

    #[test]
    fn other_schemes_and_empty_keys_are_none() {
        for value in ["Basic dXNlcg==", "Bearer", "Bearer ", "", "Bearer a b"] {
            assert_eq!(key("authorization", value), Err(Failure::MissingKey), "{value}");
        }
    }

    #[test]
    fn the_hash_is_litellms() {
        let expected = "3011f4f7b0f93fc3406b9f3d30f73621219a240636fe4d1364902346f9b7917b";
        assert_eq!(Credential::new("sk-k1").hash(), expected);
    }

    #[test]
    fn a_key_is_never_printed() {
        assert!(!format!("{:?}", Credential::new("sk-k1")).contains("sk-k1"));
    }
}
