//! What puts differences back: a JSON Patch (RFC 6902) that begins with what is there and sets what differs.
//!
//! What the template does not declare is left as it is: tags of others, items that other resources add to a list. Each
//! change stands behind a `test` of what was seen, and the Cloud Control API makes none of them where one test fails.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::compare::{Difference, ORDERED, identity};
use crate::cfn::evaluate::is_known;
use crate::cfn::registry::ResourceSchema;

/// Operations, and which differences they put back.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Patch {
    /// The patch document: tests first.
    pub operations: Vec<Value>,
    /// How many differences it puts back.
    pub count: usize,
    /// Paths of what it sets, as in differences: everything below them is set.
    pub regions: Vec<Vec<String>>,
}

/// One change.
#[derive(Debug)]
struct Step {
    /// JSON Pointer.
    pointer: String,
    /// Tests that go before it: pointer and value.
    tests: Vec<(String, Value)>,
    change: Change,
    region: Vec<String>,
}

#[derive(Debug)]
enum Change {
    Replace(Value),
    Add(Value),
    Append(Value),
    /// The item at an index, which is for the order: the last goes first.
    Remove(usize),
}

impl Patch {
    /// Whether it sets what is at a path, or a part of it.
    pub fn touches(&self, path: &[String]) -> bool {
        self.regions.iter().any(|region| path.starts_with(region) || region.starts_with(path))
    }
}

/// What CloudFormation puts in the place of a reference to a secret or a parameter, and the Cloud Control API does not.
const DYNAMIC: &str = "{{resolve:";
/// Properties whose every write makes a new value: without them a service keeps the one that it has.
const MADE_ANEW: (&str, [&str; 2]) = ("AWS::SecretsManager::Secret", ["GenerateSecretString", "SecretString"]);

/// What puts differences between declared properties and live ones back. Left out is what only a new resource gets, and what
/// has a name in it that is not known.
///
/// An update begins with what AWS gives back, and takes away what is not there: the declared properties that AWS never gives
/// back go along.
pub fn patch(schema: &ResourceSchema, declared: &Value, live: &Value, differences: &[Difference]) -> Patch {
    let settable = differences.iter().filter(|difference| !is_create_only(schema, &difference.path));
    let mut steps: Vec<Step> = Vec::new();
    let mut count = 0;
    let mut taken = BTreeSet::new();
    for difference in settable {
        let Some(step) = step(declared, live, difference, &mut taken) else { continue };
        count += 1;
        // What is set as a whole is set once.
        let is_in = |inner: &Step, outer: &Step| {
            matches!(outer.change, Change::Replace(_) | Change::Add(_)) && is_below(&inner.pointer, &outer.pointer)
        };
        if steps.iter().any(|other| is_in(&step, other)) {
            continue;
        }
        steps.retain(|other| !is_in(other, &step));
        steps.push(step);
    }
    // Items that go would move those behind them.
    steps.sort_by_key(|step| match step.change {
        Change::Replace(_) | Change::Add(_) => (0, 0),
        Change::Remove(index) => (1, usize::MAX - index),
        Change::Append(_) => (2, 0),
    });
    let mut operations: Vec<Value> = Vec::new();
    for (pointer, value) in steps.iter().flat_map(|step| &step.tests) {
        let test = json!({"op": "test", "path": pointer, "value": value});
        if !operations.contains(&test) {
            operations.push(test);
        }
    }
    let mut regions: Vec<Vec<String>> = steps.iter().map(|step| step.region.clone()).collect();
    operations.extend(steps.into_iter().map(|Step { pointer, change, .. }| match change {
        Change::Replace(value) => json!({"op": "replace", "path": pointer, "value": value}),
        Change::Add(value) | Change::Append(value) => json!({"op": "add", "path": pointer, "value": value}),
        Change::Remove(_) => json!({"op": "remove", "path": pointer}),
    }));
    if !operations.is_empty() {
        for (name, value) in never_given_back(schema, declared) {
            if regions.iter().any(|region| region.first() == Some(name)) {
                continue;
            }
            operations.push(json!({"op": "add", "path": format!("/{}", escaped(name)), "value": value}));
            regions.push(vec![name.clone()]);
        }
    }
    Patch { operations, count, regions }
}

/// The declared properties of a resource that AWS never gives back, and that can be written again.
fn never_given_back<'a>(
    schema: &'a ResourceSchema,
    declared: &'a Value,
) -> impl Iterator<Item = (&'a String, &'a Value)> {
    let (type_name, names) = MADE_ANEW;
    let is_made_anew = move |name: &str| schema.type_name() == type_name && names.contains(&name);
    let is_written_only = |name: &str| schema.write_only().iter().any(|path| *path.segments() == [name]);
    declared.as_object().into_iter().flatten().filter(move |(name, value)| {
        is_written_only(name)
            && !is_create_only(schema, std::slice::from_ref(*name))
            && !is_made_anew(name)
            && can_be_written(value)
    })
}

