//! What was changed at the Client VPN is found: changed by boto3 through EC2, which is the only one who reads it.

use serde_json::{Value, json};

use crate::drift::{deployed_as, findings, inject, spec};
use crate::rehearsal::Rehearsal;

const VPN: &str = "acme-llm-access/ClientVpn";
/// Where clients go beside the VPC.
const BEYOND: &str = "10.80.0.0/16";

/// The spec with a network beyond the VPC, which needs routes.
fn deployed() -> Option<Rehearsal> {
    let cidr = "    client_cidr: 172.16.0.0/22\n";
    deployed_as(&spec().replace(cidr, &format!("{cidr}    authorize: [vpc, {BEYOND}]\n")))
}

/// A call of EC2 about the endpoint.
fn call(name: &str, mut with: Value) -> Value {
    with["ClientVpnEndpointId"] = json!("{acme-llm-access.ClientVpn}");
    json!({"call": format!("ec2.{name}"), "with": with})
}

/// The only finding after some changes.
fn only(rehearsal: &Rehearsal, changes: &[Value]) -> Value {
    inject(rehearsal, &Value::Array(changes.to_vec()));
    let found = findings(rehearsal, 2);
    assert_eq!(found.len(), 1, "{found:#?}");
    found.into_iter().next().unwrap()
}

/// A finding in short: address, kind, property, reader.
fn short(finding: &Value) -> (String, String, Vec<String>, String) {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let path = finding["path"].as_array().unwrap().iter().map(text).collect();
    (text(&finding["address"]), text(&finding["kind"]), path, text(&finding["reader"]))
}

fn told(address: &str, kind: &str, path: &[&str]) -> (String, String, Vec<String>, String) {
    (address.into(), kind.into(), path.iter().map(|part| (*part).into()).collect(), "ec2".into())
}

/// A subnet of the VPC that the Client VPN has nothing to do with, in a zone of its own.
fn subnet(rehearsal: &Rehearsal) -> String {
    const SUBNET: &str = "AWS::EC2::Subnet";
    let desired =
        json!({"VpcId": "{acme-llm-network.Vpc}", "CidrBlock": "10.40.200.0/24", "AvailabilityZone": "us-east-1f"});
    inject(rehearsal, &json!([{"type": SUBNET, "create": desired}]));
    let mut id = String::new();
    rehearsal.tamper(|world| {
        let mut subnets = world.resources_of("111122223333", "us-east-1", SUBNET);
        let own = subnets.find(|subnet| subnet.text("CidrBlock") == Some("10.40.200.0/24")).unwrap();
        id.clone_from(&own.identifier);
    });
    id
}

#[test]
fn an_untouched_client_vpn_is_compared_and_silent() {
    let Some(rehearsal) = deployed() else { return };
    let document = rehearsal.run(&["drift", "--strict", "-o", "json"]).expect(0).json();
    let coverage = &document["coverage"];
    assert_eq!((&document["findings"], &coverage["skipped"]), (&json!([]), &json!([])));
    // The endpoint, two networks, two rules and two routes.
    assert_eq!((&coverage["by_reader"]["ec2"], coverage["unread_properties"].get(VPN)), (&json!(16), None));
}

#[test]
fn an_authorization_rule_that_nobody_declared_is_found_and_matters_most() {
    let Some(rehearsal) = deployed() else { return };
    let everywhere = json!({"TargetNetworkCidr": "0.0.0.0/0", "AuthorizeAllGroups": true, "Description": "mine"});
    let found = only(&rehearsal, &[call("authorize_client_vpn_ingress", everywhere)]);
    assert_eq!(short(&found), told(VPN, "added", &["AuthorizationRules"]));
    let actual = &found["actual"];
    assert_eq!((&actual["TargetNetworkCidr"], &actual["Description"]), (&json!("0.0.0.0/0"), &json!("mine")));
    assert_eq!((&found["expected"], &found["severity"]), (&Value::Null, &json!("high")));
}

#[test]
fn a_rule_for_one_group_is_another_one_than_that_for_all() {
    let Some(rehearsal) = deployed() else { return };
    let admins = json!({"TargetNetworkCidr": BEYOND, "AccessGroupId": "admins"});
    let found = only(&rehearsal, &[call("authorize_client_vpn_ingress", admins)]);
    assert_eq!(short(&found), told(VPN, "added", &["AuthorizationRules"]));
    assert_eq!(
        (&found["actual"]["AccessGroupId"], &found["actual"]["TargetNetworkCidr"]),
        (&json!("admins"), &json!(BEYOND))
    );
}

#[test]
fn an_authorization_rule_that_was_revoked_is_gone() {
    let Some(rehearsal) = deployed() else { return };
    let rule = json!({"TargetNetworkCidr": BEYOND, "RevokeAllGroups": true});
    let found = only(&rehearsal, &[call("revoke_client_vpn_ingress", rule)]);
    assert_eq!(short(&found), told("acme-llm-access/ClientVpnTo10x80x0x0m16", "deleted", &[]));
    let command = found["command"].as_str().unwrap();
    assert!(
        command.starts_with("aws ec2 authorize-client-vpn-ingress --client-vpn-endpoint-id cvpn-endpoint-"),
        "{command}"
    );
    assert!(command.contains(" --target-network-cidr 10.80.0.0/16 --"), "{command}");
    let text = fs_err::read_to_string(rehearsal.path("gwinfra.yaml")).unwrap();
    let line = found["source"][0]["line"].as_u64().unwrap() as usize;
    assert!(text.lines().nth(line - 1).unwrap().contains("authorize:"), "{found:#}");
}

