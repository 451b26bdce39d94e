use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::environment::{Files, Templates};
use super::language::Language;
use super::output::Output;
use super::problem::Problem;
use crate::cfn::template::Template;
use crate::diagnostics::Diagnostic;
use crate::render::codes;

struct Memory(BTreeMap<String, String>);

impl Files for Memory {
    fn text(&self, path: &str) -> Result<Option<String>, Problem> {
        if path.contains("..") { Err(Problem::Confinement(path.to_owned())) } else { Ok(self.0.get(path).cloned()) }
    }

    fn display_name(&self, path: &str) -> String {
        format!("blueprints/test/{path}")
    }

    fn paths(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }
}

fn templates(files: &[(&str, &str)], context: Value) -> Templates {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    Templates::new(Memory(files), &context, Language::Yaml)
}

fn render(text: &str, context: Value) -> Result<Output, Box<Diagnostic>> {
    templates(&[("t.yaml.j2", text)], context).render("t.yaml.j2", &[])
}

fn text(template: &str, context: Value) -> String {
    render(template, context).unwrap_or_else(|finding| panic!("{finding:?}")).text
}

fn finding(template: &str, context: Value) -> Diagnostic {
    *render(template, context).map(|output| output.text).unwrap_err()
}

/// Code, line, column and message.
fn brief(finding: &Diagnostic) -> String {
    let start = finding.span.as_ref().map(|span| (span.start.line, span.start.column));
    let (line, column) = start.unwrap_or_default();
    format!("{} {line}:{column} {} / {}", finding.code, finding.message, finding.help.as_deref().unwrap_or("-"))
}

const HOSTILE: &[&str] = &[
    "\"",
    "'",
    "a\", \"Principal\": \"*",
    "a\n  Other: true",
    "a: b",
    "a # b",
    "${AWS::AccountId}",
    "{{ name }}",
    "{% raw %}",
    "}}",
    "*",
    "&a",
    "!Ref X",
    "- a",
    "\u{0}",
    "\u{1b}[31m",
    "\u{85}",
    "\u{e000}",
    "no",
    "0123",
    "",
];

#[test]
fn no_value_leaves_its_place() {
    let template = "Resources:\n  R:\n    Type: T\n    Properties:\n      Key: {{ x }}\n      List: [{{ x }}, {a: {{ x }}}]\n      Items:\n        - {{ x }}\n      Block:\n        {{ block([{\"k\": x}], 8) }}\n      {{ x }}: 1\n      Sub: {{ sub(\"${x}\", x=x) }}\n      Json: {{ json(x) }}\n";
    for x in HOSTILE {
        let rendered = text(template, json!({"x": x}));
        let parsed = Template::parse("t", &rendered).unwrap_or_else(|error| panic!("{error}\n{rendered}"));
        let properties = parsed.resource("R").unwrap().properties().unwrap().to_json();
        let sub = x.replace("${", "${!");
        let mut expected = json!({
            "Key": x, "List": [x, {"a": x}], "Items": [x], "Block": [{"k": x}],
            "Sub": {"Fn::Sub": sub}, "Json": json!(x).to_string()
        });
        expected[*x] = json!(1);
        assert_eq!(properties, expected, "{rendered}");
    }
}

#[test]
fn switching_escaping_off_changes_nothing() {
    let hostile = "a\", b: \"c";
    let expected = "k: 'a\", b: \"c'\n";
    for switched in [
        "{% autoescape false %}\nk: {{ x }}\n{% endautoescape %}\n",
        "{% autoescape \"none\" %}\nk: {{ x }}\n{% endautoescape %}\n",
        "{% autoescape \"html\" %}\nk: {{ x }}\n{% endautoescape %}\n",
    ] {
        assert_eq!(text(switched, json!({"x": hostile})), expected);
    }
}

#[test]
fn filters_that_would_print_raw_text_do_not_exist() {
    for filter in ["safe", "escape", "e", "tojson", "indent", "format", "urlencode"] {
        let finding = finding(&format!("k: {{{{ x|{filter} }}}}\n"), json!({"x": 1}));
        assert_eq!(finding.code, codes::UNKNOWN_FUNCTION, "{filter}");
    }
}

#[test]
fn text_of_a_macro_cannot_be_computed_with() {
    let template = "{% macro m(x) %}{{ x }}{% endmacro %}\nk: {{ m(x)|replace(\"a\", \"b\") }}\n";
    assert_eq!(finding(template, json!({"x": "a: a"})).code, codes::VALUE);
}

#[test]
fn a_macro_places_its_values() {
    let template = "{% macro tag(key, value) %}\n- Key: {{ key }}\n  Value: {{ value }}\n{% endmacro %}\nTags:\n{{ tag(\"a\", x) }}\n";
    assert_eq!(text(template, json!({"x": "no"})), "Tags:\n- Key: a\n  Value: \"no\"\n");
}

