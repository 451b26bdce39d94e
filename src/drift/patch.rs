//! What puts differences back: a JSON Patch (RFC 6902) that begins with what is there and sets what differs.
//!
//! What the template does not declare is left as it is: tags of others, items that other resources add to a list. Each
//! change stands behind a `test` of what was seen, and the Cloud Control API makes none of them where one test fails.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::along::along;
use super::compare::Difference;
use super::step::{Change, Step, step};
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

impl Patch {
    /// Whether it sets what is at a path, or a part of it.
    pub fn touches(&self, path: &[String]) -> bool {
        self.regions.iter().any(|region| path.starts_with(region) || region.starts_with(path))
    }
}

/// What puts differences between declared properties and live ones back. Left out is what only a new resource gets, and what
/// has a name in it that is not known.
///
/// An update begins with what AWS gives back, and takes away what is not there: the declared properties that AWS never gives
/// back go along.
pub fn patch(schema: &ResourceSchema, declared: &Value, live: &Value, differences: &[Difference]) -> Patch {
    let settable = differences.iter().filter(|difference| !schema.is_create_only(&difference.path));
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
    if !steps.is_empty() {
        let taken: Vec<Vec<String>> = steps.iter().map(|step| step.region.clone()).collect();
        steps.extend(along(schema, declared, live, &taken));
    }
    // Items that go would move those behind them.
    steps.sort_by_key(|step| match step.change {
        Change::Replace(_) | Change::Add(_) | Change::Drop => (0, 0),
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
    let regions: Vec<Vec<String>> = steps.iter().map(|step| step.region.clone()).collect();
    operations.extend(steps.into_iter().map(|Step { pointer, change, .. }| match change {
        Change::Replace(value) => json!({"op": "replace", "path": pointer, "value": value}),
        Change::Add(value) | Change::Append(value) => json!({"op": "add", "path": pointer, "value": value}),
        Change::Remove(_) | Change::Drop => json!({"op": "remove", "path": pointer}),
    }));
    Patch { operations, count, regions }
}

fn is_below(inner: &str, outer: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
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
    fn a_member_that_nobody_has_declared_goes_behind_a_test() {
        let counted = json!([{"Name": "Log4JRCE_BODY", "ActionToUse": {"Count": {}}}]);
        let rule =
            |statement: Value| json!({"Rules": [{"Name": "a", "Statement": {"ManagedRuleGroupStatement": statement}}]});
        let declared = rule(json!({"VendorName": "AWS"}));
        let live = rule(json!({"VendorName": "AWS", "RuleActionOverrides": counted}));
        let path = ["Rules", "a", "Statement", "ManagedRuleGroupStatement", "RuleActionOverrides"];
        let path = path.map(ToOwned::to_owned).to_vec();
        let more = Difference { path, expected: None, actual: Some(counted.clone()) };
        let registry = Registry::builtin();
        let patch = patch(registry.get("AWS::WAFv2::WebACL").unwrap(), &declared, &live, &[more]);
        let at = "/Rules/0/Statement/ManagedRuleGroupStatement/RuleActionOverrides";
        assert_eq!(
            json!(patch.operations),
            json!([
                {"op": "test", "path": "/Rules/0/Name", "value": "a"},
                {"op": "test", "path": at, "value": counted},
                {"op": "remove", "path": at},
            ])
        );
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
