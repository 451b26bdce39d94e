//! The directory that has everything of a local gateway.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::LocalError;
use crate::whole_file::WholeFile;

/// Everything that a gateway makes in its directory.
const OWN: [&str; 10] = [
    "key",
    "litellm",
    "litellm.yaml",
    "log",
    "postgres",
    "postgres.password",
    "redis.conf",
    "secrets.json",
    "state.json",
    LOCK,
];
const LOCK: &str = "lock";

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

    /// Locks it for one gateway. The lock is gone with the process, however that ends; the file has its number.
    pub fn lock(&self) -> Result<Option<File>, LocalError> {
        let path = self.0.join(LOCK);
        let failed = |source| LocalError::File { path: path.clone(), source };
        let file = fs_err::OpenOptions::new().create(true).append(true).open(&path).map_err(failed)?;
        let mut file = file.into_parts().0;
        if file.try_lock().is_err() {
            return Ok(None);
        }
        file.set_len(0).and_then(|()| write!(file, "{}", std::process::id())).map_err(failed)?;
        Ok(Some(file))
    }

    /// The process that has the lock, as far as it has said so.
    pub fn holder(&self) -> Option<i32> {
        fs_err::read_to_string(self.0.join(LOCK)).ok()?.trim().parse().ok()
    }

    /// Deletes what a gateway has made here, and the directory if nothing else is in it. Returns whether it is gone.
    ///
    /// # Errors
    /// [`LocalError::Foreign`] when no gateway has ever been here; [`LocalError::File`] when something cannot be deleted.
    pub fn purge(&self) -> Result<bool, LocalError> {
        let has = |name: &str| self.0.join(name).is_file();
        if !has(LOCK) || !(has("secrets.json") || self.names()?.iter().all(|name| OWN.contains(&name.as_str()))) {
            return Err(LocalError::Foreign(self.0.clone()));
        }
        for name in OWN {
            let path = self.0.join(name);
            let gone = if path.is_dir() { fs_err::remove_dir_all(&path) } else { fs_err::remove_file(&path) };
            match gone {
                Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                    return Err(LocalError::File { path, source });
                }
                _ => {}
            }
        }
        let is_empty = self.names()?.is_empty();
        if is_empty {
            let failed = |source| LocalError::File { path: self.0.clone(), source };
            fs_err::remove_dir(&self.0).map_err(failed)?;
        }
        Ok(is_empty)
    }

    fn names(&self) -> Result<Vec<String>, LocalError> {
        let failed = |source| LocalError::File { path: self.0.clone(), source };
        let entries = fs_err::read_dir(&self.0).map_err(failed)?;
        entries.map(|entry| Ok(entry.map_err(failed)?.file_name().to_string_lossy().into_owned())).collect()
    }

    /// Whether a gateway has it.
    pub fn is_locked(&self) -> bool {
        is_locked(&self.0.join(LOCK))
    }

    /// Writes a file, whole or not at all, which only its owner may read.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, LocalError> {
        let path = self.0.join(name);
        let written = WholeFile::private(&path).lasting().write(bytes);
        written.map_err(|source| LocalError::File { path: path.clone(), source })?;
        Ok(path)
    }
}

/// Whether a process that is alive holds the lock of a file: each service locks its log.
pub(super) fn is_locked(path: &Path) -> bool {
    fs_err::File::open(path).is_ok_and(|file| file.into_parts().0.try_lock_shared().is_err())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> (tempfile::TempDir, Directory) {
        let place = tempfile::tempdir().unwrap();
        let directory = Directory::new(place.path());
        (place, directory)
    }

    #[test]
    fn what_no_gateway_has_made_is_not_purged() {
        let (place, directory) = directory();
        for name in ["README.md", "lock"] {
            fs_err::write(place.path().join(name), "").unwrap();
            assert!(matches!(directory.purge(), Err(LocalError::Foreign(_))), "{name}");
            assert!(place.path().join(name).exists());
        }
    }

    #[test]
    fn a_purge_keeps_what_somebody_else_has_put_there() {
        let (place, directory) = directory();
        directory.create().unwrap();
        drop(directory.lock().unwrap());
        directory.write("secrets.json", b"{}").unwrap();
        fs_err::write(place.path().join("notes.txt"), "mine").unwrap();
        assert!(!directory.purge().unwrap());
        assert_eq!(directory.names().unwrap(), ["notes.txt"]);
    }

    #[test]
    fn a_start_that_came_to_nothing_is_purged_whole() {
        let (place, directory) = directory();
        directory.create().unwrap();
        drop(directory.lock().unwrap());
        assert!(directory.purge().unwrap() && !place.path().exists());
    }

    #[test]
    fn the_lock_says_whose_it_is() {
        let (_place, directory) = directory();
        directory.create().unwrap();
        let _lock = directory.lock().unwrap();
        assert_eq!(directory.holder(), i32::try_from(std::process::id()).ok());
    }
}
