use super::*;

fn compare_under(before: &str, old: &Parameters, after: &str, new: &Parameters) -> TemplateDiff {
    let before = Template::parse("before", before).unwrap();
    let after = Template::parse("after", after).unwrap();
    diff(&Registry::builtin(), Some((&before, old)), (&after, new))
}

fn compare(before: &str, after: &str) -> TemplateDiff {
    compare_under(before, &Parameters::new(), after, &Parameters::new())
}

/// A template with one resource, flow-style properties.
fn one(type_name: &str, properties: &str) -> String {
    format!("Resources: {{A: {{Type: '{type_name}', Properties: {properties}}}}}")
}

/// Paths and replacements of the changed properties of resource A.
fn changes(type_name: &str, before: &str, after: &str) -> Vec<(String, Replacement)> {
    let difference = compare(&one(type_name, before), &one(type_name, after));
    let resource = difference.resource("A");
    resource.map(|it| it.properties.iter().map(|it| (it.path.clone(), it.replacement)).collect()).unwrap_or_default()
}

const VPC: &str = "AWS::EC2::VPC";

#[test]
fn equal_templates_differ_in_nothing() {
    let text = one(VPC, "{CidrBlock: 10.0.0.0/16}");
    assert!(compare(&text, &text).is_empty());
}

#[test]
fn without_a_before_all_is_added() {
    let after = Template::parse("after", &one(VPC, "{CidrBlock: 10.0.0.0/16}")).unwrap();
    let difference = diff(&Registry::builtin(), None, (&after, &Parameters::new()));
    assert_eq!(difference.resources[0].change, Change::Added);
    assert_eq!(difference.resources[0].after, Some(json!({"CidrBlock": "10.0.0.0/16"})));
}

#[test]
fn resources_come_and_go() {
    let difference = compare("Resources: {A: {Type: T}, B: {Type: T}}", "Resources: {C: {Type: T}, B: {Type: T}}");
    let found: Vec<_> = difference.resources.iter().map(|it| (it.logical_id.as_str(), it.change)).collect();
    assert_eq!(found, [("A", Change::Removed), ("C", Change::Added)]);
}

#[test]
fn a_create_only_property_replaces() {
    let difference = compare(&one(VPC, "{CidrBlock: 10.0.0.0/16}"), &one(VPC, "{CidrBlock: 10.1.0.0/16}"));
    let resource = difference.resource("A").unwrap();
    assert_eq!((resource.change, resource.replacement), (Change::Modified, Replacement::Always));
    assert_eq!(resource.replacement_paths().collect::<Vec<_>>(), ["CidrBlock"]);
    assert_eq!(resource.properties[0].before, Some(json!("10.0.0.0/16")));
    assert_eq!(resource.properties[0].after, Some(json!("10.1.0.0/16")));
}

#[test]
fn scalars_that_mean_the_same_are_the_same() {
    assert_eq!(
        changes("AWS::SQS::Queue", "{DelaySeconds: 5, FifoQueue: true}", "{DelaySeconds: '5', FifoQueue: 'true'}"),
        []
    );
}

#[test]
fn a_change_between_empty_objects_is_seen() {
    let rule = |action: &str| format!("{{Rules: [{{Name: r, Action: {{{action}: {{}}}}}}]}}");
    let paths: Vec<_> =
        changes("AWS::WAFv2::WebACL", &rule("Allow"), &rule("Block")).into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["Rules.0.Action.Allow", "Rules.0.Action.Block"]);
}

#[test]
fn lists_without_order_are_compared_as_sets() {
    assert_eq!(
        changes(
            "AWS::EC2::VPC",
            "{Tags: [{Key: a, Value: 1}, {Key: b, Value: 2}]}",
            "{Tags: [{Key: b, Value: 2}, {Key: a, Value: 1}]}"
        ),
        []
    );
}

#[test]
fn a_changed_tag_is_one_change_in_place() {
    assert_eq!(
        changes(
            VPC,
            "{Tags: [{Key: a, Value: 1}, {Key: b, Value: 2}]}",
            "{Tags: [{Key: b, Value: 3}, {Key: a, Value: 1}]}"
        ),
        [("Tags.0.Value".to_owned(), Replacement::Never)]
    );
}

#[test]
fn a_list_that_grows_changes_as_a_whole() {
    assert_eq!(
        changes(VPC, "{Tags: [{Key: a, Value: 1}]}", "{Tags: [{Key: a, Value: 1}, {Key: b, Value: 2}]}"),
        [("Tags".to_owned(), Replacement::Never)]
    );
}

#[test]
fn lists_with_order_are_compared_item_by_item() {
    let command = |items: &str| format!("{{ContainerDefinitions: [{{Name: a, Image: i, Command: {items}}}]}}");
    let found = changes("AWS::ECS::TaskDefinition", &command("[a, b]"), &command("[b, a]"));
    assert!(found.iter().all(|(_, replacement)| *replacement == Replacement::Always));
    assert!(!found.is_empty());
}

