//! What secrets look like.

use std::sync::LazyLock;

use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

/// Keys of providers and clouds that have a form of their own.
const FORMS: [&str; 11] = [
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
];

/// Tables of Unicode take longer to compile than all the rest, and keys are ASCII.
static KNOWN: LazyLock<Option<RegexSet>> = LazyLock::new(|| RegexSetBuilder::new(FORMS).unicode(false).build().ok());

/// All forms in one, to find where they are.
static KNOWN_PLACES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let any = FORMS.map(|form| format!("(?:{form}\\S*)")).join("|");
    // Something before an @ is a password more often than not, also in a URL that is none.
    let any = format!(r"{any}|(?::[^\s:@/]{{3,}}@)");
    RegexBuilder::new(&any).unicode(false).build().ok()
});

/// A key before its value, in block style or within braces.
static KEY: LazyLock<Option<Regex>> =
    LazyLock::new(|| RegexBuilder::new(r#"([A-Za-z0-9_]+)["']?[ \t]*:[ \t]*"#).unicode(false).build().ok());

/// Whether a text looks like a secret.
pub(crate) fn looks_secret(text: &str) -> bool {
    KNOWN.as_ref().is_some_and(|forms| forms.is_match(text.as_bytes()))
}

/// Whether a key's name says that its value is a secret.
pub(crate) fn names_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let ends = ["api_key", "apikey", "password", "passwd", "secret", "secret_key", "secret_access_key", "auth_token"];
    let names = [
        "aws_session_token",
        "access_token",
        "aws_access_key_id",
        "azure_ad_token",
        "hf_token",
        "litellm_license",
        "master_key",
        "salt_key",
    ];
    ends.iter().any(|end| name == *end || name.ends_with(&format!("_{end}")))
        || names.contains(&name.as_str())
        || ["_master_key", "_salt_key"].iter().any(|end| name.ends_with(end))
}

/// Whether a value stands for no secret whatever its key is called: a reference, or a word for a server that takes any key.
pub(crate) fn is_harmless(value: &str) -> bool {
    let word = value.to_ascii_lowercase();
    value.is_empty()
        || value.starts_with("os.environ/")
        || value.contains("${")
        || ["none", "null", "~", "empty", "dummy", "fake-key", "no-key", "not-needed", "anything"]
            .contains(&word.as_str())
}

/// The text of a configuration to be shown: asterisks stand for what looks like a secret, or by its key must be one.
/// Places stay where they are.
pub(crate) fn mask(text: &str) -> String {
    mask_values(text, names_secret)
}

/// The same for a text that could not be read: also what only may be a secret is hidden.
pub(crate) fn mask_unread(text: &str) -> String {
    mask_values(text, |name| {
        let name = name.to_ascii_lowercase();
        ["key", "secret", "pass", "token", "credential"].iter().any(|word| name.contains(word))
    })
}

fn mask_values(text: &str, is_secret: impl Fn(&str) -> bool) -> String {
    let mut hidden = vec![false; text.len()];
    let mut hide = |from: usize, to: usize| hidden[from..to].fill(true);
    for found in KNOWN_PLACES.iter().flat_map(|places| places.find_iter(text.as_bytes())) {
        hide(found.start(), found.end());
    }
    let mut start = 0;
    // Column of a key whose value may go on in further lines.
    let mut below: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let indentation = line.len() - line.trim_start().len();
        if below.is_some_and(|column| indentation > column) || line.trim().is_empty() {
            hide(start + indentation, start + line.trim_end().len().max(indentation));
            start += line.len();
            continue;
        }
        below = None;
        for found in KEY.iter().flat_map(|key| key.captures_iter(line.as_bytes())) {
            let (Some(whole), Some(name)) = (found.get(0), found.get(1)) else { continue };
            let value = &line[whole.end()..];
            let braces = line[..whole.start()].contains('{');
            if !is_secret(&line[name.start()..name.end()]) || is_harmless(plain(value, braces)) {
                continue;
            }
            hide(start + whole.end(), start + whole.end() + extent(value, braces));
            if !braces {
                below = Some(name.start());
            }
        }
        start += line.len();
    }
    text.char_indices().map(|(at, char)| if hidden[at] && char != '\n' && char != '\r' { '*' } else { char }).collect()
}

/// The value that stands at the beginning of a text, without quotes.
fn plain(value: &str, braces: bool) -> &str {
    value[..extent(value, braces)].trim().trim_matches(['"', '\''])
}

/// How long the value at the beginning of a text is, in bytes. Within braces, a comma or a brace ends it.
fn extent(value: &str, braces: bool) -> usize {
    let line = value.trim_end();
    if let Some(quote) = line.chars().next().filter(|char| matches!(char, '"' | '\'')) {
        return line[1..].find(quote).map_or(line.len(), |end| end + 2);
    }
    let comment = line.find(" #").unwrap_or(line.len());
    if braces { line[..comment].find([',', '}']).unwrap_or(comment) } else { comment }
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
    fn a_shown_text_has_no_secret() {
        for (text, shown) in [
            ("api_key: abc, def # why\n", "api_key: ******** # why\n"),
            ("{api_key: abc, b: c}", "{api_key: ***, b: c}"),
            ("password: \"a # b\"", "password: *******"),
            ("- api_key: |\n    ab\n  model: x\n", "- api_key: *\n    **\n  model: x\n"),
            ("x: [sk-0123456789abcdefé]\n", "x: [*********************\n"),
            ("api_key: os.environ/KEY\n", "api_key: os.environ/KEY\n"),
            ("api_key: none\n", "api_key: none\n"),
            ("max_tokens: 100\n", "max_tokens: 100\n"),
        ] {
            assert_eq!(mask(text), shown);
        }
    }

    #[test]
    fn names_tell_secrets_too() {
        assert!(names_secret("OPENAI_API_KEY") && names_secret("aws_secret_access_key") && names_secret("password"));
        assert!(!names_secret("max_tokens") && !names_secret("LITELLM_LOG") && !names_secret("cache_key"));
    }
}
