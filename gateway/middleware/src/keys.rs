//! What LiteLLM says about a caller's key. It is believed for some seconds: a key that is revoked reads nothing afterwards.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, AUTHORIZATION};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, StatusCode};
use moka::Expiry;
use moka::future::Cache;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::auth::{Credential, FORWARDED_FOR};
use crate::config::Config;
use crate::converse::error::ConverseError;
use crate::error::Failure;
use crate::request_id::{REQUEST_ID, RequestId};
use crate::upstream::{Call, Upstream};

/// A user that older LiteLLMs write at keys without one: it is nobody. It is also who signs in with the master key.
const NOBODY: &str = "default_user_id";
/// What every key in LiteLLM's table begins with.
const PREFIX: &str = "sk-";
/// Most keys that are remembered.
const CAPACITY: u64 = 100_000;
/// LiteLLM looks a key up in its database.
const TIMEOUT: Duration = Duration::from_secs(10);
/// What a caller is told whose address LiteLLM does not let in.
const ADDRESS: &str = "The model gateway takes no requests from this address";
/// Longest description of a key or user that is read.
const LONGEST: usize = 4 * 1024 * 1024;

/// Who owns sessions: a user, else a team, else the key itself. So sessions outlive a key that is rotated.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Owner(String);

impl Owner {
    /// As it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A key, as LiteLLM describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The user that it belongs to.
    pub user: Option<String>,
    /// The user whose role it has: that of whoever signs in with the master key, too, who owns nothing.
    pub account: Option<String>,
    /// The team that it belongs to.
    pub team: Option<String>,
    /// SHA-256 of the key.
    pub hash: String,
    /// Whether LiteLLM takes it without having it in its table: the master key, or a token of another kind.
    pub unlisted: bool,
    /// Whether it is LiteLLM's master key, as far as that is known here.
    pub master: bool,
}

impl Key {
    /// Who owns the sessions of the key.
    pub fn owner(&self) -> Owner {
        Owner(match (&self.user, &self.team) {
            (Some(user), _) => format!("user:{user}"),
            (None, Some(team)) => format!("team:{team}"),
            (None, None) => format!("key:{}", self.hash),
        })
    }
}

/// Asks LiteLLM about keys.
#[derive(Clone)]
pub struct Keys {
    upstream: Upstream,
    cache: Cache<Place, Known>,
    master: Option<Credential>,
}

/// Where a key is remembered: the digest of the key and of the addresses that it came through, which may be of any length.
type Place = [u8; 32];

/// What is remembered of a key.
#[derive(Debug, Clone)]
struct Known {
    key: Arc<Key>,
    /// How long at most.
    believed: Duration,
}

impl Known {
    /// What LiteLLM does not find in its table, it may have let in from its own memory, a minute after the key was deleted. So
    /// that is asked each time: the two memories do not add up.
    fn for_now(key: Key) -> Self {
        Self { key: Arc::new(key), believed: Duration::ZERO }
    }

    /// As long as any other.
    fn for_long(key: Key) -> Self {
        Self { key: Arc::new(key), believed: Duration::MAX }
    }
}

/// A key is forgotten when it expires.
struct Believed;

impl Expiry<Place, Known> for Believed {
    fn expire_after_create(&self, _place: &Place, known: &Known, _now: Instant) -> Option<Duration> {
        (known.believed < Duration::MAX).then_some(known.believed)
    }
}

#[derive(Deserialize)]
struct Description {
    info: Info,
}

#[derive(Deserialize)]
struct Info {
    user_id: Option<String>,
    team_id: Option<String>,
    blocked: Option<bool>,
    expires: Option<String>,
}

#[derive(Deserialize)]
struct User {
    user_info: Option<UserInfo>,
}

#[derive(Deserialize)]
struct UserInfo {
    user_role: Option<String>,
}

impl Keys {
    /// Asks the LiteLLM of a configuration.
    pub fn new(config: &Config, upstream: Upstream) -> Self {
        let cache = Cache::builder().max_capacity(CAPACITY).time_to_live(config.key_cache);
        let cache = cache.expire_after(Believed).build();
        let master = config.master_key.as_ref().map(|key| Credential::new(key.reveal()));
        Self { upstream, cache, master }
    }

    /// Who owns the sessions of a key.
    ///
    /// # Errors
    /// As [`Self::describe`].
    pub async fn owner(&self, credential: &Credential, id: &RequestId) -> Result<Owner, Failure> {
        self.describe(credential, id).await.map(|key| key.owner())
    }

