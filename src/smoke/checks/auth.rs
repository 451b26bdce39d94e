//! Whether strangers are kept out, and the key is let in.

use async_trait::async_trait;

use super::super::answer::Answer;
use super::super::check::{Check, Needs, Stage, Verdict, one};
use super::super::explain;
use super::super::gateway::{CHAT, Gateway, Middleware};
use super::super::outcome::Outcome;
use super::super::secret::Secret;

const PATH: &str = "/v1/models";

pub(super) struct Auth;

#[async_trait]
impl Check for Auth {
    fn name(&self) -> &'static str {
        "auth"
    }

    fn proves(&self) -> &'static str {
        "a call without a key, or with a wrong one, is refused; the key is taken"
    }

    fn stage(&self) -> Stage {
        Stage::Enter
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn limit(&self, gateway: &Gateway) -> std::time::Duration {
        gateway.call() * 6
    }

    async fn run(&self, gateway: &Gateway) -> Verdict {
        let own = own_key(gateway).await?;
        let none = gateway.answered("a call without a key", gateway.client.get(PATH, None).await)?;
        refused(gateway, "a call without a key", &none, &[401])?;
        let wrong = Secret::new(&format!("sk-gwinfra-smoke-{}", uuid::Uuid::new_v4()));
        gateway.redactor.add(&wrong);
        let answer = gateway.answered("a call with a wrong key", gateway.client.get(PATH, Some(&wrong)).await)?;
        // Without a database LiteLLM knows one key only, and says 400 to all others.
        let without_database = answer.error_type().as_deref() == Some("no_db_connection");
        let allowed: &[u16] = if without_database { &[400, 401] } else { &[401] };
        refused(gateway, "a call with a wrong key", &answer, allowed)?;
        let mut words = format!("no key: {}, wrong key: {}", none.status, answer.status);
        if without_database {
            words.push_str(" (LiteLLM's own without a database)");
        }
        if gateway.expected.middleware != Some(false) && *gateway.middleware().await == Middleware::Present {
            middleware(gateway).await?;
            words.push_str(", the middleware's paths too");
        }
        let outcome = Outcome::pass(match &own {
            Some(_) => format!("{words}; the key is taken"),
            None => words,
        });
        one(own.map_or(outcome.clone(), |answer| outcome.of(&answer)))
    }
}

/// The key is taken, if there is one.
async fn own_key(gateway: &Gateway) -> Result<Option<Answer>, Box<Outcome>> {
    if gateway.key().is_none() {
        return Ok(None);
    }
    let answer = gateway.get("a call with the key", PATH).await?;
    if answer.is_success() {
        return Ok(Some(answer));
    }
    if matches!(answer.status, 400 | 401 | 403) && !answer.is_from_the_front() {
        gateway.is_refused("auth: the gateway does not take the key");
        let outcome = Outcome::fail(format!("the gateway does not take the key: {}", answer.told())).of(&answer);
        return Err(Box::new(outcome.next(
            "is it the key of this gateway? Tasks read the master key when they start: after a change of the secret, \
             the service has to be deployed anew",
        )));
    }
    Err(Box::new(explain::wrong(gateway, "a call with the key", &answer)))
}

/// The middleware lets LiteLLM decide on keys: a call that it makes for a stranger would be the gateway's own.
async fn middleware(gateway: &Gateway) -> Result<(), Box<Outcome>> {
    let body = gateway.chat_of("any");
    // 404: it does not serve that API.
    for (path, allowed) in [("/bedrock/model/any/converse", &[401, 403, 404][..]), (CHAT, &[401, 403])] {
        let what = format!("a call of {path} without a key");
        let answer = gateway.answered(&what, gateway.client.post(path, None, &body).await)?;
        refused(gateway, &what, &answer, allowed)?;
    }
    Ok(())
}

fn refused(gateway: &Gateway, what: &str, answer: &Answer, allowed: &[u16]) -> Result<(), Box<Outcome>> {
    let status = answer.status;
    if allowed.contains(&status) {
        return Ok(());
    }
    let outcome = Outcome::fail(format!("{what} is answered with {status} instead of {}", allowed[0])).of(answer);
    Err(Box::new(if (200..300).contains(&status) {
        outcome.next("anybody who reaches this URL can use it: is `general_settings.master_key` set?")
    } else {
        outcome.next(gateway.logs(None))
    }))
}
