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

/// Refusals that say themselves what is missing: a sign, what it means, and what to do.
const PLAIN: [(&str, &str, &str); 4] = [
    (
        "use case details have not been submitted",
        "the account has not submitted Anthropic's use case details",
        "submit the use case details in the Bedrock console of that account (Model catalog), and wait for a quarter of an hour",
    ),
    (
        "INVALID_PAYMENT_INSTRUMENT",
        "the account has no valid means of payment, and the model is sold through AWS Marketplace",
        "add a valid means of payment to that account (Billing > Payment preferences), and wait for a few minutes",
    ),
    (
        "required AWS Marketplace actions",
        "the model is sold through AWS Marketplace, and nobody who may subscribe to it has called it in that account",
        "call the model once with a role that may aws-marketplace:Subscribe and aws-marketplace:ViewSubscriptions",
    ),
    (
        "on-demand throughput isn\u{2019}t supported",
        "the model is called by its own id, and only takes calls through an inference profile",
        "name the inference profile in the spec (`us.` and the like before the id of the model), then `gwinfra plan`",
    ),
];

/// Adds what refusals say themselves.
fn plainly(words: &[String], found: &mut Found) {
    for (sign, meaning, next) in PLAIN {
        let is_said = |words: &String| words.replace('\'', "\u{2019}").contains(sign);
        let Some(at) = words.iter().position(is_said) else { continue };
        let model = model_near(words, at).map(|model| format!("{model}: ")).unwrap_or_default();
        found.evidence.push(Evidence::fact("bedrock", format!("{model}{meaning}")));
        found.next.push(next.to_owned());
    }
}

/// The first part of some words that a pattern finds.
fn capture<'a>(pattern: &LazyLock<Option<Regex>>, words: &'a str) -> Option<&'a str> {
    Some(pattern.as_ref()?.captures(words)?.get(1)?.as_str())
}

/// The model that words are about: named in them or, since Bedrock seldom does, in the lines nearest to them.
fn model_near(words: &[String], at: usize) -> Option<&str> {
    let mut others: Vec<usize> = (0..words.len()).collect();
    others.sort_by_key(|other| other.abs_diff(at));
    others.into_iter().find_map(|other| capture(&MODEL, &words[other]))
}

pub(super) async fn look(words: &[String], scene: &Scene<'_>, found: &mut Found) -> Result<()> {
    plainly(words, found);
    let mut asked: Vec<(String, &str)> = Vec::new();
    for (at, words_of) in words.iter().enumerate().filter(|(_, words)| is_refusal(words)) {
        let Some(model) = model_near(words, at) else {
            let fact = "Bedrock refuses a model, and does not say which";
            if !found.evidence.iter().any(|evidence| evidence.fact == fact) {
                found.evidence.push(Evidence::fact("bedrock", fact));
                found.next.push("gwinfra accounts verify   says which models each account has access to".to_owned());
            }
            continue;
        };
        let account = capture(&ACCOUNT, words_of).unwrap_or(&scene.target.account);
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

/// Whether Bedrock refuses a model without saying what is missing.
fn is_refusal(words: &str) -> bool {
    let words = words.to_lowercase();
    let about_models = words.contains("bedrock") || words.contains("model");
    let refuses = ["accessdenied", "not authorized", "access to the model", "don't have access"]
        .iter()
        .any(|sign| words.contains(sign));
    let is_plain = PLAIN.iter().any(|(sign, ..)| words.contains(&sign.to_lowercase()));
    about_models && refuses && !is_plain
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
    fn a_refusal_that_names_no_model_is_of_the_one_in_the_nearest_line() {
        let lines = [
            "calling amazon.nova-lite-v1:0",
            "calling anthropic.claude-3-haiku-20240307-v1:0",
            "An error occurred (AccessDeniedException) when calling the InvokeModel operation: You don't have access to the \
             model with the specified model ID.",
        ]
        .map(ToOwned::to_owned);
        assert!(is_refusal(&lines[2]));
        assert_eq!(model_near(&lines, 2), Some("anthropic.claude-3-haiku-20240307-v1:0"));
    }

    #[test]
    fn refusals_that_say_what_is_missing_need_no_question() {
        let missing = |words: &str| {
            let mut found = Found::default();
            plainly(&[words.to_owned()], &mut found);
            assert!(!is_refusal(words), "{words}");
            found.evidence.pop().map(|evidence| evidence.fact)
        };
        let words = "ResourceNotFoundException: Model use case details have not been submitted for this account. Fill out the \
                     Anthropic use case details form before using the model.";
        assert!(missing(words).unwrap().contains("use case details"));
        let words = "AccessDeniedException: Model access is denied due to INVALID_PAYMENT_INSTRUMENT:A valid payment instrument \
                     must be provided.";
        assert!(missing(words).unwrap().contains("means of payment"));
        let words = "Model access is denied due to IAM user or service role is not authorized to perform the required AWS \
                     Marketplace actions (aws-marketplace:ViewSubscriptions, aws-marketplace:Subscribe) to enable access to \
                     this model.";
        assert!(missing(words).unwrap().contains("AWS Marketplace"));
        let words = "ValidationException: Invocation of model ID anthropic.claude-sonnet-4-20250514-v1:0 with on-demand \
                     throughput isn\u{2019}t supported. Retry your request with the ID or ARN of an inference profile that \
                     contains this model.";
        assert!(missing(words).unwrap().starts_with("anthropic.claude-sonnet-4-20250514-v1:0: "));
        assert!(missing(&words.replace('\u{2019}', "'")).is_some());
        assert_eq!(missing("litellm starts"), None);
    }

    #[test]
    fn an_answer_of_a_model_is_no_refusal() {
        assert!(!is_refusal("200 anthropic.claude-3-haiku-20240307-v1:0 from bedrock"));
    }
}
