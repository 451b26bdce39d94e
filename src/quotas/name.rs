//! Which quota is a model's: by its name, since AWS publishes no list of codes.

use crate::model::invoke::profile;

/// What the quota of a model's tokens or requests per minute is called.
///
/// AWS names them `Cross-region model inference tokens per minute for Anthropic Claude Sonnet 4.5 V1`, or `Global
/// cross-region ..` and `On-demand ..`, with and without the version of the first model. Words are compared in any order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaName {
    prefix: &'static str,
    subject: &'static str,
    words: Vec<String>,
}

const TOKENS: &str = " model inference tokens per minute for ";
const REQUESTS: &str = " model inference requests per minute for ";

/// Codes of quotas whose names were seen to differ between accounts, by prefix and words of the model: a hint for when no
/// name matches. From answers of Service Quotas in public repositories, each seen in two of them; November 2026.
const CODES: &[(&str, &str, &str)] = &[
    ("on-demand", "anthropic claude 3 5 sonnet", "L-A50569E5"),
    ("cross-region", "anthropic claude 3 7 sonnet", "L-6E888CC2"),
    ("cross-region", "anthropic claude sonnet 4", "L-59759B4A"),
    ("cross-region", "anthropic claude sonnet 4 5", "L-F4DDD3EB"),
    ("cross-region", "anthropic claude sonnet 4 6", "L-15B8E632"),
    ("cross-region", "anthropic claude sonnet 5", "L-D4FBCF4E"),
    ("cross-region", "anthropic claude haiku 4 5", "L-58BE175A"),
    ("cross-region", "anthropic claude opus 4 5", "L-7007E9C9"),
    ("cross-region", "anthropic claude opus 4 6", "L-0AD9BBE8"),
    ("global cross-region", "anthropic claude sonnet 4 5", "L-27C57EE8"),
    ("global cross-region", "anthropic claude sonnet 4 6", "L-7BEE40FB"),
    ("global cross-region", "anthropic claude sonnet 5", "L-DD84E5CA"),
    ("global cross-region", "anthropic claude haiku 4 5", "L-9A11C666"),
];

impl QuotaName {
    /// The token quota of a foundation model or an inference profile.
    pub fn of(id: &str) -> Self {
        let (prefix, model) = match profile(id) {
            Some(("global", model)) => ("global cross-region", model),
            Some((_, model)) => ("cross-region", model),
            None => ("on-demand", id),
        };
        let model = model.split(':').next().unwrap_or(model);
        let dated = |part: &&str| part.len() == 8 && part.bytes().all(|byte| byte.is_ascii_digit());
        let undated: Vec<&str> = model.split('-').filter(|part| !dated(part)).collect();
        Self { prefix, subject: TOKENS, words: words(&undated.join("-")) }
    }

    /// The request quota of a foundation model or an inference profile.
    pub fn of_requests(id: &str) -> Self {
        Self { subject: REQUESTS, ..Self::of(id) }
    }

    /// Whether a quota of that name is it.
    pub fn is(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        name.split_once(self.subject).is_some_and(|(prefix, model)| prefix == self.prefix && words(model) == self.words)
    }

    /// The code that the quota had where it was seen.
    pub fn hint(&self) -> Option<&'static str> {
        let own = |(prefix, model, _): &&(&str, &str, &str)| *prefix == self.prefix && words(model) == self.words;
        CODES.iter().filter(|_| self.subject == TOKENS).find(own).map(|row| row.2)
    }
}

