//! What Bedrock says of a prompt, in the types of Converse.

use std::collections::BTreeMap;

use aws_sdk_bedrockagent::operation::get_prompt::GetPromptOutput;
use aws_sdk_bedrockagent::types::{
    CachePointBlock, ChatPromptTemplateConfiguration, ContentBlock as AwsContent, ConversationRole,
    PromptInferenceConfiguration, PromptTemplateConfiguration, PromptVariant, SystemContentBlock as AwsSystem,
    TextPromptTemplateConfiguration, Tool as AwsTool, ToolChoice as AwsChoice, ToolConfiguration,
    ToolInputSchema as AwsSchema,
};
use aws_smithy_types::{Document, Number};
use serde_json::{Map, Value, json};

use super::arn::PromptArn;
use super::error::PromptError;
use super::prompt::Prompt;
use crate::converse::content::{CachePoint, CachePointType, ContentBlock, SystemBlock};
use crate::converse::request::{
    InferenceConfig, Message, NamedTool, Nothing, Role, Tool, ToolChoice, ToolConfig, ToolInputSchema, ToolSpec,
};
use crate::json::Few;

/// The variant that is the default, or the only one.
pub fn prompt(output: &GetPromptOutput, arn: &PromptArn) -> Result<Prompt, PromptError> {
    let unusable = |reason| PromptError::Unusable { arn: arn.to_string(), reason };
    let variants = output.variants();
    let default = output.default_variant();
    let variant = match variants.iter().find(|variant| Some(variant.name()) == default) {
        Some(variant) => variant,
        None => variants.first().ok_or_else(|| unusable("has no variant"))?,
    };
    let model = variant.model_id().ok_or_else(|| unusable("names no model"))?.to_owned();
    let template = variant.template_configuration().ok_or_else(|| unusable("has no template"))?;
    let (system, messages, tools) = match template {
        PromptTemplateConfiguration::Text(text) => (Vec::new(), vec![text_message(text)], None),
        PromptTemplateConfiguration::Chat(chat) => chat_template(chat).map_err(unusable)?,
        _ => return Err(unusable("has a template of a kind that this gateway does not know")),
    };
    let additional = match variant.additional_model_request_fields().map(value) {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(fields)) => fields,
        Some(_) => return Err(unusable("has additionalModelRequestFields that are not an object")),
    };
    Ok(Prompt { model, system, messages, tools, inference: inference(variant), additional })
}

fn text_message(template: &TextPromptTemplateConfiguration) -> Message {
    let mut content = vec![ContentBlock::Text(template.text().to_owned())];
    content.extend(template.cache_point().map(|point| ContentBlock::CachePoint(cache_point(point))));
    Message { role: Role::User, content }
}

type Template = (Vec<SystemBlock>, Vec<Message>, Option<ToolConfig>);

fn chat_template(template: &ChatPromptTemplateConfiguration) -> Result<Template, &'static str> {
    const UNKNOWN: &str = "has a content block of a kind that this gateway does not know";
    let system = template.system().iter().map(|block| match block {
        AwsSystem::Text(text) => Ok(SystemBlock::Text(text.clone())),
        AwsSystem::CachePoint(point) => Ok(SystemBlock::CachePoint(cache_point(point))),
        _ => Err(UNKNOWN),
    });
    let messages = template.messages().iter().map(|message| {
        let role = match message.role() {
            ConversationRole::User => Role::User,
            ConversationRole::Assistant => Role::Assistant,
            _ => return Err("has a message of a role that this gateway does not know"),
        };
        let content = message.content().iter().map(|block| match block {
            AwsContent::Text(text) => Ok(ContentBlock::Text(text.clone())),
            AwsContent::CachePoint(point) => Ok(ContentBlock::CachePoint(cache_point(point))),
            _ => Err(UNKNOWN),
        });
        Ok(Message { role, content: content.collect::<Result<_, _>>()? })
    });
    let tools = template.tool_configuration().map(tool_config).transpose()?;
    Ok((system.collect::<Result<_, _>>()?, messages.collect::<Result<_, _>>()?, tools))
}

fn tool_config(config: &ToolConfiguration) -> Result<ToolConfig, &'static str> {
    const UNKNOWN: &str = "has a tool of a kind that this gateway does not know";
    let tools = config.tools().iter().map(|tool| match tool {
        AwsTool::CachePoint(point) => Ok(Tool::CachePoint(cache_point(point))),
        AwsTool::ToolSpec(spec) => Ok(Tool::ToolSpec(ToolSpec {
            name: spec.name().to_owned(),
            description: spec.description().map(str::to_owned),
            input_schema: match spec.input_schema() {
                Some(AwsSchema::Json(schema)) => ToolInputSchema::Json(value(schema).into()),
                Some(_) => return Err(UNKNOWN),
                None => ToolInputSchema::Json(json!({"type": "object"}).into()),
            },
            strict: spec.strict(),
        })),
        _ => Err(UNKNOWN),
    });
    let tool_choice = config.tool_choice().map(|choice| match choice {
        AwsChoice::Auto(_) => Ok(ToolChoice::Auto(Nothing {})),
        AwsChoice::Any(_) => Ok(ToolChoice::Any(Nothing {})),
        AwsChoice::Tool(tool) => Ok(ToolChoice::Tool(NamedTool { name: tool.name().to_owned() })),
        _ => Err(UNKNOWN),
    });
    Ok(ToolConfig { tools: tools.collect::<Result<_, _>>()?, tool_choice: tool_choice.transpose()? })
}

fn inference(variant: &PromptVariant) -> InferenceConfig {
    let Some(PromptInferenceConfiguration::Text(text)) = variant.inference_configuration() else {
        return InferenceConfig::default();
    };
    InferenceConfig {
        max_tokens: text.max_tokens().and_then(|tokens| u32::try_from(tokens).ok()),
        temperature: text.temperature().map(f64::from),
        top_p: text.top_p().map(f64::from),
        stop_sequences: (!text.stop_sequences().is_empty()).then(|| Few(text.stop_sequences().to_vec())),
    }
}

fn cache_point(_point: &CachePointBlock) -> CachePoint {
    CachePoint { r#type: CachePointType::Default, ttl: None }
}

/// The members of an object are sorted, so that a cache of the model sees the same text each time.
fn value(document: &Document) -> Value {
    match document {
        Document::Object(members) => {
            let sorted: BTreeMap<&String, &Document> = members.iter().collect();
            Value::Object(sorted.into_iter().map(|(name, member)| (name.clone(), value(member))).collect())
        }
        Document::Array(elements) => Value::Array(elements.iter().map(value).collect()),
        Document::Number(Number::PosInt(number)) => json!(number),
        Document::Number(Number::NegInt(number)) => json!(number),
        Document::Number(Number::Float(number)) => json!(number),
        Document::String(text) => json!(text),
        Document::Bool(truth) => json!(truth),
        Document::Null => Value::Null,
    }
}
