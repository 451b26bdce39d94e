use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::evaluate;
use crate::tf::fixture::{module, realistic};

/// The arguments of an instance of the realistic module.
fn instance(address: &str) -> Value {
    let evaluation = evaluate(&realistic(), &BTreeMap::new());
    let found = evaluation.instances.into_iter().find(|instance| instance.address == address);
    Value::Object(found.unwrap_or_else(|| panic!("no {address}")).arguments)
}

/// The value of an expression beside a few resources and local values.
fn value(expression: &str) -> Value {
    let text = format!(
        "resource \"aws_vpc\" \"main\" {{}}\n\
         resource \"aws_eip\" \"nat\" {{\n  count = 2\n}}\n\
         resource \"aws_subnet\" \"zone\" {{\n  for_each = toset([\"b\", \"a\"])\n}}\n\
         locals {{\n  map = {{ b = 2, a = 1 }}\n}}\n\
         variable \"needed\" {{}}\n\
         output \"it\" {{\n  value = {expression}\n}}\n"
    );
    evaluate(&module(&text), &BTreeMap::new()).outputs["it"].clone()
}

macro_rules! facts {
    ($($name:ident: $expression:expr => $value:tt;)*) => {$(
        #[test]
        fn $name() {
            assert_eq!(value($expression), json!($value));
        }
    )*};
}

