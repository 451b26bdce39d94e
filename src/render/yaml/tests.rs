use serde_json::{Value, json};

use super::*;
use crate::cfn::template::Template;

/// The value as CloudFormation reads it from the text at a property's place.
fn read_back(text: &str) -> Value {
    let template = format!("Resources:\n  R:\n    Type: T\n    Properties:\n      P:\n        {text}\n");
    let template = Template::parse("t", &template).unwrap_or_else(|error| panic!("{error}\n{template}"));
    template.resource("R").unwrap().properties().unwrap().get("P").unwrap().to_json()
}

fn both_ways(value: &Value) {
    assert_eq!(&read_back(&block(value, 8).unwrap()), value, "{}", block(value, 8).unwrap());
    assert_eq!(&read_back(&inline(value).unwrap()), value, "{}", inline(value).unwrap());
    let nested = json!({"a": [value, {"b": value, "c": [[value]]}]});
    assert_eq!(read_back(&block(&nested, 8).unwrap()), nested, "{}", block(&nested, 8).unwrap());
}

const HOSTILE: &[&str] = &[
    "",
    " ",
    "yes",
    "No",
    "ON",
    "y",
    "~",
    "null",
    "=",
    "<<",
    "0123",
    "012345678901",
    "1e3",
    "1.10",
    "0x1F",
    "1_000",
    "22:22",
    "2012-10-17",
    "2001-12-14t21:59:43.10-05:00",
    ".inf",
    "-",
    "- a",
    "a: b",
    "a:",
    ":a",
    "a #b",
    "#a",
    "? a",
    "*a",
    "&a",
    "!a",
    "|",
    "> x",
    "%a",
    "@a",
    "`a",
    "'a'",
    "\"a\"",
    "a\", \"Principal\": \"*",
    "{a: b}",
    "[a]",
    "a, b",
    "a]",
    "a}",
    "${AWS::AccountId}",
    "{{ name }}",
    "{% raw %}",
    "{# x #}",
    "---",
    "...",
    "a\nb",
    "a\nb\n",
    "a\n\n",
    "\na",
    "\n",
    " a\nb",
    "a\n  b\n",
    "a\n   \nb",
    "a\n\nb\n",
    "a\n# b",
    "a\nResources: x",
    "a\r\nb",
    "a\tb",
    "\ta\nb",
    "tab\tat\n\tthe start",
    "\u{0}",
    "\u{7}",
    "\u{7f}",
    "\u{85}",
    "a\u{85}b\n",
    "\u{2028}",
    "\u{feff}a",
    "\u{fffe}",
    "\u{e000}",
    "\u{1fffe}",
    "é",
    "日本語",
    "🦀",
    "back\\slash",
    "10.0.0.0/16",
    "arn:aws:iam::111122223333:role/x",
    "Reply with OK.",
    "trailing ",
    "trailing:",
];

#[test]
fn every_string_reads_back_as_itself() {
    for text in HOSTILE {
        both_ways(&json!(text));
    }
}

#[test]
fn every_string_reads_back_as_itself_as_a_key() {
    for text in HOSTILE {
        both_ways(&json!({*text: 1, "other": 2}));
    }
}

#[test]
fn every_string_reads_back_as_itself_inside_sub() {
    for text in HOSTILE {
        both_ways(&json!({"Fn::Sub": text}));
        both_ways(&json!({"Fn::Sub": [text, {"X": {"Ref": "Y"}}]}));
    }
}

#[test]
fn scalars_read_back_with_their_type() {
    both_ways(&json!([null, true, false, 0, -1, 1.5, 9_007_199_254_740_993_i64, [], {}, [[]], [{}]]));
    both_ways(&json!(1e20));
}

