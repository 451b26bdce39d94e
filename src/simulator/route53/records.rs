//! The records of a zone: those of stacks, those by which CloudFormation validates certificates, and those that calls have
//! made. Every record here has the properties of its type; a call's answer has them in Route 53's own words.

use serde_json::{Map, Value, json};

use super::super::acm::{self, CERTIFICATE};
use super::super::protocol::{HttpRequest, xml};
use super::super::request::Fault;
use super::super::resource::{GLOBAL, Resource};
use super::super::world::World;
use super::{plain, reversed};

const SERVICE: &str = "route53";
const RECORD: &str = "AWS::Route53::RecordSet";

/// All records of a zone in Route 53's order: by labels from the last to the first, and by type.
pub(super) fn of_zone(world: &World, account: &str, zone: &Resource) -> Vec<Value> {
    let of_stacks = stacks(world, account, zone).map(|record| record.properties.clone());
    let mut all: Vec<Value> = of_stacks.chain(validations(world, account, zone)).collect();
    let changed = world.service(account, GLOBAL, SERVICE).as_object();
    for (key, record) in
        changed.into_iter().flatten().filter(|(key, _)| key.starts_with(&format!("{} ", zone.identifier)))
    {
        all.retain(|known| key_of(zone, known) != *key);
        all.extend((!record.is_null()).then(|| record.clone()));
    }
    all.sort_by_key(place);
    all
}

/// The records from where a call wants them on.
pub(super) fn from(world: &World, account: &str, zone: &Resource, request: &HttpRequest) -> Vec<Value> {
    let name = request.query("name").map(|name| reversed(&plain(name))).unwrap_or_default();
    let begin = (name, request.query("type").unwrap_or_default().to_owned());
    let all = of_zone(world, account, zone).into_iter();
    all.filter(|record| place(record) >= begin).map(|record| listed(&record)).collect()
}

/// Makes the changes of ChangeResourceRecordSets, all or none.
///
/// # Errors
/// When the body cannot be read, or a change does not fit what is there.
pub(super) fn change(world: &mut World, account: &str, zone: &Resource, body: &[u8]) -> Result<(), Fault> {
    let malformed = || Fault::new("MalformedInput", "The XML document could not be read");
    let (_, body) = std::str::from_utf8(body).ok().and_then(|text| xml::read(text).ok()).ok_or_else(malformed)?;
    let changes = body.pointer("/ChangeBatch/Changes").map(|changes| xml::items(changes, "Change")).unwrap_or_default();
    if changes.is_empty() {
        return Err(malformed());
    }
    let mut checked = Vec::new();
    for change in changes {
        let action = change.get("Action").and_then(Value::as_str).ok_or_else(malformed)?;
        let record = change.get("ResourceRecordSet").and_then(|record| read(zone, record)).ok_or_else(malformed)?;
        check(world, account, zone, action, &record)?;
        checked.push((action.to_owned(), record));
    }
    for (action, record) in checked {
        make(world, account, zone, &action, record);
    }
    world.touch();
    Ok(())
}

fn check(world: &World, account: &str, zone: &Resource, action: &str, record: &Value) -> Result<(), Fault> {
    let key = key_of(zone, record);
    let there = of_zone(world, account, zone).into_iter().find(|known| key_of(zone, known) == key);
    let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default();
    let named = format!("resource record set [name='{}.', type='{}']", plain(text("Name")), text("Type"));
    let refused = |words: String| Err(Fault::new("InvalidChangeBatch", format!("[{words}]")));
    match (action, there) {
        ("CREATE", Some(_)) => refused(format!("Tried to create {named} but it already exists")),
        ("DELETE", None) => refused(format!("Tried to delete {named} but it was not found")),
        ("DELETE", Some(known)) if listed(&known) != listed(record) => {
            refused(format!("Tried to delete {named} but the values provided do not match the current values"))
        }
        ("CREATE" | "DELETE" | "UPSERT", _) => Ok(()),
        _ => Err(Fault::new("InvalidInput", format!("Invalid action: {action}"))),
    }
}

