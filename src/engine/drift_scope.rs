//! What drift was asked to look at, for both engines.

use crate::engine::{DriftOptions, EngineError};
use crate::render::Bundle;

/// The error when none of what was asked for is deployed.
pub(in crate::engine) fn not_deployed(bundle: &Bundle, options: &DriftOptions) -> EngineError {
    EngineError::NotDeployed {
        name: bundle.deployment.prefix.clone(),
        accounts: options.accounts.iter().cloned().collect(),
    }
}
