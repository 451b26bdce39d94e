//! Puts one resource back: a plan of it alone, which has to touch nothing else, and its apply.

use serde_json::Value;

use super::TerraformEngine;
use super::diagnostic::Subject;
use super::items::{Place, attributes, places};
use super::plan::{Goal, rows, variables};
use crate::drift::{Difference, Finding, Reader, fold};
use crate::engine::certificates::Certificates;
use crate::engine::cloudformation::drift::Comparison;
use crate::engine::journal::DRIFT;
use crate::engine::opened::opened;
use crate::engine::resolve::{self, Resolved};
use crate::engine::{ACCOUNTS_AT_ONCE, EngineError};
use crate::plan::Change;
use crate::render::{Bundle, RenderedModule};

/// What cannot be put back.
const NOTHING: &str = "Terraform puts back what the files of a root module set; what was added beside that has to be \
     deleted by hand";

/// What puts back what cannot be put back alone.
const TOGETHER: &str = "gwinfra plan   shows what an apply puts back; gwinfra apply   does it, all together";

impl TerraformEngine {
    /// Puts the arguments of one resource back that its files set. Gives how many.
    ///
    /// The files are those that were applied last from here, so that nothing of the spec that is not deployed goes along;
    /// without a journal they are the spec's.
    ///
    /// # Errors
    /// [`EngineError::NothingToRevert`]; [`EngineError::AcceptedGoesAlong`]; [`EngineError::NotAlone`] when more than that would
    /// change, or the resource would not be changed in place; [`EngineError::ChangedSince`] when the plan puts something back
    /// that findings do not tell of; whatever a plan or an apply of Terraform ends with.
    pub(super) async fn put_back(
        &self,
        bundle: &Bundle,
        address: &str,
        findings: &[Finding],
    ) -> Result<usize, EngineError> {
        let nothing = || EngineError::NothingToRevert { address: address.to_owned(), next: NOTHING };
        let applied = self.journal.applied()?;
        let deployed = applied.as_ref().unwrap_or(bundle);
        let Some((module, own)) = of_address(deployed, address) else {
            return self.put_member_back(bundle, address, findings).await?.ok_or_else(nothing);
        };
        // A plan of a resource is of all its arguments, and of nothing that others look at.
        let (accepted, shown): (Vec<&Finding>, Vec<&Finding>) = findings
            .iter()
            .filter(|finding| finding.reader == Reader::Terraform)
            .partition(|finding| finding.accepted_by.is_some());
        if let Some(kept) = accepted.first() {
            return Err(EngineError::AcceptedGoesAlong { address: address.to_owned(), property: kept.property() });
        }
        let resolved = match module.variables.is_empty() {
            true => Resolved::default(),
            false => resolve::resolve(&self.clients, &self.images, deployed).await?,
        };
        self.clients.session(&module.target).verify_account().await?;
        let run = self.journal.begin(DRIFT, &deployed.digest, jiff::Timestamp::now())?.stoppable(self.cancel.clone());
        let directory = self.work_directory(deployed, module);
        let subject = Subject { module, directory: &directory };
        let mut count = 0;
        let work = self.step(&run, &module.key, &module.key, async {
            directory.write(module, Some(&variables(module, &resolved)))?;
            self.get_ready(subject).await?;
            let row = match self.plan_of_one(deployed, subject, own).await {
                Ok(Some(row)) => as_shown(row, &shown),
                other => Err(other.err().unwrap_or_else(nothing)),
            };
            let row = match row {
                Ok(row) => row,
                Err(error) => {
                    directory.remove("tfplan")?;
                    return Err(error);
                }
            };
            count = row.paths.len();
            for line in words(&row) {
                self.say(Some(&module.key), line);
            }
            let (counts, _) = self.apply_saved(&run, &module.key, deployed, subject).await?;
            Ok(counts.to_string())
        });
        let result = work.await;
        self.finish(&run, result).map(|()| count)
    }