fn make(world: &mut World, account: &str, zone: &Resource, action: &str, record: Value) {
    let key = key_of(zone, &record);
    let own = stacks(world, account, zone).find(|known| key_of(zone, &known.properties) == key).cloned();
    match (own, action) {
        (Some(own), "DELETE") => drop(world.remove(account, GLOBAL, RECORD, &own.identifier)),
        (Some(mut own), _) => {
            own.properties = record;
            world.put(account, GLOBAL, own);
        }
        (None, _) => {
            let changed = world.service_mut(account, GLOBAL, SERVICE);
            if !changed.is_object() {
                *changed = Value::Object(Map::new());
            }
            changed[key] = if action == "DELETE" { Value::Null } else { record };
        }
    }
}

fn stacks<'a>(world: &'a World, account: &str, zone: &'a Resource) -> impl Iterator<Item = &'a Resource> {
    let name = zone.text("Name").map(plain);
    world.resources_of(account, GLOBAL, RECORD).filter(move |record| {
        record.text("HostedZoneId") == Some(&zone.identifier)
            || record.text("HostedZoneName").is_some_and(|of| Some(plain(of)) == name)
    })
}

/// What CloudFormation writes for a certificate whose domain names the zone. Certificates of one domain share it.
fn validations(world: &World, account: &str, zone: &Resource) -> Vec<Value> {
    let mut found: Vec<Value> = Vec::new();
    for region in world.regions(account).filter(|region| *region != GLOBAL) {
        for certificate in world.resources_of(account, region, CERTIFICATE) {
            let options = certificate.property("DomainValidationOptions").and_then(Value::as_array);
            for option in
                options.into_iter().flatten().filter(|option| option["HostedZoneId"] == zone.identifier.as_str())
            {
                let Some(domain) = option["DomainName"].as_str() else { continue };
                let (name, value) = acm::validation_record(world, account, domain);
                let record = json!({"HostedZoneId": zone.identifier, "Name": name, "Type": "CNAME", "TTL": "300",
                    "ResourceRecords": [value]});
                if !found.contains(&record) {
                    found.push(record);
                }
            }
        }
    }
    found
}

fn place(record: &Value) -> (Vec<String>, String) {
    let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default();
    (reversed(&plain(text("Name"))), text("Type").to_owned())
}

fn key_of(zone: &Resource, record: &Value) -> String {
    let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default();
    format!("{} {} {} {}", zone.identifier, plain(text("Name")), text("Type"), text("SetIdentifier"))
}

/// A record of a call's body, with the properties of its type.
fn read(zone: &Resource, record: &Value) -> Option<Value> {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
    let mut properties =
        json!({"HostedZoneId": zone.identifier, "Name": plain(&text(record, "Name")?), "Type": text(record, "Type")?});
    for name in ["TTL", "SetIdentifier", "Weight"] {
        if let Some(value) = text(record, name) {
            properties[name] = json!(value);
        }
    }
    if let Some(values) = record.get("ResourceRecords") {
        let values = xml::items(values, "ResourceRecord").into_iter();
        properties["ResourceRecords"] = values.filter_map(|value| value.get("Value").cloned()).collect();
    }
    if let Some(target) = record.get("AliasTarget") {
        let healthy = text(target, "EvaluateTargetHealth").as_deref() == Some("true");
        properties["AliasTarget"] = json!({"HostedZoneId": text(target, "HostedZoneId")?,
            "DNSName": plain(&text(target, "DNSName")?), "EvaluateTargetHealth": healthy});
    }
    Some(properties)
}

