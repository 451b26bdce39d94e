//! What the tests start: the service, and what it talks to.

pub mod frames;
pub mod gateway;
pub mod postgres;
pub mod upstream;

pub use gateway::Gateway;
pub use upstream::{Reply, Seen, Upstream};
