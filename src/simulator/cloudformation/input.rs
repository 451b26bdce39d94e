//! What create, update and change-set calls have in common.

use serde_json::Value;

use super::state::{Settings, Stack};
use crate::simulator::request::{Fault, Request, scalar};
use crate::simulator::template::{Body, Given, MAX_BODY_BYTES, ResolvedParameter, required_capabilities, resolve};
use crate::simulator::world::World;

/// The stack that a call names.
pub(super) fn find<'w>(world: &'w World, request: &Request<'_>, name: &str) -> Result<&'w Stack, Fault> {
    world
        .cloudformation
        .find(&request.identity.account, request.region, name)
        .ok_or_else(|| Fault::validation(format!("Stack with id {name} does not exist")))
}

/// The same, to change it.
pub(super) fn find_mut<'w>(world: &'w mut World, request: &Request<'_>, name: &str) -> Result<&'w mut Stack, Fault> {
    let id = find(world, request, name)?.id.clone();
    world.touch();
    world
        .cloudformation
        .stacks
        .get_mut(&id)
        .ok_or_else(|| Fault::validation(format!("Stack with id {name} does not exist")))
}

/// Takes a stack out of the world, to work on both; [`put`] returns it.
pub(super) fn take(world: &mut World, request: &Request<'_>, name: &str) -> Result<Stack, Fault> {
    let id = find(world, request, name)?.id.clone();
    world.touch();
    world
        .cloudformation
        .stacks
        .swap_remove(&id)
        .ok_or_else(|| Fault::validation(format!("Stack with id {name} does not exist")))
}

/// Returns a stack to the world.
pub(super) fn put(world: &mut World, stack: Stack) {
    world.cloudformation.stacks.insert(stack.id.clone(), stack);
}

/// A constraint of the API itself that a member breaks.
pub(super) fn constraint(value: &str, member: &str, text: &str) -> Fault {
    Fault::validation(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {text}"
    ))
}

/// Checks the name of a new stack or change set.
pub(super) fn check_name(name: &str, member: &str) -> Result<(), Fault> {
    let mut characters = name.chars();
    let first = characters.next().is_some_and(|first| first.is_ascii_alphabetic());
    if !first || !characters.all(|one| one.is_ascii_alphanumeric() || one == '-') {
        return Err(constraint(name, member, "Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"));
    }
    if name.len() > 128 {
        return Err(constraint(name, member, "Member must have length less than or equal to 128"));
    }
    Ok(())
}

/// The text of the template that a call carries or points to; `None` if it does neither.
pub(super) fn template(world: &World, request: &Request<'_>) -> Result<Option<String>, Fault> {
    if let Some(body) = request.text("TemplateBody") {
        if body.len() > MAX_BODY_BYTES {
            return Err(constraint(
                &body,
                "templateBody",
                &format!("Member must have length less than or equal to {MAX_BODY_BYTES}"),
            ));
        }
        return Ok(Some(body));
    }
    match request.text("TemplateURL") {
        Some(url) => fetch(world, request, &url).map(Some),
        None => Ok(None),
    }
}

/// Reads a template from a simulated bucket.
fn fetch(world: &World, request: &Request<'_>, url: &str) -> Result<String, Fault> {
    let unsupported = || Fault::validation("TemplateURL must be a supported URL.");
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).ok_or_else(unsupported)?;
    let (host, path) = rest.split_once('/').ok_or_else(unsupported)?;
    let (bucket, key) = match host.split_once(".s3") {
        Some((bucket, _)) => (bucket, path),
        None => path.split_once('/').ok_or_else(unsupported)?,
    };
    let missing = || {
        Fault::validation(
            "S3 error: The specified key does not exist.\nFor more information check http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html",
        )
    };
    let regions: Vec<&str> = world.regions(&request.identity.account).collect();
    let digest = regions
        .into_iter()
        .find_map(|region| world.resource(&request.identity.account, region, "AWS::S3::Bucket", bucket))
        .and_then(|bucket| bucket.runtime.get("objects")?.get(key)?.as_array()?.last()?.get("blob")?.as_str())
        .ok_or_else(missing)?;
    let bytes = world.blobs.get(digest).ok().flatten().ok_or_else(missing)?;
    // A template in S3 may have 1 MB.
    if bytes.len() > 1_000_000 {
        return Err(Fault::validation("Template may not exceed 1000000 bytes in size."));
    }
    String::from_utf8(bytes.to_vec()).map_err(|_| Fault::validation("Template error: the template is not UTF-8"))
}

/// A template, read.
pub(super) fn parse(text: &str) -> Result<Body, Fault> {
    Body::parse(text).map_err(Fault::validation)
}