#[test]
fn functions_read_back_as_themselves() {
    for function in [
        json!({"Ref": "Vpc"}),
        json!({"Ref": "AWS::Region"}),
        json!({"Fn::GetAtt": ["Database", "Endpoint.Address"]}),
        json!({"Fn::Join": [",", [{"Ref": "A"}, {"Ref": "B"}]]}),
        json!({"Fn::Join": ["", ["x".repeat(60), {"Ref": "A"}, {"Fn::Sub": "y".repeat(60)}]]}),
        json!({"Fn::Select": [0, {"Fn::GetAZs": ""}]}),
        json!({"Fn::GetAZs": {"Ref": "AWS::Region"}}),
        json!({"Fn::Base64": {"Fn::Sub": "#!/bin/sh\necho ${A}\n"}}),
        json!({"Fn::If": ["C", {"a": [1, 2]}, {"Ref": "AWS::NoValue"}]}),
        json!({"Fn::ImportValue": "x"}),
        json!({"Ref": 1}),
        json!({"Fn::GetAtt": ["A", {"Ref": "B"}]}),
        json!({"Fn::Unknown": ["A"]}),
    ] {
        both_ways(&function);
    }
}

#[test]
fn a_policy_looks_like_one() {
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "Invoke",
            "Effect": "Allow",
            "Action": ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"],
            "Resource": [{"Fn::Sub": "arn:${AWS::Partition}:bedrock:*::foundation-model/*"}, {"Fn::GetAtt": ["Key", "Arn"]}],
            "Condition": {"StringEquals": {"aws:PrincipalOrgID": {"Ref": "Organization"}}}
        }]
    });
    insta::assert_snapshot!(block(&policy, 2).unwrap(), @r#"
    Version: "2012-10-17"
      Statement:
        - Sid: Invoke
          Effect: Allow
          Action:
            - bedrock:InvokeModel
            - bedrock:InvokeModelWithResponseStream
          Resource:
            - !Sub arn:${AWS::Partition}:bedrock:*::foundation-model/*
            - !GetAtt Key.Arn
          Condition:
            StringEquals:
              aws:PrincipalOrgID: !Ref Organization
    "#);
}

#[test]
fn lines_of_a_script_stay_lines() {
    let container = json!({"Command": ["sh", "-c", "set -eu\nexec litellm\n"], "Memory": 4096, "Port": "4000"});
    insta::assert_snapshot!(block(&container, 0).unwrap(), @r#"
    Command:
      - sh
      - -c
      - |
        set -eu
        exec litellm
    Memory: 4096
    Port: "4000"
    "#);
}

#[test]
fn a_simple_word_needs_no_quotes() {
    assert_eq!(
        inline(&json!(["us-east-1a", "10.0.0.0/16", "no", true])).unwrap(),
        "[us-east-1a, \"10.0.0.0/16\", \"no\", true]"
    );
}

#[test]
fn a_marker_is_refused_wherever_it_stands() {
    for marker in [FIRST_MARKER, '\u{F1234}', LAST_MARKER] {
        let text = format!("a{marker}b");
        let expected = Unwritable::Marker(marker as u32);
        let values =
            [json!(text), json!([text]), json!({&text: 1}), json!({"Fn::Sub": text}), json!({"Fn::Sub": [text, {}]})];
        for value in values {
            assert_eq!(inline(&value).unwrap_err(), expected);
            assert_eq!(block(&value, 0).unwrap_err(), expected);
        }
    }
}

#[test]
fn a_dynamic_reference_is_refused_in_a_value() {
    let text = "{{resolve:secretsmanager:x}}";
    for value in [json!(text), json!({text: 1}), json!({"Fn::Join": ["", [text]]})] {
        assert_eq!(inline(&value).unwrap_err(), Unwritable::DynamicReference);
        assert_eq!(block(&value, 0).unwrap_err(), Unwritable::DynamicReference);
    }
}

#[test]
fn a_key_beyond_what_readers_take_is_refused() {
    assert_eq!(block(&json!({"k".repeat(1_001): 1}), 0).unwrap_err(), Unwritable::LongKey(1_001));
}
