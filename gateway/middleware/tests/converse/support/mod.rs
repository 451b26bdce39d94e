//! What the tests start: the service, and what it talks to.

pub mod frames;
pub mod gateway;
#[path = "../../it/support/postgres.rs"]
#[expect(dead_code, reason = "the tests of history stop it, too")]
pub mod postgres;
pub mod upstream;

pub use gateway::{Gateway, free_port};
pub use upstream::{Reply, Seen, Upstream};
