//! What all flags have in common.

use clap::builder::{BoolishValueParser, Resettable};
use clap::{ArgAction, Command};

/// Lets every flag without a value take `1`, `0`, `yes`, `no`, `on` and `off` from its environment variable, beside `true` and
/// `false`: which of them somebody expects cannot be known.
pub(super) fn boolish(command: Command) -> Command {
    command
        .mut_args(|arg| match arg.get_action() {
            ArgAction::SetTrue => arg.value_parser(BoolishValueParser::new()),
            _ => arg,
        })
        .mut_subcommands(boolish)
}

/// Takes an environment variable that is empty for one that is not set: a pipeline passes on what it was not given.
pub(super) fn without_empty(command: Command) -> Command {
    let is_empty = |name: &std::ffi::OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
    command
        .mut_args(|arg| match arg.get_env().is_some_and(is_empty) {
            true => arg.env(Resettable::Reset),
            false => arg,
        })
        .mut_subcommands(without_empty)
}

#[cfg(test)]
mod tests {
    use clap::{Arg, Command, ValueEnum};

    use crate::cli::global::Output;

    /// Every flag that people see, with the command that has it.
    fn flags(command: &Command, path: &str) -> Vec<(String, Arg)> {
        let seen = |arg: &&Arg| !arg.is_positional() && !arg.is_hide_set();
        let own = command.get_arguments().filter(seen).map(|arg| (path.to_owned(), arg.clone()));
        let below = command.get_subcommands().flat_map(|below| flags(below, &format!("{path} {}", below.get_name())));
        own.chain(below).collect()
    }

    fn built() -> Command {
        let mut command = crate::cli::command();
        command.build();
        command
    }

    #[test]
    fn the_command_line_is_well_formed() {
        crate::cli::command().debug_assert();
    }

    #[test]
    fn every_flag_is_also_an_environment_variable() {
        let all = flags(&built(), "gwinfra");
        assert!(all.len() > 100, "{}", all.len());
        let lacking: Vec<String> = all
            .iter()
            .filter(|(_, arg)| arg.get_env().is_none() && arg.get_id() != "help" && arg.get_id() != "version")
            .map(|(path, arg)| format!("{path} --{}", arg.get_long().unwrap_or_default()))
            .collect();
        assert!(lacking.is_empty(), "{lacking:#?}");
    }

    #[test]
    fn the_help_of_the_format_names_all_formats() {
        let command = built();
        let output = command.get_arguments().find(|arg| arg.get_id() == "output").unwrap();
        let help = output.get_help().unwrap().to_string();
        for format in Output::value_variants() {
            let name = format.to_possible_value().unwrap().get_name().to_owned();
            assert!(help.contains(&name), "{name}: {help}");
        }
    }
}