facts! {
    an_attribute_is_a_symbol: "aws_vpc.main.id" => { "$ref": "aws_vpc.main.id" };
    a_symbol_stands_in_text: "\"x-${aws_vpc.main.id}\"" => "x-${aws_vpc.main.id}";
    a_template_of_one_value_is_the_value: "\"${local.map}\"" => { "a": 1, "b": 2 };
    an_instance_is_read_by_its_number: "aws_eip.nat[1].id" => { "$ref": "aws_eip.nat[1].id" };
    an_instance_is_read_by_its_key: "aws_subnet.zone[\"a\"].id" => { "$ref": "aws_subnet.zone[\"a\"].id" };
    a_star_reads_all_instances: "aws_eip.nat[*].id" => [{ "$ref": "aws_eip.nat[0].id" }, { "$ref": "aws_eip.nat[1].id" }];
    a_star_over_an_attribute_stays_a_symbol: "aws_vpc.main.x[*].id" => { "$ref": "aws_vpc.main.x[*].id" };
    for_goes_over_instances: "{ for zone, it in aws_subnet.zone : upper(zone) => it.id }"
        => { "A": { "$ref": "aws_subnet.zone[\"a\"].id" }, "B": { "$ref": "aws_subnet.zone[\"b\"].id" } };
    for_goes_over_a_map_by_key: "[for key, value in local.map : \"${key}${value}\"]" => ["a1", "b2"];
    for_leaves_out_what_if_refuses: "[for value in [1, 2, 3] : value if value != 2]" => [1, 3];
    for_groups: "{ for word in [\"ab\", \"ac\", \"b\"] : substr(word, 0, 1) => word... }" => { "a": ["ab", "ac"], "b": ["b"] };
    for_over_a_symbol_is_unknown: "[for it in aws_vpc.main.x : it.y]" => { "$unknown": "[for it in aws_vpc.main.x : it.y]" };
    a_variable_without_a_value_is_a_symbol: "var.needed" => { "$ref": "var.needed" };
    a_condition_that_is_known_chooses: "length(local.map) > 1 ? \"many\" : \"one\"" => "many";
    a_condition_that_is_not_known_is_unknown: "var.needed ? 1 : 2" => { "$unknown": "var.needed ? 1 : 2" };
    a_condition_between_equals_does_not_matter: "var.needed ? 1 : 1" => 1;
    false_and_anything_is_false: "false && var.needed" => false;
    a_symbol_equals_itself: "aws_vpc.main.id == aws_vpc.main.id" => true;
    whether_two_symbols_are_equal_is_unknown: "aws_vpc.main.id == \"x\"" => { "$unknown": "aws_vpc.main.id == \"x\"" };
    arithmetic_is_done: "[7 / 2, 10 / 5, 7 % 3, 1 + 2 * 3, -1]" => [3.5, 2, 1, 7, -1];
    a_function_of_a_symbol_is_unknown: "lower(aws_vpc.main.id)" => { "$unknown": "lower(aws_vpc.main.id)" };
    format_takes_symbols_into_its_text: "format(\"%s/%d\", aws_vpc.main.id, 2)" => "${aws_vpc.main.id}/2";
    format_pads: "format(\"%05.1f|%-5s|%5s|%02d|%q\", 3.14159, \"a\", \"b\", 7, \"c\")" => "003.1|a    |    b|07|\"c\"";
    join_takes_symbols_into_its_text: "join(\",\", aws_eip.nat[*].id)" => "${aws_eip.nat[0].id},${aws_eip.nat[1].id}";
    jsonencode_is_a_tree: "jsonencode({ id = aws_vpc.main.id })" => { "$json": { "id": { "$ref": "aws_vpc.main.id" } } };
    jsondecode_takes_it_back: "jsondecode(jsonencode({ a = [1] })).a[0]" => 1;
    jsonencode_inside_text_is_text: "\"x ${jsonencode([1, \"a\"])}\"" => "x [1,\"a\"]";
    try_takes_what_is_there: "try(local.map.c, local.map.b)" => 2;
    what_is_not_there_is_unknown: "local.map.c" => { "$unknown": "local.map.c" };
    merge_takes_the_last: "merge(local.map, { b = 3 })" => { "a": 1, "b": 3 };
    a_set_is_sorted: "toset([\"b\", \"a\", \"b\"])" => ["a", "b"];
    lookup_has_a_default: "[lookup(local.map, \"a\", 0), lookup(local.map, \"c\", 0)]" => [1, 0];
    lists_are_flattened: "flatten([[1], [[2]]])" => [1, 2];
    arguments_are_spread: "max([1, 3, 2]...)" => 3;
    range_counts: "[range(3), range(1, 4), range(4, 0, -2)]" => [[0, 1, 2], [1, 2, 3], [4, 2]];
    element_goes_round: "element([\"a\", \"b\"], 3)" => "b";
    split_of_nothing_is_one_empty_text: "split(\",\", \"\")" => [""];
    compact_leaves_out_null_and_nothing: "compact([\"\", null, \"a\"])" => ["a"];
    replace_takes_a_pattern_between_slashes: "[replace(\"a1b2\", \"/[0-9]/\", \"-\"), replace(\"a.b\", \".\", \"-\")]" => ["a-b-", "a-b"];
    keys_are_sorted: "[keys(local.map), values(local.map)]" => [["a", "b"], [1, 2]];
    the_way_to_the_module_is_a_symbol: "path.module" => { "$ref": "path.module" };
    // As `terraform console` prints them.
    a_heredoc_ends_with_a_line_break: "<<EOT\n  one\n    %{ if true }\n  two\n    %{ else }\n  three\n    %{ endif }\nEOT\n"
        => "  one\n    \n  two\n    \n";
    a_heredoc_loses_its_common_spaces: "<<-EOT\n    a: ${1}\n      b\n  EOT\n" => "a: 1\n  b\n";
    a_mark_strips_its_own_line_only: "<<EOT\n%{ for it in [1, 2] ~}\n  - ${it}\n%{ endfor ~}\nend\nEOT\n" => "  - 1\n  - 2\nend\n";
}

#[test]
fn a_given_variable_wins_over_its_default() {
    let module = module("variable \"a\" {\n  default = 1\n}\noutput \"a\" {\n  value = var.a\n}\n");
    let evaluation = evaluate(&module, &BTreeMap::from([("a".to_owned(), json!(2))]));
    assert_eq!(evaluation.outputs["a"], json!(2));
}

