//! What was looked at, and what could not be compared.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::finding::Reader;
use crate::plan::count;

/// Most skipped resources that are named.
const NAMED: usize = 12;

/// What was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Coverage {
    /// Resources of all stacks.
    pub total: usize,
    /// Resources that were compared.
    pub checked: usize,
    /// How many resources each reader has read. One that several have read counts with each of them.
    pub by_reader: BTreeMap<String, usize>,
    /// What could not be compared.
    pub skipped: Vec<Skipped>,
    /// Declared properties that AWS does not give back, of resources that were compared: passwords and the like.
    pub unread: usize,
    /// Which ones, by the address of the resource.
    pub unread_properties: BTreeMap<String, Vec<String>>,
    /// What was looked at beside resources, and how many of each: certificates, secrets, models.
    pub watched: BTreeMap<String, usize>,
}

/// What could not be compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Skipped {
    /// Address of the resource or stack.
    pub address: String,
    /// Why.
    pub reason: String,
    /// How many of all resources these are: what a stack renders, 1, or 0 for a part of one that was compared.
    pub resources: usize,
    /// The rule of `drift.yaml` that accepts it: reason and owner.
    pub accepted_by: Option<String>,
}
impl Skipped {
    /// The account, whose id stands in front of the address unless it is the hub's; `None` where only its name does, as with
    /// Terraform.
    pub(super) fn account<'a>(&'a self, hub: &'a str) -> Option<&'a str> {
        match self.address.split_once(':') {
            Some((account, _)) if account.bytes().all(|byte| byte.is_ascii_digit()) => Some(account),
            _ if self.address.starts_with("accounts/") => None,
            _ => Some(hub),
        }
    }

    /// Whether AWS refused to give it: the only reason that a permission changes.
    pub fn is_refused(&self) -> bool {
        ["access denied", "AccessDenied", "UnauthorizedOperation", "not authorized", "not allowed"]
            .iter()
            .any(|words| self.reason.contains(words))
    }
}

impl Coverage {
    /// Notes a resource that was compared.
    pub fn check(&mut self, reader: Reader) {
        self.checked += 1;
        *self.by_reader.entry(reader.word().to_owned()).or_default() += 1;
    }

    /// Notes that another reader has read resources beside the one that compares them.
    pub fn read_beside(&mut self, reader: Reader) {
        *self.by_reader.entry(reader.word().to_owned()).or_default() += 1;
    }

    /// Whether there was something to compare, and none of it could be.
    pub fn is_blind(&self) -> bool {
        self.checked == 0 && !self.skipped.is_empty()
    }

    /// What could not be compared, and nobody accepted that.
    pub fn open(&self) -> impl Iterator<Item = &Skipped> {
        self.skipped.iter().filter(|skipped| skipped.accepted_by.is_none())
    }

    /// What could not be compared, and is accepted.
    pub fn accepted(&self) -> impl Iterator<Item = &Skipped> {
        self.skipped.iter().filter(|skipped| skipped.accepted_by.is_some())
    }

    /// Whether all of it was compared, but for what is accepted.
    pub fn is_whole(&self) -> bool {
        let skipped: usize = self.skipped.iter().map(|skipped| skipped.resources).sum();
        self.open().next().is_none() && self.checked + skipped >= self.total
    }

    /// What was compared and looked at, in one line or two.
    pub(super) fn sentence(&self) -> String {
        let by: Vec<String> = self.by_reader.iter().map(|(reader, count)| format!("{reader} {count}")).collect();
        let by = if by.is_empty() { String::new() } else { format!(" ({})", by.join(", ")) };
        let unread = match self.unread {
            0 => String::new(),
            1 => ", 1 property not given back by AWS".to_owned(),
            unread => format!(", {unread} properties not given back by AWS"),
        };
        let watched: Vec<String> = self.watched.iter().map(|(what, number)| format!("{what} {number}")).collect();
        let watched =
            if watched.is_empty() { String::new() } else { format!("\nLooked at what runs: {}", watched.join(", ")) };
        format!(
            "Compared {} of {}{by}, {} could not be compared{unread}{watched}",
            self.checked,
            count(self.total, "resource"),
            count_of(self.skipped.iter())
        )
    }

    /// Why things could not be compared and nobody accepts that, each reason with what it is of.
    pub(super) fn open_by_reason(&self) -> Vec<String> {
        by_reason(self.open().map(|one| (one.reason.as_str(), one)))
    }

