//! Answers of the protocols that name their action: query, EC2 and JSON.

use serde_json::Value;

use super::http::HttpReply;
use super::service::{Lists, Protocol, Service};
use super::xml;

/// Writes the answer to `action`.
pub fn write(service: &Service, action: &str, reply: &Value, request_id: &str) -> HttpReply {
    match service.protocol {
        Protocol::Query { namespace } => query(namespace, action, reply, request_id, service.lists),
        Protocol::Ec2 { namespace } => ec2(namespace, action, reply, request_id),
        Protocol::Json { version, .. } => {
            // An operation without output answers with no body at all where AWS does: clients read `{}` the same.
            let body = if reply.is_null() { "{}".to_owned() } else { without_nulls(reply).to_string() };
            HttpReply::status(200)
                .with_body(&format!("application/x-amz-json-{version}"), body)
                .with_header("x-amzn-requestid", request_id)
        }
        Protocol::RestJson | Protocol::RestXml { .. } | Protocol::S3 => HttpReply::status(200)
            .with_body("application/json", without_nulls(reply).to_string())
            .with_header("x-amzn-requestid", request_id),
    }
}

fn query(namespace: &str, action: &str, reply: &Value, request_id: &str, lists: Lists) -> HttpReply {
    let mut out = format!("<{action}Response xmlns=\"{namespace}\">");
    if let Value::Object(members) = reply {
        out.push_str(&format!("<{action}Result>"));
        xml::write_members(&mut out, members, lists);
        out.push_str(&format!("</{action}Result>"));
    }
    out.push_str("<ResponseMetadata>");
    xml::leaf(&mut out, "RequestId", request_id);
    out.push_str(&format!("</ResponseMetadata></{action}Response>"));
    HttpReply::status(200).with_body("text/xml", out).with_header("x-amzn-requestid", request_id)
}

fn ec2(namespace: &str, action: &str, reply: &Value, request_id: &str) -> HttpReply {
    let mut out = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{action}Response xmlns=\"{namespace}\">");
    xml::leaf(&mut out, "requestId", request_id);
    if let Value::Object(members) = reply {
        xml::write_members(&mut out, members, Lists::Wrapped("item"));
    }
    out.push_str(&format!("</{action}Response>"));
    HttpReply::status(200).with_body("text/xml;charset=UTF-8", out).with_header("x-amzn-requestid", request_id)
}

/// The tree without members that are `null`: AWS leaves them out, and some clients do not accept them.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .iter()
                .filter(|(_, member)| !member.is_null())
                .map(|(name, member)| (name.clone(), without_nulls(member)))
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.iter().map(without_nulls).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn body(reply: HttpReply) -> String {
        String::from_utf8(reply.body.to_vec()).unwrap()
    }

    #[test]
    fn a_query_answer_has_result_and_metadata() {
        let text = body(query("urn:x", "GetThing", &json!({"Name": "a"}), "id", Lists::Wrapped("member")));
        assert_eq!(
            text,
            "<GetThingResponse xmlns=\"urn:x\"><GetThingResult><Name>a</Name></GetThingResult><ResponseMetadata><RequestId>id</RequestId>\
             </ResponseMetadata></GetThingResponse>"
        );
    }

    #[test]
    fn an_action_without_output_has_no_result() {
        let text = body(query("urn:x", "DeleteThing", &Value::Null, "id", Lists::Wrapped("member")));
        assert!(!text.contains("DeleteThingResult"), "{text}");
    }

    #[test]
    fn ec2_lists_have_items() {
        let text = body(ec2("urn:x", "DescribeVpcs", &json!({"vpcSet": [{"vpcId": "v"}]}), "id"));
        assert!(text.contains("<vpcSet><item><vpcId>v</vpcId></item></vpcSet>"), "{text}");
    }

    #[test]
    fn json_leaves_out_what_is_absent() {
        assert_eq!(without_nulls(&json!({"a": null, "b": [{"c": null}]})), json!({"b": [{}]}));
    }
}
