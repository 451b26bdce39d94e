//! What may pass is tried again, after pauses that grow.

use std::future::Future;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};

use super::RegistryError;
use crate::image::{Event, Watch};

/// First pause.
const SHORTEST: Duration = Duration::from_millis(200);
/// Longest pause, whatever the registry asks for.
const LONGEST: Duration = Duration::from_secs(20);
/// How often something is tried again.
const TIMES: usize = 5;

/// Tries something until it succeeds, cannot succeed, or was tried too often. Each further try is told.
pub(super) async fn retrying<T, F, Fut>(watch: &dyn Watch, call: &str, attempt: F) -> Result<T, RegistryError>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, RegistryError>>,
{
    let pauses = ExponentialBuilder::default()
        .with_min_delay(SHORTEST)
        .with_max_delay(LONGEST)
        .with_max_times(TIMES)
        .with_jitter();
    attempt
        .retry(pauses)
        .when(RegistryError::passes)
        .adjust(|error: &RegistryError, pause| pause.map(|pause| error.again().unwrap_or(pause).min(LONGEST)))
        .notify(|error: &RegistryError, delay| {
            watch.saw(Event::Retry { call: call.to_owned(), delay, reason: error.in_full() });
        })
        .await
}
