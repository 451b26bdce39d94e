//! From an HTTP request to the service that answers it.

use std::time::Duration;

use serde_json::{Value, json};

use super::auth::{self, Refusal};
use super::cloudformation;
use super::ec2::regions;
use super::persist::Store;
use super::protocol::service::{UNKNOWN_ACTION, find, not_modelled};
use super::protocol::{Handler, HttpReply, HttpRequest, Protocol, Service, fault, form, reply};
use super::request::{Fault, Request};
use super::scenario::{self, Interference};
use super::server::{Options, SharedWorld};
use super::{route53, s3};

/// The region of a signature without one, and of global services.
const DEFAULT_REGION: &str = "us-east-1";

/// Answers one request. Whatever the call changed is saved before it is answered. `None` closes the connection: a scenario wants it.
pub async fn answer(world: &SharedWorld, options: &Options, request: &HttpRequest) -> Option<HttpReply> {
    match handle(world, options, request, true) {
        Answer::Reply(reply) => Some(reply),
        Answer::Drop => None,
        Answer::Later(delay) => {
            tokio::time::sleep(delay).await;
            match handle(world, options, request, false) {
                Answer::Reply(reply) => Some(reply),
                Answer::Drop | Answer::Later(_) => None,
            }
        }
    }
}

/// What becomes of a request.
enum Answer {
    Reply(HttpReply),
    Later(Duration),
    Drop,
}

/// `scripted`: the scenario may interfere.
fn handle(world: &SharedWorld, options: &Options, request: &HttpRequest, scripted: bool) -> Answer {
    let request_id = uuid::Uuid::new_v4().to_string();
    let credential = auth::credential(request);
    let service = find(credential.as_ref().map(|credential| credential.service.as_str()), request);
    let refuse = |refused: &Fault| fault::write(&service, refused, &request_id, &request.path);
    let Some(credential) = credential else {
        return Answer::Reply(refuse(&auth::fault(Refusal::Unsigned, service.protocol)));
    };
    let (action, params) = match read(&service, request) {
        Ok(read) => read,
        Err(fault) => return Answer::Reply(refuse(&fault)),
    };
    let region = match credential.region.as_str() {
        "" | "aws-global" => DEFAULT_REGION,
        region if regions::exists(region) => region,
        _ => return Answer::Reply(refuse(&auth::fault(Refusal::NoSuchRegion, service.protocol))),
    };

    let mut world = world.lock();
    let identity = match auth::identify(&world, &credential, &options.account) {
        Ok(identity) => identity,
        Err(refusal) => return Answer::Reply(refuse(&auth::fault(refusal, service.protocol))),
    };
    let call = Request { identity: &identity, region, action: &action, params: &params, request_id: &request_id };
    let named = || not_modelled(&credential.service, service.protocol, &action);
    cloudformation::advance(&mut world);
    if scripted {
        match scenario::interfere(&mut world, &credential.service, &call) {
            Some(Interference::Drop) => return Answer::Drop,
            Some(Interference::Delay(delay)) => return Answer::Later(delay),
            Some(Interference::Refuse(fault)) => return Answer::Reply(refuse(&in_words_of(fault, service.protocol))),
            None => {}
        }
    }
    let answer = match service.handler {
        Handler::Action(handle) => match handle(&mut world, &call) {
            Ok(answer) => reply::write(&service, &action, &answer, &request_id),
            Err(fault) if fault.code == UNKNOWN_ACTION => refuse(&named()),
            Err(fault) => refuse(&fault),
        },
        Handler::S3 => {
            let call = s3::Call { identity: &identity, region, request_id: &request_id, http: request };
            s3::answer(&mut world, &call)
        }
        Handler::Route53 if route53::action(request).is_some() => {
            match route53::answer(&world, &identity.account, request) {
                Ok(reply) => reply.with_header("x-amzn-requestid", &request_id),
                Err(fault) => refuse(&fault),
            }
        }
        Handler::Route53 | Handler::NotModelled => refuse(&named()),
    };
    if let Some(folder) = &options.directory
        && let Err(error) = Store::new(folder).save(&mut world)
    {
        let mut reason = error.to_string();
        if let Some(source) = std::error::Error::source(&error) {
            reason = format!("{reason}: {source}");
        }
        return Answer::Reply(refuse(&Fault::new("InternalFailure", reason).with_status(500)));
    }
    Answer::Reply(answer)
}

/// The services of the JSON protocols have their own codes for what every service refuses.
fn in_words_of(mut fault: Fault, protocol: Protocol) -> Fault {
    if matches!(protocol, Protocol::Json { .. } | Protocol::RestJson) {
        let code = match fault.code.as_str() {
            "ExpiredToken" => "ExpiredTokenException",
            "Throttling" => "ThrottlingException",
            _ => return fault,
        };
        fault.code = code.to_owned();
        fault.status = 400;
    }
    fault
}

/// The action and its parameters. REST services are named by method and path.
fn read(service: &Service, request: &HttpRequest) -> Result<(String, Value), Fault> {
    match service.protocol {
        Protocol::Query { .. } | Protocol::Ec2 { .. } => {
            let body = form_urlencoded::parse(&request.body).into_owned();
            let mut params = form::parse(request.query.iter().cloned().chain(body));
            let action = params.as_object_mut().and_then(|members| {
                members.shift_remove("Version");
                members.shift_remove("Action")
            });
            match action {
                Some(Value::String(action)) if !action.is_empty() => Ok((action, params)),
                _ => Err(Fault::new("MissingAction", "Missing Action")),
            }
        }
        Protocol::Json { .. } => {
            let target = request.header("x-amz-target").unwrap_or_default();
            let action = target.rsplit('.').next().unwrap_or_default().to_owned();
            if action.is_empty() {
                return Err(Fault::new("UnknownOperationException", "The request has no X-Amz-Target header"));
            }
            if request.body.is_empty() {
                return Ok((action, json!({})));
            }
            match serde_json::from_slice(&request.body) {
                Ok(params @ Value::Object(_)) => Ok((action, params)),
                _ => Err(Fault::new("SerializationException", "The request body is not a JSON object")),
            }
        }
        Protocol::RestJson | Protocol::RestXml { .. } | Protocol::S3 => {
            Ok((format!("{} {}", request.method, request.path), json!({})))
        }
    }
}