#[test]
fn an_authorization_rule_whose_description_is_another_one_has_changed() {
    let Some(rehearsal) = deployed() else { return };
    let rule = |more: Value| {
        let mut with = json!({"TargetNetworkCidr": BEYOND});
        with.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        with
    };
    let found = only(
        &rehearsal,
        &[
            call("revoke_client_vpn_ingress", rule(json!({"RevokeAllGroups": true}))),
            call("authorize_client_vpn_ingress", rule(json!({"AuthorizeAllGroups": true, "Description": "mine"}))),
        ],
    );
    assert_eq!(short(&found), told("acme-llm-access/ClientVpnTo10x80x0x0m16", "changed", &["Description"]));
    assert_eq!((&found["expected"], &found["actual"]), (&json!("All authenticated clients"), &json!("mine")));
}

#[test]
fn a_route_that_nobody_declared_is_found() {
    let Some(rehearsal) = deployed() else { return };
    let route = json!({"DestinationCidrBlock": "0.0.0.0/0", "TargetVpcSubnetId": "{acme-llm-network.PrivateSubnetA}"});
    let found = only(&rehearsal, &[call("create_client_vpn_route", route)]);
    assert_eq!(short(&found), told(VPN, "added", &["Routes"]));
    assert_eq!(found["actual"]["DestinationCidrBlock"], "0.0.0.0/0");
    assert!(found["actual"]["TargetVpcSubnetId"].as_str().unwrap().starts_with("subnet-"), "{found:#}");
}

#[test]
fn a_route_that_was_deleted_is_gone() {
    let Some(rehearsal) = deployed() else { return };
    let route = json!({"DestinationCidrBlock": BEYOND, "TargetVpcSubnetId": "{acme-llm-network.PrivateSubnetA}"});
    let found = only(&rehearsal, &[call("delete_client_vpn_route", route)]);
    assert_eq!(short(&found), told("acme-llm-access/ClientVpnRoute10x80x0x0m16Via1", "deleted", &[]));
    let command = found["command"].as_str().unwrap();
    assert!(
        command.starts_with("aws ec2 create-client-vpn-route --client-vpn-endpoint-id cvpn-endpoint-"),
        "{command}"
    );
}

#[test]
fn an_association_that_was_taken_away_is_gone() {
    let Some(rehearsal) = deployed() else { return };
    let association = json!({"AssociationId": "{acme-llm-access.ClientVpnSubnet2}"});
    let found = only(&rehearsal, &[call("disassociate_client_vpn_target_network", association)]);
    assert_eq!(short(&found), told("acme-llm-access/ClientVpnSubnet2", "deleted", &[]));
}

#[test]
fn a_network_that_nobody_associated_from_here_is_found() {
    let Some(rehearsal) = deployed() else { return };
    let id = subnet(&rehearsal);
    let found = only(&rehearsal, &[call("associate_client_vpn_target_network", json!({"SubnetId": id}))]);
    assert_eq!(short(&found), told(VPN, "added", &["Associations"]));
    assert_eq!((&found["expected"], &found["actual"]["SubnetId"]), (&Value::Null, &json!(id)));
}

#[test]
fn properties_of_the_endpoint_that_were_changed_are_found_with_both_values() {
    let Some(rehearsal) = deployed() else { return };
    let changes = json!({"SplitTunnel": false, "SessionTimeoutHours": 24, "SelfServicePortal": "enabled"});
    inject(&rehearsal, &json!([call("modify_client_vpn_endpoint", changes)]));
    let found = findings(&rehearsal, 2);
    let mut all: Vec<_> =
        found.iter().map(|one| (short(one), one["expected"].clone(), one["actual"].clone())).collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    let own = |property: &str, expected: Value, actual: Value| (told(VPN, "changed", &[property]), expected, actual);
    assert_eq!(
        all,
        [
            own("SelfServicePortal", json!("disabled"), json!("enabled")),
            own("SessionTimeoutHours", json!(8), json!(24)),
            own("SplitTunnel", json!(true), json!(false)),
        ]
    );
}

#[test]
fn who_gets_in_by_another_certificate_is_found_and_matters_most() {
    let Some(rehearsal) = deployed() else { return };
    let other = "arn:aws:acm:us-east-1:111122223333:certificate/0a1b2c3d";
    let found = only(&rehearsal, &[call("modify_client_vpn_endpoint", json!({"ServerCertificateArn": other}))]);
    assert_eq!(short(&found), told(VPN, "changed", &["ServerCertificateArn"]));
    let expected = "arn:aws:acm:us-east-1:111122223333:certificate/server";
    assert_eq!(
        (&found["expected"], &found["actual"], &found["severity"]),
        (&json!(expected), &json!(other), &json!("high"))
    );
}
