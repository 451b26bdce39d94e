//! Ctrl-C and SIGTERM end a command at once: what it writes is written beside its place and goes with it.

use std::future::Future;

use tokio::signal::unix::{SignalKind, signal};

use crate::cli::{CliError, ErrorKind};

/// Runs something until it ends or a signal comes.
pub(super) async fn or<T>(work: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let stopped = |kind| {
        Err(CliError::new(kind, "stopped")
            .hint("run it again: no file was left half-written, and what a registry has is not sent again"))
    };
    tokio::select! {
        result = work => result,
        _ = interrupt.recv() => stopped(ErrorKind::Interrupted),
        _ = terminate.recv() => stopped(ErrorKind::Terminated),
    }
}
