use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;

/// Every resource refers to itself by name.
struct Names;

impl Lookup for Names {
    fn reference(&self, logical_id: &str) -> Option<Value> {
        Some(Value::String(format!("ref-{logical_id}")))
    }
    fn attribute(&self, logical_id: &str, attribute: &str) -> Option<Value> {
        Some(Value::String(format!("{logical_id}/{attribute}")))
    }
    fn import(&self, name: &str) -> Option<String> {
        (name == "exported").then(|| "value".to_owned())
    }
}

fn evaluate(expression: &str) -> Result<Value, String> {
    let text = format!(
        "Transform: AWS::LanguageExtensions\nConditions:\n  Same: !Equals [a, a]\n  Other: !Not [!Condition Same]\n\
         Mappings:\n  M: {{top: {{second: [x, y]}}}}\n\
         Resources:\n  A:\n    Type: AWS::EC2::VPC\n  B:\n    Type: AWS::EC2::VPC\n    Properties:\n      CidrBlock: {expression}\n"
    );
    let body = Body::parse(&text)?;
    let pseudo = Pseudo {
        account: "111111111111".into(),
        region: "us-west-2".into(),
        stack_id: "arn".into(),
        stack_name: "stack".into(),
        notification_arns: Vec::new(),
    };
    let parameters = BTreeMap::new();
    let evaluator = Evaluator::new(&body, &parameters, &pseudo, &Names);
    let value = body.resource("B").and_then(|b| b.pointer("/Properties/CidrBlock")).cloned().unwrap_or_default();
    evaluator.value(&value).map_err(|error| error.to_string())
}

#[test]
fn functions_give_what_cloudformation_gives() {
    let cases = [
        ("!Ref A", json!("ref-A")),
        ("!GetAtt A.CidrBlock", json!("A/CidrBlock")),
        ("!Sub '${AWS::Region}-${A}-${A.CidrBlock}-${!A}'", json!("us-west-2-ref-A-A/CidrBlock-${A}")),
        ("!Sub ['${X}', {X: !Ref AWS::AccountId}]", json!("111111111111")),
        ("!Join ['-', [a, !Ref A]]", json!("a-ref-A")),
        ("!Split [',', 'a,b']", json!(["a", "b"])),
        ("!Select [1, [a, b]]", json!("b")),
        ("!If [Same, a, b]", json!("a")),
        ("!If [Other, a, b]", json!("b")),
        ("{x: !If [Other, a, !Ref AWS::NoValue], y: 1}", json!({"y": 1})),
        ("!FindInMap [M, top, second]", json!(["x", "y"])),
        ("!FindInMap [M, top, third, {DefaultValue: z}]", json!("z")),
        ("!ImportValue exported", json!("value")),
        ("!GetAZs ''", json!(["us-west-2a", "us-west-2b", "us-west-2c", "us-west-2d"])),
        ("!Cidr [10.0.0.0/16, 3, 8]", json!(["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"])),
        ("!Base64 hello", json!("aGVsbG8=")),
        ("{'Fn::ToJsonString': {a: 1}}", json!("{\"a\":1}")),
        ("{'Fn::Length': [1, 2]}", json!(2)),
    ];
    for (expression, expected) in cases {
        assert_eq!(evaluate(expression), Ok(expected), "{expression}");
    }
}

#[test]
fn a_dynamic_reference_stays_a_reference() {
    let text = "'{{resolve:secretsmanager:s:SecretString:k}}'";
    assert_eq!(evaluate(text), Ok(json!("{{resolve:secretsmanager:s:SecretString:k}}")));
}

#[test]
fn an_unknown_export_is_named() {
    assert!(evaluate("!ImportValue other").unwrap_err().contains("No export named other found"));
}

#[test]
fn a_block_too_small_for_the_count_is_refused() {
    assert!(evaluate("!Cidr [10.0.0.0/24, 3, 8]").is_err());
}

#[test]
fn an_unresolved_reference_names_the_block() {
    assert_eq!(
        evaluate("!Ref Nothing").unwrap_err(),
        "Template format error: Unresolved resource dependencies [Nothing] in the Resources block of the template"
    );
}

#[test]
fn a_circle_is_refused() {
    let text = "Resources: {A: {Type: T, DependsOn: B}, B: {Type: T, DependsOn: A}}";
    assert_eq!(Body::parse(text).unwrap_err(), "Circular dependency between resources: [A, B]");
}

fn parameters(declaration: &str, given: &[(&str, &str)]) -> Result<ParameterSet, String> {
    let body = Body::parse(&format!("Parameters: {{P: {declaration}}}\nResources: {{A: {{Type: T}}}}"))?;
    let given: Vec<Given> =
        given.iter().map(|(key, value)| Given { key: (*key).to_owned(), value: Some((*value).to_owned()) }).collect();
    resolve(&body, &given, &[], &|name| (name == "/known").then(|| "from ssm".to_owned()))
}

#[test]
fn parameter_constraints_are_cloudformations() {
    let cases = [
        ("{Type: String}", vec![], "Parameters: [P] must have values"),
        ("{Type: String, Default: a}", vec![("Q", "x")], "Parameters: [Q] do not exist in the template"),
        (
            "{Type: String, AllowedValues: [a, b]}",
            vec![("P", "c")],
            "Parameter 'P' must be one of AllowedValues: [a, b]",
        ),
        ("{Type: Number, MaxValue: 5}", vec![("P", "6")], "Parameter 'P' must be a number not greater than 5"),
        ("{Type: Number}", vec![("P", "x")], "Parameter 'P' must be a number."),
        ("{Type: String, MinLength: 3}", vec![("P", "x")], "Parameter 'P' must contain at least 3 characters"),
        (
            "{Type: String, AllowedPattern: '[a-z]+'}",
            vec![("P", "A")],
            "Parameter P failed to satisfy constraint: Parameter value A must match pattern [a-z]+",
        ),
        (
            "{Type: 'AWS::SSM::Parameter::Value<String>'}",
            vec![("P", "/unknown")],
            "Unable to fetch parameters [/unknown] from parameter store for this account.",
        ),
    ];
    for (declaration, given, message) in cases {
        assert_eq!(parameters(declaration, &given).unwrap_err(), message);
    }
}

#[test]
fn an_ssm_parameter_keeps_its_name_and_its_value() {
    let set = parameters("{Type: 'AWS::SSM::Parameter::Value<String>'}", &[("P", "/known")]).unwrap();
    assert_eq!((set[0].value.as_str(), set[0].resolved.as_deref()), ("/known", Some("from ssm")));
}

#[test]
fn a_named_role_needs_the_named_capability() {
    let body = Body::parse("Resources: {R: {Type: 'AWS::IAM::Role', Properties: {RoleName: r}}}").unwrap();
    assert_eq!(required_capabilities(&body).map(|(capability, _)| capability), Some(Capability::NamedIam));
}

#[test]
fn the_named_capability_covers_the_other() {
    assert!(Capability::Iam.is_covered_by("CAPABILITY_NAMED_IAM"));
    assert!(!Capability::NamedIam.is_covered_by("CAPABILITY_IAM"));
}
