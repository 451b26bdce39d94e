//! Parameters of a Converse request as LiteLLM takes them: what all models know, what one model knows, and what Bedrock
//! knows. Each is carried or refused.

use serde_json::{Number, Value, json};

use super::limits;
use super::place::{Invalid, Place};
use super::request::{
    ConverseRequest, GuardrailConfig, InferenceConfig, JsonSchema, Latency, OutputConfig, PerformanceConfig,
    ServiceTierType, TextStructure,
};
use crate::json::{Entries, Json, Members};

/// Members of `additionalModelRequestFields` that would replace what the request says elsewhere, choose another model or
/// another upstream than the path names, or change the form of the answer.
const RESERVED: [&str; 31] = [
    "api_base",
    "api_key",
    "api_version",
    "audio",
    "base_url",
    "content_policy_fallbacks",
    "context_window_fallbacks",
    "custom_llm_provider",
    "deployment_id",
    "extra_body",
    "extra_headers",
    "fallbacks",
    "function_call",
    "functions",
    "headers",
    "litellm_metadata",
    "messages",
    "modalities",
    "model",
    "model_list",
    "models",
    "n",
    "prompt",
    "prompt_id",
    "proxy_server_request",
    "router_settings_override",
    "secret_fields",
    "specific_deployment",
    "stream",
    "stream_options",
    "user_config",
];
/// Beginnings of such names: credentials and addresses of providers, and answers that no model gives.
const RESERVED_PREFIXES: [&str; 4] = ["aws_", "azure_", "mock_", "vertex_"];
/// Names of the limit of an answer's tokens. A provider takes one of them.
const TOKEN_LIMITS: [&str; 2] = ["max_tokens", "max_completion_tokens"];

/// Every name of a parameter of a chat request, given one of them.
pub fn names(name: &str) -> Vec<&str> {
    if TOKEN_LIMITS.contains(&name) { TOKEN_LIMITS.to_vec() } else { vec![name] }
}

/// Puts the parameters into a chat request.
pub fn put(request: &ConverseRequest, body: &mut Members) -> Result<(), Invalid> {
    if let Some(config) = &request.inference_config {
        inference(config, body)?;
    }
    if let Some(config) = &request.guardrail_config {
        guardrail(config, body)?;
    }
    if let Some(metadata) = &request.request_metadata {
        request_metadata(metadata, body)?;
    }
    // Standard is what is done without it, by every model; LiteLLM knows the rest for Bedrock only.
    if let Some(PerformanceConfig { latency: Some(Latency::Optimized) }) = request.performance_config {
        body.insert("performanceConfig", json!({"latency": "optimized"}));
    }
    match request.service_tier.map(|tier| tier.r#type) {
        None => {}
        // OpenAI's name for it, which LiteLLM translates, has no such tier.
        Some(ServiceTierType::Reserved) => body.insert("serviceTier", json!({"type": "reserved"})),
        Some(tier) => body.insert("service_tier", json!(tier)),
    }
    if let Some(config) = &request.output_config {
        output(config, body)?;
    }
    if request.additional_model_response_field_paths.as_ref().is_some_and(|paths| !paths.0.is_empty()) {
        let place = Place::Request.member("additionalModelResponseFieldPaths");
        return Err(place.invalid("the model's own answer is not there to take fields of; leave it out"));
    }
    if request.project_identifier.as_deref().is_some_and(|project| project != "default") {
        let place = Place::Request.member("projectIdentifier");
        return Err(place.invalid("projects of Bedrock cannot be chosen through this gateway; leave it out"));
    }
    Ok(())
}

/// Merges the parameters of one model into a chat request.
pub fn put_additional(fields: Members, body: &mut Members) -> Result<(), Invalid> {
    let place = Place::Request.member("additionalModelRequestFields");
    for (name, value) in fields {
        let reserved =
            RESERVED.contains(&name.as_str()) || RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
        if reserved {
            return Err(place.invalid(format_args!("`{name}` is reserved")));
        }
        let limits = TOKEN_LIMITS.contains(&name.as_str()) && TOKEN_LIMITS.iter().any(|limit| body.contains(limit));
        if limits || body.contains(&name) {
            return Err(place.invalid(format_args!("`{name}` is given a second time")));
        }
        body.insert(name, value);
    }
    Ok(())
}

