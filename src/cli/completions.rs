//! `gwinfra completions`.

use clap::Args;
use clap_complete::Shell;

use super::{CommandResult, Context, Exit};

/// Print a completion script for a shell
///
/// For bash: `gwinfra completions bash > ~/.local/share/bash-completion/completions/gwinfra`
#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// Shell to complete in
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(args: &CompletionsArgs, context: &Context) -> CommandResult {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::command(), "gwinfra", &mut script);
    context.printer.out_raw(script)?;
    Ok(Exit::Ok)
}
