//! Managed prompts of Bedrock: a request names one by its ARN instead of a model, and gives the values of its variables.

pub mod apply;
pub mod arn;
pub mod bedrock;
pub mod convert;
pub mod error;
pub mod prompt;
pub mod store;
pub mod substitute;

pub use arn::PromptArn;
pub use error::PromptError;
pub use prompt::Prompt;
pub use store::{Prompts, Source};
