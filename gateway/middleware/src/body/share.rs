//! Shares of the memory for request bodies, and for what is made of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;

use super::{LARGEST_REQUEST, SMALL};
use crate::error::Failure;
use crate::places::{Bound, Place};

/// The part of the memory that only small shares take: one in so many.
const RESERVE: usize = 8;
/// Most bytes of a small share: of a small body, and of what is made of it.
const SMALL_SHARE: usize = LARGEST_REQUEST * SMALL;

/// The memory of all bodies together. A part of it is for small shares alone: large bodies, however many, leave the rest of
/// the service at work.
#[derive(Debug, Clone)]
pub struct Memory {
    /// Most bytes of large shares, and of small ones that found the reserve taken.
    limit: usize,
    /// Most bytes of small shares beside them.
    reserve: usize,
    /// Most bytes of a share that is alone.
    most: usize,
    /// Most bytes of one key's shares, large and small. A large one that is alone of its key may be larger.
    key_limit: usize,
    key_reserve: usize,
    held: Arc<Held>,
}

#[derive(Debug, Default)]
struct Held {
    small: AtomicUsize,
    large: AtomicUsize,
}

impl Memory {
    /// A memory of `limit` bytes. A share that has it for itself may be larger, up to `most` bytes.
    pub fn new(limit: usize, most: usize) -> Self {
        let reserve = limit / RESERVE;
        let (most, limit) = (most.max(limit), limit - reserve);
        Self { limit, reserve, most, key_limit: usize::MAX, key_reserve: usize::MAX, held: Arc::default() }
    }

    /// The same, of which the shares of one key have at most that much, in percent. All of it is no bound.
    #[must_use]
    pub fn bounded_per_key(self, percent: usize) -> Self {
        if percent >= 100 {
            return self;
        }
        let of = |bytes: usize| bytes.saturating_mul(percent) / 100;
        Self { key_limit: of(self.limit), key_reserve: of(self.reserve), ..self }
    }

    /// Bytes that are held now.
    pub fn held(&self) -> usize {
        self.held.small.load(Ordering::Relaxed) + self.held.large.load(Ordering::Relaxed)
    }

    /// A share that holds nothing yet, and is no key's.
    pub fn share(&self) -> Share {
        self.share_of(None)
    }

    /// A share that holds nothing yet, of the key that has a place.
    pub fn share_of(&self, place: Option<Place>) -> Share {
        Share { memory: self.clone(), place, bytes: 0, small: true }
    }
}

/// A share of the memory, given back when dropped.
#[derive(Debug)]
pub struct Share {
    memory: Memory,
    /// Of the key that it counts for.
    place: Option<Place>,
    bytes: usize,
    /// Whether it is of the reserve.
    small: bool,
}

impl Share {
    /// Bytes of the share.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes more, for what is made of a body or belongs to it.
    ///
    /// # Errors
    /// [`Failure::Busy`] if others have the rest, [`Failure::KeyBusy`] if others of its key have all that is the key's. A share
    /// that is alone may be larger than the memory; [`Failure::TooManyValues`] if it would be too large all the same.
    pub fn grow(&mut self, bytes: usize) -> Result<(), Failure> {
        self.grow_within(bytes, SMALL_SHARE)
    }

    /// Takes more, for a body. One that is not small takes nothing of the reserve.
    ///
    /// # Errors
    /// As [`Self::grow`].
    pub fn read(&mut self, bytes: usize) -> Result<(), Failure> {
        self.grow_within(bytes, SMALL)
    }

    /// Takes more, of the reserve as long as the share is no larger than `small`.
    fn grow_within(&mut self, bytes: usize, small: usize) -> Result<(), Failure> {
        let wanted = self.bytes.saturating_add(bytes);
        if wanted > self.memory.most {
            return Err(Failure::TooManyValues);
        }
        if self.small {
            if wanted <= small && self.take_small(bytes) {
                self.bytes = wanted;
                return Ok(());
            }
            // All of it moves.
            self.take_large(wanted, wanted)?;
            self.give(self.bytes);
            self.small = false;
        } else {
            self.take_large(bytes, wanted)?;
        }
        self.bytes = wanted;
        Ok(())
    }

    /// Whether there is room for more bytes of the reserve.
    fn take_small(&self, bytes: usize) -> bool {
        let Memory { reserve, key_reserve, held, .. } = &self.memory;
        let own = self.place.as_ref().map(Place::small);
        if own.is_some_and(|own| !take(own, bytes, |all| all <= *key_reserve)) {
            return false;
        }
        let taken = take(&held.small, bytes, |all| all <= *reserve);
        if let Some(own) = own.filter(|_| !taken) {
            own.fetch_sub(bytes, Ordering::Relaxed);
        }
        taken
    }

    /// Takes bytes of what is not the reserve, for a share of `wanted` bytes.
    fn take_large(&self, bytes: usize, wanted: usize) -> Result<(), Failure> {
        let Memory { limit, key_limit, held, .. } = &self.memory;
        if let Some(place) = &self.place
            && !take(place.large(), bytes, |all| all <= *key_limit || all == wanted)
        {
            return Err(place.refuse(Bound::Memory));
        }
        if take(&held.large, bytes, |all| all <= *limit || all == wanted) {
            return Ok(());
        }
        if let Some(place) = &self.place {
            place.large().fetch_sub(bytes, Ordering::Relaxed);
        }
        Err(Failure::Busy)
    }

