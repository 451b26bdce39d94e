//! `gwinfra man`.

use clap::Args;

use super::{CliError, CommandResult, Context, Exit};

/// Print the manual page
///
/// Read it with `gwinfra man | man -l -`, or one command's with `gwinfra man apply` or `gwinfra man ci init`.
#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Command to describe, in its words; default: gwinfra itself
    command: Vec<String>,
}

pub(super) fn run(args: &ManArgs, context: &Context) -> CommandResult {
    let mut root = super::command();
    root.build();
    let version = root.get_version().unwrap_or_default().to_owned();
    let mut page = root;
    for word in args.command.iter().flat_map(|words| words.split_whitespace()) {
        let Some(found) = page.find_subcommand(word).cloned() else {
            let names: Vec<&str> = page.get_subcommands().map(clap::Command::get_name).collect();
            let path = page.get_bin_name().unwrap_or_else(|| page.get_name());
            let error = CliError::usage(format!("there is no command `{path} {word}`"));
            return Err(match names.as_slice() {
                [] => error,
                names => error.hint(format!("the commands are {}", names.join(", "))),
            });
        };
        page = found;
    }
    let mut roff = Vec::new();
    clap_mangen::Man::new(page).source(format!("gwinfra {version}")).render(&mut roff)?;
    context.printer.out_raw(roff)?;
    Ok(Exit::Ok)
}
