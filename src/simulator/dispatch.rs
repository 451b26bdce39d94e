//! From an HTTP request to the service that answers it.

use serde_json::{Value, json};

use super::auth::{self, Credential, Refusal};
use super::ec2::regions;
use super::identity::Identity;
use super::persist::Store;
use super::protocol::service::{UNKNOWN_ACTION, find, not_modelled};
use super::protocol::{Handler, HttpReply, HttpRequest, Protocol, Service, fault, form, reply};
use super::request::{Fault, Request};
use super::scenario::{Interference, interfere};
use super::server::{Options, SharedWorld};
use super::world::World;
use super::{cloudformation, ecr, route53, s3};

/// The region of a signature without one, and of global services.
const DEFAULT_REGION: &str = "us-east-1";

/// One request as far as it is understood before anybody is asked.
struct Inbound<'a> {
    http: &'a HttpRequest,
    service: Service,
    request_id: String,
    credential: Credential,
    region: String,
    action: String,
    params: Value,
}

/// Answers one request; `None` is a connection that breaks. Whatever the call changed is saved before it is answered.
pub async fn answer(world: &SharedWorld, options: &Options, http: &HttpRequest) -> Option<HttpReply> {
    if ecr::registry::is_for(http) {
        return registry(world, options, http).await;
    }
    let inbound = match understand(http) {
        Ok(inbound) => inbound,
        Err(refused) => return Some(*refused),
    };
    let delay = {
        let mut world = world.lock();
        match begin(&mut world, options, &inbound) {
            Ok(None) => return Some(finish(&mut world, options, &inbound)),
            Ok(Some(Interference::Delay(delay))) => delay,
            Ok(Some(Interference::Drop)) => {
                // Only the scenario's own count has changed; what cannot be saved now is saved with the next call.
                let _ = save(&mut world, options);
                return None;
            }
            Ok(Some(Interference::Refuse(refused))) => {
                let refused = in_the_words_of(inbound.service.protocol, refused);
                return Some(saved(&mut world, options, &inbound, inbound.refuse(&refused)));
            }
            Err(refused) => return Some(inbound.refuse(&refused)),
        }
    };
    tokio::time::sleep(delay).await;
    Some(finish(&mut world.lock(), options, &inbound))
}

/// Answers Docker, skopeo and the like; `None` is a connection that breaks.
async fn registry(world: &SharedWorld, options: &Options, http: &HttpRequest) -> Option<HttpReply> {
    let interference = {
        let mut world = world.lock();
        cloudformation::advance(&mut world);
        ecr::registry::interfere(&mut world, http)
    };
    match interference {
        Some(Interference::Drop) => return None,
        Some(Interference::Refuse(fault)) => return Some(ecr::registry::refused(fault)),
        Some(Interference::Delay(delay)) => tokio::time::sleep(delay).await,
        None => {}
    }
    let mut world = world.lock();
    let reply = ecr::registry::answer(&mut world, http);
    Some(match save(&mut world, options) {
        Ok(()) => reply,
        Err(fault) => HttpReply::status(fault.status).with_body("text/plain", fault.message),
    })
}

/// Refuses a request whose body did not come as it was announced, or is announced to be longer than `most` bytes.
pub fn unread(http: &HttpRequest, most: usize) -> HttpReply {
    if ecr::registry::is_for(http) {
        return ecr::registry::unread();
    }
    let length = http.header("content-length").and_then(|length| length.parse::<usize>().ok());
    let service = find(auth::credential(http).as_ref().map(|credential| credential.service.as_str()), http);
    let refused = match service.protocol {
        Protocol::S3 if length.is_some_and(|length| length > most) => {
            Fault::new("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
        }
        Protocol::S3 => Fault::new(
            "IncompleteBody",
            "You did not provide the number of bytes specified by the Content-Length HTTP header",
        ),
        Protocol::RestXml { .. } => Fault::new("MalformedInput", "The request body could not be read"),
        Protocol::Json { .. } | Protocol::RestJson => {
            Fault::new("SerializationException", "The request body could not be read")
        }
        Protocol::Query { .. } | Protocol::Ec2 { .. } => {
            Fault::new("MalformedQueryString", "The request body could not be read")
        }
    };
    fault::write(&service, &refused, &uuid::Uuid::new_v4().to_string(), &http.path)
}

fn understand(http: &HttpRequest) -> Result<Inbound<'_>, Box<HttpReply>> {
    let request_id = uuid::Uuid::new_v4().to_string();
    let credential = auth::credential(http);
    let service = find(credential.as_ref().map(|credential| credential.service.as_str()), http);
    let refuse = |refused: &Fault| Box::new(fault::write(&service, refused, &request_id, &http.path));
    let Some(credential) = credential else {
        return Err(refuse(&auth::fault(Refusal::Unsigned, service.protocol)));
    };
    let region = match credential.region.as_str() {
        "" | "aws-global" => DEFAULT_REGION.to_owned(),
        region if regions::exists(region) => region.to_owned(),
        _ => return Err(refuse(&auth::fault(Refusal::NoSuchRegion, service.protocol))),
    };
    let (action, params) = read(&service, http).map_err(|fault| refuse(&fault))?;
    Ok(Inbound { http, service, request_id, credential, region, action, params })
}

