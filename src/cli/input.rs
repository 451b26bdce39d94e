//! Reading the spec from disk.

use std::io::Read;
use std::path::Path;

use thiserror::Error;

use super::error::CliError;
use super::exit::ErrorKind;
use crate::spec::MAX_BYTES;

const MAX_SPEC_BYTES: u64 = MAX_BYTES as u64;

/// Why a spec could not be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// There is no such file.
    #[error("there is no file {0}")]
    Missing(String),
    /// It is a directory.
    #[error("{0} is a directory, not a spec")]
    Directory(String),
    /// It is too large to be a spec.
    #[error("{path} is {bytes} bytes large; a spec may have at most {MAX_BYTES}")]
    TooLarge {
        /// The file.
        path: String,
        /// Its size.
        bytes: u64,
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

/// Reads a file of at most [`MAX_SPEC_BYTES`]; `-` is standard input.
pub fn read_spec(path: &Path) -> Result<Vec<u8>, CliError> {
    let name = path.display().to_string();
    let invalid = |error: ReadError| CliError::new(ErrorKind::Invalid, error);
    let failed = |source| invalid(ReadError::Failed { path: name.clone(), source });
    let mut bytes = Vec::new();
    if name == "-" {
        std::io::stdin().lock().take(MAX_SPEC_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        let metadata = match fs_err::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(
                    invalid(ReadError::Missing(name)).hint("`gwinfra init` writes one, and `-f FILE` reads another")
                );
            }
            Err(error) => return Err(failed(error)),
        };
        if metadata.is_dir() {
            return Err(invalid(ReadError::Directory(name.clone()))
                .hint(format!("give the file: `-f {}`", path.join("gwinfra.yaml").display())));
        }
        if metadata.len() > MAX_SPEC_BYTES {
            return Err(invalid(ReadError::TooLarge { path: name, bytes: metadata.len() }));
        }
        let file = fs_err::File::open(path).map_err(failed)?;
        file.take(MAX_SPEC_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    }
    let size = bytes.len() as u64;
    if size > MAX_SPEC_BYTES {
        return Err(invalid(ReadError::TooLarge { path: name, bytes: size }));
    }
    Ok(bytes)
}
