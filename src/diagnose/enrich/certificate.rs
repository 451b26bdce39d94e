//! Certificates that a Client VPN or a listener does not take.

use std::sync::LazyLock;

use regex_lite::Regex;

use super::Found;
use crate::aws::Result;
use crate::aws::acm::Certificate;
use crate::diagnose::investigate::Scene;
use crate::diagnose::report::{Evidence, Failure};

/// Types that take certificates.
const TYPES: [&str; 4] = [
    "AWS::EC2::ClientVpnEndpoint",
    "AWS::ElasticLoadBalancingV2::Listener",
    "aws_ec2_client_vpn_endpoint",
    "aws_lb_listener",
];
/// What a server has to be allowed.
const SERVER: &str = "TLS_WEB_SERVER_AUTHENTICATION";

/// An ARN of ACM.
static ARN: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate/[A-Za-z0-9-]+").ok());

pub(super) async fn look(failure: &Failure, scene: &Scene<'_>, found: &mut Found) -> Result<()> {
    let causes: Vec<_> = failure.cause.iter().chain(&failure.also).collect();
    let of_type: Vec<_> = causes.iter().filter(|cause| TYPES.contains(&cause.resource_type.as_str())).collect();
    let about = of_type.iter().any(|cause| cause.reason.to_lowercase().contains("certificate"));
    if !about {
        return Ok(());
    }
    let vpn = of_type.iter().any(|cause| {
        matches!(cause.resource_type.as_str(), "AWS::EC2::ClientVpnEndpoint" | "aws_ec2_client_vpn_endpoint")
    });
    let mut arns: Vec<String> = of_type.iter().flat_map(|cause| arns(&cause.reason)).collect();
    if arns.is_empty() {
        arns = self::arns(&scene.rendered);
    }
    arns.sort();
    arns.dedup();
    for arn in arns {
        let region = arn.split(':').nth(3).unwrap_or_default();
        if region != scene.target.region {
            let fact =
                format!("{arn} is in {region}, and certificates of this stack have to be in {}", scene.target.region);
            found.evidence.push(Evidence::fact("acm", fact));
            continue;
        }
        let certificate = scene.session().acm().certificate(&arn).await?;
        found.evidence.push(Evidence::fact("acm", tell(&arn, certificate.as_ref(), vpn)));
    }
    Ok(())
}

fn arns(text: &str) -> Vec<String> {
    ARN.as_ref().map(|arn| arn.find_iter(text).map(|found| found.as_str().to_owned()).collect()).unwrap_or_default()
}

/// A certificate in one sentence, what is wrong with it first.
fn tell(arn: &str, certificate: Option<&Certificate>, vpn: bool) -> String {
    let Some(found) = certificate else { return format!("there is no certificate {arn} in this account and region") };
    let mut facts = vec![found.kind.clone(), found.status.clone()];
    facts.extend(found.failure.clone());
    facts.extend(found.key_algorithm.clone());
    facts.extend(found.not_after.as_ref().map(|end| format!("until {end}")));
    if vpn && found.domain.is_empty() {
        facts.push("without a domain name, which a Client VPN asks for".to_owned());
    }
    if !found.usages.is_empty() && !found.usages.iter().any(|usage| usage == SERVER || usage == "ANY") {
        facts.push(format!("not for servers: its key is for {}", found.usages.join(", ")));
    }
    let domain = if found.domain.is_empty() { String::new() } else { format!(" ({})", found.domain) };
    format!("certificate {arn}{domain}: {}", facts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate() -> Certificate {
        Certificate {
            domain: "vpn.example.com".to_owned(),
            status: "EXPIRED".to_owned(),
            kind: "IMPORTED".to_owned(),
            not_after: "2026-01-01T00:00:00Z".parse().ok(),
            key_algorithm: Some("RSA-2048".to_owned()),
            usages: vec!["TLS_WEB_CLIENT_AUTHENTICATION".to_owned()],
            ..Certificate::default()
        }
    }

    #[test]
    fn a_certificate_says_what_is_wrong_with_it() {
        assert_eq!(
            tell("arn:x", Some(&certificate()), true),
            "certificate arn:x (vpn.example.com): IMPORTED, EXPIRED, RSA-2048, until 2026-01-01T00:00:00Z, not for servers: \
             its key is for TLS_WEB_CLIENT_AUTHENTICATION"
        );
    }

    #[test]
    fn certificates_are_found_in_a_template() {
        let text = "ServerCertificateArn: arn:aws:acm:us-east-1:111122223333:certificate/server";
        assert_eq!(arns(text), ["arn:aws:acm:us-east-1:111122223333:certificate/server"]);
    }
}
