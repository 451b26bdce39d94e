//! Policies of topics, whose type has no handlers. `AWS::SNS::TopicInlinePolicy` has, and is the policy of any topic: what
//! it reads is the topic's, whoever set it, and a topic with the policy that SNS gives to a new one has none.

use serde_json::{Value, json};

use super::reading::unread;
use super::stack::Read;
use crate::aws::cloudcontrol::CloudControl;
use crate::cfn::evaluate::is_known;
use crate::drift::Reader;

/// The type of a policy for several topics.
pub(super) const TYPE: &str = "AWS::SNS::TopicPolicy";
/// What is read of one.
pub(super) const COVERED: [&str; 2] = ["PolicyDocument", "Topics"];
/// The type of the policy of one topic, identified by its ARN.
const INLINE: &str = "AWS::SNS::TopicInlinePolicy";

/// The type as which the Cloud Control API writes a resource of a type.
pub(super) fn written_as(type_name: &str) -> &str {
    if type_name == TYPE { INLINE } else { type_name }
}

/// The policy of the only topic that a policy is for, as the Cloud Control API makes it; `None` where there are several.
pub(super) fn of_one_topic(declared: &Value) -> Option<Value> {
    let [topic] = declared.get("Topics")?.as_array()?.as_slice() else { return None };
    Some(json!({"TopicArn": topic, "PolicyDocument": declared.get("PolicyDocument")?}))
}

/// Reads the policy, with the topic's ARN where there is one topic.
pub(super) async fn read(control: &CloudControl, declared: &Value) -> (Option<String>, Read) {
    let named = declared.get("Topics").and_then(Value::as_array).filter(|topics| topics.iter().all(is_known));
    let topics: Vec<&str> = named.into_iter().flatten().filter_map(Value::as_str).collect();
    let mut found: Vec<(&str, Value)> = Vec::new();
    for topic in topics.iter().copied() {
        match control.get(INLINE, topic).await {
            Ok(Some(policy)) => {
                found.push((topic, policy.properties.get("PolicyDocument").cloned().unwrap_or_default()));
            }
            Ok(None) => {}
            Err(error) => return (None, unread(TYPE, &error)),
        }
    }
    if topics.is_empty() {
        return (None, Read::Unread(format!("{TYPE} is read by its topics, and they are not known")));
    }
    let only = <[&str; 1]>::try_from(topics).ok().map(|[topic]| topic.to_owned());
    // One policy that is another one is enough.
    let wanted = declared.get("PolicyDocument");
    let another = found.iter().find(|(_, policy)| Some(policy) != wanted).or(found.first());
    let Some((_, policy)) = another else { return (only, Read::Gone(Reader::CloudControl)) };
    let having: Vec<&str> = found.iter().map(|(topic, _)| *topic).collect();
    (only, Read::There(json!({"PolicyDocument": policy, "Topics": having}), Reader::CloudControl))
}
