//! Several things at the same time.

use futures::StreamExt;

/// Runs at most so many futures at the same time, and gives their results in the futures' order. A slow one holds none of the
/// others up, as an ordered stream would.
pub(in crate::engine) async fn at_once<F: Future>(most: usize, futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let numbered = futures.into_iter().enumerate().map(|(number, future)| async move { (number, future.await) });
    let mut done: Vec<(usize, F::Output)> =
        futures::stream::iter(numbered).buffer_unordered(most.max(1)).collect().await;
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn a_slow_one_holds_none_of_the_others_up_and_the_order_stays() {
        let last_is_done = tokio::sync::Notify::new();
        let work = |number: u32| {
            let last_is_done = &last_is_done;
            async move {
                match number {
                    0 => last_is_done.notified().await,
                    4 => last_is_done.notify_one(),
                    _ => {}
                }
                number
            }
        };
        let done = tokio::time::timeout(std::time::Duration::from_secs(10), at_once(2, (0..5).map(work))).await;
        assert_eq!(done.unwrap(), [0, 1, 2, 3, 4]);
    }

    #[tokio::test]
    async fn no_more_than_so_many_run() {
        let (running, most) = (Cell::new(0), Cell::new(0));
        let work = |_: u32| async {
            running.set(running.get() + 1);
            most.set(most.get().max(running.get()));
            tokio::task::yield_now().await;
            running.set(running.get() - 1);
        };
        at_once(3, (0..10).map(work)).await;
        assert_eq!(most.get(), 3);
    }
}
