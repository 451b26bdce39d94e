//! Files that are written whole or not at all.

use std::fs::Permissions;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Mode of a new file before the umask takes from it.
const USUAL: u32 = 0o666;

/// A file that is written whole or not at all: first to a temporary file beside it, which then takes its place.
#[derive(Debug)]
pub(crate) struct WholeFile {
    path: PathBuf,
    is_private: bool,
    lasts: bool,
}

impl WholeFile {
    /// A file of gwinfra's own, which only its owner may read and write.
    pub fn private(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), is_private: true, lasts: false }
    }

    /// A file that the user works with. What a link leads to is replaced, and not the link. What is there keeps its mode; a
    /// new file has what the umask leaves.
    pub fn shared(path: &Path) -> Self {
        let path = fs_err::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        Self { path, is_private: false, lasts: false }
    }

    /// The same, and what was written is there after a loss of power: writing waits until content and name are on disk.
    pub fn lasting(self) -> Self {
        Self { lasts: true, ..self }
    }

    /// Writes it. Its directory has to be there.
    ///
    /// # Errors
    /// When it cannot be written. What was there is left as it was.
    pub fn write(&self, bytes: &[u8]) -> io::Result<()> {
        self.write_with(|file| file.write_all(bytes))
    }

    /// The same, with a content that is made while it is written.
    ///
    /// # Errors
    /// When the content cannot be made or written. What was there is left as it was.
    pub fn write_with(&self, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        let directory = self.path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = if self.is_private {
            // A temporary file is readable by its owner only, and stays so.
            tempfile::NamedTempFile::new_in(directory)?
        } else {
            tempfile::Builder::new().permissions(Permissions::from_mode(USUAL)).tempfile_in(directory)?
        };
        if !self.is_private
            && let Ok(before) = fs_err::metadata(&self.path)
        {
            file.as_file().set_permissions(before.permissions())?;
        }
        let mut buffered = BufWriter::new(file.as_file_mut());
        content(&mut buffered)?;
        buffered.flush()?;
        drop(buffered);
        if self.lasts {
            file.as_file().sync_all()?;
        }
        file.persist(&self.path).map_err(|error| error.error)?;
        if self.lasts {
            sync_directory(directory)?;
        }
        Ok(())
    }
}

/// Waits until the names in a directory are on disk, where its file system can tell.
///
/// # Errors
/// When the disk fails.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    use io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
    match std::fs::File::open(path).and_then(|directory| directory.sync_all()) {
        // Some network file systems have no such call, and a directory need not be readable to be written to.
        Err(error) if matches!(error.kind(), InvalidInput | PermissionDenied | Unsupported) => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs_err::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_content_that_cannot_be_made_leaves_what_was_there_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        WholeFile::private(&path).write(b"old").unwrap();
        let failed = WholeFile::private(&path).write_with(|file| {
            file.write_all(b"new")?;
            Err(io::Error::other("no more"))
        });
        assert_eq!(failed.unwrap_err().to_string(), "no more");
        assert_eq!(fs_err::read(&path).unwrap(), b"old");
        assert_eq!(fs_err::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_private_file_is_its_owners_also_where_it_was_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        fs_err::write(&path, "open").unwrap();
        fs_err::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        WholeFile::private(&path).lasting().write(b"closed").unwrap();
        assert_eq!((mode(&path), fs_err::read(&path).unwrap()), (0o600, b"closed".to_vec()));
    }

    #[test]
    fn a_shared_file_keeps_its_mode_and_a_new_one_has_the_usual() {
        let directory = tempfile::tempdir().unwrap();
        let (path, usual) = (directory.path().join("file"), directory.path().join("usual"));
        fs_err::write(&usual, "").unwrap();
        WholeFile::shared(&path).write(b"new").unwrap();
        assert_eq!(mode(&path), mode(&usual));
        fs_err::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        WholeFile::shared(&path).write(b"newer").unwrap();
        assert_eq!((mode(&path), fs_err::read(&path).unwrap()), (0o640, b"newer".to_vec()));
    }

    #[test]
    fn a_shared_file_is_written_where_its_link_leads() {
        let directory = tempfile::tempdir().unwrap();
        let (path, link) = (directory.path().join("file"), directory.path().join("link"));
        fs_err::write(&path, "old").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        WholeFile::shared(&link).write(b"new").unwrap();
        assert_eq!(fs_err::read(&path).unwrap(), b"new");
        assert!(fs_err::symlink_metadata(&link).unwrap().is_symlink());
    }
}
