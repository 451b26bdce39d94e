use super::*;
use crate::diagnostics::Severity;

/// The findings about a template.
fn findings(text: &str) -> Vec<Diagnostic> {
    let template = Template::parse("t.yaml", text).unwrap();
    check(&template, &Registry::builtin(), Some("us-gov-west-1")).diagnostics
}

/// Codes and messages of the findings about one resource with flow-style properties.
fn resource(type_name: &str, properties: &str) -> Vec<(&'static str, String)> {
    let text = format!(
        "Parameters: {{One: {{Type: String}}, Many: {{Type: CommaDelimitedList}}}}
Resources: {{A: {{Type: '{type_name}', Properties: {properties}}}, Zone: {{Type: 'AWS::EC2::VPC', Properties: {{CidrBlock: 10.0.0.0/16}}}}}}"
    );
    findings(&text).into_iter().map(|finding| (finding.code, finding.message)).collect()
}

fn codes_of(type_name: &str, properties: &str) -> Vec<&'static str> {
    resource(type_name, properties).into_iter().map(|(code, _)| code).collect()
}

#[test]
fn a_right_resource_is_silent() {
    assert_eq!(
        resource("AWS::EC2::VPC", "{CidrBlock: 10.0.0.0/16, EnableDnsSupport: true, Tags: [{Key: a, Value: b}]}"),
        []
    );
}

#[test]
fn an_unknown_type_is_found_with_a_suggestion() {
    let found = findings("Resources: {A: {Type: 'AWS::EC2::Vpc'}}");
    assert_eq!(found[0].code, codes::UNKNOWN_TYPE);
    assert_eq!(found[0].help.as_deref(), Some("did you mean `AWS::EC2::VPC`?"));
}

#[test]
fn an_unknown_property_is_found_at_its_key_with_a_suggestion() {
    let found = findings("Resources:\n  A:\n    Type: AWS::SNS::Topic\n    Properties:\n      TopicNam: a\n");
    assert_eq!((found[0].code, found[0].severity), (codes::UNKNOWN_PROPERTY, Severity::Error));
    assert_eq!(found[0].message, "AWS::SNS::Topic has no property `TopicNam`");
    assert_eq!(found[0].help.as_deref(), Some("did you mean `TopicName`?"));
    assert_eq!(found[0].path.as_deref(), Some("Resources.A.Properties.TopicNam"));
    let start = found[0].span.as_ref().unwrap().start;
    assert_eq!((start.line, start.column), (5, 7));
}

#[test]
fn a_nested_unknown_property_names_its_parent() {
    assert_eq!(
        resource("AWS::EC2::VPC", "{CidrBlock: 10.0.0.0/16, Tags: [{Key: a, Value: b, Vale: c}]}"),
        [(codes::UNKNOWN_PROPERTY, "`Tags` has no property `Vale`".to_owned())]
    );
}

#[test]
fn a_missing_property_is_found() {
    assert_eq!(
        resource("AWS::EC2::Subnet", "{CidrBlock: 10.0.0.0/24}"),
        [(codes::MISSING_PROPERTY, "AWS::EC2::Subnet needs the property `VpcId`".to_owned())]
    );
}

#[test]
fn a_missing_property_is_found_without_any_properties() {
    assert_eq!(findings("Resources: {A: {Type: 'AWS::IAM::Role'}}")[0].code, codes::MISSING_PROPERTY);
}

#[test]
fn no_value_is_a_missing_property() {
    assert_eq!(
        codes_of("AWS::EC2::Subnet", "{CidrBlock: 10.0.0.0/24, VpcId: !Ref 'AWS::NoValue'}"),
        [codes::MISSING_PROPERTY]
    );
}

#[test]
fn a_property_that_may_be_left_out_counts_as_there() {
    assert!(
        codes_of("AWS::EC2::Subnet", "{CidrBlock: 10.0.0.0/24, VpcId: !If [C, v, !Ref 'AWS::NoValue']}").is_empty()
    );
}

