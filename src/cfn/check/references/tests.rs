use super::*;

/// Codes and messages of a template's findings.
fn findings(text: &str) -> Vec<(&'static str, String)> {
    let template = Template::parse("t.yaml", text).unwrap();
    check(&template, &Registry::builtin()).into_iter().map(|finding| (finding.code, finding.message)).collect()
}

fn codes_of(text: &str) -> Vec<&'static str> {
    findings(text).into_iter().map(|(code, _)| code).collect()
}

#[test]
fn references_that_resolve_are_silent() {
    let text = "Parameters: {P: {Type: String}}
Conditions: {C: !Equals [!Ref P, a]}
Mappings: {M: {a: {b: c}}}
Resources:
  Vpc: {Type: 'AWS::EC2::VPC', Condition: C, Properties: {CidrBlock: !FindInMap [M, a, b]}}
  Subnet:
    Type: AWS::EC2::Subnet
    DependsOn: [Vpc]
    Properties:
      VpcId: !GetAtt Vpc.VpcId
      CidrBlock: !If [C, !Sub '${P}-${Vpc}-${Vpc.CidrBlock}-${AWS::Region}-${!Literal}', !Sub ['${V}', {V: !Ref P}]]
Outputs: {O: {Condition: C, Value: !Ref Subnet}}
";
    assert_eq!(findings(text), []);
}

#[test]
fn a_ref_to_nothing_is_found_with_a_suggestion() {
    let template =
        Template::parse("t", "Resources:\n  Topic: {Type: 'AWS::SNS::Topic', Properties: {TopicName: !Ref Topik}}\n")
            .unwrap();
    let found = check(&template, &Registry::builtin());
    assert_eq!(found[0].code, codes::UNRESOLVED);
    assert_eq!(found[0].help.as_deref(), Some("did you mean `Topic`?"));
    assert_eq!(found[0].span.as_ref().map(|span| span.start.line), Some(2));
}

#[test]
fn a_sub_of_nothing_is_found() {
    assert_eq!(
        codes_of("Resources: {A: {Type: 'AWS::SNS::Topic', Properties: {TopicName: !Sub '${B}-${C.Arn}'}}}"),
        [codes::UNRESOLVED, codes::UNRESOLVED]
    );
}

#[test]
fn a_dependency_on_nothing_is_found() {
    assert_eq!(codes_of("Resources: {A: {Type: 'AWS::SNS::Topic', DependsOn: B}}"), [codes::UNRESOLVED]);
}

#[test]
fn an_attribute_that_the_type_lacks_is_found() {
    let text = "Resources: {A: {Type: 'AWS::IAM::Role'}}\nOutputs: {O: {Value: !GetAtt A.Arm}}";
    assert_eq!(findings(text), [(codes::UNKNOWN_ATTRIBUTE, "AWS::IAM::Role offers no attribute `Arm`".to_owned())]);
}

#[test]
fn conditions_may_not_see_resources() {
    let text = "Conditions: {C: !Equals [!Ref A, b]}\nResources: {A: {Type: 'AWS::SNS::Topic', Condition: C}}";
    assert_eq!(codes_of(text), [codes::UNRESOLVED]);
}

#[test]
fn unknown_conditions_are_found_wherever_they_stand() {
    let text = "Resources: {A: {Type: 'AWS::SNS::Topic', Condition: X, Properties: {TopicName: !If [Y, a, b]}}}
Outputs: {O: {Condition: Z, Value: 1}}";
    assert_eq!(codes_of(text), [codes::UNKNOWN_CONDITION; 3]);
}

#[test]
fn the_condition_of_a_policy_statement_is_none_of_the_template() {
    let text = "Resources: {A: {Type: T, Properties: {P: {Condition: {StringEquals: {a: b}}}}}}";
    assert_eq!(findings(text), []);
}

