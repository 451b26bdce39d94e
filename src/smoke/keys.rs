//! The keys that checks make: held in memory, short-lived, and deleted at the end, whatever the end is.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::answer::Answer;
use super::client::Client;
use super::failure::Failure;
use super::secret::Secret;

/// After this LiteLLM refuses a key by itself, should nobody have deleted it.
pub const LIFE: &str = "15m";
/// How long the end waits for a key that is just being made.
const MAKING: Duration = Duration::from_secs(10);

/// What a key may do.
#[derive(Debug, Clone, Default)]
pub(super) struct Limits {
    /// The models that it may call.
    pub models: Vec<String>,
    /// Requests in a minute.
    pub rpm: Option<u32>,
    /// Dollars.
    pub budget: Option<f64>,
}

/// A key that a check has made.
#[derive(Debug, Clone)]
pub(super) struct MadeKey {
    /// The key.
    pub secret: Secret,
    /// Its name, by which it is deleted.
    pub alias: String,
    /// SHA-256 of the key, by which LiteLLM lists it.
    pub hash: String,
}

/// The keys that checks have made and not deleted yet.
#[derive(Debug)]
pub struct KeyRing {
    client: Client,
    master: Option<Secret>,
    aliases: Mutex<Vec<String>>,
    making: Mutex<Vec<JoinHandle<()>>>,
}

impl KeyRing {
    pub(super) fn new(client: Client, master: Option<Secret>) -> Self {
        Self { client, master, aliases: Mutex::default(), making: Mutex::default() }
    }

    /// Makes a key. Whoever asks may go away before the answer: the key is known by its name, and is deleted all the same.
    pub(super) async fn make(&self, purpose: &str, limits: &Limits) -> Result<Result<MadeKey, Answer>, Failure> {
        let alias = format!("gwinfra-smoke-{purpose}-{}", uuid::Uuid::new_v4());
        let body = json!({
            "key_alias": alias,
            "models": limits.models,
            "duration": LIFE,
            "rpm_limit": limits.rpm,
            "max_budget": limits.budget,
            "metadata": {"made_by": "gwinfra smoke"},
        });
        lock(&self.aliases).push(alias.clone());
        let (client, master) = (self.client.clone(), self.master.clone());
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let task = tokio::spawn(async move {
            // Nobody may be left to take the answer.
            let _ = sender.send(client.post("/key/generate", master.as_ref(), &body).await);
        });
        lock(&self.making).push(task);
        let gone = || Failure::BrokenOff { reason: "the call was given up".to_owned() };
        let answer = receiver.await.unwrap_or_else(|_| Err(gone()))?;
        let json = answer.json();
        let text = |name: &str| json.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
        match text("key").filter(|_| answer.is_success()) {
            Some(key) => {
                let hash = text("token_id").or_else(|| text("token")).unwrap_or_default();
                Ok(Ok(MadeKey { secret: Secret::new(&key), alias, hash }))
            }
            None => {
                // After any other answer it may have been made: a load balancer can give up while LiteLLM goes on.
                if (400..500).contains(&answer.status) {
                    self.forget(&alias);
                }
                Ok(Err(answer))
            }
        }
    }

    /// Deletes a key.
    pub(super) async fn delete(&self, key: &MadeKey) -> Result<Answer, Failure> {
        let answer = self.remove(&key.alias).await?;
        if answer.is_success() {
            self.forget(&key.alias);
        }
        Ok(answer)
    }

    /// Deletes whatever is left. The names of keys that are still there.
    pub async fn clear(&self) -> Vec<String> {
        let making = std::mem::take(&mut *lock(&self.making));
        for task in making {
            // One that hangs would be deleted in vain: it ends by itself after its life.
            let _ = tokio::time::timeout(MAKING, task).await;
        }
        let aliases = std::mem::take(&mut *lock(&self.aliases));
        let mut left = Vec::new();
        for alias in aliases {
            match self.remove(&alias).await {
                // 404: it was never made.
                Ok(answer) if answer.is_success() || answer.status == 404 => {}
                _ => left.push(alias),
            }
        }
        left
    }

    /// Names of the keys that are not deleted yet.
    pub fn names(&self) -> Vec<String> {
        lock(&self.aliases).clone()
    }

    async fn remove(&self, alias: &str) -> Result<Answer, Failure> {
        self.client.post("/key/delete", self.master.as_ref(), &json!({"key_aliases": [alias]})).await
    }

    fn forget(&self, alias: &str) {
        lock(&self.aliases).retain(|known| known != alias);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