impl Inbound<'_> {
    fn refuse(&self, refused: &Fault) -> HttpReply {
        fault::write(&self.service, refused, &self.request_id, &self.http.path)
    }

    fn identity(&self, world: &World, options: &Options) -> Result<Identity, Fault> {
        auth::identify(world, &self.credential, &options.account)
            .map_err(|refusal| auth::fault(refusal, self.service.protocol))
    }

    fn request<'a>(&'a self, identity: &'a Identity) -> Request<'a> {
        Request {
            identity,
            region: &self.region,
            action: &self.action,
            params: &self.params,
            request_id: &self.request_id,
        }
    }

    fn not_modelled(&self) -> Fault {
        not_modelled(&self.credential.service, self.service.protocol, &self.action)
    }
}

/// Lets time pass, checks who calls, and asks the scenario.
fn begin(world: &mut World, options: &Options, inbound: &Inbound<'_>) -> Result<Option<Interference>, Fault> {
    cloudformation::advance(world);
    *world.calls.entry(format!("{}:{}", inbound.credential.service, inbound.action)).or_default() += 1;
    let identity = inbound.identity(world, options)?;
    Ok(interfere(world, &inbound.credential.service, &inbound.request(&identity)))
}

/// Runs the call and saves what it changed.
fn finish(world: &mut World, options: &Options, inbound: &Inbound<'_>) -> HttpReply {
    cloudformation::advance(world);
    // Time may have passed since the call began, and with it the session.
    let reply = match inbound.identity(world, options) {
        Ok(identity) => handle(world, &identity, inbound).unwrap_or_else(|fault| inbound.refuse(&fault)),
        Err(refused) => inbound.refuse(&refused),
    };
    saved(world, options, inbound, reply)
}

fn handle(world: &mut World, identity: &Identity, inbound: &Inbound<'_>) -> Result<HttpReply, Fault> {
    let request_id = &inbound.request_id;
    match inbound.service.handler {
        Handler::Action(handle) | Handler::Routed(_, handle) => match handle(world, &inbound.request(identity)) {
            Ok(answer) => Ok(reply::write(&inbound.service, &inbound.action, &answer, request_id)),
            Err(fault) if fault.code == UNKNOWN_ACTION => Err(inbound.not_modelled()),
            Err(fault) => Err(fault),
        },
        Handler::S3 => {
            Ok(s3::answer(world, &s3::Call { identity, region: &inbound.region, request_id, http: inbound.http }))
        }
        Handler::Route53 if route53::action(inbound.http).is_some() => {
            Ok(route53::answer(world, &identity.account, inbound.http)?.with_header("x-amzn-requestid", request_id))
        }
        Handler::Route53 | Handler::NotModelled => Err(inbound.not_modelled()),
    }
}

/// The reply, unless the world cannot be saved: then nobody may believe that the call succeeded.
fn saved(world: &mut World, options: &Options, inbound: &Inbound<'_>, reply: HttpReply) -> HttpReply {
    match save(world, options) {
        Ok(()) => reply,
        Err(fault) => inbound.refuse(&fault),
    }
}

fn save(world: &mut World, options: &Options) -> Result<(), Fault> {
    let Some(directory) = &options.directory else { return Ok(()) };
    Store::new(directory).save(world).map_err(|error| {
        let reason = std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
        Fault::new("InternalFailure", format!("{error}{reason}")).with_status(500)
    })
}

