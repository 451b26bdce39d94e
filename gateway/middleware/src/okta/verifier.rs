//! Whether an access token is one.

use jsonwebtoken::{Algorithm, Validation};
use serde::Deserialize;

use super::keys::{KeyError, Keys, Rhythm};

/// How far the clocks of the issuer and of this machine may be apart.
const LEEWAY_SECONDS: u64 = 120;

/// Longest token that is looked at.
const TOKEN_LENGTH: usize = 16 * 1024;

/// Checks access tokens of one issuer for one audience.
pub struct Verifier {
    keys: Keys,
    validation: Validation,
    scope: Option<String>,
}

/// Why an issuer cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IssuerError {
    /// It is not an address.
    #[error("it is not an address such as https://example.okta.com/oauth2/default")]
    Malformed,
    /// It is not encrypted.
    #[error("it has to begin with https://; plain http is for an issuer on this machine only")]
    Plain,
    /// It is the address of the console.
    #[error("it is the address of Okta's administration; leave out `-admin`")]
    Administration,
    /// No client could be made.
    #[error("no client of its keys could be made")]
    Client,
}

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is wrong, old, or not for this gateway.
    #[error("Invalid or expired token")]
    Invalid,
    /// It is right, and does not say whose it is.
    #[error("No sub claim found in the token")]
    NoSubject,
    /// It is right, and not for this purpose.
    #[error("The token does not have the scope that is needed here")]
    NoScope,
    /// Nobody can say.
    #[error("The keys of the identity provider cannot be read at the moment: try again")]
    Unavailable,
}

#[derive(Deserialize)]
struct Claims {
    #[serde(default)]
    sub: Option<String>,
    /// When it was issued, in seconds since 1970.
    #[serde(default)]
    iat: Option<f64>,
    /// Okta's scopes.
    #[serde(default)]
    scp: Scopes,
    /// Everybody else's.
    #[serde(default)]
    scope: Scopes,
}

#[derive(Default, Deserialize)]
#[serde(untagged)]
enum Scopes {
    List(Vec<String>),
    Text(String),
    #[default]
    None,
}

impl Scopes {
    fn has(&self, scope: &str) -> bool {
        match self {
            Self::List(scopes) => scopes.iter().any(|one| one == scope),
            Self::Text(scopes) => scopes.split_ascii_whitespace().any(|one| one == scope),
            Self::None => false,
        }
    }
}

impl Verifier {
    /// For tokens as they are configured.
    pub fn of(okta: &crate::config::Okta) -> Result<Self, IssuerError> {
        Self::new(&okta.issuer, &okta.audience, okta.scope.as_deref(), Rhythm::default())
    }

