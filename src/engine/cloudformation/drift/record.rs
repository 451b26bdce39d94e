//! Records of DNS, which the Cloud Control API cannot read: Route 53 does.

use serde_json::{Value, json};

use super::stack::Read;
use crate::aws::route53::{Route53, plain_name};
use crate::drift::Reader;

/// The type of a record.
pub(super) const RECORD: &str = "AWS::Route53::RecordSet";

/// What is read of one. Records by place are not among them, and Route 53 keeps no comments.
pub(super) const COVERED: [&str; 12] = [
    "HostedZoneId",
    "Name",
    "Type",
    "TTL",
    "ResourceRecords",
    "AliasTarget",
    "SetIdentifier",
    "Weight",
    "Region",
    "Failover",
    "MultiValueAnswer",
    "HealthCheckId",
];

/// Reads a record.
pub(super) async fn read(route53: &Route53, declared: &Value) -> Read {
    let text = |name: &str| declared.get(name).and_then(Value::as_str);
    let (Some(zone), Some(name), Some(kind)) = (text("HostedZoneId"), text("Name"), text("Type")) else {
        return Read::Unread(format!("{RECORD} is read by HostedZoneId, Name and Type"));
    };
    match route53.records(zone, name, kind).await {
        Ok(records) => {
            let own = records.into_iter().find(|record| record.set.as_deref() == text("SetIdentifier"));
            own.map_or(Read::Gone(Reader::Route53), |record| Read::There(record.properties, Reader::Route53))
        }
        Err(error) => Read::Unread(error.to_string()),
    }
}

/// What is there, with names as the template spells them where they mean the same.
pub(super) fn spelled(actual: &Value, declared: &Value) -> Value {
    let mut actual = actual.clone();
    for path in ["/Name", "/AliasTarget/DNSName"] {
        let (Some(own), Some(wanted)) = (actual.pointer_mut(path), declared.pointer(path)) else { continue };
        if let (Some(name), Some(other)) = (own.as_str(), wanted.as_str())
            && target(name) == target(other)
        {
            *own = json!(other);
        }
    }
    actual
}

/// What a name leads to: that of a load balancer with `dualstack.` before it has the same addresses of version 4.
fn target(name: &str) -> String {
    let name = plain_name(name);
    name.strip_prefix("dualstack.").map_or(name.clone(), ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alias(name: &str) -> Value {
        json!({"Name": "llm.example.com", "AliasTarget": {"DNSName": name}})
    }

    #[test]
    fn a_name_in_other_letters_or_by_its_other_name_is_the_same() {
        let declared = alias("Acme-1.us-east-1.elb.amazonaws.com");
        assert_eq!(spelled(&alias("dualstack.acme-1.us-east-1.elb.amazonaws.com"), &declared), declared);
    }

    #[test]
    fn another_name_stays_another() {
        let elsewhere = alias("elsewhere.us-east-1.elb.amazonaws.com");
        assert_eq!(spelled(&elsewhere, &alias("acme-1.us-east-1.elb.amazonaws.com")), elsewhere);
    }
}
