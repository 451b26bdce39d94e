//! CloudWatch Logs: what a container has written last.

use super::Result;
use super::call::Caller;
use super::classify::plain;

/// Most pages that are read: those at the end of a stream may be empty.
const PAGES: usize = 5;

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
}
