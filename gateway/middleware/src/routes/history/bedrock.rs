//! Messages of a session in Bedrock's form, written without being held as anything but text.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::body::Share;
use crate::error::Failure;
use crate::history::MessagePage;
use crate::json::Json;

/// Bytes that a text begins with, and least by which it grows.
const PIECE: usize = 4 * 1024;

/// The fields of a message that Bedrock's form has. Others are not read. A message that is odd even here was taken as it was
/// sent, and is shown so.
#[derive(Deserialize)]
struct Message<'a> {
    role: String,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tool_calls: Option<&'a RawValue>,
    #[serde(default)]
    tool_call_id: Option<String>,
}

/// A call of a tool.
#[derive(Deserialize)]
struct Call {
    #[serde(default)]
    id: Option<Json>,
    #[serde(default)]
    function: Option<Function>,
}

#[derive(Default, Deserialize)]
struct Function {
    #[serde(default)]
    name: Option<Json>,
    #[serde(default)]
    arguments: Option<String>,
}

/// Messages in Bedrock's form, system messages apart.
pub fn page(page: &MessagePage, share: &mut Share) -> Result<String, Failure> {
    let mut messages = Text::new(share);
    messages.push("{\"messages\":[")?;
    let mut first = true;
    let mut instructions = Vec::new();
    for text in &page.messages {
        let message = serde_json::from_str::<Message<'_>>(text).ok();
        if let Some(message) = &message
            && matches!(message.role.as_str(), "system" | "developer")
        {
            instructions.push(text);
            continue;
        }
        messages.separate(&mut first)?;
        match message {
            None => {
                messages.push("{\"role\":\"user\",\"content\":[")?;
                messages.block("text", text)?;
            }
            Some(message) => {
                // Bedrock has no other roles: results of tools are the user's.
                let role = if message.role == "assistant" { "assistant" } else { "user" };
                messages.push(&format!("{{\"role\":\"{role}\",\"content\":["))?;
                messages.message(&message)?;
            }
        }
        messages.push("]}")?;
    }
    messages.push("],\"system\":[")?;
    let mut first = true;
    for text in instructions {
        if let Ok(message) = serde_json::from_str::<Message<'_>>(text) {
            messages.texts(message.content, &mut first)?;
        }
    }
    let next = page.next.map_or("null".to_owned(), |next| next.to_string());
    messages.push(&format!("],\"next\":{next}}}"))?;
    Ok(messages.text)
}

/// A text that is being written. Its share grows with it.
struct Text<'s> {
    text: String,
    share: &'s mut Share,
    counted: usize,
}

impl<'s> Text<'s> {
    fn new(share: &'s mut Share) -> Self {
        Self { text: String::new(), share, counted: 0 }
    }

    fn push(&mut self, text: &str) -> Result<(), Failure> {
        let wanted = self.text.len() + text.len();
        if wanted > self.counted {
            let more = (wanted - self.counted).max(PIECE).max(self.counted / 2);
            self.share.grow(more)?;
            self.counted += more;
            self.text.reserve_exact(self.counted - self.text.len());
        }
        self.text.push_str(text);
        Ok(())
    }

    fn separate(&mut self, first: &mut bool) -> Result<(), Failure> {
        if std::mem::take(first) { Ok(()) } else { self.push(",") }
    }

    /// A block of a text, as JSON or as the text of a JSON.
    fn block(&mut self, name: &str, text: &str) -> Result<(), Failure> {
        let text = serde_json::to_string(text).map_err(|_| Failure::Internal)?;
        self.push("{\"")?;
        self.push(name)?;
        self.push("\":")?;
        self.push(&text)?;
        self.push("}")
    }

    /// The blocks of a message.
    fn message(&mut self, message: &Message<'_>) -> Result<(), Failure> {
        if message.role == "tool" {
            let id = serde_json::to_string(&message.tool_call_id).map_err(|_| Failure::Internal)?;
            self.push(&format!("{{\"toolResult\":{{\"toolUseId\":{id},\"content\":["))?;
            self.texts(message.content, &mut true)?;
            return self.push("]}}");
        }
        let mut first = true;
        self.texts(message.content, &mut first)?;
        let Some(calls) = message.tool_calls else { return Ok(()) };
        self.each(calls, |this, call| {
            let Ok(Call { id, function }) = serde_json::from_str(call.get()) else { return Ok(()) };
            let Function { name, arguments } = function.unwrap_or_default();
            let (id, name) = (id.unwrap_or_default(), name.unwrap_or_default());
            let input = Json::parse(&arguments.unwrap_or_default()).unwrap_or_else(|_| serde_json::json!({}).into());
            this.separate(&mut first)?;
            this.push(&format!("{{\"toolUse\":{{\"toolUseId\":{},\"name\":{},\"input\":", id.get(), name.get()))?;
            this.push(input.get())?;
            this.push("}}")
        })
    }

    /// Text blocks. Parts of other kinds (images), and what is no text of Unicode, stay JSON as they were sent.
    fn texts(&mut self, content: Option<&RawValue>, first: &mut bool) -> Result<(), Failure> {
        #[derive(Deserialize)]
        struct Part<'a> {
            #[serde(borrow, default)]
            text: Option<&'a RawValue>,
        }
        let Some(list) = content else { return Ok(()) };
        let content = list.get();
        if content.starts_with('[') {
            return self.each(list, |this, part| {
                this.separate(first)?;
                let is_object = part.get().starts_with('{');
                match serde_json::from_str::<Part<'_>>(part.get()) {
                    Ok(Part { text: Some(text) })
                        if is_object && serde_json::from_str::<String>(text.get()).is_ok() =>
                    {
                        this.push("{\"text\":")?;
                        this.push(text.get())?;
                        this.push("}")
                    }
                    _ => this.block("text", part.get()),
                }
            });
        }
        match serde_json::from_str::<Option<String>>(content) {
            Ok(None) => Ok(()),
            Ok(Some(text)) if text.is_empty() => Ok(()),
            Ok(Some(_)) => {
                self.separate(first)?;
                self.push("{\"text\":")?;
                self.push(content)?;
                self.push("}")
            }
            Err(_) => {
                self.separate(first)?;
                self.block("text", content)
            }
        }
    }

    /// Writes each element of a list while it is read. What is no list has none.
    fn each(
        &mut self,
        list: &RawValue,
        write: impl FnMut(&mut Self, &RawValue) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let each = Each { text: self, write };
        each.deserialize(&mut serde_json::Deserializer::from_str(list.get())).unwrap_or(Ok(()))
    }
}

/// Reads a list, and writes each element.
struct Each<'t, 's, W> {
    text: &'t mut Text<'s>,
    write: W,
}

impl<'de, 's, W: FnMut(&mut Text<'s>, &RawValue) -> Result<(), Failure>> DeserializeSeed<'de> for Each<'_, 's, W> {
    type Value = Result<(), Failure>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, 's, W: FnMut(&mut Text<'s>, &RawValue) -> Result<(), Failure>> Visitor<'de> for Each<'_, 's, W> {
    type Value = Result<(), Failure>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Self::Value, A::Error> {
        while let Some(element) = list.next_element::<&RawValue>()? {
            if let Err(failure) = (self.write)(self.text, element) {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                return Ok(Err(failure));
            }
        }
        Ok(Ok(()))
    }
}
