use std::collections::BTreeSet;

use super::*;
use crate::tf::fixture::{module, realistic};

fn lines(address: &str, path: &[&str]) -> (u32, u32) {
    let module = realistic();
    let lines = module.get(address).unwrap().attribute_lines(path).unwrap();
    (*lines.start(), *lines.end())
}

/// The text of a file of the realistic module from a line to another.
fn text(file: &str, (first, last): (u32, u32)) -> String {
    let text = match file {
        "network.tf" => include_str!("../../../tests/terraform/network.tf"),
        _ => include_str!("../../../tests/terraform/service.tf"),
    };
    let count = (last - first + 1) as usize;
    text.lines().skip(first as usize - 1).take(count).map(str::trim).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_file_that_is_no_hcl_is_an_error_with_its_place() {
    let files = [("main.tf".to_owned(), "a = 1\nb = ]\n".into()), ("ok.tf".to_owned(), "locals {}\n".into())];
    let errors = Module::parse(&files).unwrap_err();
    assert_eq!(errors.len(), 1);
    assert_eq!((&*errors[0].file, errors[0].at.line, errors[0].at.column), ("main.tf", 2, 5));
}

#[test]
fn an_argument_that_is_set_twice_is_an_error() {
    let files = [("main.tf".to_owned(), "locals {\n  a = 1\n  a = 2\n}\n".into())];
    let errors = Module::parse(&files).unwrap_err();
    assert_eq!((errors[0].at.line, errors[0].at.column), (3, 3));
}

#[test]
fn declarations_have_addresses() {
    let module = realistic();
    for address in [
        "aws_vpc.main",
        "data.aws_region.current",
        "ephemeral.aws_secretsmanager_random_password.master",
        "var.region",
        "local.tags",
        "output.url",
    ] {
        assert!(module.get(address).is_some(), "{address}");
    }
}

#[test]
fn a_declaration_knows_its_file_and_the_lines_of_its_block() {
    let module = realistic();
    let vpc = module.get("aws_vpc.main").unwrap();
    assert_eq!((&**vpc.file(), vpc.header_line(), vpc.lines()), ("network.tf", 17, 17..=21));
    assert!(text("network.tf", (17, 21)).starts_with("resource \"aws_vpc\" \"main\" {"));
    assert!(text("network.tf", (17, 21)).ends_with('}'));
}

#[test]
fn a_local_value_has_its_own_lines() {
    let module = module("locals {\n  a = 1\n  b = {\n    c = 2\n  }\n}\n");
    assert_eq!(module.get("local.b").unwrap().lines(), 3..=5);
}

#[test]
fn an_argument_has_its_line() {
    let found = lines("aws_vpc.main", &["cidr_block"]);
    assert_eq!(text("network.tf", found), "cidr_block           = var.vpc_cidr");
}

#[test]
fn a_key_of_an_object_has_its_line() {
    let found = lines("aws_subnet.private", &["tags", "Tier"]);
    assert_eq!(text("network.tf", found), "Tier = upper(\"private\")");
}

#[test]
fn a_block_that_repeats_is_found_by_index() {
    let found = lines("aws_wafv2_web_acl.main", &["rule", "1", "statement", "0", "rate_based_statement", "0", "limit"]);
    assert_eq!(text("service.tf", found), "limit              = 2000");
}

#[test]
fn a_block_without_an_index_is_the_first() {
    let found = lines("aws_wafv2_web_acl.main", &["rule", "name"]);
    assert_eq!(text("service.tf", found), "name     = \"common\"");
}

#[test]
fn a_path_goes_into_jsonencode() {
    let found = lines("aws_iam_role_policy.task", &["policy", "Statement", "1", "Action"]);
    assert_eq!(text("service.tf", found), "Action    = \"*\"");
}

#[test]
fn a_path_goes_into_what_dynamic_makes() {
    let found = lines("aws_lb.main", &["subnet_mapping", "0", "private_ipv4_address"]);
    assert_eq!(text("service.tf", found), "private_ipv4_address = mapping.value");
}

#[test]
fn a_path_that_is_too_deep_ends_at_the_nearest_item() {
    let found = lines("aws_security_group.alb", &["egress", "0", "description", "0"]);
    assert_eq!(text("network.tf", found).lines().next(), Some("egress {"));
    assert_eq!(text("network.tf", found).lines().count(), 6);
}

#[test]
fn an_item_of_a_list_is_found_by_its_name_too() {
    let found = lines("aws_ecs_task_definition.gateway", &["container_definitions", "gateway", "image"]);
    assert_eq!(text("service.tf", found), "image     = \"registry.example/gateway:1.2.3\"");
    let found = lines("aws_ecs_task_definition.gateway", &["container_definitions", "another", "image"]);
    assert!(text("service.tf", found).starts_with("container_definitions = "));
}

#[test]
fn a_path_to_nothing_is_the_whole_block() {
    let module = realistic();
    let vpc = module.get("aws_vpc.main").unwrap();
    assert_eq!(vpc.attribute_lines(&["nothing"]), Some(vpc.lines()));
}

#[test]
fn a_heredoc_is_on_all_its_lines() {
    let found = lines("aws_ssm_parameter.configuration", &["value"]);
    let found = text("service.tf", found);
    assert!(found.starts_with("value = <<-EOT") && found.ends_with("EOT"), "{found}");
}

#[test]
fn references_are_what_the_text_names() {
    let found = realistic().references("aws_subnet.private");
    let expected = ["aws_vpc.main", "data.aws_region.current", "local.name", "local.zones"];
    assert_eq!(found, BTreeSet::from(expected.map(str::to_owned)));
}

#[test]
fn needs_go_through_local_values() {
    let found = realistic().needs("aws_secretsmanager_secret_version.master");
    let expected = ["aws_secretsmanager_secret.master", "ephemeral.aws_secretsmanager_random_password.master"];
    assert_eq!(found, BTreeSet::from(expected.map(str::to_owned)));
}

#[test]
fn what_for_names_is_no_reference() {
    let module = module("locals {\n  local = 1\n  a = [for var in [local.local] : var]\n}\n");
    assert_eq!(module.references("local.a"), BTreeSet::from(["local.local".to_owned()]));
}
