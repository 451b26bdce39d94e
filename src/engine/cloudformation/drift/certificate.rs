//! Certificates, which the Cloud Control API cannot read: ACM does.

use serde_json::{Value, json};

use super::stack::Read;
use crate::aws::Session;
use crate::aws::acm::Certificate;
use crate::drift::Reader;
use crate::engine::certificates::Certificates;

pub(super) const CERTIFICATE: &str = "AWS::CertificateManager::Certificate";

/// What is read of one: ACM tells of a certificate, and not of how it was asked for.
pub(super) const COVERED: [&str; 3] = ["DomainName", "SubjectAlternativeNames", "KeyAlgorithm"];

/// Reads a certificate.
pub(super) async fn read(certificates: &Certificates, session: &Session, arn: &str, declared: &Value) -> Read {
    match certificates.get(session, arn).await {
        Ok(Some(found)) => Read::There(properties(&found, declared), Reader::Acm),
        Ok(None) => Read::Gone(Reader::Acm),
        Err(error) => Read::Unread(error.to_string()),
    }
}

/// What ACM gives of a certificate, in the words of its type. The domain is one of the names where the template says so.
fn properties(found: &Certificate, declared: &Value) -> Value {
    let others = declared.get("SubjectAlternativeNames").and_then(Value::as_array);
    let has_domain = others.is_some_and(|names| names.contains(&json!(found.domain)));
    let names: Vec<&String> = found.names.iter().filter(|name| has_domain || **name != found.domain).collect();
    let algorithm = found.key_algorithm.as_ref().map(|algorithm| algorithm.replace('-', "_"));
    json!({"DomainName": found.domain, "SubjectAlternativeNames": names, "KeyAlgorithm": algorithm})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> Certificate {
        Certificate {
            domain: "llm.example.com".into(),
            names: vec!["llm.example.com".into(), "api.example.com".into()],
            key_algorithm: Some("RSA-2048".into()),
            ..Certificate::default()
        }
    }

    #[test]
    fn the_domain_is_among_the_names_only_where_the_template_says_so() {
        let others = json!({"SubjectAlternativeNames": ["api.example.com"]});
        assert_eq!(properties(&found(), &others)["SubjectAlternativeNames"], json!(["api.example.com"]));
        let all = json!({"SubjectAlternativeNames": ["llm.example.com", "api.example.com"]});
        assert_eq!(properties(&found(), &all)["SubjectAlternativeNames"], all["SubjectAlternativeNames"]);
    }

    #[test]
    fn what_is_covered_is_what_is_given() {
        let given = properties(&found(), &json!({}));
        assert_eq!(given.as_object().unwrap().keys().collect::<Vec<_>>(), COVERED);
    }

    #[test]
    fn the_algorithm_is_spelled_as_in_templates() {
        assert_eq!(properties(&found(), &json!({}))["KeyAlgorithm"], "RSA_2048");
    }
}
