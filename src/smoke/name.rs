//! The name under which clients call a gateway.

use crate::spec::Tls;

/// Where that name comes from, and who makes its record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Name {
    /// It is that of the URL, and its record is there.
    #[default]
    Recorded,
    /// The spec has it (`ingress.tls.certificate.name`), and its user makes the record.
    ByHand(String),
    /// The spec has none: the URL has the load balancer's own name, for which the certificate is not.
    Unknown,
}

impl Name {
    /// What a spec says.
    pub fn of(tls: &Tls) -> Self {
        match tls {
            Tls::Certificate(certificate) => {
                certificate.name.as_ref().map_or(Self::Unknown, |name| Self::ByHand(name.0.clone()))
            }
            Tls::Domain(_) | Tls::Plaintext(_) => Self::Recorded,
        }
    }

    /// The URL to call. A name that the spec has is the gateway's also before an output has it.
    pub fn url(&self, output: &str) -> String {
        match self {
            Self::ByHand(name) if output.starts_with("https://") => format!("https://{name}"),
            _ => output.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::testing::spec;

    #[test]
    fn a_name_that_the_spec_gets_is_called_before_it_is_applied() {
        let named = spec(json!({"ingress": {"tls": {"certificate": {"name": "llm.example.com"}}}}));
        let name = Name::of(&named.ingress.tls);
        assert_eq!(name.url("https://acme.elb.amazonaws.com"), "https://llm.example.com");
        assert_eq!(name.url("http://acme.elb.amazonaws.com"), "http://acme.elb.amazonaws.com");
        assert_eq!(
            Name::of(&spec(json!({})).ingress.tls).url("https://acme.elb.amazonaws.com"),
            "https://acme.elb.amazonaws.com"
        );
    }
}
