//! Subscription filters that nobody declared: they send copies of logs away.

use futures::StreamExt;
use serde_json::Value;

use super::{Looked, Owner, level_of_arn};
use crate::aws::Session;
use crate::drift::{Addition, Reader};

/// The most log groups that are asked at the same time. CloudWatch Logs answers few of these calls a second.
const AT_ONCE: usize = 2;

/// A log group, and the subscription filters that are declared for it.
#[derive(Debug, Clone)]
pub(in crate::engine) struct LogGroup {
    pub owner: Owner,
    /// Its name.
    pub name: String,
    /// Names of filters.
    pub filters: Vec<String>,
}

pub(super) async fn look(session: &Session, groups: &[LogGroup]) -> Looked {
    let mut looked = Looked::default();
    let asked = futures::stream::iter(groups).map(|group| session.logs().subscription_filters(&group.name));
    let answers: Vec<_> = asked.buffered(AT_ONCE).collect().await;
    for (group, answer) in groups.iter().zip(answers) {
        match answer {
            Ok(filters) => {
                for filter in filters.into_iter().filter(|filter| !group.filters.contains(&filter.name)) {
                    let destination = filter.properties.get("DestinationArn").and_then(Value::as_str);
                    let level = level_of_arn(destination.unwrap_or_default(), session);
                    let more = (filter.properties, Addition::subscription_filter(&group.name, &filter.name));
                    looked.added_at(level, &group.owner, "SubscriptionFilters", more, Reader::Logs);
                }
            }
            Err(error) => looked.skip(&group.owner, "subscription filters", error),
        }
    }
    looked
}
