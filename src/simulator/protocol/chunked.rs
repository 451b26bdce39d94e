//! `aws-chunked` bodies: what SDKs send to S3 to carry a checksum in a trailer.

/// A body that does not follow the encoding.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the request body is not valid aws-chunked data")]
pub struct Malformed;

/// Headers that come after a body.
pub type Trailers = Vec<(String, String)>;

/// The content of an aws-chunked body and its trailing headers, by lower-case name. Chunk signatures are not verified.
pub fn decode(body: &[u8]) -> Result<(Vec<u8>, Trailers), Malformed> {
    let mut content = Vec::with_capacity(body.len());
    let mut rest = body;
    loop {
        let (line, after) = split_line(rest).ok_or(Malformed)?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).map_err(|_| Malformed)?;
        rest = after;
        if size == 0 {
            break;
        }
        let chunk = rest.get(..size).ok_or(Malformed)?;
        content.extend_from_slice(chunk);
        rest = rest.get(size..).and_then(|rest| rest.strip_prefix(b"\r\n")).ok_or(Malformed)?;
    }
    let mut trailers = Vec::new();
    while let Some((line, after)) = split_line(rest) {
        rest = after;
        if let Some((name, value)) = line.split_once(':') {
            trailers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    Ok((content, trailers))
}

fn split_line(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.windows(2).position(|pair| pair == b"\r\n")?;
    Some((std::str::from_utf8(bytes.get(..end)?).ok()?, bytes.get(end + 2..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_joined() {
        assert_eq!(decode(b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n").unwrap().0, b"abcde");
    }

    #[test]
    fn chunk_signatures_are_skipped() {
        assert_eq!(decode(b"1;chunk-signature=00\r\na\r\n0;chunk-signature=11\r\n\r\n").unwrap().0, b"a");
    }

    #[test]
    fn trailers_are_read() {
        let (_, trailers) = decode(b"1\r\na\r\n0\r\nx-amz-checksum-crc32:6Le+Qw==\r\n\r\n").unwrap();
        assert_eq!(trailers, [("x-amz-checksum-crc32".to_owned(), "6Le+Qw==".to_owned())]);
    }

    #[test]
    fn a_short_body_is_refused() {
        assert_eq!(decode(b"5\r\nabc"), Err(Malformed));
    }
}