#[test]
fn for_each_makes_an_instance_of_each_key() {
    let subnet = instance("aws_subnet.private[\"b\"]");
    assert_eq!(
        subnet,
        json!({
            "vpc_id": { "$ref": "aws_vpc.main.id" },
            "availability_zone": "${data.aws_region.current.name}b",
            "cidr_block": { "$unknown": "cidrsubnet(aws_vpc.main.cidr_block, 4, 1)" },
            "tags": { "Name": "gateway-prod-private-b", "Tier": "PRIVATE" },
        })
    );
}

#[test]
fn count_makes_numbered_instances() {
    assert_eq!(instance("aws_eip.nat[1]")["tags"], json!({ "Name": "gateway-prod-nat-01" }));
}

#[test]
fn a_set_is_its_own_keys() {
    let rule = instance("aws_vpc_security_group_ingress_rule.alb[\"10.0.0.0/8\"]");
    assert_eq!(rule["cidr_ipv4"], json!("10.0.0.0/8"));
}

#[test]
fn instances_whose_keys_are_not_known_are_one() {
    let text =
        "variable \"a\" {}\nresource \"aws_vpc\" \"b\" {\n  for_each = var.a\n  tags     = { Name = each.key }\n}\n";
    let evaluation = evaluate(&module(text), &BTreeMap::new());
    assert_eq!(evaluation.instances[0].address, "aws_vpc.b[*]");
    assert_eq!(evaluation.instances[0].arguments["tags"], json!({ "Name": { "$ref": "each.key" } }));
}

#[test]
fn blocks_are_lists() {
    let acl = instance("aws_wafv2_web_acl.main");
    assert_eq!(acl["default_action"], json!([{ "allow": [{}] }]));
    assert_eq!(acl["rule"].as_array().map(Vec::len), Some(2));
}

#[test]
fn dynamic_makes_a_block_of_each_item() {
    let variables = BTreeMap::from([("fixed_addresses".to_owned(), json!({ "a": "10.20.0.5" }))]);
    let evaluation = evaluate(&realistic(), &variables);
    let balancer = evaluation.instances.iter().find(|it| it.address == "aws_lb.main").unwrap();
    let expected = json!([{
        "subnet_id": { "$ref": "aws_subnet.private[\"a\"].id" },
        "private_ipv4_address": "10.20.0.5",
    }]);
    assert_eq!(balancer.arguments["subnet_mapping"], expected);
}

#[test]
fn what_terraform_itself_reads_is_left_out() {
    let group = instance("aws_security_group.alb");
    assert_eq!((group.get("lifecycle"), group.get("egress").is_some()), (None, true));
}

#[test]
fn null_is_left_out() {
    let evaluation = evaluate(&module("resource \"aws_vpc\" \"a\" {\n  cidr_block = null\n}\n"), &BTreeMap::new());
    assert!(evaluation.instances[0].arguments.is_empty());
}

#[test]
fn a_policy_is_a_tree() {
    let policy = instance("aws_iam_role_policy.task");
    let secret = "aws_secretsmanager_secret.master.arn";
    assert_eq!(
        policy["policy"]["$json"]["Statement"][0]["Resource"],
        json!([{ "$ref": secret }, format!("${{{secret}}}-*")])
    );
}

#[test]
fn an_environment_is_computed() {
    let task = instance("aws_ecs_task_definition.gateway");
    let container = &task["container_definitions"]["$json"][0];
    assert_eq!(container["environment"], json!([{ "name": "MODE", "value": "proxy" }]));
    assert_eq!(task["memory"], json!(2048));
}

#[test]
fn a_local_value_that_waits_for_itself_is_unknown() {
    let module = module("locals {\n  a = local.a\n}\noutput \"a\" {\n  value = local.a\n}\n");
    assert_eq!(evaluate(&module, &BTreeMap::new()).outputs["a"], json!({ "$unknown": "local.a" }));
}
