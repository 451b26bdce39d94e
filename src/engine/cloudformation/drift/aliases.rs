//! Keys that a template names by an alias. AWS gives them back by their ids or ARNs, and only the alias tells whose they are.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt;
use serde_json::Value;

use super::reading::AT_ONCE;
use super::stack::ReadStack;
use crate::aws::cloudcontrol::CloudControl;
use crate::drift::{Compared, Difference, is_same};
use crate::render::Target;

/// The type of an alias. Its own name is no key.
const ALIAS: &str = "AWS::KMS::Alias";

/// The keys that aliases stand for, by `alias/name`.
pub(super) type Aliases = BTreeMap<String, String>;

/// Reads the aliases that the resources of a stack name. Where none does, no call is made. One that cannot be read is left out.
pub(super) async fn read(control: &CloudControl, target: &Target, stack: &ReadStack) -> Aliases {
    let mut named = BTreeSet::new();
    for resource in stack.resources.iter().filter(|resource| resource.resource_type != ALIAS) {
        let declared = stack.declared(&resource.logical_id).unwrap_or_default();
        collect(&declared, target, &mut named);
    }
    let asked = futures::stream::iter(named).map(|name| async move {
        let alias = control.get(ALIAS, &name).await.ok()??;
        let key = alias.properties.get("TargetKeyId")?.as_str()?.to_owned();
        Some((name, key))
    });
    let answers: Vec<Option<(String, String)>> = asked.buffer_unordered(AT_ONCE).collect().await;
    answers.into_iter().flatten().collect()
}

fn collect(value: &Value, target: &Target, named: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => named.extend(alias_of(text, Some(target)).map(ToOwned::to_owned)),
        Value::Array(items) => items.iter().for_each(|item| collect(item, target, named)),
        Value::Object(members) => members.values().for_each(|member| collect(member, target, named)),
        _ => {}
    }
}

/// The alias that a text names, `alias/name`; by its ARN only one of this account and region.
fn alias_of<'t>(text: &'t str, target: Option<&Target>) -> Option<&'t str> {
    if text.starts_with("alias/") {
        return Some(text);
    }
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let [_, _, "kms", region, account, name] = parts.as_slice() else { return None };
    let is_here = target.is_none_or(|target| target.region == *region && target.account == *account);
    (is_here && name.starts_with("alias/")).then_some(name)
}

/// Whether a text names a key itself: by its ARN, or by its id.
fn is_key(text: &str) -> bool {
    let id = text.rsplit("key/").next().unwrap_or(text);
    let is_arn = text.starts_with("arn:") && text.contains(":kms:") && text.contains(":key/");
    let is_id = id.starts_with("mrk-") || uuid::Uuid::try_parse(id).is_ok();
    (is_arn || !text.starts_with("arn:")) && is_id
}

/// Takes out of what differs the keys that a declared alias stands for. What an alias stands for that could not be read, nobody
/// knows.
pub(super) fn settle(aliases: &Aliases, compared: &mut Compared) {
    let differences = std::mem::take(&mut compared.differences);
    for difference in differences {
        match own_key(aliases, &difference) {
            None => compared.differences.push(difference),
            Some(Some((key, actual))) if is_same(key, actual) => {}
            Some(Some(_)) => compared.differences.push(difference),
            Some(None) => compared.unread.push(difference.path),
        }
    }
}

/// The key that the declared alias of a difference stands for, if it is known, with the key that is there; `None` where no alias is
/// declared or no key is there.
fn own_key<'a>(aliases: &'a Aliases, difference: &'a Difference) -> Option<Option<(&'a str, &'a str)>> {
    let alias = alias_of(difference.expected.as_ref()?.as_str()?, None)?;
    let actual = difference.actual.as_ref()?.as_str().filter(|actual| is_key(actual))?;
    Some(aliases.get(alias).map(|key| (key.as_str(), actual)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

    fn arn(resource: &str) -> String {
        format!("arn:aws:kms:us-east-1:111122223333:{resource}")
    }

    /// What is left of a difference: whether it still is one, and whether it is unread.
    fn settled(known: &[(&str, &str)], expected: &str, actual: &str) -> (bool, bool) {
        let aliases = known.iter().map(|(alias, key)| ((*alias).to_owned(), (*key).to_owned())).collect();
        let (expected, actual) = (Some(json!(expected)), Some(json!(actual)));
        let difference = Difference { path: vec!["KmsKeyId".to_owned()], expected, actual };
        let mut compared = Compared { differences: vec![difference], unread: Vec::new() };
        settle(&aliases, &mut compared);
        (!compared.differences.is_empty(), !compared.unread.is_empty())
    }

    #[test]
    fn an_alias_is_the_key_that_it_stands_for_by_id_and_by_arn() {
        let known = [("alias/acme", ID)];
        assert_eq!(settled(&known, "alias/acme", &arn(&format!("key/{ID}"))), (false, false));
        assert_eq!(settled(&known, &arn("alias/acme"), ID), (false, false));
    }

    #[test]
    fn another_key_than_that_of_the_alias_is_a_difference() {
        let other = arn("key/00000000-12ab-34cd-56ef-1234567890ab");
        assert_eq!(settled(&[("alias/acme", ID)], "alias/acme", &other), (true, false));
        assert_eq!(settled(&[("alias/acme", ID)], "alias/acme", "alias/other"), (true, false));
    }

    #[test]
    fn what_an_alias_stands_for_that_cannot_be_read_is_not_known() {
        assert_eq!(settled(&[], "alias/acme", &arn(&format!("key/{ID}"))), (false, true));
    }

    #[test]
    fn an_alias_of_another_account_is_not_asked_for_here() {
        let target = Target { account: "222222222222".into(), region: "us-east-1".into(), deploy_role: None };
        assert_eq!(alias_of(&arn("alias/acme"), Some(&target)), None);
        assert_eq!(alias_of("alias/acme", Some(&target)), Some("alias/acme"));
    }
}
