//! Route 53: hosted zones and their records. The actions are in method and path, so requests are read here.

mod records;

use serde_json::{Value, json};

use super::clock::iso8601;
use super::protocol::{HttpReply, HttpRequest, Lists, xml};
use super::request::Fault;
use super::resource::{GLOBAL, Resource};
use super::world::World;

const ZONE: &str = "AWS::Route53::HostedZone";
const NAMESPACE: &str = "https://route53.amazonaws.com/doc/2013-04-01/";
const API: &str = "/2013-04-01/";

/// The name of the action that a request asks for; `None` for those that are not modelled.
pub fn action(request: &HttpRequest) -> Option<&'static str> {
    let parts: Vec<&str> = request.path.strip_prefix(API)?.split('/').collect();
    match (request.method.as_str(), parts.as_slice()) {
        ("GET", ["hostedzonesbyname"]) => Some("ListHostedZonesByName"),
        ("GET", ["hostedzone"]) => Some("ListHostedZones"),
        ("GET", ["hostedzone", _]) => Some("GetHostedZone"),
        ("GET", ["hostedzone", _, "rrset"]) => Some("ListResourceRecordSets"),
        ("POST", ["hostedzone", _, "rrset"] | ["hostedzone", _, "rrset", ""]) => Some("ChangeResourceRecordSets"),
        ("GET", ["change", _]) => Some("GetChange"),
        _ => None,
    }
}

/// Answers a request whose action is modelled.
///
/// # Errors
/// When the zone does not exist, or a change does not fit what is there.
pub fn answer(world: &mut World, account: &str, request: &HttpRequest) -> Result<HttpReply, Fault> {
    let id = request.path.strip_prefix(API).and_then(|path| path.split('/').nth(1)).unwrap_or_default();
    match action(request) {
        Some("ListHostedZonesByName") => Ok(by_name(world, account, request)),
        Some("ListHostedZones") => {
            let zones =
                zones(world, account).into_iter().map(|zone| zone_json(world, account, zone)).collect::<Vec<_>>();
            let body = json!({"HostedZones": {"HostedZone": zones}, "IsTruncated": false, "MaxItems": "100"});
            Ok(document("ListHostedZonesResponse", &body))
        }
        Some("GetHostedZone") => {
            let zone = find(world, account, id)?;
            let servers = zone.property("NameServers").cloned().unwrap_or(json!([]));
            let body = json!({
                "HostedZone": zone_json(world, account, zone),
                "DelegationSet": {"NameServers": {"NameServer": servers}},
            });
            Ok(document("GetHostedZoneResponse", &body))
        }
        Some("GetChange") => {
            Ok(document("GetChangeResponse", &json!({"ChangeInfo": change_info(world, id, "INSYNC")})))
        }
        Some("ChangeResourceRecordSets") => {
            let zone = find(world, account, id)?.clone();
            records::change(world, account, &zone, &request.body)?;
            let id = format!("C{}", world.new_token(20).to_uppercase());
            let body = json!({"ChangeInfo": change_info(world, &id, "PENDING")});
            Ok(document("ChangeResourceRecordSetsResponse", &body))
        }
        _ => {
            let records = records::from(world, account, find(world, account, id)?, request);
            let body =
                json!({"ResourceRecordSets": {"ResourceRecordSet": records}, "IsTruncated": false, "MaxItems": "300"});
            Ok(document("ListResourceRecordSetsResponse", &body))
        }
    }
}

fn change_info(world: &World, id: &str, status: &str) -> Value {
    json!({"Id": format!("/change/{id}"), "Status": status, "SubmittedAt": iso8601(world.now())})
}

fn document(root: &str, body: &Value) -> HttpReply {
    let mut out = format!("<?xml version=\"1.0\"?>\n<{root} xmlns=\"{NAMESPACE}\">");
    if let Value::Object(members) = body {
        // Empty lists are still elements; repeated ones would vanish.
        for (name, value) in members {
            xml::write(&mut out, name, value, Lists::Repeated);
        }
    }
    out.push_str(&format!("</{root}>"));
    HttpReply::status(200).with_body("text/xml", out)
}

/// Zones in the order of ListHostedZonesByName: by labels from the last to the first.
fn zones<'a>(world: &'a World, account: &str) -> Vec<&'a Resource> {
    let mut zones: Vec<&Resource> = world.resources_of(account, GLOBAL, ZONE).collect();
    zones.sort_by_key(|zone| reversed(name(zone)));
    zones
}

fn reversed(name: &str) -> Vec<String> {
    name.trim_end_matches('.').rsplit('.').map(str::to_owned).collect()
}

/// A name without the dot at its end, in lower case.
fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

fn name(zone: &Resource) -> &str {
    zone.text("Name").unwrap_or_default()
}

fn find<'a>(world: &'a World, account: &str, id: &str) -> Result<&'a Resource, Fault> {
    world
        .resource(account, GLOBAL, ZONE, id)
        .ok_or_else(|| Fault::new("NoSuchHostedZone", format!("No hosted zone found with ID: {id}")).with_status(404))
}

fn zone_json(world: &World, account: &str, zone: &Resource) -> Value {
    json!({
        "Id": format!("/hostedzone/{}", zone.identifier),
        "Name": format!("{}.", name(zone).trim_end_matches('.')),
        "CallerReference": world.stable_token(&["zone", &zone.identifier], 32),
        "Config": {
            "Comment": zone.text("HostedZoneConfig.Comment"),
            "PrivateZone": zone.property("VPCs").is_some(),
        },
        // NS and SOA are in every zone.
        "ResourceRecordSetCount": records::of_zone(world, account, zone).len() + 2,
    })
}

fn by_name(world: &World, account: &str, request: &HttpRequest) -> HttpReply {
    let from = request.query("dnsname").unwrap_or_default();
    let maximum = request.query("maxitems").and_then(|text| text.parse::<usize>().ok()).unwrap_or(100);
    let mut following: Vec<&Resource> = zones(world, account)
        .into_iter()
        .filter(|zone| from.is_empty() || reversed(name(zone)) >= reversed(from))
        .collect();
    let next = following.get(maximum).map(|zone| (name(zone).to_owned(), zone.identifier.clone()));
    following.truncate(maximum);
    let listed: Vec<Value> = following.into_iter().map(|zone| zone_json(world, account, zone)).collect();
    let body = json!({
        "HostedZones": {"HostedZone": listed},
        "DNSName": (!from.is_empty()).then_some(from),
        "IsTruncated": next.is_some(),
        "NextDNSName": next.as_ref().map(|(name, _)| name),
        "NextHostedZoneId": next.as_ref().map(|(_, id)| id),
        "MaxItems": maximum.to_string(),
    });
    document("ListHostedZonesByNameResponse", &body)
}
