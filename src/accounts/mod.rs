//! Whether the accounts are as the spec says: roles, what they allow, models and quotas.
//!
//! The gateway's task role is nobody else's to be. What it may do is therefore found out from both sides: the live trust
//! policy of the role in each account is evaluated for the task role's ARN and external id, and the live policies of the
//! task role for assuming it. Both are also compared with what the spec renders, part by part. Where the caller itself
//! is let in by the trust policy, the role is assumed. `docs/accounts.md` says what that proves and what it does not.

mod access;
mod check;
pub mod codes;
mod examine;
mod findings;
mod junit;
mod markdown;
mod member;
mod models;
mod permission;
mod report;
mod role;
mod row;
mod text;
mod trust;

pub(crate) use access::{foundation_model, problems};
pub use check::{Check, CheckName, CheckStatus};
pub use examine::{Depth, Setting, examine};
pub use junit::junit;
pub use markdown::markdown;
pub use models::Models;
pub use report::{Account, Document, ModelRow, SCHEMA, State, Summary, json_schema_text};
pub use role::{RenderedRole, rendered_roles};
pub(crate) use row::{model_access, quota_check};
pub use text::{list, text};
