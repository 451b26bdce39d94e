//! What a client of the Converse API sends.

use serde::Deserialize;

use super::content::{CachePoint, ContentBlock, SystemBlock};
use super::limits;
use super::object::objects_only;
use crate::json::{Entries, Few, Json, Members};

/// The body of Converse and of ConverseStream.
#[derive(Debug, Default, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct ConverseRequest {
    /// The conversation. May be missing only with a managed prompt.
    pub messages: Option<Vec<Message>>,
    /// Instructions.
    pub system: Option<Vec<SystemBlock>>,
    /// The parameters that all models know.
    pub inference_config: Option<InferenceConfig>,
    /// Tools.
    pub tool_config: Option<ToolConfig>,
    /// A guardrail of Bedrock.
    pub guardrail_config: Option<GuardrailConfig>,
    /// Parameters of the model.
    pub additional_model_request_fields: Option<Members>,
    /// Values of the variables of a managed prompt.
    pub prompt_variables: Option<Entries<PromptVariable>>,
    /// Parts of the model's own answer that the client wants.
    pub additional_model_response_field_paths: Option<Few<String, 0>>,
    /// What invocation logs can be filtered by.
    pub request_metadata: Option<Entries<String>>,
    /// Latency.
    pub performance_config: Option<PerformanceConfig>,
    /// Tier.
    pub service_tier: Option<ServiceTier>,
    /// The form of the answer.
    pub output_config: Option<OutputConfig>,
    /// A project of Bedrock.
    pub project_identifier: Option<String>,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub content: Vec<ContentBlock>,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The user; results of tools too.
    User,
    /// The model.
    Assistant,
    /// Instructions in the middle of a conversation.
    System,
}

/// The parameters that all models know.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct InferenceConfig {
    /// Most tokens of the answer.
    pub max_tokens: Option<u32>,
    /// How free the choice of words is.
    pub temperature: Option<f64>,
    /// The share of likely words that are considered.
    pub top_p: Option<f64>,
    /// Texts that end the answer.
    pub stop_sequences: Option<Few<String, { limits::STOP_SEQUENCES }>>,
}

/// Tools, and which of them the model has to use.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct ToolConfig {
    /// The tools.
    pub tools: Vec<Tool>,
    /// Which of them the model has to use.
    pub tool_choice: Option<ToolChoice>,
}

/// A tool, or the end of the tools that are to be cached.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Tool {
    /// A tool that the client runs.
    ToolSpec(ToolSpec),
    /// A tool that Bedrock runs.
    SystemTool(serde::de::IgnoredAny),
    /// What is before it is cached.
    CachePoint(CachePoint),
}

/// A tool that the client runs.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct ToolSpec {
    /// Name.
    pub name: String,
    /// What it does.
    pub description: Option<String>,
    /// The schema of its input.
    pub input_schema: ToolInputSchema,
    /// Whether the model has to keep to the schema.
    pub strict: Option<bool>,
}

/// The schema of a tool's input.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ToolInputSchema {
    /// A JSON schema.
    Json(Json),
}

/// Which tool the model has to use.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ToolChoice {
    /// The model decides.
    Auto(Nothing),
    /// At least one.
    Any(Nothing),
    /// That one.
    Tool(NamedTool),
}

/// An empty object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Nothing {}

/// A tool by its name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct NamedTool {
    /// Name.
    pub name: String,
}

/// A guardrail of Bedrock.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct GuardrailConfig {
    /// Identifier or ARN.
    pub guardrail_identifier: Option<String>,
    /// Version.
    pub guardrail_version: Option<String>,
    /// Whether the answer tells what the guardrail found.
    pub trace: Option<GuardrailTrace>,
    /// Whether a stream waits for the guardrail.
    pub stream_processing_mode: Option<StreamProcessingMode>,
}

/// Whether the answer tells what a guardrail found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GuardrailTrace {
    /// What it acted on.
    Enabled,
    /// Nothing.
    Disabled,
    /// Everything that it looked at.
    EnabledFull,
}

/// Whether a stream waits for the guardrail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StreamProcessingMode {
    /// It waits.
    Sync,
    /// It does not.
    Async,
}

/// The value of a variable of a managed prompt.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PromptVariable {
    /// Text.
    Text(String),
}

/// The values are the user's own words: they are in no log.
impl std::fmt::Debug for PromptVariable {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("PromptVariable")
    }
}

/// Latency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct PerformanceConfig {
    /// Latency.
    pub latency: Option<Latency>,
}

/// Latency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Latency {
    /// The default.
    Standard,
    /// Faster.
    Optimized,
}

/// Tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct ServiceTier {
    /// Which.
    pub r#type: ServiceTierType,
}

/// Tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ServiceTierType {
    /// Sooner, for more.
    Priority,
    /// The default.
    Default,
    /// Later, for less.
    Flex,
    /// What was reserved.
    Reserved,
}

/// The form of the answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct OutputConfig {
    /// The form of its text.
    pub text_format: Option<TextFormat>,
    /// How hard the model thinks.
    pub effort: Option<String>,
}

/// The form of an answer's text.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct TextFormat {
    /// The kind of form.
    pub r#type: TextFormatType,
    /// The form.
    pub structure: TextStructure,
}

/// The kinds of form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextFormatType {
    /// JSON of a schema.
    JsonSchema,
}

/// The form of an answer's text.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TextStructure {
    /// JSON of a schema.
    JsonSchema(JsonSchema),
}

/// A JSON schema of the answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct JsonSchema {
    /// The schema, as text.
    pub schema: String,
    /// Its name.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
}

objects_only!(
    ConverseRequest,
    Message,
    InferenceConfig,
    ToolConfig,
    ToolSpec,
    Nothing,
    NamedTool,
    GuardrailConfig,
    PerformanceConfig,
    ServiceTier,
    OutputConfig,
    TextFormat,
    JsonSchema
);
