//! Which model is called, and which a key may call.

use serde_json::Value;

use super::answer::Answer;
use super::deployments::Deployment;
use super::gateway::Gateway;
use super::outcome::Outcome;
use crate::spec::shape::word_list;

/// What stands among the models of a key that may call all of them.
const EVERY_MODEL: [&str; 2] = ["all-proxy-models", "*"];

impl Gateway {
    /// The model that is called.
    pub(super) async fn model(&self) -> Result<&str, Box<Outcome>> {
        let found = self.model.get_or_init(async || self.find_model().await).await;
        if let Ok(model) = found {
            let _ = self.called.set(model.clone());
        }
        found.as_deref().map_err(Clone::clone)
    }

    /// The model that was called, as it may be shown: its name may be the gateway's own.
    pub(super) fn called(&self) -> Option<String> {
        self.called.get().map(|model| self.shown(model))
    }

    async fn find_model(&self) -> Result<String, Box<Outcome>> {
        if let Some(model) = &self.ask.model {
            return Ok(model.clone());
        }
        let names = self.names().await?;
        if names.is_empty() {
            return Err(Box::new(Outcome::skip("the gateway lists no model")));
        }
        for name in &names {
            if self.answers_chat(name).await {
                return Ok(name.clone());
            }
        }
        let names = word_list(names.iter().map(String::as_str));
        Err(Box::new(Outcome::skip(format!("no model answers chat calls: there are {names}"))))
    }

    /// Names of the models: those of the spec, or else those that the gateway lists.
    pub(super) async fn names(&self) -> Result<Vec<String>, Box<Outcome>> {
        if let Some(models) = &self.expected.models {
            return Ok(models.clone());
        }
        let answer = self.get("GET /v1/models", "/v1/models").await?;
        let listed = self.good("GET /v1/models", answer)?.json();
        let listed = listed.get("data").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        Ok(listed.iter().filter_map(|one| Some(one.get("id")?.as_str()?.to_owned())).collect())
    }

    /// Whether a model answers chat calls, as far as the gateway tells this key.
    pub(super) async fn answers_chat(&self, model: &str) -> bool {
        let all = self.deployments().await.unwrap_or_default();
        all.iter().filter(|deployment| deployment.model == model).all(Deployment::is_chat)
    }

    /// The models that are not called because they answer no chat calls.
    pub(super) async fn left_out(&self) -> Vec<String> {
        let all = self.deployments().await.unwrap_or_default();
        let mut names: Vec<String> = all.iter().filter(|one| !one.is_chat()).map(Deployment::named).collect();
        names.dedup();
        names
    }

    /// What the key is limited to, in words; `None` for one that sees everything, or of which the gateway does not tell.
    pub(super) async fn limited_to(&self) -> Option<String> {
        let answer = self.client.get("/key/info", self.key()).await.ok().filter(Answer::is_success)?.json();
        limits(&answer)
    }
}

fn limits(description: &Value) -> Option<String> {
    let models = description.pointer("/info/models").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let models: Vec<&str> = models.iter().filter_map(Value::as_str).collect();
    if !models.is_empty() && !models.iter().any(|name| EVERY_MODEL.contains(name)) {
        return Some(format!("this key may call {}", word_list(models)));
    }
    description.pointer("/info/team_id").and_then(Value::as_str).map(|_| "this key is one of a team".to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_key_that_may_call_every_model_is_not_limited_whatever_else_it_names() {
        let limits = |models: Value| limits(&json!({"info": {"models": models, "team_id": null}}));
        for models in [json!([]), json!(["*"]), json!(["all-proxy-models"]), json!(["all-proxy-models", "x"])] {
            assert_eq!(limits(models.clone()), None, "{models}");
        }
        assert_eq!(limits(json!(["x"])).as_deref(), Some("this key may call x"));
    }
}