    /// Makes the plan of one resource; `None` when nothing of it changes.
    async fn plan_of_one(
        &self,
        bundle: &Bundle,
        subject: Subject<'_>,
        own: &str,
    ) -> Result<Option<Change>, EngineError> {
        let key = &subject.module.key;
        self.say(Some(key), format!("asking Terraform what puts {own} back"));
        let ended = self.run_plan(subject, Goal::Files, &[own.to_owned()]).await?;
        if ended.code == Some(0) {
            return Ok(None);
        }
        let shown = self.changes(subject, &ended).await?;
        alone(rows::rows(subject.module, &bundle.nodes, &shown, &self.places), &format!("{key}/{own}"))
    }

    /// Puts a resource of a stack set's stack back, as with CloudFormation. `None` when none has it.
    async fn put_member_back(
        &self,
        bundle: &Bundle,
        address: &str,
        findings: &[Finding],
    ) -> Result<Option<usize>, EngineError> {
        let sets = self.known_sets(bundle).await?;
        let registry = crate::cfn::registry::Registry::builtin();
        let (clients, hub, places) = (&self.clients, &self.hub, &self.places);
        let certificates = &Certificates::default();
        let comparison = Comparison { clients, registry: &registry, hub, places, certificates, most: ACCOUNTS_AT_ONCE };
        let (target, patches) = comparison.patches_of_member(bundle, &sets, address, findings).await?;
        let count = comparison.put_all_back(&target, &patches).await?;
        Ok((count > 0).then_some(count))
    }
}

/// The root module of an address, and the address in it.
fn of_address<'a, 'b>(bundle: &'a Bundle, address: &'b str) -> Option<(&'a RenderedModule, &'b str)> {
    bundle.modules.iter().find_map(|module| Some((module, address.strip_prefix(&module.key)?.strip_prefix('/')?)))
}

/// The row of a resource, if nothing else changes and it is changed in place.
fn alone(rows: Vec<Change>, address: &str) -> Result<Option<Change>, EngineError> {
    let refused = |reason: String| Err(EngineError::NotAlone { address: address.to_owned(), reason, next: TOGETHER });
    let others: Vec<&str> = rows.iter().map(|row| row.address.as_str()).filter(|other| *other != address).collect();
    if !others.is_empty() {
        return refused(format!("{} would change with it", others.join(", ")));
    }
    match rows.into_iter().next() {
        // A plan is of all arguments of a resource, and some are not as they were without anybody's doing.
        Some(row) if row.actions == ["update"] => match by_itself(&row) {
            Some((path, reason)) => refused(format!("{path} would be put back with it: {reason}")),
            None => Ok(Some(row)),
        },
        Some(row) if row.actions == ["create"] => refused("it is gone, and would be made anew".to_owned()),
        Some(row) if row.replace.is_some() => refused("it would be replaced".to_owned()),
        Some(row) => refused(format!("the plan is to {} it", row.actions.join(" and "))),
        None => Ok(None),
    }
}

/// A row, if what it puts back is what findings tell of: that was shown, and nothing that came since may be overwritten.
fn as_shown(row: Change, findings: &[&Finding]) -> Result<Change, EngineError> {
    let sides: Vec<&Value> = row.before.iter().chain(&row.after).collect();
    let came_since = put_back(&row).into_iter().find(|place| {
        let own = attributes(&place.path, &sides);
        let told = findings.iter().map(|finding| (finding, attributes(&finding.path, &sides)));
        let told: Vec<_> = told.filter(|(_, theirs)| is_around(theirs, &own)).collect();
        // One about the list as a whole, or about another part of it, tells that it was seen to differ.
        let mut exact = told.iter().filter(|(one, theirs)| *theirs == own && one.path.len() == place.path.len());
        let is_shown = |(one, _): &(&&Finding, Vec<String>)| one.actual == place.now;
        told.is_empty() || (exact.clone().next().is_some() && !exact.any(is_shown))
    });
    match came_since {
        Some(place) => Err(EngineError::ChangedSince { address: row.address.clone(), property: place.path.join(".") }),
        None => Ok(row),
    }
}

/// Whether one path is the other one, or around it.
fn is_around(one: &[String], other: &[String]) -> bool {
    one.iter().zip(other).all(|(one, other)| one == other)
}

