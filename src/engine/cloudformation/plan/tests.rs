//! Plans without AWS, and rows of handmade change sets.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::rows::{self, rows};
use super::{EngineError, Unplanned, plan_offline};
use crate::aws::cloudformation::{ChangeDetail, ChangeSet, ResourceChange};
use crate::cfn::diff::diff;
use crate::cfn::evaluate::Parameters;
use crate::cfn::registry::Registry;
use crate::cfn::template::Template;
use crate::plan::{Action, Change, Plan, ReplaceRequired, SeenBy, SourcePlace, StackAction};
use crate::render::{Bundle, ParameterValue, RenderedStack, Target};

fn target() -> Target {
    Target { account: "111122223333".into(), region: "us-east-1".into(), deploy_role: None }
}

fn stack(key: &str, template: &str, parameters: &[(&str, ParameterValue)]) -> RenderedStack {
    RenderedStack {
        key: key.into(),
        kind: key.into(),
        name: format!("acme-{key}"),
        target: target(),
        template_path: format!("cloudformation/{key}.yaml"),
        template: template.into(),
        parameters: parameters.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        tags: BTreeMap::from([("gwinfra:deployment".to_owned(), "acme".to_owned())]),
        capabilities: Vec::new(),
        termination_protection: false,
        depends_on: Vec::new(),
        descriptions: BTreeMap::new(),
    }
}

fn bundle(stacks: Vec<RenderedStack>) -> Bundle {
    Bundle { stacks, ..Bundle::of_nothing("cloudformation") }
}

fn places(_: &str, logical_id: &str, path: &[String]) -> Vec<SourcePlace> {
    vec![SourcePlace {
        file: "gwinfra.yaml".into(),
        line: 7,
        column: 3,
        path: Some(format!("{logical_id}.{}", path.join("."))),
    }]
}

fn offline(previous: Option<&Bundle>, bundle: &Bundle) -> Result<Plan, Box<Unplanned>> {
    plan_offline(&Registry::builtin(), &places, previous, bundle)
}

const NETWORK: &str = "
Parameters: {Cidr: {Type: String}}
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: !Ref Cidr}}
  Subnet: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24}}
Outputs: {VpcId: {Value: !Ref Vpc}, Cidr: {Value: !Ref Cidr}}
";

fn network(cidr: &str) -> RenderedStack {
    stack("network", NETWORK, &[("Cidr", ParameterValue::Literal(cidr.into()))])
}

fn row<'a>(plan: &'a Plan, address: &str) -> &'a Change {
    plan.changes.iter().find(|change| change.address == address).unwrap()
}

#[test]
fn against_nothing_every_resource_is_made() {
    let plan = offline(None, &bundle(vec![network("10.0.0.0/16")])).unwrap();
    assert_eq!(plan.summary.add, 2);
    assert_eq!(plan.stacks[0].action, StackAction::Create);
    assert!(plan.offline);
}

#[test]
fn against_itself_nothing_changes() {
    let bundle = bundle(vec![network("10.0.0.0/16")]);
    let plan = offline(Some(&bundle), &bundle).unwrap();
    assert!(plan.is_empty());
    assert_eq!(plan.changes, []);
}

#[test]
fn a_changed_create_only_property_replaces_and_names_its_path() {
    let plan = offline(Some(&bundle(vec![network("10.0.0.0/16")])), &bundle(vec![network("10.1.0.0/16")])).unwrap();
    let vpc = row(&plan, "acme-network/Vpc");
    assert_eq!(vpc.kind(), Action::Replace);
    assert_eq!(vpc.replace.as_ref().unwrap().paths, [["CidrBlock"]]);
    assert_eq!(vpc.policy.as_deref(), Some("ReplaceAndDelete"));
}

#[test]
fn what_refers_to_a_replaced_resource_may_be_replaced() {
    let plan = offline(Some(&bundle(vec![network("10.0.0.0/16")])), &bundle(vec![network("10.1.0.0/16")])).unwrap();
    let replace = row(&plan, "acme-network/Subnet").replace.clone().unwrap();
    assert_eq!(replace.required, ReplaceRequired::Conditional);
}

#[test]
fn a_row_points_at_the_spec() {
    let plan = offline(Some(&bundle(vec![network("10.0.0.0/16")])), &bundle(vec![network("10.1.0.0/16")])).unwrap();
    assert_eq!(row(&plan, "acme-network/Vpc").source[0].path.as_deref(), Some("Vpc.CidrBlock"));
}

