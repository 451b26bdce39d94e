//! The asynchronous runtime, made only by commands that need it.

use std::future::Future;

use super::CliError;

/// Runs a future to its end.
pub(super) fn block_on<T>(future: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(future)
}
