//! CloudWatch Logs: what a container has written last, and who is sent copies.

use serde_json::{Value, json};

use super::Result;
use super::call::Caller;
use super::classify::plain;

/// Most pages that are read: those at the end of a stream may be empty.
const PAGES: usize = 5;

/// What sends a copy of a log group's lines somewhere.
#[derive(Debug, Clone, PartialEq)]
pub struct SubscriptionFilter {
    /// Name, which is its own in the group.
    pub name: String,
    /// As properties of `AWS::Logs::SubscriptionFilter`, without the group and the name.
    pub properties: Value,
}

/// CloudWatch Logs in one account and region.
#[derive(Debug)]
pub struct Logs {
    client: aws_sdk_cloudwatchlogs::Client,
    caller: Caller,
}

impl Logs {
    pub(super) fn new(client: aws_sdk_cloudwatchlogs::Client, caller: Caller) -> Self {
        Self { client, caller }
    }

    /// The last lines of a stream, oldest first; none when there is no such group or stream.
    ///
    /// # Errors
    /// When the call fails for another reason.
    pub async fn last_lines(&self, group: &str, stream: &str, lines: u16) -> Result<Vec<String>> {
        let mut token: Option<String> = None;
        for _ in 0..PAGES {
            let answer = self
                .caller
                .call("GetLogEvents", stream, || {
                    self.client
                        .get_log_events()
                        .log_group_name(group)
                        .log_stream_name(stream)
                        .start_from_head(false)
                        .limit(i32::from(lines))
                        .set_next_token(token.clone())
                        .send()
                })
                .await;
            let answer = match answer {
                Ok(answer) => answer,
                Err(error) if error.is("ResourceNotFoundException") => return Ok(Vec::new()),
                Err(error) => return Err(error),
            };
            let events = answer.events.unwrap_or_default();
            // The same token again says that there is nothing before.
            if !events.is_empty() || answer.next_backward_token.is_none() || answer.next_backward_token == token {
                let messages = events.into_iter().filter_map(|event| event.message);
                return Ok(messages.map(|message| plain(message.trim_end())).collect());
            }
            token = answer.next_backward_token;
        }
        Ok(Vec::new())
    }

    /// The subscription filters of a log group; none when there is no such group.
    ///
    /// # Errors
    /// When the call fails for another reason.
    pub async fn subscription_filters(&self, group: &str) -> Result<Vec<SubscriptionFilter>> {
        let mut found = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let answer = self
                .caller
                .call("DescribeSubscriptionFilters", group, || {
                    let call = self.client.describe_subscription_filters().log_group_name(group);
                    call.set_next_token(token.clone()).send()
                })
                .await;
            let answer = match answer {
                Err(error) if error.is("ResourceNotFoundException") => return Ok(found),
                other => other?,
            };
            found.extend(answer.subscription_filters.unwrap_or_default().into_iter().filter_map(filter));
            token = answer.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(found);
            }
        }
    }
}

fn filter(one: aws_sdk_cloudwatchlogs::types::SubscriptionFilter) -> Option<SubscriptionFilter> {
    let mut properties = json!({"DestinationArn": one.destination_arn, "FilterPattern": one.filter_pattern});
    let distribution = one.distribution.map(|distribution| distribution.as_str().to_owned());
    for (name, value) in [("RoleArn", one.role_arn), ("Distribution", distribution)] {
        if let Some(value) = value {
            properties[name] = json!(value);
        }
    }
    Some(SubscriptionFilter { name: one.filter_name?, properties })
}
