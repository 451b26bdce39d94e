//! Questions, and what happens where nobody can answer.

use std::time::Duration;

use dialoguer::Input;
use dialoguer::console::{Key, Term};

use super::printer::is_interactive;
use super::signals::LastSignal;
use super::{CliError, Context, ErrorKind};

/// How long it takes until a signal is noted by whoever listens to it.
const NOTICED: Duration = Duration::from_millis(50);
/// End of input, as a key.
const CONTROL_D: char = '\u{4}';

/// Asks yes or no. Without a terminal it is a usage error that names the flag.
pub(super) fn confirm(context: &Context, question: &str, flag: &str) -> Result<bool, CliError> {
    check(context, flag)?;
    let terminal = Term::stderr();
    terminal.write_str(&format!("{question} [y/N] "))?;
    // Not as a line: while a command listens to signals, Ctrl-C ends no reading.
    let answer = loop {
        if let Some(answer) = answer(&terminal.read_key_raw()?) {
            break answer;
        }
    };
    let (word, answer) = match answer {
        Answer::Yes => ("yes", Ok(true)),
        Answer::No => ("no", Ok(false)),
        Answer::Stop => ("", Err(stopped(&context.last_signal))),
    };
    terminal.write_line(word)?;
    answer
}

/// What a key answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Yes,
    No,
    /// Ctrl-C.
    Stop,
}

/// What a key answers; `None` for one that is no answer.
fn answer(key: &Key) -> Option<Answer> {
    match key {
        Key::Char('y' | 'Y') => Some(Answer::Yes),
        Key::Char('n' | 'N' | CONTROL_D) | Key::Enter | Key::Escape => Some(Answer::No),
        Key::CtrlC => Some(Answer::Stop),
        _ => None,
    }
}

/// Asks for a text. Without a terminal it is a usage error that names the flag.
pub(super) fn text(context: &Context, question: &str, flag: &str) -> Result<String, CliError> {
    check(context, flag)?;
    given(Input::new().with_prompt(question).allow_empty(true).interact_text(), &context.last_signal)
}

/// The answer to a question of dialoguer, which hides the cursor and leaves it so when it is interrupted.
pub(super) fn given<T>(answer: Result<T, dialoguer::Error>, last: &LastSignal) -> Result<T, CliError> {
    answer.map_err(|dialoguer::Error::IO(error)| {
        // Nothing sensible can be done when the terminal is gone.
        let _ = Term::stderr().show_cursor();
        match error.kind() {
            std::io::ErrorKind::Interrupted => stopped(last),
            _ => CliError::new(ErrorKind::Declined, error),
        }
    })
}

/// A signal interrupts the reading of a key, and that looks like Ctrl-C. Which one it was is known a moment later.
fn stopped(last: &LastSignal) -> CliError {
    std::thread::sleep(NOTICED);
    CliError::new(last.kind().unwrap_or(ErrorKind::Interrupted), "stopped at the question")
}

fn check(context: &Context, flag: &str) -> Result<(), CliError> {
    if context.global.no_input || !is_interactive() {
        return Err(CliError::usage("there is no terminal to ask on").hint(format!("pass `{flag}`")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_leave_a_question_is_an_answer() {
        for (key, expected) in [
            (Key::Char('y'), Some(Answer::Yes)),
            (Key::Char('N'), Some(Answer::No)),
            (Key::Enter, Some(Answer::No)),
            (Key::Char(CONTROL_D), Some(Answer::No)),
            (Key::CtrlC, Some(Answer::Stop)),
            (Key::Char('x'), None),
        ] {
            assert_eq!(answer(&key), expected, "{key:?}");
        }
    }

    #[test]
    fn an_interrupted_question_ends_as_an_interrupted_command() {
        let interrupted = || dialoguer::Error::IO(std::io::ErrorKind::Interrupted.into());
        let last = LastSignal::default();
        assert_eq!(given::<()>(Err(interrupted()), &last).unwrap_err().kind, ErrorKind::Interrupted);
        last.note(15);
        assert_eq!(given::<()>(Err(interrupted()), &last).unwrap_err().kind, ErrorKind::Terminated);
        let closed = dialoguer::Error::IO(std::io::ErrorKind::NotConnected.into());
        assert_eq!(given::<()>(Err(closed), &last).unwrap_err().kind, ErrorKind::Declined);
    }
}
