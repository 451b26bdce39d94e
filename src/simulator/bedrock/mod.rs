//! Bedrock's control plane: whether an account may use a model. Every account may use every model of a right name, unless
//! a scenario says otherwise.

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::protocol::HttpRequest;
use super::protocol::service::unknown_action;
use super::request::{Fault, Reply, Request};
use super::scenario::ModelAccess;
use super::world::World;
use crate::model::invoke::profile;

const SERVICE: &str = "bedrock";
/// Path of the one call that is answered.
const AVAILABILITY: &str = "/foundation-model-availability/";
/// Longest id of a model.
const LONGEST_ID: usize = 140;

/// The action and parameters of a request, by method and path.
pub fn action(http: &HttpRequest) -> Option<(&'static str, Value)> {
    let model = http.path.strip_prefix(AVAILABILITY).filter(|_| http.method == "GET")?;
    let model = percent_decode_str(model).decode_utf8_lossy();
    Some(("GetFoundationModelAvailability", json!({"modelId": model})))
}

/// Answers a call of Bedrock's control plane.
pub fn handle(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    match request.action {
        "GetFoundationModelAvailability" => availability(world, request),
        _ => Err(unknown_action(request)),
    }
}

/// Gives an account another answer for a model.
pub fn apply(world: &mut World, access: &ModelAccess) {
    let service = world.service_mut(&access.account, &access.region, SERVICE);
    if !service.is_object() {
        *service = json!({});
    }
    if let Some(models) = service.as_object_mut() {
        models.insert(access.model.clone(), json!(access));
    }
}

fn availability(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let model = request.required("modelId")?;
    if !is_foundation_model(&model) {
        return Err(Fault::new("ValidationException", "The provided model identifier is invalid."));
    }
    let own = world.service(&request.identity.account, request.region, SERVICE).get(&model);
    let text = |member: &str, usual: &str| own.and_then(|own| own.get(member)?.as_str()).unwrap_or(usual).to_owned();
    Ok(json!({
        "modelId": model,
        "agreementAvailability": {"status": text("agreement", "AVAILABLE")},
        "authorizationStatus": text("authorization", "AUTHORIZED"),
        "entitlementAvailability": text("entitlement", "AVAILABLE"),
        "regionAvailability": text("region_availability", "AVAILABLE"),
    }))
}

/// Whether an id is `<provider>.<model>`; an inference profile is not.
fn is_foundation_model(id: &str) -> bool {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "-.:/".contains(character);
    let named = id.split_once('.').is_some_and(|(provider, model)| !provider.is_empty() && !model.is_empty());
    named && profile(id).is_none() && id.len() <= LONGEST_ID && id.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inference_profile_is_no_foundation_model() {
        assert!(is_foundation_model("anthropic.claude-3-haiku-20240307-v1:0"));
        assert!(!is_foundation_model("us.anthropic.claude-3-haiku-20240307-v1:0"));
        assert!(!is_foundation_model("claude"));
    }
}
