use super::check;
use crate::tf::fixture::{module, realistic};
use crate::tf::registry::Registry;

/// The findings about a module as `line:column code`, without those about what is not used.
fn findings(text: &str) -> Vec<String> {
    let findings = check(&module(text), &Registry::builtin());
    let used = findings.iter().filter(|finding| finding.code != crate::tf::codes::UNUSED);
    used.map(|finding| {
        let start = finding.span.as_ref().unwrap().start;
        format!("{}:{} {}", start.line, start.column, finding.code)
    })
    .collect()
}

/// The helps of the findings about a module.
fn helps(text: &str) -> Vec<String> {
    check(&module(text), &Registry::builtin()).into_iter().filter_map(|finding| finding.help).collect()
}

/// A VPC with more inside it, from line 2.
fn vpc(inside: &str) -> String {
    format!("resource \"aws_vpc\" \"main\" {{\n{inside}\n}}\n")
}

macro_rules! facts {
    ($($name:ident: $text:expr => [$($finding:literal),*];)*) => {$(
        #[test]
        fn $name() {
            let expected: &[&str] = &[$($finding),*];
            assert_eq!(findings(&$text), expected);
        }
    )*};
}

#[test]
fn a_realistic_module_has_no_findings() {
    assert_eq!(check(&realistic(), &Registry::builtin()), []);
}

