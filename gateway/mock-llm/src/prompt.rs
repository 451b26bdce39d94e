//! How long a prompt is: its text is counted where it stands, whatever the dialect, and nothing of it is kept.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Characters of a token, on average.
const CHARACTERS_PER_TOKEN: u64 = 4;

/// What is known of a prompt, or of a part of one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Prompt {
    characters: u64,
    /// Messages, or other elements of the list that it is.
    pub elements: u64,
    /// Whether the last of them brings the result of a tool.
    pub ends_with_result: bool,
}

impl Prompt {
    /// Its tokens: an estimate, as no tokenizer is asked.
    pub fn tokens(self) -> u32 {
        u32::try_from(self.characters.div_ceil(CHARACTERS_PER_TOKEN)).unwrap_or(u32::MAX)
    }

    /// This and another part of the prompt.
    #[must_use]
    pub fn with(self, other: Option<Self>) -> Self {
        let other = other.unwrap_or_default();
        Self { characters: self.characters.saturating_add(other.characters), ..self }
    }

    fn add(&mut self, part: Self) {
        self.characters = self.characters.saturating_add(part.characters);
    }
}

impl<'de> Deserialize<'de> for Prompt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Counting)
    }
}

struct Counting;

impl<'de> Visitor<'de> for Counting {
    type Value = Prompt;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the text of a prompt")
    }

    fn visit_str<E>(self, text: &str) -> Result<Prompt, E> {
        Ok(Prompt { characters: text.chars().count() as u64, ..Prompt::default() })
    }

    fn visit_unit<E>(self) -> Result<Prompt, E> {
        Ok(Prompt::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Prompt, E> {
        Ok(Prompt { characters: 1, ..Prompt::default() })
    }

    fn visit_u64<E>(self, _: u64) -> Result<Prompt, E> {
        Ok(Prompt { characters: 1, ..Prompt::default() })
    }

    fn visit_i64<E>(self, _: i64) -> Result<Prompt, E> {
        Ok(Prompt { characters: 1, ..Prompt::default() })
    }

    fn visit_f64<E>(self, _: f64) -> Result<Prompt, E> {
        Ok(Prompt { characters: 1, ..Prompt::default() })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Prompt, A::Error> {
        let mut prompt = Prompt::default();
        while let Some(element) = elements.next_element::<Prompt>()? {
            prompt.add(element);
            prompt.elements += 1;
            prompt.ends_with_result = element.ends_with_result;
        }
        Ok(prompt)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Prompt, A::Error> {
        let mut prompt = Prompt::default();
        while let Some(key) = entries.next_key::<Key>()? {
            match key {
                // OpenAI: `role: tool`. Anthropic: `type: tool_result`.
                Key::Kind => prompt.ends_with_result |= entries.next_value::<Kind>()?.0,
                Key::Result => {
                    prompt.add(entries.next_value()?);
                    prompt.ends_with_result = true;
                }
                Key::Other => {
                    entries.next_value::<IgnoredAny>()?;
                }
                Key::Text => {
                    let part: Prompt = entries.next_value()?;
                    prompt.add(part);
                    prompt.ends_with_result |= part.ends_with_result;
                }
            }
        }
        Ok(prompt)
    }
}

/// What a key of an object holds.
enum Key {
    Kind,
    Result,
    Text,
    Other,
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Named;
        impl Visitor<'_> for Named {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E>(self, key: &str) -> Result<Key, E> {
                Ok(match key {
                    "role" | "type" => Key::Kind,
                    "toolResult" => Key::Result,
                    // Ids, and what is not text: images and documents.
                    "id" | "tool_call_id" | "toolUseId" | "tool_use_id" | "status" | "bytes" | "data" | "url"
                    | "format" | "media_type" | "cache_control" | "cachePoint" | "signature" => Key::Other,
                    _ => Key::Text,
                })
            }
        }
        deserializer.deserialize_str(Named)
    }
}

/// Whether a `role` or `type` is that of a tool's result. In the schema of a tool `type` may also be a list.
struct Kind(bool);

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Named;
        impl<'de> Visitor<'de> for Named {
            type Value = Kind;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a role or type")
            }

            fn visit_str<E>(self, name: &str) -> Result<Kind, E> {
                Ok(Kind(matches!(name, "tool" | "function" | "tool_result")))
            }

            fn visit_unit<E>(self) -> Result<Kind, E> {
                Ok(Kind(false))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Kind, A::Error> {
                while elements.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Kind(false))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Kind, A::Error> {
                while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Kind(false))
            }
        }
        deserializer.deserialize_any(Named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompt(text: &str) -> Prompt {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn four_characters_of_text_are_a_token() {
        assert_eq!(prompt(r#"[{"role": "user", "content": "12345678"}]"#).tokens(), 2);
        assert_eq!(prompt(r#"[{"role": "user", "content": [{"type": "text", "text": "123456789"}]}]"#).tokens(), 3);
        assert_eq!(prompt(r#"[{"role": "user", "content": [{"text": "größe"}]}]"#).tokens(), 2);
    }

    #[test]
    fn an_image_has_no_text() {
        let image = r#"[{"role": "user", "content": [{"image": {"format": "png", "source": {"bytes": "AAAA"}}}]}]"#;
        assert_eq!(prompt(image).tokens(), 0);
    }

    #[test]
    fn a_result_of_a_tool_is_known_in_every_dialect() {
        for text in [
            r#"[{"role": "user", "content": "a"}, {"role": "tool", "tool_call_id": "1", "content": "b"}]"#,
            r#"[{"role": "user", "content": [{"toolResult": {"toolUseId": "1", "content": [{"json": {"a": 1}}]}}]}]"#,
            r#"[{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": "b"}]}]"#,
        ] {
            assert!(prompt(text).ends_with_result, "{text}");
        }
        let over = r#"[{"role": "tool", "content": "b"}, {"role": "user", "content": "a"}]"#;
        assert!(!prompt(over).ends_with_result);
    }

    #[test]
    fn the_messages_are_counted() {
        assert_eq!(prompt(r#"[{"content": "a"}, {"content": null}]"#).elements, 2);
        assert_eq!(prompt("[]").elements, 0);
    }
}
