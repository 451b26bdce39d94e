//! Whether networks overlap with those that are there: VPCs, routes to others, and the clients of VPNs.

use async_trait::async_trait;
use ipnet::Ipv4Net;

use crate::aws::Result;
use crate::aws::ec2_estate::Item;
use crate::aws::ec2_routes::Route;
use crate::doctor::check::{Area, Check, Needs};
use crate::doctor::finding::{Finding, Status};
use crate::doctor::subject::Subject;
use crate::model::tags;
use crate::plan::count;
use crate::spec::Vpc;

/// Whether networks overlap with those that are there.
pub(super) struct Networks;

#[async_trait(?Send)]
impl Check for Networks {
    fn id(&self) -> &'static str {
        "GWD701"
    }

    fn name(&self) -> &'static str {
        "networks"
    }

    fn area(&self) -> Area {
        Area::Network
    }

    fn needs(&self) -> Needs {
        Needs::Hub
    }

    async fn run(&self, subject: &Subject<'_>) -> Vec<Finding> {
        let estate = match Estate::read(subject).await {
            Ok(estate) => estate,
            Err(error) => return vec![Finding::unknown("which networks there are", &error)],
        };
        let mut findings = of_vpc(subject, &estate);
        findings.extend(of_clients(subject, &estate));
        if !findings.iter().any(|finding| finding.status > Status::Pass) {
            let vpn = &subject.loaded.spec.access.client_vpn;
            let clients = vpn.as_ref().map(|vpn| format!(" and VPN clients {}", vpn.client_cidr)).unwrap_or_default();
            findings.push(Finding::pass(format!(
                "{}{clients}: no overlap with {}, {} out and {}",
                subject.model.network.cidr,
                count(estate.vpcs.len(), "other VPC"),
                count(estate.routes.len(), "route"),
                count(estate.clients.len(), "other VPN")
            )));
        }
        findings
    }
}

/// What of others is there.
struct Estate {
    /// The VPC that the gateway stands in, if it is there.
    own: Option<String>,
    /// All networks of that VPC, the secondary ones too.
    own_cidrs: Vec<String>,
    /// Other VPCs.
    vpcs: Vec<Item>,
    /// Routes to networks of others, of all VPCs.
    routes: Vec<Route>,
    /// Client VPN endpoints of others.
    clients: Vec<Item>,
}

impl Estate {
    async fn read(subject: &Subject<'_>) -> Result<Self> {
        let Some(session) = subject.hub_session(None) else {
            return Ok(Self {
                own: None,
                own_cidrs: Vec::new(),
                vpcs: Vec::new(),
                routes: Vec::new(),
                clients: Vec::new(),
            });
        };
        let ec2 = session.ec2();
        let prefix = subject.prefix();
        let is_own = |item: &Item| item.tags.get(tags::DEPLOYMENT).is_some_and(|own| own == prefix);
        let existing = match &subject.loaded.spec.network.vpc {
            Vpc::Existing(vpc) => Some(vpc.id.to_string()),
            Vpc::Create(_) => None,
        };
        let all = ec2.vpcs().await?;
        let own = existing.or_else(|| all.iter().find(|vpc| is_own(vpc)).map(|vpc| vpc.id.clone()));
        let clients = ec2.client_vpn_endpoints().await?;
        let in_own = all.iter().find(|vpc| Some(&vpc.id) == own.as_ref());
        Ok(Self {
            own_cidrs: in_own.map(|vpc| vpc.cidrs.clone()).unwrap_or_default(),
            vpcs: all.into_iter().filter(|vpc| Some(&vpc.id) != own.as_ref()).collect(),
            routes: ec2.routes_out().await?,
            clients: clients.into_iter().filter(|endpoint| !is_own(endpoint)).collect(),
            own,
        })
    }
}

