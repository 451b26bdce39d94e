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

    /// A command of gwinfra's with what it is for, if a spec describes the gateway; otherwise other words.
    pub(super) fn step(&self, arguments: &str, what_for: &str, otherwise: &str) -> String {
        if self.expected.deployment.is_some() {
            format!("gwinfra {arguments}   {what_for}")
        } else {
            otherwise.to_owned()
        }
    }

    /// What shows whether the configuration is the spec's.
    pub(super) fn configured(&self, otherwise: &str) -> String {
        self.step("config diff", "shows whether the deployed configuration is the spec's", otherwise)
    }

    /// How to find a request in LiteLLM's log.
    pub(super) fn logs(&self, request: Option<&str>) -> String {
        tail(self.expected.links.litellm_logs.as_deref(), "LiteLLM's log", request)
    }

    /// How to look into the middleware's log.
    pub(super) fn middleware_logs(&self, request: Option<&str>) -> String {
        tail(self.expected.links.middleware_logs.as_deref(), "the middleware's log", request)
    }

    /// How to get at a gateway that cannot be called from here.
    pub fn way_in(&self, failure: &Failure) -> String {
        match (failure, &self.expected.name) {
            (Failure::Resolve { .. }, Name::ByHand(name)) if !self.client.is_tunnel() => self.record(name),
            (Failure::Unverified { .. }, Name::Unknown) => {
                "`ingress.tls.certificate.name` in the spec names it: one of the certificate's names, under which gwinfra \
                 smoke then calls the gateway, also with --via"
                    .to_owned()
            }
            _ => self.way(),
        }
    }

    /// How a name comes to lead to the gateway.
    fn record(&self, name: &str) -> String {
        let Some(host) = &self.expected.links.load_balancer else {
            return format!("make the record of {name}: a CNAME, or an alias, to the output LoadBalancerDnsName");
        };
        let without = match (&self.expected.links.bastion, self.expected.internal) {
            (Some(_), true) => format!(": {}", self.way()),
            (None, true) => format!(", from inside its network: gwinfra smoke --via https://{host}"),
            (_, false) => format!(": gwinfra smoke --via https://{host}"),
        };
        format!("make the record of {name}: a CNAME, or an alias, to {host}. Without it{without}")
    }

    fn way(&self) -> String {
        let url = self.client.url();
        let port = url.port_or_known_default().unwrap_or(443);
        if self.client.is_tunnel() {
            return format!("is the tunnel open, and does it lead to port {port} of the load balancer?");
        }
        if self.expected.deployment.is_none() {
            return "is the host's name right, and is this machine let in?".to_owned();
        }
        if !self.expected.internal {
            return "is the name's record there, and may this machine connect (`ingress.allow_from`)?".to_owned();
        }
        let scheme = url.scheme();
        let local = if scheme == "https" { 8443 } else { 8080 };
        let unnamed = matches!(self.expected.name, Name::Unknown);
        let named = if unnamed { " (with `ingress.tls.certificate.name` in the spec)" } else { "" };
        let smoke = format!("gwinfra smoke --via {scheme}://localhost:{local}{named}");
        let host = self.expected.links.load_balancer.as_deref().or(url.host_str()).unwrap_or_default();
        match &self.expected.links.bastion {
            Some(bastion) => format!(
                "aws ssm start-session --target {bastion} --document-name AWS-StartPortForwardingSessionToRemoteHost \
                 --parameters host={host},portNumber={port},localPortNumber={local}   opens a tunnel; then {smoke}"
            ),
            None => format!(
                "from inside its network, or connected to its VPN: gwinfra smoke. Through a tunnel to {host}:{port}: {smoke}"
            ),
        }
    }

    /// How long a call may take.
    pub(super) fn call(&self) -> Duration {
        self.client.timeout()
    }
}

fn tail(group: Option<&str>, name: &str, request: Option<&str>) -> String {
    match (group, request) {
        (Some(group), Some(request)) => {
            format!("aws logs tail {group} --since 30m --filter-pattern '\"{request}\"'")
        }
        (Some(group), None) => format!("aws logs tail {group} --since 30m"),
        (None, Some(request)) => format!("look for {request} in {name}"),
        (None, None) => format!("look into {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::expected::Links;
    use super::*;

    const BALANCER: &str = "internal-acme-1.us-east-1.elb.amazonaws.com";

    /// A gateway under a name that nobody has.
    async fn nowhere(name: Name, internal: bool) -> Gateway {
        let client = Client::direct("https://gateway.invalid", Duration::from_secs(5)).await.unwrap();
        let links = Links { load_balancer: Some(BALANCER.to_owned()), ..Links::default() };
        let deployment = Some("acme-llm".to_owned());
        Gateway::new(
            client,
            None,
            Expected { deployment, name, internal, links, ..Expected::default() },
            Ask::default(),
        )
    }

    #[tokio::test]
    async fn a_name_without_its_record_keeps_the_gateway_from_being_called() {
        let gateway = nowhere(Name::ByHand("gateway.invalid".to_owned()), false).await;
        let failure = gateway.callable(Duration::ZERO).await.unwrap_err();
        assert!(failure.to_string().starts_with("the name gateway.invalid cannot be resolved"), "{failure}");
        assert_eq!(
            gateway.way_in(&failure),
            format!(
                "make the record of gateway.invalid: a CNAME, or an alias, to {BALANCER}. Without it: gwinfra smoke --via \
                 https://{BALANCER}"
            )
        );
    }

    #[tokio::test]
    async fn a_tunnel_needs_no_record() {
        let mut gateway = nowhere(Name::ByHand("gateway.invalid".to_owned()), true).await;
        gateway.expected.links.bastion = Some("i-0a1b2c3d".to_owned());
        let failure = gateway.callable(Duration::ZERO).await.unwrap_err();
        let way = gateway.way_in(&failure);
        assert!(way.contains("Without it: aws ssm start-session --target i-0a1b2c3d"), "{way}");
        assert!(way.ends_with("then gwinfra smoke --via https://localhost:8443"), "{way}");
    }

    #[tokio::test]
    async fn a_record_that_gwinfra_makes_is_the_gateways_own() {
        let gateway = nowhere(Name::Recorded, false).await;
        assert_eq!(gateway.callable(Duration::ZERO).await, Ok(()));
    }

    #[tokio::test]
    async fn a_tunnel_to_a_gateway_without_a_name_needs_one() {
        let gateway = nowhere(Name::Unknown, true).await;
        let failure = gateway.callable(Duration::ZERO).await.unwrap_err();
        let way = gateway.way_in(&failure);
        assert!(
            way.ends_with("--via https://localhost:8443 (with `ingress.tls.certificate.name` in the spec)"),
            "{way}"
        );
    }
}
