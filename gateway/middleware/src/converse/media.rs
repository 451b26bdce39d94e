//! Images, documents and videos: base64 in a Converse request, data URLs for LiteLLM.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::chat::{File, ImageUrl, PartKind};
use super::content::{
    Citations, DocumentBlock, DocumentFormat, DocumentPiece, DocumentSource, ImageBlock, ImageFormat, MediaSource,
    VideoBlock, VideoFormat,
};
use super::limits;
use super::place::{Invalid, Place};

/// An image as LiteLLM takes it.
pub fn image(block: &ImageBlock, place: &Place<'_>) -> Result<PartKind, Invalid> {
    let media_type = match block.format {
        ImageFormat::Png => "image/png",
        ImageFormat::Jpeg => "image/jpeg",
        ImageFormat::Gif => "image/gif",
        ImageFormat::Webp => "image/webp",
    };
    let bytes = media_bytes(&block.source, limits::IMAGE_BYTES, &place.member("source"))?;
    Ok(PartKind::ImageUrl { image_url: ImageUrl { url: data_url(media_type, bytes) } })
}

/// A video as LiteLLM takes it. The media types are LiteLLM's: its Bedrock and its Gemini models read the format after
/// the slash.
pub fn video(block: &VideoBlock, place: &Place<'_>) -> Result<PartKind, Invalid> {
    let media_type = match block.format {
        VideoFormat::Mkv => "video/mkv",
        VideoFormat::Mov => "video/mov",
        VideoFormat::Mp4 => "video/mp4",
        VideoFormat::Webm => "video/webm",
        VideoFormat::Flv => "video/flv",
        VideoFormat::Mpeg => "video/mpeg",
        VideoFormat::Mpg => "video/mpg",
        VideoFormat::Wmv => "video/wmv",
        VideoFormat::ThreeGp => {
            return Err(place.member("format").invalid("LiteLLM has no name for three_gp; send mp4 instead"));
        }
    };
    let bytes = media_bytes(&block.source, limits::VIDEO_BYTES, &place.member("source"))?;
    let file = File { filename: None, file_data: data_url(media_type, bytes), format: media_type };
    Ok(PartKind::File { file: Box::new(file) })
}

/// A document as LiteLLM takes it.
pub fn document(block: &DocumentBlock, place: &Place<'_>) -> Result<PartKind, Invalid> {
    if block.context.is_some() || block.citations == Some(Citations { enabled: true }) {
        return Err(place.invalid("citations cannot be carried by this gateway; leave out `context` and `citations`"));
    }
    let length = block.name.chars().count();
    if !(1..=limits::DOCUMENT_NAME_LENGTH).contains(&length) {
        return Err(place.member("name").invalid(format_args!("has {length} characters; 1 to 200 are allowed")));
    }
    let source = place.member("source");
    let (bytes, default_format) = match &block.source {
        DocumentSource::Bytes(bytes) => {
            (Cow::Borrowed(checked(bytes, limits::DOCUMENT_BYTES, &source.member("bytes"))?), None)
        }
        DocumentSource::Text(text) => (Cow::Owned(encoded(text, &source.member("text"))?), Some(DocumentFormat::Txt)),
        DocumentSource::Content(pieces) => {
            let texts: Vec<&str> = pieces.iter().map(|DocumentPiece::Text(text)| text.as_str()).collect();
            (Cow::Owned(encoded(&texts.join("\n\n"), &source.member("content"))?), Some(DocumentFormat::Txt))
        }
        DocumentSource::S3Location(_) => return Err(no_s3(&source)),
    };
    let format = block.format.or(default_format).ok_or_else(|| place.member("format").invalid("is missing"))?;
    let (media_type, extension) = match format {
        DocumentFormat::Pdf => ("application/pdf", "pdf"),
        DocumentFormat::Csv => ("text/csv", "csv"),
        DocumentFormat::Doc => ("application/msword", "doc"),
        DocumentFormat::Docx => ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
        DocumentFormat::Xls => ("application/vnd.ms-excel", "xls"),
        DocumentFormat::Xlsx => ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
        DocumentFormat::Html => ("text/html", "html"),
        DocumentFormat::Txt => ("text/plain", "txt"),
        DocumentFormat::Md => ("text/markdown", "md"),
    };
    let file = File {
        filename: Some(format!("{}.{extension}", block.name)),
        file_data: data_url(media_type, &bytes),
        format: media_type,
    };
    Ok(PartKind::File { file: Box::new(file) })
}

fn media_bytes<'a>(source: &'a MediaSource, most: usize, place: &Place<'_>) -> Result<&'a str, Invalid> {
    match source {
        MediaSource::Bytes(bytes) => checked(bytes, most, &place.member("bytes")),
        MediaSource::S3Location(_) => Err(no_s3(place)),
    }
}

fn no_s3(place: &Place<'_>) -> Invalid {
    place.member("s3Location").invalid("objects of S3 cannot be read by this gateway; send `bytes` instead")
}

/// Base64 that is base64, of at most so many bytes. It goes on as it came.
fn checked<'a>(text: &'a str, most: usize, place: &Place<'_>) -> Result<&'a str, Invalid> {
    // Before the decoding: what is far too long is not decoded at all.
    if text.len() / 4 * 3 > most + 2 {
        return Err(too_large(most, place));
    }
    let bytes = STANDARD.decode(text).map_err(|_| place.invalid("is not base64"))?;
    match bytes.len() {
        0 => Err(place.invalid("is empty")),
        length if length > most => Err(too_large(most, place)),
        _ => Ok(text),
    }
}

fn encoded(text: &str, place: &Place<'_>) -> Result<String, Invalid> {
    match text.len() {
        0 => Err(place.invalid("is empty")),
        length if length > limits::DOCUMENT_BYTES => Err(too_large(limits::DOCUMENT_BYTES, place)),
        _ => Ok(STANDARD.encode(text)),
    }
}

fn too_large(most: usize, place: &Place<'_>) -> Invalid {
    place.invalid(format_args!("is larger than {most} bytes"))
}

fn data_url(media_type: &str, base64: &str) -> String {
    format!("data:{media_type};base64,{base64}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(base64: String) -> Result<PartKind, Invalid> {
        let block = ImageBlock { format: ImageFormat::Png, source: MediaSource::Bytes(base64) };
        image(&block, &Place::Request.member("image"))
    }

    #[test]
    fn the_largest_image_is_taken_and_one_byte_more_is_not() {
        assert!(png(STANDARD.encode(vec![7; limits::IMAGE_BYTES])).is_ok());
        let error = png(STANDARD.encode(vec![7; limits::IMAGE_BYTES + 1])).expect_err("too large");
        assert_eq!(error.to_string(), "image.source.bytes: is larger than 3932160 bytes");
    }

    #[test]
    fn what_is_not_base64_is_refused_where_it_is() {
        assert_eq!(png("%%%".to_owned()).expect_err("no base64").to_string(), "image.source.bytes: is not base64");
        assert_eq!(png(String::new()).expect_err("empty").to_string(), "image.source.bytes: is empty");
    }
}
