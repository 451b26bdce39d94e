//! The networks of a spec, for the rules about them.

use ipnet::Ipv4Net;

use crate::spec::types::Cidr;
use crate::spec::{Spec, Vpc};

/// Reads a network. `None`: it is none.
pub(in crate::rules) fn parse(text: &str) -> Option<Ipv4Net> {
    text.parse().ok()
}

/// Whether two networks have addresses in common.
pub(in crate::rules) fn overlap(a: Ipv4Net, b: Ipv4Net) -> bool {
    a.contains(&b.network()) || b.contains(&a.network())
}

/// Whether all addresses are private, or shared as carriers share theirs.
/// <https://www.rfc-editor.org/rfc/rfc1918>, <https://www.rfc-editor.org/rfc/rfc6598>
pub(in crate::rules) fn is_private(network: Ipv4Net) -> bool {
    ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"]
        .into_iter()
        .filter_map(parse)
        .any(|private| private.contains(&network))
}

/// Path and text of the VPC's network.
pub(in crate::rules) fn vpc(spec: &Spec) -> (&'static str, &str) {
    match &spec.network.vpc {
        Vpc::Create(vpc) => ("network.vpc.create.cidr", vpc.cidr.as_str()),
        Vpc::Existing(vpc) => ("network.vpc.existing.cidr", vpc.cidr.as_str()),
    }
}

/// Every list of networks, each network with its path.
pub(in crate::rules) fn lists(spec: &Spec) -> Vec<Vec<(String, Ipv4Net)>> {
    let texts = |path: &str, networks: Vec<&str>| -> Vec<(String, Ipv4Net)> {
        let parsed = networks.into_iter().enumerate();
        parsed.filter_map(|(index, text)| Some((format!("{path}.{index}"), parse(text)?))).collect()
    };
    let of_type = |networks: &'_ [Cidr]| -> Vec<String> { networks.iter().map(|network| network.0.clone()).collect() };
    let mut lists = Vec::new();
    for (path, networks) in [
        ("ingress.allow_from", of_type(&spec.ingress.allow_from)),
        ("ingress.waf.block", of_type(spec.ingress.waf.as_ref().map_or(&[], |waf| waf.block.as_slice()))),
        (
            "access.client_vpn.authorize",
            spec.access.client_vpn.as_ref().map_or_else(Vec::new, |vpn| vpn.authorize.clone()),
        ),
    ] {
        lists.push(texts(path, networks.iter().map(String::as_str).collect()));
    }
    lists
}

/// Every network of the spec, with its path.
pub(in crate::rules) fn networks(spec: &Spec) -> Vec<(String, Ipv4Net)> {
    let (path, text) = vpc(spec);
    let mut networks: Vec<(String, Ipv4Net)> =
        parse(text).map(|network| (path.to_owned(), network)).into_iter().collect();
    if let Some(vpn) = &spec.access.client_vpn {
        networks.extend(
            parse(vpn.client_cidr.as_str()).map(|network| ("access.client_vpn.client_cidr".to_owned(), network)),
        );
    }
    networks.extend(lists(spec).into_iter().flatten());
    networks
}