#[test]
fn an_undefined_name_is_found_and_the_nearest_suggested() {
    let context = json!({"network": {"vpc": {"cidr": "10.0.0.0/16"}}});
    insta::assert_snapshot!(
        brief(&finding("a: 1\nb: {{ network.vpc.cdir }}\n", context.clone())),
        @"GW0802 2:7 `network.vpc.cdir` is undefined / did you mean `network.vpc.cidr`?"
    );
    insta::assert_snapshot!(
        brief(&finding("a: 1\n{% if netwrok.vpc %}\nb: 1\n{% endif %}\n", context)),
        @"GW0802 2:7 `netwrok.vpc` is undefined / did you mean `network`?"
    );
}

#[test]
fn undefined_inside_a_call_is_found_too() {
    assert_eq!(finding("a: {{ block(missing, 2) }}\n", json!({})).code, codes::UNDEFINED);
    assert_eq!(finding("a: {{ [missing] }}\n", json!({})).code, codes::UNDEFINED);
    assert_eq!(finding("a: {{ 1 if false }}\n", json!({})).code, codes::UNDEFINED);
}

#[test]
fn a_syntax_error_has_its_place() {
    let finding = finding("a: 1\nb: {{ x + }}\n", json!({"x": 1}));
    assert_eq!((finding.code, finding.span.unwrap().start.line), (codes::TEMPLATE_SYNTAX, 2));
}

#[test]
fn an_endless_loop_ends() {
    let nested = "{% for a in range(9000) %}{% for b in range(9000) %}{% endfor %}{% endfor %}\n";
    assert_eq!(finding(nested, json!({})).code, codes::RUNAWAY);
}

#[test]
fn a_template_that_includes_itself_ends() {
    assert_eq!(finding("{% include \"t.yaml.j2\" %}\n", json!({})).code, codes::RUNAWAY);
    assert_eq!(finding("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}\n", json!({})).code, codes::RUNAWAY);
}

#[test]
fn an_include_cannot_leave_the_blueprint() {
    assert_eq!(finding("a: 1\n{% include \"../x.yaml.j2\" %}\n", json!({})).code, codes::CONFINEMENT);
    assert_eq!(finding("{% include \"secrets.txt\" %}\n", json!({})).code, codes::TEMPLATE_NOT_FOUND);
}

#[test]
fn a_missing_template_is_named_with_the_nearest() {
    let templates = templates(&[("network.yaml.j2", "a: 1\n")], json!({}));
    insta::assert_snapshot!(
        brief(&templates.render("netwrok.yaml.j2", &[]).unwrap_err()),
        @"GW0803 0:0 the blueprint has no template `netwrok.yaml.j2` / did you mean `network.yaml.j2`?"
    );
}

#[test]
fn a_failure_in_an_include_points_into_the_include() {
    let templates = templates(
        &[("t.yaml.j2", "a: 1\n{% include \"part.yaml.j2\" %}\n"), ("part.yaml.j2", "\nb: {{ no }}\n")],
        json!({}),
    );
    let finding = templates.render("t.yaml.j2", &[]).unwrap_err();
    let span = finding.span.unwrap();
    assert_eq!((&*span.file, span.start.line), ("blueprints/test/part.yaml.j2", 2));
}

#[test]
fn a_value_with_a_marker_is_refused() {
    let finding = finding("a: {{ x.y }}\n", json!({"x": {"y": "\u{F0001}"}}));
    assert_eq!((finding.code, finding.label.as_deref()), (codes::VALUE, Some("from `x.y` of the render context")));
}

#[test]
fn a_value_with_a_dynamic_reference_is_refused() {
    for template in ["a: {{ x }}\n", "a: {{ block([x], 2) }}\n", "a: {{ sub(\"${x}\", x=x) }}\n"] {
        assert_eq!(finding(template, json!({"x": "{{resolve:ssm:p}}"})).code, codes::VALUE);
    }
    assert_eq!(finding("a: {{ sub(\"${x}resolve:ssm:p}}\", x=x) }}\n", json!({"x": "{{"})).code, codes::VALUE);
}

#[test]
fn a_reference_cannot_be_made_of_two_halves() {
    let context = json!({"x": "{AWS::AccountId}", "y": "$", "z": "a"});
    assert_eq!(finding("a: {{ sub(\"$${x}\", x=x) }}\n", context.clone()).code, codes::OPERATION);
    assert_eq!(finding("a: {{ sub(\"${y}{B}\", y=y) }}\n", context.clone()).code, codes::OPERATION);
    assert_eq!(finding("a: {{ sub(\"${x}${y}\", x=y, y=x) }}\n", context).code, codes::OPERATION);
}

