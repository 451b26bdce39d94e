//! Ctrl-C and SIGTERM: the first stops cleanly, the second leaves at once. Whoever sends SIGTERM sends SIGKILL a few
//! seconds later: after one, the second stage follows by itself.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use super::exit::ErrorKind;
use super::{CliError, Context};
use crate::engine::{Cancel, Cancelled, cancellation};

/// How long a clean stop may take after SIGTERM. CI systems send SIGKILL after 2.5 s (GitHub, which sends SIGINT first) to
/// 10 s (Docker, ECS gives 30).
const TERMINATION: Duration = Duration::from_secs(4);

/// How long a command may take to leave before it is ended. Only one whose thread waits for a key at a question needs it: all
/// others leave within a second, see [`Signals::overdue`].
const STUCK: Duration = Duration::from_millis(2500);

/// What a command says after a signal.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stopping {
    /// What the first signal is answered with.
    pub words: &'static str,
    /// The command that goes on with what was stopped; `None` where nothing was begun.
    pub next: Option<&'static str>,
}

/// The answer of a command that changes what is deployed.
const CHANGING: &str = "\nStopping: nothing new is started, and what runs is cancelled or rolled back.\n\
                        Press Ctrl-C again to leave now; AWS then goes on by itself.";

impl Stopping {
    /// A command that only looks.
    pub const LOOKING: Self =
        Self { words: "\nStopping: nothing is changed. Press Ctrl-C again to leave now.", next: None };
    /// `apply`.
    pub const APPLYING: Self = Self { words: CHANGING, next: Some("gwinfra apply   goes on where it stopped") };
    /// `config push`.
    pub const PUSHING: Self = Self { words: CHANGING, next: Some("gwinfra config push   goes on where it stopped") };
    /// `destroy`.
    pub const DESTROYING: Self = Self { words: CHANGING, next: Some("gwinfra destroy   goes on where it stopped") };
    /// `recover`.
    pub const RECOVERING: Self = Self { words: CHANGING, next: Some("gwinfra recover   says what is left to do") };
    /// `doctor --fix`.
    pub const MENDING: Self = Self { words: CHANGING, next: Some("gwinfra doctor   says what is left") };
    /// `drift --revert`.
    pub const REVERTING: Self = Self { words: CHANGING, next: Some("gwinfra drift   says what still differs") };
    /// `state bootstrap`.
    pub const BOOTSTRAPPING: Self = Self {
        words: "\nStopping: what is set of the bucket stays.",
        next: Some("gwinfra state bootstrap   sets what is missing"),
    };
    /// `watch`.
    pub const WATCHING: Self = Self {
        words: "\nLeaving: what runs goes on, and `gwinfra watch` follows it again.",
        next: Some("gwinfra watch   follows it again"),
    };
    /// `cancel`, whether something was cancelled already or not.
    pub const CANCELLING: Self = Self {
        words: "\nLeaving: what runs goes on, what was cancelled goes back, and `gwinfra watch` follows it.",
        next: Some("gwinfra watch   follows it"),
    };
}

/// Signals of the running command.
#[derive(Debug, Clone)]
pub(super) struct Signals {
    /// For the engine.
    pub cancel: Cancel,
    /// The command that goes on with what was stopped; `None` where nothing was begun.
    pub next: Option<&'static str>,
    last: LastSignal,
}

/// The signal that came last, for whoever cannot wait for it.
#[derive(Debug, Clone, Default)]
pub(super) struct LastSignal(Arc<AtomicU8>);

impl LastSignal {
    /// Notes a signal by its number.
    pub fn note(&self, number: u8) {
        self.0.store(number, Ordering::Relaxed);
    }

    /// The kind of error that ends a command after it; `None` while none came.
    pub fn kind(&self) -> Option<ErrorKind> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            15 => Some(ErrorKind::Terminated),
            _ => Some(ErrorKind::Interrupted),
        }
    }
}

