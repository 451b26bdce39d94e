//! Brings an image to a registry, with everything that belongs to it, and sends nothing that is there already.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryStreamExt};
use reqwest::Body;
use thiserror::Error;

use super::config::Config;
use super::document::{Content, Manifest};
use super::inspect;
use super::registry::{Client, Mounted, RegistryError, Repository};
use super::{Descriptor, Digest, Document, Event, How, Platform, Reference, Source, SourceError, Watch};

/// Blobs that are sent at the same time.
const AT_ONCE: usize = 3;

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Blobs that were sent.
    pub sent: usize,
    /// Bytes of those.
    pub bytes: u64,
    /// Blobs that the registry took from another of its repositories.
    pub mounted: usize,
    /// Blobs that were there before.
    pub there: usize,
    /// Manifests and indexes that were sent.
    pub manifests: usize,
}

/// An image that was brought to a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Where it is, by tag.
    pub tagged: Option<Reference>,
    /// Where it is, by digest.
    pub pinned: Reference,
    /// Its digest.
    pub digest: Digest,
    /// What was done for it.
    pub tally: Tally,
}

/// Why an image could not be brought to a registry.
#[derive(Debug, Error)]
pub enum CopyError {
    /// It could not be read.
    #[error("could not read the image")]
    Source(#[source] SourceError),
    /// It could not be written.
    #[error(transparent)]
    Target(#[from] RegistryError),
    /// It is not the image that the destination names.
    #[error("the image has the digest {actual}, and the destination says {wanted}")]
    Digest {
        /// The destination's.
        wanted: Digest,
        /// The image's.
        actual: Digest,
    },
    /// It is not made for the platforms that are wanted.
    #[error("the image is not there for {wanted}; it is there for {}", .there.join(", "))]
    Platform {
        /// What is wanted.
        wanted: Platform,
        /// What there is.
        there: Vec<String>,
    },
}

/// The part of an image that is for some platforms: the whole image when none is named, one manifest when one is, and an index
/// of a digest of its own otherwise.
///
/// # Errors
/// [`CopyError::Platform`] when it is not there for one of them; or when it cannot be read.
pub async fn select(
    source: &dyn Source,
    image: &Document,
    platforms: &BTreeSet<Platform>,
) -> Result<Document, CopyError> {
    if platforms.is_empty() {
        return Ok(image.clone());
    }
    let Content::Index(index) = &image.content else { return only(source, image, platforms).await };
    let mut chosen = Vec::new();
    for wanted in platforms {
        let found = index.manifests.iter().find(|entry| entry.platform.as_ref().is_some_and(|own| wanted.takes(own)));
        let there =
            || index.manifests.iter().filter_map(|entry| entry.platform.as_ref()).filter(|own| !own.is_unknown());
        let found = found.ok_or_else(|| CopyError::Platform {
            wanted: wanted.clone(),
            there: there().map(ToString::to_string).collect(),
        })?;
        chosen.push(found.clone());
    }
    match chosen.as_slice() {
        [one] => source.document(one).await.map_err(CopyError::Source),
        _ if chosen.len() == index.manifests.len() => Ok(image.clone()),
        _ => Ok(Document::of_index(chosen, index.annotations.clone())),
    }
}

/// The image, which is for one platform only.
async fn only(source: &dyn Source, image: &Document, platforms: &BTreeSet<Platform>) -> Result<Document, CopyError> {
    let there: Vec<Platform> =
        inspect::configs(source, image).await.map_err(CopyError::Source)?.iter().map(Config::platform).collect();
    match platforms.iter().find(|wanted| !there.iter().any(|own| wanted.takes(own))) {
        None => Ok(image.clone()),
        Some(wanted) => {
            Err(CopyError::Platform { wanted: wanted.clone(), there: there.iter().map(ToString::to_string).collect() })
        }
    }
}

/// Brings an image to where a reference says.
///
/// # Errors
/// When it cannot be read or written. What was sent until then stays in the registry, and is not sent again.
pub async fn copy(
    source: &dyn Source,
    image: &Document,
    client: &Client,
    reference: &Reference,
) -> Result<Copied, CopyError> {
    let repository = &client.repository(reference);
    let digest = image.digest();
    if let Some(wanted) = reference.digest.clone().filter(|wanted| *wanted != digest) {
        return Err(CopyError::Digest { wanted, actual: digest });
    }
    let copying = Copying {
        source,
        target: repository,
        watch: client.watch().clone(),
        tally: Mutex::default(),
        done: Mutex::default(),
    };
    let tag = reference.tag.as_deref();
    let there = match tag {
        Some(tag) => repository.head(tag).await?.is_some_and(|head| head.digest == digest),
        None => false,
    };
    if there {
        copying.saw_manifest(tag.unwrap_or_default(), false);
    } else {
        copying.document(image, tag).await?;
    }
    let about = match source.referrers(&digest).await {
        // The image itself is there, and nothing that runs it needs what is about it.
        Err(SourceError::Registry(error)) => {
            copying.watch.saw(Event::Alone { image: digest.clone(), reason: error.in_full() });
            Vec::new()
        }
        about => about.map_err(CopyError::Source)?,
    };
    for about in about {
        copying.about(&about).await?;
    }
    let tally = copying.tally.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok(Copied { tagged: tag.map(|tag| reference.by_tag(tag)), pinned: reference.by_digest(&digest), digest, tally })
}

struct Copying<'a> {
    source: &'a dyn Source,
    target: &'a Repository,
    watch: Arc<dyn Watch>,
    tally: Mutex<Tally>,
    /// Blobs that were looked after already: images of one index share some.
    done: Mutex<BTreeMap<Digest, Arc<tokio::sync::Mutex<bool>>>>,
}

impl Copying<'_> {
    fn count(&self, change: impl FnOnce(&mut Tally)) {
        change(&mut self.tally.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn saw_manifest(&self, wanted: &str, sent: bool) {
        self.watch.saw(Event::Manifest { reference: self.target.reference(wanted), sent });
        self.count(|tally| tally.manifests += usize::from(sent));
    }

    /// Brings a manifest or an index, under its digest or a tag, after everything that it names.
    fn document<'b>(&'b self, document: &'b Document, tag: Option<&'b str>) -> BoxFuture<'b, Result<(), CopyError>> {
        async move {
            let digest = document.digest();
            // What is there under its digest is complete: registries take nothing whose parts are missing.
            if self.target.head(digest.as_str()).await?.is_none() {
                self.parts(document).await?;
            } else if tag.is_none() {
                self.saw_manifest(digest.as_str(), false);
                return Ok(());
            }
            let wanted = tag.unwrap_or(digest.as_str());
            self.target.put(document, wanted).await?;
            self.saw_manifest(wanted, true);
            Ok(())
        }
        .boxed()
    }

