//! `drift.yaml`: findings, and what could not be compared, that are accepted: by whom, why, and until when.

use jiff::civil::Date;
use serde::Deserialize;

use super::codes::ACCEPTANCE;
use super::coverage::Skipped;
use super::finding::Finding;
use super::report::Document;
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
    /// Address of the resource, or of what could not be compared, `*` for any text: `acme-llm-gateway/*`.
    address: String,
    /// The property and what is below it, `*` for any text. Every one by default.
    #[serde(default)]
    path: Option<String>,
    /// Account ids. Every one by default.
    #[serde(default)]
    accounts: Vec<String>,
    /// Names of deployments, as each environment has one: `acme-llm-dev`. Every one by default.
    #[serde(default)]
    deployments: Vec<String>,
    /// Why.
    reason: String,
    /// Who answers for it.
    owner: String,
    /// The last day, `2027-01-31`, in UTC.
    expires: Date,
}

/// Where and when rules count.
#[derive(Debug, Clone, Copy)]
pub struct Occasion<'a> {
    /// The day by which they end.
    pub today: Date,
    /// Names of all deployments of the spec: with and without its environments.
    pub deployments: &'a [String],
    /// Whether all accounts were asked for.
    pub whole: bool,
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

    /// Marks what a rule accepts: findings, and what could not be compared. Tells of rules that have expired, match nothing,
    /// or are for a deployment that the spec does not have.
    pub fn apply(&self, document: &mut Document, occasion: Occasion<'_>) -> Vec<Diagnostic> {
        let Occasion { today, deployments, whole } = occasion;
        let (deployment, hub) = (document.deployment.name.clone(), document.deployment.account.clone());
        let mut told = Vec::new();
        for rule in &self.accept {
            let about = format!("drift.yaml accepts {} ({})", rule.address, rule.reason);
            if let Some(unknown) = rule.deployments.iter().find(|name| !deployments.contains(name)) {
                let message = format!("{about} in {unknown}, and the spec has no such deployment");
                told.push(
                    Diagnostic::warning(ACCEPTANCE, message)
                        .with_help(format!("deployments: {}", deployments.join(", "))),
                );
            }
            if !rule.counts_in(&deployment) {
                continue;
            }
            let words =
                (rule.expires >= today).then(|| format!("{} ({}), until {}", rule.reason, rule.owner, rule.expires));
            let mut matched = 0;
            for finding in document.findings.iter_mut().filter(|finding| rule.is_of(finding)) {
                matched += 1;
                finding.accepted_by = finding.accepted_by.take().or_else(|| words.clone());
            }
            for skipped in document.coverage.skipped.iter_mut().filter(|skipped| rule.may_be_of(skipped)) {
                matched += 1;
                if rule.is_of_skipped(skipped, &hub) {
                    skipped.accepted_by = skipped.accepted_by.take().or_else(|| words.clone());
                }
            }
            // What differs nowhere here may differ in an account or a deployment that this is not about.
            let is_for_here = whole && (deployments.len() <= 1 || !rule.deployments.is_empty());
            if matched == 0 && is_for_here {
                told.push(
                    Diagnostic::warning(ACCEPTANCE, format!("{about}, and nothing there differs"))
                        .with_help("take the rule out"),
                );
            } else if matched > 0 && rule.expires < today {
                let message = format!("{about}, and that ended on {}", rule.expires);
                told.push(Diagnostic::warning(ACCEPTANCE, message).with_help(format!("ask {}", rule.owner)));
            }
        }
        told
    }
}

impl Rule {
    fn counts_in(&self, deployment: &str) -> bool {
        self.deployments.is_empty() || self.deployments.iter().any(|name| name == deployment)
    }

    /// Whether it accepts that this was not compared: all that could differ there, so that a rule for a property does not.
    fn is_of_skipped(&self, skipped: &Skipped, hub: &str) -> bool {
        let account = skipped.account(hub);
        crate::policy::matches(&self.address, &skipped.address)
            && self.path.is_none()
            && (self.accounts.is_empty() || self.accounts.iter().any(|own| account == Some(own.as_str())))
    }

    /// Whether it may match something there: nobody could look.
    fn may_be_of(&self, skipped: &Skipped) -> bool {
        crate::policy::matches(&self.address, &skipped.address)
            || crate::policy::matches(&skipped.address, &self.address)
    }

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
    use crate::drift::{Coverage, Kind, Level, Reader, SCHEMA, Source};