#[test]
fn a_dynamic_reference_written_out_is_explained() {
    insta::assert_snapshot!(
        brief(&finding("a: 1\nb: '{{resolve:ssm:x}}'\n", json!({}))),
        @r#"GW0809 2:5 `{{resolve:` is no expression / write `{{ secret_ref(arn, "key") }}`"#
    );
}

#[test]
fn an_expression_fills_a_whole_value() {
    for partial in
        ["a: x-{{ x }}", "a: \"{{ x }}\"", "a: {{ x }}{{ x }}", "a: {{ x }}/y", "a: b {{ x }}", "{{ x }}a: 1"]
    {
        let finding = finding(&format!("{partial}\n"), json!({"x": "v"}));
        assert_eq!(finding.code, codes::PARTIAL_VALUE, "{partial}");
    }
    for whole in [
        "a: {{ x }}",
        "- {{ x }}",
        "- - {{ x }}",
        "{{ x }}: {{ x }}",
        "a: [{{ x }},{{ x }}]",
        "a: {b: {{ x }}}",
        "a: !Base64 {{ x }}",
        "a: {{ x }} # why",
        "# {{ x }}-{{ x }}",
        "a: {% if x %}{{ x }}{% else %}{{ x }}{% endif %} ",
        "a: {{ \"p-\" ~ x }}",
    ] {
        text(&format!("{whole}\n"), json!({"x": "v"}));
    }
}

#[test]
fn the_text_of_sub_is_written_out() {
    for computed in ["sub(x)", "sub(\"a\" ~ x)", "sub ( x )", "[sub][0](x)", "f(sub)"] {
        let finding = finding(&format!("a: {{{{ {computed} }}}}\n"), json!({"x": "${AWS::AccountId}"}));
        assert_eq!(finding.code, codes::SUB_TEXT, "{computed}");
    }
    assert_eq!(text("a: {{ sub('x') }}\n", json!({})), "a: !Sub x\n");
    assert_eq!(text("a: {{ x.sub }}\n", json!({"x": {"sub": 1}})), "a: 1\n");
}

