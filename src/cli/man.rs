//! `gwinfra man`.

use clap::Args;

use super::{CommandResult, Context, Exit};

/// Print the manual page
///
/// Read it with `gwinfra man | man -l -`, or one command's with `gwinfra man apply`.
#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Command to describe; default: gwinfra itself
    command: Option<String>,
}

pub(super) fn run(args: &ManArgs, context: &Context) -> CommandResult {
    let mut root = super::command();
    root.build();
    let page = match &args.command {
        None => root,
        Some(name) => match root.find_subcommand(name) {
            Some(found) => found.clone(),
            None => {
                let names: Vec<&str> = root.get_subcommands().map(clap::Command::get_name).collect();
                return Err(super::CliError::usage(format!("there is no command `{name}`"))
                    .hint(format!("the commands are {}", names.join(", "))));
            }
        },
    };
    let mut roff = Vec::new();
    clap_mangen::Man::new(page).render(&mut roff)?;
    context.printer.out_raw(roff)?;
    Ok(Exit::Ok)
}
