//! The checksums that SDKs send with objects.

use aws_smithy_types::base64;
use sha2::{Digest, Sha256};

/// The checksum headers of S3.
pub(super) const HEADERS: [&str; 5] = [
    "x-amz-checksum-crc32",
    "x-amz-checksum-crc32c",
    "x-amz-checksum-crc64nvme",
    "x-amz-checksum-sha1",
    "x-amz-checksum-sha256",
];

/// Whether a checksum fits the content. CRC32 and SHA-256 are computed; the others are believed.
pub(super) fn fits(header: &str, value: &str, content: &[u8]) -> bool {
    match header {
        "x-amz-checksum-crc32" => base64::encode(crc32(content).to_be_bytes()) == value,
        "x-amz-checksum-sha256" => base64::encode(Sha256::digest(content)) == value,
        _ => true,
    }
}

/// The CRC of IEEE 802.3, by a table of the polynomial 0xEDB88320.
fn crc32(content: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| (crc >> 8) ^ TABLE[((crc ^ u32::from(*byte)) & 0xff) as usize];
    !content.iter().fold(!0, step)
}

const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut entry = index as u32;
        let mut bit = 0;
        while bit < 8 {
            entry = if entry & 1 == 1 { (entry >> 1) ^ 0xedb8_8320 } else { entry >> 1 };
            bit += 1;
        }
        table[index] = entry;
        index += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc32_has_its_check_value() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn a_wrong_checksum_does_not_fit() {
        assert!(!fits("x-amz-checksum-sha256", "AAAA", b"a"));
    }
}
