//! Bounds of the middleware that follow from what is around it: its container's memory, and the load balancer's patience.

use crate::spec::Spec;

/// Largest request body and session, in MiB: the middleware's own default.
const LARGEST_BODY_MIB: u32 = 32;
/// How much earlier than the load balancer the middleware gives up where it can, in seconds: its answer says what happened.
const MARGIN_SECONDS: u32 = 5;

/// Memory for request bodies in a container with that much memory, both in MiB.
///
/// The largest request of a session takes five times its body: the body, its messages, the session, and both once more
/// on their way to LiteLLM. An eighth of the memory for one, and a quarter for all, leave room for connections and streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyMemory {
    /// Of one body, and of one session.
    pub largest: u32,
    /// Of all together.
    pub all: u32,
}

impl BodyMemory {
    /// The memory for bodies in a container.
    pub fn of(container: u32) -> Self {
        Self { largest: (container / 8).clamp(1, LARGEST_BODY_MIB), all: (container / 4).max(1) }
    }
}

/// Longest wait of the middleware for LiteLLM, in seconds. `routing.timeout_seconds` is counted anew for each deployment that
/// LiteLLM tries; a load balancer that waits longer gives it time for the next.
pub fn request_timeout(spec: &Spec) -> u32 {
    let longest = spec.ingress.idle_timeout_seconds.saturating_sub(MARGIN_SECONDS);
    spec.routing.timeout_seconds.max(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middlewares_defaults_are_those_of_a_task_with_four_gibibytes() {
        assert_eq!(BodyMemory::of(4096 / 16), BodyMemory { largest: 32, all: 64 });
    }

    #[test]
    fn the_largest_request_of_a_session_fits_into_the_smallest_container() {
        for container in [64, 128, 256, 512, 1024] {
            let BodyMemory { largest, all } = BodyMemory::of(container);
            assert!(5 * largest < container && all < container, "{container} MiB");
        }
    }
}
