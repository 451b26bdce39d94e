//! What a path of the registry means.

use super::super::super::protocol::HttpRequest;

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route<'a> {
    /// A manifest, by tag or digest.
    Manifest(&'a str),
    /// A blob, by digest.
    Blob(&'a str),
    /// Where uploads begin.
    Uploads,
    /// An upload that has begun.
    Upload(&'a str),
    /// What is about an image.
    Referrers(&'a str),
}

/// The repository that a request is about, and what of it; `None` for the registry as a whole.
pub fn read(http: &HttpRequest) -> Option<(&str, Route<'_>)> {
    let rest = http.path.strip_prefix("/v2/")?;
    // The name of a repository may have slashes and words such as `blobs`: the last one counts.
    let split = |word: &str| rest.rsplit_once(word).filter(|(name, _)| !name.is_empty());
    if let Some((name, id)) = split("/blobs/uploads/") {
        return Some((name, if id.is_empty() { Route::Uploads } else { Route::Upload(id) }));
    }
    if let Some(name) = rest.strip_suffix("/blobs/uploads").filter(|name| !name.is_empty()) {
        return Some((name, Route::Uploads));
    }
    let found = split("/manifests/").map(|(name, wanted)| (name, Route::Manifest(wanted)));
    let found = found.or_else(|| split("/blobs/").map(|(name, digest)| (name, Route::Blob(digest))));
    found.or_else(|| split("/referrers/").map(|(name, digest)| (name, Route::Referrers(digest))))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, Method};

    use super::*;

    fn request(path: &str) -> HttpRequest {
        HttpRequest {
            method: Method::GET,
            path: path.to_owned(),
            query: Vec::new(),
            headers: HeaderMap::new(),
            body: axum::body::Bytes::new(),
        }
    }

    #[test]
    fn paths_name_a_repository_and_what_of_it() {
        for (path, expected) in [
            ("/v2/acme/llm/manifests/1.0", ("acme/llm", Route::Manifest("1.0"))),
            ("/v2/acme/blobs/sha256:ab", ("acme", Route::Blob("sha256:ab"))),
            ("/v2/acme/blobs/uploads/", ("acme", Route::Uploads)),
            ("/v2/acme/blobs/uploads", ("acme", Route::Uploads)),
            ("/v2/acme/blobs/uploads/1", ("acme", Route::Upload("1"))),
            ("/v2/acme/referrers/sha256:ab", ("acme", Route::Referrers("sha256:ab"))),
            ("/v2/a/manifests/b/manifests/1", ("a/manifests/b", Route::Manifest("1"))),
        ] {
            assert_eq!(read(&request(path)), Some(expected), "{path}");
        }
        assert_eq!(read(&request("/v2/")), None);
    }
}
