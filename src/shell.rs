//! Words for a POSIX shell, in commands that people paste.

/// A text in single quotes: the shell takes it as it is.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A text as one word, in quotes only where it needs them.
pub(crate) fn word(text: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_./:@+=,".contains(character);
    if !text.is_empty() && text.chars().all(is_plain) { text.to_owned() } else { quoted(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_shell_would_change_is_in_quotes() {
        assert_eq!(word("/opt/litellm-1.2/bin/python"), "/opt/litellm-1.2/bin/python");
        assert_eq!(word("my files"), "'my files'");
        assert_eq!(word("$HOME"), "'$HOME'");
        assert_eq!(word(""), "''");
    }

    #[test]
    fn a_quote_stays_one() {
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