    async fn parts(&self, document: &Document) -> Result<(), CopyError> {
        match &document.content {
            Content::Manifest(manifest) => self.blobs(manifest).await,
            Content::Index(index) => {
                for entry in &index.manifests {
                    let part = self.source.document(entry).await.map_err(CopyError::Source)?;
                    self.document(&part, None).await?;
                }
                Ok(())
            }
        }
    }

    async fn blobs(&self, manifest: &Manifest) -> Result<(), CopyError> {
        // The same blob may stand in a manifest twice.
        let blobs: BTreeMap<&Digest, &Descriptor> = manifest.blobs().map(|blob| (&blob.digest, blob)).collect();
        let mut work: Vec<BoxFuture<'_, Result<(), CopyError>>> = Vec::new();
        for blob in blobs.into_values() {
            work.push(self.blob(blob).boxed());
        }
        futures::stream::iter(work).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await?;
        Ok(())
    }

    async fn blob(&self, blob: &Descriptor) -> Result<(), CopyError> {
        let done =
            self.done.lock().unwrap_or_else(PoisonError::into_inner).entry(blob.digest.clone()).or_default().clone();
        let mut done = done.lock().await;
        if *done {
            return Ok(());
        }
        let how = self.bring(blob).await?;
        *done = true;
        self.watch.saw(Event::Blob { blob: blob.clone(), how });
        self.count(|tally| match how {
            How::There => tally.there += 1,
            How::Mounted => tally.mounted += 1,
            How::Sent => {
                tally.sent += 1;
                tally.bytes += blob.size;
            }
        });
        Ok(())
    }

    async fn bring(&self, blob: &Descriptor) -> Result<How, CopyError> {
        if self.target.has(&blob.digest).await? {
            return Ok(How::There);
        }
        let beside = self.source.repository().filter(|source| source.is_beside(self.target));
        if let Some(source) = beside
            && self.target.mount(&blob.digest, &source.name).await? == Mounted::Yes
        {
            return Ok(How::Mounted);
        }
        self.watch.saw(Event::Sending { blob: blob.clone() });
        let tries = std::sync::atomic::AtomicUsize::new(0);
        self.target
            .upload(blob, || {
                let again = tries.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 0;
                self.body(blob, again).boxed()
            })
            .await?;
        Ok(How::Sent)
    }

    /// The bytes of a blob, which are told as they go.
    async fn body(&self, blob: &Descriptor, again: bool) -> Result<Body, RegistryError> {
        if again {
            self.watch.saw(Event::Restarted { digest: blob.digest.clone() });
        }
        let stream = self.source.open(blob).await.map_err(|error| RegistryError::Source(Box::new(error)))?;
        let (watch, digest) = (self.watch.clone(), blob.digest.clone());
        Ok(Body::wrap_stream(stream.inspect_ok(move |part| {
            watch.saw(Event::Progress { digest: digest.clone(), bytes: part.len() as u64 });
        })))
    }

    /// Brings what is about the image.
    async fn about(&self, document: &Document) -> Result<(), CopyError> {
        let digest = document.digest();
        if self.target.head(digest.as_str()).await?.is_some() {
            self.saw_manifest(digest.as_str(), false);
            return Ok(());
        }
        self.parts(document).await?;
        self.target.refer(document).await?;
        self.saw_manifest(digest.as_str(), true);
        Ok(())
    }
}
