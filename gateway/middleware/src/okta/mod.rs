//! Access tokens of Okta, with which users make their own user in LiteLLM.

pub mod defaults;
pub mod keys;
pub mod user;
pub mod verifier;

pub use defaults::Defaults;
pub use verifier::{TokenError, Verifier};
