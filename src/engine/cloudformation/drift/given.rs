//! What services themselves give of resources, beside the Cloud Control API: what it can only write, and what nobody knows
//! whether it gives as a whole.

use serde_json::Value;

use super::stack::{Read, ReadStack};
use super::{cache, users, waf};
use crate::aws::elasticache_groups::ReplicationGroup;
use crate::aws::{Result, Session};
use crate::drift::{Difference, Reader};

/// What a service has given of a resource.
#[derive(Debug)]
pub(super) struct Given {
    /// Who has given it.
    pub reader: Reader,
    /// Which properties.
    pub names: Vec<&'static str>,
    /// What the Cloud Control API has given of the resource, where the word of the service counts for these properties.
    pub control: Option<Value>,
}

/// What a service has answered about a resource that is there.
#[derive(Debug)]
pub(super) enum Told {
    /// Beside what the Cloud Control API gives: a cache.
    Cache(ReplicationGroup),
    /// Beside what the Cloud Control API gives: a user of a cache.
    User(Value),
    /// In the place of what the Cloud Control API gives: these properties.
    Instead(Reader, &'static [&'static str], Value),
}

/// Answers by logical id; `None` for what is not there.
pub(super) type Answers = Vec<(String, Result<Option<Told>>)>;

/// Asks the services about the resources of a stack. Where there are none of theirs, no call is made.
pub(super) async fn read(session: &Session, stack: &ReadStack) -> Answers {
    let (caches, users, waf) =
        futures::join!(cache::read(session, stack), users::read(session, stack), waf::read(session, stack));
    caches.into_iter().chain(users).chain(waf).collect()
}

/// Adds to what the Cloud Control API has given of the resources of a stack what services have given.
pub(super) fn take_in(stack: &mut ReadStack, answers: Answers) {
    for (logical_id, answer) in answers {
        let declared = stack.declared(&logical_id).unwrap_or_default();
        let Some(Read::There(actual, _)) = stack.read.get_mut(&logical_id) else { continue };
        match answer {
            Ok(Some(told)) => {
                let given = told.add_to(&declared, actual);
                stack.given.insert(logical_id, given);
            }
            Ok(None) => {}
            Err(error) => {
                stack.withheld.insert(logical_id, error.to_string());
            }
        }
    }
}

impl Told {
    fn add_to(self, declared: &Value, actual: &mut Value) -> Given {
        let beside = |names| Given { reader: Reader::ElastiCache, names, control: None };
        match self {
            Self::Cache(group) => beside(cache::merge(&group, declared, actual)),
            Self::User(user) => beside(users::merge(&user, declared, actual)),
            Self::Instead(reader, names, found) => {
                let control = Some(actual.clone());
                if let Some(actual) = actual.as_object_mut() {
                    for name in names {
                        match found.get(*name).filter(|value| !value.is_null()) {
                            Some(value) => drop(actual.insert((*name).to_owned(), value.clone())),
                            None => drop(actual.shift_remove(*name)),
                        }
                    }
                }
                Given { reader, names: names.to_vec(), control }
            }
        }
    }
}

impl Given {
    /// What a patch begins with, and what it puts back: what the Cloud Control API gives otherwise than the service is set as a
    /// whole.
    pub fn to_write(&self, declared: &Value, live: &Value, told: Vec<Difference>) -> (Value, Vec<Difference>) {
        let Some(control) = &self.control else { return (live.clone(), told) };
        let mut differences: Vec<Difference> = Vec::new();
        for one in told {
            let name = one.path.first().map(String::as_str).unwrap_or_default();
            let one = if control.get(name) == live.get(name) {
                one
            } else {
                let (expected, actual) = (declared.get(name).cloned(), control.get(name).cloned());
                Difference { path: vec![name.to_owned()], expected, actual }
            };
            if !differences.contains(&one) {
                differences.push(one);
            }
        }
        (control.clone(), differences)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NAMES: &[&str] = &["Rules", "DefaultAction"];

    /// What a service has said in the place of what the Cloud Control API has: what is compared, and what is known of it.
    fn instead(control: &Value, found: Value) -> (Value, Given) {
        let mut actual = control.clone();
        let given = Told::Instead(Reader::Wafv2, NAMES, found).add_to(&json!({}), &mut actual);
        (actual, given)
    }

    fn action(expected: Value, actual: Value) -> Difference {
        let path = ["Rules", "a", "Action"].map(ToOwned::to_owned).to_vec();
        Difference { path, expected: Some(expected), actual: Some(actual) }
    }

    #[test]
    fn the_word_of_the_service_counts_and_the_rest_stays() {
        let control = json!({"Rules": [], "DefaultAction": {"Allow": {}}, "Tags": [{"Key": "a", "Value": "b"}]});
        let (actual, _) = instead(&control, json!({"Rules": [{"Name": "a"}], "Tags": []}));
        assert_eq!(actual, json!({"Rules": [{"Name": "a"}], "Tags": control["Tags"]}));
    }

    #[test]
    fn a_patch_sets_as_a_whole_what_the_cloud_control_api_gives_otherwise() {
        let rules = |action: &str| json!([{"Name": "a", "Action": {action: {}}}]);
        let (block, count) = (json!({"Block": {}}), json!({"Count": {}}));
        let declared = json!({"Rules": rules("Block")});
        let differences = vec![action(block.clone(), count.clone()), action(count.clone(), block.clone())];
        let (live, given) = instead(&json!({"Rules": []}), json!({"Rules": rules("Count")}));
        let (base, written) = given.to_write(&declared, &live, differences);
        assert_eq!(base, json!({"Rules": []}));
        let whole = Difference {
            path: vec!["Rules".into()],
            expected: Some(declared["Rules"].clone()),
            actual: Some(json!([])),
        };
        assert_eq!(written, [whole]);
    }

    #[test]
    fn a_patch_is_as_small_as_what_differs_where_both_give_the_same() {
        let same = json!({"Rules": [{"Name": "a", "Action": {"Count": {}}}]});
        let (live, given) = instead(&same, same.clone());
        let told = vec![action(json!({"Block": {}}), json!({"Count": {}}))];
        assert_eq!(given.to_write(&json!({}), &live, told.clone()), (same, told));
    }
}
