//! Layouts on disk.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::{LIST, LayoutError, MARK, NAME, blob_path, is_archive};
use crate::image::digest::Digesting;
use crate::image::document::{Document, Index};
use crate::image::{Descriptor, Digest};

/// Where the files of a layout on disk are.
#[derive(Debug, Clone)]
enum Files {
    /// In a directory.
    Directory,
    /// In an archive: place and size of each.
    Archive(BTreeMap<String, (u64, u64)>),
}

/// A layout on disk. Blobs stay there until they are read.
#[derive(Debug, Clone)]
pub struct StoredLayout {
    path: PathBuf,
    files: Files,
    list: Index,
}

impl StoredLayout {
    /// Whether there is a layout at a path, or at least an archive.
    pub fn is_at(path: &Path) -> bool {
        path.join(MARK).is_file() || (is_archive(path) && path.is_file())
    }

    /// Opens a layout.
    ///
    /// # Errors
    /// When there is none.
    pub fn open(path: &Path) -> Result<Self, LayoutError> {
        let failed = |source| LayoutError::Io { path: path.to_owned(), source };
        let files = if fs_err::metadata(path).map_err(failed)?.is_dir() {
            Files::Directory
        } else {
            Files::Archive(places(path).map_err(failed)?)
        };
        let mut layout = Self { path: path.to_owned(), files, list: Index::default() };
        if layout.read(MARK).is_err() {
            return Err(LayoutError::NotALayout(path.to_owned()));
        }
        let list = layout.read(LIST).map_err(|_| layout.damaged(format!("it has no {LIST}")))?;
        layout.list = serde_json::from_slice(&list).map_err(|error| layout.damaged(format!("{LIST}: {error}")))?;
        Ok(layout)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The one image that is in it, and its tag.
    ///
    /// # Errors
    /// When there are several, or none.
    pub fn image(&self) -> Result<(Document, Option<String>), LayoutError> {
        let images: Vec<&Descriptor> =
            self.list.manifests.iter().filter(|entry| entry.artifact_type.is_none()).collect();
        let name = |entry: &Descriptor| entry.annotations.get(NAME).cloned();
        // Some builders write the whole reference.
        let tag = |entry: &Descriptor| name(entry).and_then(|name| name.rsplit(':').next().map(ToOwned::to_owned));
        match images.as_slice() {
            [one] => Ok((self.document(one)?, tag(one))),
            several => Err(LayoutError::Which {
                path: self.path.clone(),
                found: crate::plan::count(several.len(), "image"),
                names: several.iter().filter_map(|entry| name(entry)).collect(),
            }),
        }
    }

    /// What is about an image.
    ///
    /// # Errors
    /// When a part is damaged.
    pub fn referrers(&self, of: &Digest) -> Result<Vec<Document>, LayoutError> {
        let all = self.list.manifests.iter().filter(|entry| entry.artifact_type.is_some());
        let mut found = Vec::new();
        for document in all.map(|entry| self.document(entry)) {
            let document = document?;
            if document.subject().is_some_and(|subject| subject.digest == *of) {
                found.push(document);
            }
        }
        Ok(found)
    }

    /// Reads a manifest or an index.
    ///
    /// # Errors
    /// When it is not there, or not what its digest says.
    pub fn document(&self, descriptor: &Descriptor) -> Result<Document, LayoutError> {
        let bytes = self.bytes(&descriptor.digest)?;
        Document::read(bytes, Some(&descriptor.media_type))
            .map_err(|error| self.damaged(format!("{}: {error}", descriptor.digest)))
    }

    /// Reads a blob as a whole, and makes sure that it is what its digest says.
    ///
    /// # Errors
    /// When it is not.
    pub fn bytes(&self, digest: &Digest) -> Result<Vec<u8>, LayoutError> {
        let bytes = self.read(&blob_path(digest)).map_err(|error| self.damaged(format!("{digest}: {error}")))?;
        let actual = Digest::of(&bytes);
        if actual == *digest { Ok(bytes) } else { Err(self.damaged(format!("{digest} has the digest {actual}"))) }
    }

    /// Where a blob is: file, place in it, and size.
    ///
    /// # Errors
    /// When it is not there, or not as large as it should be.
    pub fn place(&self, descriptor: &Descriptor) -> Result<(PathBuf, u64), LayoutError> {
        let name = blob_path(&descriptor.digest);
        let (path, offset, size) = match &self.files {
            Files::Directory => {
                let path = self.path.join(name);
                let size = fs_err::metadata(&path).map_err(|error| self.damaged(error.to_string()))?.len();
                (path, 0, size)
            }
            Files::Archive(places) => {
                let place = places.get(&name).ok_or_else(|| self.damaged(format!("it has no {name}")))?;
                (self.path.clone(), place.0, place.1)
            }
        };
        if size == descriptor.size {
            Ok((path, offset))
        } else {
            Err(self.damaged(format!("{} has {size} bytes, not {}", descriptor.digest, descriptor.size)))
        }
    }

    /// Copies a blob to a file.
    pub(super) fn copy(&self, blob: &Descriptor, to: &Path) -> Result<(), LayoutError> {
        let failed = |source| LayoutError::Io { path: to.to_owned(), source };
        let (path, offset) = self.place(blob)?;
        let mut file = fs_err::File::open(path).map_err(failed)?;
        io::Seek::seek(&mut file, io::SeekFrom::Start(offset)).map_err(failed)?;
        let mut copied = Digesting::new(fs_err::File::create(to).map_err(failed)?);
        io::copy(&mut file.take(blob.size), &mut copied).map_err(failed)?;
        let (_, actual, _) = copied.finish();
        if actual == blob.digest {
            Ok(())
        } else {
            Err(self.damaged(format!("{} has the digest {actual}", blob.digest)))
        }
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        match &self.files {
            Files::Directory => fs_err::read(self.path.join(name)),
            Files::Archive(places) => {
                let (offset, size) = *places.get(name).ok_or(io::ErrorKind::NotFound)?;
                let mut file = fs_err::File::open(&self.path)?;
                io::Seek::seek(&mut file, io::SeekFrom::Start(offset))?;
                let mut bytes = Vec::new();
                file.take(size).read_to_end(&mut bytes)?;
                Ok(bytes)
            }
        }
    }

    pub(super) fn damaged(&self, reason: String) -> LayoutError {
        LayoutError::Damaged { path: self.path.clone(), reason }
    }
}

/// Place and size of every file in an archive.
fn places(path: &Path) -> io::Result<BTreeMap<String, (u64, u64)>> {
    let mut archive = tar::Archive::new(fs_err::File::open(path)?);
    let mut places = BTreeMap::new();
    for entry in archive.entries_with_seek()? {
        let entry = entry?;
        let name = entry.path()?.display().to_string();
        places.insert(name.trim_start_matches("./").to_owned(), (entry.raw_file_position(), entry.size()));
    }
    Ok(places)
}
