//! AWS accounts, in plain types. The only module that names an AWS SDK crate.
//!
//! [`Clients`] holds how to reach AWS; [`Clients::session`] gives a [`Session`] for one account and region, with one
//! small client per service. Every call goes through one place, which retries what may pass, reports each retry, and
//! turns whatever came back into an [`Error`] that says what to do. Values of enumerations stay strings: AWS adds new
//! ones at any time.

pub mod acm;
pub mod bedrock;
mod call;
mod classify;
mod clients;
pub mod cloudcontrol;
pub mod cloudformation;
mod credentials;
mod date;
mod denial;
pub mod ec2;
pub mod ec2_estate;
mod ec2_offerings;
pub mod ec2_routes;
pub mod ec2_vpn;
pub mod ecr;
pub mod ecs;
pub mod elasticache;
pub mod elasticache_groups;
mod elasticache_users;
pub mod elbv2;
mod error;
mod http;
pub mod iam;
pub mod logs;
pub mod rds;
mod retry;
pub mod route53;
pub mod s3;
pub mod secrets_manager;
pub mod service_quotas;
mod session;
pub mod sts;
mod time;
pub mod wafv2;

pub use clients::{Clients, Credentials, Expiry, Options};
pub use denial::{Denial, is_blunt_refusal};
pub use error::Error;
pub use retry::{Poll, Retry, RetryObserver};
pub use session::Session;
pub use sts::Identity;

/// What a call gives.
pub type Result<T> = std::result::Result<T, Error>;
