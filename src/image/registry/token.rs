//! Tokens: what a registry is shown, once somebody it trusts has said who asks.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::challenge::Challenge;
use super::client::{Call, Client, limited, senseless, unreachable};
use super::retry::retrying;
use super::{Login, RegistryError};

/// Who asks for tokens, by name.
const CLIENT: &str = "gwinfra";
/// How long a token lasts whose giver does not say.
/// <https://distribution.github.io/distribution/spec/auth/token/>
const LASTS: u64 = 60;
/// Seconds that a token is kept, whatever it says of itself.
const LONGEST: u64 = 86_400;
/// A token that ends so soon is not used any more.
const MARGIN: Duration = Duration::from_secs(5);
/// Largest answer with a token.
const MAXIMUM_BYTES: u64 = 1 << 20;
/// Longest wait for a token.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a token is to allow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Scope(Vec<String>);

impl Scope {
    pub fn pull(repository: &str) -> Self {
        Self(vec![format!("repository:{repository}:pull")])
    }

    pub fn push(repository: &str) -> Self {
        Self(vec![format!("repository:{repository}:pull,push")])
    }

    /// The same, and to take blobs from another repository.
    pub fn and_pull(mut self, repository: &str) -> Self {
        self.0.push(format!("repository:{repository}:pull"));
        self
    }
}

/// Answers to challenges, as headers, by registry and by what they are for. `None` stands for everything.
#[derive(Default)]
pub(super) struct Tokens(Mutex<BTreeMap<(String, Option<Scope>), Kept>>);

struct Kept {
    header: String,
    ends: Option<Instant>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Tokens")
    }
}

impl Tokens {
    pub fn of(&self, registry: &str, scope: &Scope) -> Option<String> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lasts = |kept: &&Kept| kept.ends.is_none_or(|ends| ends > Instant::now() + MARGIN);
        let own = kept.get(&(registry.to_owned(), Some(scope.clone()))).filter(lasts);
        own.or_else(|| kept.get(&(registry.to_owned(), None))).map(|kept| kept.header.clone())
    }

    pub fn forget(&self, registry: &str, scope: &Scope) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.remove(&(registry.to_owned(), Some(scope.clone())));
        kept.remove(&(registry.to_owned(), None));
    }

    fn keep(&self, registry: &str, scope: Option<&Scope>, header: &str, lasts: Option<Duration>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ends = lasts.map(|lasts| Instant::now() + lasts);
        kept.insert((registry.to_owned(), scope.cloned()), Kept { header: header.to_owned(), ends });
    }
}

#[derive(Deserialize)]
struct Given {
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    access_token: Option<String>,
    #[serde(default)]
    expires_in: Option<u64>,
}

impl Client {
    /// The header that answers a challenge; `None` where nobody is known who could.
    pub(super) async fn answer(&self, call: &Call, challenge: &Challenge) -> Result<Option<String>, RegistryError> {
        let login = self.login(call)?;
        let (registry, reach) = (&call.registry, self.reach(call));
        match (challenge, login) {
            (_, Some(Login::Bearer(token))) => {
                let header = format!("Bearer {token}");
                self.tokens().keep(registry, reach, &header, None);
                Ok(Some(header))
            }
            (Challenge::Basic, Some(Login::Basic { user, password })) => {
                let header = basic(&user, &password);
                self.tokens().keep(registry, reach, &header, None);
                Ok(Some(header))
            }
            (Challenge::Basic, _) => Ok(None),
            (Challenge::Bearer { realm, service }, login) => {
                let words = format!("a token for {}", call.words);
                let asking = Call { words, ..call.clone() };
                let given = retrying(&**self.watch(), &asking.words, || {
                    self.token(&asking, realm, service.as_deref(), login.as_ref())
                })
                .await?;
                let lasts = Duration::from_secs(given.expires_in.unwrap_or(LASTS).min(LONGEST));
                let token = given.token.or(given.access_token).filter(|token| !token.is_empty());
                let token = token.ok_or_else(|| senseless(&asking, "it has no token"))?;
                let header = format!("Bearer {token}");
                self.tokens().keep(registry, Some(&call.scope), &header, Some(lasts));
                Ok(Some(header))
            }
        }
    }

    async fn token(
        &self,
        call: &Call,
        realm: &str,
        service: Option<&str>,
        login: Option<&Login>,
    ) -> Result<Given, RegistryError> {
        let mut url = reqwest::Url::parse(realm).map_err(|_| senseless(call, "its realm is no URL"))?;
        if url.scheme() != "https" && !self.is_plain(&call.registry) {
            return Err(senseless(call, "it wants the login to be sent in plain HTTP"));
        }
        let mut fields: Vec<(&str, &str)> = service.iter().map(|service| ("service", *service)).collect();
        fields.extend(call.scope.0.iter().map(|scope| ("scope", scope.as_str())));
        let http = self.http(url.authority());
        let request = if let Some(Login::Identity(token)) = login {
            fields.extend([("grant_type", "refresh_token"), ("client_id", CLIENT), ("refresh_token", token)]);
            let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
            http.post(url).header("content-type", "application/x-www-form-urlencoded").body(body)
        } else {
            url.query_pairs_mut().extend_pairs(&fields);
            let request = http.get(url);
            match login {
                Some(Login::Basic { user, password }) => request.header("authorization", basic(user, password)),
                _ => request,
            }
        };
        let response = request.timeout(PATIENCE).send().await.map_err(|source| unreachable(call, source))?;
        if !response.status().is_success() {
            return Err(self.refusal(call, response).await);
        }
        let body = limited(call, response, MAXIMUM_BYTES).await?;
        // A message of serde may repeat a part of the answer.
        serde_json::from_slice(&body).map_err(|_| senseless(call, "it is no token"))
    }
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_for_one_registry_and_one_scope() {
        let tokens = Tokens::default();
        let (pull, push) = (Scope::pull("a/b"), Scope::push("a/b"));
        tokens.keep("r.io", Some(&pull), "Bearer t", Some(Duration::from_secs(60)));
        assert_eq!(tokens.of("r.io", &pull).as_deref(), Some("Bearer t"));
        assert_eq!((tokens.of("r.io", &push), tokens.of("q.io", &pull)), (None, None));
    }

    #[test]
    fn a_password_is_for_everything_in_a_registry() {
        let tokens = Tokens::default();
        tokens.keep("r.io", None, "Basic x", None);
        assert_eq!(tokens.of("r.io", &Scope::push("any")).as_deref(), Some("Basic x"));
        tokens.forget("r.io", &Scope::push("any"));
        assert_eq!(tokens.of("r.io", &Scope::push("any")), None);
    }

    #[test]
    fn a_token_that_ends_is_not_used_any_more() {
        let tokens = Tokens::default();
        let scope = Scope::pull("a");
        tokens.keep("r.io", Some(&scope), "Bearer t", Some(MARGIN));
        assert_eq!(tokens.of("r.io", &scope), None);
    }
}