/// Puts the parameters that all models know.
pub fn inference(config: &InferenceConfig, body: &mut Members) -> Result<(), Invalid> {
    let place = Place::Request.member("inferenceConfig");
    if let Some(tokens) = config.max_tokens {
        if tokens == 0 {
            return Err(place.member("maxTokens").invalid("has to be at least 1"));
        }
        body.insert("max_tokens", json!(tokens));
    }
    // Bedrock takes at most 1. Other models take more, and refuse what they do not take.
    if let Some(temperature) = config.temperature {
        let number = decimal(temperature, 0.0..=2.0);
        let number = number.ok_or_else(|| place.member("temperature").invalid("has to be 0 to 2"))?;
        body.insert("temperature", number);
    }
    if let Some(top_p) = config.top_p {
        let number = decimal(top_p, 0.0..=1.0).ok_or_else(|| place.member("topP").invalid("has to be 0 to 1"))?;
        body.insert("top_p", number);
    }
    if let Some(sequences) = config.stop_sequences.as_ref().map(|few| &few.0).filter(|sequences| !sequences.is_empty())
    {
        let place = place.member("stopSequences");
        if sequences.len() > limits::STOP_SEQUENCES {
            return Err(place.invalid(format_args!("has more than {} elements", limits::STOP_SEQUENCES)));
        }
        if let Some(index) = sequences.iter().position(String::is_empty) {
            return Err(place.element(index).invalid("is empty"));
        }
        body.insert("stop", json!(sequences));
    }
    Ok(())
}

/// SDKs send 32-bit numbers with all the digits of a 64-bit one: 0.699999988079071 is meant to be 0.7, and is read so by
/// models that compare.
fn decimal(value: f64, range: std::ops::RangeInclusive<f64>) -> Option<Value> {
    if !range.contains(&value) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "whether something is lost is what the next line asks")]
    let short = value as f32;
    let value = if f64::from(short) == value { short.to_string().parse().unwrap_or(value) } else { value };
    Number::from_f64(value).map(Value::Number)
}

/// LiteLLM gives it to Bedrock as it is. Other providers do not know it and refuse the request.
fn guardrail(config: &GuardrailConfig, body: &mut Members) -> Result<(), Invalid> {
    let place = Place::Request.member("guardrailConfig");
    let identifier = config.guardrail_identifier.as_deref().unwrap_or_default();
    let version = config.guardrail_version.as_deref().unwrap_or_default();
    match (identifier, version) {
        // What both being empty means to Bedrock, too.
        ("", "") => return Ok(()),
        ("", _) => return Err(place.member("guardrailIdentifier").invalid("is missing")),
        (_, "") => return Err(place.member("guardrailVersion").invalid("is missing")),
        _ => {}
    }
    let mut value = json!({"guardrailIdentifier": identifier, "guardrailVersion": version});
    if let Some(trace) = config.trace {
        value["trace"] = json!(trace);
    }
    if let Some(mode) = config.stream_processing_mode {
        value["streamProcessingMode"] = json!(mode);
    }
    body.insert("guardrailConfig", value);
    Ok(())
}

fn request_metadata(metadata: &Entries<String>, body: &mut Members) -> Result<(), Invalid> {
    let Entries(metadata) = metadata;
    let place = Place::Request.member("requestMetadata");
    if metadata.len() > limits::METADATA_ENTRIES {
        return Err(place.invalid(format_args!("has more than {} entries", limits::METADATA_ENTRIES)));
    }
    for (key, value) in metadata {
        if key.is_empty() || !is_metadata(key) {
            return Err(place.invalid("a key has to be 1 to 256 letters, digits, spaces or of `:_@$#=/+,-.`"));
        }
        if !is_metadata(value) {
            return Err(place.invalid(format_args!(
                "the value of `{key}` has to be at most 256 letters, digits, spaces or of `:_@$#=/+,-.`"
            )));
        }
    }
    if !metadata.is_empty() {
        body.insert("requestMetadata", json!(metadata));
    }
    Ok(())
}

fn is_metadata(text: &str) -> bool {
    let allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() || b":_@$#=/+,-.".contains(&byte);
    text.len() <= limits::METADATA_LENGTH && text.bytes().all(allowed)
}

fn output(config: &OutputConfig, body: &mut Members) -> Result<(), Invalid> {
    let place = Place::Request.member("outputConfig");
    if let Some(format) = &config.text_format {
        let TextStructure::JsonSchema(JsonSchema { schema, name, description }) = &format.structure;
        let schema = Json::parse(schema).ok().filter(Json::is_object).ok_or_else(|| {
            place
                .member("textFormat")
                .member("structure")
                .member("jsonSchema")
                .member("schema")
                .invalid("is not the JSON of an object")
        })?;
        let mut definition = Members::default();
        definition.insert("name", json!(name.as_deref().unwrap_or("answer")));
        if let Some(description) = description {
            definition.insert("description", json!(description));
        }
        definition.insert("schema", schema);
        definition.insert("strict", json!(true));
        let mut format = Members::default();
        format.insert("type", json!("json_schema"));
        format.insert("json_schema", Json::of(&definition).map_err(|error| Invalid(error.to_string()))?);
        body.insert("response_format", Json::of(&format).map_err(|error| Invalid(error.to_string()))?);
    }
    if let Some(effort) = config.effort.as_deref().filter(|effort| !effort.is_empty()) {
        if !matches!(effort, "low" | "medium" | "high" | "xhigh" | "max") {
            return Err(place.member("effort").invalid("has to be low, medium, high, xhigh or max"));
        }
        body.insert("reasoning_effort", json!(effort));
    }
    Ok(())
}