#[test]
fn unknown_mappings_and_keys_are_found() {
    let text = |arguments: &str| {
        format!(
            "Mappings: {{M: {{a: {{b: c}}}}}}\nResources: {{A: {{Type: T, Properties: {{P: !FindInMap {arguments}}}}}}}"
        )
    };
    assert_eq!(codes_of(&text("[N, a, b]")), [codes::UNKNOWN_MAPPING]);
    assert_eq!(codes_of(&text("[M, x, b]")), [codes::UNKNOWN_MAPPING]);
    assert_eq!(codes_of(&text("[M, a, x]")), [codes::UNKNOWN_MAPPING]);
    assert_eq!(codes_of(&text("[M, !Ref 'AWS::Region', x]")), [codes::UNKNOWN_MAPPING]);
    assert!(codes_of(&text("[M, !Ref 'AWS::Region', b]")).is_empty());
}

#[test]
fn what_is_declared_and_not_used_is_a_warning() {
    let text = "Parameters: {P: {Type: String}}\nConditions: {C: !Equals [a, b]}\nResources: {A: {Type: T}}";
    let template = Template::parse("t", text).unwrap();
    let found = check(&template, &Registry::builtin());
    assert!(found.iter().all(|finding| finding.severity == crate::diagnostics::Severity::Warning));
    assert_eq!(found.len(), 2);
}

#[test]
fn a_circle_of_resources_is_listed() {
    let text = "Resources:
  A: {Type: T, Properties: {P: !Ref B}}
  B: {Type: T, Properties: {P: !GetAtt C.X}}
  C: {Type: T, DependsOn: A}
";
    assert_eq!(findings(text), [(codes::CYCLE, "circular dependency between resources: A -> B -> C -> A".to_owned())]);
}

#[test]
fn a_resource_that_depends_on_itself_is_told_once() {
    assert_eq!(codes_of("Resources: {A: {Type: T, DependsOn: A}}"), [codes::CYCLE]);
    assert_eq!(codes_of("Resources: {A: {Type: T, Properties: {P: !Ref A}}}"), [codes::CYCLE]);
}

#[test]
fn a_circle_of_conditions_is_found() {
    let text = "Conditions: {C: !Not [!Condition D], D: !Not [!Condition C]}\nResources: {A: {Type: T}}";
    assert_eq!(codes_of(text), [codes::CYCLE]);
}

#[test]
fn names_are_letters_and_digits() {
    assert_eq!(codes_of("Resources: {A-b: {Type: T}}\nOutputs: {o_p: {Value: 1}}"), [codes::NAME; 2]);
}

#[test]
fn declarations_are_checked() {
    let parameter = |declaration: &str| {
        codes_of(&format!("Parameters: {{P: {declaration}}}\nResources: {{A: {{Type: T, Properties: {{P: !Ref P}}}}}}"))
    };
    assert!(parameter("{Type: 'AWS::SSM::Parameter::Value<List<AWS::EC2::Subnet::Id>>'}").is_empty());
    assert!(parameter("{Type: 'List<AWS::EC2::Subnet::Id>'}").is_empty());
    assert_eq!(parameter("{Type: Sting}"), [codes::DECLARATION]);
    assert_eq!(parameter("{Default: a}"), [codes::DECLARATION]);
    assert_eq!(parameter("{Type: String, Default: c, AllowedValues: [a, b]}"), [codes::DECLARATION]);
    assert_eq!(parameter("{Type: String, Defualt: c}"), [codes::DECLARATION]);
    assert_eq!(codes_of("Resources: {A: {Type: T}}\nOutputs: {O: {Description: d}}"), [codes::DECLARATION]);
}

#[test]
fn functions_are_checked() {
    let value = |yaml: &str| codes_of(&format!("Resources: {{A: {{Type: T, Properties: {{P: {yaml}}}}}}}"));
    assert_eq!(value("{'Fn::Joyn': [a, [b]]}"), [codes::FUNCTION]);
    assert_eq!(value("!Join [a]"), [codes::FUNCTION]);
    assert_eq!(value("!Join [a, b]"), [codes::FUNCTION]);
    assert_eq!(value("!Select 1"), [codes::FUNCTION]);
    assert!(value("!Select [0, !Split [a, b]]").is_empty());
}
