//! Whether the certificates that the spec names can be used.

use async_trait::async_trait;

use crate::aws::acm::{Certificate, Validity};
use crate::doctor::check::{Area, Check, Needs};
use crate::doctor::finding::{Finding, Status};
use crate::doctor::subject::Subject;
use crate::spec::{Spec, Tls, VpnAuthentication};

/// Keys that Client VPN takes.
/// <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/client-authentication.html>
const VPN_KEYS: [&str; 2] = ["RSA_1024", "RSA_2048"];

/// Whether the certificates that the spec names can be used.
pub(super) struct Certificates;

/// What a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    LoadBalancer,
    VpnServer,
    VpnClients,
}

impl Use {
    fn words(self) -> &'static str {
        match self {
            Self::LoadBalancer => "the load balancer's certificate",
            Self::VpnServer => "the VPN server's certificate",
            Self::VpnClients => "the certificate of the VPN clients' authority",
        }
    }
}

#[async_trait(?Send)]
impl Check for Certificates {
    fn id(&self) -> &'static str {
        "GWD801"
    }

    fn name(&self) -> &'static str {
        "certificates"
    }

    fn area(&self) -> Area {
        Area::Certificates
    }

    fn needs(&self) -> Needs {
        Needs::Hub
    }

    async fn run(&self, subject: &Subject<'_>) -> Vec<Finding> {
        let Some(session) = subject.hub_session(None) else { return Vec::new() };
        let mut findings = Vec::new();
        let name = subject.loaded.spec.ingress.tls.name().map(|name| name.as_str());
        for (purpose, arn, path) in named(&subject.loaded.spec) {
            let name = name.filter(|_| purpose == Use::LoadBalancer);
            let finding = match session.acm().certificate(&arn).await {
                Ok(Some(found)) => {
                    other_name(name, &found).unwrap_or_else(|| judge(purpose, &arn, &found, jiff::Timestamp::now()))
                }
                Ok(None) => Finding::fail(
                    format!("{} {arn} is not in account {}", purpose.words(), subject.hub().account),
                    format!("aws acm list-certificates --region {}   lists those that are there", subject.hub().region),
                ),
                Err(error) => Finding::unknown(purpose.words(), &error),
            };
            let source = if finding.status > Status::Pass { subject.place(path) } else { Vec::new() };
            findings.push(finding.at(source));
        }
        if findings.is_empty() {
            findings.push(Finding::skip("the spec names no certificate"));
        }
        findings
    }
}

/// The certificates with their places in the spec.
fn named(spec: &Spec) -> Vec<(Use, String, &'static str)> {
    let mut all = Vec::new();
    if let Tls::Certificate(certificate) = &spec.ingress.tls {
        all.push((Use::LoadBalancer, certificate.arn.to_string(), "ingress.tls.certificate.arn"));
    }
    match spec.access.client_vpn.as_ref().map(|vpn| &vpn.authentication) {
        Some(VpnAuthentication::Mutual(mutual)) => {
            let path = "access.client_vpn.authentication.mutual.server_certificate";
            all.push((Use::VpnServer, mutual.server_certificate.to_string(), path));
            let path = "access.client_vpn.authentication.mutual.client_ca_certificate";
            all.push((Use::VpnClients, mutual.client_ca_certificate.to_string(), path));
        }
        Some(VpnAuthentication::Saml(saml)) => {
            let path = "access.client_vpn.authentication.saml.server_certificate";
            all.push((Use::VpnServer, saml.server_certificate.to_string(), path));
        }
        None => {}
    }
    all
}

/// What is wrong with a certificate that is not for the name that clients use.
fn other_name(name: Option<&str>, found: &Certificate) -> Option<Finding> {
    let name = name.filter(|name| !found.is_for(name))?;
    let message = format!("the load balancer's certificate is for {}, and not for {name}", found.names.join(", "));
    Some(Finding::fail(message, "name one of these as `ingress.tls.certificate.name`, or a certificate for that name"))
}

