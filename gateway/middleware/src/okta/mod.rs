//! Access tokens of Okta, with which users make their own user in LiteLLM.

pub mod keys;
pub mod user;
pub mod verifier;

pub use verifier::{TokenError, Verifier};
