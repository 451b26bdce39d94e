//! The gateway that is called, and what is known about it.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::answer::Answer;
use super::check::Needs;
use super::client::Client;
use super::deployments::Deployment;
use super::expected::Expected;
use super::explain;
use super::failure::Failure;
use super::keys::KeyRing;
use super::name::Name;
use super::outcome::Outcome;
use super::secret::{Redactor, Secret};
use crate::model::listener::LITELLM_HEALTH;

/// Between two tries of a gateway that was just deployed.
pub(super) const PAUSE: Duration = Duration::from_secs(3);
/// How long a name is looked for whose record the user makes: it is there, or comes by hand.
const RECORD: Duration = Duration::from_secs(10);
/// Path of chat calls.
pub(super) const CHAT: &str = "/v1/chat/completions";

/// What is asked of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Name of the model. `None`: the first that answers chat calls, of the spec's or else of those that the gateway lists.
    pub model: Option<String>,
    /// Prompt.
    pub prompt: String,
    /// Most tokens to ask for.
    pub max_tokens: u32,
}

impl Default for Ask {
    fn default() -> Self {
        let smoke = crate::spec::Smoke::default();
        Self { model: None, prompt: smoke.prompt, max_tokens: smoke.max_tokens }
    }
}

/// Who answers the middleware's paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Middleware {
    /// The middleware.
    Present,
    /// Somebody else: there is none behind this URL.
    Absent,
    /// Nobody, or a load balancer without a target.
    Dead(String),
}

/// The gateway that is called. What it says about itself is asked once.
#[derive(Debug)]
pub struct Gateway {
    /// The HTTP client.
    pub client: Client,
    /// What is expected of it.
    pub expected: Expected,
    /// What is asked of a model.
    pub ask: Ask,
    /// How long it may take until it answers at all, for one that was just deployed.
    pub patience: Duration,
    /// The keys that checks have made.
    pub keys: Arc<KeyRing>,
    dead: OnceLock<String>,
    refused: OnceLock<String>,
    pub(super) redactor: Arc<Redactor>,
    key: Option<Secret>,
    /// The model that was called, in whatever round.
    pub(super) called: Arc<OnceLock<String>>,
    database: OnceCell<Option<bool>>,
    deployments: OnceCell<Result<Vec<Deployment>, Box<Outcome>>>,
    middleware: OnceCell<Middleware>,
    pub(super) model: OnceCell<Result<String, Box<Outcome>>>,
}

impl Gateway {
    /// A gateway that is called with a key, if there is one.
    pub fn new(client: Client, key: Option<Secret>, expected: Expected, ask: Ask) -> Self {
        let redactor = Arc::new(Redactor::default());
        if let Some(key) = &key {
            redactor.add(key);
        }
        Self {
            patience: Duration::ZERO,
            keys: Arc::new(KeyRing::new(client.clone(), key.clone())),
            dead: OnceLock::new(),
            refused: OnceLock::new(),
            client,
            expected,
            ask,
            redactor,
            key,
            called: Arc::default(),
            database: OnceCell::new(),
            deployments: OnceCell::new(),
            middleware: OnceCell::new(),
            model: OnceCell::new(),
        }
    }

    /// The same gateway for another round: it is asked anew.
    pub(super) fn again(&self) -> Self {
        let next = Self::new(self.client.clone(), self.key.clone(), self.expected.clone(), self.ask.clone());
        Self {
            patience: self.patience,
            keys: self.keys.clone(),
            redactor: self.redactor.clone(),
            called: self.called.clone(),
            ..next
        }
    }