fn overlap(one: &str, other: &str) -> bool {
    match (one.parse::<Ipv4Net>(), other.parse::<Ipv4Net>()) {
        (Ok(one), Ok(other)) => one.contains(&other) || other.contains(&one),
        _ => false,
    }
}

fn through(route: &Route) -> &str {
    route.through.as_deref().unwrap_or_default()
}

/// A new VPC beside the others: AWS makes it, but it can then never be joined with those that it overlaps.
fn of_vpc(subject: &Subject<'_>, estate: &Estate) -> Vec<Finding> {
    let Vpc::Create(_) = &subject.loaded.spec.network.vpc else { return Vec::new() };
    let cidr = subject.model.network.cidr.as_str();
    let mut reasons: Vec<String> = Vec::new();
    for vpc in &estate.vpcs {
        for other in vpc.cidrs.iter().filter(|other| overlap(cidr, other)) {
            reasons.push(format!("VPC {} is {other}", vpc.id));
        }
    }
    for route in estate.routes.iter().filter(|route| Some(&route.vpc) != estate.own.as_ref()) {
        if overlap(cidr, &route.destination) {
            reasons.push(format!(
                "{} of {} leads to {} through {}",
                route.table,
                route.vpc,
                route.destination,
                through(route)
            ));
        }
    }
    if reasons.is_empty() {
        return Vec::new();
    }
    let message = format!("the VPC's network {cidr} is in use: it could not be joined with these networks later");
    let fix = "choose another network.vpc.create.cidr before the first apply";
    vec![Finding::warn(message, fix).with_details(reasons).at(subject.place("network.vpc.create.cidr"))]
}

/// The clients of the VPN: AWS refuses a network that the VPC has a route to, and answers to clients get lost in one that
/// the VPC reaches.
fn of_clients(subject: &Subject<'_>, estate: &Estate) -> Vec<Finding> {
    let Some(vpn) = &subject.loaded.spec.access.client_vpn else { return Vec::new() };
    let cidr = vpn.client_cidr.as_str();
    let place = || subject.place("access.client_vpn.client_cidr");
    let fix = "choose another access.client_vpn.client_cidr";
    let mut findings = Vec::new();
    let inside: Vec<String> = estate.own_cidrs.iter().filter(|other| overlap(cidr, other)).cloned().collect();
    if !inside.is_empty() {
        let message = format!("the network of VPN clients {cidr} overlaps the VPC's own: AWS refuses it");
        findings.push(Finding::fail(message, fix).with_details(inside).at(place()));
    }
    let routes = estate.routes.iter().filter(|route| Some(&route.vpc) == estate.own.as_ref());
    let taken: Vec<String> = routes
        .filter(|route| overlap(cidr, &route.destination))
        .map(|route| format!("{} leads to {} through {}", route.table, route.destination, through(route)))
        .collect();
    if !taken.is_empty() {
        let message = format!("the VPC has routes into the network of VPN clients {cidr}");
        findings.push(Finding::fail(message, fix).with_details(taken).at(place()));
    }
    let items = [("VPC", &estate.vpcs), ("the clients of", &estate.clients)];
    let near: Vec<String> = items
        .iter()
        .flat_map(|(what, items)| items.iter().map(move |item| (what, item)))
        .flat_map(|(what, item)| {
            let taken = item.cidrs.iter().filter(|other| overlap(cidr, other));
            taken.map(move |other| format!("{what} {}: {other}", item.id))
        })
        .collect();
    if !near.is_empty() {
        let message = format!("the network of VPN clients {cidr} is in use elsewhere in the account");
        findings.push(Finding::warn(message, fix).with_details(near).at(place()));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_overlap_when_one_contains_the_other() {
        assert!(overlap("10.0.0.0/16", "10.0.128.0/20") && overlap("10.0.128.0/20", "10.0.0.0/16"));
        assert!(!overlap("10.0.0.0/16", "10.1.0.0/16") && !overlap("10.0.0.0/16", "nonsense"));
    }
}
