use serde_json::json;

use super::*;

fn parse(text: &str) -> Template {
    Template::parse("t.yaml", text).unwrap()
}

fn reason(text: &str) -> (ParseErrorReason, (u32, u32)) {
    let error = Template::parse("t.yaml", text).unwrap_err();
    (error.reason, (error.place.start.line, error.place.start.column))
}

/// The properties of a resource that are given in YAML.
fn properties(yaml: &str) -> serde_json::Value {
    let indented: String = yaml.lines().map(|line| format!("      {line}\n")).collect();
    let text = format!("Resources:\n  A:\n    Type: T\n    Properties:\n{indented}");
    parse(&text).resource("A").unwrap().properties().unwrap().to_json()
}

const RESOURCE: &str = "Resources:\n  A:\n    Type: AWS::SNS::Topic\n";

#[test]
fn short_forms_become_long_forms() {
    let found = properties(
        "Ref: !Ref X
Sub: !Sub '${X}-a'
SubList: !Sub ['${V}', {V: !Ref X}]
GetAtt: !GetAtt A.B.C
GetAttList: !GetAtt [A, B]
If: !If [C, !Ref X, !Ref 'AWS::NoValue']
Select: !Select [0, !GetAZs '']
Join: !Join
  - ','
  - [a, !ImportValue n]
Base64: !Base64 text
Cidr: !Cidr [10.0.0.0/16, 4, 8]
Split: !Split [',', 'a,b']
Map: !FindInMap [M, a, b]
Json: !ToJsonString {a: 1}
Length: !Length [1, 2]
Include: !Transform {Name: 'AWS::Include', Parameters: {Location: s3}}",
    );
    assert_eq!(
        found,
        json!({
            "Ref": {"Ref": "X"},
            "Sub": {"Fn::Sub": "${X}-a"},
            "SubList": {"Fn::Sub": ["${V}", {"V": {"Ref": "X"}}]},
            "GetAtt": {"Fn::GetAtt": ["A", "B.C"]},
            "GetAttList": {"Fn::GetAtt": ["A", "B"]},
            "If": {"Fn::If": ["C", {"Ref": "X"}, {"Ref": "AWS::NoValue"}]},
            "Select": {"Fn::Select": [0, {"Fn::GetAZs": ""}]},
            "Join": {"Fn::Join": [",", ["a", {"Fn::ImportValue": "n"}]]},
            "Base64": {"Fn::Base64": "text"},
            "Cidr": {"Fn::Cidr": ["10.0.0.0/16", 4, 8]},
            "Split": {"Fn::Split": [",", "a,b"]},
            "Map": {"Fn::FindInMap": ["M", "a", "b"]},
            "Json": {"Fn::ToJsonString": {"a": 1}},
            "Length": {"Fn::Length": [1, 2]},
            "Include": {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3"}}},
        })
    );
}

#[test]
fn conditions_keep_their_functions() {
    let text = format!(
        "{RESOURCE}Conditions:\n  C: !And [!Equals [a, b], !Not [!Condition D], !Or [!Condition D, !Condition E]]\n"
    );
    assert_eq!(
        parse(&text).to_json()["Conditions"]["C"],
        json!({"Fn::And": [
            {"Fn::Equals": ["a", "b"]},
            {"Fn::Not": [{"Condition": "D"}]},
            {"Fn::Or": [{"Condition": "D"}, {"Condition": "E"}]}
        ]})
    );
}

#[test]
fn quoted_scalars_are_strings() {
    assert_eq!(properties("A: '1'\nB: \"true\"\nC: |\n  5\n"), json!({"A": "1", "B": "true", "C": "5\n"}));
}

#[test]
fn a_core_tag_decides_the_type() {
    assert_eq!(properties("A: !!str 012\nB: !!int '7'\nC: ! true"), json!({"A": "012", "B": 7, "C": "true"}));
}

#[test]
fn json_is_read_too() {
    let text = "{\n\t\"Resources\": {\n\t\t\"A\": {\"Type\": \"T\", \"Properties\": {\"P\": \"\\u00e9\\/\\n\", \"N\": null}}\n\t}\n}";
    assert_eq!(parse(text).to_json()["Resources"]["A"]["Properties"], json!({"P": "é/\n", "N": null}));
}

#[test]
fn keys_and_values_know_their_places() {
    let template =
        parse("Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n    Properties:\n      TopicName: !Ref Name\n");
    let resource = template.resource("Topic").unwrap();
    assert_eq!((resource.key.start.line, resource.key.start.column), (2, 3));
    let member = &resource.properties().unwrap().as_map().unwrap()["TopicName"];
    assert_eq!((member.key.start.line, member.key.start.column), (5, 7));
    assert_eq!((member.node.place.start.line, member.node.place.start.column), (5, 18));
    assert_eq!((member.node.place.end.line, member.node.place.end.column), (5, 27));
}

#[test]
fn a_resource_ends_before_the_comment_of_the_next() {
    let template = parse(
        "Resources:\n  A:\n    Type: T\n    Properties:\n      P: [1,\n        2]\n\n  # about B\n  B:\n    Type: T\n",
    );
    assert_eq!(template.resource_lines("A"), Some(2..=6));
    assert_eq!(template.resource_lines("B"), Some(9..=10));
    assert_eq!(template.resource_lines("C"), None);
}

#[test]
fn a_resource_that_ends_in_a_block_scalar_ends_with_it() {
    let template = parse(
        "Resources:\n  A:\n    Type: T\n    Properties:\n      P: |\n        one\n        two\n  B:\n    Type: T\n",
    );
    assert_eq!(template.resource_lines("A"), Some(2..=7));
}

#[test]
fn sections_are_typed() {
    let template = parse(
        "Description: d
Parameters:
  P: {Type: CommaDelimitedList, Default: 5, NoEcho: true}
Resources:
  A:
    Type: T
    DependsOn: [B, C]
    DeletionPolicy: Retain
    UpdateReplacePolicy: Snapshot
    Condition: Yes please
  B: {Type: T, DependsOn: A}
Outputs:
  O: {Value: !Ref A, Export: {Name: n}, Condition: C}
",
    );
    assert_eq!(template.description(), Some("d"));
    let parameter = template.parameter("P").unwrap();
    assert!(parameter.is_list() && parameter.no_echo());
    assert_eq!(parameter.default().as_deref(), Some("5"));
    let a = template.resource("A").unwrap();
    assert_eq!(a.depends_on().iter().map(|(id, _)| *id).collect::<Vec<_>>(), ["B", "C"]);
    assert_eq!(a.deletion_policy(), Some("Retain"));
    assert_eq!(a.update_replace_policy(), Some("Snapshot"));
    assert_eq!(a.condition(), Some("Yes please"));
    assert_eq!(template.resource("B").unwrap().depends_on()[0].0, "A");
    let output = template.outputs().next().unwrap();
    assert_eq!(output.export_name().and_then(Node::as_str), Some("n"));
    assert_eq!(output.condition(), Some("C"));
}

#[test]
fn a_duplicate_key_is_refused_where_it_stands() {
    let text = "Resources:\n  A: {Type: T}\n  A: {Type: T}\n";
    assert_eq!(reason(text), (ParseErrorReason::DuplicateKey("A".into()), (3, 3)));
}

#[test]
fn anchors_and_aliases_are_refused() {
    assert_eq!(reason("Resources: {A: &a {Type: T}}").0, ParseErrorReason::Anchor);
    assert!(matches!(reason("Resources: {A: *a}").0, ParseErrorReason::Syntax(_)));
    assert_eq!(reason("Resources: {A: {<<: {Type: T}}}").0, ParseErrorReason::MergeKey);
}

#[test]
fn a_second_document_is_refused() {
    assert_eq!(reason(&format!("{RESOURCE}---\na: 1\n")).0, ParseErrorReason::SeveralDocuments);
}

#[test]
fn a_tab_as_indentation_is_refused() {
    assert!(matches!(reason("Resources:\n\tA:\n\t\tType: T\n").0, ParseErrorReason::Syntax(_)));
}

#[test]
fn deep_nesting_is_refused() {
    let text = format!("Resources: {}{}", "[".repeat(200), "]".repeat(200));
    assert_eq!(reason(&text).0, ParseErrorReason::TooDeep);
}

#[test]
fn an_unknown_tag_is_refused_where_it_stands() {
    let text = "Resources:\n  A:\n    Type: !Rev X\n";
    assert_eq!(reason(text), (ParseErrorReason::UnknownTag("!Rev".into()), (3, 11)));
}

#[test]
fn a_key_that_is_a_list_is_refused() {
    assert_eq!(reason("Resources:\n  ? [a]\n  : b\n").0, ParseErrorReason::KeyNotScalar);
}

#[test]
fn the_shape_of_a_template_is_demanded() {
    assert_eq!(reason("").0, ParseErrorReason::Empty);
    assert_eq!(reason("[]").0, ParseErrorReason::NotAMap("a list"));
    assert_eq!(reason("Description: d").0, ParseErrorReason::NoResources);
    assert_eq!(reason("Resources: {}").0, ParseErrorReason::NoResources);
    assert_eq!(reason("Resources: {A: {}}").0, ParseErrorReason::NoType("A".into()));
    assert_eq!(reason(&format!("{RESOURCE}Resorces: {{}}")).0, ParseErrorReason::UnknownSection("Resorces".into()));
}

#[test]
fn the_error_says_file_line_and_column() {
    let error = Template::parse("net.yaml", "Resources:\n  A: 1\n").unwrap_err();
    assert_eq!(error.to_string(), "net.yaml:2:6: [/Resources/A] must be a map, and this is an integer");
}

/// Mutates templates with a fixed generator: every text must give a template or an error, and never a panic.
#[test]
fn any_text_gives_a_template_or_an_error() {
    let seeds = [
        "Resources:\n  A:\n    Type: AWS::SNS::Topic\n    Properties:\n      TopicName: !Sub '${AWS::Region}-é'\n      L: [1, 0x1f, !GetAtt B.C]\n",
        "{\"Resources\": {\"A\": {\"Type\": \"T\", \"Properties\": {\"P\": [1.5e3, null, true, \"\\ud83d\\ude00\"]}}}}",
        "---\nDescription: >-\n  folded\n  text\nParameters: &p\n  P: {Type: String}\nResources: *p\n...\n",
        "? a\n: - - b\n    - !!int 09:59\n",
    ];
    let pieces = [
        "\t", "\n", ":", "- ", "!", "!!", "&a ", "*a", "[", "]", "{", "}", "|", ">", "%", "\"", "'", "\0", "\u{feff}",
        "é", "#", "<<", "---\n", "? ",
    ];
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |limit: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % limit.max(1) as u64).unwrap()
    };
    let mut parsed = 0;
    for round in 0..6000 {
        let mut text: Vec<char> = seeds[round % seeds.len()].chars().collect();
        for _ in 0..=next(4) {
            let at = next(text.len());
            match next(3) {
                0 => drop(text.drain(at..(at + next(12)).min(text.len()))),
                1 => drop(text.splice(at..at, pieces[next(pieces.len())].chars())),
                _ => text.swap(at, 0),
            }
            if text.is_empty() {
                break;
            }
        }
        let text: String = text.into_iter().collect();
        match Template::parse("fuzz", &text) {
            Ok(template) => {
                parsed += 1;
                template.to_json();
                assert!(template.resources().all(|resource| !resource.lines().is_empty()), "{text:?}");
            }
            Err(error) => assert!(error.place.start.line >= 1, "{text:?}"),
        }
    }
    assert!(parsed > 100, "the mutations leave too little intact: {parsed}");
}
