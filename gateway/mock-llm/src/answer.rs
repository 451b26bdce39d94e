//! What the model says: the same passage over and over, cut off where the answer ends.

use bytes::Bytes;

use super::settings::MOST_TOKENS;

/// The passage, of which each word is a token. Nothing in it needs an escape in JSON.
const PASSAGE: &str = "This is an answer of mock-llm, a model that knows nothing and is never at a loss for words. It takes as \
    long as it was told to take, says as much as it was told to say, and fails as often as it was told to fail, so that what \
    is measured in front of it is the gateway alone. The same seed gives the same answers again.";

/// The answers of every length.
#[derive(Debug)]
pub(super) struct Answers {
    /// The longest answer.
    text: Bytes,
    /// Where each token ends in it.
    ends: Vec<usize>,
    /// The tokens of the passage, of which all but the very first of an answer begin with a blank.
    words: Vec<String>,
}

impl Answers {
    /// Prepares them.
    pub fn new() -> Self {
        let words: Vec<String> = PASSAGE.split_whitespace().map(|word| format!(" {word}")).collect();
        let most = MOST_TOKENS as usize;
        let mut text = String::with_capacity(most * 6);
        let mut ends = Vec::with_capacity(most);
        for word in words.iter().cycle().take(most) {
            text.push_str(if text.is_empty() { word.trim_start() } else { word });
            ends.push(text.len());
        }
        Self { text: Bytes::from(text), ends, words }
    }

    /// The text of an answer, which needs no escape in JSON.
    pub fn text(&self, tokens: u32) -> &[u8] {
        let tokens = (tokens as usize).min(self.ends.len());
        let end = tokens.checked_sub(1).map_or(0, |last| self.ends[last]);
        &self.text[..end]
    }

    /// The words of which answers are made, in whatever form a dialect sends them.
    pub fn words(&self, form: impl Fn(&str) -> Bytes) -> Words {
        let first = form(self.words[0].trim_start());
        Words { first, rest: self.words.iter().map(|word| form(word)).collect() }
    }
}

/// Tokens in the form in which a dialect sends them.
#[derive(Debug)]
pub(super) struct Words {
    first: Bytes,
    rest: Vec<Bytes>,
}

impl Words {
    /// Words that are not those of answers: the tokens of a tool call.
    pub fn of(words: Vec<Bytes>) -> Self {
        Self { first: words.first().cloned().unwrap_or_default(), rest: words }
    }

    /// The token with that number.
    pub fn get(&self, number: u32) -> &Bytes {
        if number == 0 { &self.first } else { &self.rest[number as usize % self.rest.len()] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tokens_of_an_answer_are_its_text() {
        let answers = Answers::new();
        let words = answers.words(|word| Bytes::copy_from_slice(word.as_bytes()));
        for tokens in [0, 1, 2, 57, 200] {
            let joined: Vec<u8> = (0..tokens).flat_map(|number| words.get(number).to_vec()).collect();
            assert_eq!(joined, answers.text(tokens), "{tokens}");
        }
    }

    #[test]
    fn no_text_needs_an_escape_in_json() {
        let answers = Answers::new();
        let text = std::str::from_utf8(answers.text(500)).unwrap();
        assert_eq!(serde_json::to_string(text).unwrap(), format!("\"{text}\""));
    }

    #[test]
    fn the_longest_answer_is_there() {
        let answers = Answers::new();
        assert!(answers.text(MOST_TOKENS).len() > answers.text(MOST_TOKENS - 1).len());
        assert_eq!(answers.text(u32::MAX), answers.text(MOST_TOKENS));
    }
}
