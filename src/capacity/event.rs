//! What happens, in the order of time.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::answer::Answer;

/// A request on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Call {
    /// When it arrived at the gateway, in nanoseconds.
    pub arrived: u64,
    /// Tries that failed.
    pub failures: u8,
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// A request arrives at the gateway.
    Arrive,
    /// LiteLLM looks for a deployment.
    Route(Call),
    /// A deployment has answered.
    Answered {
        /// Index of the deployment.
        deployment: usize,
        /// When the deployment took the request.
        started: u64,
        /// The answer.
        answer: Answer,
    },
}

/// What is to happen. Of events at one time, those that were added earlier happen earlier.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    heap: BinaryHeap<Reverse<Entry>>,
    added: u64,
}

impl Agenda {
    /// Adds an event at a time.
    pub fn add(&mut self, at: u64, event: Event) {
        self.heap.push(Reverse(Entry { at, order: self.added, event }));
        self.added += 1;
    }

    /// The next event and its time.
    pub fn next(&mut self) -> Option<(u64, Event)> {
        self.heap.pop().map(|Reverse(entry)| (entry.at, entry.event))
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Entry {
    at: u64,
    order: u64,
    event: Event,
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(arrived: u64) -> Event {
        Event::Route(Call { arrived, failures: 0 })
    }

    #[test]
    fn events_happen_by_time_and_then_by_when_they_were_added() {
        let mut agenda = Agenda::default();
        agenda.add(2, route(0));
        agenda.add(1, route(1));
        agenda.add(1, route(2));
        agenda.add(0, Event::Arrive);
        let all: Vec<_> = std::iter::from_fn(|| agenda.next()).collect();
        assert_eq!(all, [(0, Event::Arrive), (1, route(1)), (1, route(2)), (2, route(0))]);
    }
}
