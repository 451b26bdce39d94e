//! Networks, authorization rules and routes of VPN endpoints that nobody declared.

use futures::StreamExt;
use serde_json::Value;

use super::{Looked, Owner};
use crate::aws::Session;
use crate::drift::{Addition, Reader};

/// The most endpoints that are asked at the same time.
const AT_ONCE: usize = 2;

/// A Client VPN endpoint, and what is declared for it.
#[derive(Debug, Clone)]
pub(in crate::engine) struct Vpn {
    pub owner: Owner,
    /// Its id.
    pub id: String,
    /// Subnets that are associated.
    pub networks: Vec<String>,
    /// Networks of authorization rules, each with the group that it is for, if it is not for all.
    pub rules: Vec<(String, Option<String>)>,
    /// Networks of routes, each with its subnet.
    pub routes: Vec<(String, String)>,
}

pub(super) async fn look(session: &Session, vpns: &[Vpn]) -> Looked {
    let mut looked = Looked::default();
    let asked = futures::stream::iter(vpns).map(|vpn| session.ec2().client_vpn(&vpn.id));
    let answers: Vec<_> = asked.buffered(AT_ONCE).collect().await;
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
    for (vpn, answer) in vpns.iter().zip(answers) {
        let found = match answer {
            Ok(found) => found,
            Err(error) => {
                looked.skip(&vpn.owner, "networks, rules and routes", error);
                continue;
            }
        };
        for (association, network) in found.associations {
            if !vpn.networks.contains(&text(&network, "SubnetId").unwrap_or_default()) {
                let more = (network, Addition::vpn_network(&vpn.id, &association));
                looked.added(&vpn.owner, "Associations", more, Reader::Ec2);
            }
        }
        for rule in found.rules {
            let own = (text(&rule, "TargetNetworkCidr").unwrap_or_default(), text(&rule, "AccessGroupId"));
            if !vpn.rules.contains(&own) {
                let addition = Addition::vpn_authorization(&vpn.id, &rule);
                looked.added(&vpn.owner, "AuthorizationRules", (rule, addition), Reader::Ec2);
            }
        }
        for route in found.routes {
            let part = |name: &str| text(&route, name).unwrap_or_default();
            if !vpn.routes.contains(&(part("DestinationCidrBlock"), part("TargetVpcSubnetId"))) {
                let addition = Addition::vpn_route(&vpn.id, &route);
                looked.added(&vpn.owner, "Routes", (route, addition), Reader::Ec2);
            }
        }
    }
    looked
}
