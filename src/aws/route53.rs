//! Route 53: the records of hosted zones, whose type has no handlers in the Cloud Control API.

use aws_sdk_route53::types::{ResourceRecordSet, RrType};
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
    fn a_name_is_the_same_however_route_53_writes_it() {
        assert_eq!(plain_name("LLM.Example.com."), "llm.example.com");
        assert_eq!(plain_name(r"\052.example.com."), "*.example.com");
        assert_eq!(plain_name(r"a\.example.com"), r"a\.example.com");
    }
}
