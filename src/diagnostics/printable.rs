//! Text from files and services, made safe to print.

use std::borrow::Cow;

/// A text without control characters, which could move the cursor or colour what follows, and without marks that
/// reverse the order of what is read. Line breaks stay.
pub fn printable(text: &str) -> Cow<'_, str> {
    let unsafe_to_print = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
    };
    if text.contains(unsafe_to_print) {
        Cow::Owned(text.chars().filter(|c| !unsafe_to_print(*c)).collect())
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn escape_sequences_lose_their_power() {
        assert_eq!(printable("a\u{1b}[31mb\r\u{7}"), "a[31mb");
    }

    #[test]
    fn lines_stay() {
        assert_eq!(printable("a\nb"), "a\nb");
    }

    #[test]
    fn text_that_reads_backwards_is_straightened() {
        assert_eq!(printable("a\u{202e}b"), "ab");
    }
}
