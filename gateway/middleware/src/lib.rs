//! The service beside LiteLLM: the Bedrock Converse API, managed prompts and chat history for every model that it serves.

pub mod converse;
pub mod okta;
pub mod prompts;
