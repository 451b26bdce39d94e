//! Where output goes: the result to stdout, everything else to stderr.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};

/// How much is said on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Errors only.
    Quiet,
    /// Progress and warnings.
    Normal,
    /// Details too.
    Verbose,
}

/// Writes to the standard streams, with colour where it is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Printer {
    color: ColorChoice,
    verbosity: Verbosity,
}

impl Printer {
    /// Makes a printer.
    pub fn new(color: ColorChoice, verbosity: Verbosity) -> Self {
        Self { color, verbosity }
    }

    /// How much is said on stderr.
    pub fn verbosity(&self) -> Verbosity {
        self.verbosity
    }

    /// Whether text on stderr is coloured.
    pub fn colors_stderr(&self) -> bool {
        colored(self.color, &io::stderr())
    }

    /// Whether text on stdout is coloured.
    pub fn colors_stdout(&self) -> bool {
        colored(self.color, &io::stdout())
    }

    /// A writer to stdout, for the result. A closed pipe is not an error of ours: see [`ignore_broken_pipe`].
    pub fn stdout(&self) -> impl Write + use<> {
        AutoStream::new(io::stdout().lock(), self.color)
    }

    /// A writer to stderr, for progress, prompts and warnings.
    pub fn stderr(&self) -> impl Write + use<> {
        AutoStream::new(io::stderr().lock(), self.color)
    }

    /// Prints a line of the result.
    pub fn out(&self, line: impl Display) -> io::Result<()> {
        ignore_broken_pipe(writeln!(self.stdout(), "{line}"))
    }

    /// Prints text of the result as it is.
    pub fn out_raw(&self, text: impl AsRef<[u8]>) -> io::Result<()> {
        let mut stdout = self.stdout();
        ignore_broken_pipe(stdout.write_all(text.as_ref()).and_then(|()| stdout.flush()))
    }

    /// Says a line on stderr, unless quiet.
    pub fn say(&self, line: impl Display) {
        if self.verbosity > Verbosity::Quiet {
            // Nothing sensible can be done when stderr is closed.
            let _ = writeln!(self.stderr(), "{line}");
        }
    }

    /// Says a warning on stderr, unless quiet.
    pub fn warn(&self, line: impl Display) {
        let style = anstyle::AnsiColor::Yellow.on_default().bold();
        self.say(format_args!("{style}warning{style:#}: {line}"));
    }
}

fn colored(choice: ColorChoice, stream: &(impl IsTerminal + anstream::stream::RawStream)) -> bool {
    match choice {
        ColorChoice::Never => false,
        ColorChoice::Always | ColorChoice::AlwaysAnsi => true,
        ColorChoice::Auto => AutoStream::choice(stream) != ColorChoice::Never,
    }
}

/// Turns "the reader went away" into success: `gwinfra plan | head` is no failure.
pub fn ignore_broken_pipe(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Whether somebody sits at the terminal: both stdin and stderr are one.
pub fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}
