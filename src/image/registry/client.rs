//! The client: connections, logins, and one way for every call.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use reqwest::header::{AUTHORIZATION, HOST, RETRY_AFTER, WWW_AUTHENTICATE};
use reqwest::{ClientBuilder, RequestBuilder, Response, StatusCode};

use super::challenge::Challenge;
use super::connect::{builder, is_of_tls, is_this_machine};
use super::token::{Scope, Tokens};
use super::{DockerConfig, Login, RegistryError};
use crate::image::{Reference, Silent, Watch};

/// Docker Hub is reached under another name than its own.
const DOCKER_HUB: (&str, &str) = ("docker.io", "https://registry-1.docker.io");
/// Most that is read of an answer that is no success.
const MAXIMUM_REFUSAL: u64 = 64 << 10;

/// How registries are reached.
#[derive(Clone)]
pub struct Options {
    /// Logins by registry. They go before those of [`Options::configs`].
    pub logins: BTreeMap<String, Login>,
    /// Where else logins are, the first that has one decides.
    pub configs: Vec<DockerConfig>,
    /// Registries that are spoken with in plain HTTP. Those of this machine are, unless they answer that they want TLS.
    pub plain: BTreeSet<String>,
    /// Registries that are somewhere else than their names say, with the URL of each: those of simulated accounts.
    pub routes: BTreeMap<String, String>,
    /// Is told what happens.
    pub watch: Arc<dyn Watch>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            logins: BTreeMap::new(),
            configs: Vec::new(),
            plain: BTreeSet::new(),
            routes: BTreeMap::new(),
            watch: Arc::new(Silent),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Options")
            .field("logins", &self.logins)
            .field("plain", &self.plain)
            .finish_non_exhaustive()
    }
}

/// Speaks with registries. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    http: reqwest::Client,
    /// The same for what is on this machine: no proxy leads there.
    near: reqwest::Client,
    options: Options,
    tokens: Tokens,
    /// Logins that were looked for, by registry and repository.
    found: Mutex<BTreeMap<(String, String), Option<Login>>>,
    /// Registries of this machine that want TLS.
    secured: Mutex<BTreeSet<String>>,
}

/// One repository of a registry.
#[derive(Clone, Debug)]
pub struct Repository {
    pub(super) client: Client,
    /// Host of the registry.
    pub registry: String,
    /// Name.
    pub name: String,
}

/// What is asked of a registry.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub registry: String,
    pub repository: String,
    pub scope: Scope,
    /// In words, for messages.
    pub words: String,
}

impl Client {
    /// Makes a client. No connection is made yet.
    ///
    /// # Errors
    /// When the certificates that this machine trusts cannot be read.
    pub fn new(options: Options) -> Result<Self, RegistryError> {
        let made = |builder: ClientBuilder| {
            builder.build().map_err(|source| RegistryError::Unreachable {
                registry: "any".to_owned(),
                call: "connecting".to_owned(),
                source: Box::new(source),
            })
        };
        Ok(Self(Arc::new(Inner {
            http: made(builder())?,
            near: made(builder().no_proxy())?,
            options,
            tokens: Tokens::default(),
            found: Mutex::default(),
            secured: Mutex::default(),
        })))
    }

    /// The repository that a reference names.
    pub fn repository(&self, reference: &Reference) -> Repository {
        Repository { client: self.clone(), registry: reference.registry.clone(), name: reference.repository.clone() }
    }

    /// Who is told what happens.
    pub fn watch(&self) -> &Arc<dyn Watch> {
        &self.0.options.watch
    }

    /// What connects with a place: a registry, or another host.
    pub(super) fn http(&self, place: &str) -> &reqwest::Client {
        let route = self.0.options.routes.get(place).and_then(|route| route.split("://").nth(1));
        if is_this_machine(route.unwrap_or(place)) { &self.0.near } else { &self.0.http }
    }

    pub(super) fn tokens(&self) -> &Tokens {
        &self.0.tokens
    }

    /// Whether a registry is spoken with in plain HTTP.
    pub(super) fn is_plain(&self, registry: &str) -> bool {
        self.0.options.plain.contains(registry)
            || self.0.options.routes.get(registry).is_some_and(|route| route.starts_with("http:"))
            || (is_this_machine(registry) && !self.is_secured(registry))
    }

    fn is_secured(&self, registry: &str) -> bool {
        self.0.secured.lock().unwrap_or_else(PoisonError::into_inner).contains(registry)
    }

    /// Whether a registry is spoken with in plain HTTP only because it is on this machine.
    fn may_want_tls(&self, registry: &str) -> bool {
        let options = &self.0.options;
        is_this_machine(registry)
            && !options.plain.contains(registry)
            && !options.routes.contains_key(registry)
            && !self.is_secured(registry)
    }

