//! Route 53: the records of hosted zones, whose type has no handlers in the Cloud Control API.

use aws_sdk_route53::error::BuildError;
use aws_sdk_route53::types::{
    AliasTarget, Change, ChangeAction, ChangeBatch, ResourceRecord, ResourceRecordSet, RrType,
};
use serde_json::{Map, Value, json};

use super::Result;
use super::call::Caller;

/// A record, or one of several of the same name and type that a set identifier tells apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// What tells it apart from others of its name and type.
    pub set: Option<String>,
    /// Its properties, in the words of `AWS::Route53::RecordSet`; names in lower case, without the dot at their end.
    pub properties: Value,
}

/// Route 53 of one account.
#[derive(Debug)]
pub struct Route53 {
    client: aws_sdk_route53::Client,
    caller: Caller,
}

impl Route53 {
    pub(super) fn new(client: aws_sdk_route53::Client, caller: Caller) -> Self {
        Self { client, caller }
    }

    /// The records of a name and type in a zone; none when there is no such zone.
    ///
    /// # Errors
    /// When the call fails for another reason.
    pub async fn records(&self, zone: &str, name: &str, kind: &str) -> Result<Vec<Record>> {
        // The answer begins with them: one page has more than a name may have.
        let answer = self
            .caller
            .call("ListResourceRecordSets", name, || {
                self.client
                    .list_resource_record_sets()
                    .hosted_zone_id(zone)
                    .start_record_name(name)
                    .start_record_type(RrType::from(kind))
                    .send()
            })
            .await;
        let found = match answer {
            Err(error) if error.is("NoSuchHostedZone") => return Ok(Vec::new()),
            other => other?.resource_record_sets,
        };
        let is_wanted =
            |record: &ResourceRecordSet| plain_name(&record.name) == plain_name(name) && record.r#type.as_str() == kind;
        Ok(found.into_iter().filter(is_wanted).map(|record| of_zone(zone, record)).collect())
    }

    /// Makes a record, or changes the one of its name, type and set identifier to it.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn upsert(&self, record: &WritableRecord) -> Result<()> {
        let WritableRecord { zone, batch } = record;
        self.caller
            .call("ChangeResourceRecordSets", zone, || {
                self.client.change_resource_record_sets().hosted_zone_id(zone).change_batch(batch.clone()).send()
            })
            .await?;
        Ok(())
    }
}

/// Properties of a record that can be written. Records by place or by address are not among them.
const WRITTEN: [&str; 10] = [
    "HostedZoneId",
    "Name",
    "Type",
    "TTL",
    "ResourceRecords",
    "AliasTarget",
    "SetIdentifier",
    "Weight",
    "MultiValueAnswer",
    "HealthCheckId",
];

/// What a record is to be.
#[derive(Debug, Clone)]
pub struct WritableRecord {
    zone: String,
    batch: ChangeBatch,
}

impl WritableRecord {
    /// A record by properties in the words of `AWS::Route53::RecordSet`; `None` when one of them cannot be written whole.
    pub fn of(properties: &Value) -> Option<Self> {
        let known = properties.as_object()?.keys().all(|name| WRITTEN.contains(&name.as_str()));
        let zone = text(properties, "HostedZoneId")?;
        let batch = known.then(|| batch(properties)?.ok()).flatten()?;
        Some(Self { zone, batch })
    }
}

/// `None` when a property has another form than Route 53 takes.
fn batch(properties: &Value) -> Option<std::result::Result<ChangeBatch, BuildError>> {
    let number = |name: &str| match properties.get(name) {
        None => Some(None),
        Some(_) => text(properties, name)?.parse::<i64>().ok().map(Some),
    };
    let target = match properties.get("AliasTarget") {
        None => None,
        Some(target) => {
            Some((text(target, "HostedZoneId")?, text(target, "DNSName")?, flag(target, "EvaluateTargetHealth")))
        }
    };
    let values = match properties.get("ResourceRecords") {
        None => None,
        Some(values) => {
            let values = values.as_array()?.iter().map(|value| value.as_str().map(ToOwned::to_owned));
            Some(values.collect::<Option<Vec<String>>>()?)
        }
    };
    let (ttl, weight) = (number("TTL")?, number("Weight")?);
    let (name, kind) = (text(properties, "Name")?, text(properties, "Type")?);
    let build = || {
        let mut set = ResourceRecordSet::builder()
            .name(name)
            .r#type(RrType::from(kind.as_str()))
            .set_ttl(ttl)
            .set_weight(weight)
            .set_set_identifier(text(properties, "SetIdentifier"))
            .set_health_check_id(text(properties, "HealthCheckId"));
        if properties.get("MultiValueAnswer").is_some() {
            set = set.multi_value_answer(flag(properties, "MultiValueAnswer"));
        }
        for value in values.into_iter().flatten() {
            set = set.resource_records(ResourceRecord::builder().value(value).build()?);
        }
        if let Some((zone, name, healthy)) = target {
            let alias = AliasTarget::builder().hosted_zone_id(zone).dns_name(name).evaluate_target_health(healthy);
            set = set.alias_target(alias.build()?);
        }
        let change = Change::builder().action(ChangeAction::Upsert).resource_record_set(set.build()?).build()?;
        ChangeBatch::builder().changes(change).build()
    };
    Some(build())
}

