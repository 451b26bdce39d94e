//! How fast the tokens of an answer use up a Bedrock quota.

/// Tokens of the quota that one token of an answer takes; a token of the prompt takes one.
///
/// 15 for Claude 4.8, 10 for Claude 5 and newer, 5 for every other Claude, 1 for any other model.
/// <https://docs.aws.amazon.com/bedrock/latest/userguide/quotas-token-burndown.html>, as of 2026-10. The page names Opus
/// 5.5, Sonnet 5, Opus 5 and Fable 5.1 for the rate of 10: newer ones are taken to have it too.
pub fn rate(model: &str) -> u64 {
    let Some((_, name)) = model.split_once("anthropic.claude-") else { return 1 };
    match version(name) {
        (4, 8) => 15,
        (5.., _) => 10,
        _ => 5,
    }
}

/// Version in a name such as `3-7-sonnet-20250219-v1:0` or `opus-4-20250514-v1:0`: the first number of at most two
/// digits, and the one that follows it.
fn version(name: &str) -> (u32, u32) {
    let number = |part: &str| (part.len() <= 2).then(|| part.parse().ok()).flatten();
    let mut parts = name.split('-').skip_while(|part| number(part).is_none());
    let major = parts.next().and_then(number).unwrap_or_default();
    (major, parts.next().and_then(number).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claude_burns_five_tokens_for_one() {
        for model in [
            "us.anthropic.claude-3-7-sonnet-20250219-v1:0",
            "anthropic.claude-3-haiku-20240307-v1:0",
            "eu.anthropic.claude-sonnet-4-20250514-v1:0",
            "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "us.anthropic.claude-opus-4-7",
            "anthropic.claude-v2:1",
        ] {
            assert_eq!(rate(model), 5, "{model}");
        }
    }

    #[test]
    fn newer_generations_burn_more() {
        assert_eq!(rate("us.anthropic.claude-opus-4-8"), 15);
        assert_eq!(rate("us.anthropic.claude-sonnet-5"), 10);
        assert_eq!(rate("global.anthropic.claude-fable-5-1-v1:0"), 10);
        assert_eq!(rate("us.anthropic.claude-opus-5-5-v1:0"), 10);
    }

    #[test]
    fn other_models_burn_one_for_one() {
        assert_eq!(rate("amazon.nova-pro-v1:0"), 1);
        assert_eq!(rate("us.meta.llama3-3-70b-instruct-v1:0"), 1);
    }
}
