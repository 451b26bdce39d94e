//! gwinfra turns one typed YAML spec into a production LLM gateway on AWS.
//!
//! Data flows one way; every arrow but the engine and the file writes is a pure function:
//!
//! ```text
//! gwinfra.yaml ─ spec ─► Spec + spans ─ rules ─► findings
//!                         │
//!                       model ─► Model ─ render ─► text ─ cfn (parse back, check) ─► Bundle
//!                                                                                     │
//!                                              Engine::plan ─► Plan ─ gates ─► Engine::apply ─► Outputs
//! ```
//!
//! * [`spec`]: what the user types, with the position of every key.
//! * [`yaml`]: texts as trees in which every key and value has its place.
//! * [`rules`]: what types cannot say, one file per rule.
//! * [`litellm`]: LiteLLM's configuration as somebody has written it, and its lints.
//! * [`model`]: what will be built: complete, nothing left to guess.
//! * [`blueprint`] and [`render`]: templates, safe templating, the rendered [`render::Bundle`].
//! * [`cfn`]: a parsed view of rendered CloudFormation, schema and reference checks.
//! * [`tf`]: a parsed view of rendered Terraform, schema and reference checks.
//! * [`parity`]: whether both engines build the same from one spec.
//! * [`permissions`]: what a deploy role needs, as IAM policies.
//! * [`policy`]: IAM policy documents: what they allow, and how two of them differ.
//! * [`plan`]: what would change, as a value that is reviewed, saved and bound to an apply.
//! * [`capacity`]: what the accounts of a model carry under load, simulated.
//! * [`accounts`]: whether the roles, models and quotas of the accounts are as the spec says.
//! * [`quotas`]: the Bedrock quotas that accounts have, as Service Quotas tells them.
//! * [`smoke`]: calls that prove a gateway, one file per check.
//! * [`local`]: the gateway of a spec on this machine.
//! * [`mock_llm`]: a model that answers at once, for load tests.
//! * [`diagnose`]: why an operation failed, and what to do next.
//! * [`drift`]: whether what is deployed is still what was deployed.
//! * [`image`]: container images: put together, pushed, copied and looked into.
//! * [`doctor`]: whether a deployment can begin, one file per check.
//! * [`engine`]: makes plans and applies them; nothing above it knows which engine runs.
//! * [`aws`]: the only module that names an AWS SDK crate.
//! * [`simulator`]: AWS accounts in a process, driven by the resource schemas.
//! * [`hexadecimal`]: bytes and digests as digits.
//! * [`ci`]: the files of pipelines that validate, plan, apply and look for drift.
//! * [`diagnostics`]: findings as data, and one reporter per output format.
//! * [`cli`]: the only module that prints, reads environment variables or decides exit codes.

pub mod accounts;
pub mod aws;
pub mod blueprint;
pub mod capacity;
pub mod cfn;
pub mod ci;
pub mod cli;
mod cron;
pub mod diagnose;
pub mod diagnostics;
pub mod doctor;
pub mod drift;
pub mod engine;
pub mod hexadecimal;
pub mod image;
mod json_schema;
pub mod litellm;
pub mod local;
pub mod model;
pub mod parity;
pub mod permissions;
pub mod plan;
pub mod policy;
pub mod quotas;
pub mod render;
pub mod rules;
mod shell;
pub mod simulator;
pub mod smoke;
pub mod spec;
pub mod tf;
mod whole_file;
pub mod yaml;

pub use gwinfra_mock_llm as mock_llm;
