//! Whether the zones have the services that VPC endpoints lead to.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;

use crate::aws::Result;
use crate::doctor::check::{Area, Check, Needs};
use crate::doctor::finding::Finding;
use crate::doctor::rendered::resources;
use crate::doctor::subject::Subject;
use crate::doctor::zones::{self, Tier};
use crate::plan::count;

/// Whether the zones have the services that VPC endpoints lead to. An interface endpoint has an address in each private subnet,
/// and EC2 refuses one in a zone that the service is not in.
pub(super) struct EndpointServices;

/// What was asked and answered.
struct Answer {
    /// Services by name with the zones that each is in.
    services: BTreeMap<String, BTreeSet<String>>,
    /// The zones of the private subnets.
    zones: BTreeSet<String>,
}

#[async_trait(?Send)]
impl Check for EndpointServices {
    fn id(&self) -> &'static str {
        "GWD605"
    }

    fn name(&self) -> &'static str {
        "endpoint-services"
    }

    fn area(&self) -> Area {
        Area::Region
    }

    fn needs(&self) -> Needs {
        Needs::Hub
    }

    async fn run(&self, subject: &Subject<'_>) -> Vec<Finding> {
        let mut wanted: BTreeMap<String, bool> = BTreeMap::new();
        for endpoint in resources(subject, "AWS::EC2::VPCEndpoint") {
            let Some(service) = endpoint.text("ServiceName") else { continue };
            *wanted.entry(service).or_default() |= endpoint.text("VpcEndpointType").as_deref() == Some("Interface");
        }
        if wanted.is_empty() {
            return vec![Finding::skip("the spec makes no VPC endpoints")];
        }
        let Some(session) = subject.hub_session(None) else { return Vec::new() };
        let region = &session.target().region;
        let names: BTreeSet<String> = wanted.keys().cloned().collect();
        let answer: Result<Answer> = async {
            let services = session.ec2().endpoint_services(&names).await?;
            Ok(Answer { services, zones: zones::zones(subject, Tier::Private).await? })
        }
        .await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                let what = format!("where {region} has {}", named(&wanted));
                let finding = Finding::unknown(&what, &error).with_details(names.into_iter().collect());
                return vec![finding.at(subject.place("network.endpoints"))];
            }
        };
        let mut findings = judge(region, &wanted, &answer);
        for finding in &mut findings {
            finding.source = subject.place("network.endpoints");
        }
        if findings.is_empty() {
            findings.push(Finding::pass(format!("{region} has {}", named(&wanted))));
        }
        findings
    }
}

/// The services in words.
fn named(wanted: &BTreeMap<String, bool>) -> String {
    match wanted.keys().next() {
        Some(only) if wanted.len() == 1 => format!("the endpoint service {only}"),
        _ => format!("all {}", count(wanted.len(), "endpoint service")),
    }
}

/// What is wrong with the services, each with whether its endpoint is an interface.
fn judge(region: &str, wanted: &BTreeMap<String, bool>, answer: &Answer) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, is_interface) in wanted {
        let Some(having) = answer.services.get(name) else {
            let fix = "leave it out: network.endpoints takes a list of services; or choose another region";
            findings.push(Finding::fail(format!("{region} has no endpoint service {name}"), fix));
            continue;
        };
        let lacking: Vec<&str> = answer.zones.difference(having).map(String::as_str).collect();
        if *is_interface && !lacking.is_empty() {
            let having: Vec<&str> = having.iter().map(String::as_str).collect();
            let fix = format!("put the private subnets into zones that have it: {}", having.join(", "));
            findings.push(Finding::fail(format!("{name} has no endpoints in {}", lacking.join(", ")), fix));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(is_interface: bool, having: &[&str]) -> Vec<String> {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        let name = "com.amazonaws.r.sts".to_owned();
        let services = if having.is_empty() { BTreeMap::new() } else { [(name.clone(), set(having))].into() };
        let answer = Answer { services, zones: set(&["a", "b"]) };
        judge("r", &[(name, is_interface)].into(), &answer).into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn an_interface_is_needed_in_every_zone() {
        assert_eq!(messages(true, &["a", "b", "c"]), Vec::<String>::new());
        assert_eq!(messages(true, &["a", "c"]), ["com.amazonaws.r.sts has no endpoints in b"]);
    }

    #[test]
    fn a_gateway_is_in_no_zone() {
        assert_eq!(messages(false, &["c"]), Vec::<String>::new());
    }

    #[test]
    fn a_service_that_the_region_lacks_is_told() {
        assert_eq!(messages(false, &[]), ["r has no endpoint service com.amazonaws.r.sts"]);
    }
}
