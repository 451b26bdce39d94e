//! Ctrl-C and SIGTERM: the first stops cleanly, the second leaves at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::signal::unix::{SignalKind, signal};

use super::exit::ErrorKind;
use super::printer::Printer;
use crate::engine::{Cancel, Cancelled, cancellation};

/// Signals of the running command.
#[derive(Debug, Clone)]
pub(super) struct Signals {
    /// For the engine.
    pub cancel: Cancel,
    last: Arc<AtomicU8>,
}

impl Signals {
    /// Listens from now on, for a command that works on AWS. Must be called inside the runtime.
    pub fn listen(printer: Printer) -> std::io::Result<Self> {
        Self::listen_saying(
            printer,
            "\nStopping: nothing new is started, and what runs is cancelled or rolled back.\n\
             Press Ctrl-C again to leave now; AWS then goes on by itself.",
        )
    }

    /// Listens from now on, with what the first signal is answered with.
    pub fn listen_saying(printer: Printer, words: &'static str) -> std::io::Result<Self> {
        let (canceller, cancel) = cancellation();
        let last = Arc::new(AtomicU8::new(0));
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let seen = last.clone();
        tokio::spawn(async move {
            loop {
                let number = tokio::select! {
                    _ = interrupt.recv() => 2,
                    _ = terminate.recv() => 15,
                };
                seen.store(number, Ordering::Relaxed);
                match canceller.advance() {
                    Cancelled::Stop => printer.say(words),
                    _ => printer.say("Leaving now."),
                }
            }
        });
        Ok(Self { cancel, last })
    }

    /// The kind of error that ends a command after a signal.
    pub fn kind(&self) -> Option<ErrorKind> {
        match self.last.load(Ordering::Relaxed) {
            0 => None,
            15 => Some(ErrorKind::Terminated),
            _ => Some(ErrorKind::Interrupted),
        }
    }
}
