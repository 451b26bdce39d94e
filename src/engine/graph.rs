//! Runs steps in dependency order with as much in parallel as the graph allows.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use futures::StreamExt;
use futures::stream::FuturesUnordered;

/// A step and the steps that must be done before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Unique name.
    pub name: String,
    /// Names of steps that must succeed first. Names that are not in the graph count as done.
    pub after: BTreeSet<String>,
}

/// How a step ended.
#[derive(Debug)]
pub enum Ended<E> {
    /// It succeeded.
    Done,
    /// It failed.
    Failed(E),
    /// It was not started: a step before it failed, or the run was cancelled.
    NotStarted,
}

/// Runs every step whose predecessors succeeded. A failure keeps the steps that depend on it from starting; the others
/// go on. No step starts once `cancelled` answers true.
pub async fn run<E, F, Fut>(steps: &[Step], cancelled: impl Fn() -> bool, run: F) -> BTreeMap<String, Ended<E>>
where
    F: Fn(String) -> Fut,
    Fut: Future<Output = Result<(), E>>,
{
    let names: BTreeSet<&str> = steps.iter().map(|step| step.name.as_str()).collect();
    let mut waiting: Vec<(&Step, BTreeSet<&str>)> = steps
        .iter()
        .map(|step| (step, step.after.iter().map(String::as_str).filter(|name| names.contains(name)).collect()))
        .collect();
    let mut ended = BTreeMap::new();
    let mut running = FuturesUnordered::new();
    loop {
        if !cancelled() {
            let mut index = 0;
            while index < waiting.len() {
                if waiting[index].1.is_empty() {
                    let (step, _) = waiting.remove(index);
                    let name = step.name.clone();
                    let future = run(name.clone());
                    running.push(async move { (name, future.await) });
                } else {
                    index += 1;
                }
            }
        }
        let Some((name, result)) = running.next().await else { break };
        match result {
            Ok(()) => {
                for (_, before) in &mut waiting {
                    before.remove(name.as_str());
                }
                ended.insert(name, Ended::Done);
            }
            Err(error) => {
                ended.insert(name, Ended::Failed(error));
            }
        }
    }
    for (step, _) in waiting {
        ended.insert(step.name.clone(), Ended::NotStarted);
    }
    ended
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn step(name: &str, after: &[&str]) -> Step {
        Step { name: name.to_owned(), after: after.iter().map(|&name| name.to_owned()).collect() }
    }

    async fn order_of(steps: &[Step], failing: &str) -> (Vec<String>, BTreeMap<String, Ended<String>>) {
        let order = Mutex::new(Vec::new());
        let ended = run(
            steps,
            || false,
            |name| {
                order.lock().unwrap().push(name.clone());
                async move { if name == failing { Err(name) } else { Ok(()) } }
            },
        )
        .await;
        (order.into_inner().unwrap(), ended)
    }

    #[tokio::test]
    async fn a_step_starts_after_those_it_names() {
        let steps = [step("data", &["network"]), step("network", &["foundation"]), step("foundation", &[])];
        let (order, _) = order_of(&steps, "").await;
        assert_eq!(order, ["foundation", "network", "data"]);
    }

    #[tokio::test]
    async fn a_failure_keeps_back_only_what_depends_on_it() {
        let steps = [step("network", &[]), step("data", &["network"]), step("bedrock", &[])];
        let (order, ended) = order_of(&steps, "network").await;
        assert_eq!(order, ["network", "bedrock"]);
        assert!(matches!(ended["data"], Ended::NotStarted));
        assert!(matches!(ended["bedrock"], Ended::Done));
    }

    #[tokio::test]
    async fn steps_without_an_order_run_at_the_same_time() {
        let barrier = tokio::sync::Barrier::new(2);
        let steps = [step("a", &[]), step("b", &[])];
        let ended = run(
            &steps,
            || false,
            |_| async {
                barrier.wait().await;
                Ok::<(), String>(())
            },
        )
        .await;
        assert_eq!(ended.len(), 2);
    }

    #[tokio::test]
    async fn nothing_starts_after_a_cancellation() {
        let ended = run(&[step("a", &[])], || true, |_| async { Ok::<(), String>(()) }).await;
        assert!(matches!(ended["a"], Ended::NotStarted));
    }

    #[tokio::test]
    async fn a_predecessor_that_is_not_in_the_graph_counts_as_done() {
        let (order, _) = order_of(&[step("gateway", &["config"])], "").await;
        assert_eq!(order, ["gateway"]);
    }
}
