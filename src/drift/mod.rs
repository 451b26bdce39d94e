//! Whether what is deployed is still what was deployed: findings, coverage, and what is accepted. Pure: engines read, this
//! compares.

mod accept;
pub mod codes;
mod compare;
mod fold;
mod junit;
mod level;
mod markdown;
mod report;
mod text;

pub use accept::{Acceptance, AcceptanceError};
pub use compare::{Compared, Difference, compare};
pub use fold::fold;
pub use junit::junit;
pub use level::level;
pub use markdown::markdown;
pub use report::{Coverage, Document, Finding, Folded, Kind, Level, Reader, SCHEMA, Skipped, Source, json_schema_text};
pub use text::text;
