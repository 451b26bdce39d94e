//! Tags: the user's, and those that say which deployment and stack a resource belongs to.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

/// A tag as CloudFormation writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    /// Key.
    pub key: String,
    /// Value.
    pub value: String,
}

/// Key of the tag that holds the deployment's prefix.
pub const DEPLOYMENT: &str = "gwinfra:deployment";
/// Key of the tag that holds the stack's kind: `network`.
pub const STACK: &str = "gwinfra:stack";
/// Key of the tag that the AWS console shows as a name.
pub const NAME: &str = "Name";

/// How many bytes of the user's tags each resource carries in a template. CloudFormation passes a stack's tags on to its
/// resources, so more than this stand on the stack alone: on each of the seventy resources of a large network they would
/// make the template bigger than the 51,200 bytes that CloudFormation takes.
const RESOURCE_BYTES: usize = 160;

/// Makes the tags of one stack's resources.
#[derive(Debug, Clone)]
pub struct Tags {
    prefix: String,
    stack: String,
    user: IndexMap<String, String>,
    on_resources: bool,
}

impl Tags {
    /// Tags of the stack `kind` of the deployment `prefix`. The user's keys that are reserved (`aws:`, gwinfra's own
    /// and `Name`) are left out: AWS refuses the first, and the others would appear twice.
    pub fn new(prefix: &str, kind: &str, user: &IndexMap<String, String>) -> Self {
        let user: IndexMap<String, String> =
            user.iter().filter(|(key, _)| !reserved(key)).map(|(key, value)| (key.clone(), value.clone())).collect();
        let bytes: usize = user.iter().map(|(key, value)| key.len() + value.len() + "{Key: , Value: }, ".len()).sum();
        Self { prefix: prefix.to_owned(), stack: kind.to_owned(), user, on_resources: bytes <= RESOURCE_BYTES }
    }

    /// Tags of the resource whose name is `<prefix>-<what>`: `Name`, gwinfra's, then the user's in their order.
    pub fn named(&self, what: &str) -> Vec<Tag> {
        let mut tags = self.constant(what);
        if self.on_resources {
            tags.extend(self.user.iter().map(|(key, value)| tag(key, value)));
        }
        tags
    }

    /// Tags without the user's, for properties that cannot be changed in place: a tag that the user changes later must
    /// not replace, say, the VPN endpoint, whose replacement costs every user a new profile.
    pub fn constant(&self, what: &str) -> Vec<Tag> {
        vec![tag(NAME, &format!("{}-{what}", self.prefix)), tag(DEPLOYMENT, &self.prefix), tag(STACK, &self.stack)]
    }

    /// Tags of several resources, by name, with `-` written as `_` in the keys for use in templates.
    pub fn each(&self, names: &[&str]) -> IndexMap<String, Vec<Tag>> {
        names.iter().map(|name| (name.replace('-', "_"), self.named(name))).collect()
    }

    /// Tags of the stack itself.
    pub fn of_stack(&self) -> IndexMap<String, String> {
        let mut tags =
            IndexMap::from([(DEPLOYMENT.to_owned(), self.prefix.clone()), (STACK.to_owned(), self.stack.clone())]);
        tags.extend(self.user.clone());
        tags
    }
}

/// Whether the user may not set the tag.
pub fn reserved(key: &str) -> bool {
    key == NAME || key.to_ascii_lowercase().starts_with("aws:") || key.starts_with("gwinfra:")
}

fn tag(key: &str, value: &str) -> Tag {
    Tag { key: key.to_owned(), value: value.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags() -> Tags {
        let user = [("team", "platform"), ("aws:x", "1"), ("Name", "mine"), ("gwinfra:stack", "other")];
        Tags::new("acme-llm", "network", &user.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect())
    }

    #[test]
    fn a_resource_carries_its_name_its_deployment_and_the_users_tags() {
        let keys: Vec<_> = tags().named("vpc").into_iter().map(|tag| (tag.key, tag.value)).collect();
        let expected = [("Name", "acme-llm-vpc"), (DEPLOYMENT, "acme-llm"), (STACK, "network"), ("team", "platform")];
        assert_eq!(keys, expected.map(|(k, v)| (k.to_owned(), v.to_owned())));
    }

    #[test]
    fn many_tags_stand_on_the_stack_alone() {
        let user = (0..20).map(|n| (format!("key-{n}"), "value".to_owned())).collect();
        let tags = Tags::new("acme-llm", "network", &user);
        assert_eq!(tags.named("vpc").len(), 3);
        assert_eq!(tags.of_stack().len(), 22);
    }

    #[test]
    fn reserved_keys_of_the_user_are_left_out() {
        assert_eq!(tags().of_stack().keys().collect::<Vec<_>>(), [DEPLOYMENT, STACK, "team"]);
    }

    #[test]
    fn constant_tags_do_not_know_the_users() {
        assert!(tags().constant("client-vpn").iter().all(|tag| tag.key != "team"));
    }
}
