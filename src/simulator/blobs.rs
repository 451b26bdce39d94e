//! Contents that are too large for the world's own file: objects and image layers, stored by digest.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::hexadecimal::sha256;
use crate::whole_file::WholeFile;

/// Bytes by their SHA-256, in a folder or, without one, in memory.
#[derive(Debug, Clone, Default)]
pub struct Blobs {
    folder: Option<PathBuf>,
    memory: BTreeMap<String, Arc<[u8]>>,
}

impl Blobs {
    /// Blobs that last in this folder; it is created with the first of them.
    pub fn in_folder(folder: PathBuf) -> Self {
        Self { folder: Some(folder), memory: BTreeMap::new() }
    }

    /// Stores bytes and returns their digest, 64 hexadecimal digits. Equal bytes are stored once.
    pub fn put(&mut self, bytes: &[u8]) -> io::Result<String> {
        let digest = sha256(bytes);
        match &self.folder {
            Some(folder) => {
                let path = folder.join(&digest);
                if !path.exists() {
                    fs_err::create_dir_all(folder)?;
                    WholeFile::private(path).write(bytes)?;
                }
            }
            None => {
                self.memory.entry(digest.clone()).or_insert_with(|| bytes.into());
            }
        }
        Ok(digest)
    }

    /// The bytes with this digest; `None` if there are none.
    pub fn get(&self, digest: &str) -> io::Result<Option<Arc<[u8]>>> {
        let Some(folder) = &self.folder else {
            return Ok(self.memory.get(digest).cloned());
        };
        if digest.len() != 64 || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(None);
        }
        match fs_err::read(folder.join(digest)) {
            Ok(bytes) => Ok(Some(bytes.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_by_their_digest() {
        let mut blobs = Blobs::default();
        let digest = blobs.put(b"layer").unwrap();
        assert_eq!(blobs.get(&digest).unwrap().as_deref(), Some(&b"layer"[..]));
    }

    #[test]
    fn blobs_last_in_their_folder() {
        let folder = tempfile::tempdir().unwrap();
        let digest = Blobs::in_folder(folder.path().into()).put(b"layer").unwrap();
        let reopened = Blobs::in_folder(folder.path().into());
        assert_eq!(reopened.get(&digest).unwrap().as_deref(), Some(&b"layer"[..]));
    }

    #[test]
    fn a_digest_cannot_name_a_file_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Blobs::in_folder(folder.path().into()).get("../../etc/passwd").unwrap(), None);
    }
}
