use serde_json::{Value, json};

use super::*;
use crate::model::Model;
use crate::model::testing::spec;

fn firewall(changes: Value) -> Firewall {
    Model::new(&spec(changes), None).network.firewall
}

fn sources<'a>(firewall: &'a Firewall, group: &str, port: u16) -> Vec<&'a str> {
    let rules =
        firewall.ingress.iter().filter(|rule| rule.group == group_id(group) && rule.ports == Some((port, port)));
    rules.filter_map(|rule| rule.cidr.as_deref().or(rule.peer.as_deref())).collect()
}

#[test]
fn an_internal_gateway_is_open_to_its_vpc_only() {
    assert_eq!(sources(&firewall(json!({})), LOAD_BALANCER, 443), ["10.40.0.0/16"]);
}

#[test]
fn a_list_of_networks_replaces_the_vpc_and_keeps_the_vpn() {
    let changes = json!({
        "ingress": {"allow_from": ["10.0.0.0/8", "10.0.0.0/8"]},
        "access": {"client_vpn": {"client_cidr": "172.16.0.0/22", "authentication": {"mutual": {
            "server_certificate": "arn:aws:acm:us-east-1:111122223333:certificate/1",
            "client_ca_certificate": "arn:aws:acm:us-east-1:111122223333:certificate/2"}}}}
    });
    assert_eq!(sources(&firewall(changes), LOAD_BALANCER, 443), ["10.0.0.0/8", "VpnSecurityGroup"]);
}

#[test]
fn a_public_gateway_is_open_to_nobody_without_a_list() {
    let firewall = firewall(json!({"ingress": {"exposure": "public"}}));
    assert!(sources(&firewall, LOAD_BALANCER, 443).is_empty());
}

#[test]
fn only_the_load_balancer_reaches_the_containers() {
    let firewall = firewall(json!({}));
    assert_eq!(sources(&firewall, TASK, LITELLM_PORT), ["LoadBalancerSecurityGroup"]);
    assert_eq!(sources(&firewall, TASK, MIDDLEWARE_PORT), ["LoadBalancerSecurityGroup"]);
}

#[test]
fn only_the_containers_reach_the_database_and_the_cache() {
    let firewall = firewall(json!({"access": {"bastion": {}}}));
    assert_eq!(sources(&firewall, DATABASE, DATABASE_PORT), ["TaskSecurityGroup"]);
    assert_eq!(sources(&firewall, CACHE, CACHE_PORT), ["TaskSecurityGroup"]);
}

#[test]
fn nothing_comes_in_to_the_bastion_or_the_vpn() {
    let firewall = firewall(json!({"access": {"bastion": {}}}));
    assert!(firewall.ingress.iter().all(|rule| rule.group != group_id(BASTION) && rule.group != group_id(VPN)));
}

#[test]
fn without_a_database_there_is_no_group_for_it() {
    let firewall = firewall(json!({"database": {"none": {}}, "cache": {"none": {}}}));
    let ids: Vec<_> = firewall.groups.iter().map(|group| group.id.as_str()).collect();
    assert_eq!(ids, ["LoadBalancerSecurityGroup", "TaskSecurityGroup"]);
}

#[test]
fn a_provider_on_a_port_of_its_own_can_be_reached() {
    let model = json!([{"name": "local", "litellm": {"model": "openai/x", "api_base": "http://10.1.2.3:8000/v1"}}]);
    let firewall = firewall(json!({"models": model}));
    assert!(firewall.egress.iter().any(|rule| rule.ports == Some((8000, 8000))));
}

/// Ports that the tasks reach wherever routes lead, for an address of the collector.
fn ports_with_collector(url: &str) -> Vec<u16> {
    let environment = json!({"OTEL_EXPORTER_OTLP_ENDPOINT": url});
    let firewall = firewall(json!({"gateway": {"middleware": {"environment": environment}}}));
    let anywhere =
        firewall.egress.iter().filter(|rule| rule.group == group_id(TASK) && rule.cidr.as_deref() == Some(ANYWHERE));
    anywhere.filter_map(|rule| rule.ports).map(|(first, _)| first).collect()
}

#[test]
fn a_collector_on_a_port_of_its_own_can_be_reached() {
    assert_eq!(ports_with_collector("http://collector.internal:4318"), [443, 4318]);
}

#[test]
fn a_collector_in_the_task_opens_no_port() {
    for url in ["http://127.0.0.1:4318", "http://localhost:4318", "http://[::1]:4318"] {
        assert_eq!(ports_with_collector(url), [443], "{url}");
    }
}

#[test]
fn the_port_of_a_url_is_its_own_or_its_schemes() {
    let ports = ["https://a.example/v1", "http://a.example", "https://u:p@a.example:8443/x", "http://[::1]:9/"];
    assert_eq!(ports.map(url_port), [Some(443), Some(80), Some(8443), Some(9)]);
}

#[test]
fn descriptions_have_only_characters_that_ec2_accepts() {
    let firewall = firewall(json!({"access": {"bastion": {}}, "network": {"endpoints": "all"}}));
    let groups = firewall.groups.iter().map(|group| group.description);
    let rules = firewall.ingress.iter().chain(&firewall.egress).map(|rule| rule.description.as_str());
    for text in groups.chain(rules) {
        let accepted = |c: char| c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(c);
        assert!(text.len() <= 255 && text.chars().all(accepted), "{text}");
    }
}

#[test]
fn every_rule_has_an_id_of_letters_and_digits_of_its_own() {
    let firewall =
        firewall(json!({"access": {"bastion": {}}, "ingress": {"allow_from": ["10.0.0.0/8", "10.0.0.0/16"]}}));
    let mut ids: Vec<_> = firewall.ingress.iter().chain(&firewall.egress).map(|rule| rule.id.as_str()).collect();
    assert!(ids.iter().all(|id| id.chars().all(|c| c.is_ascii_alphanumeric())), "{ids:?}");
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
}

#[test]
fn only_https_leaves_the_containers_for_the_internet() {
    let open = firewall(json!({})).egress.into_iter().filter(|rule| rule.cidr.as_deref() == Some(ANYWHERE));
    assert!(open.into_iter().all(|rule| rule.ports == Some((443, 443))));
}
