use super::*;

const TEMPLATE: &str = "Parameters:
  Name: {Type: String, Default: acme}
  Zones: {Type: CommaDelimitedList, Default: 'a, b'}
  Secret: {Type: String, NoEcho: true}
  Image: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /image}
  Free: {Type: String}
Mappings: {Sizes: {acme: {cpu: 2}}}
Conditions:
  IsAcme: !Equals [!Ref Name, acme]
  IsFree: !Equals [!Ref Free, x]
  Either: !Or [!Condition IsAcme, !Condition IsFree]
  Both: !And [!Condition IsAcme, !Condition IsFree]
  Not: !Not [!Condition IsAcme]
  Loop: !Not [!Condition Loop]
Resources:
  A:
    Type: T
    Properties: {P: VALUE}
  B: {Type: T}
";

/// The value of a YAML expression, or JSON null for AWS::NoValue.
fn value(yaml: &str, parameters: &Parameters) -> Json {
    let template = Template::parse("t", &TEMPLATE.replace("VALUE", yaml)).unwrap();
    let evaluator = Evaluator::new(&template, parameters, &NothingDeployed);
    let properties = evaluator.properties(&template.resource("A").unwrap());
    properties.get("P").cloned().unwrap_or(Json::Null)
}

fn default(yaml: &str) -> Json {
    value(yaml, &Parameters::new().with("AWS::Region", "eu-west-1").with("Secret", "hidden"))
}

#[test]
fn a_parameter_has_its_value_or_its_default() {
    assert_eq!(default("!Ref Name"), json!("acme"));
    assert_eq!(value("!Ref Name", &Parameters::new().with("Name", "other")), json!("other"));
    assert_eq!(default("!Ref Free"), json!({"Ref": "Free"}));
}

#[test]
fn a_list_parameter_is_a_list() {
    assert_eq!(default("!Ref Zones"), json!(["a", "b"]));
}

#[test]
fn a_pseudo_parameter_is_known_when_it_is_given() {
    assert_eq!(default("!Sub '${AWS::Region}-${AWS::StackName}'"), json!({"Fn::Sub": "eu-west-1-${AWS::StackName}"}));
}

#[test]
fn a_no_echo_parameter_stays_hidden() {
    assert_eq!(default("!Ref Secret"), json!({"Ref": "Secret"}));
    assert_eq!(default("!Sub 'x-${Secret}'"), json!({"Fn::Sub": "x-${Secret}"}));
}

#[test]
fn an_ssm_parameter_is_read_by_aws() {
    assert_eq!(default("!Ref Image"), json!("{{resolve:ssm:/image}}"));
}

#[test]
fn sub_fills_in_what_is_known() {
    assert_eq!(default("!Sub '${Name}-${!Name}'"), json!("acme-${Name}"));
    assert_eq!(default("!Sub '${Name}-${B.Arn}-${!X}'"), json!({"Fn::Sub": "acme-${B.Arn}-${!X}"}));
    assert_eq!(
        default("!Sub ['${V}-${W}', {V: !Ref Name, W: !Ref B}]"),
        json!({"Fn::Sub": ["acme-${W}", {"W": {"Ref": "B"}}]})
    );
}

#[test]
fn list_functions_are_evaluated() {
    assert_eq!(default("!Join ['-', [!Ref Name, 1, true]]"), json!("acme-1-true"));
    assert_eq!(default("!Join [',', !Ref Zones]"), json!("a,b"));
    assert_eq!(default("!Select [1, !Split ['.', a.b.c]]"), json!("b"));
    assert_eq!(default("!Join ['-', [!Ref Name, !Ref B]]"), json!({"Fn::Join": ["-", ["acme", {"Ref": "B"}]]}));
    assert_eq!(default("!Length [1, 2]"), json!(2));
}

#[test]
fn mappings_are_read() {
    assert_eq!(default("!FindInMap [Sizes, !Ref Name, cpu]"), json!(2));
    assert_eq!(default("!FindInMap [Sizes, none, cpu, {DefaultValue: 4}]"), json!(4));
}

#[test]
fn conditions_choose_and_no_value_removes() {
    assert_eq!(default("!If [IsAcme, yes1, no1]"), json!("yes1"));
    assert_eq!(default("!If [Not, a, !Ref 'AWS::NoValue']"), Json::Null);
    assert_eq!(default("[a, !If [Not, b, !Ref 'AWS::NoValue']]"), json!(["a"]));
}

#[test]
fn an_unknown_condition_keeps_both_branches() {
    assert_eq!(default("!If [IsFree, !Ref Name, b]"), json!({"Fn::If": ["IsFree", "acme", "b"]}));
}

#[test]
fn one_known_test_decides() {
    assert_eq!(default("!If [Either, a, b]"), json!("a"));
    assert_eq!(default("!If [Both, a, b]"), json!({"Fn::If": ["Both", "a", "b"]}));
    assert_eq!(value("!If [Both, a, b]", &Parameters::new().with("Name", "x")), json!("b"));
    assert_eq!(value("!If [Either, a, b]", &Parameters::new().with("Name", "x").with("Free", "y")), json!("b"));
}

#[test]
fn a_condition_of_itself_is_not_known() {
    assert_eq!(default("!If [Loop, a, b]"), json!({"Fn::If": ["Loop", "a", "b"]}));
}