    /// For tokens of that issuer, with that audience and, if one is named, that scope.
    pub fn new(issuer: &str, audience: &str, scope: Option<&str>, rhythm: Rhythm) -> Result<Self, IssuerError> {
        // Tokens name their issuer without it.
        let issuer = issuer.trim_end_matches('/');
        let keys = Keys::new(keys_url(issuer)?, rhythm).map_err(|_| IssuerError::Client)?;
        let mut validation = Validation::new(Algorithm::RS256);
        validation.leeway = LEEWAY_SECONDS;
        validation.validate_nbf = true;
        validation.set_audience(&[audience]);
        validation.set_issuer(&[issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        Ok(Self { keys, validation, scope: scope.map(str::to_owned) })
    }

    /// Whose token it is.
    pub async fn subject(&self, token: &str) -> Result<String, TokenError> {
        if token.len() > TOKEN_LENGTH {
            return Err(TokenError::Invalid);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Invalid)?;
        // Before the key is looked for: nothing is fetched for a token that no key could help.
        if header.alg != Algorithm::RS256 {
            return Err(TokenError::Invalid);
        }
        let id = header.kid.ok_or(TokenError::Invalid)?;
        let key = self.keys.get(&id).await.map_err(|error| match error {
            KeyError::Unknown => TokenError::Invalid,
            KeyError::Unavailable => TokenError::Unavailable,
        })?;
        let claims = jsonwebtoken::decode::<Claims>(token, &key, &self.validation).map_err(|error| {
            // The kind alone: an error may quote the token.
            tracing::info!(kind = kind(error.kind()), "an access token was refused");
            TokenError::Invalid
        })?;
        let Claims { sub, iat, scp, scope } = claims.claims;
        let latest = jsonwebtoken::get_current_timestamp() + LEEWAY_SECONDS;
        #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 have fewer digits than a number holds")]
        if iat.is_some_and(|issued| issued > latest as f64) {
            tracing::info!(kind = "issued in the future", "an access token was refused");
            return Err(TokenError::Invalid);
        }
        if self.scope.as_deref().is_some_and(|needed| !scp.has(needed) && !scope.has(needed)) {
            return Err(TokenError::NoScope);
        }
        sub.filter(|subject| !subject.trim().is_empty()).ok_or(TokenError::NoSubject)
    }
}

/// Okta's place for keys: an issuer without `/oauth2/` is the organisation itself.
pub fn keys_url(issuer: &str) -> Result<String, IssuerError> {
    let uri: axum::http::Uri = issuer.parse().map_err(|_| IssuerError::Malformed)?;
    let host = uri.host().ok_or(IssuerError::Malformed)?;
    if uri.query().is_some() {
        return Err(IssuerError::Malformed);
    }
    match uri.scheme_str() {
        Some("https") => {}
        Some("http") if matches!(host, "127.0.0.1" | "localhost" | "[::1]") => {}
        Some("http") => return Err(IssuerError::Plain),
        _ => return Err(IssuerError::Malformed),
    }
    let is_administration = host.split('.').next().is_some_and(|name| name.ends_with("-admin"));
    if is_administration {
        return Err(IssuerError::Administration);
    }
    let path = if uri.path().contains("/oauth2/") { "v1/keys" } else { "oauth2/v1/keys" };
    Ok(format!("{issuer}/{path}"))
}

fn kind(kind: &jsonwebtoken::errors::ErrorKind) -> &'static str {
    use jsonwebtoken::errors::ErrorKind;
    match kind {
        ErrorKind::InvalidSignature => "signature",
        ErrorKind::ExpiredSignature => "expired",
        ErrorKind::ImmatureSignature => "not yet valid",
        ErrorKind::InvalidIssuer => "issuer",
        ErrorKind::InvalidAudience => "audience",
        ErrorKind::MissingRequiredClaim(_) => "missing claim",
        _ => "malformed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_where_okta_has_them() {
        for (issuer, url) in [
            ("https://x.okta.com/oauth2/default", "https://x.okta.com/oauth2/default/v1/keys"),
            ("https://x.okta.com", "https://x.okta.com/oauth2/v1/keys"),
            ("http://127.0.0.1:8080/oauth2/a", "http://127.0.0.1:8080/oauth2/a/v1/keys"),
        ] {
            assert_eq!(keys_url(issuer).as_deref(), Ok(url));
        }
    }

    #[test]
    fn an_issuer_is_encrypted_unless_it_is_on_this_machine() {
        assert_eq!(keys_url("http://x.okta.com/oauth2/default"), Err(IssuerError::Plain));
        assert_eq!(keys_url("http://127.0.0.1.example.com/oauth2/default"), Err(IssuerError::Plain));
        assert!(keys_url("http://localhost:1/oauth2/default").is_ok());
    }

    #[test]
    fn the_console_is_no_issuer() {
        assert_eq!(keys_url("https://x-admin.okta.com/oauth2/default"), Err(IssuerError::Administration));
    }

    #[test]
    fn what_is_no_address_is_no_issuer() {
        for issuer in ["", "x.okta.com", "/oauth2/default", "ftp://x.okta.com/oauth2/a", "https://x.okta.com/?a=b"] {
            assert_eq!(keys_url(issuer), Err(IssuerError::Malformed), "{issuer}");
        }
    }
}
