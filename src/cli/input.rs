//! Reading the spec, and other texts of that kind, from disk.

use std::io::Read;
use std::path::Path;

use thiserror::Error;

use super::error::CliError;
use super::exit::ErrorKind;
use crate::spec::MAX_BYTES;

const LIMIT: u64 = MAX_BYTES as u64;

/// What a file is to be, in the words of its errors.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// With its article: `a spec`.
    one: &'static str,
    /// What to do when it is not there.
    missing: &'static str,
    /// What to do when it is a directory that may hold one.
    within: Option<&'static str>,
}

/// A spec.
pub const SPEC: Kind = Kind {
    one: "a spec",
    missing: "`gwinfra init` writes one, and `-f FILE` reads another",
    within: Some("gwinfra.yaml"),
};

/// A configuration of LiteLLM.
pub const CONFIGURATION: Kind =
    Kind { one: "a configuration", missing: "name the file that `litellm --config` reads", within: None };

/// What drift is accepted.
pub const ACCEPTANCE: Kind = Kind {
    one: "a file of what is accepted",
    missing: "accept: [{address: acme-llm-network/*, path: Tags, reason: why, owner: who, expires: 2027-01-31}]   is what it may say",
    within: None,
};

/// What drift is compared with beside the spec.
pub const BASELINE: Kind = Kind {
    one: "a file of recorded values",
    missing: "gwinfra drift --record --baseline FILE   writes it",
    within: None,
};

/// Why a file could not be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// There is no such file.
    #[error("there is no file {0}")]
    Missing(String),
    /// It is a directory.
    #[error("{path} is a directory, not {one}")]
    Directory {
        /// The directory.
        path: String,
        /// What it is not.
        one: &'static str,
    },
    /// It is too large.
    #[error("{path} is {bytes} bytes large; {one} may have at most {MAX_BYTES}")]
    TooLarge {
        /// The file.
        path: String,
        /// Its size.
        bytes: u64,
        /// What it is to be.
        one: &'static str,
    },
    /// It could not be read.
    #[error("could not read {path}")]
    Failed {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// Reads a spec of at most [`MAX_BYTES`]; `-` is standard input.
pub fn read_spec(path: &Path) -> Result<Vec<u8>, CliError> {
    read(path, &SPEC)
}

/// Reads a file of at most [`MAX_BYTES`]; `-` is standard input.
pub fn read(path: &Path, kind: &Kind) -> Result<Vec<u8>, CliError> {
    let name = path.display().to_string();
    let invalid = |error: ReadError| CliError::new(ErrorKind::Invalid, error);
    let failed = |source| invalid(ReadError::Failed { path: name.clone(), source });
    let mut bytes = Vec::new();
    if name == "-" {
        std::io::stdin().lock().take(LIMIT + 1).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        let metadata = match fs_err::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(invalid(ReadError::Missing(name)).hint(kind.missing));
            }
            Err(error) => return Err(failed(error)),
        };
        if metadata.is_dir() {
            let error = invalid(ReadError::Directory { path: name, one: kind.one });
            return Err(match kind.within {
                Some(file) => error.hint(format!("give the file: `-f {}`", path.join(file).display())),
                None => error.hint(kind.missing),
            });
        }
        if metadata.len() > LIMIT {
            return Err(invalid(ReadError::TooLarge { path: name, bytes: metadata.len(), one: kind.one }));
        }
        let file = fs_err::File::open(path).map_err(failed)?;
        file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(failed)?;
    }
    let size = bytes.len() as u64;
    if size > LIMIT {
        return Err(invalid(ReadError::TooLarge { path: name, bytes: size, one: kind.one }));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_acceptance_may_say_is_an_acceptance() {
        let (sample, _) = ACCEPTANCE.missing.split_once("   ").unwrap();
        crate::drift::Acceptance::parse(sample).unwrap();
    }
}
