//! Blobs in a registry: layers, configurations, bills.

use std::time::Duration;

use futures::future::BoxFuture;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use reqwest::{Body, Response, StatusCode, Url};

use super::client::{Call, limited, senseless};
use super::retry::retrying;
use super::{RegistryError, Repository};
use crate::image::{Descriptor, Digest};

/// Longest wait for an answer that has no blob in it.
const PATIENCE: Duration = Duration::from_secs(60);
/// Longest that one blob is sent.
const UPLOAD: Duration = Duration::from_secs(3600);

/// Whether a registry took a blob from another of its repositories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mounted {
    /// It did.
    Yes,
    /// It did not, and the blob has to be sent.
    No,
}

impl Repository {
    /// Looks whether a blob is there.
    ///
    /// # Errors
    /// When the registry cannot be asked.
    pub async fn has(&self, digest: &Digest) -> Result<bool, RegistryError> {
        // A login that may write is asked for at once: what is looked for is about to be sent.
        let call = self.push(self.called(digest.as_str()));
        let url = self.url(&format!("blobs/{digest}"));
        retrying(&**self.client.watch(), &call.words, || async {
            let response = self.client.send(&call, |http| http.head(&url).timeout(PATIENCE)).await?;
            match response.status() {
                StatusCode::NOT_FOUND => Ok(false),
                status if status.is_success() => Ok(true),
                _ => Err(self.client.refusal(&call, response).await),
            }
        })
        .await
    }

    /// Asks the registry to take a blob from another of its repositories. A registry that does not like to is no error.
    ///
    /// # Errors
    /// When the registry cannot be reached.
    pub async fn mount(&self, digest: &Digest, from: &str) -> Result<Mounted, RegistryError> {
        let mut call = self.push(self.called(digest.as_str()));
        call.scope = call.scope.and_pull(from);
        let url = self.url(&format!("blobs/uploads/?mount={digest}&from={from}"));
        retrying(&**self.client.watch(), &call.words, || async {
            let make = |http: &reqwest::Client| http.post(&url).header(CONTENT_LENGTH, 0).timeout(PATIENCE);
            let response = self.client.send(&call, make).await?;
            match response.status() {
                StatusCode::CREATED => Ok(Mounted::Yes),
                status if status.is_server_error() => Err(self.client.refusal(&call, response).await),
                // 202 begins an upload, which ends by itself when nothing follows.
                _ => Ok(Mounted::No),
            }
        })
        .await
    }

    /// Sends a blob as a whole. `body` gives it anew for each try.
    ///
    /// # Errors
    /// When the registry refuses, or the blob cannot be read.
    pub async fn upload<'a>(
        &self,
        blob: &Descriptor,
        body: impl Fn() -> BoxFuture<'a, Result<Body, RegistryError>>,
    ) -> Result<(), RegistryError> {
        let call = self.push(self.called(blob.digest.as_str()));
        retrying(&**self.client.watch(), &call.words, || async {
            let place = self.begin(&call).await?;
            let body = body().await?;
            self.send_to(&call, place, blob, body).await
        })
        .await
    }

    /// Begins an upload and gives where the blob goes.
    async fn begin(&self, call: &Call) -> Result<Url, RegistryError> {
        let url = self.url("blobs/uploads/");
        let make = |http: &reqwest::Client| http.post(&url).header(CONTENT_LENGTH, 0).timeout(PATIENCE);
        let response = self.client.demand(call, make).await?;
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let location = location.ok_or_else(|| senseless(call, "it does not say where the blob goes"))?;
        let base = Url::parse(&url).map_err(|error| senseless(call, error.to_string()))?;
        let place = base.join(location).map_err(|_| senseless(call, "where the blob goes is no URL"))?;
        Ok(encrypted(&base, place))
    }

    async fn send_to(&self, call: &Call, mut place: Url, blob: &Descriptor, body: Body) -> Result<(), RegistryError> {
        place.query_pairs_mut().append_pair("digest", blob.digest.as_str());
        let own = Url::parse(&self.client.base(&self.registry)).ok();
        let is_own = own.is_some_and(|own| own.origin() == place.origin());
        let mut request = self
            .client
            .http(place.authority())
            .put(place)
            .header(CONTENT_TYPE, "application/octet-stream")
            .header(CONTENT_LENGTH, blob.size)
            .timeout(UPLOAD)
            .body(body);
        // Whoever else the registry sends us to is shown no login.
        if is_own {
            request = self.client.as_known(call, request);
        }
        let response = request.send().await.map_err(|source| super::client::unreachable(call, source))?;
        match response.status() {
            status if status.is_success() => Ok(()),
            // The login ended since the upload began. The next try begins with another one.
            status @ StatusCode::UNAUTHORIZED => {
                self.client.tokens().forget(&call.registry, &call.scope);
                Err(RegistryError::Busy {
                    registry: call.registry.clone(),
                    call: call.words.clone(),
                    status,
                    message: String::new(),
                    again: None,
                })
            }
            _ => Err(self.client.refusal(call, response).await),
        }
    }

    /// Begins to read a blob.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn open(&self, blob: &Descriptor) -> Result<Response, RegistryError> {
        let call = self.pull(self.called(blob.digest.as_str()));
        let url = self.url(&format!("blobs/{}", blob.digest));
        let asked = self.client.demand(&call, |http| http.get(&url));
        tokio::time::timeout(PATIENCE, asked).await.unwrap_or_else(|_| {
            Err(RegistryError::Silent { registry: call.registry.clone(), call: call.words.clone() })
        })
    }

    /// Reads a small blob as a whole, and makes sure that it is what its digest says.
    ///
    /// # Errors
    /// When it is not, or larger than its descriptor says.
    pub async fn bytes(&self, blob: &Descriptor) -> Result<Vec<u8>, RegistryError> {
        let call = self.pull(self.called(blob.digest.as_str()));
        let bytes = retrying(&**self.client.watch(), &call.words, || async {
            limited(&call, self.open(blob).await?, blob.size).await
        })
        .await?;
        let actual = Digest::of(&bytes);
        if actual == blob.digest {
            Ok(bytes)
        } else {
            Err(RegistryError::Digest { what: call.words, wanted: blob.digest.clone(), actual })
        }
    }
}

/// Where a blob goes. A registry behind a proxy that ends TLS may not know that it is called by `https`, and says `http` of itself.
fn encrypted(base: &Url, mut place: Url) -> Url {
    let is_itself = base.host() == place.host() && base.port() == place.port();
    if is_itself && base.scheme() == "https" && place.scheme() == "http" {
        // Between these two it cannot fail.
        let _ = place.set_scheme("https");
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(base: &str, place: &str) -> String {
        encrypted(&Url::parse(base).unwrap(), Url::parse(place).unwrap()).to_string()
    }

    #[test]
    fn a_registry_that_calls_itself_by_http_is_called_by_https() {
        assert_eq!(place("https://r.example/v2/", "http://r.example/v2/up"), "https://r.example/v2/up");
    }

    #[test]
    fn another_host_is_called_as_it_was_named() {
        assert_eq!(place("https://r.example/v2/", "http://s.example/up"), "http://s.example/up");
        assert_eq!(place("http://r.example/v2/", "http://r.example/up"), "http://r.example/up");
    }
}
