use indexmap::IndexMap;
use serde_json::{Value, json};

use super::*;

fn references() -> References {
    let table = [
        ("KmsKeyArn", "aws_kms_key.main.arn"),
        ("AWS::Region", "local.region"),
        ("Service.Name", "aws_ecs_service.main.name"),
    ];
    References::new(
        table.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect::<IndexMap<_, _>>(),
    )
}

fn text(value: Value) -> String {
    write(&value, 0, 0, &references()).unwrap()
}

#[test]
fn text_is_no_template() {
    assert_eq!(text(json!("${var.x} %{if} $5 \"q\" \\")), r#""$${var.x} %%{if} $5 \"q\" \\""#);
}

#[test]
fn a_dollar_before_a_template_of_the_text_stays_text() {
    assert_eq!(text(json!("$${x}")), r#""\u0024\u0024{x}""#);
}

#[test]
fn a_reference_is_the_blueprints_expression() {
    assert_eq!(text(json!({"Ref": "KmsKeyArn"})), "aws_kms_key.main.arn");
    assert_eq!(text(json!({"Fn::GetAtt": ["Service", "Name"]})), "aws_ecs_service.main.name");
}

#[test]
fn a_text_with_references_is_a_template() {
    let sub = json!({"Fn::Sub": "${KmsKeyArn}:key/${!literal}/${AWS::Region}"});
    assert_eq!(text(sub), r#""${aws_kms_key.main.arn}:key/$${literal}/${local.region}""#);
}

#[test]
fn a_text_that_is_nothing_but_a_reference_is_no_template() {
    assert_eq!(text(json!({"Fn::Sub": "${KmsKeyArn}"})), "aws_kms_key.main.arn");
}

#[test]
fn variables_of_a_text_are_literal() {
    let sub = json!({"Fn::Sub": ["${name}-${key}", {"name": "a${b}", "key": {"Ref": "KmsKeyArn"}}]});
    assert_eq!(text(sub), r#""a$${b}-${aws_kms_key.main.arn}""#);
}

#[test]
fn an_unknown_reference_cannot_be_written() {
    let error = write(&json!({"Ref": "Nothing"}), 0, 0, &references()).unwrap_err();
    assert_eq!(error, Unwritable::Reference("Nothing".to_owned()));
}

#[test]
fn a_function_without_counterpart_cannot_be_written() {
    let error = write(&json!({"Fn::Join": [",", []]}), 0, 0, &references()).unwrap_err();
    assert_eq!(error, Unwritable::Function("Fn::Join".to_owned()));
}

#[test]
fn keys_that_are_no_names_are_quoted() {
    let tree = json!({"Version": "2012-10-17", "aws:SourceAccount": 1, "true": null});
    assert_eq!(text(tree), "{\n  Version = \"2012-10-17\"\n  \"aws:SourceAccount\" = 1\n  \"true\" = null\n}");
}

#[test]
fn small_maps_in_a_list_stand_on_a_line_each() {
    let tree = json!([{"name": "A", "value": "1"}, {"name": "B", "value": {"Ref": "KmsKeyArn"}}]);
    let expected = "[\n  { name = \"A\", value = \"1\" },\n  { name = \"B\", value = aws_kms_key.main.arn },\n]";
    assert_eq!(text(tree), expected);
}

#[test]
fn a_short_list_stays_on_its_line() {
    assert_eq!(text(json!(["a", 1, true])), r#"["a", 1, true]"#);
}

#[test]
fn a_long_text_of_several_lines_is_written_line_by_line() {
    let long = format!("first\n{}", "x".repeat(90));
    let expected = format!("join(\"\\n\", [\n  \"first\",\n  \"{}\",\n])", "x".repeat(90));
    assert_eq!(text(json!(long)), expected);
}

#[test]
fn a_marker_cannot_be_written() {
    assert!(matches!(write(&json!("\u{F0001}"), 0, 0, &references()), Err(Unwritable::Marker(_))));
}

#[test]
fn equals_signs_of_neighbours_stand_in_one_column() {
    let given = "a = 1\nlonger = 2\n\nb = [\n  1,\n]\nc = \"x = y\"\n";
    assert_eq!(align(given), "a      = 1\nlonger = 2\n\nb = [\n  1,\n]\nc = \"x = y\"\n");
}

#[test]
fn a_value_over_several_lines_ends_the_group() {
    assert_eq!(align("a = 1\nlong = {\n  b = 2\n}\ncc = 3\n"), "a = 1\nlong = {\n  b = 2\n}\ncc = 3\n");
}

#[test]
fn comparisons_and_arrows_are_no_assignments() {
    let given = "x = a == b ? 1 : 2\nfor k, v in m : k => v\nlonger != 1\n";
    assert_eq!(align(given), given);
}

#[test]
fn templates_in_strings_do_not_count() {
    let given = "a = \"${b[\"x=1\"]}\"\nlonger = \"$${\"\n";
    assert_eq!(align(given), "a      = \"${b[\"x=1\"]}\"\nlonger = \"$${\"\n");
}

#[test]
fn text_in_a_heredoc_stays() {
    let given = "a = <<-EOT\n  b = 1\n  longer = 2\nEOT\n";
    assert_eq!(align(given), given);
}
