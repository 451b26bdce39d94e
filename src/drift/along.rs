//! What goes along with a patch: the declared properties that AWS never gives back. An update begins with what AWS gives, and
//! takes away what is not there.

use serde_json::{Value, json};

use super::compare::is_same_item;
use super::same::{ORDERED, identity, is_named};
use super::step::{Change, Step, can_be_written, escaped};
use crate::cfn::registry::ResourceSchema;

/// Properties whose every write makes a new value: without them a service keeps the one that it has.
const MADE_ANEW: (&str, [&str; 2]) = ("AWS::SecretsManager::Secret", ["GenerateSecretString", "SecretString"]);

/// The steps that write what AWS never gives back, and what can be written again, to where its surroundings are. `taken` are
/// the regions that a patch sets anyway.
pub(super) fn along(schema: &ResourceSchema, declared: &Value, live: &Value, taken: &[Vec<String>]) -> Vec<Step> {
    let mut walk = Walk { schema, taken, steps: Vec::new() };
    walk.value(declared, Some(live), &Place::default());
    walk.steps
}

/// Where a walk through declared and live properties is.
#[derive(Debug, Clone, Default)]
struct Place {
    pointer: String,
    path: Vec<String>,
    tests: Vec<(String, Value)>,
}

impl Place {
    fn of(&self, part: &str, name: &str) -> Self {
        let mut inner = self.clone();
        inner.pointer = format!("{}/{}", self.pointer, escaped(part));
        inner.path.push(name.to_owned());
        inner
    }
}

struct Walk<'a> {
    schema: &'a ResourceSchema,
    taken: &'a [Vec<String>],
    steps: Vec<Step>,
}

