//! The HTTP client: one host, no redirects, a time limit on every call, and a way through a tunnel.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use reqwest::header::{AUTHORIZATION, HOST, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Response, Url};
use serde_json::Value;

use super::answer::Answer;
use super::failure::Failure;
use super::secret::Secret;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// AWS's common rules block requests without one.
const USER_AGENT: &str = concat!("gwinfra-smoke/", env!("CARGO_PKG_VERSION"));

/// A URL that cannot be called.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// Not a URL, or not of HTTP.
    #[error("`{0}` is no URL of a gateway: it begins with https:// or http://")]
    Url(String),
    /// Not a place to connect to.
    #[error("`{0}` is no place to connect to: give a URL or HOST:PORT, such as https://localhost:8443")]
    Via(String),
    /// The tunnel's end has no address.
    #[error("the tunnel's end {place} cannot be resolved: {reason}")]
    Tunnel {
        /// Host and port.
        place: String,
        /// Why.
        reason: String,
    },
    /// A tunnel of TLS needs the name that the certificate is for.
    #[error(
        "a tunnel to {0} needs the name of the gateway in the URL, which its certificate is for, and not an address"
    )]
    NoName(String),
    /// The client cannot be made.
    #[error("there is no HTTP client: {0}")]
    Client(String),
}

/// Where connections go instead of the host of the URL. Host header and TLS stay those of the URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Via {
    host: String,
    port: Option<u16>,
}

impl Via {
    /// Reads a URL, or `HOST:PORT`. Scheme and path of a URL do not count: they are the gateway's.
    ///
    /// # Errors
    /// When it is neither.
    pub fn parse(text: &str) -> Result<Self, ClientError> {
        let wrong = || ClientError::Via(without_password(text));
        let url = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let url = Url::parse(&url).map_err(|_| wrong())?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(wrong)?;
        let written = text.rsplit_once(':').is_some_and(|(_, port)| port.trim_end_matches('/').parse::<u16>().is_ok());
        let port = url.port().or_else(|| if written { url.port_or_known_default() } else { None });
        Ok(Self { host: host.to_owned(), port })
    }

    async fn addresses(&self, default: u16) -> Result<Vec<SocketAddr>, ClientError> {
        let port = self.port.unwrap_or(default);
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        let failed = |reason: String| ClientError::Tunnel { place: format!("{}:{port}", self.host), reason };
        let found: Vec<_> =
            tokio::net::lookup_host((host, port)).await.map_err(|error| failed(error.to_string()))?.collect();
        if found.is_empty() { Err(failed("it has no address".to_owned())) } else { Ok(found) }
    }
}

/// Calls one gateway.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    /// The URL that is shown.
    url: Url,
    /// The URL that is called: without a port where a tunnel decides it.
    base: String,
    host_header: Option<HeaderValue>,
    /// Host and port that connections go to, for messages.
    place: String,
    tunnel: bool,
    timeout: Duration,
}

impl Client {
    /// A client of a gateway. `timeout` is for each call, from connecting to the end of the answer; for streams, for each
    /// part.
    ///
    /// # Errors
    /// When the URL or the tunnel cannot be used.
    pub async fn new(url: &str, via: Option<&Via>, timeout: Duration) -> Result<Self, ClientError> {
        let builder = reqwest::Client::builder();
        Self::build(if via.is_some() { builder.no_proxy() } else { builder }, url, via, timeout).await
    }

    /// The same for what a proxy would answer in the place of the gateway: none is used.
    ///
    /// # Errors
    /// When the URL cannot be used.
    pub async fn direct(url: &str, timeout: Duration) -> Result<Self, ClientError> {
        Self::build(reqwest::Client::builder().no_proxy(), url, None, timeout).await
    }

