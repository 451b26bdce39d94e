//! `gwinfra local status`.

use clap::Args;

use super::{PlaceArgs, show};
use crate::cli::global::Output;
use crate::cli::{CliError, CommandResult, Context, ErrorKind, Exit, check_output};
use crate::diagnostics::printable;
use crate::local::{Condition, State};

/// Show what runs
#[derive(Debug, Args)]
pub(in crate::cli) struct StatusArgs {
    #[command(flatten)]
    place: PlaceArgs,
}

pub(in crate::cli) fn run(args: &StatusArgs, context: &Context) -> CommandResult {
    check_output(context, &[Output::Text, Output::Json])?;
    let directory = args.place.directory(context);
    let state = State::read(&directory);
    let Some(state) =
        state.filter(|state| directory.is_locked() || state.services.iter().any(|service| service.is_alive()))
    else {
        return Err(CliError::new(ErrorKind::Failed, "no gateway runs here").hint("gwinfra local up   starts it"));
    };
    if !directory.is_locked() {
        context.printer.warn("gwinfra was killed and has left services running: `gwinfra local down` stops them");
    }
    if context.global.output == Output::Json {
        context.printer.out(serde_json::to_string_pretty(&state).map_err(std::io::Error::from)?)?;
        return Ok(Exit::Ok);
    }
    let rows: Vec<(&str, String)> = state
        .services
        .iter()
        .map(|service| {
            let condition = match service.condition {
                Condition::Starting => "starting",
                Condition::Running if service.process_group.is_some() && !service.is_alive() => "ended",
                Condition::Running => "running",
                Condition::Skipped => "left out",
                Condition::Failed => "failed",
                Condition::Stopped => "stopped",
            };
            (service.name.as_str(), format!("{condition:<9} {}", printable(&service.detail)))
        })
        .collect();
    show::rows(context, &rows)?;
    for note in &state.notes {
        context.printer.warn(note);
    }
    Ok(Exit::Ok)
}
