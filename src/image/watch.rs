//! What is told while an image is copied.

use std::time::Duration;

use super::{Descriptor, Digest, Reference};

/// How a blob came to be where it is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It was there before.
    There,
    /// The registry took it from another of its repositories.
    Mounted,
    /// It was sent.
    Sent,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A blob is being sent.
    Sending {
        /// The blob.
        blob: Descriptor,
    },
    /// So many bytes more of a blob were sent.
    Progress {
        /// The blob.
        digest: Digest,
        /// Bytes since the last time.
        bytes: u64,
    },
    /// A blob has to be sent from its beginning.
    Restarted {
        /// The blob.
        digest: Digest,
    },
    /// A blob is where it is wanted.
    Blob {
        /// The blob.
        blob: Descriptor,
        /// How it came there.
        how: How,
    },
    /// A manifest or an index is where it is wanted.
    Manifest {
        /// What it is called there.
        reference: Reference,
        /// Whether it was sent now.
        sent: bool,
    },
    /// What is about an image could not be read: the image is brought without it.
    Alone {
        /// The image.
        image: Digest,
        /// Why.
        reason: String,
    },
    /// A call is tried again after a pause.
    Retry {
        /// What was tried.
        call: String,
        /// The pause.
        delay: Duration,
        /// Why.
        reason: String,
    },
}

/// Is told what happens. Called from several tasks at once.
pub trait Watch: Send + Sync {
    /// Takes an event.
    fn saw(&self, event: Event);
}

/// Is told, and says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Watch for Silent {
    fn saw(&self, _event: Event) {}
}
