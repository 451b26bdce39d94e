//! Secrets Manager: that a secret exists, when it changed, and whether it is scheduled for deletion. Values are made up when somebody asks for one, so that nothing real is ever here.

mod policy;

use serde_json::{Value, json};

use super::ecr::epoch;
use super::page::{limit, page};
use super::protocol::service::unknown_action;
use super::request::{Fault, Reply, Request};
use super::resource::Resource;
use super::world::{World, uuid_form};

const SECRET: &str = "AWS::SecretsManager::Secret";
/// The largest page of ListSecrets.
const MAXIMUM_RESULTS: usize = 100;

/// Days after which a secret goes that is deleted, unless the caller says otherwise.
const RECOVERY_DAYS: i64 = 30;
const DAY: i64 = 86_400;

/// Answers a Secrets Manager call.
pub fn handle(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    match request.action {
        "DescribeSecret" => Ok(description(world, find(world, request)?)),
        "ListSecrets" => list(world, request),
        "GetSecretValue" => get_value(world, request),
        "DeleteSecret" => delete(world, request),
        "RestoreSecret" => restore(world, request),
        "GetResourcePolicy" => policy::get(world, request),
        "PutResourcePolicy" => policy::put(world, request),
        "DeleteResourcePolicy" => policy::delete(world, request),
        _ => Err(unknown_action(request)),
    }
}

/// The secret that a name, an ARN, or an ARN without its last six characters means.
fn find<'a>(world: &'a World, request: &Request<'_>) -> Result<&'a Resource, Fault> {
    let wanted = request.text("SecretId").unwrap_or_default();
    world
        .resources_of(&request.identity.account, request.region, SECRET)
        .find(|secret| {
            let arn = &secret.identifier;
            *arn == wanted
                || secret.text("Name") == Some(&wanted)
                || arn.rsplit_once('-').is_some_and(|(stem, _)| stem == wanted)
        })
        .ok_or_else(|| Fault::new("ResourceNotFoundException", "Secrets Manager can't find the specified secret."))
}

fn version(world: &World, secret: &Resource) -> String {
    uuid_form(&world.stable_token(&["secret-version", &secret.identifier, &secret.updated_at.to_string()], 32))
}

/// The moment for which a secret's deletion is scheduled.
fn deleted(secret: &Resource) -> Option<f64> {
    secret.runtime.get("deleted").and_then(Value::as_f64)
}

fn delete(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let secret = find(world, request)?;
    let (arn, name) = (secret.identifier.clone(), secret.text("Name").map(str::to_owned));
    let (account, region) = (request.identity.account.clone(), request.region);
    let days = request.integer("RecoveryWindowInDays").unwrap_or(RECOVERY_DAYS);
    let force = request.flag("ForceDeleteWithoutRecovery") == Some(true);
    if force && request.integer("RecoveryWindowInDays").is_some() {
        let message = "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.";
        return Err(Fault::new("InvalidParameterException", message));
    }
    if !force && !(7..=30).contains(&days) {
        let message = "RecoveryWindowInDays value must be between 7 and 30 days (inclusive).";
        return Err(Fault::new("InvalidParameterException", message));
    }
    let moment = epoch(world.now()) + if force { 0.0 } else { (days * DAY) as f64 };
    if force {
        world.remove(&account, region, SECRET, &arn);
    } else {
        set_deleted(world, request, &arn, json!(moment));
    }
    Ok(json!({"ARN": arn, "Name": name, "DeletionDate": moment}))
}

fn restore(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let secret = find(world, request)?;
    let (arn, name) = (secret.identifier.clone(), secret.text("Name").map(str::to_owned));
    set_deleted(world, request, &arn, Value::Null);
    Ok(json!({"ARN": arn, "Name": name}))
}

fn set_deleted(world: &mut World, request: &Request<'_>, arn: &str, moment: Value) {
    if let Some(secret) = world.resource_mut(&request.identity.account, request.region, SECRET, arn) {
        secret.runtime = if moment.is_null() { Value::Null } else { json!({"deleted": moment}) };
    }
}

fn description(world: &World, secret: &Resource) -> Value {
    json!({
        "ARN": secret.identifier,
        "Name": secret.text("Name"),
        "Description": secret.text("Description"),
        "KmsKeyId": secret.text("KmsKeyId"),
        "CreatedDate": epoch(secret.created_at),
        "LastChangedDate": epoch(secret.updated_at),
        "DeletedDate": deleted(secret),
        "Tags": secret.tags().into_iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect::<Vec<_>>(),
        "VersionIdsToStages": {version(world, secret): ["AWSCURRENT"]},
    })
}

fn list(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let secrets: Vec<Value> = world
        .resources_of(&request.identity.account, request.region, SECRET)
        .filter(|secret| deleted(secret).is_none() || request.flag("IncludePlannedDeletion") == Some(true))
        .map(|secret| {
            let mut listed = description(world, secret);
            if let Some(members) = listed.as_object_mut()
                && let Some(versions) = members.shift_remove("VersionIdsToStages")
            {
                members.insert("SecretVersionsToStages".into(), versions);
            }
            listed
        })
        .collect();
    let size = limit(request, "MaxResults", MAXIMUM_RESULTS);
    let (secrets, next) = page(secrets, size, request.text("NextToken").as_deref(), "InvalidNextTokenException")?;
    Ok(json!({"SecretList": secrets, "NextToken": next}))
}

fn get_value(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let secret = find(world, request)?;
    if deleted(secret).is_some() {
        let message = "You can't perform this operation on the secret because it was marked for deletion.".to_owned();
        return Err(Fault::new("InvalidRequestException", message));
    }
    let made_up = world.stable_token(&["secret-value", &secret.identifier], 32);
    // A generated secret is the object of its template with the generated member added.
    let key = secret.text("GenerateSecretString.GenerateStringKey");
    let template = secret.text("GenerateSecretString.SecretStringTemplate");
    let text = match (key, template.and_then(|template| serde_json::from_str::<Value>(template).ok())) {
        (Some(key), Some(Value::Object(mut members))) => {
            members.insert(key.to_owned(), json!(made_up));
            Value::Object(members).to_string()
        }
        _ => made_up,
    };
    Ok(json!({
        "ARN": secret.identifier,
        "Name": secret.text("Name"),
        "VersionId": version(world, secret),
        "SecretString": text,
        "VersionStages": ["AWSCURRENT"],
        "CreatedDate": epoch(secret.created_at),
    }))
}
