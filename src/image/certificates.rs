//! The certificate authorities that a program in an image from scratch trusts.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Where programs for Linux look for them.
pub const PATH: &str = "etc/ssl/certs/ca-certificates.crt";
/// Characters in a line of a certificate.
const WIDTH: usize = 64;

/// Mozilla's certificate authorities as text, as this version of gwinfra has them: not those of the machine, so that the
/// image is the same everywhere.
pub fn mozilla() -> String {
    let mut text = String::new();
    for certificate in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
        let encoded = STANDARD.encode(certificate);
        text.push_str("-----BEGIN CERTIFICATE-----\n");
        let mut rest = encoded.as_str();
        while !rest.is_empty() {
            let (line, more) = rest.split_at(rest.len().min(WIDTH));
            text.push_str(line);
            text.push('\n');
            rest = more;
        }
        text.push_str("-----END CERTIFICATE-----\n");
    }
    text
}

/// Whether a text has certificates, as PEM.
pub fn has_some(text: &str) -> bool {
    text.contains("-----BEGIN CERTIFICATE-----") && text.contains("-----END CERTIFICATE-----")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_certificates_as_mozilla_has() {
        let text = mozilla();
        assert_eq!(text.matches("BEGIN CERTIFICATE").count(), webpki_root_certs::TLS_SERVER_ROOT_CERTS.len());
        assert!(has_some(&text) && text.lines().all(|line| line.len() <= WIDTH));
    }

    #[test]
    fn a_certificate_reads_back_as_it_was() {
        let text = mozilla();
        let first: String = text.lines().skip(1).take_while(|line| !line.starts_with('-')).collect();
        assert_eq!(STANDARD.decode(first).unwrap(), webpki_root_certs::TLS_SERVER_ROOT_CERTS[0].as_ref());
    }
}
