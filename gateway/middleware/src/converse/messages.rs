//! Messages and instructions of a Converse request as LiteLLM takes them.

use super::chat::{
    Assistant, CacheControl, ChatMessage, Content, FunctionCall, Part, PartKind, ThinkingBlock, ToolCall,
};
use super::content::{
    CachePoint, ContentBlock, GuardContent, GuardText, Qualifier, ReasoningContent, SystemBlock, ToolResultBlock,
    ToolResultContent, ToolResultStatus, ToolUseBlock,
};
use super::place::{Invalid, Place};
use super::request::{Message, Role};
use super::{limits, media};

/// What precedes the text of a tool that failed: a chat message has no other way to say so.
const TOOL_ERROR: &str = "Error: ";

/// The instructions, if there are any.
pub fn system(blocks: &[SystemBlock]) -> Result<Option<ChatMessage>, Invalid> {
    let system = Place::Request.member("system");
    let mut parts = Vec::new();
    for (index, block) in blocks.iter().enumerate() {
        let place = system.element(index);
        match block {
            SystemBlock::Text(text) => parts.push(Part::text(text)),
            SystemBlock::CachePoint(point) => cache(&mut parts, *point, &place)?,
            SystemBlock::GuardContent(_) => {
                return Err(
                    place.invalid("guardContent can be carried in messages only; move it there, or send `text`")
                );
            }
        }
    }
    Ok((!parts.is_empty()).then(|| ChatMessage::System { content: Content::of(parts) }))
}

/// The conversation. Blocks for a guardrail need one in the request: without it a model that has none would be given
/// text of a kind that it does not know.
pub fn messages(messages: &[Message], guarded: bool) -> Result<Vec<ChatMessage>, Invalid> {
    let list = Place::Request.member("messages");
    let mut chat = Vec::with_capacity(messages.len() + 1);
    for (index, message) in messages.iter().enumerate() {
        let element = list.element(index);
        let place = element.member("content");
        if message.content.is_empty() {
            return Err(place.invalid("is empty"));
        }
        match message.role {
            Role::User => user(&message.content, guarded, &place, &mut chat)?,
            Role::Assistant => chat.push(assistant(&message.content, &place)?),
            Role::System => chat.push(instructions(&message.content, &place)?),
        }
    }
    Ok(chat)
}

/// Results of tools come first, each in a message of its own: a chat wants them right behind the calls.
fn user(blocks: &[ContentBlock], guarded: bool, place: &Place<'_>, chat: &mut Vec<ChatMessage>) -> Result<(), Invalid> {
    let mut parts: Vec<Part> = Vec::new();
    let mut media = Media::default();
    let mut last_is_result = false;
    for (index, block) in blocks.iter().enumerate() {
        let element = place.element(index);
        let is_result = matches!(block, ContentBlock::ToolResult(_));
        match block {
            ContentBlock::Text(text) => parts.push(Part::text(text)),
            ContentBlock::Image(image) => {
                media.image(&element)?;
                parts.push(media::image(image, &element.member("image"))?.into());
            }
            ContentBlock::Document(document) => {
                media.document(&element)?;
                parts.push(media::document(document, &element.member("document"))?.into());
            }
            ContentBlock::Video(video) => parts.push(media::video(video, &element.member("video"))?.into()),
            ContentBlock::ToolResult(result) => {
                chat.push(tool_result(result, &mut media, &element.member("toolResult"))?);
            }
            ContentBlock::GuardContent(content) => {
                parts.push(guard_content(content, guarded, &element.member("guardContent"))?);
            }
            ContentBlock::CachePoint(point) if last_is_result => cache_result(chat, *point, &element)?,
            ContentBlock::CachePoint(point) => cache(&mut parts, *point, &element)?,
            other => return Err(misplaced(other, "user", &element)),
        }
        last_is_result = is_result;
    }
    if !parts.is_empty() {
        chat.push(ChatMessage::User { content: Content::of(parts) });
    }
    Ok(())
}

