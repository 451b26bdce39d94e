//! Whether what is deployed is still what was deployed: findings, coverage, and what is accepted. Pure: engines read, this
//! compares.

mod accept;
mod added;
mod along;
mod baseline;
pub mod codes;
mod compare;
mod coverage;
mod excerpt;
mod finding;
mod fold;
mod junit;
mod level;
mod markdown;
mod naming;
mod patch;
mod report;
mod returned;
mod same;
mod scaled;
mod statements;
mod step;
mod text;
mod undeclared;

pub use accept::{Acceptance, AcceptanceError, Occasion};
pub use added::{Addition, deleted_as};
pub use baseline::{Baseline, BaselineError};
pub use compare::{Compared, Difference, compare};
pub use coverage::{Coverage, Skipped};
pub use finding::{Finding, Kind, Level, Reader};
pub use fold::fold;
pub use junit::junit;
pub use level::level;
pub use markdown::markdown;
pub(crate) use naming::Naming;
pub use patch::{Patch, patch};
pub use report::{Document, Folded, Live, Potential, SCHEMA, Source, json_schema_text};
pub use returned::returned;
pub use same::item_at;
pub(crate) use same::{is_nothing, is_same, says_the_same};
pub use scaled::Scaled;
pub(crate) use step::can_be_written;
pub use text::{potential, text};
pub use undeclared::undeclared;
pub(crate) use undeclared::{is_secret, with_hidden_secrets, without_secrets};
