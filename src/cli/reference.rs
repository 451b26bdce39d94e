//! The reference of commands and flags, made from the command line itself.

use std::fmt::Write;

/// `docs/cli.md`.
pub fn reference_markdown() -> String {
    let mut root = super::command().term_width(100);
    root.build();
    let mut out = String::from(
        "# Commands\n\nEvery flag is also an environment variable, which its help names. Results go to stdout, everything else to \
         stderr.\n\n## Exit codes\n\n| code | name | when |\n|---:|---|---|\n",
    );
    for (code, name, meaning) in super::EXIT_CODES {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "| {code} | {name} | {meaning} |");
    }
    write_commands(&mut out, &root, "gwinfra");
    out
}

/// A section for each command, and for each command of a group after the group itself.
fn write_commands(out: &mut String, parent: &clap::Command, path: &str) {
    for command in parent.get_subcommands().filter(|command| !command.is_hide_set()) {
        let path = format!("{path} {}", command.get_name());
        let help = command.clone().term_width(100).render_long_help().to_string();
        let body: Vec<&str> = help.lines().map(str::trim_end).collect();
        let _ = write!(out, "\n## {path}\n\n```text\n{}\n```\n", body.join("\n").trim());
        write_commands(out, command, &path);
    }
}