#[test]
fn outputs_of_replaced_resources_are_listed() {
    let plan = offline(Some(&bundle(vec![network("10.0.0.0/16")])), &bundle(vec![network("10.1.0.0/16")])).unwrap();
    assert_eq!(plan.output_changes, ["acme-network/Cidr", "acme-network/VpcId"]);
}

#[test]
fn a_stack_that_left_the_spec_is_deleted_with_its_rows() {
    let bucket = "Resources: {Logs: {Type: AWS::S3::Bucket, DeletionPolicy: Retain}}";
    let before = bundle(vec![network("10.0.0.0/16"), stack("access", bucket, &[])]);
    let plan = offline(Some(&before), &bundle(vec![network("10.0.0.0/16")])).unwrap();
    let logs = row(&plan, "acme-access/Logs");
    assert_eq!((logs.kind(), logs.policy.as_deref()), (Action::Delete, Some("Retain")));
    assert_eq!(plan.gates[0].flag(), "--allow-destroy acme-access/Logs");
}

#[test]
fn an_output_of_another_stack_is_no_change_by_itself() {
    let app = "
Parameters: {Vpc: {Type: String}}
Resources: {Group: {Type: AWS::EC2::SecurityGroup, Properties: {VpcId: !Ref Vpc, GroupDescription: d}}}
";
    let output = ParameterValue::Output { stack: "network".into(), output: "VpcId".into() };
    let app = stack("gateway", app, &[("Vpc", output)]);
    let before = bundle(vec![network("10.0.0.0/16"), app.clone()]);
    let plan = offline(Some(&before), &bundle(vec![network("10.0.0.0/16"), app])).unwrap();
    assert!(plan.is_empty());
}

#[test]
fn a_type_change_under_one_logical_id_is_refused() {
    let before = bundle(vec![stack("a", "Resources: {X: {Type: AWS::SNS::Topic}}", &[])]);
    let after = bundle(vec![stack("a", "Resources: {X: {Type: AWS::SQS::Queue}}", &[])]);
    let unplanned = offline(Some(&before), &after).unwrap_err();
    assert!(matches!(unplanned.error, EngineError::Invalid(_)), "{unplanned}");
}

#[test]
fn every_refusal_is_told_with_all_that_would_be_planned() {
    let before = ["a", "b"].map(|key| stack(key, "Resources: {X: {Type: AWS::SNS::Topic}}", &[]));
    let mut after = before.clone().map(|own| stack(&own.key, "Resources: {X: {Type: AWS::SQS::Queue}}", &[])).to_vec();
    after.push(stack("c", "Resources: {Y: {Type: AWS::SNS::Topic}}", &[]));
    let unplanned = offline(Some(&bundle(before.to_vec())), &bundle(after)).unwrap_err();
    let EngineError::Invalid(report) = unplanned.error else { panic!("{}", unplanned.error) };
    assert_eq!(report.diagnostics.len(), 2);
    let stacks: Vec<&str> = unplanned.known.changes.iter().map(|row| row.stack.as_str()).collect();
    assert_eq!(stacks, ["a", "b", "c"]);
}

fn change_set(changes: Vec<ResourceChange>) -> ChangeSet {
    ChangeSet {
        id: "arn:set".into(),
        stack_id: "arn:stack".into(),
        status: "CREATE_COMPLETE".into(),
        reason: None,
        execution_status: "AVAILABLE".into(),
        changes,
    }
}

fn listed(id: &str, resource_type: &str, replacement: &str, details: Vec<ChangeDetail>) -> ResourceChange {
    ResourceChange {
        action: "Modify".into(),
        logical_id: id.into(),
        physical_id: None,
        resource_type: resource_type.into(),
        drift_status: None,
        replacement: Some(replacement.into()),
        policy_action: None,
        scope: vec!["Properties".into()],
        details,
        before: Some(json!({"Properties": {"A": 1}})),
        after: Some(json!({"Properties": {"A": 2}})),
    }
}

