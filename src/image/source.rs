//! Where images are read from: memory, disk, or a registry.

use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use super::layout::{Layout, LayoutError, StoredLayout};
use super::registry::{RegistryError, Repository};
use super::{Descriptor, Digest, Document};

/// Bytes that are read from a file at once.
const PART: usize = 256 << 10;

/// How long a registry may send nothing in the middle of a blob.
const SILENCE: Duration = Duration::from_secs(60);

/// The bytes of a blob, as they come.
pub type BlobStream = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// Why an image could not be read.
#[derive(Debug, Error)]
pub enum SourceError {
    /// A layout is damaged.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// A registry did not give it.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// A part is not there.
    #[error("the image has no {0}")]
    Missing(Digest),
    /// A part that should be one is no JSON of an image.
    #[error("{digest} is not what images have: {reason}")]
    Senseless {
        /// The part.
        digest: Digest,
        /// Why.
        reason: String,
    },
}

impl SourceError {
    /// Whether the same may succeed in a moment.
    pub fn passes(&self) -> bool {
        matches!(self, Self::Registry(error) if error.passes())
    }
}

/// Where an image is read from.
#[async_trait]
pub trait Source: Send + Sync {
    /// Reads a manifest or an index.
    async fn document(&self, descriptor: &Descriptor) -> Result<Document, SourceError>;

    /// Reads a small blob as a whole; it is what its digest says.
    async fn read(&self, blob: &Descriptor) -> Result<Vec<u8>, SourceError>;

    /// Begins to read a blob. Whether it is what its digest says, who takes it finds out.
    async fn open(&self, blob: &Descriptor) -> Result<BlobStream, SourceError>;

    /// What is about an image.
    async fn referrers(&self, of: &Digest) -> Result<Vec<Document>, SourceError>;

    /// The repository, if it is one.
    fn repository(&self) -> Option<&Repository> {
        None
    }
}

#[async_trait]
impl Source for Layout {
    async fn document(&self, descriptor: &Descriptor) -> Result<Document, SourceError> {
        self.document_of(&descriptor.digest)
    }

    async fn read(&self, blob: &Descriptor) -> Result<Vec<u8>, SourceError> {
        let bytes = self.blob(&blob.digest).ok_or_else(|| SourceError::Missing(blob.digest.clone()))?;
        Ok(bytes.to_vec())
    }

    async fn open(&self, blob: &Descriptor) -> Result<BlobStream, SourceError> {
        let bytes = self.blob(&blob.digest).ok_or_else(|| SourceError::Missing(blob.digest.clone()))?.clone();
        let parts = (0..bytes.len()).step_by(PART).map(move |at| Ok(bytes.slice(at..bytes.len().min(at + PART))));
        Ok(Box::pin(stream::iter(parts)))
    }

    async fn referrers(&self, of: &Digest) -> Result<Vec<Document>, SourceError> {
        let all = Layout::referrers(self).iter().map(|entry| self.document_of(&entry.digest));
        let all: Result<Vec<Document>, SourceError> = all.collect();
        Ok(all?
            .into_iter()
            .filter(|document| document.subject().is_some_and(|subject| subject.digest == *of))
            .collect())
    }
}

impl Layout {
    fn document_of(&self, digest: &Digest) -> Result<Document, SourceError> {
        self.document(digest).cloned().ok_or_else(|| SourceError::Missing(digest.clone()))
    }
}

#[async_trait]
impl Source for StoredLayout {
    async fn document(&self, descriptor: &Descriptor) -> Result<Document, SourceError> {
        Ok(StoredLayout::document(self, descriptor)?)
    }

    async fn read(&self, blob: &Descriptor) -> Result<Vec<u8>, SourceError> {
        Ok(self.bytes(&blob.digest)?)
    }

    async fn open(&self, blob: &Descriptor) -> Result<BlobStream, SourceError> {
        let (path, offset) = self.place(blob)?;
        Ok(file(path, offset, blob.size).await?)
    }

    async fn referrers(&self, of: &Digest) -> Result<Vec<Document>, SourceError> {
        Ok(StoredLayout::referrers(self, of)?)
    }
}

/// A part of a file, as it is read.
async fn file(path: PathBuf, offset: u64, size: u64) -> Result<BlobStream, LayoutError> {
    let failed = |source| LayoutError::Io { path: path.clone(), source };
    let mut file = tokio::fs::File::open(&path).await.map_err(failed)?;
    file.seek(io::SeekFrom::Start(offset)).await.map_err(failed)?;
    Ok(Box::pin(stream::try_unfold(file.take(size), |mut file| async move {
        let mut part = vec![0; PART];
        let read = file.read(&mut part).await?;
        part.truncate(read);
        Ok((read > 0).then(|| (Bytes::from(part), file)))
    })))
}

#[async_trait]
impl Source for Repository {
    async fn document(&self, descriptor: &Descriptor) -> Result<Document, SourceError> {
        Ok(Repository::document(self, descriptor.digest.as_str()).await?)
    }

    async fn read(&self, blob: &Descriptor) -> Result<Vec<u8>, SourceError> {
        Ok(self.bytes(blob).await?)
    }

    async fn open(&self, blob: &Descriptor) -> Result<BlobStream, SourceError> {
        let stream = Repository::open(self, blob).await?.bytes_stream().boxed();
        Ok(Box::pin(stream::try_unfold(stream, |mut stream| async move {
            let part = tokio::time::timeout(SILENCE, stream.next()).await;
            match part.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))? {
                Some(part) => Ok(Some((part.map_err(|error| io::Error::other(error.without_url()))?, stream))),
                None => Ok(None),
            }
        })))
    }

    async fn referrers(&self, of: &Digest) -> Result<Vec<Document>, SourceError> {
        let mut found = Vec::new();
        for entry in Repository::referrers(self, of).await? {
            let document = Repository::document(self, entry.digest.as_str()).await?;
            if document.subject().is_some_and(|subject| subject.digest == *of) {
                found.push(document);
            }
        }
        Ok(found)
    }

    fn repository(&self) -> Option<&Repository> {
        Some(self)
    }
}
