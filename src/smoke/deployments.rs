//! LiteLLM's deployments, as the gateway itself lists them.

use serde_json::Value;

/// A deployment of LiteLLM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Deployment {
    /// Its id, which LiteLLM takes as the name of a model.
    pub id: String,
    /// Name of the model that clients call.
    pub model: String,
    /// The provider's model, such as `bedrock/anthropic.claude-3-haiku-20240307-v1:0`.
    pub source: String,
    /// Region of the calls.
    pub region: Option<String>,
    /// Account of the role that it assumes.
    pub role_account: Option<String>,
    /// What it is for, as LiteLLM's list of models tells it: `chat`, `embedding`.
    pub mode: Option<String>,
}

impl Deployment {
    /// Those in the answer of `/model/info`.
    pub fn all(answer: &Value) -> Vec<Self> {
        let listed = answer.get("data").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        listed.iter().filter_map(Self::read).collect()
    }

    fn read(one: &Value) -> Option<Self> {
        let text = |pointer: &str| one.pointer(pointer).and_then(Value::as_str).map(ToOwned::to_owned);
        Some(Self {
            id: text("/model_info/id")?,
            model: text("/model_name")?,
            source: text("/litellm_params/model").unwrap_or_default(),
            region: text("/litellm_params/aws_region_name"),
            role_account: text("/litellm_params/aws_role_name")
                .and_then(|arn| arn.split(':').nth(4).map(ToOwned::to_owned)),
            mode: text("/model_info/mode"),
        })
    }

    /// Whether it calls Bedrock.
    pub fn is_bedrock(&self) -> bool {
        self.source.starts_with("bedrock/")
    }

    /// Whether it answers chat calls, as far as that is known. LiteLLM makes chat calls of models for the other two, too.
    pub fn is_chat(&self) -> bool {
        matches!(self.mode.as_deref(), None | Some("chat" | "completion" | "responses"))
    }

    /// Name of its model, with what it is for: `titan-embed (embedding)`.
    pub fn named(&self) -> String {
        self.mode.as_ref().map_or_else(|| self.model.clone(), |mode| format!("{} ({mode})", self.model))
    }

    /// The account that it uses, as its id tells it: gwinfra's are `model--account--region`; else by its role.
    pub fn account(&self) -> String {
        let named = self.id.strip_prefix(&format!("{}--", self.model)).and_then(|rest| rest.rsplit_once("--"));
        match (named, &self.role_account) {
            (Some((account, region)), _) if Some(region) == self.region.as_deref() => account.to_owned(),
            (_, Some(account)) => account.clone(),
            _ => "the gateway's own".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(id: &str, params: &Value) -> Deployment {
        Deployment::all(
            &json!({"data": [{"model_name": "claude", "litellm_params": params, "model_info": {"id": id}}]}),
        )
        .remove(0)
    }

    #[test]
    fn an_account_is_told_by_the_id_that_gwinfra_gave() {
        let params = json!({"model": "bedrock/x", "aws_region_name": "us-east-1", "aws_role_name": "arn:aws:iam::222222222222:role/r"});
        assert_eq!(read("claude--bedrock-1--us-east-1", &params).account(), "bedrock-1");
        assert_eq!(read("dep-a", &params).account(), "222222222222");
        assert_eq!(read("dep-a", &json!({"model": "bedrock/x"})).account(), "the gateway's own");
    }

    #[test]
    fn other_providers_are_not_bedrock() {
        assert!(!read("gpt", &json!({"model": "openai/gpt-4o"})).is_bedrock());
    }
}
