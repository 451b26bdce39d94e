//! Which bucket and object a request means.

use percent_encoding::percent_decode_str;

use super::super::protocol::HttpRequest;

/// Bucket and key, decoded; either may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The bucket's name.
    pub bucket: String,
    /// The object's key.
    pub key: String,
}

impl Address {
    /// Reads the virtual-host form (`BUCKET.localhost`, `BUCKET.s3.REGION.amazonaws.com`) or the path form (`/BUCKET/KEY`).
    pub fn of(request: &HttpRequest) -> Self {
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let path = request.path.strip_prefix('/').unwrap_or(&request.path);
        match host_bucket(request.host()) {
            Some(bucket) => Self { bucket: bucket.to_owned(), key: decode(path) },
            None => {
                let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
                Self { bucket: decode(bucket), key: decode(key) }
            }
        }
    }
}

fn host_bucket(host: &str) -> Option<&str> {
    let bucket = host
        .strip_suffix(".localhost")
        .or_else(|| host.split_once(".s3.").map(|(bucket, _)| bucket))
        .or_else(|| host.split_once(".s3-").map(|(bucket, _)| bucket))?;
    (!bucket.is_empty() && bucket != "s3").then_some(bucket)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderMap, HeaderValue, Method};

    fn address(host: &str, path: &str) -> (String, String) {
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_str(host).unwrap());
        let request = HttpRequest {
            method: Method::GET,
            path: path.into(),
            query: Vec::new(),
            headers,
            body: Default::default(),
        };
        let Address { bucket, key } = Address::of(&request);
        (bucket, key)
    }

    #[test]
    fn a_path_names_bucket_and_key() {
        assert_eq!(address("127.0.0.1:1", "/b/a%20b/c"), ("b".into(), "a b/c".into()));
    }

    #[test]
    fn a_virtual_host_names_the_bucket() {
        assert_eq!(address("b.localhost:1", "/k/l"), ("b".into(), "k/l".into()));
        assert_eq!(address("b.s3.eu-west-1.amazonaws.com", "/k"), ("b".into(), "k".into()));
    }

    #[test]
    fn the_services_own_host_names_no_bucket() {
        assert_eq!(address("localhost:1", "/"), (String::new(), String::new()));
    }
}
