//! ACM: certificates that a stack requested, which are validated and issued by the time they exist, and those that are assumed to.

use serde_json::{Value, json};

use super::ecr::epoch;
use super::page::{limit, page};
use super::protocol::service::unknown_action;
use super::request::{Fault, Reply, Request};
use super::resource::Resource;
use super::scenario::CertificateState;
use super::world::World;

const SERVICE: &str = "acm";
pub(super) const CERTIFICATE: &str = "AWS::CertificateManager::Certificate";
/// The largest page of ListCertificates.
const MAXIMUM_RESULTS: usize = 1_000;
/// How long an issued certificate is valid: 395 days.
const VALID_SECONDS: f64 = 395.0 * 86_400.0;

/// Answers an ACM call.
pub fn handle(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    match request.action {
        "DescribeCertificate" => Ok(json!({"Certificate": description(world, request, find(world, request)?)})),
        "ListCertificates" => list(world, request),
        "ListTagsForCertificate" => {
            let tags: Vec<Value> = find(world, request)?
                .tags()
                .into_iter()
                .map(|(key, value)| json!({"Key": key, "Value": value}))
                .collect();
            Ok(json!({"Tags": tags}))
        }
        _ => Err(unknown_action(request)),
    }
}

/// Gives a certificate another end or status. It need not be there yet.
pub fn apply(world: &mut World, state: &CertificateState) {
    let mut parts = state.arn.split(':').skip(3).map(str::to_owned);
    let (region, account) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let certificates = world.service_mut(&account, &region, SERVICE);
    if !certificates.is_object() {
        *certificates = json!({});
    }
    if let Some(certificates) = certificates.as_object_mut() {
        certificates.insert(state.arn.clone(), json!(state));
    }
}

/// What a scenario has made of a certificate.
fn played(world: &World, request: &Request<'_>, arn: &str) -> Option<CertificateState> {
    let own = world.service(&request.identity.account, request.region, SERVICE).get(arn)?;
    serde_json::from_value(own.clone()).ok()
}

/// When a certificate ends, and its status.
fn end(world: &World, request: &Request<'_>, certificate: &Resource) -> (f64, String) {
    let played = played(world, request, &certificate.identifier);
    let end = played.as_ref().and_then(|played| played.not_after);
    let not_after = end.map_or_else(|| epoch(certificate.created_at) + VALID_SECONDS, epoch);
    let status = played.and_then(|played| played.status);
    let by_time = if not_after < epoch(world.now()) { "EXPIRED" } else { "ISSUED" };
    (not_after, status.unwrap_or_else(|| by_time.to_owned()))
}

fn find<'a>(world: &'a World, request: &Request<'_>) -> Result<&'a Resource, Fault> {
    let arn = request.text("CertificateArn").unwrap_or_default();
    world.resource(&request.identity.account, request.region, CERTIFICATE, &arn).ok_or_else(|| {
        let account = &request.identity.account;
        let message = format!("Could not find certificate {arn} in account {account}.");
        Fault::new("ResourceNotFoundException", message)
    })
}

fn description(world: &World, request: &Request<'_>, certificate: &Resource) -> Value {
    let arn = &certificate.identifier;
    let domain = certificate.text("DomainName").unwrap_or_default();
    let mut names = vec![json!(domain)];
    let others = certificate.property("SubjectAlternativeNames").and_then(Value::as_array);
    names.extend(others.into_iter().flatten().filter(|name| *name != domain).cloned());
    let users: Vec<&str> = world
        .resources_of(&request.identity.account, request.region, "AWS::ElasticLoadBalancingV2::Listener")
        .filter(|listener| listener.properties.to_string().contains(arn.as_str()))
        .filter_map(|listener| listener.text("LoadBalancerArn"))
        .collect();
    let issued = epoch(certificate.created_at);
    let (not_after, status) = end(world, request, certificate);
    json!({
        "CertificateArn": arn,
        "DomainName": domain,
        "DomainValidationOptions": validations(world, request, certificate, &names),
        "SubjectAlternativeNames": names,
        "Status": status,
        "Type": if certificate.assumed { "IMPORTED" } else { "AMAZON_ISSUED" },
        "CreatedAt": issued,
        "IssuedAt": issued,
        "NotBefore": issued.min(not_after),
        "NotAfter": not_after,
        "KeyAlgorithm": certificate.text("KeyAlgorithm").unwrap_or("RSA-2048"),
        "RenewalEligibility": if users.is_empty() { "INELIGIBLE" } else { "ELIGIBLE" },
        "InUseBy": users,
    })
}

/// Name and value of the record by which DNS validates a domain. It is the same for all certificates of an account.
pub(super) fn validation_record(world: &World, account: &str, domain: &str) -> (String, String) {
    let token = |what: &str, length| world.stable_token(&["validation", what, account, domain], length).to_lowercase();
    let name = format!("_{}.{}.", token("name", 32), domain.trim_start_matches("*."));
    (name, format!("_{}.{}.acm-validations.aws.", token("value", 32), token("zone", 10)))
}

/// How the domains of a certificate are validated; `null` for one that was imported.
fn validations(world: &World, request: &Request<'_>, certificate: &Resource, names: &[Value]) -> Value {
    if certificate.assumed {
        return Value::Null;
    }
    let method = certificate.text("ValidationMethod").unwrap_or("EMAIL");
    let of_name = |name: &Value| {
        let domain = name.as_str().unwrap_or_default();
        let (record, value) = validation_record(world, &request.identity.account, domain);
        let record = json!({"Name": record, "Type": "CNAME", "Value": value});
        json!({
            "DomainName": domain,
            "ValidationDomain": domain,
            "ValidationStatus": "SUCCESS",
            "ValidationMethod": method,
            "ResourceRecord": if method == "DNS" { record } else { Value::Null },
        })
    };
    names.iter().map(of_name).collect()
}

fn list(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let certificates: Vec<Value> = world
        .resources_of(&request.identity.account, request.region, CERTIFICATE)
        .map(|certificate| {
            json!({
                "CertificateArn": certificate.identifier,
                "DomainName": certificate.text("DomainName"),
                "Status": end(world, request, certificate).1,
                "CreatedAt": epoch(certificate.created_at),
            })
        })
        .collect();
    let size = limit(request, "MaxItems", MAXIMUM_RESULTS);
    let (certificates, next) = page(certificates, size, request.text("NextToken").as_deref(), "ValidationException")?;
    Ok(json!({"CertificateSummaryList": certificates, "NextToken": next}))
}
