//! What a service says of itself: why it places no task at all, which no stopped task can tell.

use crate::aws::ecs::ServiceEvent;
use crate::diagnose::is_later;

/// Most events that are told.
const TOLD: usize = 3;

/// Parts of the words by which ECS says that something is wrong. The rest is about tasks that come and go.
const SIGNS: [&str; 4] = ["unable to", "unhealthy in", "limit", "failed container health checks"];

/// The same, where the tasks themselves or the deployment tell more.
const TOLD_ELSEWHERE: [&str; 1] = ["is unable to consistently start tasks successfully"];

/// What is wrong by the events since an operation began, newest first, what differs only in a task or a time once.
pub(super) fn troubles(events: Vec<ServiceEvent>, began: Option<&str>) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    for event in events {
        let words = event.message;
        let wrong = SIGNS.iter().any(|sign| words.contains(sign))
            && !TOLD_ELSEWHERE.iter().any(|words_of| words.contains(words_of));
        let known = told.iter().any(|other| alike(other) == alike(&words));
        if wrong && !known && is_later(event.at.as_deref(), began) && told.len() < TOLD {
            told.push(words);
        }
    }
    told
}

/// The words without what stands in parentheses: ids of tasks, targets, containers.
fn alike(words: &str) -> String {
    let mut depth = 0_usize;
    let keep = |character: &char| {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    };
    words.chars().filter(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(at: &str, message: &str) -> ServiceEvent {
        ServiceEvent { at: Some(at.to_owned()), message: message.to_owned() }
    }

    const LIMIT: &str =
        "was unable to place a task. Reason: You've reached the limit on the number of vCPUs you can run concurrently.";

    #[test]
    fn what_is_wrong_is_told_and_the_coming_and_going_of_tasks_is_not() {
        let events = vec![
            event("2026-01-01T00:01:00Z", "has started 2 tasks: (task 0a1b)."),
            event("2026-01-01T00:00:50Z", LIMIT),
            event(
                "2026-01-01T00:00:40Z",
                "is unable to consistently start tasks successfully. For more information, see",
            ),
            event("2026-01-01T00:00:30Z", "has reached a steady state."),
        ];
        assert_eq!(troubles(events, Some("2026-01-01T00:00:00Z")), [LIMIT]);
    }

    #[test]
    fn what_differs_in_a_task_only_is_told_once() {
        let of =
            |task: &str| format!("(port 4000) is unhealthy in (target-group {task}) due to (reason Request timed out)");
        let events = vec![event("2026-01-01T00:01:00Z", &of("a")), event("2026-01-01T00:00:50Z", &of("b"))];
        assert_eq!(troubles(events, None), [of("a")]);
    }

    #[test]
    fn what_was_wrong_before_the_operation_is_not_told() {
        assert!(troubles(vec![event("2026-01-01T00:00:00Z", LIMIT)], Some("2026-01-01T00:10:00Z")).is_empty());
    }
}
