//! From the error of a call to exit code and way out.

use super::{CliError, ErrorKind};
use crate::aws::Error;

/// Turns the error of a call into the command line's: what stands in the way before anything was begun is told apart.
pub(super) fn aws_error(error: Error) -> CliError {
    let kind = if error.is_preflight() { ErrorKind::Preflight } else { ErrorKind::Failed };
    error.help().into_iter().fold(CliError::new(kind, error), CliError::hint)
}
