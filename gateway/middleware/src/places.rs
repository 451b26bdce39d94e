//! What is under way, and what each key has of it: none takes all of the service from the others.
//!
//! Keys are known by their digests, and only as long as something of theirs is under way. Whether it is a key at all nobody
//! knows before LiteLLM has said so: those that it has not accepted lately have together what one key has.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use moka::sync::Cache;

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

/// How long a key is taken for one after LiteLLM has accepted it as that of a stranger.
const ACCEPTED_FOR: Duration = Duration::from_secs(600);
/// Most keys that are remembered as accepted: some ten megabytes.
const MOST_ACCEPTED: u64 = 65_536;

/// All that is under way, and the keys that it is of.
#[derive(Clone)]
pub struct Places(Arc<Table>);

struct Table {
    most: Requests,
    /// Requests of all keys, and of none.
    requests: AtomicUsize,
    /// Those of keys that nobody has accepted, and of none.
    strangers: AtomicUsize,
    accepted: Cache<Digest, ()>,
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
    is_strange: bool,
}

impl UnderWay {
    /// Its key was accepted: it counts as one from now on.
    pub fn accept(&mut self) {
        let Some(place) = self.place.as_ref().filter(|_| self.is_strange) else { return };
        self.table.accepted.insert(place.0.digest, ());
        self.table.strangers.fetch_sub(1, Ordering::Relaxed);
        self.is_strange = false;
    }

    /// What its key has, if it has a key.
    pub fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.table.requests.fetch_sub(1, Ordering::Relaxed);
        if self.is_strange {
            self.table.strangers.fetch_sub(1, Ordering::Relaxed);
        }
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
        let accepted = Cache::builder().max_capacity(MOST_ACCEPTED).time_to_live(ACCEPTED_FOR).build();
        let (requests, strangers) = <(AtomicUsize, AtomicUsize)>::default();
        Self(Arc::new(Table { most, requests, strangers, accepted, keys: Mutex::default(), metrics }))
    }

    /// Begins a request, of a key if it has one.
    ///
    /// # Errors
    /// [`Failure::KeyBusy`] if its key has as many as a key may have, [`Failure::Busy`] if all together are as many as may be, or
    /// those of whom nobody knows whether they have a key.
    pub fn begin(&self, credential: Option<&Credential>) -> Result<UnderWay, Failure> {
        let Requests { all, of_a_key } = self.0.most;
        let place = credential.map(|credential| self.of(credential.digest()));
        if let Some(place) = &place
            && !one_more(&place.0.requests, of_a_key)
        {
            return Err(place.refuse(Bound::Requests));
        }
        let is_strange = place.as_ref().is_none_or(|place| !self.0.accepted.contains_key(&place.0.digest));
        if !is_strange || one_more(&self.0.strangers, of_a_key) {
            if one_more(&self.0.requests, all) {
                return Ok(UnderWay { table: Arc::clone(&self.0), place, is_strange });
            }
            if is_strange {
                self.0.strangers.fetch_sub(1, Ordering::Relaxed);
            }
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
        let first = [accepted(&places, "sk-a"), accepted(&places, "sk-a")];
        assert_eq!(begin(&places, "sk-a").err(), Some(Failure::KeyBusy(Bound::Requests)));
        assert!(begin(&places, "sk-b").is_ok());
        drop(first);
        assert!(begin(&places, "sk-a").is_ok());
    }

    /// A request of a key that LiteLLM has accepted.
    fn accepted(places: &Places, key: &str) -> UnderWay {
        let mut under_way = begin(places, key).unwrap_or_else(|failure| panic!("{failure:?}"));
        under_way.accept();
        under_way
    }

    #[test]
    fn keys_that_nobody_has_accepted_have_together_what_one_key_has() {
        let places = places(9, 2);
        let first = accepted(&places, "sk-a");
        let strangers = [begin(&places, "made-up-1"), places.begin(None)];
        assert!(strangers.iter().all(Result::is_ok));
        assert_eq!(begin(&places, "made-up-2").err(), Some(Failure::Busy));
        assert_eq!(places.begin(None).err(), Some(Failure::Busy));
        assert!(begin(&places, "sk-a").is_ok(), "an accepted key has its own part");
        drop(strangers);
        assert!(begin(&places, "made-up-2").is_ok());
        drop(first);
        assert!(begin(&places, "sk-a").is_ok(), "it stays one when nothing of it is under way");
    }

    #[test]
    fn a_key_that_is_accepted_leaves_the_part_of_strangers_to_others() {
        let places = places(9, 1);
        let first = accepted(&places, "sk-a");
        let second = accepted(&places, "sk-b");
        assert_eq!(places.0.strangers.load(Ordering::Relaxed), 0);
        drop((first, second));
        assert_eq!((places.0.strangers.load(Ordering::Relaxed), places.0.requests.load(Ordering::Relaxed)), (0, 0));
    }

    #[test]
    fn a_key_is_forgotten_when_nothing_of_it_is_under_way() {
        let places = places(1000, 1000);
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