facts! {
    an_unknown_type_is_found: "resource \"aws_vcp\" \"a\" {}" => ["1:10 GW1101"];
    a_data_source_is_no_resource: "resource \"aws_caller_identity\" \"a\" {}" => ["1:10 GW1101"];
    an_unknown_argument_is_found: vpc("  cidr_blok = \"10.0.0.0/16\"") => ["2:3 GW1102"];
    an_unknown_block_is_found: vpc("  rule {}") => ["2:3 GW1102"];
    an_unknown_argument_of_a_provider_is_found: "provider \"aws\" {\n  regoin = \"a\"\n}" => ["2:3 GW1102"];
    an_unknown_argument_of_an_output_is_found: "output \"a\" {\n  valeu = 1\n}" => ["1:1 GW1103", "2:3 GW1102"];
    an_argument_that_a_type_needs_is_missed: "resource \"aws_subnet\" \"a\" {}" => ["1:1 GW1103"];
    null_is_no_value_for_a_needed_argument: "resource \"aws_subnet\" \"a\" {\n  vpc_id = null\n}" => ["2:3 GW1103"];
    a_block_that_a_type_needs_is_missed:
        "resource \"aws_iam_role\" \"a\" {\n  assume_role_policy = \"x\"\n}\nresource \"aws_lb_listener_rule\" \"a\" {\n  listener_arn = \"x\"\n  condition {}\n}"
        => ["4:1 GW1103"];
    a_computed_attribute_cannot_be_set: vpc("  arn = \"x\"") => ["2:3 GW1104"];
    a_block_is_no_argument: "resource \"aws_lb\" \"a\" {\n  access_logs = {}\n}" => ["2:3 GW1105"];
    an_argument_is_no_block: vpc("  tags {}") => ["2:3 GW1105"];
    a_block_that_stands_too_often_is_found:
        "resource \"aws_lb\" \"a\" {\n  access_logs {\n    bucket = \"a\"\n  }\n  access_logs {\n    bucket = \"b\"\n  }\n}"
        => ["5:3 GW1106"];
    an_object_is_no_text: vpc("  cidr_block = {}") => ["2:16 GW1107"];
    text_is_no_map: vpc("  tags = \"a\"") => ["2:10 GW1107"];
    text_that_is_a_number_is_a_number: vpc("  ipv4_netmask_length = \"16\"") => [];
    other_text_is_no_number: vpc("  ipv4_netmask_length = \"a\"") => ["2:25 GW1107"];
    text_that_is_a_bool_is_a_bool: vpc("  enable_dns_support = \"true\"") => [];
    a_number_is_no_bool: vpc("  enable_dns_support = 1") => ["2:24 GW1107"];
    a_number_is_text: vpc("  cidr_block = 1") => [];
    one_value_is_no_list: "resource \"aws_lb\" \"a\" {\n  subnets = \"a\"\n}" => ["2:13 GW1107"];
    an_item_of_a_list_has_its_own_place: "resource \"aws_lb\" \"a\" {\n  subnets = [\"a\",\n    {}]\n}" => ["3:5 GW1107"];
    both_branches_of_a_condition_are_compared: vpc("  tags = true ? {} : []") => ["2:22 GW1107"];
    a_function_that_gives_text_is_no_map: vpc("  tags = jsonencode({})") => ["2:10 GW1107"];
    a_deprecated_argument_is_found: "resource \"aws_eip\" \"a\" {\n  vpc = true\n}" => ["2:3 GW1108"];
    blocks_may_stand_for_a_list_of_objects:
        "resource \"aws_route_table\" \"a\" {\n  vpc_id = \"a\"\n  route {\n    cidr_block = \"a\"\n  }\n}" => [];
    such_blocks_are_checked:
        "resource \"aws_route_table\" \"a\" {\n  vpc_id = \"a\"\n  route {\n    cider = \"a\"\n  }\n}" => ["4:5 GW1102"];
    objects_of_such_a_list_are_complete:
        "resource \"aws_route_table\" \"a\" {\n  vpc_id = \"a\"\n  route  = [{}]\n}".replace("[{}]", "[{ carrier_gateway_id = \"\", cidr_block = \"\", core_network_arn = \"\", destination_prefix_list_id = \"\", egress_only_gateway_id = \"\", gateway_id = \"\", ipv6_cidr_block = \"\", local_gateway_id = \"\", nat_gateway_id = \"\", network_interface_id = \"\", transit_gateway_id = \"\", vpc_endpoint_id = \"\" }]")
        => ["3:13 GW1107"];
    count_and_for_each_exclude_each_other: vpc("  count = 1\n  for_each = {}") => ["3:3 GW1109"];
    for_each_takes_no_list: vpc("  for_each = [\"a\"]") => ["2:14 GW1109"];
    prevent_destroy_is_written_out:
        vpc("  lifecycle {\n    prevent_destroy = var.a\n  }\n}\nvariable \"a\" {") => ["3:23 GW1109"];
    depends_on_takes_addresses: vpc("  depends_on = [\"aws_vpc.b\"]") => ["2:17 GW1109"];
    an_attribute_to_ignore_must_exist: vpc("  lifecycle {\n    ignore_changes = [tag]\n  }") => ["3:23 GW1109"];
    an_alias_must_be_declared: vpc("  provider = aws.north") => ["2:14 GW1120"];
    a_declared_alias_is_found:
        vpc("  provider = aws.north\n}\nprovider \"aws\" {\n  alias = \"north\"") => [];
    a_dynamic_block_makes_a_known_block:
        "resource \"aws_lb\" \"a\" {\n  dynamic \"subnet_maping\" {\n    for_each = []\n    content {}\n  }\n}"
        => ["2:11 GW1102"];
    a_dynamic_block_needs_content:
        "resource \"aws_lb\" \"a\" {\n  dynamic \"subnet_mapping\" {\n    for_each = []\n  }\n}" => ["2:3 GW1110"];
    the_content_of_a_dynamic_block_is_checked:
        "resource \"aws_lb\" \"a\" {\n  dynamic \"subnet_mapping\" {\n    for_each = []\n    content {\n      subnet = subnet_mapping.value\n    }\n  }\n}"
        => ["2:11 GW1103", "5:7 GW1102"];
    an_unknown_block_at_the_top_is_found: "resources \"a\" \"b\" {}" => ["1:1 GW1111"];
    labels_are_counted: "resource \"aws_vpc\" {}" => ["1:1 GW1111"];
    a_name_starts_with_no_digit: "resource \"aws_vpc\" \"1a\" {}" => ["1:20 GW1111"];
    modules_are_not_called: "module \"a\" {\n  source = \"b\"\n}" => ["1:1 GW1111"];
    an_argument_outside_every_block_is_found: "a = 1" => ["1:1 GW1111"];
    the_default_of_a_variable_is_a_constant: "variable \"a\" {\n  default = var.b\n}\nvariable \"b\" {}" => ["2:13 GW1111"];
    the_default_of_a_variable_has_its_type: "variable \"a\" {\n  type    = list(string)\n  default = \"b\"\n}" => ["3:13 GW1107"];
    a_type_that_does_not_exist_is_found: "variable \"a\" {\n  type = strng\n}" => ["2:10 GW1111"];
    a_variable_must_be_declared: "output \"a\" {\n  value = var.b\n}" => ["2:11 GW1120"];
    a_local_value_must_be_declared: "output \"a\" {\n  value = \"x-${local.b}\"\n}" => ["2:16 GW1120"];
    a_resource_must_be_declared: "output \"a\" {\n  value = aws_vpc.b.id\n}" => ["2:11 GW1120"];
    a_reference_in_a_heredoc_has_its_place: "output \"a\" {\n  value = <<EOT\none\n  ${var.b}\nEOT\n}" => ["4:5 GW1120"];
    a_name_alone_refers_to_nothing: "output \"a\" {\n  value = b\n}" => ["2:11 GW1120"];
    an_unknown_attribute_is_found: vpc("}\noutput \"a\" {\n  value = aws_vpc.main.idd") => ["4:23 GW1121"];
    an_attribute_of_text_is_unknown: vpc("}\noutput \"a\" {\n  value = aws_vpc.main.id.x") => ["4:26 GW1121"];
    a_key_of_a_map_is_anything: vpc("}\noutput \"a\" {\n  value = aws_vpc.main.tags.Name") => [];
    a_repeated_block_is_read_by_index:
        "resource \"aws_lb\" \"a\" {}\noutput \"a\" {\n  value = aws_lb.a.access_logs.bucket\n}\noutput \"b\" {\n  value = aws_lb.a.access_logs[0].bucket\n}"
        => ["3:31 GW1121"];
    a_resource_without_count_takes_no_key: vpc("}\noutput \"a\" {\n  value = aws_vpc.main[0].id") => ["4:23 GW1122"];
    a_resource_with_count_needs_a_key: vpc("  count = 1\n}\noutput \"a\" {\n  value = aws_vpc.main.id") => ["5:23 GW1122"];
    a_resource_with_for_each_needs_a_key: vpc("  for_each = {}\n}\noutput \"a\" {\n  value = aws_vpc.main.id") => ["5:23 GW1122"];
    a_resource_with_for_each_has_no_numbers: vpc("  for_each = {}\n}\noutput \"a\" {\n  value = aws_vpc.main[0].id") => ["5:23 GW1122"];
    a_star_goes_over_count: vpc("  count = 1\n}\noutput \"a\" {\n  value = aws_vpc.main[*].id") => [];
    a_star_does_not_go_over_for_each: vpc("  for_each = {}\n}\noutput \"a\" {\n  value = aws_vpc.main[*].id") => ["5:23 GW1122"];
    each_needs_for_each: vpc("  cidr_block = each.value") => ["2:16 GW1123"];
    each_has_key_and_value: vpc("  for_each = {}\n  cidr_block = each.name") => ["3:16 GW1123"];
    count_index_needs_count: vpc("  cidr_block = \"10.${count.index}.0.0/16\"") => ["2:22 GW1123"];
    self_needs_a_provisioner: vpc("  cidr_block = self.id") => ["2:16 GW1123"];
    a_path_has_three_names: "output \"a\" {\n  value = path.modul\n}" => ["2:11 GW1123"];
    a_function_must_exist: "output \"a\" {\n  value = json_encode({})\n}" => ["2:11 GW1124"];
    the_arguments_of_a_function_are_counted: "output \"a\" {\n  value = upper(\"a\", \"b\")\n}" => ["2:11 GW1124"];
    arguments_that_are_spread_are_not_counted: "output \"a\" {\n  value = max([1, 2]...)\n}" => [];
    a_function_of_the_provider_is_known:
        "output \"a\" {\n  value = provider::aws::arn_parse(\"x\")\n}\noutput \"b\" {\n  value = provider::aws::arn_pars(\"x\")\n}"
        => ["5:26 GW1124"];
    an_ephemeral_value_is_not_stored:
        "ephemeral \"aws_ssm_parameter\" \"a\" {\n  arn = \"x\"\n}\nresource \"aws_secretsmanager_secret_version\" \"a\" {\n  secret_id     = \"a\"\n  secret_string = ephemeral.aws_ssm_parameter.a.value\n}"
        => ["6:19 GW1125"];
    a_write_only_argument_takes_an_ephemeral_value:
        "ephemeral \"aws_ssm_parameter\" \"a\" {\n  arn = \"x\"\n}\nresource \"aws_secretsmanager_secret_version\" \"a\" {\n  secret_id                = \"a\"\n  secret_string_wo         = ephemeral.aws_ssm_parameter.a.value\n  secret_string_wo_version = 1\n}"
        => [];
    an_ephemeral_value_stays_so_in_a_local_value:
        "ephemeral \"aws_ssm_parameter\" \"a\" {\n  arn = \"x\"\n}\nlocals {\n  a = ephemeral.aws_ssm_parameter.a.value\n}\noutput \"a\" {\n  value = \"x${local.a}\"\n}"
        => ["8:11 GW1125"];
    an_address_is_declared_once: "resource \"aws_vpc\" \"a\" {}\nresource \"aws_vpc\" \"a\" {}" => ["2:1 GW1126"];
    a_local_value_is_declared_once: "locals {\n  a = 1\n}\nlocals {\n  a = 2\n}" => ["5:3 GW1126"];
    an_output_is_declared_once: "output \"a\" {\n  value = 1\n}\noutput \"a\" {\n  value = 2\n}" => ["4:1 GW1126"];
    local_values_that_wait_for_each_other_are_found: "locals {\n  a = local.b\n  b = local.a\n}" => ["2:3 GW1127"];
    a_resource_that_reads_itself_is_found: vpc("  cidr_block = aws_vpc.main.id") => ["1:1 GW1127"];
    resources_that_wait_for_each_other_are_found:
        "resource \"aws_vpc\" \"a\" {\n  cidr_block = aws_vpc.b.id\n}\nresource \"aws_vpc\" \"b\" {\n  depends_on = [aws_vpc.a]\n}"
        => ["1:1 GW1127"];
}