impl Signals {
    /// Listens from now on, for a command that works on AWS. Must be called inside the runtime.
    pub fn listen(context: &Context, stopping: Stopping) -> std::io::Result<Self> {
        let signals = Self::start(context, stopping.words, true)?;
        Ok(Self { next: stopping.next, ..signals })
    }

    /// Listens from now on, with what the first signal is answered with.
    pub fn listen_saying(context: &Context, words: &'static str) -> std::io::Result<Self> {
        Self::start(context, words, false)
    }

    fn start(context: &Context, words: &'static str, ends_if_stuck: bool) -> std::io::Result<Self> {
        let (canceller, cancel) = cancellation();
        let (printer, last) = (context.printer, context.last_signal.clone());
        let terminal = Terminal::now();
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let seen = last.clone();
        tokio::spawn(async move {
            let mut deadline = None;
            loop {
                let number = tokio::select! {
                    _ = interrupt.recv() => Some(2),
                    _ = terminate.recv() => Some(15),
                    () = sleep_until(deadline) => None,
                };
                if let Some(number) = number {
                    seen.note(number);
                }
                match canceller.advance() {
                    Cancelled::Stop => printer.say(words),
                    _ => {
                        printer.say("Leaving now.");
                        if ends_if_stuck {
                            tokio::spawn(end_if_stuck(seen.clone(), terminal.clone()));
                        }
                    }
                }
                // Only the first stage ends by itself, and only in a hurry.
                let hurry = number == Some(15) && deadline.is_none();
                deadline = hurry.then(|| tokio::time::Instant::now() + TERMINATION);
            }
        });
        Ok(Self { cancel, next: None, last })
    }

    /// Waits until a command has to end whatever it is doing: a moment after it was to leave.
    pub async fn overdue(&self) {
        self.cancel.reached(Cancelled::Leave).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }

    /// The kind of error that ends a command after a signal.
    pub fn kind(&self) -> Option<ErrorKind> {
        self.last.kind()
    }
}

/// Runs what keeps no journal until it ends, or until the first signal ends it.
///
/// # Errors
/// Those of the work, and that it was stopped.
pub(super) async fn until<T>(
    context: &Context,
    stopping: Stopping,
    work: impl Future<Output = Result<T, CliError>>,
) -> Result<T, CliError> {
    let signals = Signals::listen(context, stopping)?;
    tokio::select! {
        result = work => result,
        () = signals.cancel.reached(Cancelled::Stop) => {
            let error = CliError::new(signals.kind().unwrap_or(ErrorKind::Interrupted), "stopped");
            Err(stopping.next.into_iter().fold(error, CliError::hint))
        }
    }
}

/// How the terminal was before anybody asked on it: a question that waits for a key takes echo and Ctrl-C away until it has one.
#[derive(Debug, Clone)]
struct Terminal(Option<rustix::termios::Termios>);

impl Terminal {
    fn now() -> Self {
        Self(rustix::termios::tcgetattr(std::io::stdin()).ok())
    }

    fn restore(&self) {
        if let Some(before) = &self.0 {
            // Nothing sensible can be done when the terminal is gone.
            let _ = rustix::termios::tcsetattr(std::io::stdin(), rustix::termios::OptionalActions::Now, before);
            let _ = dialoguer::console::Term::stderr().show_cursor();
        }
    }
}

/// Ends the process when the command has not ended by itself. At a question nothing is begun that a journal would have to
/// know of.
#[expect(clippy::disallowed_methods, clippy::exit, reason = "a thread that waits for a key returns no exit code")]
async fn end_if_stuck(last: LastSignal, terminal: Terminal) {
    tokio::time::sleep(STUCK).await;
    terminal.restore();
    let kind = last.kind().unwrap_or(ErrorKind::Interrupted);
    std::process::exit(kind.code().into());
}

/// Waits until then; forever without a time.
async fn sleep_until(deadline: Option<tokio::time::Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