    fn document(address: &str, path: &[&str]) -> Document {
        Document {
            schema: SCHEMA.into(),
            deployment: Source { name: "acme".into(), engine: "e".into(), account: "1".into(), region: "r".into() },
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
                id: None,
                command: None,
                by_change_set: false,
            }],
            potential: Vec::new(),
            folded: Vec::new(),
            coverage: Coverage::default(),
            first: None,
            notes: Vec::new(),
            live: std::collections::BTreeMap::new(),
        }
    }

    const ONE: &[&str] = &["acme"];
    const TWO: &[&str] = &["acme", "acme-dev"];

    fn rules(rule: &str) -> Acceptance {
        let text = format!("accept:\n  - {{{rule}, reason: tried out, owner: sam, expires: 2027-01-31}}\n");
        Acceptance::parse(&text).unwrap()
    }

    /// What is told when rules are applied in a spec with these deployments.
    fn apply(rule: &str, document: &mut Document, today: &str, deployments: &[&str]) -> Vec<String> {
        let deployments: Vec<String> = deployments.iter().map(|name| (*name).to_owned()).collect();
        let occasion = Occasion { today: today.parse().unwrap(), deployments: &deployments, whole: true };
        rules(rule).apply(document, occasion).into_iter().map(|one| one.message).collect()
    }

    /// Whether the rule accepts the finding on a day, and what is told.
    fn accepted(rule: &str, today: &str) -> (bool, Vec<String>) {
        let mut document = document("acme-network/Vpc", &["Tags", "team", "Value"]);
        let told = apply(rule, &mut document, today, ONE);
        (document.open().count() == 0, told)
    }

    /// Whether the rule accepts that something was not compared, and what is told.
    fn left_out(rule: &str, address: &str) -> (bool, Vec<String>) {
        let mut document = document("acme-network/Vpc", &[]);
        document.findings.clear();
        document.coverage.skip(address, "nobody may look");
        let told = apply(rule, &mut document, "2027-01-01", ONE);
        (document.coverage.open().count() == 0, told)
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
    fn a_rule_accepts_what_could_not_be_compared() {
        let (member, hub) = ("222222222222:*", "acme-data/Database");
        for (rule, address) in [
            ("address: '222222222222:*'", member),
            ("address: '*', accounts: ['222222222222']", member),
            ("address: acme-data/*", hub),
            ("address: acme-data/Database, accounts: ['1']", hub),
        ] {
            assert_eq!(left_out(rule, address), (true, Vec::new()), "{rule}");
        }
    }

    #[test]
    fn a_rule_for_a_property_or_another_account_does_not_accept_that_a_resource_was_not_compared() {
        for (rule, address) in [
            ("address: acme-data/*, path: Tags", "acme-data/Database"),
            ("address: acme-data/*, accounts: ['222222222222']", "acme-data/Database"),
            ("address: '*', accounts: ['1']", "accounts/bedrock-1"),
        ] {
            assert!(!left_out(rule, address).0, "{rule}");
        }
    }

    #[test]
    fn a_rule_of_what_could_not_be_compared_is_not_told_to_match_nothing() {
        for rule in ["address: acme-data/*, path: Tags", "address: acme-data/Database"] {
            assert_eq!(left_out(rule, "acme-data/*").1, Vec::<String>::new(), "{rule}");
        }
    }

    #[test]
    fn a_rule_counts_only_in_the_deployments_that_it_names() {
        let mut document = document("hub/aws_vpc.main", &["tags"]);
        assert_eq!(apply("address: hub/*, deployments: [acme-dev]", &mut document, "2027-01-01", TWO), [""; 0]);
        assert_eq!(document.open().count(), 1);
        document.deployment.name = "acme-dev".into();
        assert_eq!(apply("address: hub/*, deployments: [acme-dev]", &mut document, "2027-01-01", TWO), [""; 0]);
        assert_eq!(document.open().count(), 0);
    }

    #[test]
    fn a_rule_that_matches_nothing_in_one_of_several_deployments_is_told_of_only_where_it_names_it() {
        let told = |rule: &str| apply(rule, &mut document("acme-network/Vpc", &[]), "2027-01-01", TWO);
        assert_eq!(told("address: acme-data/*"), [""; 0]);
        assert_eq!(told("address: acme-data/*, deployments: [acme-dev]"), [""; 0]);
        assert!(told("address: acme-data/*, deployments: [acme]")[0].contains("nothing there differs"));
    }

    #[test]
    fn a_deployment_that_the_spec_does_not_have_is_told() {
        let mut document = document("acme-network/Vpc", &[]);
        let told = apply("address: acme-network/*, deployments: [acme-stage]", &mut document, "2027-01-01", TWO);
        assert!(told.len() == 1 && told[0].contains("in acme-stage, and the spec has no such deployment"), "{told:?}");
    }

    #[test]
    fn a_rule_that_matches_nothing_is_not_told_of_where_not_all_accounts_were_asked_for() {
        let mut document = document("acme-network/Vpc", &[]);
        let occasion = Occasion { today: "2027-01-01".parse().unwrap(), deployments: &[], whole: false };
        assert!(rules("address: acme-data/*").apply(&mut document, occasion).is_empty());
    }

    #[test]
    fn a_rule_needs_a_reason_an_owner_and_an_end() {
        let error = Acceptance::parse("accept: [{address: a, reason: b, owner: c}]").unwrap_err();
        assert!(error.to_string().contains("expires"), "{error}");
    }
}