    /// The rules that accept what could not be compared, each with what it is of.
    pub(super) fn accepted_by_rule(&self) -> Vec<String> {
        by_reason(self.accepted().map(|one| (one.accepted_by.as_deref().unwrap_or_default(), one)))
    }

    /// How much nobody compared and accepts: resources, and each part of one and each stack of unknown size as one.
    pub fn count_open(&self) -> usize {
        count_of(self.open())
    }

    /// Notes one of all resources that could not be compared.
    pub fn skip(&mut self, address: impl Into<String>, reason: impl Into<String>) {
        self.leave(address.into(), reason.into(), 1);
    }

    /// Notes that something of a resource or stack that was compared could not be.
    pub fn skip_part(&mut self, address: impl Into<String>, reason: impl Into<String>) {
        self.leave(address.into(), reason.into(), 0);
    }

    /// Notes a stack that could not be compared, with the resources that it renders.
    pub fn skip_stack(&mut self, address: impl Into<String>, resources: usize, reason: impl Into<String>) {
        self.total += resources;
        self.leave(address.into(), reason.into(), resources);
    }

    fn leave(&mut self, address: String, reason: String, resources: usize) {
        self.skipped.push(Skipped { address, reason, resources, accepted_by: None });
    }

    /// Notes a declared property of a resource that AWS does not give back.
    pub fn leave_unread(&mut self, address: &str, path: &[String]) {
        self.unread += 1;
        self.unread_properties.entry(address.to_owned()).or_default().push(path.join("."));
    }

    /// Adds what others looked at.
    pub fn add(&mut self, other: Self) {
        self.total += other.total;
        self.checked += other.checked;
        self.unread += other.unread;
        for (address, properties) in other.unread_properties {
            self.unread_properties.entry(address).or_default().extend(properties);
        }
        self.skipped.extend(other.skipped);
        for (reader, count) in other.by_reader {
            *self.by_reader.entry(reader).or_default() += count;
        }
        self.watch(other.watched);
    }

    /// Notes what was looked at beside resources.
    pub fn watch<What: Into<String>>(&mut self, watched: impl IntoIterator<Item = (What, usize)>) {
        for (what, count) in watched {
            *self.watched.entry(what.into()).or_default() += count;
        }
    }
}

fn count_of<'a>(skipped: impl Iterator<Item = &'a Skipped>) -> usize {
    skipped.map(|one| one.resources.max(1)).sum()
}

/// Resources that could not be compared, those with the same reason together.
fn by_reason<'a>(skipped: impl Iterator<Item = (&'a str, &'a Skipped)>) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for (reason, skipped) in skipped {
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, known)) => known.push(&skipped.address),
            None => reasons.push((reason, vec![&skipped.address])),
        }
    }
    let line = |(reason, addresses): (&str, Vec<&str>)| {
        let more = addresses.len().saturating_sub(NAMED);
        let named = addresses.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{reason}: {named}{more}")
    };
    reasons.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_that_was_skipped_counts_with_what_it_renders() {
        let mut coverage = Coverage { total: 2, ..Coverage::default() };
        coverage.check(Reader::CloudControl);
        coverage.check(Reader::CloudControl);
        coverage.skip_stack("222222222222:acme-access", 3, "access denied");
        assert_eq!((coverage.total, coverage.count_open()), (5, 3));
        assert!(coverage.sentence().starts_with("Compared 2 of 5 resources (cloud_control 2), 3 could not"));
    }

    #[test]
    fn with_a_skipped_stack_that_is_accepted_all_is_compared() {
        let mut coverage = Coverage::default();
        coverage.skip_stack("222222222222:acme-access", 3, "access denied");
        coverage.skipped[0].accepted_by = Some("sam".to_owned());
        assert!(coverage.is_whole());
    }

    #[test]
    fn a_part_that_was_not_compared_is_no_resource_more() {
        let mut coverage = Coverage { total: 1, ..Coverage::default() };
        coverage.check(Reader::CloudControl);
        coverage.skip_part("acme-gateway/WebAcl properties", "access denied");
        assert_eq!((coverage.total, coverage.count_open()), (1, 1));
    }

    #[test]
    fn a_resource_that_two_have_read_is_compared_once() {
        let mut coverage = Coverage { total: 1, ..Coverage::default() };
        coverage.check(Reader::CloudControl);
        coverage.read_beside(Reader::Wafv2);
        assert_eq!((coverage.checked, coverage.by_reader["wafv2"]), (1, 1));
    }
}
