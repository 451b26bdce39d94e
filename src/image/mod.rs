//! Container images without a daemon: put together, pushed, copied and looked into by gwinfra itself.
//!
//! * [`middleware`] puts the middleware's image together from static programs; the same programs are the same image.
//!   [`containerfile`] has another tool build what a Containerfile describes.
//! * [`layout`] keeps images on disk, [`registry`] speaks with registries.
//! * [`copy`] brings an image from either to a registry and sends nothing that is there already.
//! * [`inspect`] says what an image is.

pub mod advisory;
pub mod beside;
pub mod certificates;
pub mod config;
pub mod containerfile;
pub mod copy;
pub mod digest;
pub mod document;
pub mod elf;
pub mod inspect;
pub mod json;
pub mod known_bad;
pub mod layer;
pub mod layout;
pub mod middleware;
pub mod platform;
pub mod reference;
pub mod registry;
pub mod root;
pub mod sbom;
mod source;
#[cfg(test)]
pub mod testing;
mod watch;

pub use digest::Digest;
pub use document::{Descriptor, Document};
pub use platform::Platform;
pub use reference::Reference;
pub use source::{Source, SourceError};
pub use watch::{Event, How, Silent, Watch};
