//! The policy that a secret has of its own.

use serde_json::{Value, json};

use super::super::request::{Fault, Reply, Request};
use super::super::resource::Resource;
use super::super::world::World;
use super::{deleted, find};
use crate::policy::grants;

const POLICY: &str = "AWS::SecretsManager::ResourcePolicy";

pub(super) fn get(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let secret = there(world, request)?;
    let document = of(world, request, secret).and_then(|policy| policy.property("ResourcePolicy"));
    let text = document.map(|document| document.as_str().map_or_else(|| document.to_string(), ToOwned::to_owned));
    Ok(json!({"ARN": secret.identifier, "Name": secret.text("Name"), "ResourcePolicy": text}))
}

pub(super) fn put(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let secret = there(world, request)?;
    let (arn, name) = (secret.identifier.clone(), secret.text("Name").map(str::to_owned));
    let document: Value = serde_json::from_str(&request.required("ResourcePolicy")?).unwrap_or_default();
    if !document.is_object() {
        let message = "This resource policy contains invalid Json";
        return Err(Fault::new("MalformedPolicyDocumentException", message));
    }
    if request.flag("BlockPublicPolicy") == Some(true) && is_public(&document) {
        let message = "This resource policy grants broad access to the secret. You must restrict the policy.";
        return Err(Fault::new("PublicPolicyException", message));
    }
    let now = world.now();
    let there = of(world, request, secret).cloned();
    let properties = json!({"Id": arn, "SecretId": arn});
    let mut policy = there.unwrap_or_else(|| Resource::new(POLICY, arn.clone(), properties, now));
    policy.properties["ResourcePolicy"] = document;
    policy.updated_at = now;
    world.put(&request.identity.account, request.region, policy);
    Ok(json!({"ARN": arn, "Name": name}))
}

pub(super) fn delete(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let secret = there(world, request)?;
    let answer = json!({"ARN": secret.identifier, "Name": secret.text("Name")});
    if let Some(identifier) = of(world, request, secret).map(|policy| policy.identifier.clone()) {
        world.remove(&request.identity.account, request.region, POLICY, &identifier);
    }
    Ok(answer)
}

/// The secret, unless it is about to go.
fn there<'a>(world: &'a World, request: &Request<'_>) -> Result<&'a Resource, Fault> {
    let secret = find(world, request)?;
    if deleted(secret).is_some() {
        let message = "You can't perform this operation on the secret because it was marked for deletion.";
        return Err(Fault::new("InvalidRequestException", message));
    }
    Ok(secret)
}

fn of<'a>(world: &'a World, request: &Request<'_>, secret: &Resource) -> Option<&'a Resource> {
    let is_of = |id: &str| id == secret.identifier || secret.text("Name") == Some(id);
    let mut all = world.resources_of(&request.identity.account, request.region, POLICY);
    all.find(|policy| policy.text("SecretId").is_some_and(is_of))
}

fn is_public(document: &Value) -> bool {
    let of_all = ["*", "AWS *"];
    grants([document]).iter().any(|grant| {
        grant.effect == "Allow" && of_all.contains(&grant.principal.0.as_str()) && grant.condition.is_empty()
    })
}