    /// Waits until the gateway can be called from here: until there is a way to it, its name is known, and somebody answers
    /// or refuses.
    ///
    /// # Errors
    /// When it cannot be called, for a reason that is none of the gateway's own. `patience` is for a way into its network.
    pub async fn callable(&self, patience: Duration) -> Result<(), Failure> {
        let begun = Instant::now();
        loop {
            let Err(failure) = self.client.get(LITELLM_HEALTH, None).await else { return Ok(()) };
            match self.obstacle(&failure, patience) {
                Some(longest) if begun.elapsed() >= longest => return Err(failure),
                // Only then it is seen whose certificate it is.
                None if self.expected.name != Name::Unknown
                    || !failure.may_pass()
                    || begun.elapsed() >= self.patience =>
                {
                    return Ok(());
                }
                _ => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// How long a reason that is none of the gateway's own may last until it counts.
    fn obstacle(&self, failure: &Failure, patience: Duration) -> Option<Duration> {
        match (failure, &self.expected.name) {
            (Failure::Unverified { .. }, Name::Unknown) => Some(Duration::ZERO),
            (Failure::Resolve { .. }, Name::ByHand(_)) => Some(patience.min(RECORD)),
            _ => (self.expected.internal && failure.is_out_of_reach()).then_some(patience),
        }
    }

    /// Nobody answers: nothing else needs to be tried.
    pub(super) fn is_dead(&self, why: &str) {
        let _ = self.dead.set(why.to_owned());
    }

    /// The key is refused: nothing that needs one needs to be tried.
    pub(super) fn is_refused(&self, why: &str) {
        let _ = self.refused.set(why.to_owned());
    }

    /// Why a check need not be tried.
    pub(super) fn closed(&self, needs: Needs) -> Option<String> {
        if let Some(why) = self.dead.get() {
            return Some(why.clone());
        }
        match (needs, &self.key) {
            (Needs::Nothing, _) => None,
            (Needs::Key, None) => Some("there is no key: --key-env names the variable that holds one".to_owned()),
            (Needs::Key, Some(_)) => self.refused.get().cloned(),
        }
    }

    /// A text as it may be shown: without keys, and without what steers a terminal.
    pub(super) fn shown(&self, text: &str) -> String {
        crate::diagnostics::printable(&self.redactor.clean(text)).into_owned()
    }

    /// The key that calls are made with.
    pub(super) fn key(&self) -> Option<&Secret> {
        self.key.as_ref()
    }

    /// GET with the key.
    pub(super) async fn get(&self, what: &str, path: &str) -> Result<Answer, Box<Outcome>> {
        self.answered(what, self.client.get(path, self.key()).await)
    }

    /// POST with the key.
    pub(super) async fn post(&self, what: &str, path: &str, body: &Value) -> Result<Answer, Box<Outcome>> {
        self.answered(what, self.client.post(path, self.key(), body).await)
    }

    /// An answer, or the outcome of there being none.
    pub(super) fn answered(&self, what: &str, answer: Result<Answer, Failure>) -> Result<Answer, Box<Outcome>> {
        answer.map_err(|failure| Box::new(explain::no_answer(self, what, &failure)))
    }

    /// An answer of 2xx, or the outcome of another.
    pub(super) fn good(&self, what: &str, answer: Answer) -> Result<Answer, Box<Outcome>> {
        if answer.is_success() { Ok(answer) } else { Err(Box::new(explain::wrong(self, what, &answer))) }
    }

    /// The body of a chat call of the model.
    pub(super) async fn chat(&self) -> Result<Value, Box<Outcome>> {
        Ok(self.chat_of(self.model().await?))
    }

    /// The body of a chat call of any model.
    pub(super) fn chat_of(&self, model: &str) -> Value {
        json!({"model": model, "messages": self.messages(), "max_tokens": self.ask.max_tokens})
    }

    /// The messages of a chat call.
    pub(super) fn messages(&self) -> Value {
        json!([{"role": "user", "content": self.ask.prompt}])
    }

    /// Whether LiteLLM has its database; `None` if it does not say.
    pub(super) async fn database(&self) -> Option<bool> {
        let ask = async || {
            let answer = self.client.get("/health/readiness", None).await.ok()?;
            match answer.json().get("db").and_then(Value::as_str)? {
                "connected" => Some(true),
                _ => Some(false),
            }
        };
        *self.database.get_or_init(ask).await
    }

    /// Why nothing of the database can be tried; `None` when it can.
    pub(super) async fn without_database(&self, what: &str) -> Option<Outcome> {
        if self.expected.database == Some(false) {
            return Some(Outcome::skip(format!("the spec has no database, which {what} need")));
        }
        match (self.expected.database, self.database().await) {
            (_, Some(true)) | (Some(true), None) => None,
            (Some(true), Some(false)) => {
                Some(Outcome::skip(format!("LiteLLM has lost its database, which {what} need: see readiness")))
            }
            _ => Some(Outcome::skip(format!("the gateway has no database, which {what} need"))),
        }
    }

    /// LiteLLM's deployments.
    pub(super) async fn deployments(&self) -> Result<&[Deployment], Box<Outcome>> {
        let ask = async || {
            let answer = self.get("GET /model/info", "/model/info").await?;
            if matches!(answer.status, 401 | 403) && !answer.is_from_the_front() {
                return Err(Box::new(Outcome::skip("this key may not list the deployments: use the master key")));
            }
            Ok(Deployment::all(&self.good("GET /model/info", answer)?.json()))
        };
        self.deployments.get_or_init(ask).await.as_deref().map_err(Clone::clone)
    }

    /// Name of the account that a deployment uses, if it is one of Bedrock.
    pub(super) async fn account_of(&self, id: Option<&str>) -> Option<String> {
        let id = id?;
        if let Some(account) = self.expected.account(id) {
            return Some(account);
        }
        let all = self.deployments().await.ok()?;
        all.iter().find(|deployment| deployment.id == id && deployment.is_bedrock()).map(Deployment::account)
    }

    /// An outcome with the account that served it.
    pub(super) async fn served(&self, outcome: Outcome) -> Outcome {
        let account = self.account_of(outcome.deployment.as_deref()).await;
        outcome.in_account(account)
    }

    /// Who answers the middleware's paths.
    pub(super) async fn middleware(&self) -> &Middleware {
        let ask = async || {
            let path = crate::model::listener::MIDDLEWARE_HEALTH;
            match self.client.get(path, None).await {
                Err(failure) => Middleware::Dead(failure.to_string()),
                Ok(answer) if answer.is_success() => Middleware::Present,
                Ok(answer) if answer.is_from_the_front() || answer.status >= 500 => Middleware::Dead(answer.told()),
                Ok(_) => Middleware::Absent,
            }
        };
        self.middleware.get_or_init(ask).await
    }

    /// Why nothing of the middleware can be tried; `None` when it can.
    pub(super) async fn without_middleware(&self) -> Option<Outcome> {
        if self.expected.middleware == Some(false) {
            return Some(Outcome::skip("the spec has no middleware"));
        }
        match self.middleware().await {
            Middleware::Present => None,
            Middleware::Absent => Some(Outcome::skip("no middleware answers behind this URL")),
            Middleware::Dead(_) => Some(Outcome::skip("the middleware does not answer: see health")),
        }
    }

    /// Why chat calls cannot be tried: they are the middleware's, and it is dead.
    pub(super) async fn without_chat(&self) -> Option<Outcome> {
        if self.expected.chat_through_middleware != Some(true) {
            return None;
        }
        matches!(self.middleware().await, Middleware::Dead(_))
            .then(|| Outcome::skip("chat calls go through the middleware, which does not answer: see health"))
    }

    /// How long a call may take.
    pub(super) fn call(&self) -> Duration {
        self.client.timeout()
    }
}
