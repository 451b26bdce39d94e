//! Manifests and indexes in a registry.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};

use super::client::{Call, limited, senseless};
use super::retry::retrying;
use super::{RegistryError, Repository};
use crate::image::document::{ACCEPTED, Document, MAXIMUM_BYTES};
use crate::image::{Digest, Reference};

/// Header with the digest of what is sent.
const DIGEST: &str = "docker-content-digest";
/// Header of registries that list what is about an image by themselves.
const SUBJECT: &str = "oci-subject";
/// Longest wait for an answer that has no blob in it.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a registry says about an image without sending it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its digest.
    pub digest: Digest,
    /// Size of its manifest.
    pub size: Option<u64>,
}

impl Repository {
    /// The reference of a tag or digest in this repository.
    pub fn reference(&self, wanted: &str) -> Reference {
        let digest: Option<Digest> = wanted.parse().ok();
        Reference {
            registry: self.registry.clone(),
            repository: self.name.clone(),
            tag: digest.is_none().then(|| wanted.to_owned()),
            digest,
        }
    }

    /// Looks whether an image is there, by tag or digest.
    ///
    /// # Errors
    /// When the registry cannot be asked.
    pub async fn head(&self, wanted: &str) -> Result<Option<Head>, RegistryError> {
        let call = self.pull(self.called(wanted));
        retrying(&**self.client.watch(), &call.words, || self.look(&call, wanted)).await
    }

    async fn look(&self, call: &Call, wanted: &str) -> Result<Option<Head>, RegistryError> {
        let url = self.url(&format!("manifests/{wanted}"));
        let make = |http: &reqwest::Client| http.head(&url).header(ACCEPT, ACCEPTED.join(", ")).timeout(PATIENCE);
        let response = self.client.send(call, make).await?;
        match response.status() {
            StatusCode::NOT_FOUND => Ok(None),
            status if status.is_success() => match digest_of(response.headers()) {
                Some(digest) => {
                    let size = response.headers().get(CONTENT_LENGTH).and_then(|size| size.to_str().ok()?.parse().ok());
                    Ok(Some(Head { digest, size }))
                }
                // Not every registry says it: then only the manifest itself tells.
                None => Ok(Some(Head { digest: self.fetch(wanted).await?.digest(), size: None })),
            },
            _ => Err(self.client.refusal(call, response).await),
        }
    }

    /// The same, asked only once: for what can be done without.
    ///
    /// # Errors
    /// When the registry does not answer at once.
    pub async fn head_once(&self, wanted: &str) -> Result<Option<Head>, RegistryError> {
        let call = self.pull(self.called(wanted));
        self.look(&call, wanted).await
    }

    /// Reads a manifest or an index, by tag or digest.
    ///
    /// # Errors
    /// When it is not there, or not what its digest says.
    pub async fn document(&self, wanted: &str) -> Result<Document, RegistryError> {
        retrying(&**self.client.watch(), &self.called(wanted), || self.fetch(wanted)).await
    }

    async fn fetch(&self, wanted: &str) -> Result<Document, RegistryError> {
        let call = self.pull(self.called(wanted));
        let url = self.url(&format!("manifests/{wanted}"));
        let make = |http: &reqwest::Client| http.get(&url).header(ACCEPT, ACCEPTED.join(", ")).timeout(PATIENCE);
        let response = self.client.demand(&call, make).await?;
        let told = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(ToOwned::to_owned);
        let said = digest_of(response.headers());
        let bytes = limited(&call, response, MAXIMUM_BYTES).await?;
        let actual = Digest::of(&bytes);
        // What was asked for decides; for a tag, what the registry says that it sends.
        if let Some(wanted) = wanted.parse().ok().or(said).filter(|digest| *digest != actual) {
            return Err(RegistryError::Digest { what: call.words, wanted, actual });
        }
        Document::read(bytes, told.as_deref()).map_err(|error| senseless(&call, error.to_string()))
    }

    /// Sends a manifest or an index, by tag or by its digest. Answers whether the registry lists it by itself among what is
    /// about an image.
    ///
    /// # Errors
    /// [`RegistryError::Immutable`] for a tag that is another image; or when the registry refuses.
    pub async fn put(&self, document: &Document, wanted: &str) -> Result<bool, RegistryError> {
        let call = self.push(self.called(wanted));
        let url = self.url(&format!("manifests/{wanted}"));
        retrying(&**self.client.watch(), &call.words, || async {
            let make = |http: &reqwest::Client| {
                http.put(&url).header(CONTENT_TYPE, &document.media_type).body(document.bytes.clone()).timeout(PATIENCE)
            };
            let response = self.client.demand(&call, make).await?;
            let listed = response.headers().contains_key(SUBJECT);
            match digest_of(response.headers()).filter(|digest| *digest != document.digest()) {
                Some(actual) => {
                    Err(RegistryError::Digest { what: call.words.clone(), wanted: document.digest(), actual })
                }
                None => Ok(listed),
            }
        })
        .await
    }
}

fn digest_of(headers: &HeaderMap) -> Option<Digest> {
    headers.get(DIGEST)?.to_str().ok()?.parse().ok()
}
