//! Limits of the Converse API. They are Bedrock's own, so that a request that passes here passes there.

/// Bytes of an image: 3.75 MB.
pub const IMAGE_BYTES: usize = 3_932_160;

/// Bytes of a document: 4.5 MB.
pub const DOCUMENT_BYTES: usize = 4_718_592;

/// Bytes of a video: 25 MB.
pub const VIDEO_BYTES: usize = 26_214_400;

/// Images of one message.
pub const IMAGES: usize = 20;

/// Documents of one message.
pub const DOCUMENTS: usize = 5;

/// Characters of a document's name.
pub const DOCUMENT_NAME_LENGTH: usize = 200;

/// Characters of a tool's name.
pub const TOOL_NAME_LENGTH: usize = 64;

/// Texts that end an answer.
pub const STOP_SEQUENCES: usize = 2_500;

/// Entries of `requestMetadata`.
pub const METADATA_ENTRIES: usize = 16;

/// Characters of a key or a value of `requestMetadata`.
pub const METADATA_LENGTH: usize = 256;

/// Characters of a model id.
pub const MODEL_ID_LENGTH: usize = 2_048;