fn assistant(blocks: &[ContentBlock], place: &Place<'_>) -> Result<ChatMessage, Invalid> {
    let mut said = Assistant::default();
    let mut parts: Vec<Part> = Vec::new();
    for (index, block) in blocks.iter().enumerate() {
        let element = place.element(index);
        match block {
            ContentBlock::Text(text) => parts.push(Part::text(text)),
            ContentBlock::ToolUse(tool_use) => said.tool_calls.push(tool_call(tool_use, &element.member("toolUse"))?),
            ContentBlock::ReasoningContent(reasoning) => think(&mut said, reasoning),
            ContentBlock::CachePoint(point) => match index.checked_sub(1).map(|before| &blocks[before]) {
                Some(ContentBlock::Text(_)) => cache(&mut parts, *point, &element)?,
                Some(ContentBlock::ToolUse(_)) => {
                    if let Some(call) = said.tool_calls.last_mut() {
                        call.cache_control = Some(CacheControl::new(point.ttl));
                    }
                }
                _ => return Err(element.invalid("a cachePoint has to follow a text or a toolUse")),
            },
            other => return Err(misplaced(other, "assistant", &element)),
        }
    }
    said.content = (!parts.is_empty()).then(|| Content::of(parts));
    Ok(ChatMessage::Assistant(said))
}

fn instructions(blocks: &[ContentBlock], place: &Place<'_>) -> Result<ChatMessage, Invalid> {
    let mut parts = Vec::new();
    for (index, block) in blocks.iter().enumerate() {
        let element = place.element(index);
        match block {
            ContentBlock::Text(text) => parts.push(Part::text(text)),
            ContentBlock::CachePoint(point) => cache(&mut parts, *point, &element)?,
            other => return Err(misplaced(other, "system", &element)),
        }
    }
    Ok(ChatMessage::System { content: Content::of(parts) })
}

fn tool_call(block: &ToolUseBlock, place: &Place<'_>) -> Result<ToolCall, Invalid> {
    if block.r#type.is_some() {
        return Err(place.member("type").invalid("tools that a server runs cannot be carried by this gateway"));
    }
    if block.tool_use_id.is_empty() {
        return Err(place.member("toolUseId").invalid("is empty"));
    }
    if block.name.is_empty() {
        return Err(place.member("name").invalid("is empty"));
    }
    Ok(ToolCall {
        id: block.tool_use_id.clone(),
        r#type: "function",
        function: FunctionCall { name: block.name.clone(), arguments: block.input.get().to_owned() },
        cache_control: None,
    })
}

fn tool_result(block: &ToolResultBlock, media: &mut Media, place: &Place<'_>) -> Result<ChatMessage, Invalid> {
    if block.r#type.is_some() {
        return Err(place.member("type").invalid("tools that a server runs cannot be carried by this gateway"));
    }
    if block.tool_use_id.is_empty() {
        return Err(place.member("toolUseId").invalid("is empty"));
    }
    let content = place.member("content");
    let mut parts: Vec<Part> = Vec::with_capacity(block.content.len());
    for (index, block) in block.content.iter().enumerate() {
        let element = content.element(index);
        parts.push(match block {
            ToolResultContent::Text(text) => Part::text(text),
            ToolResultContent::Json(value) => Part::text(value.get()),
            ToolResultContent::Image(image) => {
                media.image(&element)?;
                media::image(image, &element.member("image"))?.into()
            }
            ToolResultContent::Document(document) => {
                media.document(&element)?;
                media::document(document, &element.member("document"))?.into()
            }
            ToolResultContent::Video(_) => return Err(element.invalid(NO_CARRIER_RESULT_VIDEO)),
            ToolResultContent::SearchResult(_) => return Err(element.invalid(NO_CARRIER_SEARCH_RESULT)),
        });
    }
    if block.status == Some(ToolResultStatus::Error) {
        match parts.first_mut() {
            Some(Part { kind: PartKind::Text { text }, .. }) => text.insert_str(0, TOOL_ERROR),
            _ => parts.insert(0, Part::text(TOOL_ERROR.trim_end())),
        }
    }
    let content = if parts.is_empty() { Content::Text(String::new()) } else { Content::of(parts) };
    Ok(ChatMessage::Tool { tool_call_id: block.tool_use_id.clone(), content })
}

const NO_CARRIER_RESULT_VIDEO: &str =
    "a video in a toolResult cannot be carried by this gateway; send it in the message";
const NO_CARRIER_SEARCH_RESULT: &str = "searchResult cannot be carried by this gateway; send `text` instead";

