//! What to look at next: commands and places that tell of a gateway that does not answer as it should.

use super::failure::Failure;
use super::gateway::Gateway;
use super::name::Name;

impl Gateway {
    /// A command of gwinfra's with what it is for, if a spec describes the gateway; otherwise other words.
    pub(super) fn step(&self, arguments: &str, what_for: &str, otherwise: &str) -> String {
        if self.expected.deployment.is_some() {
            format!("gwinfra {arguments}   {what_for}")
        } else {
            otherwise.to_owned()
        }
    }

    /// What shows whether the configuration is the spec's.
    pub(super) fn configured(&self, otherwise: &str) -> String {
        self.step("config diff", "shows whether the deployed configuration is the spec's", otherwise)
    }

    /// How to find a request in LiteLLM's log.
    pub(super) fn logs(&self, request: Option<&str>) -> String {
        tail(self.expected.links.litellm_logs.as_deref(), "LiteLLM's log", request)
    }

    /// How to look into the middleware's log.
    pub(super) fn middleware_logs(&self, request: Option<&str>) -> String {
        tail(self.expected.links.middleware_logs.as_deref(), "the middleware's log", request)
    }

    /// How to get at a gateway that cannot be called from here.
    pub fn way_in(&self, failure: &Failure) -> String {
        match (failure, &self.expected.name) {
            (Failure::Resolve { .. }, Name::ByHand(name)) if !self.client.is_tunnel() => self.record(name),
            (Failure::Unverified { .. }, Name::Unknown) => {
                "`ingress.tls.certificate.name` in the spec names it: one of the certificate's names, under which gwinfra \
                 smoke then calls the gateway, also with --via"
                    .to_owned()
            }
            _ => self.way(),
        }
    }

    /// How a name comes to lead to the gateway.
    fn record(&self, name: &str) -> String {
        let Some(host) = &self.expected.links.load_balancer else {
            return format!("make the record of {name}: a CNAME, or an alias, to the output LoadBalancerDnsName");
        };
        let without = match (&self.expected.links.bastion, self.expected.internal) {
            (Some(_), true) => format!(": {}", self.way()),
            (None, true) => format!(", from inside its network: gwinfra smoke --via https://{host}"),
            (_, false) => format!(": gwinfra smoke --via https://{host}"),
        };
        format!("make the record of {name}: a CNAME, or an alias, to {host}. Without it{without}")
    }

    fn way(&self) -> String {
        let url = self.client.url();
        let port = url.port_or_known_default().unwrap_or(443);
        if self.client.is_tunnel() {
            return format!("is the tunnel open, and does it lead to port {port} of the load balancer?");
        }
        if self.expected.deployment.is_none() {
            return "is the host's name right, and is this machine let in?".to_owned();
        }
        if !self.expected.internal {
            return "is the name's record there, and may this machine connect (`ingress.allow_from`)?".to_owned();
        }
        let scheme = url.scheme();
        let local = if scheme == "https" { 8443 } else { 8080 };
        let unnamed = matches!(self.expected.name, Name::Unknown);
        let named = if unnamed { " (with `ingress.tls.certificate.name` in the spec)" } else { "" };
        let smoke = format!("gwinfra smoke --via {scheme}://localhost:{local}{named}");
        let host = self.expected.links.load_balancer.as_deref().or(url.host_str()).unwrap_or_default();
        match &self.expected.links.bastion {
            Some(bastion) => format!(
                "aws ssm start-session --target {bastion} --document-name AWS-StartPortForwardingSessionToRemoteHost \
                 --parameters host={host},portNumber={port},localPortNumber={local}   opens a tunnel; then {smoke}"
            ),
            None => format!(
                "from inside its network, or connected to its VPN: gwinfra smoke. Through a tunnel to {host}:{port}: {smoke}"
            ),
        }
    }
}

fn tail(group: Option<&str>, name: &str, request: Option<&str>) -> String {
    match (group, request) {
        (Some(group), Some(request)) => {
            format!("aws logs tail {group} --since 30m --filter-pattern '\"{request}\"'")
        }
        (Some(group), None) => format!("aws logs tail {group} --since 30m"),
        (None, Some(request)) => format!("look for {request} in {name}"),
        (None, None) => format!("look into {name}"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::smoke::client::Client;
    use crate::smoke::expected::{Expected, Links};
    use crate::smoke::gateway::Ask;

    const BALANCER: &str = "internal-acme-1.us-east-1.elb.amazonaws.com";

    /// A gateway under a name that nobody has.
    async fn nowhere(name: Name, internal: bool) -> Gateway {
        let client = Client::direct("https://gateway.invalid", Duration::from_secs(5)).await.unwrap();
        let links = Links { load_balancer: Some(BALANCER.to_owned()), ..Links::default() };
        let deployment = Some("acme-llm".to_owned());
        Gateway::new(
            client,
            None,
            Expected { deployment, name, internal, links, ..Expected::default() },
            Ask::default(),
        )
    }

    #[tokio::test]
    async fn a_name_without_its_record_keeps_the_gateway_from_being_called() {
        let gateway = nowhere(Name::ByHand("gateway.invalid".to_owned()), false).await;
        let failure = gateway.callable(Duration::ZERO).await.unwrap_err();
        assert!(failure.to_string().starts_with("the name gateway.invalid cannot be resolved"), "{failure}");
        assert_eq!(
            gateway.way_in(&failure),
            format!(
                "make the record of gateway.invalid: a CNAME, or an alias, to {BALANCER}. Without it: gwinfra smoke --via \
                 https://{BALANCER}"
            )
        );
    }

    #[tokio::test]
    async fn a_tunnel_needs_no_record() {
        let mut gateway = nowhere(Name::ByHand("gateway.invalid".to_owned()), true).await;
        gateway.expected.links.bastion = Some("i-0a1b2c3d".to_owned());
        let failure = gateway.callable(Duration::ZERO).await.unwrap_err();
        let way = gateway.way_in(&failure);
        assert!(way.contains("Without it: aws ssm start-session --target i-0a1b2c3d"), "{way}");
        assert!(way.ends_with("then gwinfra smoke --via https://localhost:8443"), "{way}");
    }

    #[tokio::test]
    async fn a_record_that_gwinfra_makes_is_the_gateways_own() {
        let gateway = nowhere(Name::Recorded, false).await;
        assert_eq!(gateway.callable(Duration::ZERO).await, Ok(()));
    }

    #[tokio::test]
    async fn a_tunnel_to_a_gateway_without_a_name_needs_one() {
        let gateway = nowhere(Name::Unknown, true).await;
        let failure = gateway.callable(Duration::ZERO).await.unwrap_err();
        let way = gateway.way_in(&failure);
        assert!(
            way.ends_with("--via https://localhost:8443 (with `ingress.tls.certificate.name` in the spec)"),
            "{way}"
        );
    }
}