/// Whether the Cloud Control API takes a value for what it says.
fn can_be_written(value: &Value) -> bool {
    fn is_dynamic(value: &Value) -> bool {
        match value {
            Value::String(text) => text.contains(DYNAMIC),
            Value::Array(items) => items.iter().any(is_dynamic),
            Value::Object(members) => members.values().any(is_dynamic),
            _ => false,
        }
    }
    is_known(value) && !is_dynamic(value)
}

/// Whether a property, or what is around it, is set when the resource is made, and never after.
pub(super) fn is_create_only(schema: &ResourceSchema, path: &[String]) -> bool {
    schema.create_only().iter().any(|one| {
        let mut own = path.iter().filter(|part| part.parse::<usize>().is_err());
        !path.is_empty() && one.segments().iter().filter(|part| *part != "*").all(|part| own.next() == Some(part))
    })
}

fn is_below(inner: &str, outer: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A name in a JSON Pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Where a walk along the path of a difference is.
struct At<'a> {
    pointer: String,
    region: Vec<String>,
    tests: Vec<(String, Value)>,
    declared: Option<&'a Value>,
    live: &'a Value,
}

impl At<'_> {
    fn becomes(self, change: Change) -> Option<Step> {
        let is_whole = match &change {
            Change::Replace(value) | Change::Add(value) | Change::Append(value) => can_be_written(value),
            Change::Remove(_) => true,
        };
        is_whole.then_some(Step { pointer: self.pointer, tests: self.tests, change, region: self.region })
    }

    /// What is there becomes what is declared.
    fn replaced(mut self) -> Option<Step> {
        let value = self.declared?.clone();
        self.tests.push((self.pointer.clone(), self.live.clone()));
        self.becomes(Change::Replace(value))
    }

    /// The item at an index goes.
    fn without(mut self, index: usize) -> Option<Step> {
        self.pointer = format!("{}/{index}", self.pointer);
        self.tests.push((self.pointer.clone(), self.live.get(index)?.clone()));
        self.becomes(Change::Remove(index))
    }

    fn with(mut self, item: &Value) -> Option<Step> {
        self.pointer.push_str("/-");
        self.becomes(Change::Append(item.clone()))
    }
}

/// What puts one difference back. `taken` are the items of lists that others change.
fn step(declared: &Value, live: &Value, difference: &Difference, taken: &mut BTreeSet<String>) -> Option<Step> {
    let mut at = At { pointer: String::new(), region: Vec::new(), tests: Vec::new(), declared: Some(declared), live };
    let mut parts = difference.path.iter().peekable();
    while let Some(part) = parts.next() {
        let is_last = parts.peek().is_none();
        match at.live {
            Value::Object(members) => {
                at.pointer = format!("{}/{}", at.pointer, escaped(part));
                at.region.push(part.clone());
                at.declared = at.declared.and_then(|value| value.get(part));
                match members.get(part).filter(|value| !value.is_null()) {
                    Some(inner) => at.live = inner,
                    None => {
                        let value = at.declared?.clone();
                        return at.becomes(Change::Add(value));
                    }
                }
            }
            Value::Array(there) => {
                let wanted = at.declared.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                let named = |items: &[Value], key: &str| {
                    items.iter().position(|item| item.get(key).and_then(Value::as_str) == Some(part.as_str()))
                };
                let is_ordered = at.region.last().is_some_and(|name| ORDERED.contains(&name.as_str()));
                if is_ordered {
                    let index = part.parse::<usize>().ok().filter(|_| wanted.len() == there.len());
                    match index.and_then(|index| there.get(index)) {
                        Some(inner) => {
                            at.pointer = format!("{}/{part}", at.pointer);
                            at.region.push(part.clone());
                            at.declared = part.parse::<usize>().ok().and_then(|index| wanted.get(index));
                            at.live = inner;
                        }
                        None => return at.replaced(),
                    }
                    continue;
                }
                if let Some(key) = identity(wanted, there) {
                    let wanted = named(wanted, key).and_then(|index| wanted.get(index));
                    at.region.push(part.clone());
                    match (named(there, key), wanted) {
                        (Some(index), Some(item)) => {
                            at.pointer = format!("{}/{index}", at.pointer);
                            // The list may come in another order the next time.
                            at.tests.push((format!("{}/{key}", at.pointer), json!(part)));
                            at.live = there.get(index)?;
                            at.declared = Some(item);
                        }
                        (None, Some(item)) => return at.with(item),
                        (Some(index), None) => return at.without(index),
                        (None, None) => return None,
                    }
                    continue;
                }
                return in_set(at, there, difference, is_last, taken);
            }
            // A document as the text of its JSON, or something of another kind.
            _ => return at.replaced(),
        }
    }
    match (at.live, &difference.expected) {
        // Something was added to a list whose items have no names.
        (Value::Array(there), None) => in_set(at, there, difference, true, taken),
        _ => at.replaced(),
    }
}

