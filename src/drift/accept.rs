//! `drift.yaml`: findings that are accepted, by whom, why, and until when.

use jiff::civil::Date;
use serde::Deserialize;

use super::codes::ACCEPTANCE;
use super::report::{Document, Finding};
use crate::diagnostics::Diagnostic;

/// The rules of a file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// The rules.
    #[serde(default)]
    accept: Vec<Rule>,
}

/// What is accepted.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    /// Address of the resource, `*` for any text: `acme-llm-gateway/*`.
    address: String,
    /// The property and what is below it, `*` for any text. Every one by default.
    #[serde(default)]
    path: Option<String>,
    /// Account ids. Every one by default.
    #[serde(default)]
    accounts: Vec<String>,
    /// Why.
    reason: String,
    /// Who answers for it.
    owner: String,
    /// The last day, `2027-01-31`, in UTC.
    expires: Date,
}

/// Why the rules cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct AcceptanceError(#[from] serde_yaml::Error);

impl Acceptance {
    /// Reads the rules.
    ///
    /// # Errors
    /// When the text is no list of rules; the place is in the error.
    pub fn parse(text: &str) -> Result<Self, AcceptanceError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        Ok(serde_yaml::from_str(text)?)
    }

    /// Marks the findings that a rule accepts on this day, and tells of rules that have expired or match nothing.
    pub fn apply(&self, document: &mut Document, today: Date) -> Vec<Diagnostic> {
        let mut told = Vec::new();
        for rule in &self.accept {
            let mut matched = 0;
            for finding in document.findings.iter_mut().filter(|finding| rule.is_of(finding)) {
                matched += 1;
                if rule.expires >= today && finding.accepted_by.is_none() {
                    finding.accepted_by = Some(format!("{} ({}), until {}", rule.reason, rule.owner, rule.expires));
                }
            }
            let about = format!("drift.yaml accepts {} ({})", rule.address, rule.reason);
            if matched == 0 {
                told.push(
                    Diagnostic::warning(ACCEPTANCE, format!("{about}, and nothing there differs"))
                        .with_help("take the rule out"),
                );
            } else if rule.expires < today {
                let message = format!("{about}, and that ended on {}", rule.expires);
                told.push(Diagnostic::warning(ACCEPTANCE, message).with_help(format!("ask {}", rule.owner)));
            }
        }
        told
    }
}

impl Rule {
    fn is_of(&self, finding: &Finding) -> bool {
        let path = finding.property();
        let in_path = |wanted: &String| {
            path == *wanted || path.starts_with(&format!("{wanted}.")) || crate::policy::matches(wanted, &path)
        };
        crate::policy::matches(&self.address, &finding.address)
            && self.path.as_ref().is_none_or(in_path)
            && (self.accounts.is_empty() || self.accounts.contains(&finding.account))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::report::{Coverage, Kind, Level, Reader, SCHEMA, Source};

    fn document(address: &str, path: &[&str]) -> Document {
        Document {
            schema: SCHEMA.into(),
            deployment: Source { name: "a".into(), engine: "e".into(), account: "1".into(), region: "r".into() },
            findings: vec![Finding {
                address: address.into(),
                stack: "network".into(),
                account: "111122223333".into(),
                region: "us-east-1".into(),
                resource_type: "AWS::EC2::VPC".into(),
                kind: Kind::Changed,
                path: path.iter().map(|part| (*part).to_owned()).collect(),
                expected: None,
                actual: None,
                severity: Level::Low,
                reader: Reader::CloudControl,
                source: Vec::new(),
                accepted_by: None,
            }],
            potential: Vec::new(),
            folded: Vec::new(),
            coverage: Coverage::default(),
            notes: Vec::new(),
            live: std::collections::BTreeMap::new(),
        }
    }

    /// Whether the rule accepts the finding on a day, and what is told.
    fn accepted(rule: &str, today: &str) -> (bool, Vec<String>) {
        let text = format!("accept:\n  - {{{rule}, reason: tried out, owner: sam, expires: 2027-01-31}}\n");
        let mut document = document("acme-network/Vpc", &["Tags", "team", "Value"]);
        let told = Acceptance::parse(&text).unwrap().apply(&mut document, today.parse().unwrap());
        (document.open().count() == 0, told.into_iter().map(|one| one.message).collect())
    }

    #[test]
    fn a_rule_accepts_what_is_below_its_path() {
        assert_eq!(accepted("address: acme-network/*, path: Tags", "2027-01-31"), (true, Vec::new()));
        assert_eq!(accepted("address: acme-network/Vpc", "2027-01-31"), (true, Vec::new()));
    }

    #[test]
    fn a_rule_that_has_expired_accepts_nothing_and_is_told_of() {
        let (accepted, told) = accepted("address: acme-network/Vpc", "2027-02-01");
        assert!(!accepted);
        assert!(told[0].contains("that ended on 2027-01-31"), "{told:?}");
    }

    #[test]
    fn a_rule_that_matches_nothing_is_told_of() {
        for rule in
            ["address: acme-data/*", "address: acme-network/Vpc, path: CidrBlock", "address: '*', accounts: ['4']"]
        {
            let (accepted, told) = accepted(rule, "2027-01-01");
            assert!(!accepted && told[0].contains("nothing there differs"), "{rule}: {told:?}");
        }
    }

    #[test]
    fn a_rule_needs_a_reason_an_owner_and_an_end() {
        let error = Acceptance::parse("accept: [{address: a, reason: b, owner: c}]").unwrap_err();
        assert!(error.to_string().contains("expires"), "{error}");
    }
}
