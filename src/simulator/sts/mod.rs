//! STS: who am I, and may I be somebody else.

mod trust;

use jiff::{SignedDuration, ToSpan};
use serde_json::{Value, json};

use super::auth::account_of_key;
use super::clock::{after, iso8601};
use super::identity::{Identity, Session};
use super::protocol::service::unknown_action;
use super::request::{Fault, Reply, Request};
use super::resource::GLOBAL;
use super::world::World;

/// Answers an STS call.
pub fn handle(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    match request.action {
        "GetCallerIdentity" => Ok(json!({
            "UserId": request.identity.user_id,
            "Account": request.identity.account,
            "Arn": request.identity.arn,
        })),
        "AssumeRole" => assume_role(world, request),
        "GetSessionToken" => get_session_token(world, request),
        "GetAccessKeyInfo" => get_access_key_info(world, request),
        _ => Err(unknown_action(request)),
    }
}

/// The shortest session that AssumeRole gives.
const MINIMUM_SECONDS: i64 = 900;
/// The longest that any role can allow.
const MAXIMUM_SECONDS: i64 = 43_200;
/// A role's own limit unless it says otherwise, and the limit of chained sessions.
const ONE_HOUR: i64 = 3_600;

fn assume_role(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let role_arn = request.required("RoleArn")?;
    let session_name = request.required("RoleSessionName")?;
    let valid = |character: char| character.is_ascii_alphanumeric() || "_+=,.@-".contains(character);
    if !(2..=64).contains(&session_name.len()) || !session_name.chars().all(valid) {
        return Err(Fault::validation(format!(
            "1 validation error detected: Value '{session_name}' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular \
             expression pattern: [\\w+=,.@-]*"
        )));
    }
    let seconds = request.integer("DurationSeconds").unwrap_or(ONE_HOUR);
    if !(MINIMUM_SECONDS..=MAXIMUM_SECONDS).contains(&seconds) {
        let (word, limit) =
            if seconds < MINIMUM_SECONDS { ("greater", MINIMUM_SECONDS) } else { ("less", MAXIMUM_SECONDS) };
        return Err(Fault::validation(format!(
            "1 validation error detected: Value '{seconds}' at 'durationSeconds' failed to satisfy constraint: Member must have value {word} than or equal \
             to {limit}"
        )));
    }
    if request.identity.session.is_some() && seconds > ONE_HOUR {
        return Err(Fault::validation(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
        ));
    }
    let role = trust::check(world, request.identity, &role_arn, request.text("ExternalId").as_deref())?;
    if seconds > role.maximum_seconds {
        return Err(Fault::validation(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    let assumed_id = format!("{}:{session_name}", role.id);
    let arn = format!("arn:{}:sts::{}:assumed-role/{}/{session_name}", role.partition, role.account, role.name);
    let identity = Identity {
        account: role.account.clone(),
        arn: arn.clone(),
        user_id: assumed_id.clone(),
        session: Some(Session {
            role_arn: Some(role_arn),
            name: session_name,
            expires_at: after(world.now(), SignedDuration::from_secs(seconds)),
        }),
    };
    let credentials = issue(world, identity)?;
    Ok(json!({
        "Credentials": credentials,
        "AssumedRoleUser": {"AssumedRoleId": assumed_id, "Arn": arn},
        "SourceIdentity": request.text("SourceIdentity"),
    }))
}

fn get_session_token(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    if request.identity.session.is_some() {
        return Err(Fault::new("AccessDenied", "Cannot call GetSessionToken with session credentials").with_status(403));
    }
    let seconds = request.integer("DurationSeconds").unwrap_or(MAXIMUM_SECONDS);
    let mut identity = request.identity.clone();
    identity.session = Some(Session {
        role_arn: None,
        name: String::new(),
        expires_at: after(world.now(), SignedDuration::from_secs(seconds)),
    });
    Ok(json!({"Credentials": issue(world, identity)?}))
}

fn get_access_key_info(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let key = request.required("AccessKeyId")?;
    let issued = || {
        world
            .accounts()
            .find(|account| world.service(account, GLOBAL, "sts").pointer(&format!("/sessions/{key}")).is_some())
    };
    match account_of_key(&key).or_else(issued) {
        Some(account) => Ok(json!({"Account": account})),
        None => Err(Fault::validation(format!("Could not find the account of access key {key}"))),
    }
}

/// Makes temporary credentials for an identity and remembers them. The secret is not kept: signatures are not verified.
fn issue(world: &mut World, identity: Identity) -> Result<Value, Fault> {
    let key = format!("ASIA{}", world.new_token(16).to_ascii_uppercase());
    let secret = world.new_token(40);
    let token = format!("IQoJ{}", world.new_token(64));
    let now = world.now();
    let expires_at = identity.session.as_ref().map_or(now, |session| session.expires_at);
    let account = identity.account.clone();
    let identity = serde_json::to_value(identity)
        .map_err(|error| Fault::new("InternalFailure", error.to_string()).with_status(500))?;
    let state = world.service_mut(&account, GLOBAL, "sts");
    if !state.is_object() {
        *state = json!({"sessions": {}});
    }
    if let Some(sessions) = state.get_mut("sessions").and_then(Value::as_object_mut) {
        // Sessions that are long over are forgotten; the later ones still answer ExpiredToken.
        let forgotten = now.checked_sub(12.hours()).unwrap_or(now);
        sessions.retain(|_, session| {
            let expires = session.pointer("/identity/session/expires_at").and_then(Value::as_str);
            expires.and_then(|text| text.parse::<jiff::Timestamp>().ok()).is_some_and(|expires| expires > forgotten)
        });
        sessions.insert(key.clone(), json!({"token": token, "identity": identity}));
    }
    Ok(json!({
        "AccessKeyId": key,
        "SecretAccessKey": secret,
        "SessionToken": token,
        "Expiration": iso8601(expires_at),
    }))
}
