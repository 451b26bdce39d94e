//! VPC, endpoints and security groups.

use serde_json::{Value as Json, json};

use super::{GENERATED_NAME, Kind, PLAIN};
use crate::parity::tree;

pub(super) const KINDS: &[Kind] = &[
    Kind {
        cloudformation: "AWS::EC2::InternetGateway",
        intended: &[("vpc_id", "CloudFormation attaches a gateway with a resource of its own")],
        ..PLAIN
    },
    Kind {
        cloudformation: "AWS::EC2::VPCGatewayAttachment",
        intended: &[("internet_gateway_id", "Terraform's gateway attaches itself")],
        ..PLAIN
    },
    Kind {
        cloudformation: "AWS::EC2::SecurityGroup",
        names: &[("aws_security_group", "description", "group_description")],
        intended: &[
            ("name_prefix", GENERATED_NAME),
            (
                "security_group_egress",
                "Only a rule keeps CloudFormation from allowing everything out; Terraform takes that away by itself",
            ),
        ],
        ..PLAIN
    },
    Kind {
        cloudformation: "AWS::EC2::SecurityGroupIngress",
        names: &[
            ("aws_vpc_security_group_ingress_rule", "cidr_ipv4", "cidr_ip"),
            ("aws_vpc_security_group_ingress_rule", "prefix_list_id", "source_prefix_list_id"),
            ("aws_vpc_security_group_ingress_rule", "referenced_security_group_id", "source_security_group_id"),
            ("aws_vpc_security_group_ingress_rule", "security_group_id", "group_id"),
        ],
        ..PLAIN
    },
    Kind {
        cloudformation: "AWS::EC2::SecurityGroupEgress",
        names: &[
            ("aws_vpc_security_group_egress_rule", "cidr_ipv4", "cidr_ip"),
            ("aws_vpc_security_group_egress_rule", "prefix_list_id", "destination_prefix_list_id"),
            ("aws_vpc_security_group_egress_rule", "referenced_security_group_id", "destination_security_group_id"),
            ("aws_vpc_security_group_egress_rule", "security_group_id", "group_id"),
        ],
        ..PLAIN
    },
    Kind {
        cloudformation: "AWS::EC2::VPCEndpoint",
        names: &[("aws_vpc_endpoint", "policy", "policy_document")],
        ..PLAIN
    },
    Kind {
        cloudformation: "AWS::EC2::FlowLog",
        names: &[("aws_flow_log", "iam_role_arn", "deliver_logs_permission_arn")],
        adapt: Some(flow_log),
        ..PLAIN
    },
];

/// CloudFormation names the log group and says what kind of resource is logged; Terraform gives the group's ARN and has
/// an argument for each kind.
fn flow_log(type_name: &str, value: &mut Json) {
    if type_name != "aws_flow_log" {
        return;
    }
    if let Some(vpc) = tree::take(value, "vpc_id") {
        tree::put(value, "resource_id", vpc);
        tree::put(value, "resource_type", json!("VPC"));
    }
    let group = value["log_destination"].as_str().and_then(|arn| arn.strip_suffix(".arn}")).map(str::to_owned);
    if let Some(group) = group {
        tree::take(value, "log_destination");
        tree::put(value, "log_group_name", json!(format!("{group}.name}}")));
    }
}
