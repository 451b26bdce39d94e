//! Waiting until a service answers.

use std::time::Duration;

use tokio::time::Instant;

use super::LocalError;
use super::process::Process;

/// How long is waited before it is asked again.
const LOOK: Duration = Duration::from_millis(150);

/// Waits until a URL answers with success, or the process has ended, or the time is over.
pub(super) async fn wait(
    client: &reqwest::Client,
    url: &str,
    process: &mut Process,
    patience: Duration,
) -> Result<(), LocalError> {
    let ask = async || {
        let call = client.get(url).timeout(Duration::from_secs(5)).send().await;
        call.is_ok_and(|answer| answer.status().is_success())
    };
    until(ask, process, patience).await
}

/// Waits until a port takes connections.
pub(super) async fn wait_for_port(port: u16, process: &mut Process, patience: Duration) -> Result<(), LocalError> {
    let ask = async || tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok();
    until(ask, process, patience).await
}

async fn until(ask: impl AsyncFn() -> bool, process: &mut Process, patience: Duration) -> Result<(), LocalError> {
    let deadline = Instant::now() + patience;
    loop {
        tokio::select! {
            status = process.ended() => return Err(process.failure(&status)),
            answers = ask() => if answers {
                return Ok(());
            },
        }
        if Instant::now() > deadline {
            return Err(LocalError::Late { name: process.name, after: patience, log: process.log.clone() });
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// A loopback port that nobody has.
pub(super) async fn free_port() -> Result<u16, LocalError> {
    let failed = |source| LocalError::Port { port: 0, source };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.map_err(failed)?;
    Ok(listener.local_addr().map_err(failed)?.port())
}
