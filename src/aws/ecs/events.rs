//! What a service says of itself.

use super::Ecs;
use crate::aws::Result;
use crate::aws::classify::plain;
use crate::aws::time::rfc3339;

/// An event of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceEvent {
    /// When, RFC 3339.
    pub at: Option<String>,
    /// ECS's words, without the name of the service before them.
    pub message: String,
}

impl Ecs {
    /// The last events of a service, newest first: ECS keeps 100 of them. None when there is no such service.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn service_events(&self, cluster: &str, service: &str) -> Result<Vec<ServiceEvent>> {
        let events = self.described(cluster, service).await?.and_then(|found| found.events).unwrap_or_default();
        let event = |event: aws_sdk_ecs::types::ServiceEvent| ServiceEvent {
            at: rfc3339(event.created_at.as_ref()),
            message: without_name(&plain(event.message.as_deref().unwrap_or_default())),
        };
        Ok(events.into_iter().map(event).collect())
    }
}

/// `(service acme) was unable ...` and `service acme was unable ...` without their beginnings.
fn without_name(message: &str) -> String {
    let rest = message.strip_prefix("(service ").and_then(|rest| rest.split_once(") ")).map(|(_, rest)| rest);
    let plain = || message.strip_prefix("service ")?.split_once(' ').map(|(_, rest)| rest);
    rest.or_else(plain).unwrap_or(message).to_owned()
}

#[cfg(test)]
mod tests {
    use super::without_name;

    #[test]
    fn the_name_of_the_service_is_left_out() {
        let words = "was unable to place a task. Reason: Capacity is unavailable at this time.";
        assert_eq!(without_name(&format!("(service acme-llm) {words}")), words);
        assert_eq!(without_name(&format!("service acme-llm {words}")), words);
        assert_eq!(without_name("something else"), "something else");
    }
}
