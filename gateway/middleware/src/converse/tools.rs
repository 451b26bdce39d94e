//! Tools of a Converse request as LiteLLM takes them.

use serde_json::{Value, json};

use super::chat::{CacheControl, ChatTool, Function};
use super::limits;
use super::place::{Invalid, Place};
use super::request::{Tool, ToolChoice, ToolConfig, ToolInputSchema, ToolSpec};

/// The tools.
pub fn tools(config: &ToolConfig) -> Result<Vec<ChatTool>, Invalid> {
    let member = Place::Request.member("toolConfig");
    let list = member.member("tools");
    let mut tools: Vec<ChatTool> = Vec::with_capacity(config.tools.len());
    for (index, tool) in config.tools.iter().enumerate() {
        let place = list.element(index);
        match tool {
            Tool::ToolSpec(spec) => tools.push(function(spec, &place.member("toolSpec"))?),
            Tool::SystemTool(_) => return Err(place.invalid("systemTool cannot be carried by this gateway")),
            Tool::CachePoint(point) => {
                let before = tools.last_mut();
                let tool = before.ok_or_else(|| place.invalid("a cachePoint has to follow what it caches"))?;
                tool.cache_control = Some(CacheControl::new(point.ttl));
            }
        }
    }
    if tools.is_empty() {
        return Err(list.invalid("has no toolSpec"));
    }
    Ok(tools)
}

/// Which tool the model has to use.
pub fn choice(choice: &ToolChoice) -> Value {
    match choice {
        ToolChoice::Auto(_) => json!("auto"),
        ToolChoice::Any(_) => json!("required"),
        ToolChoice::Tool(tool) => json!({"type": "function", "function": {"name": tool.name}}),
    }
}

fn function(spec: &ToolSpec, place: &Place<'_>) -> Result<ChatTool, Invalid> {
    let named = (1..=limits::TOOL_NAME_LENGTH).contains(&spec.name.len())
        && spec.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if !named {
        return Err(place.member("name").invalid("has to be 1 to 64 letters, digits, `_` or `-`"));
    }
    let ToolInputSchema::Json(schema) = &spec.input_schema;
    if !schema.is_object() {
        return Err(place.member("inputSchema").member("json").invalid("has to be an object"));
    }
    Ok(ChatTool {
        r#type: "function",
        function: Function {
            name: spec.name.clone(),
            description: spec.description.clone(),
            parameters: schema.clone(),
            strict: spec.strict,
        },
        cache_control: None,
    })
}
