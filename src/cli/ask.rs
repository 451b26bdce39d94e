//! Questions, and what happens where nobody can answer.

use dialoguer::{Confirm, Input};

use super::printer::is_interactive;
use super::{CliError, Context, ErrorKind};

/// Asks yes or no. Without a terminal it is a usage error that names the flag.
pub(super) fn confirm(context: &Context, question: &str, flag: &str) -> Result<bool, CliError> {
    check(context, flag)?;
    Confirm::new()
        .with_prompt(question)
        .default(false)
        .interact()
        .map_err(|error| CliError::new(ErrorKind::Declined, error))
}

/// Asks for a text. Without a terminal it is a usage error that names the flag.
pub(super) fn text(context: &Context, question: &str, flag: &str) -> Result<String, CliError> {
    check(context, flag)?;
    Input::new()
        .with_prompt(question)
        .allow_empty(true)
        .interact_text()
        .map_err(|error| CliError::new(ErrorKind::Declined, error))
}

fn check(context: &Context, flag: &str) -> Result<(), CliError> {
    if context.global.no_input || !is_interactive() {
        return Err(CliError::usage("there is no terminal to ask on").hint(format!("pass `{flag}`")));
    }
    Ok(())
}