    async fn build(
        builder: reqwest::ClientBuilder,
        url: &str,
        via: Option<&Via>,
        timeout: Duration,
    ) -> Result<Self, ClientError> {
        let parsed = parse(url)?;
        let host = parsed.host_str().unwrap_or_default().to_owned();
        let default = parsed.port_or_known_default().unwrap_or(443);
        let mut builder = builder
            .user_agent(USER_AGENT)
            .redirect(Policy::none())
            .connect_timeout(CONNECT)
            .pool_idle_timeout(Duration::from_secs(20));
        let mut base = parsed.clone();
        let mut host_header = None;
        let mut place = format!("{host}:{default}");
        if let Some(via) = via {
            let addresses = via.addresses(default).await?;
            place = format!("{} (for {host})", addresses[0]);
            if parsed.scheme() == "https" {
                if host.parse::<std::net::IpAddr>().is_ok() || host.starts_with('[') {
                    return Err(ClientError::NoName(host));
                }
                builder = builder.resolve_to_addrs(&host, &addresses);
                // A port in the URL would win over the tunnel's.
                let _ = base.set_port(None);
            } else {
                let _ = base.set_ip_host(addresses[0].ip());
                let _ = base.set_port(Some(addresses[0].port()));
            }
            let written = parsed.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
            host_header = HeaderValue::from_str(&written).ok();
        }
        let http = builder.build().map_err(|error| ClientError::Client(error.to_string()))?;
        let base = base.as_str().trim_end_matches('/').to_owned();
        Ok(Self { http, url: parsed, base, host_header, place, tunnel: via.is_some(), timeout })
    }

    /// The gateway's URL.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Whether calls go through a tunnel.
    pub fn is_tunnel(&self) -> bool {
        self.tunnel
    }

    /// How long a call may take.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// GET of a path, or of a whole URL.
    ///
    /// # Errors
    /// When no whole answer comes.
    pub async fn get(&self, path: &str, key: Option<&Secret>) -> Result<Answer, Failure> {
        self.read(path, key, None).await
    }

    /// POST of JSON.
    ///
    /// # Errors
    /// When no whole answer comes.
    pub async fn post(&self, path: &str, key: Option<&Secret>, body: &Value) -> Result<Answer, Failure> {
        self.read(path, key, Some(body)).await
    }

    /// DELETE.
    ///
    /// # Errors
    /// When no whole answer comes.
    pub async fn delete(&self, path: &str, key: Option<&Secret>) -> Result<Answer, Failure> {
        let begun = Instant::now();
        let request = self.prepare(reqwest::Method::DELETE, path, key, None).timeout(self.timeout);
        let response = request.send().await.map_err(|error| self.failure(&error))?;
        self.whole(response, begun).await
    }

    /// POST of JSON whose answer is read part by part.
    ///
    /// # Errors
    /// When no answer begins.
    pub async fn open(&self, path: &str, key: Option<&Secret>, body: &Value) -> Result<Response, Failure> {
        let sending = self.prepare(reqwest::Method::POST, path, key, Some(body)).send();
        match tokio::time::timeout(self.timeout, sending).await {
            Ok(response) => response.map_err(|error| self.failure(&error)),
            Err(_) => Err(Failure::Slow { seconds: self.timeout.as_secs() }),
        }
    }

    /// The next part of such an answer; `None` at its end.
    ///
    /// # Errors
    /// When nothing comes in time, or the connection breaks off.
    pub async fn part(&self, response: &mut Response) -> Result<Option<bytes::Bytes>, Failure> {
        match tokio::time::timeout(self.timeout, response.chunk()).await {
            Ok(part) => part.map_err(|error| self.failure(&error)),
            Err(_) => Err(Failure::Slow { seconds: self.timeout.as_secs() }),
        }
    }

    /// The rest of such an answer as one.
    ///
    /// # Errors
    /// When the connection breaks off.
    pub async fn whole(&self, response: Response, begun: Instant) -> Result<Answer, Failure> {
        let status = response.status().as_u16();
        let headers: HeaderMap = response.headers().clone();
        let body = match tokio::time::timeout(self.timeout, response.bytes()).await {
            Ok(body) => body.map_err(|error| self.failure(&error))?,
            Err(_) => return Err(Failure::Slow { seconds: self.timeout.as_secs() }),
        };
        Ok(Answer { status, headers, body, elapsed: begun.elapsed() })
    }

    async fn read(&self, path: &str, key: Option<&Secret>, body: Option<&Value>) -> Result<Answer, Failure> {
        let begun = Instant::now();
        let method = if body.is_some() { reqwest::Method::POST } else { reqwest::Method::GET };
        let request = self.prepare(method, path, key, body).timeout(self.timeout);
        let response = request.send().await.map_err(|error| self.failure(&error))?;
        self.whole(response, begun).await
    }

