//! Models that Bedrock refuses: whether the account has access.

use std::sync::LazyLock;

use regex_lite::Regex;

use super::Found;
use crate::accounts::{foundation_model, problems};
use crate::aws::Result;
use crate::diagnose::investigate::Scene;
use crate::diagnose::report::Evidence;

/// Most models that are asked about.
const MODELS: usize = 3;

/// An id of a model or of an inference profile.
static MODEL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\b((?:(?:us|us-gov|eu|apac|au|jp|ca|global)\.)?(?:anthropic|amazon|meta|mistral|cohere|ai21|deepseek|openai|qwen|stability|writer|twelvelabs|luma)\.[a-z0-9][a-z0-9.:-]*[a-z0-9])").ok()
});

/// The account in an ARN of a session or a role.
static ACCOUNT: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"arn:aws[a-z-]*:(?:sts|iam)::(\d{12}):").ok());

pub(super) async fn look(words: &[String], scene: &Scene<'_>, found: &mut Found) -> Result<()> {
    let mut asked: Vec<(String, &str)> = Vec::new();
    for words in words.iter().filter(|words| is_refusal(words)) {
        let Some(model) = MODEL.as_ref().and_then(|model| Some(model.captures(words)?.get(1)?.as_str())) else {
            continue;
        };
        let account = ACCOUNT.as_ref().and_then(|account| Some(account.captures(words)?.get(1)?.as_str()));
        let account = account.unwrap_or(&scene.target.account);
        if asked.len() < MODELS && !asked.contains(&(model.to_owned(), account)) {
            asked.push((model.to_owned(), account));
        }
    }
    for (id, account) in asked {
        let own = Some(scene.target).filter(|target| target.account == account);
        let Some(target) = own.or_else(|| scene.targets.iter().find(|target| target.account == account)) else {
            let note = format!("whether account {account} has access to {id}: it is none of this deployment's");
            found.notes.push(note);
            continue;
        };
        let (model, through_profile) = foundation_model(&id);
        let available = scene.clients.session(target).bedrock().availability(model).await?;
        let problems = problems(&available, through_profile);
        if problems.is_empty() {
            let fact = format!("account {account} has access to {model}: the role may lack it");
            found.evidence.push(Evidence::fact("bedrock", fact));
            found.next.push("gwinfra accounts verify   compares the roles with the spec".to_owned());
        } else {
            let fact = format!("account {account} cannot call {model}");
            found.evidence.push(Evidence { from: "bedrock".to_owned(), fact, lines: problems });
            found.next.push("gwinfra accounts verify   once it has access".to_owned());
        }
    }
    Ok(())
}

/// Whether Bedrock refuses a model.
fn is_refusal(words: &str) -> bool {
    let words = words.to_lowercase();
    let about_models = words.contains("bedrock") || words.contains("model");
    let refuses = ["accessdenied", "not authorized", "access to the model", "don't have access", "validationexception"]
        .iter()
        .any(|sign| words.contains(sign));
    about_models && refuses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_model_is_found_in_a_log() {
        let line = "litellm.BadRequestError: BedrockException - AccessDeniedException: You don't have access to the model \
                    us.anthropic.claude-sonnet-4-5-20250929-v1:0";
        assert!(is_refusal(line));
        let model = MODEL.as_ref().unwrap().captures(line).unwrap();
        assert_eq!(&model[1], "us.anthropic.claude-sonnet-4-5-20250929-v1:0");
    }

    #[test]
    fn an_answer_of_a_model_is_no_refusal() {
        assert!(!is_refusal("200 anthropic.claude-3-haiku-20240307-v1:0 from bedrock"));
    }
}