fn judge(purpose: Use, arn: &str, found: &Certificate, now: jiff::Timestamp) -> Finding {
    let what = purpose.words();
    let names = found.names.join(", ");
    // ACM writes RSA-2048 in answers and RSA_2048 in requests.
    let key = found.key_algorithm.as_deref().map(|key| key.replace('-', "_"));
    let key = key.filter(|key| purpose != Use::LoadBalancer && !VPN_KEYS.contains(&key.as_str()));
    match (found.validity(now), key) {
        (Validity::Unusable, _) => {
            let fix = match found.status.as_str() {
                "PENDING_VALIDATION" => {
                    "make the DNS records of its validation, which `aws acm describe-certificate` shows"
                }
                _ => "issue or import another one, and name it in the spec",
            };
            Finding::fail(format!("{what} {arn} is {}", found.status), fix)
        }
        (Validity::Over { end }, _) => {
            Finding::fail(format!("{what} {arn} ended on {}", end.strftime("%Y-%m-%d")), "import a new one")
        }
        (_, Some(key)) => {
            let fix = "issue one with an RSA key of 2048 bits";
            Finding::fail(format!("{what} has a key {key}, which Client VPN does not take"), fix)
        }
        (Validity::Ending { days, .. }, None) => {
            let fix = match found.kind.as_str() {
                "IMPORTED" => "import a new one under the same ARN: ACM does not renew what was imported",
                _ => "see why ACM has not renewed it: aws acm describe-certificate",
            };
            Finding::warn(format!("{what} for {names} ends in {days} days"), fix)
        }
        (Validity::Good { days }, None) => {
            let left = days.map(|days| format!(", {days} days left")).unwrap_or_default();
            Finding::pass(format!("{what} is issued for {names}{left}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(purpose: Use, edit: impl FnOnce(&mut Certificate)) -> Finding {
        let mut found = Certificate {
            status: "ISSUED".to_owned(),
            kind: "IMPORTED".to_owned(),
            names: vec!["llm.example.com".to_owned()],
            not_after: "2026-12-31T00:00:00Z".parse().ok(),
            key_algorithm: Some("EC_prime256v1".to_owned()),
            ..Certificate::default()
        };
        edit(&mut found);
        judge(purpose, "arn:c", &found, "2026-11-01T00:00:00Z".parse().unwrap())
    }

    #[test]
    fn an_issued_certificate_tells_its_names_and_days() {
        let found = of(Use::LoadBalancer, |_| {});
        assert_eq!(found.message, "the load balancer's certificate is issued for llm.example.com, 60 days left");
    }

    #[test]
    fn one_that_is_not_issued_or_over_is_a_failure_and_one_that_soon_ends_a_warning() {
        assert_eq!(of(Use::LoadBalancer, |found| found.status = "PENDING_VALIDATION".into()).status, Status::Fail);
        assert_eq!(
            of(Use::LoadBalancer, |found| found.not_after = "2026-10-31T00:00:00Z".parse().ok()).status,
            Status::Fail
        );
        assert_eq!(
            of(Use::LoadBalancer, |found| found.not_after = "2026-11-20T00:00:00Z".parse().ok()).status,
            Status::Warn
        );
    }

    #[test]
    fn a_certificate_for_another_name_than_clients_use_is_a_failure() {
        let found = |names: &[&str]| Certificate {
            names: names.iter().map(|&name| name.to_owned()).collect(),
            ..Certificate::default()
        };
        let message =
            |names: &[&str]| other_name(Some("llm.example.com"), &found(names)).map(|finding| finding.message);
        assert_eq!(
            message(&["example.com", "*.llm.example.com"]).as_deref(),
            Some("the load balancer's certificate is for example.com, *.llm.example.com, and not for llm.example.com")
        );
        assert_eq!(message(&["*.example.com"]), None);
        assert_eq!(message(&["LLM.example.com"]), None);
    }

    #[test]
    fn client_vpn_takes_rsa_keys_only() {
        assert_eq!(of(Use::VpnServer, |_| {}).status, Status::Fail);
        assert_eq!(of(Use::VpnServer, |found| found.key_algorithm = Some("RSA-2048".into())).status, Status::Pass);
    }
}
