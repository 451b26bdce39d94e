//! AWS accounts in a process, spoken to over HTTP by any AWS client.
//!
//! Everything is a [`World`]: resources by account and region, stacks, a clock, a scenario. A service handler takes a [`Request`] and
//! returns a [`Reply`] tree or a [`Fault`]; the protocol layer reads and writes AWS's wire forms.

pub mod acm;
pub mod assumed;
pub mod auth;
pub mod autoscaling;
pub mod bedrock;
pub mod blobs;
pub mod claim;
pub mod clock;
pub mod cloudcontrol;
pub mod cloudformation;
pub mod dispatch;
pub mod ec2;
pub mod ecr;
pub mod ecs;
pub mod elasticache;
pub mod elbv2;
pub mod iam;
pub mod identity;
pub mod logs;
pub mod page;
pub mod persist;
pub mod protocol;
pub mod provision;
pub mod rds;
mod records;
pub mod request;
pub mod resource;
pub mod route53;
pub mod s3;
pub mod scenario;
pub mod secrets;
pub mod server;
pub mod servicequotas;
pub mod sns;
pub mod sts;
pub mod template;
pub mod wafv2;
pub mod world;

pub use identity::{Identity, Session};
pub use request::{Fault, Reply, Request};
pub use resource::{Resource, StackRef};
pub use world::World;
