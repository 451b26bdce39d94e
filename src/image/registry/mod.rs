//! Registries, over HTTP.
//!
//! <https://github.com/opencontainers/distribution-spec/blob/main/spec.md>. What ECR does otherwise is respected: blobs are
//! sent as a whole, because its PATCH loses what comes after the first part, and nothing hangs on a `Location` of
//! manifests, which it does not send.

mod blobs;
mod challenge;
mod client;
mod connect;
mod docker_config;
mod error;
mod login;
mod manifests;
mod referrers;
mod retry;
mod token;

pub use blobs::Mounted;
pub use client::{Client, Options, Repository};
pub use docker_config::DockerConfig;
pub use error::RegistryError;
pub use login::Login;
pub use manifests::Head;
