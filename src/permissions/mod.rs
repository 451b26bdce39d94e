//! What a `deploy_role` needs: IAM policies for one spec, its accounts and its engine.
//!
//! CloudFormation calls each service with the permissions of whoever deploys. What those calls are AWS lists for each
//! resource type, in the handlers of its registry schemas; `schemas/vendor/permissions` holds them for the types that the
//! blueprint emits. To these come the calls that gwinfra makes itself. Resources are narrowed to the deployment's prefix
//! where IAM can tell them and names carry it, else to the account and region.

mod looks;
mod needs;
mod own;
mod policy;
mod scope;
mod table;

pub use needs::{AccountNeeds, Maker, Need, Purpose, account_needs};
pub use policy::{AccountPolicies, Deploys, deploy_policies};
pub use table::Table;