    /// Where a registry is.
    pub(super) fn base(&self, registry: &str) -> String {
        if let Some(route) = self.0.options.routes.get(registry) {
            return route.trim_end_matches('/').to_owned();
        }
        match registry {
            _ if registry == DOCKER_HUB.0 => DOCKER_HUB.1.to_owned(),
            _ if self.is_plain(registry) => format!("http://{registry}"),
            _ => format!("https://{registry}"),
        }
    }

    /// The login for a call. Files and helpers are asked once for each repository.
    pub(super) fn login(&self, call: &Call) -> Result<Option<Login>, RegistryError> {
        if let Some(login) = self.0.options.logins.get(&call.registry) {
            return Ok(Some(login.clone()));
        }
        let mut found = self.0.found.lock().unwrap_or_else(PoisonError::into_inner);
        let place = (call.registry.clone(), call.repository.clone());
        if let Some(login) = found.get(&place) {
            return Ok(login.clone());
        }
        let mut login = None;
        for config in &self.0.options.configs {
            login = config.login(&call.registry, &call.repository)?;
            if login.is_some() {
                break;
            }
        }
        found.insert(place, login.clone());
        Ok(login)
    }

    /// What a login is good for: one scope where logins differ within the registry, otherwise all of it.
    pub(super) fn reach<'a>(&self, call: &'a Call) -> Option<&'a Scope> {
        let options = &self.0.options;
        let differ = !options.logins.contains_key(&call.registry)
            && options.configs.iter().any(|config| config.has_parts(&call.registry));
        differ.then_some(&call.scope)
    }

    /// Sends a request, tells who asks where that is wanted, and gives whatever comes back.
    pub(super) async fn send(
        &self,
        call: &Call,
        make: impl Fn(&reqwest::Client) -> RequestBuilder + Send + Sync,
    ) -> Result<Response, RegistryError> {
        let known = self.tokens().of(&call.registry, &call.scope);
        let first = known.is_some();
        let response = self.once(call, &make, known).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        if first {
            // It may have expired.
            self.tokens().forget(&call.registry, &call.scope);
        }
        let headers = response.headers().get_all(WWW_AUTHENTICATE);
        let challenge = Challenge::read(headers.iter().filter_map(|value| value.to_str().ok()));
        let Some(challenge) = challenge else { return Ok(response) };
        let Some(authorization) = self.answer(call, &challenge).await? else { return Ok(response) };
        self.once(call, &make, Some(authorization)).await
    }

    /// Sends a request whose answer must be a success.
    pub(super) async fn demand(
        &self,
        call: &Call,
        make: impl Fn(&reqwest::Client) -> RequestBuilder + Send + Sync,
    ) -> Result<Response, RegistryError> {
        let response = self.send(call, make).await?;
        if response.status().is_success() { Ok(response) } else { Err(self.refusal(call, response).await) }
    }

    /// A request with what the registry was shown last.
    pub(super) fn as_known(&self, call: &Call, request: RequestBuilder) -> RequestBuilder {
        self.dressed(call, request, self.tokens().of(&call.registry, &call.scope))
    }

    fn dressed(&self, call: &Call, mut request: RequestBuilder, authorization: Option<String>) -> RequestBuilder {
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        if self.0.options.routes.contains_key(&call.registry) {
            request = request.header(HOST, &call.registry);
        }
        request
    }

    async fn once(
        &self,
        call: &Call,
        make: impl Fn(&reqwest::Client) -> RequestBuilder,
        authorization: Option<String>,
    ) -> Result<Response, RegistryError> {
        let answer = self.sent(call, &make, authorization.clone(), false).await;
        if !self.may_want_tls(&call.registry) || !is_of_tls(&answer) {
            return answer;
        }
        // Whatever it said to plain HTTP is told where it does not speak TLS either.
        let Ok(secured) = self.sent(call, &make, authorization, true).await else { return answer };
        self.0.secured.lock().unwrap_or_else(PoisonError::into_inner).insert(call.registry.clone());
        Ok(secured)
    }

    async fn sent(
        &self,
        call: &Call,
        make: impl Fn(&reqwest::Client) -> RequestBuilder,
        authorization: Option<String>,
        secured: bool,
    ) -> Result<Response, RegistryError> {
        let http = self.http(&call.registry);
        let request = self.dressed(call, make(http), authorization).build();
        let mut request = request.map_err(|source| unreachable(call, source))?;
        // The URL may have been put together before it was known.
        let plain = format!("http://{}/", call.registry);
        if (secured || self.is_secured(&call.registry)) && request.url().as_str().starts_with(&plain) {
            // Between these two it cannot fail.
            let _ = request.url_mut().set_scheme("https");
        }
        http.execute(request).await.map_err(|source| unreachable(call, source))
    }

    /// The error of an answer that is no success.
    pub(super) async fn refusal(&self, call: &Call, response: Response) -> RegistryError {
        let status = response.status();
        let seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let body = limited(call, response, MAXIMUM_REFUSAL).await.unwrap_or_default();
        let known = self.login(call).ok().flatten().is_some();
        RegistryError::of(&call.registry, &call.words, status, &body, known, seconds.map(Duration::from_secs))
    }
}

