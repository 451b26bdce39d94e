//! What secrets look like.

use std::sync::LazyLock;

use regex::bytes::{RegexSet, RegexSetBuilder};

/// Keys of providers and clouds that have a form of their own.
static FORMS: LazyLock<Option<RegexSet>> = LazyLock::new(|| {
    RegexSetBuilder::new([
        // OpenAI, Anthropic, LiteLLM and many others.
        r"\bsk-[A-Za-z0-9_-]{16,}",
        // AWS: access key ids of users and roles, and long-term Bedrock keys.
        r"\b(AKIA|ASIA)[A-Z0-9]{16}\b",
        r"\bABSK[A-Za-z0-9+/=]{32,}",
        // Google, Hugging Face, GitHub, Groq, Slack.
        r"\bAIza[A-Za-z0-9_-]{30,}",
        r"\bhf_[A-Za-z0-9]{20,}",
        r"\b(gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})",
        r"\bgsk_[A-Za-z0-9]{20,}",
        r"\bxox[abprs]-[A-Za-z0-9-]{10,}",
        // JSON web tokens and private keys.
        r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.",
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
        // URLs with a password.
        r"[a-z][a-z0-9+.-]*://[^/\s:@]+:[^/\s@$]+@",
    ])
    // Keys are ASCII, and tables of Unicode take longer to compile than all the rest.
    .unicode(false)
    .build()
    .ok()
});

/// Whether a text looks like a secret.
pub(super) fn looks_secret(text: &str) -> bool {
    FORMS.as_ref().is_some_and(|forms| forms.is_match(text.as_bytes()))
}

/// Whether a key's name says that its value is a secret.
pub(super) fn names_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let ends = ["api_key", "apikey", "password", "passwd", "secret", "secret_key", "secret_access_key", "auth_token"];
    ends.iter().any(|end| name == *end || name.ends_with(&format!("_{end}")))
        || ["aws_session_token", "access_token", "aws_access_key_id", "master_key", "salt_key"].contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_providers_are_known_by_their_form() {
        for text in [
            "sk-proj-0123456789abcdefghij",
            "AKIAIOSFODNN7EXAMPLE",
            "postgresql://user:word@db.example.com/litellm",
            "-----BEGIN RSA PRIVATE KEY-----",
        ] {
            assert!(looks_secret(text), "{text}");
        }
    }

    #[test]
    fn ordinary_values_are_no_secrets() {
        for text in
            ["INFO", "os.environ/OPENAI_API_KEY", "https://models.example.com:8443/v1", "task-runner", "sk-short"]
        {
            assert!(!looks_secret(text), "{text}");
        }
    }

    #[test]
    fn names_tell_secrets_too() {
        assert!(names_secret("OPENAI_API_KEY") && names_secret("aws_secret_access_key") && names_secret("password"));
        assert!(!names_secret("max_tokens") && !names_secret("LITELLM_LOG") && !names_secret("cache_key"));
    }
}