/// A scenario's faults are written once; services of other protocols say the same with other codes.
fn in_the_words_of(protocol: Protocol, fault: Fault) -> Fault {
    match (fault.code.as_str(), protocol) {
        ("ExpiredToken", _) => auth::fault(Refusal::Expired, protocol),
        ("Throttling", Protocol::Json { .. } | Protocol::RestJson) => {
            Fault { code: "ThrottlingException".into(), ..fault }
        }
        ("Throttling", Protocol::S3) => Fault::new("SlowDown", "Please reduce your request rate.").with_status(503),
        ("Throttling", Protocol::Ec2 { .. }) => {
            Fault::new("RequestLimitExceeded", "Request limit exceeded.").with_status(503)
        }
        _ => fault,
    }
}

/// The action and its parameters. REST services are named by method and path where they are not modelled.
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
            let known = match service.handler {
                Handler::Routed(route, _) => {
                    if let Some((action, params)) = route(request) {
                        return Ok((action.to_owned(), params));
                    }
                    None
                }
                Handler::S3 => s3::action(request),
                Handler::Route53 => route53::action(request),
                Handler::Action(_) | Handler::NotModelled => None,
            };
            let action = known.map_or_else(|| format!("{} {}", request.method, request.path), str::to_owned);
            Ok((action, json!({})))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::clock::Pace;
    use axum::http::{HeaderMap, HeaderValue, Method};

    fn call(service: &str, form: &str) -> HttpRequest {
        let scope = format!("AWS4-HMAC-SHA256 Credential=111122223333/20260101/us-east-1/{service}/aws4_request");
        let mut headers = HeaderMap::new();
        headers.insert("authorization", HeaderValue::from_str(&scope).unwrap());
        headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
        let body = form.to_owned().into();
        HttpRequest { method: Method::POST, path: "/".into(), query: Vec::new(), headers, body }
    }

    const CREATE_ROLE: &str = "Action=CreateRole&RoleName=r&AssumeRolePolicyDocument=%7B%22Statement%22%3A%5B%5D%7D";

    fn body(reply: &HttpReply) -> &str {
        std::str::from_utf8(&reply.body).unwrap()
    }

    #[tokio::test]
    async fn what_a_call_changed_is_on_disk_when_it_is_answered() {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { directory: Some(folder.path().into()), ..Options::default() };
        let world = SharedWorld::new(Store::new(folder.path()).load(Pace::Fast).unwrap());
        let reply = answer(&world, &options, &call("iam", CREATE_ROLE)).await.unwrap();
        assert_eq!(reply.status, 200, "{}", body(&reply));
        let reopened = Store::new(folder.path()).load(Pace::Fast).unwrap();
        assert!(reopened.resource("111122223333", "us-east-1", "AWS::IAM::Role", "r").is_some());
    }

    #[tokio::test]
    async fn a_change_that_cannot_be_saved_is_not_confirmed() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let options = Options { directory: Some(file.path().join("no-folder")), ..Options::default() };
        let world = SharedWorld::new(World::new(1, crate::simulator::clock::Clock::new(Pace::Fast)));
        let reply = answer(&world, &options, &call("iam", CREATE_ROLE)).await.unwrap();
        assert_eq!(reply.status, 500, "{}", body(&reply));
    }

    #[tokio::test]
    async fn a_request_without_a_signature_is_refused() {
        let world = SharedWorld::new(World::new(1, crate::simulator::clock::Clock::new(Pace::Fast)));
        let mut request = call("iam", "Action=ListRoles");
        request.headers.remove("authorization");
        let reply = answer(&world, &Options::default(), &request).await.unwrap();
        assert!(body(&reply).contains("<Code>MissingAuthenticationToken</Code>"), "{}", body(&reply));
    }

    #[test]
    fn each_protocol_throttles_in_its_own_words() {
        let throttled = || Fault::new("Throttling", "Rate exceeded");
        let code = |protocol| in_the_words_of(protocol, throttled()).code;
        assert_eq!(code(Protocol::Query { namespace: "" }), "Throttling");
        assert_eq!(code(Protocol::Json { version: "1.1", namespace: "" }), "ThrottlingException");
        assert_eq!(code(Protocol::Ec2 { namespace: "" }), "RequestLimitExceeded");
        assert_eq!(code(Protocol::S3), "SlowDown");
    }
}
