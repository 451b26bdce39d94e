//! What is under way, and what each key has of it: none takes all of the service from the others.
//!
//! Keys are known by their digests, and only as long as something of theirs is under way.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::auth::Credential;
use crate::config::{Config, Requests};
use crate::error::Failure;
use crate::telemetry::metrics::Metrics;

/// What a key may have a part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bound {
    /// Requests that are under way at once.
    Requests,
    /// Memory for request bodies, and for what is made of them.
    Memory,
}

impl fmt::Display for Bound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Requests => "Too many requests of this key are under way: try again when one has ended",
            Self::Memory => {
                "Requests of this key have their part of the gateway's memory: try again when one has ended"
            }
        })
    }
}

type Digest = [u8; 32];

/// All that is under way, and the keys that it is of.
#[derive(Clone)]
pub struct Places(Arc<Table>);

struct Table {
    most: Requests,
    /// Requests of all keys, and of none.
    requests: AtomicUsize,
    keys: Mutex<HashMap<Digest, Weak<Held>>>,
    metrics: Metrics,
}

impl Table {
    fn keys(&self) -> MutexGuard<'_, HashMap<Digest, Weak<Held>>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one key has under way. Forgotten when nothing is.
struct Held {
    table: Arc<Table>,
    digest: Digest,
    requests: AtomicUsize,
    small: AtomicUsize,
    large: AtomicUsize,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut keys = self.table.keys();
        // The key may have come again meanwhile.
        if keys.get(&self.digest).is_some_and(|held| held.strong_count() == 0) {
            keys.remove(&self.digest);
        }
    }
}

/// What one key has.
#[derive(Clone)]
pub struct Place(Arc<Held>);

impl fmt::Debug for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Place(***)")
    }
}

impl Place {
    /// Bytes of the key's small shares of the memory.
    pub fn small(&self) -> &AtomicUsize {
        &self.0.small
    }

    /// Bytes of its large ones.
    pub fn large(&self) -> &AtomicUsize {
        &self.0.large
    }

    /// A request of the key that gets nothing more, which is counted.
    pub fn refuse(&self, bound: Bound) -> Failure {
        self.0.table.metrics.key_refused(bound);
        Failure::KeyBusy(bound)
    }
}

/// A request that is under way, until this is dropped.
pub struct UnderWay {
    table: Arc<Table>,
    place: Option<Place>,
}

impl UnderWay {
    /// What its key has, if it has a key.
    pub fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.table.requests.fetch_sub(1, Ordering::Relaxed);
        if let Some(place) = &self.place {
            place.0.requests.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Places {
    /// With the bounds of a configuration.
    pub fn new(config: &Config, metrics: Metrics) -> Self {
        Self::bounded(config.requests, metrics)
    }

    fn bounded(most: Requests, metrics: Metrics) -> Self {
        Self(Arc::new(Table { most, requests: AtomicUsize::default(), keys: Mutex::default(), metrics }))
    }

    /// Begins a request, of a key if it has one.
    ///
    /// # Errors
    /// [`Failure::KeyBusy`] if its key has as many as a key may have, [`Failure::Busy`] if all together are as many as may be.
    pub fn begin(&self, credential: Option<&Credential>) -> Result<UnderWay, Failure> {
        let place = credential.map(|credential| self.of(credential.digest()));
        if let Some(place) = &place
            && !one_more(&place.0.requests, self.0.most.of_a_key)
        {
            return Err(place.refuse(Bound::Requests));
        }
        if one_more(&self.0.requests, self.0.most.all) {
            return Ok(UnderWay { table: Arc::clone(&self.0), place });
        }
        if let Some(place) = &place {
            place.0.requests.fetch_sub(1, Ordering::Relaxed);
        }
        self.0.metrics.refused();
        Err(Failure::Busy)
    }

    fn of(&self, digest: Digest) -> Place {
        let mut keys = self.0.keys();
        if let Some(held) = keys.get(&digest).and_then(Weak::upgrade) {
            return Place(held);
        }
        let (requests, small, large) = <(AtomicUsize, AtomicUsize, AtomicUsize)>::default();
        let held = Arc::new(Held { table: Arc::clone(&self.0), digest, requests, small, large });
        keys.insert(digest, Arc::downgrade(&held));
        Place(held)
    }
}

/// Counts one more if there is room for it.
fn one_more(requests: &AtomicUsize, most: usize) -> bool {
    let more = |requests: usize| (requests < most).then_some(requests + 1);
    requests.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(all: usize, of_a_key: usize) -> Places {
        Places::bounded(Requests { all, of_a_key }, Metrics::default())
    }

    fn begin(places: &Places, key: &str) -> Result<UnderWay, Failure> {
        places.begin(Some(&Credential::new(key)))
    }

    #[test]
    fn all_together_are_as_many_as_may_be_with_and_without_a_key() {
        let places = places(2, 2);
        let first = begin(&places, "sk-a");
        let second = places.begin(None);
        assert!(first.is_ok() && second.is_ok());
        assert_eq!(begin(&places, "sk-a").err(), Some(Failure::Busy));
        assert_eq!(places.begin(None).err(), Some(Failure::Busy));
        drop(second);
        assert!(begin(&places, "sk-a").is_ok(), "what was refused is not counted");
    }

    #[test]
    fn a_key_has_as_many_requests_as_it_may_whatever_others_have() {
        let places = places(9, 2);
        let first = [begin(&places, "sk-a"), begin(&places, "sk-a")];
        assert!(first.iter().all(Result::is_ok));
        assert_eq!(begin(&places, "sk-a").err(), Some(Failure::KeyBusy(Bound::Requests)));
        assert!(begin(&places, "sk-b").is_ok());
        drop(first);
        assert!(begin(&places, "sk-a").is_ok());
    }

    #[test]
    fn a_key_is_forgotten_when_nothing_of_it_is_under_way() {
        let places = places(1000, 1);
        let under_way: Vec<_> = (0..1000).map(|key| begin(&places, &format!("sk-{key}"))).collect();
        assert_eq!(places.0.keys().len(), 1000);
        let place = under_way[0].as_ref().ok().and_then(UnderWay::place).cloned();
        drop(under_way);
        assert_eq!(places.0.keys().len(), 1, "its memory is still held");
        drop(place);
        assert!(places.0.keys().is_empty());
    }

    #[test]
    fn a_place_shows_nothing_of_its_key() {
        let place = begin(&places(1, 1), "sk-a").map(|under_way| format!("{:?}", under_way.place()));
        assert_eq!(place.as_deref(), Ok("Some(Place(***))"));
    }
}
