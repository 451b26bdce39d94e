//! Bytes as hexadecimal digits, and the SHA-256 of a text written so.

use sha2::{Digest, Sha256};

/// Two lower-case digits for each byte.
pub fn digits(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256 of some bytes: 64 digits.
pub fn sha256(bytes: impl AsRef<[u8]>) -> String {
    digits(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// <https://csrc.nist.gov/projects/cryptographic-standards-and-guidelines/example-values>
    #[test]
    fn a_text_has_the_hash_that_the_standard_says() {
        assert_eq!(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn small_bytes_keep_their_first_digit() {
        assert_eq!(digits([0, 10, 255]), "000aff");
    }
}
