//! Who keeps a folder of simulated accounts: whoever serves them has them alone, and commands share them.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// The file that is locked, beside the accounts. While they are served it holds the URL.
const NAME: &str = "serving";

/// Why a folder could not be had.
#[derive(Debug, Error)]
pub enum ClaimError {
    /// Somebody serves it.
    #[error("the simulated accounts in {} are being served at {url}", folder.display())]
    Served {
        /// The folder.
        folder: PathBuf,
        /// Where.
        url: String,
    },
    /// A command works on it.
    #[error("a command is at work in the simulated accounts in {}", folder.display())]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
    /// The file cannot be written.
    #[error("cannot lock the simulated accounts in {}", folder.display())]
    Lock {
        /// The folder.
        folder: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// A folder that is had until this is dropped.
#[derive(Debug)]
pub struct Claim(File);

impl Claim {
    /// Has a folder together with other commands.
    ///
    /// # Errors
    /// When somebody serves it: what a command wrote would be overwritten.
    pub fn share(folder: &Path) -> Result<Self, ClaimError> {
        let mut file = open(folder)?;
        if file.try_lock_shared().is_err() {
            let mut url = String::new();
            // The URL is a help; that the folder is taken is known without it.
            let _ = file.read_to_string(&mut url);
            return Err(ClaimError::Served { folder: folder.to_owned(), url: url.trim().to_owned() });
        }
        Ok(Self(file))
    }

    /// Has a folder alone.
    ///
    /// # Errors
    /// When somebody else serves it, or a command is at work in it.
    pub fn alone(folder: &Path) -> Result<Self, ClaimError> {
        let file = open(folder)?;
        if file.try_lock().is_err() {
            // Serving it excludes sharing it.
            Self::share(folder)?;
            return Err(ClaimError::InUse { folder: folder.to_owned() });
        }
        Ok(Self(file))
    }

    /// Says where the accounts are served.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn serving(&mut self, url: &str) -> io::Result<()> {
        self.0.set_len(0)?;
        self.0.rewind()?;
        self.0.write_all(url.as_bytes())
    }
}

fn open(folder: &Path) -> Result<File, ClaimError> {
    let failed = |source| ClaimError::Lock { folder: folder.to_owned(), source };
    fs_err::create_dir_all(folder).map_err(failed)?;
    let file = fs_err::OpenOptions::new().read(true).write(true).create(true).truncate(false).open(folder.join(NAME));
    Ok(file.map_err(failed)?.into_parts().0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_share_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let _one = Claim::share(folder.path()).unwrap();
        assert!(Claim::share(folder.path()).is_ok());
        assert!(matches!(Claim::alone(folder.path()), Err(ClaimError::InUse { .. })));
    }

    #[test]
    fn what_is_served_is_had_by_nobody_else_who_is_told_where() {
        let folder = tempfile::tempdir().unwrap();
        let mut server = Claim::alone(folder.path()).unwrap();
        server.serving("http://127.0.0.1:4599").unwrap();
        for error in [Claim::share(folder.path()).unwrap_err(), Claim::alone(folder.path()).unwrap_err()] {
            assert!(matches!(error, ClaimError::Served { ref url, .. } if url == "http://127.0.0.1:4599"), "{error}");
        }
        drop(server);
        assert!(Claim::share(folder.path()).is_ok());
    }
}