#[test]
fn what_nothing_reads_is_a_warning() {
    let findings = check(&module("variable \"a\" {}\n"), &Registry::builtin());
    assert_eq!(findings.iter().map(|it| it.code).collect::<Vec<_>>(), ["GW1128"]);
}

#[test]
fn a_misspelt_type_is_suggested() {
    assert_eq!(helps("resource \"aws_vcp\" \"a\" {}"), ["did you mean `aws_vpc`?"]);
}

#[test]
fn a_data_source_that_is_declared_as_a_resource_is_said_to_be_one() {
    let help = helps("resource \"aws_caller_identity\" \"a\" {}");
    assert_eq!(help, ["`aws_caller_identity` is known as a data source"]);
}

#[test]
fn a_misspelt_argument_is_suggested() {
    assert_eq!(helps(&vpc("  cidr_blok = \"a\"")), ["did you mean `cidr_block`?"]);
}

#[test]
fn a_forgotten_data_prefix_is_suggested() {
    let help = helps("data \"aws_region\" \"a\" {}\noutput \"a\" {\n  value = aws_region.a.name\n}");
    assert_eq!(help, ["did you mean `data.aws_region.a`?"]);
}

#[test]
fn a_finding_ends_where_its_text_ends() {
    let findings = check(&module("output \"a\" {\n  value = aws_vpc.b.id # why\n}"), &Registry::builtin());
    let span = findings[0].span.clone().unwrap();
    assert_eq!((span.start.column, span.end.line, span.end.column), (11, 2, 23));
}