/// The places of a row, as findings name them: what was deployed is what the files set.
fn put_back(row: &Change) -> Vec<Place> {
    let sides: Vec<&Value> = row.before.iter().chain(&row.after).collect();
    let changed: Vec<Vec<String>> = row.paths.iter().map(|path| attributes(path, &sides)).collect();
    let side = |side: &Option<Value>, name: &String| side.as_ref().and_then(|side| side.get(name)).map(opened);
    let mut names: Vec<&String> = row.paths.iter().filter_map(|path| path.first()).collect();
    names.dedup();
    let places = names.into_iter().flat_map(|name| {
        let [was, now] = [&row.after, &row.before].map(|values| side(values, name).unwrap_or_default());
        places(name, &was, &now)
    });
    // What only AWS fills in is in no path of the row.
    places.filter(|place| changed.iter().any(|path| is_around(path, &attributes(&place.path, &sides)))).collect()
}

/// An argument that a row puts back although it is no drift, and why it is none.
fn by_itself(row: &Change) -> Option<(String, &'static str)> {
    let declared = row.after.as_ref().unwrap_or(&Value::Null);
    row.paths.iter().find_map(|path| {
        let (expected, actual) = (at(row.after.as_ref(), path), at(row.before.as_ref(), path));
        let reason = fold(&row.resource_type, declared, &Difference { path: path.clone(), expected, actual })?;
        Some((path.join("."), reason))
    })
}

/// What a side of a row has at a path.
fn at(side: Option<&Value>, path: &[String]) -> Option<Value> {
    let value = path.iter().try_fold(side.cloned()?, |value, part| match &value {
        Value::Array(items) => items.get(part.parse::<usize>().ok()?).map(opened),
        other => other.get(part).map(opened),
    });
    value.filter(|value| !value.is_null())
}