/// A list whose items have neither names nor an order: the item that differs, where it is found, or else the whole list.
/// Of equal items each is another one.
fn in_set(
    at: At<'_>,
    there: &[Value],
    difference: &Difference,
    is_item: bool,
    taken: &mut BTreeSet<String>,
) -> Option<Step> {
    let Difference { expected, actual, .. } = difference;
    let is_free = |index: usize| !taken.contains(&format!("{}/{index}", at.pointer));
    let position = actual
        .as_ref()
        .and_then(|actual| there.iter().enumerate().position(|(index, item)| item == actual && is_free(index)));
    if let Some(index) = position.filter(|_| is_item) {
        taken.insert(format!("{}/{index}", at.pointer));
    }
    match (is_item, expected, actual, position) {
        (true, None, Some(_), Some(index)) => at.without(index),
        (true, Some(expected), None, _) => at.with(expected),
        (true, Some(expected), Some(actual), Some(index)) => {
            let mut at = at;
            at.pointer = format!("{}/{index}", at.pointer);
            at.tests.push((at.pointer.clone(), actual.clone()));
            at.region.extend(difference.path.last().cloned());
            at.becomes(Change::Replace(expected.clone()))
        }
        _ => at.replaced(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cfn::registry::Registry;
    use crate::drift::compare;

    /// The patch between what is declared of a type and what is there.
    fn of(type_name: &str, declared: Value, live: Value) -> Patch {
        let registry = Registry::builtin();
        let schema = registry.get(type_name).unwrap();
        let differences = compare(schema, &declared, &live, &[]).differences;
        patch(schema, &declared, &live, &differences)
    }

    fn tag(key: &str, value: &str) -> Value {
        json!({"Key": key, "Value": value})
    }

    #[test]
    fn a_tag_is_set_and_tags_of_others_are_left_alone() {
        let live =
            json!({"Tags": [tag("aws:cloudformation:stack-name", "acme"), tag("cost", "1"), tag("team", "other")]});
        let patch = of("AWS::EC2::VPC", json!({"Tags": [tag("team", "platform")]}), live);
        assert_eq!(
            json!(patch.operations),
            json!([
                {"op": "test", "path": "/Tags/2/Key", "value": "team"},
                {"op": "test", "path": "/Tags/2/Value", "value": "other"},
                {"op": "replace", "path": "/Tags/2/Value", "value": "platform"},
            ])
        );
    }

    #[test]
    fn a_tag_that_is_missing_is_added_behind_the_others() {
        let live = json!({"Tags": [tag("cost", "1")]});
        let patch = of("AWS::EC2::VPC", json!({"Tags": [tag("team", "platform")]}), live);
        assert_eq!(
            json!(patch.operations),
            json!([{"op": "add", "path": "/Tags/-", "value": {"Key": "team", "Value": "platform"}}])
        );
    }

    #[test]
    fn a_value_is_tested_before_it_is_replaced() {
        let patch = of("AWS::Logs::LogGroup", json!({"RetentionInDays": 90}), json!({"RetentionInDays": 7}));
        assert_eq!(
            json!(patch.operations),
            json!([
                {"op": "test", "path": "/RetentionInDays", "value": 7},
                {"op": "replace", "path": "/RetentionInDays", "value": 90},
            ])
        );
    }

    #[test]
    fn what_is_gone_is_added() {
        let patch = of("AWS::Logs::LogGroup", json!({"RetentionInDays": 90}), json!({}));
        assert_eq!(json!(patch.operations), json!([{"op": "add", "path": "/RetentionInDays", "value": 90}]));
    }

    #[test]
    fn items_that_were_added_go_from_the_end_and_the_others_stay() {
        let (declared, live) = (json!({"SubnetIds": ["a", "d"]}), json!({"SubnetIds": ["x", "a", "y"]}));
        let registry = Registry::builtin();
        let schema = registry.get("AWS::RDS::DBSubnetGroup").unwrap();
        let added =
            |item: &str| Difference { path: vec!["SubnetIds".to_owned()], expected: None, actual: Some(json!(item)) };
        let missing =
            Difference { path: vec!["SubnetIds".into(), "1".into()], expected: Some(json!("d")), actual: None };
        let patch = patch(schema, &declared, &live, &[added("x"), added("y"), missing]);
        assert_eq!(
            json!(patch.operations),
            json!([
                {"op": "test", "path": "/SubnetIds/2", "value": "y"},
                {"op": "test", "path": "/SubnetIds/0", "value": "x"},
                {"op": "remove", "path": "/SubnetIds/2"},
                {"op": "remove", "path": "/SubnetIds/0"},
                {"op": "add", "path": "/SubnetIds/-", "value": "d"},
            ])
        );
    }

    #[test]
    fn of_equal_items_that_were_added_each_goes() {
        let registry = Registry::builtin();
        let schema = registry.get("AWS::RDS::DBSubnetGroup").unwrap();
        let (declared, live) = (json!({"SubnetIds": ["a"]}), json!({"SubnetIds": ["x", "a", "x"]}));
        let added = Difference { path: vec!["SubnetIds".to_owned()], expected: None, actual: Some(json!("x")) };
        let patch = patch(schema, &declared, &live, &[added.clone(), added]);
        let removed = patch.operations.iter().filter(|operation| operation["op"] == "remove");
        assert_eq!(removed.map(|operation| &operation["path"]).collect::<Vec<_>>(), ["/SubnetIds/2", "/SubnetIds/0"]);
    }

    #[test]
    fn what_aws_never_gives_back_goes_along_since_an_update_would_take_it_away() {
        let declared = json!({
            "StackSetName": "acme", "PermissionModel": "SERVICE_MANAGED", "Description": "one", "CallAs": "DELEGATED_ADMIN",
            "OperationPreferences": {"Ref": "Unknown"},
        });
        let patch = of("AWS::CloudFormation::StackSet", declared, json!({"Description": "mine"}));
        assert_eq!(
            json!(patch.operations),
            json!([
                {"op": "test", "path": "/Description", "value": "mine"},
                {"op": "replace", "path": "/Description", "value": "one"},
                {"op": "add", "path": "/CallAs", "value": "DELEGATED_ADMIN"},
            ])
        );
        assert!(patch.touches(&["CallAs".to_owned()]) && patch.count == 1);
    }

    #[test]
    fn where_nothing_differs_nothing_goes_along() {
        let (declared, live) = (json!({"Description": "one", "CallAs": "SELF"}), json!({"Description": "one"}));
        assert_eq!(of("AWS::CloudFormation::StackSet", declared, live).operations, [json!(null); 0]);
    }

    #[test]
    fn a_secret_keeps_its_value_when_something_else_of_it_is_put_back() {
        for value in [json!({"GenerateSecretString": {"PasswordLength": 40}}), json!({"SecretString": "{}"})] {
            let mut declared = json!({"Description": "one"});
            declared.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
            let patch = of("AWS::SecretsManager::Secret", declared, json!({"Description": "mine"}));
            assert_eq!(patch.operations.len(), 2, "{:?}", patch.operations);
        }
    }

    #[test]
    fn a_reference_to_a_secret_is_never_written_as_its_own_text() {
        let password = json!("{{resolve:secretsmanager:acme:SecretString:password}}");
        let declared = json!({"BackupRetentionPeriod": 7, "MasterUserPassword": password});
        let patch = of("AWS::RDS::DBCluster", declared, json!({"BackupRetentionPeriod": 1}));
        assert_eq!(patch.operations.len(), 2, "{:?}", patch.operations);
    }

    #[test]
    fn a_policy_that_is_there_as_text_is_replaced_as_a_whole() {
        let document = |action: &str| json!({"Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]});
        let live = json!({"PolicyDocument": document("s3:*").to_string()});
        let patch = of("AWS::IAM::ManagedPolicy", json!({"PolicyDocument": document("s3:GetObject")}), live.clone());
        assert_eq!(
            patch.operations[0],
            json!({"op": "test", "path": "/PolicyDocument", "value": live["PolicyDocument"]})
        );
        assert_eq!(patch.operations[1]["value"], document("s3:GetObject"));
    }

    #[test]
    fn what_is_only_set_when_a_resource_is_made_is_left_out() {
        let patch = of("AWS::EC2::VPC", json!({"CidrBlock": "10.0.0.0/16"}), json!({"CidrBlock": "10.1.0.0/16"}));
        assert_eq!((patch.operations.len(), patch.count), (0, 0));
    }

    #[test]
    fn what_is_not_known_is_not_written() {
        let declared = json!({"Rules": [{"a": 1, "b": {"Ref": "Other"}}]});
        let live = json!({"Rules": [{"a": 3, "b": 1}]});
        assert!(of("AWS::Logs::LogGroup", declared, live).operations.is_empty());
    }

    #[test]
    fn a_patch_tells_what_else_it_sets() {
        let rules = |days: i64, prefix: &str| json!({"LifecycleConfiguration": {"Rules": [{"ExpirationInDays": days, "Prefix": prefix}]}});
        let patch = of("AWS::S3::Bucket", rules(30, "a"), rules(31, "a"));
        let path = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>();
        assert!(patch.touches(&path(&["LifecycleConfiguration", "Rules", "0", "Prefix"])));
        assert!(!patch.touches(&path(&["VersioningConfiguration"])));
    }
}
