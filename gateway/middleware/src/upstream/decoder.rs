//! Bodies that come compressed although `identity` was asked for, as some proxies send them.

use std::fmt;
use std::io::Write as _;

use bytes::Bytes;
use flate2::write::{MultiGzDecoder, ZlibDecoder};

/// Decodes a body piece by piece.
pub struct Decoder(Kind);

enum Kind {
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
    Deflate(Box<ZlibDecoder<Vec<u8>>>),
}

impl fmt::Debug for Decoder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Decoder")
    }
}

impl Decoder {
    /// The decoder of a `content-encoding`. `None` for `identity`; an error for one that is not known.
    pub fn new(encoding: &[u8]) -> Result<Option<Self>, ()> {
        let kind = match encoding.to_ascii_lowercase().as_slice() {
            b"" | b"identity" => return Ok(None),
            b"gzip" | b"x-gzip" => Kind::Gzip(Box::new(MultiGzDecoder::new(Vec::new()))),
            b"deflate" => Kind::Deflate(Box::new(ZlibDecoder::new(Vec::new()))),
            _ => return Err(()),
        };
        Ok(Some(Self(kind)))
    }

    /// What the next piece holds, as far as it can be told already.
    pub fn decode(&mut self, data: &[u8]) -> Result<Bytes, ()> {
        let decoded = match &mut self.0 {
            Kind::Gzip(decoder) => {
                decoder.write_all(data).and_then(|()| decoder.flush()).map_err(|_| ())?;
                std::mem::take(decoder.get_mut())
            }
            Kind::Deflate(decoder) => {
                decoder.write_all(data).and_then(|()| decoder.flush()).map_err(|_| ())?;
                std::mem::take(decoder.get_mut())
            }
        };
        Ok(decoded.into())
    }

    /// What is left, after the last piece.
    pub fn finish(self) -> Result<Bytes, ()> {
        let rest = match self.0 {
            Kind::Gzip(decoder) => decoder.finish(),
            Kind::Deflate(decoder) => decoder.finish(),
        };
        rest.map(Bytes::from).map_err(|_| ())
    }
}