impl Walk<'_> {
    fn value(&mut self, declared: &Value, live: Option<&Value>, at: &Place) {
        if self.schema.is_write_only(&at.path) {
            return self.write(declared, at);
        }
        match (declared, live) {
            (Value::Object(members), Some(Value::Object(there))) => {
                for (name, value) in members {
                    self.value(value, there.get(name), &at.of(name, name));
                }
            }
            (Value::Array(items), Some(Value::Array(there))) => self.list(items, there, at),
            _ => {}
        }
    }

    /// The item that each declared one is there: in a list with names or an order another one may differ, in any other it is
    /// the same one.
    fn list(&mut self, items: &[Value], there: &[Value], at: &Place) {
        let is_ordered = at.path.last().is_some_and(|name| ORDERED.contains(&name.as_str()));
        let key = identity(items, there).filter(|_| !is_ordered);
        let mut left: Vec<usize> = (0..there.len()).collect();
        for (number, item) in items.iter().enumerate() {
            let name = key.and_then(|key| item.get(key)?.as_str());
            let mut inner = at.of("", name.unwrap_or(&number.to_string()));
            let found = match name {
                _ if is_ordered => (items.len() == there.len()).then_some(number),
                Some(name) => key.and_then(|key| there.iter().position(|other| is_named(other, key, name))),
                None => {
                    let is_it = |index: &&usize| {
                        there.get(**index).is_some_and(|other| is_same_item(self.schema, &inner.path, item, other))
                    };
                    left.iter().find(is_it).copied()
                }
            };
            let Some((index, live)) = found.and_then(|index| Some((index, there.get(index)?))) else { continue };
            left.retain(|other| *other != index);
            inner.pointer = format!("{}/{index}", at.pointer);
            // The list may come in another order the next time.
            match (key, name) {
                (Some(key), Some(name)) => inner.tests.push((format!("{}/{key}", inner.pointer), json!(name))),
                _ => inner.tests.push((inner.pointer.clone(), live.clone())),
            }
            self.value(item, Some(live), &inner);
        }
    }

    fn write(&mut self, value: &Value, at: &Place) {
        let is_taken = self.taken.iter().any(|region| at.path.starts_with(region) || region.starts_with(&at.path));
        let (type_name, names) = MADE_ANEW;
        let is_made_anew =
            self.schema.type_name() == type_name && at.path.first().is_some_and(|name| names.contains(&name.as_str()));
        if is_taken || is_made_anew || self.schema.is_create_only(&at.path) || !can_be_written(value) {
            return;
        }
        let Place { pointer, path, tests } = at.clone();
        self.steps.push(Step { pointer, tests, change: Change::Add(value.clone()), region: path });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cfn::registry::Registry;
    use crate::drift::{compare, patch};

    /// The operations of the patch between what is declared of a type and what is there.
    fn of(type_name: &str, declared: &Value, live: &Value) -> Value {
        let registry = Registry::builtin();
        let schema = registry.get(type_name).unwrap();
        let differences = compare(schema, declared, live, &[]).differences;
        json!(patch(schema, declared, live, &differences).operations)
    }

    const BUCKET: &str = "AWS::S3::Bucket";

    fn bucket(versioning: &str, rules: Value) -> Value {
        json!({"VersioningConfiguration": {"Status": versioning}, "LifecycleConfiguration": {"Rules": rules}})
    }

    #[test]
    fn what_aws_never_gives_back_of_an_item_with_a_name_goes_along() {
        let declared = bucket("Enabled", json!([{"Id": "a"}, {"Id": "b", "ExpiredObjectDeleteMarker": true}]));
        let live = bucket("Suspended", json!([{"Id": "b"}, {"Id": "a"}, {"Id": "mine"}]));
        let operations = of(BUCKET, &declared, &live);
        let rules = "/LifecycleConfiguration/Rules";
        assert_eq!(
            operations,
            json!([
                {"op": "test", "path": "/VersioningConfiguration/Status", "value": "Suspended"},
                {"op": "test", "path": format!("{rules}/0/Id"), "value": "b"},
                {"op": "test", "path": format!("{rules}/2"), "value": {"Id": "mine"}},
                {"op": "replace", "path": "/VersioningConfiguration/Status", "value": "Enabled"},
                {"op": "add", "path": format!("{rules}/0/ExpiredObjectDeleteMarker"), "value": true},
                {"op": "remove", "path": format!("{rules}/2")},
            ])
        );
    }

    #[test]
    fn without_names_it_goes_to_the_item_that_is_the_same() {
        let rule = |prefix: &str| json!({"Prefix": prefix, "Status": "Enabled"});
        let mut marked = rule("b");
        marked["ExpiredObjectDeleteMarker"] = json!(true);
        let declared = bucket("Enabled", json!([rule("a"), marked]));
        let operations = of(BUCKET, &declared, &bucket("Suspended", json!([rule("b"), rule("a")])));
        let of_rules: Vec<&Value> = operations
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| one["path"].as_str().unwrap().starts_with("/LifecycleConfiguration"))
            .collect();
        let at = "/LifecycleConfiguration/Rules/0";
        assert_eq!(
            json!(of_rules),
            json!([
                {"op": "test", "path": at, "value": rule("b")},
                {"op": "add", "path": format!("{at}/ExpiredObjectDeleteMarker"), "value": true},
            ])
        );
    }

    #[test]
    fn what_is_set_as_a_whole_has_it_already() {
        let rules = |days: i64| json!([{"Prefix": "a", "ExpirationInDays": days, "ExpiredObjectDeleteMarker": true}]);
        let mut there = bucket("Enabled", rules(7));
        there["LifecycleConfiguration"]["Rules"][0].as_object_mut().unwrap().shift_remove("ExpiredObjectDeleteMarker");
        let operations = of(BUCKET, &bucket("Enabled", rules(30)), &there);
        assert_eq!(operations.as_array().unwrap().len(), 2, "{operations:#}");
        assert_eq!(operations[1]["value"], rules(30));
    }

    #[test]
    fn in_a_list_with_an_order_it_goes_to_the_same_place() {
        let actions = |secret: bool| {
            let mut config = json!({"ClientId": "gateway"});
            if secret {
                config["ClientSecret"] = json!("none");
            }
            json!([{"Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": config}, {"Type": "forward"}])
        };
        let listener = |port: u16, secret: bool| json!({"Port": port, "DefaultActions": actions(secret)});
        let operations = of("AWS::ElasticLoadBalancingV2::Listener", &listener(443, true), &listener(8443, false));
        let secret =
            json!({"op": "add", "path": "/DefaultActions/0/AuthenticateOidcConfig/ClientSecret", "value": "none"});
        assert_eq!(operations.as_array().unwrap().last().unwrap(), &secret, "{operations:#}");
    }

    #[test]
    fn inside_an_object_it_goes_along_too() {
        let policy = |target: i64, metric: Value| {
            let tracking = json!({"TargetValue": target, "PredefinedMetricSpecification": metric});
            json!({"TargetTrackingScalingPolicyConfiguration": tracking})
        };
        let there = json!({"PredefinedMetricType": "ALBRequestCountPerTarget"});
        let mut metric = there.clone();
        metric["ResourceLabel"] = json!("app/acme");
        let operations = of("AWS::ApplicationAutoScaling::ScalingPolicy", &policy(10, metric), &policy(20, there));
        let at = "/TargetTrackingScalingPolicyConfiguration/PredefinedMetricSpecification/ResourceLabel";
        let add = json!({"op": "add", "path": at, "value": "app/acme"});
        assert_eq!(operations.as_array().unwrap().last().unwrap(), &add, "{operations:#}");
    }
}
