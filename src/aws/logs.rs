//! CloudWatch Logs: what a container has written last.

use super::Result;
use super::call::Caller;
use super::classify::plain;

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
        let answer = self
            .caller
            .call("GetLogEvents", stream, || {
                self.client
                    .get_log_events()
                    .log_group_name(group)
                    .log_stream_name(stream)
                    .start_from_head(false)
                    .limit(i32::from(lines))
                    .send()
            })
            .await;
        match answer {
            Ok(answer) => {
                let events = answer.events.unwrap_or_default().into_iter();
                Ok(events.filter_map(|event| event.message).map(|message| plain(message.trim_end())).collect())
            }
            Err(error) if error.is("ResourceNotFoundException") => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}
