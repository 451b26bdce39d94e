//! The `gwinfra` binary: parse, run, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    gwinfra::cli::main()
}