/// Rows of a change from one template to another, under parameters of which `unknown` ones are not known.
fn rows_of(before: &str, after: &str, set: Option<ChangeSet>, unknown: &[&str]) -> Vec<Change> {
    let registry = Registry::builtin();
    let (before, after) = (Template::parse("before", before).unwrap(), Template::parse("after", after).unwrap());
    let old = Parameters::new().with("Key", "arn:old").with("Cidr", "10.0.0.0/16");
    let new = ["Key", "Cidr"].iter().filter(|name| !unknown.contains(name));
    let new = new.fold(Parameters::new(), |all, name| all.with(*name, old.get(name).unwrap()));
    let difference = diff(&registry, Some((&before, &old)), (&after, &new));
    rows(&rows::Inputs {
        stack: &stack("data", "Resources: {A: {Type: AWS::SNS::Topic}}", &[]),
        hub: &target(),
        registry: &registry,
        before: Some(&before),
        after: &after,
        difference: &difference,
        change_set: set.as_ref(),
        unknown: &unknown.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>(),
        places: &places,
    })
}

const ACL: &str =
    "Resources: {Acl: {Type: AWS::WAFv2::WebACL, Properties: {Scope: REGIONAL, DefaultAction: {Allow: {}}}}}";

#[test]
fn an_edit_that_the_change_set_misses_is_a_row() {
    let rows = rows_of(ACL, &ACL.replace("Allow", "Block"), Some(change_set(Vec::new())), &[]);
    assert_eq!(rows[0].seen_by, [SeenBy::TemplateDiff]);
    assert!(rows[0].note.as_deref().unwrap().contains("change set"));
}

#[test]
fn a_change_that_both_see_is_one_row() {
    let set = change_set(vec![listed("Acl", "AWS::WAFv2::WebACL", "False", Vec::new())]);
    let rows = rows_of(ACL, &ACL.replace("Allow", "Block"), Some(set), &[]);
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].seen_by, [SeenBy::TemplateDiff, SeenBy::ChangeSet]);
}

#[test]
fn a_change_that_only_the_change_set_sees_is_a_row_with_its_values() {
    let set = change_set(vec![listed("Topic", "AWS::SNS::Topic", "False", Vec::new())]);
    let template = "Resources: {Topic: {Type: AWS::SNS::Topic}}";
    let rows = rows_of(template, template, Some(set), &[]);
    assert_eq!(rows[0].seen_by, [SeenBy::ChangeSet]);
    assert_eq!(rows[0].after, Some(json!({"A": 2})));
}

#[test]
fn a_new_revision_of_a_task_definition_is_no_replacement() {
    let template = "Resources: {Task: {Type: AWS::ECS::TaskDefinition, Properties: {Cpu: '256'}}}";
    let set = change_set(vec![listed("Task", "AWS::ECS::TaskDefinition", "True", Vec::new())]);
    let rows = rows_of(template, &template.replace("256", "512"), Some(set), &[]);
    assert_eq!((rows[0].kind(), &rows[0].replace), (Action::Update, &None));
    assert_eq!(rows[0].note.as_deref(), Some("new revision, rolling deployment"));
}

#[test]
fn a_property_from_an_unknown_output_may_replace() {
    let template = "
Parameters: {Key: {Type: String}}
Resources: {Db: {Type: AWS::RDS::DBCluster, Properties: {KmsKeyId: !Ref Key, Engine: aurora-postgresql}}}
";
    let rows = rows_of(template, template, None, &["Key"]);
    assert_eq!(rows[0].replace.as_ref().unwrap().required, ReplaceRequired::Conditional);
    assert_eq!(rows[0].kind(), Action::Update);
}

#[test]
fn cloudformation_decides_what_the_schema_leaves_open() {
    let template =
        "Resources: {V: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16, InstanceTenancy: dedicated}}}";
    let set = change_set(vec![listed("V", "AWS::EC2::VPC", "False", Vec::new())]);
    let rows = rows_of(template, &template.replace("dedicated", "default"), Some(set), &[]);
    assert_eq!(rows[0].replace, None);
}

#[test]
fn the_policy_of_a_replacement_comes_from_the_template_where_aws_is_silent() {
    let template = "
Resources:
  Vpc: {Type: AWS::EC2::VPC, UpdateReplacePolicy: Retain, Properties: {CidrBlock: 10.0.0.0/16}}
";
    let rows = rows_of(template, &template.replace("10.0.0.0", "10.1.0.0"), None, &[]);
    assert_eq!(rows[0].policy.as_deref(), Some("ReplaceAndRetain"));
}