/// Everything that a create or update sets, checked. `previous` is what the stack has.
pub(super) fn settings(
    world: &World,
    request: &Request<'_>,
    text: String,
    previous: &Settings,
) -> Result<(Settings, Body), Fault> {
    let body = parse(&text)?;
    let capabilities = request.texts("Capabilities");
    if let Some((needed, _)) = required_capabilities(&body)
        && !capabilities.iter().any(|given| needed.is_covered_by(given))
    {
        return Err(Fault::new(
            "InsufficientCapabilitiesException",
            format!("Requires capabilities : [{}]", needed.as_str()),
        ));
    }
    let given: Vec<Given> = request
        .list("Parameters")
        .iter()
        .filter_map(|parameter| {
            let key = parameter.get("ParameterKey").and_then(scalar)?;
            let previous = parameter.get("UsePreviousValue").and_then(scalar).is_some_and(|flag| flag == "true");
            let value = if previous {
                None
            } else {
                Some(parameter.get("ParameterValue").and_then(scalar).unwrap_or_default())
            };
            Some(Given { key, value })
        })
        .collect();
    let parameters =
        resolve(&body, &given, &previous.parameters, &|name| ssm(world, request, name)).map_err(Fault::validation)?;
    check_types(world, request, &body)?;
    let tags = if request.params.get("Tags").is_some() { request.tags("Tags") } else { previous.tags.clone() };
    if tags.len() > 50 {
        return Err(Fault::validation("Member must have length less than or equal to 50"));
    }
    let arns = if request.params.get("NotificationARNs").is_some() {
        request.texts("NotificationARNs")
    } else {
        previous.notification_arns.clone()
    };
    let settings = Settings {
        template: text,
        description: body.description().map(str::to_owned),
        parameters,
        tags,
        capabilities,
        notification_arns: arns,
        role_arn: request.text("RoleARN").or_else(|| previous.role_arn.clone()),
        mode: request.params.get("DeploymentConfig").and_then(|config| config.get("Mode")).and_then(scalar),
    };
    Ok((settings, body))
}

/// Types and attributes that do not exist in the region.
fn check_types(world: &World, request: &Request<'_>, body: &Body) -> Result<(), Fault> {
    let registry = world.registry();
    let mut unknown: Vec<&str> = Vec::new();
    for (_, resource) in body.resources() {
        let type_name = resource.get("Type").and_then(Value::as_str).unwrap_or_default();
        if (registry.get(type_name).is_none() || registry.absent_in(type_name, request.region))
            && !unknown.contains(&type_name)
        {
            unknown.push(type_name);
        }
    }
    if !unknown.is_empty() {
        return Err(Fault::validation(format!(
            "Template format error: Unrecognized resource types: [{}]",
            unknown.join(", ")
        )));
    }
    check_attributes(&registry, body, body.root())
}

fn check_attributes(registry: &crate::cfn::registry::Registry, body: &Body, value: &Value) -> Result<(), Fault> {
    match value {
        Value::Array(items) => items.iter().try_for_each(|item| check_attributes(registry, body, item)),
        Value::Object(map) => {
            if let (1, Some(argument)) = (map.len(), map.get("Fn::GetAtt")) {
                let pair = match argument {
                    Value::String(text) => {
                        text.split_once('.').map(|(id, attribute)| (id.to_owned(), attribute.to_owned()))
                    }
                    Value::Array(items) => match items.as_slice() {
                        [Value::String(id), Value::String(attribute)] => Some((id.clone(), attribute.clone())),
                        _ => None,
                    },
                    _ => None,
                };
                if let Some((id, attribute)) = pair
                    && let Some(type_name) =
                        body.resource(&id).and_then(|resource| resource.get("Type")).and_then(Value::as_str)
                    && registry.get(type_name).is_some_and(|schema| !schema.has_attribute(&attribute))
                {
                    return Err(Fault::validation(format!(
                        "Template error: resource {id} does not support attribute type {attribute} in Fn::GetAtt"
                    )));
                }
            }
            map.values().try_for_each(|value| check_attributes(registry, body, value))
        }
        _ => Ok(()),
    }
}

/// The value of an SSM parameter; public AWS parameters have made-up values.
fn ssm(world: &World, request: &Request<'_>, name: &str) -> Option<String> {
    if let Some(parameter) = world.resource(&request.identity.account, request.region, "AWS::SSM::Parameter", name) {
        return parameter.text("Value").map(str::to_owned);
    }
    if name.starts_with("/aws/service/") {
        let digits = world.stable_token(&["ssm", name], 17);
        return Some(if name.contains("ami") { format!("ami-{digits}") } else { digits });
    }
    None
}

/// Whether a `ClientRequestToken` was used for this very call already: then the call is answered again and nothing happens.
pub(super) fn repeated(stack: &Stack, request: &Request<'_>) -> Result<bool, Fault> {
    let Some(token) = request.text("ClientRequestToken") else { return Ok(false) };
    match stack.tokens.get(&token) {
        None => Ok(false),
        Some(action) if action == request.action => Ok(true),
        Some(action) => Err(Fault::new(
            "TokenAlreadyExistsException",
            format!("Token {token} was already used with {action}, and this is {}", request.action),
        )),
    }
}

/// Remembers the token of a call.
pub(super) fn remember(stack: &mut Stack, request: &Request<'_>) {
    if let Some(token) = request.text("ClientRequestToken") {
        stack.tokens.insert(token, request.action.to_owned());
    }
}

/// Parameters as the API shows them: secrets as asterisks.
pub(super) fn show_parameters(parameters: &[ResolvedParameter]) -> Value {
    parameters
        .iter()
        .map(|parameter| {
            let hide = |text: &str| if parameter.no_echo { "****".to_owned() } else { text.to_owned() };
            serde_json::json!({
                "ParameterKey": parameter.key,
                "ParameterValue": hide(&parameter.value),
                "ResolvedValue": parameter.resolved.as_deref().map(hide),
            })
        })
        .collect()
}

/// Tags as the API shows them.
pub(super) fn show_tags(tags: &[(String, String)]) -> Value {
    tags.iter().map(|(key, value)| serde_json::json!({"Key": key, "Value": value})).collect()
}