impl Repository {
    /// URL of something in the repository.
    pub(super) fn url(&self, rest: &str) -> String {
        format!("{}/v2/{}/{rest}", self.client.base(&self.registry), self.name)
    }

    /// `registry/name` with a tag or digest, for messages.
    pub(super) fn called(&self, wanted: &str) -> String {
        let mark = if wanted.contains(':') { '@' } else { ':' };
        format!("{}/{}{mark}{wanted}", self.registry, self.name)
    }

    /// A call that reads.
    pub(super) fn pull(&self, words: String) -> Call {
        self.call(Scope::pull(&self.name), words)
    }

    /// A call that writes.
    pub(super) fn push(&self, words: String) -> Call {
        self.call(Scope::push(&self.name), words)
    }

    fn call(&self, scope: Scope, words: String) -> Call {
        Call { registry: self.registry.clone(), repository: self.name.clone(), scope, words }
    }

    /// Whether two repositories are in the same registry.
    pub fn is_beside(&self, other: &Self) -> bool {
        self.registry == other.registry
    }
}

pub(super) fn unreachable(call: &Call, source: reqwest::Error) -> RegistryError {
    // The URL may have a token in it, and the message names registry and call.
    let source = Box::new(source.without_url());
    RegistryError::Unreachable { registry: call.registry.clone(), call: call.words.clone(), source }
}

pub(super) fn senseless(call: &Call, reason: impl Into<String>) -> RegistryError {
    RegistryError::Answer { registry: call.registry.clone(), call: call.words.clone(), reason: reason.into() }
}

/// Reads an answer, and not more than so much of it.
pub(super) async fn limited(call: &Call, response: Response, most: u64) -> Result<Vec<u8>, RegistryError> {
    let mut bytes = Vec::new();
    let mut stream = response.bytes_stream();
    while let Some(part) = stream.next().await {
        bytes.extend_from_slice(&part.map_err(|source| unreachable(call, source))?);
        if bytes.len() as u64 > most {
            return Err(senseless(call, format!("it is larger than {most} bytes")));
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_are_found_by_name() {
        let plain = BTreeSet::from(["registry.local:5000".to_owned()]);
        let routes = BTreeMap::from([("a.dkr.ecr.b".to_owned(), "http://127.0.0.1:1/".to_owned())]);
        let client = Client::new(Options { plain, routes, ..Options::default() }).unwrap();
        for (registry, url) in [
            ("ghcr.io", "https://ghcr.io"),
            ("docker.io", "https://registry-1.docker.io"),
            ("localhost:5000", "http://localhost:5000"),
            ("127.0.0.1:5000", "http://127.0.0.1:5000"),
            ("127.0.0.1.example.com", "https://127.0.0.1.example.com"),
            ("registry.local:5000", "http://registry.local:5000"),
            ("a.dkr.ecr.b", "http://127.0.0.1:1"),
        ] {
            assert_eq!(client.base(registry), url, "{registry}");
        }
    }

    #[test]
    fn no_proxy_leads_to_this_machine() {
        let routes = BTreeMap::from([("a.dkr.ecr.b".to_owned(), "http://127.0.0.1:1/".to_owned())]);
        let client = Client::new(Options { routes, ..Options::default() }).unwrap();
        for place in ["localhost:5000", "127.0.0.1:5000", "[::1]:5000", "a.dkr.ecr.b"] {
            assert!(std::ptr::eq(client.http(place), &raw const client.0.near), "{place}");
        }
        assert!(std::ptr::eq(client.http("ghcr.io"), &raw const client.0.http));
    }

    #[test]
    fn logins_are_not_shown_for_debugging() {
        let login = Login::Basic { user: "AWS".to_owned(), password: "hunter2".to_owned() };
        let options = Options { logins: BTreeMap::from([("r.io".to_owned(), login)]), ..Options::default() };
        let client = Client::new(options).unwrap();
        assert!(!format!("{client:?}").contains("hunter2"));
    }
}