#[test]
fn scalars_are_turned_into_one_another() {
    let properties = |delay: &str, fifo: &str, name: &str| {
        codes_of("AWS::SQS::Queue", &format!("{{DelaySeconds: {delay}, FifoQueue: {fifo}, QueueName: {name}}}"))
    };
    assert!(properties("'5'", "'true'", "5").is_empty());
    assert!(properties("5.0", "True", "true").is_empty());
    assert_eq!(properties("five", "true", "a"), [codes::WRONG_TYPE]);
    assert_eq!(properties("5", "1", "a"), [codes::WRONG_TYPE]);
    assert_eq!(properties("5", "true", "[a]"), [codes::WRONG_TYPE]);
}

#[test]
fn a_scalar_is_no_list() {
    assert_eq!(
        resource("AWS::ElastiCache::SubnetGroup", "{Description: d, SubnetIds: subnet-1}"),
        [(codes::WRONG_TYPE, "`SubnetIds` is a list, and this is the string `subnet-1`".to_owned())]
    );
}

#[test]
fn null_is_no_value() {
    assert_eq!(codes_of("AWS::SNS::Topic", "{TopicName: null}"), [codes::WRONG_TYPE]);
}

#[test]
fn a_value_outside_its_enum_is_found_with_the_values() {
    let found = findings(
        "Resources: {A: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16, InstanceTenancy: dedicatet}}}",
    );
    assert_eq!(found[0].code, codes::ENUM);
    assert_eq!(found[0].help.as_deref(), Some("did you mean `dedicated`? it is one of dedicated, default, host"));
}

#[test]
fn a_pattern_is_compared() {
    assert_eq!(codes_of("AWS::Logs::LogGroup", "{LogGroupName: 'a b'}"), [codes::PATTERN]);
    assert_eq!(codes_of("AWS::KMS::Alias", "{AliasName: a, TargetKeyId: k}"), [codes::PATTERN]);
    assert!(codes_of("AWS::KMS::Alias", "{AliasName: alias/a, TargetKeyId: k}").is_empty());
}

#[test]
fn a_network_is_compared() {
    assert_eq!(codes_of("AWS::EC2::VPC", "{CidrBlock: 10.0.0.0}"), [codes::PATTERN]);
}

#[test]
fn a_dynamic_reference_fits_anywhere_a_scalar_does() {
    assert!(codes_of("AWS::SQS::Queue", "{DelaySeconds: '{{resolve:ssm:x}}'}").is_empty());
}

#[test]
fn ranges_and_lengths_are_compared() {
    let strategy = |weight: u32| {
        codes_of(
            "AWS::ECS::Service",
            &format!("{{CapacityProviderStrategy: [{{CapacityProvider: a, Weight: {weight}}}]}}"),
        )
    };
    assert!(strategy(1000).is_empty());
    assert_eq!(strategy(1001), [codes::SIZE]);
    assert_eq!(
        resource("AWS::CloudFormation::Stack", "{TemplateURL: '', TimeoutInMinutes: 0}"),
        [
            (codes::SIZE, "`TemplateURL` has 0 characters, and takes at least 1".to_owned()),
            (codes::SIZE, "`TimeoutInMinutes` is at least 1, and this is 0".to_owned())
        ]
    );
}

#[test]
fn list_sizes_and_duplicates_are_compared() {
    assert_eq!(
        codes_of("AWS::CloudFormation::Stack", "{TemplateURL: a, NotificationARNs: [a, b, c, d, e, f]}"),
        [codes::SIZE]
    );
    let environment =
        "{ContainerDefinitions: [{Name: a, Image: b, Environment: [{Name: X, Value: 1}, {Name: X, Value: 2}]}]}";
    assert_eq!(codes_of("AWS::ECS::TaskDefinition", environment), [codes::DUPLICATE_ITEM]);
}

#[test]
fn of_an_exclusive_group_one_is_set() {
    assert_eq!(codes_of("AWS::EC2::VPC", "{EnableDnsSupport: true}"), [codes::GROUP]);
    assert!(
        codes_of("AWS::EC2::VPC", "{CidrBlock: 10.0.0.0/16, Ipv4IpamPoolId: p, Ipv4NetmaskLength: 16}")
            .contains(&codes::GROUP)
    );
    assert!(
        codes_of(
            "AWS::EC2::SecurityGroupIngress",
            "{GroupId: g, IpProtocol: tcp, CidrIp: !If [C, 10.0.0.0/8, !Ref 'AWS::NoValue'], SourceSecurityGroupId: !If [C, !Ref 'AWS::NoValue', sg]}"
        )
        .is_empty()
    );
}

