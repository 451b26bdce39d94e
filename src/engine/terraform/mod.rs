//! Deploys a bundle's root modules with the user's own Terraform or OpenTofu.
//!
//! Every root module has a directory of its own, `.gwinfra/<prefix>/terraform/<module>/`, with its rendered files, its
//! provider lock file and, unless the spec says otherwise, its state. A user can go there and run Terraform by hand.

mod apply;
mod binary;
mod destroy;
mod diagnose;
mod diagnostic;
mod directory;
mod drift;
mod engine;
mod environment;
mod init;
mod items;
mod left_lock;
mod lock;
mod message;
mod orphan;
mod outputs;
mod plan;
mod planfile;
mod process;
mod progress;
mod range;
mod recover;
mod resume;
mod revert;
mod saved;
mod show;
mod state;
mod status;
mod undeclared;
mod underway;
mod unseen;
mod watch;

pub use binary::Binary;
pub use environment::Environment;
pub use lock::LockInfo;
pub use planfile::as_json as plan_file_as_json;
pub use state::OnlyHere;

use std::path::PathBuf;
use std::sync::Arc;

use directory::WorkDirectory;

use crate::aws::Clients;
use crate::engine::journal::Journal;
use crate::engine::{Cancel, Event, EventKind, EventSink, Images, Lines, Places, now};
use crate::render::{Bundle, RenderedModule, Target};

/// The most root modules that Terraform works on at the same time. Each takes half a gigabyte for its provider.
const AT_ONCE: usize = 3;

/// Deploys a bundle's root modules with Terraform or OpenTofu.
pub struct TerraformEngine {
    /// The program.
    pub binary: Binary,
    /// What the program is given in its environment.
    pub environment: Environment,
    /// Where the directories of the root modules are: `.gwinfra`.
    pub directory: PathBuf,
    /// Sessions with AWS, for what is asked before and after Terraform works.
    pub clients: Clients,
    /// Where images are taken from that are not there.
    pub images: Images,
    /// Where the gateway runs.
    pub hub: Target,
    /// What earlier runs did.
    pub journal: Journal,
    /// Where events go.
    pub sink: Arc<dyn EventSink>,
    /// What the user has asked for by signals.
    pub cancel: Cancel,
    /// From attributes to places in the spec.
    pub places: Places,
    /// From lines of rendered files to places in the spec.
    pub lines: Lines,
}

impl TerraformEngine {
    fn emit(&self, module: Option<&str>, kind: EventKind) {
        self.sink.emit(Event { at: now(), stack: module.map(ToOwned::to_owned), kind });
    }

    fn say(&self, module: Option<&str>, text: impl Into<String>) {
        self.emit(module, EventKind::Message { text: text.into() });
    }

    fn work_directory(&self, bundle: &Bundle, module: &RenderedModule) -> WorkDirectory {
        WorkDirectory::new(&self.directory, &bundle.deployment.prefix, &module.key)
    }
}
