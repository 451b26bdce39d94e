//! ACM: certificates that a stack requested, which are validated and issued by the time they exist, and those that are assumed to.

use serde_json::{Value, json};

use super::ecr::epoch;
use super::page::{limit, page};
use super::protocol::service::unknown_action;
use super::request::{Fault, Reply, Request};
use super::resource::Resource;
use super::world::World;

const CERTIFICATE: &str = "AWS::CertificateManager::Certificate";
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
    json!({
        "CertificateArn": arn,
        "DomainName": domain,
        "SubjectAlternativeNames": names,
        "Status": status(world, certificate),
        "Type": if certificate.assumed { "IMPORTED" } else { "AMAZON_ISSUED" },
        "CreatedAt": issued,
        "IssuedAt": issued,
        "NotBefore": issued,
        "NotAfter": issued + VALID_SECONDS,
        "KeyAlgorithm": certificate.text("KeyAlgorithm").unwrap_or("RSA-2048"),
        "RenewalEligibility": if users.is_empty() { "INELIGIBLE" } else { "ELIGIBLE" },
        "InUseBy": users,
    })
}

/// AWS renews what it issued while it is in use; a certificate that somebody imported ends.
fn status(world: &World, certificate: &Resource) -> &'static str {
    let is_over = epoch(certificate.created_at) + VALID_SECONDS < epoch(world.now());
    if is_over { "EXPIRED" } else { "ISSUED" }
}

fn list(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let certificates: Vec<Value> = world
        .resources_of(&request.identity.account, request.region, CERTIFICATE)
        .map(|certificate| {
            json!({
                "CertificateArn": certificate.identifier,
                "DomainName": certificate.text("DomainName"),
                "Status": status(world, certificate),
                "CreatedAt": epoch(certificate.created_at),
            })
        })
        .collect();
    let size = limit(request, "MaxItems", MAXIMUM_RESULTS);
    let (certificates, next) = page(certificates, size, request.text("NextToken").as_deref(), "ValidationException")?;
    Ok(json!({"CertificateSummaryList": certificates, "NextToken": next}))
}