#[test]
fn a_whole_object_replaces_only_when_its_create_only_part_changes() {
    let provider = |more: &str| format!("{{Name: a, AutoScalingGroupProvider: {{AutoScalingGroupArn: x{more}}}}}");
    assert_eq!(
        changes("AWS::ECS::CapacityProvider", &provider(""), &provider(", ManagedDraining: ENABLED")),
        [("AutoScalingGroupProvider.ManagedDraining".to_owned(), Replacement::Never)]
    );
    assert_eq!(
        changes(
            "AWS::ECS::CapacityProvider",
            "{Name: a}",
            "{Name: a, AutoScalingGroupProvider: {ManagedDraining: ENABLED}}"
        ),
        [("AutoScalingGroupProvider".to_owned(), Replacement::Never)]
    );
    assert_eq!(
        changes("AWS::ECS::CapacityProvider", "{Name: a}", &provider("")),
        [("AutoScalingGroupProvider".to_owned(), Replacement::Always)]
    );
}

#[test]
fn a_changed_parameter_shows_where_it_arrives() {
    let text = format!("Parameters: {{Cidr: {{Type: String}}}}\n{}", one(VPC, "{CidrBlock: !Ref Cidr}"));
    let parameters = |cidr: &str| Parameters::new().with("Cidr", cidr);
    let difference = compare_under(&text, &parameters("10.0.0.0/16"), &text, &parameters("10.1.0.0/16"));
    assert_eq!(difference.resource("A").unwrap().replacement, Replacement::Always);
    assert_eq!(difference.parameters[0].name, "Cidr");
}

#[test]
fn a_hidden_parameter_shows_where_it_arrives_but_not_its_value() {
    let text = format!(
        "Parameters: {{Secret: {{Type: String, NoEcho: true}}}}\n{}",
        one("AWS::SSM::Parameter", "{Type: String, Value: !Ref Secret}")
    );
    let parameters = |value: &str| Parameters::new().with("Secret", value);
    let difference = compare_under(&text, &parameters("one-secret"), &text, &parameters("two-secret"));
    assert_eq!(difference.resource("A").unwrap().properties[0].cause, Cause::HiddenParameter("Secret".into()));
    assert!(!serde_json::to_string(&difference).unwrap().contains("-secret"));
}

#[test]
fn a_condition_adds_and_removes() {
    let text = "Parameters: {On: {Type: String}}\nConditions: {C: !Equals [!Ref On, yes]}
Resources: {A: {Type: T, Condition: C}, B: {Type: T}}";
    let text = text.replace("yes", "'yes'");
    let parameters = |on: &str| Parameters::new().with("On", on);
    let difference = compare_under(&text, &parameters("yes"), &text, &parameters("no"));
    assert_eq!(difference.resource("A").unwrap().change, Change::Removed);
}

#[test]
fn attributes_are_compared() {
    let text =
        |attributes: &str| format!("Resources: {{A: {{Type: T, {attributes}}}, B: {{Type: T}}, C: {{Type: T}}}}");
    let difference = compare(&text("DeletionPolicy: Retain, DependsOn: [B, C]"), &text("DependsOn: [C, B]"));
    let names: Vec<_> = difference.resource("A").unwrap().attributes.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["DeletionPolicy"]);
}

#[test]
fn a_reference_to_a_replaced_resource_changes_too() {
    let text = |cidr: &str| {
        format!(
            "Resources:
  Vpc: {{Type: 'AWS::EC2::VPC', Properties: {{CidrBlock: {cidr}}}}}
  Subnet: {{Type: 'AWS::EC2::Subnet', Properties: {{VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24}}}}
  Gateway: {{Type: 'AWS::EC2::NatGateway', Properties: {{SubnetId: !Ref Subnet}}}}
  Topic: {{Type: 'AWS::SNS::Topic', Properties: {{DisplayName: !Sub 'vpc ${{Vpc}}'}}}}
"
        )
    };
    let difference = compare(&text("10.0.0.0/16"), &text("10.1.0.0/16"));
    let replacement = |id: &str| difference.resource(id).map(|change| change.replacement);
    assert_eq!(replacement("Vpc"), Some(Replacement::Always));
    assert_eq!(replacement("Subnet"), Some(Replacement::Conditional));
    assert_eq!(replacement("Gateway"), Some(Replacement::Conditional));
    assert_eq!(replacement("Topic"), Some(Replacement::Never));
    assert_eq!(difference.resource("Subnet").unwrap().properties[0].cause, Cause::Replaced("Vpc".into()));
}

#[test]
fn another_type_is_named() {
    let difference = compare("Resources: {A: {Type: 'AWS::SNS::Topic'}}", "Resources: {A: {Type: 'AWS::SQS::Queue'}}");
    let resource = difference.resource("A").unwrap();
    assert_eq!(resource.type_before.as_deref(), Some("AWS::SNS::Topic"));
    assert_eq!(resource.replacement, Replacement::Always);
}

#[test]
fn outputs_are_compared_by_value() {
    let text = |outputs: &str| {
        format!("Parameters: {{P: {{Type: String, Default: x}}}}\nResources: {{A: {{Type: T}}}}\nOutputs: {outputs}")
    };
    assert!(compare(&text("{O: {Value: x}}"), &text("{O: {Value: !Ref P, Description: d}}")).is_empty());
    let difference = compare(&text("{O: {Value: x}, Gone: {Value: 1}}"), &text("{O: {Value: y}, New: {Value: 2}}"));
    let names: Vec<_> = difference.outputs.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["Gone", "O", "New"]);
}
