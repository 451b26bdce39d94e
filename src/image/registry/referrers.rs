//! What is about an image: bills of materials, signatures.
//!
//! <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers>

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::ACCEPT;

use super::client::{limited, senseless};
use super::retry::retrying;
use super::{RegistryError, Repository};
use crate::image::document::{Content, Document, INDEX, Index, MAXIMUM_BYTES};
use crate::image::{Descriptor, Digest};

/// Longest wait for a list.
const PATIENCE: Duration = Duration::from_secs(60);

impl Repository {
    /// What is about an image.
    ///
    /// # Errors
    /// When the registry cannot be asked.
    pub async fn referrers(&self, of: &Digest) -> Result<Vec<Descriptor>, RegistryError> {
        match self.listed(of).await? {
            Some(list) => Ok(list.manifests),
            None => Ok(self.list_by_tag(of).await?.map(|list| list.manifests).unwrap_or_default()),
        }
    }

    /// Sends something that is about an image, and makes sure that it is found there.
    ///
    /// # Errors
    /// When the registry refuses.
    pub async fn refer(&self, document: &Document) -> Result<(), RegistryError> {
        let listed = self.put(document, document.digest().as_str()).await?;
        let Some(subject) = document.subject() else { return Ok(()) };
        if listed || self.listed(&subject.digest).await?.is_some() {
            return Ok(());
        }
        // The registry keeps no list: it is kept under a tag.
        let mut list = self.list_by_tag(&subject.digest).await?.map(|list| list.manifests).unwrap_or_default();
        let own = document.descriptor();
        if list.iter().any(|entry| entry.digest == own.digest) {
            return Ok(());
        }
        list.push(own);
        self.put(&Document::of_index(list, BTreeMap::new()), &tag(&subject.digest)).await?;
        Ok(())
    }

    /// The list that the registry keeps; `None` for one that keeps none.
    async fn listed(&self, of: &Digest) -> Result<Option<Index>, RegistryError> {
        let call = self.pull(format!("what is about {}", self.called(of.as_str())));
        let url = self.url(&format!("referrers/{of}"));
        retrying(&**self.client.watch(), &call.words, || async {
            let response =
                self.client.send(&call, |http| http.get(&url).header(ACCEPT, INDEX).timeout(PATIENCE)).await?;
            match response.status() {
                // What a registry says that has never heard of it.
                StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::BAD_REQUEST => Ok(None),
                status if status.is_success() => {
                    let bytes = limited(&call, response, MAXIMUM_BYTES).await?;
                    serde_json::from_slice(&bytes).map(Some).map_err(|error| senseless(&call, error.to_string()))
                }
                _ => Err(self.client.refusal(&call, response).await),
            }
        })
        .await
    }

    async fn list_by_tag(&self, of: &Digest) -> Result<Option<Index>, RegistryError> {
        match self.document(&tag(of)).await {
            Ok(Document { content: Content::Index(index), .. }) => Ok(Some(index)),
            Ok(_) | Err(RegistryError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The tag under which a list is kept where the registry keeps none.
fn tag(digest: &Digest) -> String {
    format!("sha256-{}", digest.hex())
}
