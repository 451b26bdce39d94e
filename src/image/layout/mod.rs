//! OCI image layouts: images in a directory or an archive.
//!
//! <https://github.com/opencontainers/image-spec/blob/main/image-layout.md>

mod draft;
mod stored;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use thiserror::Error;

use super::document::Document;
use super::{Descriptor, Digest, Platform};
use draft::Draft;

pub use draft::join;
pub use stored::StoredLayout;

/// File that marks a layout.
const MARK: &str = "oci-layout";
/// What stands in it.
const MARK_TEXT: &str = r#"{"imageLayoutVersion":"1.0.0"}"#;
/// File that lists what is in a layout.
const LIST: &str = "index.json";
/// Note that gives an entry its name.
const NAME: &str = "org.opencontainers.image.ref.name";

/// Why a layout could not be written or read.
#[derive(Debug, Error)]
pub enum LayoutError {
    /// A file could not be used.
    #[error("could not use {}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// There is something else already.
    #[error("{} is there already and is no image layout: it is left alone", .0.display())]
    Occupied(PathBuf),
    /// It is no layout.
    #[error("{} is no image layout: it has no {MARK} file", .0.display())]
    NotALayout(PathBuf),
    /// A part of it is not there, or is not what its digest says.
    #[error("the image layout {} is damaged: {reason}", .path.display())]
    Damaged {
        /// The layout.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The image of one platform is not for it.
    #[error("the image for {wanted} in {} is for {actual}", .path.display())]
    Platform {
        /// The layout.
        path: PathBuf,
        /// What it was made for.
        wanted: Box<Platform>,
        /// What it says of itself.
        actual: Box<Platform>,
    },
    /// It has no image, or several.
    #[error("{} has {found}, and one is wanted{}", .path.display(), if .names.is_empty() { String::new() } else { format!(": {}", .names.join(", ")) })]
    Which {
        /// The layout.
        path: PathBuf,
        /// How many it has, in words.
        found: String,
        /// Their names.
        names: Vec<String>,
    },
}

/// An image with everything that belongs to it, in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    image: Document,
    tag: String,
    documents: BTreeMap<Digest, Document>,
    blobs: BTreeMap<Digest, Bytes>,
    referrers: Vec<Descriptor>,
}

impl Layout {
    /// A layout of that image, with a tag as its name, and nothing yet that the image is made of.
    pub fn of(image: Document, tag: &str) -> Self {
        Self {
            documents: BTreeMap::from([(image.digest(), image.clone())]),
            image,
            tag: tag.to_owned(),
            blobs: BTreeMap::new(),
            referrers: Vec::new(),
        }
    }

    /// Adds a blob.
    pub fn put_blob(&mut self, bytes: Vec<u8>) {
        self.blobs.insert(Digest::of(&bytes), bytes.into());
    }

    /// Adds a manifest or an index.
    pub fn put_document(&mut self, document: Document) {
        self.documents.insert(document.digest(), document);
    }

    /// Adds something about the image.
    pub fn refer(&mut self, document: Document) {
        self.referrers.push(document.descriptor());
        self.put_document(document);
    }

    /// The image.
    pub fn image(&self) -> &Document {
        &self.image
    }

    /// A manifest or an index.
    pub fn document(&self, digest: &Digest) -> Option<&Document> {
        self.documents.get(digest)
    }

    /// A blob.
    pub fn blob(&self, digest: &Digest) -> Option<&Bytes> {
        self.blobs.get(digest)
    }

    /// What is about the image.
    pub fn referrers(&self) -> &[Descriptor] {
        &self.referrers
    }

    /// Writes it: as an archive when the path ends in `.tar`, else as a directory. Whatever layout is there is replaced,
    /// at the very end and at once.
    ///
    /// # Errors
    /// When a file cannot be written, or something else is there.
    pub fn write(&self, path: &Path) -> Result<(), LayoutError> {
        let failed = |source| LayoutError::Io { path: path.to_owned(), source };
        let draft = Draft::begin(path)?;
        for (name, bytes) in self.files() {
            fs_err::write(draft.folder().join(name), bytes).map_err(failed)?;
        }
        draft.finish()
    }

    /// Every file of the layout, in order.
    fn files(&self) -> BTreeMap<String, Bytes> {
        let named = Descriptor {
            annotations: BTreeMap::from([(NAME.to_owned(), self.tag.clone())]),
            ..self.image.descriptor()
        };
        let entries = std::iter::once(named).chain(self.referrers.iter().cloned());
        let list = Document::of_index(entries.collect(), BTreeMap::new());
        let documents =
            self.documents.iter().map(|(digest, document)| (blob_path(digest), document.bytes.clone().into()));
        let blobs = self.blobs.iter().map(|(digest, bytes)| (blob_path(digest), bytes.clone()));
        let own = [(MARK.to_owned(), Bytes::from(MARK_TEXT)), (LIST.to_owned(), Bytes::from(list.bytes))];
        documents.chain(blobs).chain(own).collect()
    }
}

fn is_archive(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "tar")
}

fn blob_path(digest: &Digest) -> String {
    format!("blobs/sha256/{}", digest.hex())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Platform;
    use crate::image::middleware::{Parts, assemble};
    use crate::image::testing::program;

    fn layout() -> Layout {
        let binaries = BTreeMap::from([(Platform::linux("amd64"), program(62, None))]);
        assemble(&Parts { binaries, ..Parts::default() }).unwrap()
    }

    #[test]
    fn what_is_written_is_read_again_from_a_directory_and_from_an_archive() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["layout", "layout.tar"] {
            let path = folder.path().join(name);
            layout().write(&path).unwrap();
            assert!(StoredLayout::is_at(&path));
            let stored = StoredLayout::open(&path).unwrap();
            let (image, tag) = stored.image().unwrap();
            assert_eq!((&image, tag.as_deref()), (layout().image(), Some(env!("CARGO_PKG_VERSION"))));
            assert_eq!(stored.referrers(&image.digest()).unwrap().len(), 1);
        }
    }

    #[test]
    fn an_archive_is_the_same_bytes_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let [one, other] = ["one.tar", "other.tar"].map(|name| folder.path().join(name));
        layout().write(&one).unwrap();
        layout().write(&other).unwrap();
        assert_eq!(fs_err::read(one).unwrap(), fs_err::read(other).unwrap());
    }

    #[test]
    fn an_older_layout_is_replaced_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("layout");
        layout().write(&path).unwrap();
        fs_err::write(path.join("blobs/sha256/old"), "old").unwrap();
        layout().write(&path).unwrap();
        assert!(!path.join("blobs/sha256/old").exists());
        assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 1);
        let occupied = folder.path().join("notes");
        fs_err::create_dir_all(&occupied).unwrap();
        assert!(matches!(layout().write(&occupied), Err(LayoutError::Occupied(_))));
    }

    #[test]
    fn a_changed_blob_is_found_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("layout");
        layout().write(&path).unwrap();
        let digest = layout().image().digest();
        fs_err::write(path.join(blob_path(&digest)), "{}").unwrap();
        let error = StoredLayout::open(&path).unwrap().image().unwrap_err();
        assert!(matches!(error, LayoutError::Damaged { .. }), "{error}");
    }

    #[test]
    fn a_directory_that_is_no_layout_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(StoredLayout::open(folder.path()), Err(LayoutError::NotALayout(_))));
    }
}
