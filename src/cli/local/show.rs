//! What a gateway that runs looks like.

use crate::cli::global::Output;
use crate::cli::{CliError, Context};
use crate::local::State;

/// Prints where a started gateway is, and how it is called.
pub(super) fn started(context: &Context, state: &State, show_key: bool) -> Result<(), CliError> {
    for note in &state.notes {
        context.printer.warn(note);
    }
    // The key was made up on this machine for this gateway, whose port only this machine reaches. Still it is shown only
    // to who asks: a screen is shared more easily than a file.
    let key = if show_key { Some(fs_err::read_to_string(&state.key_file)?) } else { None };
    if context.global.output == Output::Json {
        let mut document = serde_json::to_value(state).map_err(std::io::Error::from)?;
        if let Some(key) = key {
            document["key"] = key.into();
        }
        context.printer.out(serde_json::to_string_pretty(&document).map_err(std::io::Error::from)?)?;
        return Ok(());
    }
    let (url, file) = (state.url.as_deref().unwrap_or_default(), state.key_file.display());
    let logs = state.key_file.with_file_name("log");
    rows(
        context,
        &[
            ("Gateway", url.to_owned()),
            ("Key", key.unwrap_or_else(|| format!("in {file}; `--show-key` prints it"))),
            ("Counts", state.stats_url.clone().unwrap_or_default()),
            ("Logs", logs.display().to_string()),
            ("Try", format!("curl {url}/v1/models -H \"Authorization: Bearer $(cat {file})\"")),
        ],
    )
}

/// Prints rows of a name and a text.
pub(super) fn rows(context: &Context, rows: &[(&str, String)]) -> Result<(), CliError> {
    let bold = anstyle::Style::new().bold();
    for (name, text) in rows {
        context.printer.out(format_args!("{bold}{name:<10}{bold:#} {text}"))?;
    }
    Ok(())
}
