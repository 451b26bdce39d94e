//! Whether an answer broke off that does not say so by the end of its body.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Goes with an answer whose errors are a part of its body, and is set when it ends with one.
#[derive(Debug, Clone, Default)]
pub struct Broken(Arc<AtomicBool>);

impl Broken {
    /// Notes that it broke off.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it broke off.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
