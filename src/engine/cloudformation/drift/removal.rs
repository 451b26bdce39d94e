//! What takes out the parts that were added to a resource and no template has.

use serde_json::{Value, json};

use super::comparison::Comparison;
use super::put_back::{Patch, Write};
use super::shown::{changed_since, is_open};
use super::stack::{Read, ReadStack};
use super::watch::{self, ROLE};
use crate::drift::{Difference, Finding, Kind, deleted_as};
use crate::engine::EngineError;
use crate::render::Target;

/// What a finding tells of.
fn difference(finding: &Finding) -> Difference {
    let (path, expected, actual) = (finding.path.clone(), finding.expected.clone(), finding.actual.clone());
    Difference { path, expected, actual }
}

impl Comparison<'_> {
    /// What takes out the parts of a resource that open findings tell of by their id, read once more.
    ///
    /// # Errors
    /// When one is not as it was shown: nothing goes then.
    pub(super) async fn removals(
        &self,
        target: &Target,
        stack: &ReadStack,
        logical_id: &str,
        findings: &[Finding],
    ) -> Result<Vec<Patch>, EngineError> {
        let is_part = |finding: &&Finding| finding.kind == Kind::Added && finding.id.is_some() && is_open(finding);
        let shown: Vec<&Finding> = findings.iter().filter(is_part).collect();
        if shown.is_empty() {
            return Ok(Vec::new());
        }
        if stack.of_type(ROLE).any(|(own, _)| own == logical_id) {
            return Ok(stack.without_policies(logical_id, &shown)?.into_iter().collect());
        }
        let mut watch = watch::watch(stack).of_parts_of(logical_id);
        let (rules, leaving) = watch::rules(stack);
        watch::tell_rules(&mut watch, &rules, &leaving);
        let looked = watch.look(&self.session(target), self.certificates).await;
        let mut removals = Vec::new();
        for finding in shown {
            let own = difference(finding);
            let is_it = |seen: &&crate::engine::watch::Seen| {
                seen.addition.as_ref().map(|addition| &addition.id) == finding.id.as_ref() && seen.difference == own
            };
            let type_name = own.path.first().and_then(|property| deleted_as(&finding.resource_type, property));
            let (Some(type_name), Some(identifier)) = (type_name, finding.id.clone()) else { continue };
            if looked.seen.iter().find(is_it).is_none() {
                return Err(changed_since(std::slice::from_ref(finding), &own));
            }
            removals.push(Patch { write: Write::Deletion { type_name, identifier }, count: 1 });
        }
        Ok(removals)
    }
}

impl ReadStack {
    /// What takes policies away from a role, each tested to be as it was shown.
    ///
    /// # Errors
    /// When one is not there any more.
    fn without_policies(&self, logical_id: &str, shown: &[&Finding]) -> Result<Option<Patch>, EngineError> {
        let (Some(Read::There(live, _)), Some(identifier)) =
            (self.read.get(logical_id), self.identifiers.get(logical_id))
        else {
            return Ok(None);
        };
        let mut found: Vec<(String, usize, Value)> = Vec::new();
        for finding in shown {
            let property = finding.property();
            let items = live.get(&property).and_then(Value::as_array);
            let index = items.and_then(|items| items.iter().position(|item| Some(item) == finding.actual.as_ref()));
            let Some((index, actual)) = index.zip(finding.actual.clone()) else {
                return Err(changed_since(std::slice::from_ref(*finding), &difference(finding)));
            };
            found.push((property, index, actual));
        }
        // An item that goes would move those behind it.
        found.sort_by_key(|(_, index, _)| usize::MAX - index);
        let path = |property: &str, index: usize| format!("/{property}/{index}");
        let tests = found
            .iter()
            .map(|(property, index, actual)| json!({"op": "test", "path": path(property, *index), "value": actual}));
        let removed = found.iter().map(|(property, index, _)| json!({"op": "remove", "path": path(property, *index)}));
        let operations = Value::Array(tests.chain(removed).collect());
        let write = Write::Properties { type_name: ROLE.to_owned(), identifier: identifier.clone(), operations };
        Ok(Some(Patch { write, count: found.len() }))
    }
}