fn guard_content(content: &GuardContent, guarded: bool, place: &Place<'_>) -> Result<Part, Invalid> {
    if !guarded {
        return Err(place.invalid("guardContent needs a guardrailConfig in the request"));
    }
    match content {
        GuardContent::Text(GuardText { text, qualifiers }) => {
            let plain = qualifiers.iter().flatten().all(|qualifier| *qualifier == Qualifier::GuardContent);
            if !plain {
                return Err(
                    place.invalid("the qualifiers grounding_source and query cannot be carried by this gateway")
                );
            }
            Ok(PartKind::GuardedText { text: text.clone() }.into())
        }
        GuardContent::Image(_) => Err(place.invalid("an image in guardContent cannot be carried by this gateway")),
    }
}

/// Signed reasoning goes back in the blocks that the model can prove; the rest as the text that it is.
fn think(said: &mut Assistant, reasoning: &ReasoningContent) {
    match reasoning {
        ReasoningContent::ReasoningText(text) => match &text.signature {
            Some(signature) => said
                .thinking_blocks
                .push(ThinkingBlock::Thinking { thinking: text.text.clone(), signature: signature.clone() }),
            None => said.reasoning_content.get_or_insert_default().push_str(&text.text),
        },
        ReasoningContent::RedactedContent(data) => {
            said.thinking_blocks.push(ThinkingBlock::RedactedThinking { data: data.clone() });
        }
    }
}

fn cache(parts: &mut [Part], point: CachePoint, place: &Place<'_>) -> Result<(), Invalid> {
    let part = parts.last_mut().ok_or_else(|| place.invalid("a cachePoint has to follow what it caches"))?;
    part.cache_control = Some(CacheControl::new(point.ttl));
    Ok(())
}

/// LiteLLM looks for the mark of a tool's result in its parts.
fn cache_result(chat: &mut [ChatMessage], point: CachePoint, place: &Place<'_>) -> Result<(), Invalid> {
    let Some(ChatMessage::Tool { content, .. }) = chat.last_mut() else {
        return Err(place.invalid("a cachePoint has to follow what it caches"));
    };
    if let Content::Text(text) = content {
        *content = Content::Parts(vec![Part::text(std::mem::take(text))]);
    }
    let Content::Parts(parts) = content else { return Ok(()) };
    cache(parts, point, place)
}

fn misplaced(block: &ContentBlock, role: &str, place: &Place<'_>) -> Invalid {
    let name = match block {
        ContentBlock::Audio(_) => return unsupported("audio", place),
        ContentBlock::CitationsContent(_) => return unsupported("citationsContent", place),
        ContentBlock::SearchResult(_) => return unsupported("searchResult", place),
        ContentBlock::ToolAddition(_) => return unsupported("toolAddition", place),
        ContentBlock::ToolRemoval(_) => return unsupported("toolRemoval", place),
        ContentBlock::Text(_) => "text",
        ContentBlock::Image(_) => "image",
        ContentBlock::Document(_) => "document",
        ContentBlock::Video(_) => "video",
        ContentBlock::ToolUse(_) => "toolUse",
        ContentBlock::ToolResult(_) => "toolResult",
        ContentBlock::ReasoningContent(_) => "reasoningContent",
        ContentBlock::CachePoint(_) => "cachePoint",
        ContentBlock::GuardContent(_) => "guardContent",
    };
    place.invalid(format_args!("a message of the role {role} cannot hold {name}"))
}

fn unsupported(name: &str, place: &Place<'_>) -> Invalid {
    place.invalid(format_args!("{name} cannot be carried by this gateway"))
}

/// How many images and documents a message has.
#[derive(Default)]
struct Media {
    images: usize,
    documents: usize,
}

impl Media {
    fn image(&mut self, place: &Place<'_>) -> Result<(), Invalid> {
        self.images += 1;
        if self.images > limits::IMAGES {
            return Err(place.invalid(format_args!("a message can hold at most {} images", limits::IMAGES)));
        }
        Ok(())
    }

    fn document(&mut self, place: &Place<'_>) -> Result<(), Invalid> {
        self.documents += 1;
        if self.documents > limits::DOCUMENTS {
            return Err(place.invalid(format_args!("a message can hold at most {} documents", limits::DOCUMENTS)));
        }
        Ok(())
    }
}
