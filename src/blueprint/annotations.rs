//! The keys of the spec that a blueprint's templates name beside each resource, whether a spec asks for it or not.

use std::collections::BTreeMap;

use super::Blueprint;
use crate::render::template::Files;

/// By logical id or Terraform address, without an index; by type where the template makes up the name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Annotations(BTreeMap<String, Vec<String>>);

impl Annotations {
    /// Reads the templates of all stacks and root modules. One that cannot be read has none.
    pub fn of(blueprint: &Blueprint) -> Self {
        let manifest = &blueprint.manifest;
        let modules = manifest.terraform.iter().flat_map(|terraform| terraform.hub.iter().chain(&terraform.account));
        let stacks = manifest.stacks.iter().map(|stack| (stack.template.as_str(), logical_id as Heading));
        let templates = stacks.chain(modules.map(|file| (file.template.as_str(), address as Heading)));
        let mut all = Self::default();
        for (template, heading) in templates {
            if let Ok(Some(text)) = blueprint.source.text(template) {
                all.read(&text, heading);
            }
        }
        all
    }

    /// The keys beside a resource, or beside those of a type whose names the templates make up.
    pub fn keys(&self, name: &str) -> &[String] {
        let name = name.split('[').next().unwrap_or(name);
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    fn read(&mut self, text: &str, heading: Heading) {
        let mut resource = None;
        for line in text.lines() {
            match heading(line) {
                Some(Named::Here(name)) => resource = Some(name),
                Some(Named::Below) => resource = None,
                // What stands in a section or block of another kind is no resource's.
                None if begins_another(line) => resource = None,
                None => {}
            }
            if let (None, Some(type_name)) = (&resource, line.strip_prefix("    Type: ")) {
                resource = Some(type_name.trim().to_owned());
            }
            let Some(name) = &resource else { continue };
            for key in
                line.split("{#:").skip(1).filter_map(|after| after.split_once("#}")).flat_map(|(all, _)| all.split(','))
            {
                let keys = self.0.entry(name.clone()).or_default();
                if !keys.iter().any(|known| known == key.trim()) {
                    keys.push(key.trim().to_owned());
                }
            }
        }
    }
}

/// Whether a line begins a section of a CloudFormation template or a block of a Terraform file.
fn begins_another(line: &str) -> bool {
    line.starts_with(|first: char| first.is_ascii_alphabetic()) && line.trim_end().ends_with([':', '{'])
}

/// The resource that a line of a template begins, if it does.
type Heading = fn(&str) -> Option<Named>;

/// What a resource is known by.
#[derive(Debug, PartialEq, Eq)]
enum Named {
    /// A name that stands in the line, or a type where the name is made up.
    Here(String),
    /// The name is made up, and the type stands in a line below.
    Below,
}

/// `  DatabaseCluster:` or `  {{ instance.id }}:`, as the resources of a CloudFormation template begin.
fn logical_id(line: &str) -> Option<Named> {
    let name = line.strip_prefix("  ")?.trim_end().strip_suffix(':')?;
    if name.starts_with("{{") {
        return Some(Named::Below);
    }
    (!name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric())).then(|| Named::Here(name.to_owned()))
}

/// `resource "aws_rds_cluster" "main" {` or `resource "aws_s3_bucket" {{ what }} {`.
fn address(line: &str) -> Option<Named> {
    let mut words = line.strip_prefix("resource ")?.split('"');
    let (_, kind, rest) = (words.next()?, words.next()?, words.next()?);
    Some(Named::Here(match words.next() {
        Some(name) if !rest.contains("{{") => format!("{kind}.{name}"),
        _ => kind.to_owned(),
    }))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_resource_that_is_not_rendered_has_the_keys_of_its_template() {
        let all = Annotations::of(&Blueprint::open("gateway", Path::new("."), None).unwrap());
        for name in ["DatabaseCluster", "aws_rds_cluster.main"] {
            assert!(all.keys(name).iter().any(|key| key.starts_with("database.aurora_postgres")), "{name}: {all:?}");
        }
        // What a guard alone decides about has its key too.
        for name in ["WebAclAssociation", "aws_wafv2_web_acl_association.main", "WebAclLogging"] {
            assert_eq!(all.keys(name), ["ingress.waf"]);
        }
        assert_eq!(all.keys("aws_vpc.main[0]"), all.keys("aws_vpc.main"));
        assert_eq!(all.keys("Nothing"), [""; 0]);
    }

    #[test]
    fn keys_belong_to_the_resource_that_they_stand_in() {
        let mut all = Annotations::default();
        all.read(
            "Resources:\n  One:\n    Type: {{ a }} {#: a, b.c #}\n{% if x %}\n  Two:\n    Type: {{ d }} {#: d #}\n    Size: 1 {#: d #}\n",
            logical_id,
        );
        assert_eq!(all.keys("One"), ["a", "b.c"]);
        assert_eq!(all.keys("Two"), ["d"]);
    }

    #[test]
    fn keys_beside_locals_are_not_those_of_the_resource_before_them() {
        let all = Annotations::of(&Blueprint::open("gateway", Path::new("."), None).unwrap());
        // The policy holds what a task may do beside Bedrock; the locals after it are about Bedrock.
        assert_eq!(all.keys("aws_iam_role_policy.task"), [""; 0]);
        assert_eq!(all.keys("aws_iam_policy.bedrock"), ["name", "bedrock"]);
    }

    #[test]
    fn what_has_a_made_up_name_is_known_by_its_type() {
        let mut all = Annotations::default();
        all.read(
            "  One:\n    Type: AWS::A::A\n    Size: 1 {#: a #}\n  {{ more.id }}:\n    Type: AWS::B::B\n    Size: 1 {#: b #}\n",
            logical_id,
        );
        assert_eq!((all.keys("One"), all.keys("AWS::B::B")), (&["a".to_owned()][..], &["b".to_owned()][..]));
        all.read("resource \"aws_s3_bucket\" {{ what }} {\n  bucket = {{ x }} {#: c #}\n}\n", address);
        assert_eq!(all.keys("aws_s3_bucket"), ["c"]);
    }
}
