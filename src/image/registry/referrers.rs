//! What is about an image: bills of materials, signatures.
//!
//! <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers>

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, LINK};
use reqwest::{Response, StatusCode, Url};

use super::client::{Call, limited, senseless};
use super::retry::retrying;
use super::{RegistryError, Repository};
use crate::image::document::{Content, Document, INDEX, Index, MAXIMUM_BYTES};
use crate::image::{Descriptor, Digest};

/// Longest wait for a list.
const PATIENCE: Duration = Duration::from_secs(60);
/// Most parts of a list that are read.
const MOST_PARTS: usize = 100;

/// A part of a list, and where the next one is.
type Part = (Index, Option<String>);

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
        if listed {
            return Ok(());
        }
        let keeps_list = match self.listed(&subject.digest).await {
            // It may keep none: a tag too many does no harm.
            Err(RegistryError::Busy { .. }) => false,
            asked => asked?.is_some(),
        };
        if keeps_list {
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

    /// The list that the registry keeps; `None` for one that keeps none, whatever it says instead. One that cannot say it now
    /// is an error: what is about an image would be left behind without a word.
    async fn listed(&self, of: &Digest) -> Result<Option<Index>, RegistryError> {
        let call = self.pull(format!("what is about {}", self.called(of.as_str())));
        let Some((mut whole, mut next)) = self.part(&call, &self.url(&format!("referrers/{of}"))).await? else {
            return Ok(None);
        };
        for _ in 1..MOST_PARTS {
            let Some(url) = next else { break };
            let Some((more, after)) = self.part(&call, &url).await? else {
                return Err(senseless(&call, "a part of the list is not there".to_owned()));
            };
            whole.manifests.extend(more.manifests);
            next = after;
        }
        Ok(Some(whole))
    }

    async fn part(&self, call: &Call, url: &str) -> Result<Option<Part>, RegistryError> {
        retrying(&**self.client.watch(), &call.words, || async {
            let response = self.client.send(call, |http| http.get(url).header(ACCEPT, INDEX).timeout(PATIENCE)).await?;
            match response.status() {
                StatusCode::OK if is_index(&response) => {
                    let after = next(response.headers(), url);
                    let bytes = limited(call, response, MAXIMUM_BYTES).await?;
                    Ok(serde_json::from_slice(&bytes).ok().map(|index| (index, after)))
                }
                // It has never heard of it, and says so as an error of its own.
                StatusCode::NOT_IMPLEMENTED => Ok(None),
                status if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() => {
                    Err(self.client.refusal(call, response).await)
                }
                // What others say that have never heard of it: 404, a page for browsers, the way to one.
                _ => Ok(None),
            }
        })
        .await
    }

    async fn list_by_tag(&self, of: &Digest) -> Result<Option<Index>, RegistryError> {
        match self.document(&tag(of)).await {
            // There are registries that take such a tag for the digest.
            Ok(document) if document.digest() == *of => Ok(None),
            Ok(Document { content: Content::Index(index), .. }) => Ok(Some(index)),
            Ok(_) | Err(RegistryError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn is_index(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(INDEX))
}

/// Where the next part of a list is, on the same host: `Link: </v2/a/referrers/sha256:..?n=1>; rel="next"`.
fn next(headers: &HeaderMap, url: &str) -> Option<String> {
    let all = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
    let mut links =
        all.flat_map(|value| value.split(',')).filter_map(|link| link.trim().strip_prefix('<')?.split_once('>'));
    let (target, _) = links.find(|(_, about)| about.replace([' ', '"'], "").contains(";rel=next"))?;
    let asked = Url::parse(url).ok()?;
    let next = asked.join(target).ok().filter(|next| next.origin() == asked.origin())?;
    Some(next.into())
}

/// The tag under which a list is kept where the registry keeps none.
fn tag(digest: &Digest) -> String {
    format!("sha256-{}", digest.hex())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(value: &str) -> Option<String> {
        let headers = HeaderMap::from_iter([(LINK, value.parse().unwrap())]);
        next(&headers, "https://r.io/v2/a/referrers/sha256:0")
    }

    #[test]
    fn the_next_part_of_a_list_is_on_the_same_host() {
        let expected = Some("https://r.io/v2/a/referrers/sha256:0?last=b".to_owned());
        assert_eq!(link("</v2/a/referrers/sha256:0?last=b>; rel=\"next\""), expected);
        assert_eq!(link("</v2/x>; rel=\"first\", <?last=b>; rel=next"), expected);
        assert_eq!(link("<https://elsewhere.io/v2/a>; rel=\"next\""), None);
        assert_eq!(link("</v2/x>; rel=\"prev\""), None);
    }
}
