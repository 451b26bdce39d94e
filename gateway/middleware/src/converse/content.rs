//! Content blocks of a Converse request.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::object::objects_only;
use crate::json::Json;

/// A block of a message. Blocks that nothing can carry are known, so that they are refused by name.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ContentBlock {
    /// Text.
    Text(String),
    /// An image.
    Image(ImageBlock),
    /// A document.
    Document(Box<DocumentBlock>),
    /// A video.
    Video(VideoBlock),
    /// The model's wish to use a tool.
    ToolUse(Box<ToolUseBlock>),
    /// What the tool gave.
    ToolResult(Box<ToolResultBlock>),
    /// The model's reasoning.
    ReasoningContent(Box<ReasoningContent>),
    /// What is before it is cached.
    CachePoint(CachePoint),
    /// What a guardrail assesses.
    GuardContent(Box<GuardContent>),
    /// Sound.
    Audio(IgnoredAny),
    /// Text with its sources.
    CitationsContent(IgnoredAny),
    /// A result of a search.
    SearchResult(IgnoredAny),
    /// A tool that is there from now on.
    ToolAddition(IgnoredAny),
    /// A tool that is no longer there.
    ToolRemoval(IgnoredAny),
}

/// A block of the instructions.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SystemBlock {
    /// Text.
    Text(String),
    /// What is before it is cached.
    CachePoint(CachePoint),
    /// What a guardrail assesses.
    GuardContent(IgnoredAny),
}

/// An image.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct ImageBlock {
    /// Its format.
    pub format: ImageFormat,
    /// Its bytes, or where they are.
    pub source: MediaSource,
}

/// Formats of images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ImageFormat {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// GIF.
    Gif,
    /// WebP.
    Webp,
}

/// The bytes of an image or a video, or where they are.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MediaSource {
    /// The bytes, in base64.
    Bytes(String),
    /// An object of S3.
    S3Location(IgnoredAny),
}

/// A document.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct DocumentBlock {
    /// Its format. Text needs none.
    pub format: Option<DocumentFormat>,
    /// Its name.
    pub name: String,
    /// Its content.
    pub source: DocumentSource,
    /// What citations of it are to consider.
    pub context: Option<String>,
    /// Whether the answer cites it.
    pub citations: Option<Citations>,
}

/// Formats of documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DocumentFormat {
    /// PDF.
    Pdf,
    /// Comma-separated values.
    Csv,
    /// Word.
    Doc,
    /// Word.
    Docx,
    /// Excel.
    Xls,
    /// Excel.
    Xlsx,
    /// HTML.
    Html,
    /// Plain text.
    Txt,
    /// Markdown.
    Md,
}

/// The content of a document.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DocumentSource {
    /// The bytes, in base64.
    Bytes(String),
    /// Text.
    Text(String),
    /// Text in pieces.
    Content(Vec<DocumentPiece>),
    /// An object of S3.
    S3Location(IgnoredAny),
}

/// A piece of a document.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DocumentPiece {
    /// Text.
    Text(String),
}

/// Whether an answer cites a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Citations {
    /// Whether.
    pub enabled: bool,
}

/// A video.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct VideoBlock {
    /// Its format.
    pub format: VideoFormat,
    /// Its bytes, or where they are.
    pub source: MediaSource,
}

/// Formats of videos.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VideoFormat {
    /// Matroska.
    Mkv,
    /// QuickTime.
    Mov,
    /// MPEG-4.
    Mp4,
    /// WebM.
    Webm,
    /// Flash.
    Flv,
    /// MPEG.
    Mpeg,
    /// MPEG.
    Mpg,
    /// Windows Media.
    Wmv,
    /// 3GP.
    ThreeGp,
}

/// The model's wish to use a tool.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct ToolUseBlock {
    /// What the result will be known by.
    pub tool_use_id: String,
    /// Name of the tool.
    pub name: String,
    /// Its input.
    pub input: Json,
    /// Set for tools that a server runs.
    pub r#type: Option<String>,
}

/// What a tool gave.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct ToolResultBlock {
    /// The use that it answers.
    pub tool_use_id: String,
    /// What the tool gave.
    pub content: Vec<ToolResultContent>,
    /// Whether the tool failed.
    pub status: Option<ToolResultStatus>,
    /// Set for tools that a server runs.
    pub r#type: Option<String>,
}

/// A block of what a tool gave.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ToolResultContent {
    /// JSON.
    Json(Json),
    /// Text.
    Text(String),
    /// An image.
    Image(ImageBlock),
    /// A document.
    Document(Box<DocumentBlock>),
    /// A video.
    Video(IgnoredAny),
    /// A result of a search.
    SearchResult(IgnoredAny),
}

/// Whether a tool failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ToolResultStatus {
    /// It did not.
    Success,
    /// It did.
    Error,
}

/// The model's reasoning, given back to it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ReasoningContent {
    /// In words.
    ReasoningText(ReasoningText),
    /// Not for anybody else to read, in base64.
    RedactedContent(String),
}

/// Reasoning in words.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct ReasoningText {
    /// The words.
    pub text: String,
    /// What tells the model that they are its own.
    pub signature: Option<String>,
}

/// The end of what is to be cached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct CachePoint {
    /// The kind of cache.
    pub r#type: CachePointType,
    /// How long it lasts.
    pub ttl: Option<CacheTtl>,
}

/// Kinds of caches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CachePointType {
    /// The only one.
    Default,
}

/// How long a cache lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
pub enum CacheTtl {
    /// Five minutes.
    #[serde(rename = "5m")]
    FiveMinutes,
    /// An hour.
    #[serde(rename = "1h")]
    OneHour,
}

/// What a guardrail assesses.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum GuardContent {
    /// Text.
    Text(GuardText),
    /// An image.
    Image(IgnoredAny),
}

/// Text that a guardrail assesses.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct GuardText {
    /// The text.
    pub text: String,
    /// What the guardrail takes it for.
    pub qualifiers: Option<Vec<Qualifier>>,
}

/// What a guardrail takes text for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Qualifier {
    /// A source that the answer has to stay with.
    GroundingSource,
    /// A question that the answer has to fit.
    Query,
    /// Content.
    GuardContent,
}

objects_only!(
    ImageBlock,
    DocumentBlock,
    Citations,
    VideoBlock,
    ToolUseBlock,
    ToolResultBlock,
    ReasoningText,
    CachePoint,
    GuardText
);