#[test]
fn alternatives_need_one_that_holds() {
    assert_eq!(
        codes_of("AWS::CloudFormation::StackSet", "{StackSetName: a, PermissionModel: SELF_MANAGED}"),
        [codes::GROUP]
    );
    assert_eq!(
        codes_of(
            "AWS::CloudFormation::StackSet",
            "{StackSetName: a, PermissionModel: SELF_MANAGED, TemplateBody: a, TemplateURL: b}"
        ),
        [codes::GROUP]
    );
}

#[test]
fn dependents_need_each_other() {
    assert_eq!(
        resource("AWS::EC2::VPC", "{Ipv4IpamPoolId: p}"),
        [(codes::GROUP, "`Ipv4IpamPoolId` needs `Ipv4NetmaskLength` beside it".to_owned())]
    );
}

#[test]
fn what_aws_computes_cannot_be_set() {
    assert_eq!(codes_of("AWS::EC2::VPC", "{CidrBlock: 10.0.0.0/16, VpcId: v}"), [codes::READ_ONLY]);
}

#[test]
fn a_function_may_stand_for_any_value_of_its_kind() {
    assert_eq!(
        resource(
            "AWS::ElastiCache::SubnetGroup",
            "{Description: !Sub '${One}', CacheSubnetGroupName: !Ref One, SubnetIds: !Ref Many}"
        ),
        []
    );
}

#[test]
fn a_function_of_the_wrong_kind_is_found() {
    let subnets =
        |value: &str| codes_of("AWS::ElastiCache::SubnetGroup", &format!("{{Description: d, SubnetIds: {value}}}"));
    assert_eq!(subnets("!Ref One"), [codes::WRONG_TYPE]);
    assert_eq!(subnets("!Join [',', [a]]"), [codes::WRONG_TYPE]);
    assert_eq!(subnets("[!Ref Many]"), [codes::WRONG_TYPE]);
    assert!(subnets("!Split [',', a]").is_empty());
    assert_eq!(subnets("!GetAtt Zone.VpcId"), [codes::WRONG_TYPE]);
    assert!(subnets("!GetAtt Zone.CidrBlockAssociations").is_empty());
    assert_eq!(subnets("!Equals [a, b]"), [codes::FUNCTION]);
}

#[test]
fn both_branches_of_an_if_are_checked() {
    assert_eq!(
        codes_of("AWS::EC2::VPC", "{CidrBlock: 10.0.0.0/16, InstanceTenancy: !If [C, nope, neither]}"),
        [codes::ENUM; 2]
    );
}

#[test]
fn a_policy_document_may_be_anything() {
    assert!(
        codes_of(
            "AWS::IAM::Role",
            "{AssumeRolePolicyDocument: {Statement: [{Effect: Allow, Condition: {Bool: {a: true}}}]}}"
        )
        .is_empty()
    );
}

#[test]
fn attributes_of_a_resource_are_checked() {
    let codes = |attributes: &str| -> Vec<_> {
        findings(&format!("Resources: {{A: {{Type: 'AWS::SNS::Topic', {attributes}}}}}"))
            .iter()
            .map(|it| it.code)
            .collect()
    };
    assert_eq!(codes("DeletionPolcy: Retain"), [codes::RESOURCE_ATTRIBUTE]);
    assert_eq!(codes("DeletionPolicy: Keep"), [codes::RESOURCE_ATTRIBUTE]);
    assert_eq!(codes("DeletionPolicy: Snapshot"), [codes::RESOURCE_ATTRIBUTE]);
    assert_eq!(codes("DependsOn: {a: b}"), [codes::RESOURCE_ATTRIBUTE]);
    assert!(codes("DeletionPolicy: RetainExceptOnCreate, UpdateReplacePolicy: Retain").is_empty());
}

#[test]
fn a_type_that_the_region_lacks_is_found() {
    let found = findings(
        "Resources: {A: {Type: 'AWS::Budgets::Budget', Properties: {Budget: {BudgetType: COST, TimeUnit: DAILY}}}}",
    );
    assert_eq!(found[0].code, codes::ABSENT_TYPE);
}

#[test]
fn a_custom_resource_takes_what_it_likes() {
    assert!(codes_of("Custom::Thing", "{ServiceToken: a, Anything: [1, {b: c}]}").is_empty());
}
