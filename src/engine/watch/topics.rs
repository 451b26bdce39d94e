//! Subscriptions of topics that nobody declared.

use serde_json::Value;

use super::{Looked, Owner, level_of_arn};
use crate::aws::Session;
use crate::drift::{Addition, Reader};

/// A topic, and its subscriptions.
#[derive(Debug, Clone)]
pub(in crate::engine) struct Topic {
    pub owner: Owner,
    /// Its ARN.
    pub arn: String,
    /// Protocols and endpoints that are declared.
    pub declared: Vec<(String, String)>,
    /// What the Cloud Control API has given of its subscriptions: protocols and endpoints, also of those that nobody has
    /// confirmed.
    pub subscriptions: Vec<Value>,
}

pub(super) fn look(session: &Session, topics: &[Topic]) -> Looked {
    let mut looked = Looked::default();
    for topic in topics {
        for subscription in &topic.subscriptions {
            let text = |name: &str| subscription.get(name).and_then(Value::as_str).unwrap_or_default();
            let (protocol, endpoint) = (text("Protocol"), text("Endpoint"));
            let is_it = |(own, to): &(String, String)| own == protocol && to.eq_ignore_ascii_case(endpoint);
            if !topic.declared.iter().any(is_it) {
                let more = (subscription.clone(), Addition::subscription(&topic.arn, protocol, endpoint));
                let level = level_of_arn(endpoint, session);
                looked.added_at(level, &topic.owner, "Subscription", more, Reader::CloudControl);
            }
        }
    }
    looked
}