    /// Gives back of what it has.
    fn give(&self, bytes: usize) {
        let Held { small, large } = &*self.memory.held;
        let (held, own) = match self.small {
            true => (small, self.place.as_ref().map(Place::small)),
            false => (large, self.place.as_ref().map(Place::large)),
        };
        held.fetch_sub(bytes, Ordering::Relaxed);
        if let Some(own) = own {
            own.fetch_sub(bytes, Ordering::Relaxed);
        }
    }

    /// Gives back all but that much.
    pub fn shrink_to(&mut self, bytes: usize) {
        drop(self.split(self.bytes.saturating_sub(bytes)));
    }

    /// A part of it, as a share of its own.
    pub fn split(&mut self, bytes: usize) -> Self {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        Self { memory: self.memory.clone(), place: self.place.clone(), bytes, small: self.small }
    }

    /// Gives what is counted up for a text that was made of it. The share that is left counts `kept` bytes.
    pub fn replace(mut self, made: String, kept: usize) -> (Bytes, Self) {
        let made = self.split(made.len()).hold(made);
        self.shrink_to(kept);
        (made, self)
    }

    /// The text with the share that it has: given back when the last copy of the bytes is gone.
    pub fn hold(self, text: String) -> Bytes {
        struct Holding {
            text: String,
            _share: Share,
        }
        impl AsRef<[u8]> for Holding {
            fn as_ref(&self) -> &[u8] {
                self.text.as_bytes()
            }
        }
        Bytes::from_owner(Holding { text, _share: self })
    }
}

/// Adds bytes to a count if the sum fits.
fn take(held: &AtomicUsize, bytes: usize, fits: impl Fn(usize) -> bool) -> bool {
    let sum = |before: usize| before.checked_add(bytes).filter(|&all| fits(all));
    held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, sum).is_ok()
}

impl Drop for Share {
    fn drop(&mut self) {
        self.give(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_counts_until_it_is_given_back() {
        let memory = Memory::new(10, 20);
        let mut share = memory.share();
        assert_eq!(share.grow(8), Ok(()));
        assert_eq!(memory.share().grow(3), Err(Failure::Busy));
        share.shrink_to(2);
        assert_eq!(memory.held(), 2);
        drop(share);
        assert_eq!(memory.held(), 0);
    }

    #[test]
    fn a_share_that_is_alone_may_be_larger_than_the_memory_within_a_bound() {
        let memory = Memory::new(10, 20);
        let mut alone = memory.share();
        assert_eq!(alone.grow(11), Ok(()));
        assert_eq!(memory.share().grow(2), Err(Failure::Busy));
        assert_eq!(alone.grow(10), Err(Failure::TooManyValues));
        assert_eq!(memory.held(), 11, "what is refused is not counted");
    }

    #[test]
    fn small_shares_have_a_part_that_large_ones_do_not_take() {
        let memory = Memory::new(32 * SMALL, 64 * SMALL);
        let mut large = memory.share();
        assert_eq!(large.grow(40 * SMALL), Ok(()));
        let mut small: Vec<Share> = (0..4).map(|_| memory.share()).collect();
        assert!(small.iter_mut().all(|share| share.grow(SMALL) == Ok(())));
        assert_eq!(memory.share().grow(1), Err(Failure::Busy), "the part is taken");
        assert_eq!(small[0].grow(1), Err(Failure::Busy), "it is large now");
        drop(large);
        assert_eq!(memory.share().grow(1), Ok(()), "small ones take of the rest, too");
        assert_eq!(small[0].grow(1), Ok(()));
        drop(small);
        assert_eq!(memory.held(), 0);
    }

    #[test]
    fn what_is_made_of_a_small_body_is_of_the_part_of_small_ones_and_a_large_body_is_not() {
        let memory = Memory::new(64 * SMALL, 128 * SMALL);
        let mut large = memory.share();
        assert_eq!(large.read(80 * SMALL), Ok(()));
        let mut small = memory.share();
        assert_eq!(small.read(SMALL), Ok(()));
        assert_eq!(small.grow(4 * SMALL), Ok(()));
        assert_eq!(small.grow(1), Err(Failure::Busy), "it is no small one any more");
        assert_eq!(memory.share().read(SMALL + 1), Err(Failure::Busy));
        drop(large);
        assert_eq!(small.grow(1), Ok(()));
        drop(small);
        assert_eq!(memory.held(), 0);
    }

    #[test]
    fn a_text_holds_its_share_until_its_last_copy_is_gone() {
        let memory = Memory::new(10, 10);
        let mut share = memory.share();
        share.grow(6).expect("room");
        let text = share.split(4).hold("abcd".to_owned());
        drop(share);
        let copy = text.slice(1..2);
        drop(text);
        assert_eq!(memory.held(), 4);
        drop(copy);
        assert_eq!(memory.held(), 0);
    }
}
