//! The public keys of an issuer.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, KeyAlgorithm, PublicKeyUse};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;

/// Most bytes of a key set.
const LENGTH: usize = 1024 * 1024;

/// Longest time that a key set may take to arrive.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How often keys are read.
#[derive(Debug, Clone, Copy)]
pub struct Rhythm {
    /// How long keys are believed. Okta changes them four times a year, and keeps the old one for a while.
    pub lifetime: Duration,
    /// How long after that a key still serves, if the keys cannot be read again.
    pub grace: Duration,
    /// The longest wait for keys that are read again, as long as there is one that serves.
    pub wait: Duration,
    /// The shortest time between two reads: tokens with made-up keys are no reason for more.
    pub pause: Duration,
    /// The same, when the last read failed.
    pub patience: Duration,
}

impl Default for Rhythm {
    fn default() -> Self {
        let grace = Duration::from_secs(24 * 3_600);
        Self {
            lifetime: Duration::from_secs(3_600),
            grace,
            wait: Duration::from_secs(1),
            pause: Duration::from_secs(30),
            patience: Duration::from_secs(2),
        }
    }
}

/// The keys of an issuer. Many that need them at the same time cause one request.
#[derive(Clone)]
pub struct Keys(Arc<Inner>);

struct Inner {
    url: String,
    client: reqwest::Client,
    rhythm: Rhythm,
    known: RwLock<Known>,
    /// When the next read may begin; held while one is under way.
    read: Arc<Mutex<Option<Instant>>>,
}

#[derive(Default)]
struct Known {
    keys: HashMap<String, Arc<DecodingKey>>,
    since: Option<Instant>,
}

/// How old keys are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Age {
    /// Believed.
    Fresh,
    /// Used if they are not read again in a moment.
    Stale,
    /// Used only if they cannot be read again.
    Old,
}

/// Why there is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The issuer has no such key.
    #[error("the issuer has no key of that id")]
    Unknown,
    /// The issuer could not be asked.
    #[error("the keys of the issuer could not be read")]
    Unavailable,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

impl Keys {
    /// The keys that are at that address.
    pub fn new(url: String, rhythm: Rhythm) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            // The address is the issuer's own. Nothing that it points to is.
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self(Arc::new(Inner { url, client, rhythm, known: RwLock::default(), read: Arc::default() })))
    }

    /// The key of that id. Nobody waits long for the issuer while there is one that was the issuer's not long ago.
    pub async fn get(&self, id: &str) -> Result<Arc<DecodingKey>, KeyError> {
        match self.0.look(id) {
            (Some(key), Age::Fresh) => Ok(key),
            (Some(key), Age::Stale) => self.again(id, key).await,
            _ => self.0.read(id).await,
        }
    }

    /// The key of that id, of keys that are read again now; the old one if they do not come in a moment.
    async fn again(&self, id: &str, old: Arc<DecodingKey>) -> Result<Arc<DecodingKey>, KeyError> {
        let begun = Instant::now();
        if let Ok(mut next) = self.0.read.clone().try_lock_owned()
            && next.is_none_or(|next| next <= begun)
        {
            let keys = self.clone();
            // To its end, also if nobody waits for it any more.
            tokio::spawn(async move { keys.0.renew(&mut next).await });
        }
        // Whoever reads them holds it.
        drop(tokio::time::timeout(self.0.rhythm.wait, self.0.read.lock()).await);
        let Ok(known) = self.0.known.read() else { return Ok(old) };
        match known.since {
            Some(since) if since >= begun => known.keys.get(id).cloned().ok_or(KeyError::Unknown),
            _ => Ok(old),
        }
    }
}

impl Inner {
    /// The key of that id, of keys that are read if it is time.
    async fn read(&self, id: &str) -> Result<Arc<DecodingKey>, KeyError> {
        let mut next = self.read.lock().await;
        // Another may have read them in the meantime.
        let (old, age) = self.look(id);
        let fresh = age == Age::Fresh;
        if let (Some(key), true) = (&old, fresh) {
            return Ok(key.clone());
        }
        if next.is_some_and(|next| Instant::now() < next) {
            // Keys that could not be read again are better than none.
            return old.ok_or(if fresh { KeyError::Unknown } else { KeyError::Unavailable });
        }
        if self.renew(&mut next).await {
            return self.look(id).0.ok_or(KeyError::Unknown);
        }
        old.ok_or(KeyError::Unavailable)
    }

    /// Reads the keys, and says whether they came.
    async fn renew(&self, next: &mut Option<Instant>) -> bool {
        // Also if nobody waits for its end any more.
        *next = Some(Instant::now() + self.rhythm.patience);
        let keys = self.fetch().await;
        let pause = if keys.is_some() { self.rhythm.pause } else { self.rhythm.patience };
        *next = Some(Instant::now() + pause);
        let Some(keys) = keys else { return false };
        if let Ok(mut known) = self.known.write() {
            *known = Known { keys, since: Some(Instant::now()) };
        }
        true
    }

    /// The key of that id if it is known, and how old is what is known.
    fn look(&self, id: &str) -> (Option<Arc<DecodingKey>>, Age) {
        let Ok(known) = self.known.read() else { return (None, Age::Old) };
        let Rhythm { lifetime, grace, .. } = self.rhythm;
        let age = match known.since.map(|since| since.elapsed()) {
            Some(age) if age < lifetime => Age::Fresh,
            Some(age) if age < lifetime + grace => Age::Stale,
            _ => Age::Old,
        };
        (known.keys.get(id).cloned(), age)
    }

    async fn fetch(&self) -> Option<HashMap<String, Arc<DecodingKey>>> {
        match self.once().await {
            Ok(keys) => Some(keys),
            // Once more: a connection may have been closed on the other side.
            Err(_) => match self.once().await {
                Ok(keys) => Some(keys),
                Err(reason) => {
                    tracing::warn!(reason, "the keys of the identity provider could not be read");
                    None
                }
            },
        }
    }

    async fn once(&self) -> Result<HashMap<String, Arc<DecodingKey>>, &'static str> {
        let mut response = self.client.get(&self.url).send().await.map_err(|_| "no answer")?;
        if response.status() != reqwest::StatusCode::OK {
            return Err("not the status 200");
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| "a broken answer")? {
            if body.len() + chunk.len() > LENGTH {
                return Err("too large");
            }
            body.extend_from_slice(&chunk);
        }
        let set: KeySet = serde_json::from_slice(&body).map_err(|_| "not a key set")?;
        Ok(set.keys.into_iter().filter_map(usable).collect())
    }
}

/// Keys of other kinds are in key sets, too. They sign nothing that is accepted here.
fn usable(key: Value) -> Option<(String, Arc<DecodingKey>)> {
    let key: Jwk = serde_json::from_value(key).ok()?;
    let signs = matches!(key.common.public_key_use, None | Some(PublicKeyUse::Signature))
        && matches!(key.common.key_algorithm, None | Some(KeyAlgorithm::RS256))
        && matches!(key.algorithm, AlgorithmParameters::RSA(_));
    let decoding = signs.then(|| DecodingKey::from_jwk(&key).ok()).flatten()?;
    Some((key.common.key_id?, Arc::new(decoding)))
}