    /// What LiteLLM says about a key. Many callers of one key ask once.
    ///
    /// # Errors
    /// [`Failure::InvalidKey`] if LiteLLM refuses it; that is never remembered.
    pub async fn describe(&self, credential: &Credential, id: &RequestId) -> Result<Arc<Key>, Failure> {
        let hash = credential.hash();
        // LiteLLM may take a key from one address and not from another.
        let from = credential.forwarded_for().map(HeaderValue::as_bytes).unwrap_or_default();
        let place = Sha256::new().chain_update(&hash).chain_update(from).finalize().into();
        let ask = self.ask(credential, hash, id);
        let known = self.cache.try_get_with(place, ask).await.map_err(|failure| failure.as_ref().clone())?;
        Ok(known.key)
    }

    /// Whether work is done for a key, such as reading a large body, before LiteLLM is asked for an answer.
    ///
    /// # Errors
    /// If LiteLLM refuses the key. One without a database cannot say; it checks the key when it is asked for an answer.
    pub async fn admit(&self, credential: &Credential, id: &RequestId) -> Result<(), Failure> {
        match self.describe(credential, id).await {
            Ok(_) | Err(Failure::KeyUnavailable) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    /// Whether the key is an administrator's. Never remembered: it decides what may be made.
    ///
    /// # Errors
    /// As [`Self::describe`].
    pub async fn is_administrator(&self, credential: &Credential, key: &Key, id: &RequestId) -> Result<bool, Failure> {
        // Without the master key at hand, a key that is in no table is left to LiteLLM's own checks; and a token of another kind
        // always: only LiteLLM knows whose it is.
        if key.master || (key.unlisted && (self.master.is_none() || !is_key(credential))) {
            return Ok(true);
        }
        let Some(user) = &key.account else { return Ok(false) };
        let user = percent_encoding::utf8_percent_encode(user, percent_encoding::NON_ALPHANUMERIC);
        let path = format!("/user/info?user_id={user}").parse().map_err(|_| Failure::Internal)?;
        let (status, body) = self.get(path, credential, id).await?;
        match status {
            StatusCode::OK => {
                let user: User = serde_json::from_slice(&body).map_err(|_| Failure::UpstreamInvalid)?;
                Ok(user.user_info.and_then(|user| user.user_role).as_deref() == Some("proxy_admin"))
            }
            StatusCode::UNAUTHORIZED => Err(Failure::InvalidKey),
            // A user without a row, or a key that may not ask.
            status if status.is_client_error() => Ok(false),
            _ => Err(Failure::KeyUnavailable),
        }
    }

    async fn ask(&self, credential: &Credential, hash: String, id: &RequestId) -> Result<Known, Failure> {
        let (status, body) = self.get(PathAndQuery::from_static("/key/info"), credential, id).await?;
        // Digests, not keys: how long the comparison takes tells nothing.
        let master = self.master.as_ref().is_some_and(|master| master.hash() == hash);
        let unknown = |unlisted| Key { user: None, account: None, team: None, hash: hash.clone(), unlisted, master };
        match status {
            StatusCode::OK => described(&body, hash),
            // LiteLLM checks the key first: it takes one that it does not find in its table.
            StatusCode::NOT_FOUND if master => Ok(Known::for_long(unknown(true))),
            // The master key is another one: this one was deleted, and LiteLLM remembers it still.
            StatusCode::NOT_FOUND if self.master.is_some() && is_key(credential) => Err(Failure::InvalidKey),
            StatusCode::NOT_FOUND => Ok(Known::for_now(unknown(true))),
            StatusCode::FORBIDDEN if is_of_address(&body) => Err(Failure::Forbidden(ADDRESS.to_owned())),
            // It takes the key, which is limited to routes for models: whose it is, the master key may ask.
            StatusCode::FORBIDDEN => match &self.master {
                None => Ok(Known::for_now(unknown(false))),
                Some(master) => {
                    let path = format!("/key/info?key={hash}").parse().map_err(|_| Failure::Internal)?;
                    match self.get(path, &master.from_where(credential), id).await? {
                        (StatusCode::OK, body) => described(&body, hash),
                        (StatusCode::NOT_FOUND, _) => Err(Failure::InvalidKey),
                        _ => Err(Failure::KeyUnavailable),
                    }
                }
            },
            // 400 is the answer to an unknown key of a LiteLLM without a database.
            StatusCode::UNAUTHORIZED | StatusCode::BAD_REQUEST => Err(Failure::InvalidKey),
            // It knows the key and takes no request of it, such as one whose budget is spent.
            status if status.is_client_error() => Err(refused(status, &body)),
            _ => Err(Failure::KeyUnavailable),
        }
    }

    async fn get(
        &self,
        path: PathAndQuery,
        credential: &Credential,
        id: &RequestId,
    ) -> Result<(StatusCode, bytes::Bytes), Failure> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(AUTHORIZATION, credential.header());
        headers.insert(REQUEST_ID, id.header());
        if let Some(from) = credential.forwarded_for() {
            headers.insert(FORWARDED_FOR, from.clone());
        }
        let answer = self.upstream.send_within(Call::get(path, headers), TIMEOUT).await?;
        Ok((answer.status, answer.collect(LONGEST).await?))
    }
}

/// Whether it is a key of LiteLLM's, and no token of another kind.
fn is_key(credential: &Credential) -> bool {
    credential.token().starts_with(PREFIX)
}

/// A refusal in LiteLLM's own words.
fn refused(status: StatusCode, body: &[u8]) -> Failure {
    let ConverseError { status, message, .. } = ConverseError::of_upstream(status.as_u16(), None, body);
    Failure::Refused { status, message }
}

/// Whether a refusal is of the caller's address, whatever the key may do.
fn is_of_address(body: &[u8]) -> bool {
    // `litellm/proxy/auth/auth_utils.py`: "Access forbidden: IP address {ip} not allowed."
    String::from_utf8_lossy(body).contains("IP address")
}

/// A key that LiteLLM describes. It tells of one, too, that it has let in from memory and that its table no longer allows.
fn described(body: &[u8], hash: String) -> Result<Known, Failure> {
    let Description { info } = serde_json::from_slice(body).map_err(|_| Failure::UpstreamInvalid)?;
    if info.blocked == Some(true) {
        return Err(Failure::InvalidKey);
    }
    let named = |text: Option<String>| text.filter(|text| !text.is_empty() && text != NOBODY);
    let account = info.user_id.clone().filter(|user| !user.is_empty());
    let (user, team) = (named(info.user_id), named(info.team_id));
    let key = Key { user, account, team, hash, unlisted: false, master: false };
    let Some(expires) = info.expires else { return Ok(Known::for_long(key)) };
    let expires = moment(&expires).ok_or(Failure::UpstreamInvalid)?;
    match expires.duration_since(SystemTime::now()) {
        Ok(believed) if !believed.is_zero() => Ok(Known { key: Arc::new(key), believed }),
        _ => Err(Failure::InvalidKey),
    }
}

/// A time as LiteLLM writes it; without a zone it is in UTC.
fn moment(text: &str) -> Option<SystemTime> {
    let read = |text: &str| DateTime::from_str(text, Format::DateTimeWithOffset).ok();
    let time = read(text).or_else(|| read(&format!("{text}Z")))?;
    time.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(user: Option<&str>, team: Option<&str>) -> Key {
        Key {
            user: user.map(str::to_owned),
            account: user.map(str::to_owned),
            team: team.map(str::to_owned),
            hash: "ab".to_owned(),
            unlisted: false,
            master: false,
        }
    }

    #[test]
    fn sessions_belong_to_the_user_then_to_the_team_then_to_the_key() {
        assert_eq!(key(Some("u"), Some("t")).owner().as_str(), "user:u");
        assert_eq!(key(None, Some("t")).owner().as_str(), "team:t");
        assert_eq!(key(None, None).owner().as_str(), "key:ab");
    }

    #[test]
    fn the_end_of_a_key_is_read_in_every_form_that_litellm_writes() {
        let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_268_800);
        for text in
            ["2026-01-01T12:00:00Z", "2026-01-01T12:00:00+00:00", "2026-01-01T14:00:00+02:00", "2026-01-01T12:00:00"]
        {
            assert_eq!(moment(text), Some(noon), "{text}");
        }
        assert_eq!(moment("2026-01-01T12:00:00.250000+00:00"), Some(noon + Duration::from_millis(250)));
        assert_eq!(moment("soon"), None);
    }

    #[test]
    fn an_end_that_cannot_be_read_is_no_key_for_ever() {
        let body = br#"{"info": {"user_id": "ada", "expires": "soon"}}"#;
        assert!(matches!(described(body, "ab".to_owned()), Err(Failure::UpstreamInvalid)));
    }
}