/// What is put back, a line for each property.
fn words(row: &Change) -> Vec<String> {
    let shown = |value: Option<Value>| value.map_or_else(|| "nothing".to_owned(), |value| format!("`{value}`"));
    let line = |place: Place| {
        let (before, after) = (shown(place.now), shown(place.was));
        format!("{}: {} is {before}, and becomes {after}", row.address, place.path.join("."))
    };
    put_back(row).into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::drift::{Kind, Level};
    use crate::plan::{Replace, ReplaceRequired};

    fn row(address: &str, actions: &[&str]) -> Change {
        Change {
            address: address.to_owned(),
            node: None,
            stack: "hub".to_owned(),
            account: "111122223333".to_owned(),
            resource_type: "aws_iam_role".to_owned(),
            actions: actions.iter().map(|action| (*action).to_owned()).collect(),
            replace: None,
            stateful: false,
            before: Some(json!({"description": "mine"})),
            after: Some(json!({"description": "one"})),
            paths: vec![vec!["description".to_owned()]],
            seen_by: Vec::new(),
            source: Vec::new(),
            policy: None,
            note: None,
        }
    }

    fn refused(rows: Vec<Change>) -> String {
        alone(rows, "hub/aws_iam_role.a").unwrap_err().to_string()
    }

    #[test]
    fn what_changes_one_resource_in_place_is_done_and_told() {
        let own = alone(vec![row("hub/aws_iam_role.a", &["update"])], "hub/aws_iam_role.a").unwrap().unwrap();
        assert_eq!(words(&own), [r#"hub/aws_iam_role.a: description is `"mine"`, and becomes `"one"`"#]);
    }

    fn finding(path: &[&str], actual: Value) -> Finding {
        Finding {
            address: "hub/aws_iam_role.a".to_owned(),
            stack: "hub".to_owned(),
            account: "111122223333".to_owned(),
            region: "us-east-1".to_owned(),
            resource_type: "aws_iam_role".to_owned(),
            kind: Kind::Changed,
            path: path.iter().map(|part| (*part).to_owned()).collect(),
            expected: None,
            actual: Some(actual),
            severity: Level::Medium,
            reader: Reader::Terraform,
            source: Vec::new(),
            accepted_by: None,
            id: None,
            command: None,
            by_change_set: false,
        }
    }

    #[test]
    fn what_has_changed_since_it_was_shown_is_not_overwritten() {
        let update = || row("hub/aws_iam_role.a", &["update"]);
        assert!(as_shown(update(), &[&finding(&["description"], json!("mine"))]).is_ok());
        for shown in [finding(&["description"], json!("another")), finding(&["path"], json!("mine"))] {
            let refused = as_shown(update(), &[&shown]).unwrap_err();
            assert!(matches!(&refused, EngineError::ChangedSince { property, .. } if property == "description"));
        }
    }

    #[test]
    fn what_was_shown_as_a_whole_or_in_another_place_of_a_set_is_what_was_shown() {
        let of = |paths: &[&[&str]], before: Value| Change {
            before: Some(before),
            after: Some(json!({})),
            paths: paths.iter().map(|path| path.iter().map(|part| (*part).to_owned()).collect()).collect(),
            ..row("hub/aws_iam_role.a", &["update"])
        };
        let tags = of(&[&["tags_all"]], json!({"tags_all": {"team": "other"}}));
        assert!(as_shown(tags, &[&finding(&["tags", "team"], json!("other"))]).is_ok());
        let rules = of(&[&["rule", "1", "port"]], json!({"rule": [{"port": 1}, {"port": 2}]}));
        let rules = Change { after: Some(json!({"rule": [{"port": 1}, {"port": 3}]})), ..rules };
        assert!(as_shown(rules, &[&finding(&["rule", "0", "port"], json!(2))]).is_ok());
    }

    #[test]
    fn a_rule_that_somebody_has_added_since_is_not_taken_away_with_the_one_that_was_shown() {
        let rule = |name: &str| json!({"name": name, "priority": 1});
        let row = |there: &[&str]| Change {
            before: Some(json!({"rule": there.iter().map(|name| rule(name)).collect::<Vec<_>>()})),
            after: Some(json!({"rule": [rule("own")]})),
            paths: vec![vec!["rule".to_owned()]],
            ..row("hub/aws_iam_role.a", &["update"])
        };
        let shown = finding(&["rule", "mine"], rule("mine"));
        assert!(as_shown(row(&["mine", "own"]), &[&shown]).is_ok());
        let refused = as_shown(row(&["mine", "own", "since"]), &[&shown]).unwrap_err();
        assert!(matches!(&refused, EngineError::ChangedSince { property, .. } if property == "rule.since"));
    }

    #[test]
    fn what_would_touch_another_resource_is_refused_with_its_name() {
        let both = vec![row("hub/aws_iam_role.a", &["update"]), row("hub/aws_iam_role.b", &["update"])];
        assert!(refused(both).contains("hub/aws_iam_role.b would change with it"));
    }

    #[test]
    fn nothing_is_replaced_deleted_or_made_anew() {
        let replaced = Change {
            replace: Some(Replace { required: ReplaceRequired::Always, paths: Vec::new() }),
            ..row("hub/aws_iam_role.a", &["delete", "create"])
        };
        assert!(refused(vec![replaced]).contains("it would be replaced"));
        assert!(refused(vec![row("hub/aws_iam_role.a", &["create"])]).contains("made anew"));
        assert!(refused(vec![row("hub/aws_iam_role.a", &["delete"])]).contains("delete"));
    }

    #[test]
    fn a_version_that_came_by_itself_is_not_taken_back_with_the_rest() {
        let cluster = Change {
            resource_type: "aws_rds_cluster".to_owned(),
            before: Some(json!({"engine_version": "16.8", "backup_retention_period": 1})),
            after: Some(json!({"engine_version": "16.6", "backup_retention_period": 7})),
            paths: vec![vec!["backup_retention_period".to_owned()], vec!["engine_version".to_owned()]],
            ..row("hub/aws_iam_role.a", &["update"])
        };
        assert!(refused(vec![cluster]).contains("engine_version would be put back with it: a minor version that RDS"));
    }

    #[test]
    fn an_address_that_differs_from_what_is_there_is_nothing() {
        assert_eq!(alone(Vec::new(), "hub/aws_iam_role.a").unwrap(), None);
    }
}
