//! Shares of the memory for request bodies, and for what is made of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;

use crate::error::Failure;

/// The memory of all bodies together.
#[derive(Debug, Clone)]
pub struct Memory {
    limit: usize,
    held: Arc<AtomicUsize>,
}

impl Memory {
    /// A memory of that many bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, held: Arc::default() }
    }

    /// Bytes that are held now.
    pub fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// A share that holds nothing yet.
    pub fn share(&self) -> Share {
        Share { memory: self.clone(), bytes: 0 }
    }
}

/// A share of the memory, given back when dropped.
#[derive(Debug)]
pub struct Share {
    memory: Memory,
    bytes: usize,
}

impl Share {
    /// Bytes of the share.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes more.
    ///
    /// # Errors
    /// [`Failure::Busy`] if others have the rest. A share that is alone may be larger than the memory: other limits bound it.
    pub fn grow(&mut self, bytes: usize) -> Result<(), Failure> {
        let before = self.memory.held.fetch_add(bytes, Ordering::Relaxed);
        self.bytes += bytes;
        let alone = before + bytes == self.bytes;
        if before.saturating_add(bytes) > self.memory.limit && !alone { Err(Failure::Busy) } else { Ok(()) }
    }

    /// Gives back all but that much.
    pub fn shrink_to(&mut self, bytes: usize) {
        drop(self.split(self.bytes.saturating_sub(bytes)));
    }

    /// A part of it, as a share of its own.
    pub fn split(&mut self, bytes: usize) -> Self {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        Self { memory: self.memory.clone(), bytes }
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

impl Drop for Share {
    fn drop(&mut self) {
        self.memory.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_counts_until_it_is_given_back() {
        let memory = Memory::new(10);
        let mut share = memory.share();
        assert_eq!(share.grow(8), Ok(()));
        assert_eq!(memory.share().grow(3), Err(Failure::Busy));
        share.shrink_to(2);
        assert_eq!(memory.held(), 2);
        drop(share);
        assert_eq!(memory.held(), 0);
    }

    #[test]
    fn a_share_that_is_alone_may_be_larger_than_the_memory() {
        let memory = Memory::new(10);
        let mut alone = memory.share();
        assert_eq!(alone.grow(11), Ok(()));
        assert_eq!(memory.share().grow(1), Err(Failure::Busy));
    }

    #[test]
    fn a_text_holds_its_share_until_its_last_copy_is_gone() {
        let memory = Memory::new(10);
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
