use serde_json::{Value, json};

use super::*;
use crate::blueprint::Blueprint;
use crate::cfn::registry::Registry;
use crate::diagnostics::{Report, SourceFile, Span};
use crate::hexadecimal::sha256;
use crate::spec::SpanIndex;

const MANIFEST: &str = "name: test
version: 1.2.3
requires: \">=0.1\"
description: A test
config: {bucket: {output: base.BucketName}, needed_by: extra}
stacks:
  - name: base
    description: Base
    termination_protection: protect
    outputs: {BucketName: The bucket}
    resources: {Bucket: Where things are}
  - name: extra
    description: Extra
    when: extra.needed
    depends_on: [base]
    parameters:
      Bucket: {output: base.BucketName}
      ConfigKey: {config: true}
      Name: {context: extra.names}
      Image: {image: litellm}
      Zone: {lookup: hosted_zone}
  - name: spoke
    description: Spoke
    target: bedrock_accounts
    parameters: {Quota: {context: target.quota}}
";

const BASE: &str = "Resources:
  Bucket: {#: buckets #}
    Type: AWS::S3::Bucket
    Properties:
      BucketName: {{ bucket.name }} {#: buckets.name #}
      VersioningConfiguration:
        Status: {{ bucket.versioning }} {#: buckets.versioning #}
      Tags: {{ bucket.tags }} {#: tags #}
Outputs:
  BucketName:
    Value: !Ref Bucket
";

const EXTRA: &str = "Parameters:
  Bucket: {Type: String}
  ConfigKey: {Type: String}
  Name: {Type: CommaDelimitedList}
  Image: {Type: String}
  Zone: {Type: String}
  Optional: {Type: String, Default: x}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: !Join [\"-\", [!Ref Bucket, !Ref ConfigKey, !Select [0, !Ref Name], !Ref Image, !Ref Zone, !Ref Optional]]
";

const SPOKE: &str = "Parameters:
  Quota: {Type: Number}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: {{ role }}
      Description: !Sub \"${Quota}\"
      AssumeRolePolicyDocument: {{ trust }}
";

struct Fixture {
    directory: tempfile::TempDir,
    input: Input,
}

impl Fixture {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let fixture = Self { directory, input: input(context()) };
        fixture.file("blueprint.yaml", MANIFEST);
        fixture.file("cloudformation/base.yaml.j2", BASE);
        fixture.file("cloudformation/extra.yaml.j2", EXTRA);
        fixture.file("cloudformation/spoke.yaml.j2", SPOKE);
        fixture
    }

    fn file(&self, path: &str, text: &str) {
        let path = self.directory.path().join(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }

    fn render(&self) -> Result<Rendering, Report> {
        let blueprint = Blueprint::open("./", self.directory.path(), None)?;
        render(&self.input, &blueprint, &Registry::builtin())
    }

    fn rendering(&self) -> Rendering {
        self.render().unwrap_or_else(|report| panic!("{:#?}", report.diagnostics))
    }
}

fn context() -> Value {
    json!({
        "bucket": {"name": "acme-bucket", "versioning": "Enabled", "tags": [{"Key": "a", "Value": "no"}]},
        "protect": true,
        "extra": {"needed": true, "names": ["a", 1]},
        "role": "acme-bedrock",
        "trust": {"Version": "2012-10-17", "Statement": []}
    })
}

fn account(id: &str) -> Account {
    let target = Target { account: id.to_owned(), region: "us-east-1".to_owned(), deploy_role: None };
    Account { target, context: json!({"quota": 7}) }
}

fn group(key: &str, accounts: &[&str]) -> AccountGroup {
    AccountGroup {
        key: key.to_owned(),
        context: json!({"name": key}),
        accounts: accounts.iter().map(|id| account(id)).collect(),
    }
}

fn input(context: Value) -> Input {
    Input {
        deployment: Deployment {
            name: "acme".to_owned(),
            env: Some("prod".to_owned()),
            prefix: "acme-prod".to_owned(),
            engine: "cloudformation".to_owned(),
            hub: account("111122223333").target,
            spec_sha256: String::new(),
        },
        context,
        groups: vec![group("g1", &["222222222222", "333333333333"])],
        tags: [("team".to_owned(), "x".to_owned())].into(),
        images: [("litellm".to_owned(), "image:1".to_owned())].into(),
        lookups: [("hosted_zone".to_owned(), Lookup::HostedZone { name: "example.com".to_owned() })].into(),
        tasks_at_first: None,
        configuration: Some(Configuration {
            content: "a: 1\n".to_owned(),
            content_type: "application/yaml".to_owned(),
        }),
        spans: SpanIndex::default(),
        spec: SourceFile::new("gwinfra.yaml", "name: acme\n"),
    }
}

fn line(span: Option<&Span>) -> (String, u32) {
    span.map(|span| (span.file.to_string(), span.start.line)).unwrap_or_default()
}

#[test]
fn a_stack_for_accounts_is_rendered_once_and_placed_in_each() {
    let bundle = Fixture::new().rendering().bundle;
    let keys: Vec<_> = bundle.stacks.iter().map(|stack| stack.key.as_str()).collect();
    assert_eq!(keys, ["base", "extra", "spoke@222222222222", "spoke@333333333333"]);
    assert!(std::sync::Arc::ptr_eq(&bundle.stacks[2].template, &bundle.stacks[3].template));
}

#[test]
fn accounts_of_different_groups_have_templates_of_their_own() {
    let mut fixture = Fixture::new();
    fixture.file("cloudformation/spoke.yaml.j2", &SPOKE.replace("{{ role }}", "{{ access_group.name }}"));
    fixture.input.groups.push(group("g2", &["444444444444"]));
    let bundle = fixture.rendering().bundle;
    let spokes: Vec<_> =
        bundle.stacks[2..].iter().map(|stack| (stack.key.as_str(), stack.template_path.as_str())).collect();
    let expected = [
        ("spoke@222222222222", "cloudformation/spoke.g1.yaml"),
        ("spoke@333333333333", "cloudformation/spoke.g1.yaml"),
        ("spoke@444444444444", "cloudformation/spoke.g2.yaml"),
    ];
    assert_eq!(spokes, expected);
    assert!(bundle.stacks[4].template.contains("RoleName: g2"));
}

/// A stack set in place of the stacks of accounts.
fn with_stack_set() -> Fixture {
    let mut fixture = Fixture::new();
    let set = "  - name: set\n    description: Set\n    when: rollout\n    stack_set_of: spoke\n";
    fixture.file("blueprint.yaml", &format!("{MANIFEST}{set}"));
    let spoke = "Resources:\n  Role:\n    Type: AWS::IAM::Role\n    Properties:\n      RoleName: {{ role }} {#: roles #}\n      \
                 AssumeRolePolicyDocument: {{ trust }}\n      Description: {{ access_groups | length }}\n";
    fixture.file("cloudformation/spoke.yaml.j2", spoke);
    let set = "Resources:\n  Access:\n    Type: AWS::CloudFormation::StackSet\n    Properties:\n      StackSetName: acme\n      \
               PermissionModel: SERVICE_MANAGED\n      TemplateBody: {{ member_template }}\n";
    fixture.file("cloudformation/set.yaml.j2", set);
    fixture.input.groups.push(group("g2", &["444444444444"]));
    fixture.input.context["rollout"] = json!(true);
    fixture
}

#[test]
fn a_stack_set_has_one_template_for_all_groups_and_no_stack_is_placed_in_accounts() {
    let bundle = with_stack_set().rendering().bundle;
    let keys: Vec<_> = bundle.stacks.iter().map(|stack| stack.key.as_str()).collect();
    assert_eq!(keys, ["base", "extra", "set"]);
    assert!(bundle.stacks[2].template.contains("      TemplateBody: |\n        Resources:\n"));
    assert!(bundle.stacks[2].template.contains("Description: 2"));
    let members: Vec<_> = bundle.members.iter().map(|member| member.account.as_str()).collect();
    assert_eq!(members, ["222222222222", "333333333333", "444444444444"]);
}

#[test]
fn a_resource_in_the_accounts_leads_to_its_key() {
    let rendering = with_stack_set().rendering();
    assert_eq!(rendering.spec_paths("set", "Access/Role", &["RoleName".to_owned()]), ["roles"]);
}

#[test]
fn without_the_stack_set_accounts_have_stacks_of_their_own() {
    let mut fixture = with_stack_set();
    fixture.input.context["rollout"] = json!(false);
    let bundle = fixture.rendering().bundle;
    assert_eq!(bundle.stacks.iter().filter(|stack| stack.kind == "spoke").count(), 3);
    assert!(bundle.members.is_empty());
}

#[test]
fn a_finding_in_the_template_of_a_stack_set_points_into_its_own_template() {
    let fixture = with_stack_set();
    fixture.file(
        "cloudformation/spoke.yaml.j2",
        "Resources:\n  Role:\n    Type: AWS::IAM::Role\n    Properties: {Rolename: a}\n",
    );
    let report = fixture.render().unwrap_err();
    assert!(line(report.diagnostics[0].span.as_ref()).0.ends_with("spoke.yaml.j2"), "{:#?}", report.diagnostics);
}

#[test]
fn a_stack_knows_its_name_tags_protection_capabilities_and_words() {
    let bundle = Fixture::new().rendering().bundle;
    let (base, spoke) = (&bundle.stacks[0], &bundle.stacks[2]);
    assert_eq!(base.name, "acme-prod-base");
    assert!(base.termination_protection && !spoke.termination_protection);
    assert!(base.capabilities.is_empty());
    assert_eq!(spoke.capabilities, ["CAPABILITY_NAMED_IAM"]);
    assert_eq!(base.tags.get("gwinfra:stack").map(String::as_str), Some("base"));
    assert_eq!(base.tags.get("team").map(String::as_str), Some("x"));
    assert_eq!(base.descriptions["Bucket"], "Where things are");
    assert_eq!(spoke.descriptions["Role"], "Role");
}

#[test]
fn parameters_come_from_their_sources() {
    let bundle = Fixture::new().rendering().bundle;
    let config = &bundle.objects[0];
    let expected = [
        ("Bucket", ParameterValue::Output { stack: "base".to_owned(), output: "BucketName".to_owned() }),
        ("ConfigKey", ParameterValue::Literal(format!("config/{}.yaml", sha256("a: 1\n")))),
        ("Image", ParameterValue::Image("litellm".to_owned())),
        ("Name", ParameterValue::Literal("a,1".to_owned())),
        ("Zone", ParameterValue::Lookup("hosted_zone".to_owned())),
    ];
    assert_eq!(bundle.stacks[1].parameters, expected.map(|(name, value)| (name.to_owned(), value)).into());
    assert_eq!(bundle.stacks[2].parameters["Quota"], ParameterValue::Literal("7".to_owned()));
    assert_eq!((config.needed_by.as_str(), &config.bucket), ("extra", &expected_bucket()));
}

fn expected_bucket() -> ParameterValue {
    ParameterValue::Output { stack: "base".to_owned(), output: "BucketName".to_owned() }
}

#[test]
fn a_stack_whose_condition_does_not_hold_is_left_out() {
    let mut fixture = Fixture::new();
    fixture.input.context["extra"]["needed"] = json!(false);
    let bundle = fixture.rendering().bundle;
    assert!(bundle.stacks.iter().all(|stack| stack.kind != "extra"));
    assert!(bundle.objects.is_empty());
}

#[test]
fn a_template_of_a_stack_that_is_left_out_is_not_read() {
    let mut fixture = Fixture::new();
    fixture.input.context["extra"]["needed"] = json!(false);
    fixture.file("cloudformation/extra.yaml.j2", "{{ broken");
    fixture.rendering();
}

#[test]
fn the_same_input_gives_the_same_bundle_and_a_changed_one_another_digest() {
    let mut fixture = Fixture::new();
    let first = fixture.rendering().bundle;
    assert_eq!(first, fixture.rendering().bundle);
    fixture.input.groups[0].accounts[1].context["quota"] = json!(8);
    assert_ne!(first.digest, fixture.rendering().bundle.digest);
}

#[test]
fn a_property_leads_to_its_line_and_its_key() {
    let rendering = Fixture::new().rendering();
    let map = rendering.source_map("base").unwrap();
    assert_eq!(map.spec_paths("Bucket", "BucketName"), ["buckets.name"]);
    assert_eq!(map.spec_paths("Bucket", "VersioningConfiguration"), ["buckets.versioning"]);
    assert_eq!(map.spec_paths("Bucket", "VersioningConfiguration.Status"), ["buckets.versioning"]);
    assert_eq!(map.spec_paths("Bucket", "Tags.0.Value"), ["tags"]);
    assert_eq!(map.spec_paths("Bucket", ""), ["buckets"]);
    assert_eq!(map.spec_paths("Bucket", "Unknown"), ["buckets"]);
    assert_eq!(line(map.template_place("Bucket", "BucketName").as_ref()).1, 5);
    assert_eq!(line(map.template_place("Bucket", "Tags.0.Value").as_ref()).1, 8);
    assert_eq!(map.rendered_lines("Bucket"), Some(2..=9));
}

#[test]
fn a_finding_points_into_the_template() {
    let mut fixture = Fixture::new();
    fixture.input.context["bucket"]["versioning"] = json!("Sometimes");
    let report = fixture.render().unwrap_err();
    let finding = &report.diagnostics[0];
    assert_eq!(finding.code, crate::cfn::codes::ENUM);
    assert_eq!(line(finding.span.as_ref()), ("./cloudformation/base.yaml.j2".to_owned(), 7));
    assert_eq!(finding.path.as_deref(), Some("buckets.versioning"));
    assert_eq!(line(finding.related.first().map(|related| &related.span)), ("cloudformation/base.yaml".to_owned(), 7));
    assert!(report.sources.get("./cloudformation/base.yaml.j2").is_some());
}

#[test]
fn text_that_is_no_template_points_into_the_template_too() {
    let fixture = Fixture::new();
    fixture.file("cloudformation/base.yaml.j2", "{% if true %}\nResources:\n  A: [\n{% endif %}\n");
    let report = fixture.render().unwrap_err();
    let finding = &report.diagnostics[0];
    assert_eq!(finding.code, crate::cfn::codes::TEMPLATE_SYNTAX);
    assert_eq!(line(finding.span.as_ref()).0, "./cloudformation/base.yaml.j2");
}

#[test]
fn findings_of_all_stacks_are_reported() {
    let mut fixture = Fixture::new();
    fixture.input.context["bucket"] = json!({});
    fixture.input.context["role"] = Value::Null;
    let report = fixture.render().unwrap_err();
    let files: std::collections::BTreeSet<_> = report.diagnostics.iter().map(|d| line(d.span.as_ref()).0).collect();
    assert!(files.contains("./cloudformation/base.yaml.j2") && files.contains("./cloudformation/spoke.yaml.j2"));
}

#[test]
fn a_parameter_without_a_source_is_found() {
    let fixture = Fixture::new();
    fixture.file("cloudformation/spoke.yaml.j2", &SPOKE.replace("Quota", "Qouta"));
    let report = fixture.render().unwrap_err();
    let finding = &report.diagnostics[0];
    assert_eq!((finding.code, line(finding.span.as_ref()).1), (codes::PARAMETER, 2));
    assert_eq!(finding.help.as_deref(), Some("blueprint.yaml has `Quota`: is that it?"));
}

#[test]
fn a_parameter_whose_source_gives_nothing_is_found() {
    let mut fixture = Fixture::new();
    fixture.input.groups[0].accounts[0].context = json!({});
    let report = fixture.render().unwrap_err();
    assert_eq!(report.diagnostics[0].code, codes::PARAMETER);
    assert!(report.diagnostics[0].message.contains("target.quota"), "{:?}", report.diagnostics[0]);
}

#[test]
fn a_resource_is_explained() {
    let fixture = Fixture::new();
    let rendering = fixture.rendering();
    let explained = explain(&rendering, "base/Bucket", &fixture.input.spans);
    assert_eq!(explained.len(), 1);
    let keys: Vec<_> = explained[0].spec.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["buckets", "buckets.name", "buckets.versioning", "tags"]);
    assert_eq!(explained[0].rendered_lines, (2, 9));
    assert!(explained[0].rendered.starts_with("  Bucket:\n    Type: AWS::S3::Bucket"));
    assert!(explain(&rendering, "extra/Bucket", &fixture.input.spans).is_empty());
}

#[test]
fn a_written_bundle_does_not_differ_and_a_changed_one_does() {
    let fixture = Fixture::new();
    let bundle = fixture.rendering().bundle;
    let out = fixture.directory.path().join("out/bundle");
    disk::write(&bundle, &out).unwrap();
    assert_eq!(disk::check(&bundle, &out).unwrap(), []);
    fs_err::write(out.join("cloudformation/base.yaml"), "x").unwrap();
    fs_err::remove_file(out.join("cloudformation/parameters/spoke.222222222222.json")).unwrap();
    fs_err::write(out.join("cloudformation/old.yaml"), "x").unwrap();
    let differences: Vec<_> =
        disk::check(&bundle, &out).unwrap().into_iter().map(|difference| (difference.path, difference.kind)).collect();
    let expected = [
        ("cloudformation/base.yaml", disk::DifferenceKind::Changed),
        ("cloudformation/old.yaml", disk::DifferenceKind::Extra),
        ("cloudformation/parameters/spoke.222222222222.json", disk::DifferenceKind::Missing),
    ];
    assert_eq!(differences, expected.map(|(path, kind)| (path.to_owned(), kind)));
    disk::write(&bundle, &out).unwrap();
    assert_eq!(disk::check(&bundle, &out).unwrap(), []);
}

#[test]
fn a_directory_that_is_no_bundle_is_not_replaced() {
    let fixture = Fixture::new();
    let bundle = fixture.rendering().bundle;
    let error = disk::write(&bundle, fixture.directory.path()).unwrap_err();
    assert!(matches!(error, disk::BundleError::NotABundle(_)), "{error}");
    let file = fixture.directory.path().join("blueprint.yaml");
    assert!(matches!(disk::write(&bundle, &file).unwrap_err(), disk::BundleError::NotADirectory(_)));
}

#[test]
fn writing_leaves_nothing_beside_the_bundle() {
    let fixture = Fixture::new();
    let bundle = fixture.rendering().bundle;
    let parent = fixture.directory.path().join("out");
    disk::write(&bundle, &parent.join("a")).unwrap();
    disk::write(&bundle, &parent.join("a")).unwrap();
    assert_eq!(fs_err::read_dir(&parent).unwrap().count(), 1);
}

#[test]
fn every_example_renders_without_a_finding() {
    let blueprint = Blueprint::open("gateway", std::path::Path::new("."), None).unwrap();
    let registry = Registry::builtin();
    for entry in fs_err::read_dir(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let name = path.file_name().unwrap().to_str().unwrap();
        for (environment, loaded) in crate::spec::load_all(name, &fs_err::read(&path).unwrap()) {
            let Ok(loaded) = loaded else { panic!("{name} {environment:?}") };
            let model = crate::model::Model::new(&loaded.spec, environment.as_deref());
            let rendering = render(&Input::new(&loaded, &model), &blueprint, &registry);
            let report = rendering.map_or_else(|report| report, |rendering| rendering.report);
            let brief: Vec<_> = report
                .diagnostics
                .iter()
                .map(|d| format!("{:?} {} {} {:?}", line(d.span.as_ref()), d.code, d.message, d.related))
                .collect();
            assert!(brief.is_empty(), "{name} {environment:?}\n{}", brief.join("\n"));
        }
    }
}
