//! The directory that has everything of a local gateway.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::LocalError;

/// The directory.
#[derive(Debug, Clone)]
pub struct Directory(PathBuf);

impl Directory {
    /// A directory that may not be there yet. Its path becomes absolute: programs with other working directories get it.
    pub fn new(path: &Path) -> Self {
        Self(std::path::absolute(path).unwrap_or_else(|_| path.to_owned()))
    }

    /// Makes it.
    pub fn create(&self) -> Result<(), LocalError> {
        let logs = self.0.join("log");
        fs_err::create_dir_all(&logs).map_err(|source| LocalError::File { path: logs, source })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The file with the key of the gateway, which only its owner may read.
    pub fn key(&self) -> PathBuf {
        self.0.join("key")
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The log of a service.
    pub fn log(&self, service: &str) -> PathBuf {
        self.0.join("log").join(format!("{}.log", service.to_ascii_lowercase()))
    }

    /// Locks it for one gateway. The lock is gone with the process, however that ends.
    pub fn lock(&self) -> Result<Option<File>, LocalError> {
        let path = self.0.join("lock");
        let failed = |source| LocalError::File { path: path.clone(), source };
        let file = fs_err::OpenOptions::new().create(true).append(true).open(&path).map_err(failed)?.into_parts().0;
        Ok(file.try_lock().is_ok().then_some(file))
    }

    /// Whether a gateway has it.
    pub fn is_locked(&self) -> bool {
        is_locked(&self.0.join("lock"))
    }

    /// Writes a file, whole or not at all, which only its owner may read.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, LocalError> {
        let path = self.0.join(name);
        let written = tempfile::NamedTempFile::new_in(&self.0).and_then(|mut file| {
            file.write_all(bytes)?;
            file.persist(&path).map_err(|error| error.error)
        });
        written.map_err(|source| LocalError::File { path: path.clone(), source })?;
        Ok(path)
    }
}

/// Whether a process that is alive holds the lock of a file: each service locks its log.
pub(super) fn is_locked(path: &Path) -> bool {
    fs_err::File::open(path).is_ok_and(|file| file.into_parts().0.try_lock_shared().is_err())
}