/// The words of a model in order of the alphabet: letters and numbers apart, without a first version.
fn words(model: &str) -> Vec<String> {
    let model = model.to_ascii_lowercase();
    let mut words = Vec::new();
    for part in model.split(|character: char| !character.is_ascii_alphanumeric()).filter(|part| !part.is_empty()) {
        if part == "v1" {
            continue;
        }
        let mut rest = part;
        while let Some(first) = rest.bytes().next() {
            let digits = first.is_ascii_digit();
            let end = rest.bytes().position(|byte| byte.is_ascii_digit() != digits).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            words.push(word.to_owned());
            rest = after;
        }
    }
    words.sort();
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(id: &str, name: &str) -> bool {
        QuotaName::of(id).is(name)
    }

    #[test]
    fn names_are_found_with_and_without_the_first_version() {
        for name in [
            "Cross-region model inference tokens per minute for Anthropic Claude Sonnet 4.5 V1",
            "Cross-region model inference tokens per minute for Anthropic Claude Sonnet 4.5",
            "Cross-Region model inference tokens per minute for Anthropic Claude Sonnet 4.5 V1",
        ] {
            assert!(matches("us.anthropic.claude-sonnet-4-5-20250929-v1:0", name), "{name}");
        }
    }

    #[test]
    fn each_model_finds_its_own() {
        for (id, name) in [
            (
                "us.anthropic.claude-3-7-sonnet-20250219-v1:0",
                "Cross-region model inference tokens per minute for Anthropic Claude 3.7 Sonnet V1",
            ),
            (
                "anthropic.claude-3-5-sonnet-20240620-v1:0",
                "On-demand model inference tokens per minute for Anthropic Claude 3.5 Sonnet",
            ),
            (
                "eu.anthropic.claude-3-5-sonnet-20241022-v2:0",
                "Cross-region model inference tokens per minute for Anthropic Claude 3.5 Sonnet V2",
            ),
            ("us.amazon.nova-lite-v1:0", "Cross-region model inference tokens per minute for Amazon Nova Lite"),
            (
                "us.meta.llama3-3-70b-instruct-v1:0",
                "Cross-region model inference tokens per minute for Meta Llama 3.3 70B Instruct",
            ),
            (
                "global.anthropic.claude-haiku-4-5-20251001-v1:0",
                "Global cross-region model inference tokens per minute for Anthropic Claude Haiku 4.5",
            ),
            (
                "us.mistral.pixtral-large-2502-v1:0",
                "Cross-region model inference tokens per minute for Mistral Pixtral Large 2502 V1",
            ),
        ] {
            assert!(matches(id, name), "{id}: {name}");
        }
    }

    #[test]
    fn another_model_version_profile_or_unit_is_not_it() {
        let sonnet = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
        for name in [
            "Cross-region model inference tokens per minute for Anthropic Claude Sonnet 4.5 V1 1M Context Length",
            "Cross-region model inference tokens per minute for Anthropic Claude Sonnet 4 V1",
            "Cross-region model inference requests per minute for Anthropic Claude Sonnet 4.5 V1",
            "Global cross-region model inference tokens per minute for Anthropic Claude Sonnet 4.5 V1",
            "On-demand model inference tokens per minute for Anthropic Claude Sonnet 4.5 V1",
            "Model invocation max tokens per day for Anthropic Claude Sonnet 4.5 V1 (doubled for cross-region calls)",
        ] {
            assert!(!matches(sonnet, name), "{name}");
        }
        let second = "Cross-region model inference tokens per minute for Anthropic Claude 3.5 Sonnet V2";
        assert!(!matches("us.anthropic.claude-3-5-sonnet-20240620-v1:0", second));
    }

    #[test]
    fn requests_have_a_quota_of_their_own() {
        let sonnet = QuotaName::of_requests("us.anthropic.claude-sonnet-4-5-20250929-v1:0");
        assert!(sonnet.is("Cross-region model inference requests per minute for Anthropic Claude Sonnet 4.5 V1"));
        assert!(!sonnet.is("Cross-region model inference tokens per minute for Anthropic Claude Sonnet 4.5 V1"));
        assert_eq!(sonnet.hint(), None);
    }

    #[test]
    fn known_codes_are_a_hint() {
        assert_eq!(QuotaName::of("us.anthropic.claude-sonnet-4-20250514-v1:0").hint(), Some("L-59759B4A"));
        assert_eq!(QuotaName::of("amazon.nova-lite-v1:0").hint(), None);
    }
}