    fn prepare(
        &self,
        method: reqwest::Method,
        path: &str,
        key: Option<&Secret>,
        body: Option<&Value>,
    ) -> reqwest::RequestBuilder {
        let url = if path.starts_with('/') { format!("{}{path}", self.base) } else { path.to_owned() };
        let mut request = self.http.request(method, url);
        if let Some(host) = &self.host_header {
            request = request.header(HOST, host);
        }
        if let Some(key) = key
            && let Ok(mut value) = HeaderValue::from_str(&format!("Bearer {}", key.expose()))
        {
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        match body {
            Some(body) => request.json(body),
            None => request,
        }
    }

    fn failure(&self, error: &reqwest::Error) -> Failure {
        Failure::of(error, &self.place, self.timeout.as_secs())
    }
}

/// A URL as it may be shown: without a name and a password before its host.
pub fn without_password(url: &str) -> String {
    let start = url.find("://").map_or(0, |at| at + 3);
    let (scheme, rest) = url.split_at(start);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rfind('@').map_or(0, |at| at + 1);
    format!("{scheme}{}", &rest[host..])
}

fn parse(url: &str) -> Result<Url, ClientError> {
    let wrong = || ClientError::Url(without_password(url));
    let mut parsed = Url::parse(url).map_err(|_| wrong())?;
    if !matches!(parsed.scheme(), "http" | "https") || parsed.host_str().is_none_or(str::is_empty) {
        return Err(wrong());
    }
    parsed.set_query(None);
    parsed.set_fragment(None);
    // A password in a URL would be shown with it.
    let _ = parsed.set_username("");
    let _ = parsed.set_password(None);
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tunnel_is_a_url_or_host_and_port() {
        let via = |text: &str| Via::parse(text).map(|via| (via.host, via.port));
        assert_eq!(via("https://localhost:8443").unwrap(), ("localhost".to_owned(), Some(8443)));
        assert_eq!(via("127.0.0.1:80").unwrap(), ("127.0.0.1".to_owned(), Some(80)));
        assert_eq!(via("https://tunnel.example.com/").unwrap(), ("tunnel.example.com".to_owned(), None));
        assert!(via("").is_err());
    }

    #[test]
    fn a_url_is_of_http_and_loses_what_would_be_secret() {
        assert_eq!(parse("https://me:word@llm.example.com/x?y=z").unwrap().as_str(), "https://llm.example.com/x");
        let error = parse("ftp://me:word@llm.example.com/a@b").unwrap_err();
        assert!(error.to_string().contains("`ftp://llm.example.com/a@b`"), "{error}");
        let error = Via::parse("http://me:word@").unwrap_err();
        assert!(!error.to_string().contains("word"), "{error}");
        assert!(parse("llm.example.com").is_err());
        assert!(parse("ftp://llm.example.com").is_err());
    }

    #[tokio::test]
    async fn a_tunnel_keeps_the_name_in_the_host_header() {
        let via = Via::parse("127.0.0.1:8443").unwrap();
        let client = Client::new("http://llm.example.com", Some(&via), CONNECT).await.unwrap();
        let request = client.prepare(reqwest::Method::GET, "/health", None, None).build().unwrap();
        assert_eq!(request.url().as_str(), "http://127.0.0.1:8443/health");
        assert_eq!(request.headers()[HOST], "llm.example.com");
    }

    #[tokio::test]
    async fn a_tunnel_of_tls_keeps_the_name_in_the_url() {
        let via = Via::parse("127.0.0.1:8443").unwrap();
        let client = Client::new("https://llm.example.com:9443", Some(&via), CONNECT).await.unwrap();
        let request = client.prepare(reqwest::Method::GET, "/health", None, None).build().unwrap();
        assert_eq!(request.url().as_str(), "https://llm.example.com/health");
        assert_eq!(request.headers()[HOST], "llm.example.com:9443");
    }

    #[tokio::test]
    async fn a_tunnel_of_tls_needs_a_name() {
        let via = Via::parse("127.0.0.1:8443").unwrap();
        let error = Client::new("https://10.0.0.1", Some(&via), CONNECT).await.unwrap_err();
        assert_eq!(error, ClientError::NoName("10.0.0.1".to_owned()));
    }
}
