//! Whether what is deployed is still what was deployed: findings, coverage, and what is accepted. Pure: engines read, this
//! compares.

mod accept;
mod baseline;
pub mod codes;
mod compare;
mod fold;
mod junit;
mod level;
mod markdown;
mod patch;
mod report;
mod text;
mod undeclared;

pub use accept::{Acceptance, AcceptanceError, Occasion};
pub use baseline::{Baseline, BaselineError};
pub use compare::{Compared, Difference, compare};
pub use fold::fold;
pub use junit::junit;
pub use level::level;
pub use markdown::markdown;
pub use patch::{Patch, patch};
pub use report::{
    Coverage, Document, Finding, Folded, Kind, Level, Live, Potential, Reader, SCHEMA, Skipped, Source,
    json_schema_text,
};
pub use text::{potential, text};
pub use undeclared::undeclared;
pub(crate) use undeclared::{is_secret, without_secrets};
