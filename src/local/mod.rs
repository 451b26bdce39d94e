//! The gateway of a spec on this machine: LiteLLM, the middleware, their database and cache, in front of a model that
//! answers at once, and behind the listener rules that the load balancer would have.
//!
//! Accounts do not exist here: [`crate::mock_llm`] plays Bedrock and STS, so each deployment of the spec calls its own
//! account and region, and its counts show how the gateway spreads a load. Everything runs on loopback ports, and
//! everything is in one directory.

mod configuration;
mod directory;
mod environment;
mod error;
mod gateway;
mod health;
mod litellm;
mod postgres;
mod prisma;
mod process;
mod proxy;
mod redis;
mod report;
mod secrets;
mod state;

pub use directory::Directory;
pub use error::LocalError;
pub use gateway::{Gateway, Options};
pub use litellm::REQUIREMENTS;
pub use report::Report;
pub use state::{Condition, Service, State, stop_left};

/// The kinds of services, in the order in which they are started.
pub const SERVICES: [&str; 6] = ["mock-llm", "PostgreSQL", "Redis", "LiteLLM", "middleware", "gateway"];