#[test]
fn functions_make_references() {
    let template = "a: {{ ref(\"Vpc\") }}\nb: {{ getatt(\"Db\", \"Endpoint.Address\") }}\nc: {{ sub(\"${AWS::Region}-${x}-${v}\", x=x, v=ref(\"Vpc\")) }}\nd: {{ secret_ref(ref(\"Secret\"), \"password\") }}\ne: {{ secret_ref(\"arn:aws:secretsmanager:us-east-1:1:secret:x\") }}\nf: {{ [ref(\"A\"), 1] }}\ng:\n  {{ block([ref(\"AWS::Region\")], 2) }}\n";
    insta::assert_snapshot!(text(template, json!({"x": "1${y}"})), @r#"
    a: !Ref Vpc
    b: !GetAtt Db.Endpoint.Address
    c: !Sub
      - ${AWS::Region}-1${!y}-${v}
      - v: !Ref Vpc
    d: !Sub "{{resolve:secretsmanager:${Secret}:SecretString:password}}"
    e: "{{resolve:secretsmanager:arn:aws:secretsmanager:us-east-1:1:secret:x:SecretString}}"
    f: [!Ref A, 1]
    g:
      - !Ref AWS::Region
    "#);
}

#[test]
fn a_condition_on_many_values_is_a_tree_of_tens() {
    let condition = |count: usize| {
        let list: Vec<String> = (0..count).map(|n| format!("v{n}")).collect();
        text("a: {{ one_of(ref(\"X\"), list) }}\n", json!({"list": list}))
    };
    assert_eq!(condition(1), "a: !Equals [!Ref X, v0]\n");
    insta::assert_snapshot!(condition(12), @r"
    a: !Or
      - !Or
        - !Equals [!Ref X, v0]
        - !Equals [!Ref X, v1]
        - !Equals [!Ref X, v2]
        - !Equals [!Ref X, v3]
        - !Equals [!Ref X, v4]
        - !Equals [!Ref X, v5]
        - !Equals [!Ref X, v6]
        - !Equals [!Ref X, v7]
        - !Equals [!Ref X, v8]
        - !Equals [!Ref X, v9]
      - !Or [!Equals [!Ref X, v10], !Equals [!Ref X, v11]]
    ");
    for count in [2, 10, 11, 101, 1_001] {
        assert_eq!(condition(count).matches("!Equals").count(), count);
    }
}

#[test]
fn a_condition_on_no_value_is_a_mistake() {
    for list in [json!([]), json!("x")] {
        assert_eq!(finding("a: {{ one_of(ref(\"X\"), list) }}\n", json!({"list": list})).code, codes::OPERATION);
    }
}

#[test]
fn a_name_of_a_reference_is_a_name() {
    for call in ["ref(x)", "getatt(\"A\", x)", "secret_ref(\"arn\", x)", "secret_ref(x)"] {
        assert_eq!(finding(&format!("a: {{{{ {call} }}}}\n"), json!({"x": "a b"})).code, codes::OPERATION, "{call}");
    }
}

#[test]
fn a_value_at_the_end_of_its_line_is_written_as_a_person_would() {
    let template = "A: {{ list }}\nB:\n  - {{ map }}\n  - c: {{ map }} # why\nC: [{{ list }}, {{ cidr }}]\nD: {{ cidr }}\nE:\n  {{ map }}\nF: {\n  g: {{ cidr }}\n}\nH: {{ lines }}\n\"a b\": {{ list }}\nI: !Sub {{ cidr }}\n- {{ list }}\n";
    let context =
        json!({"list": [1, {"k": ["x"]}], "map": {"a": 1, "b": "10.0.0.0/8"}, "cidr": "10.0.0.0/8", "lines": "a\nb\n"});
    insta::assert_snapshot!(text(template, context), @r#"
    A:
      - 1
      - k: [x]
    B:
      - {a: 1, b: "10.0.0.0/8"}
      - c: {a: 1, b: "10.0.0.0/8"} # why
    C: [[1, {k: [x]}], "10.0.0.0/8"]
    D: 10.0.0.0/8
    E:
      a: 1
      b: 10.0.0.0/8
    F: {
      g: "10.0.0.0/8"
    }
    H: |
      a
      b
    "a b":
      - 1
      - k: [x]
    I: !Sub "10.0.0.0/8"
    - - 1
      - k: [x]
    "#);
}

#[test]
fn a_template_that_would_be_too_big_is_written_densely() {
    let template = "A:\n{% for n in range(count) %}\n  - b: {{ list }}\n{% endfor %}\n";
    let list: Vec<String> = (0..10).map(|n| format!("item-{n}")).collect();
    let few = text(template, json!({"count": 10, "list": list}));
    let many = text(template, json!({"count": 400, "list": list}));
    assert!(few.contains("  - b:\n      - item-0\n"), "{few}");
    assert!(many.contains("  - b: [item-0, item-1, "), "{many}");
}

#[test]
fn a_variable_that_sub_does_not_use_is_a_mistake() {
    assert_eq!(finding("a: {{ sub(\"${x}\", x=1, y=2) }}\n", json!({})).code, codes::OPERATION);
}

const TRACED: &str = "Resources:
  {#: network.vpc #}
  Vpc:
    Type: T
    {# why #}
    Properties:
{% for item in items %}
      {{ item.key }}: {{ item.value }} {#: network.a, network.b #}
{% endfor %}
      Policy:
        {{ block(policy, 8) }}
{% if false %}
      Never: 1
{% endif %}
      {%- if true %}

      Last: 1
      {%- endif %}
";

#[test]
fn every_rendered_line_knows_its_origin() {
    let context =
        json!({"items": [{"key": "A", "value": 1}, {"key": "B", "value": 2}], "policy": {"x": [1, 2, 3, 4], "y": 3}});
    let templates = templates(&[("t.yaml.j2", TRACED)], context);
    let output = templates.render("t.yaml.j2", &[]).unwrap();
    let trace = templates.trace(&output);
    let lines: Vec<String> = output
        .text
        .lines()
        .zip(1..)
        .map(|(text, line)| {
            let origin = trace.origin(line).unwrap();
            format!("{:2} {text} <{}>", origin.line, origin.spec_paths.join(", "))
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
     1 Resources: <>
     3   Vpc: <network.vpc>
     4     Type: T <>
     6     Properties: <>
     8       A: 1 <network.a, network.b>
     8       B: 2 <network.a, network.b>
    10       Policy: <>
    11         x: <>
    11           - 1 <>
    11           - 2 <>
    11           - 3 <>
    11           - 4 <>
    11         "y": 3 <>
    17  <>
    17       Last: 1 <>
    "#);
}

#[test]
fn marks_do_not_change_the_text() {
    let marked = text(TRACED, json!({"items": [], "policy": {}}));
    assert_eq!(
        marked,
        "Resources:\n  Vpc:\n    Type: T\n    Properties:\n      Policy:\n        {}\n\n      Last: 1\n"
    );
}

#[test]
fn an_annotation_between_text_is_refused() {
    assert_eq!(finding("a: {#: x #} 1\n", json!({})).code, codes::ANNOTATION);
    assert_eq!(finding("a: 1 {#: x, #}\n", json!({})).code, codes::ANNOTATION);
}

#[test]
fn the_same_context_renders_the_same_bytes() {
    let context = json!({"items": [{"key": "z", "value": {"b": 1, "a": 2}}], "policy": {"z": 1, "a": 2}});
    assert_eq!(text(TRACED, context.clone()), text(TRACED, context));
}