/// A text, or a number or truth value as one: templates write either.
fn text(value: &Value, name: &str) -> Option<String> {
    match value.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Object(_) | Value::Array(_) | Value::Null => None,
        other => Some(other.to_string()),
    }
}

fn flag(value: &Value, name: &str) -> bool {
    text(value, name).as_deref() == Some("true")
}

/// A name as Route 53 means it: in lower case, without the dot at its end, and with every character itself.
pub fn plain_name(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut rest = name.trim_end_matches('.');
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        // Route 53 gives what is no letter, digit, hyphen or underscore as three octal digits.
        let code = rest.get(at + 1..at + 4).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match code {
            Some(code) => {
                out.push(char::from(code));
                rest = &rest[at + 4..];
            }
            None => {
                out.push('\\');
                rest = &rest[at + 1..];
            }
        }
    }
    out.push_str(rest);
    out.to_ascii_lowercase()
}

fn of_zone(zone: &str, record: ResourceRecordSet) -> Record {
    let mut properties = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        properties.extend(value.map(|value| (name.to_owned(), value)));
    };
    put("HostedZoneId", Some(json!(zone)));
    put("Name", Some(json!(plain_name(&record.name))));
    put("Type", Some(json!(record.r#type.as_str())));
    // The type has it as a text.
    put("TTL", record.ttl.map(|ttl| json!(ttl.to_string())));
    let values = record.resource_records.filter(|values| !values.is_empty());
    put("ResourceRecords", values.map(|values| values.into_iter().map(|one| json!(one.value)).collect()));
    put(
        "AliasTarget",
        record.alias_target.map(|target| {
            json!({
                "DNSName": plain_name(&target.dns_name),
                "HostedZoneId": target.hosted_zone_id,
                "EvaluateTargetHealth": target.evaluate_target_health,
            })
        }),
    );
    put("SetIdentifier", record.set_identifier.as_ref().map(|set| json!(set)));
    put("Weight", record.weight.map(|weight| json!(weight)));
    put("Region", record.region.map(|region| json!(region.as_str())));
    put("Failover", record.failover.map(|failover| json!(failover.as_str())));
    put("MultiValueAnswer", record.multi_value_answer.map(|answer| json!(answer)));
    put("HealthCheckId", record.health_check_id.map(|check| json!(check)));
    Record { set: record.set_identifier, properties: Value::Object(properties) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_written_as_its_template_has_it() {
        let alias = json!({"HostedZoneId": "Z35", "DNSName": "a.elb.amazonaws.com", "EvaluateTargetHealth": "true"});
        let declared = json!({"HostedZoneId": "Z1", "Name": "llm.example.com", "Type": "A", "AliasTarget": alias});
        let record = WritableRecord::of(&declared).unwrap();
        let [change] = record.batch.changes() else { panic!("{record:?}") };
        let set = change.resource_record_set().unwrap().clone();
        assert_eq!((record.zone.as_str(), change.action().as_str()), ("Z1", "UPSERT"));
        let mut written = declared.clone();
        written["AliasTarget"]["EvaluateTargetHealth"] = json!(true);
        assert_eq!(of_zone("Z1", set).properties, written);
    }

    #[test]
    fn what_cannot_be_written_whole_is_not_written() {
        let record = json!({"HostedZoneId": "Z1", "Name": "a", "Type": "A", "TTL": 60, "ResourceRecords": ["1.2.3.4"]});
        assert!(WritableRecord::of(&record).is_some());
        let with = |name: &str, value: Value| {
            let mut record = record.clone();
            record[name] = value;
            WritableRecord::of(&record).is_some()
        };
        assert!(!with("GeoLocation", json!({"CountryCode": "DE"})) && !with("TTL", json!("a while")));
    }

    #[test]
    fn a_name_is_the_same_however_route_53_writes_it() {
        assert_eq!(plain_name("LLM.Example.com."), "llm.example.com");
        assert_eq!(plain_name(r"\052.example.com."), "*.example.com");
        assert_eq!(plain_name(r"a\.example.com"), r"a\.example.com");
    }
}
