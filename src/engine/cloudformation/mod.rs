//! Deploys a bundle as CloudFormation stacks.

mod apply;
mod awaited;
mod delete;
mod destroy;
mod diagnose;
pub(in crate::engine) mod drift;
mod ends;
mod engine;
mod hooks;
mod known;
mod objects;
mod outcome;
pub(in crate::engine) mod plan;
mod protection;
mod recover;
mod resume;
mod shell;
mod skipped;
mod stack;
mod stack_set;
mod stale;
mod status;
pub mod status_table;
mod trust;
mod underway;
mod watch;

pub use plan::{PlacesReference, deployment_seconds, plan_offline};
pub use shell::remove_shell;

use std::sync::Arc;

use crate::aws::{Clients, Session};
use crate::cfn::registry::Registry;
use crate::engine::journal::Journal;
use crate::engine::{Cancel, Event, EventKind, EventSink, Images, Places, now};
use crate::render::Target;

/// Deploys a bundle as CloudFormation stacks.
pub struct CloudFormationEngine {
    /// Sessions with AWS.
    pub clients: Clients,
    /// Where images are taken from that are not there.
    pub images: Images,
    /// The resource schemas.
    pub registry: Registry,
    /// Where the gateway runs.
    pub hub: Target,
    /// What earlier runs did.
    pub journal: Journal,
    /// Where events go.
    pub sink: Arc<dyn EventSink>,
    /// What the user has asked for by signals.
    pub cancel: Cancel,
    /// From properties to places in the spec.
    pub places: Places,
}

impl CloudFormationEngine {
    /// The session with a target.
    fn session(&self, target: &Target) -> Session {
        self.clients.session(target)
    }

    /// Emits an event, now.
    fn emit(&self, stack: Option<&str>, kind: EventKind) {
        self.sink.emit(Event { at: now(), stack: stack.map(ToOwned::to_owned), kind });
    }
}
