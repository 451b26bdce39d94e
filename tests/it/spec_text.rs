//! Texts that are no spec: bytes, YAML and versions.

use crate::spec_load::{MINIMAL, findings, help, load, minimal_and, only};

#[test]
fn an_empty_file_is_refused() {
    for text in ["", "\n", "# nothing\n"] {
        assert_eq!(only(text).0, "GW0004");
    }
}

#[test]
fn a_binary_file_is_refused() {
    assert_eq!(only(b"\x7fELF\x02\x01\x01\x00\x00"), ("GW0003", 1, 1, String::new()));
}

#[test]
fn text_that_is_not_utf8_is_refused_at_its_place() {
    assert_eq!(only(b"version: 1\nname: caf\xe9\n"), ("GW0003", 2, 10, String::new()));
}

#[test]
fn a_file_of_50_megabytes_is_refused() {
    let findings = findings(vec![b'#'; 50 * 1024 * 1024]);
    assert_eq!(findings[0].code, "GW0002");
}

#[test]
fn what_is_not_yaml_is_refused_at_its_place() {
    assert_eq!(only("version: 1\nname: [a\n").0, "GW0005");
    assert_eq!(only("version: 1\nname: a: b\n"), ("GW0005", 2, 8, String::new()));
}

#[test]
fn a_tab_is_named() {
    assert_eq!(help("version: 1\nhub:\n\taccount: a\n"), "replace each tab by spaces");
}

#[test]
fn an_alias_without_an_anchor_is_named() {
    assert_eq!(findings("version: 1\nname: *x\n")[0].message, "the alias repeats a value that has no anchor");
}

#[test]
fn a_value_that_needs_quotes_is_named() {
    assert_eq!(help("version: 1\nname: @x\n"), "put the value in quotes");
}

#[test]
fn a_second_document_is_refused() {
    assert_eq!(only("version: 1\n---\nversion: 1\n").0, "GW0006");
}

#[test]
fn a_key_that_is_there_twice_is_refused_at_its_second_place() {
    let findings = findings(minimal_and("hub: {account: \"111122223333\", region: us-east-1}\n"));
    assert_eq!((findings.len(), findings[0].code), (1, "GW0007"));
    assert_eq!(findings[0].span.as_ref().unwrap().start.line, 12);
    assert_eq!(findings[0].related[0].span.start.line, 4);
}

#[test]
fn an_alias_bomb_is_refused() {
    let mut bomb = "a0: &a0 [boom, boom, boom, boom, boom, boom, boom, boom, boom]\n".to_owned();
    for level in 1..12 {
        bomb += &format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 9].join(", "));
    }
    assert_eq!(only(bomb).0, "GW0008");
}

#[test]
fn depth_is_limited() {
    assert_eq!(only(format!("version: {}{}", "[".repeat(5000), "]".repeat(5000))).0, "GW0008");
}

#[test]
fn a_tag_is_refused() {
    assert_eq!(only(minimal_and("blueprint: !Ref x\n")), ("GW0009", 12, 12, String::new()));
}

#[test]
fn json_is_yaml() {
    let json = serde_json::to_string_pretty(&load(MINIMAL).unwrap().spec).unwrap();
    assert_eq!(load(&json).unwrap().spec, load(MINIMAL).unwrap().spec);
}

#[test]
fn a_missing_version_is_the_only_finding() {
    assert_eq!(only("nome: x\n"), ("GW0010", 1, 1, "version".to_owned()));
}

#[test]
fn another_version_is_the_only_finding() {
    assert_eq!(only("version: 2\nnome: x\n"), ("GW0010", 1, 10, "version".to_owned()));
}

#[test]
fn a_spec_is_a_map() {
    assert_eq!(only("- version: 1\n").0, "GW0013");
}
