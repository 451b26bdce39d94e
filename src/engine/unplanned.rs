//! A plan that could not be made whole.

use thiserror::Error;

use super::EngineError;
use crate::plan::Plan;

/// Why a plan could not be made whole, and what is known of it all the same.
#[derive(Debug, Error)]
#[error("{error}")]
pub struct Unplanned {
    /// Why.
    #[source]
    pub error: EngineError,
    /// What is known. It cannot be applied.
    pub known: Box<Plan>,
}