/// A record as ListResourceRecordSets gives it.
fn listed(record: &Value) -> Value {
    let text =
        |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(|text| format!("{}.", plain(text)));
    let values = record.get("ResourceRecords").and_then(Value::as_array);
    let values: Vec<Value> = values.into_iter().flatten().map(|value| json!({"Value": value})).collect();
    let number = |name: &str| match record.get(name) {
        Some(Value::Number(number)) => json!(number.to_string()),
        other => other.cloned().unwrap_or_default(),
    };
    json!({
        "Name": text(record, "Name"),
        "Type": record.get("Type"),
        "SetIdentifier": record.get("SetIdentifier"),
        "Weight": number("Weight"),
        "TTL": number("TTL"),
        "ResourceRecords": if values.is_empty() { Value::Null } else { json!({"ResourceRecord": values}) },
        "AliasTarget": record.get("AliasTarget").map(|target| json!({
            "HostedZoneId": target.get("HostedZoneId"),
            "DNSName": text(target, "DNSName"),
            "EvaluateTargetHealth": target.get("EvaluateTargetHealth").is_some_and(|value| *value == json!(true) || *value == json!("true")),
        })),
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::clock::{Clock, Pace};
    use super::*;

    const HUB: &str = "111122223333";

    /// A zone with a record of a stack.
    fn world() -> (World, Resource) {
        let mut world = World::new(1, Clock::new(Pace::Fast));
        let now = world.now();
        let zone = Resource::new("AWS::Route53::HostedZone", "Z1", json!({"Id": "Z1", "Name": "example.com."}), now);
        world.put(HUB, GLOBAL, zone.clone());
        let record = json!({"HostedZoneId": "Z1", "Name": "llm.example.com", "Type": "CNAME", "TTL": 60,
            "ResourceRecords": ["a.example.net"]});
        world.put(HUB, GLOBAL, Resource::new(RECORD, "llm.example.com", record, now));
        (world, zone)
    }

    fn asked(world: &mut World, zone: &Resource, action: &str, name: &str, value: &str) -> Result<(), String> {
        let body = format!(
            "<ChangeResourceRecordSetsRequest><ChangeBatch><Changes><Change><Action>{action}</Action><ResourceRecordSet>\
             <Name>{name}</Name><Type>CNAME</Type><TTL>60</TTL><ResourceRecords><ResourceRecord><Value>{value}</Value>\
             </ResourceRecord></ResourceRecords></ResourceRecordSet></Change></Changes></ChangeBatch>\
             </ChangeResourceRecordSetsRequest>"
        );
        change(world, HUB, zone, body.as_bytes()).map_err(|fault| fault.message)
    }

    fn values(world: &World, zone: &Resource) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let all = of_zone(world, HUB, zone);
        all.iter().map(|record| (text(&record["Name"]), text(&record["ResourceRecords"][0]))).collect()
    }

    #[test]
    fn a_record_of_a_stack_is_changed_and_deleted_by_a_call() {
        let (mut world, zone) = world();
        asked(&mut world, &zone, "UPSERT", "llm.example.com.", "b.example.net").unwrap();
        assert_eq!(values(&world, &zone), [("llm.example.com".into(), "b.example.net".into())]);
        asked(&mut world, &zone, "DELETE", "llm.example.com.", "b.example.net").unwrap();
        assert_eq!(values(&world, &zone), []);
    }

    #[test]
    fn a_record_that_no_stack_has_is_kept_in_order_until_it_is_deleted() {
        let (mut world, zone) = world();
        asked(&mut world, &zone, "CREATE", "a.example.com", "c.example.net").unwrap();
        let names: Vec<String> = values(&world, &zone).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["a.example.com", "llm.example.com"]);
        asked(&mut world, &zone, "DELETE", "a.example.com", "c.example.net").unwrap();
        assert_eq!(values(&world, &zone).len(), 1);
    }

    #[test]
    fn a_change_that_does_not_fit_what_is_there_is_refused() {
        let (mut world, zone) = world();
        let exists = asked(&mut world, &zone, "CREATE", "llm.example.com", "b.example.net").unwrap_err();
        assert!(exists.contains("[name='llm.example.com.', type='CNAME'] but it already exists"), "{exists}");
        let other = asked(&mut world, &zone, "DELETE", "llm.example.com", "b.example.net").unwrap_err();
        assert!(other.contains("the values provided do not match the current values"), "{other}");
        let absent = asked(&mut world, &zone, "DELETE", "none.example.com", "b.example.net").unwrap_err();
        assert!(absent.contains("but it was not found"), "{absent}");
    }
}
