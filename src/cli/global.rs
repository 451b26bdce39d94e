//! Flags that every command has.

use std::path::PathBuf;

use anstream::ColorChoice;
use clap::{Args, ValueEnum};

use super::printer::{Printer, Verbosity};

/// When to colour output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Color {
    /// On a terminal that can, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Format of the result. Each command says which it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Output {
    /// For people.
    #[default]
    Text,
    /// One JSON document.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// JUnit XML, for test reports.
    Junit,
    /// GitHub Actions annotations.
    Github,
    /// Markdown, for a pull request.
    Markdown,
    /// `NAME=value` lines.
    Env,
}

/// Flags that every command has.
#[derive(Debug, Clone, Args)]
pub struct GlobalArgs {
    /// Spec to read
    #[arg(
        short,
        long,
        global = true,
        default_value = "gwinfra.yaml",
        env = "GWINFRA_FILE",
        value_name = "FILE",
        help_heading = "Global options"
    )]
    pub file: PathBuf,
    /// Environment of the spec to use
    #[arg(short, long, global = true, env = "GWINFRA_ENV", value_name = "NAME", help_heading = "Global options")]
    pub env: Option<String>,
    /// Format of the result: text, json, sarif, junit, github, markdown or env. A command that lacks one says which it has
    #[arg(
        short,
        long,
        global = true,
        value_enum,
        default_value_t,
        env = "GWINFRA_OUTPUT",
        value_name = "FORMAT",
        hide_possible_values = true,
        help_heading = "Global options"
    )]
    pub output: Output,
    /// Send AWS calls to this URL instead of AWS
    #[arg(
        long,
        global = true,
        env = "GWINFRA_ENDPOINT_URL",
        value_name = "URL",
        value_parser = endpoint,
        help_heading = "Global options"
    )]
    pub endpoint_url: Option<String>,
    /// Profile of the AWS configuration to use
    #[arg(long, global = true, env = "GWINFRA_PROFILE", value_name = "NAME", help_heading = "Global options")]
    pub profile: Option<String>,
    /// Region in which roles are assumed; the spec's `hub.region` says where a deployment is
    #[arg(long, global = true, env = "GWINFRA_REGION", value_name = "REGION", help_heading = "Global options")]
    pub region: Option<String>,
    /// When to colour output
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        env = "GWINFRA_COLOR",
        value_name = "WHEN",
        help_heading = "Global options"
    )]
    pub color: Color,
    /// Say errors only
    #[arg(
        short,
        long,
        global = true,
        env = "GWINFRA_QUIET",
        conflicts_with = "verbose",
        help_heading = "Global options"
    )]
    pub quiet: bool,
    /// Say more
    #[arg(short, long, global = true, env = "GWINFRA_VERBOSE", help_heading = "Global options")]
    pub verbose: bool,
    /// Never ask a question: fail with the flag to pass instead
    #[arg(long, global = true, env = "GWINFRA_NO_INPUT", help_heading = "Global options")]
    pub no_input: bool,
}

/// Whether calls can be sent there at all: a client would try each of them several times before it says so.
fn endpoint(text: &str) -> Result<String, String> {
    let way_out = "give http://HOST:PORT or https://HOST";
    let url = reqwest::Url::parse(text).map_err(|error| format!("{error}: {way_out}"))?;
    match url.scheme() {
        "http" | "https" => Ok(text.to_owned()),
        other => Err(format!("calls cannot be sent to {other}: {way_out}")),
    }
}

impl GlobalArgs {
    /// The printer that these flags ask for.
    pub fn printer(&self) -> Printer {
        let color = match self.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        let verbosity = match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        };
        Printer::new(color, verbosity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_sent_to_a_host_by_http() {
        for url in ["http://127.0.0.1:4566", "https://vpce-0a1b.example.com/path"] {
            assert_eq!(endpoint(url).as_deref(), Ok(url));
        }
        for url in ["http://", "127.0.0.1:4566", "localhost:4566", "ftp://example.com", ""] {
            let refused = endpoint(url).unwrap_err();
            assert!(refused.ends_with("give http://HOST:PORT or https://HOST"), "{url}: {refused}");
        }
    }
}
