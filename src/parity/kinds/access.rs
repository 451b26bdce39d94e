//! Client VPN and bastion.

use serde_json::{Value as Json, json};

use super::{GENERATED_NAME, Kind, PLAIN};

const TEMPLATE: &str = "aws_launch_template";

/// Why a tag may stand on Terraform's side only.
const CONSTANT_TAGS: &str =
    "CloudFormation cannot change these tags without making the resource anew, so the user's are left out";

pub(super) const KINDS: &[Kind] = &[
    Kind {
        cloudformation: "AWS::EC2::ClientVpnEndpoint",
        names: &[
            ("AWS::EC2::ClientVpnEndpoint", "tag_specifications.client-vpn-endpoint.tags", "tags"),
            (
                "aws_ec2_client_vpn_endpoint",
                "authentication_options.federated-authentication.saml_provider_arn",
                "authentication_options.federated-authentication.federated_authentication.saml_provider_arn",
            ),
            (
                "aws_ec2_client_vpn_endpoint",
                "authentication_options.federated-authentication.self_service_saml_provider_arn",
                "authentication_options.federated-authentication.federated_authentication.self_service_saml_provider_arn",
            ),
            (
                "aws_ec2_client_vpn_endpoint",
                "authentication_options.certificate-authentication.root_certificate_chain_arn",
                "authentication_options.certificate-authentication.mutual_authentication.client_root_certificate_chain_arn",
            ),
        ],
        intended: &[("tags", CONSTANT_TAGS)],
        ..PLAIN
    },
    Kind {
        cloudformation: "AWS::EC2::LaunchTemplate",
        names: &[
            ("AWS::EC2::LaunchTemplate", "tag_specifications.launch-template.tags", "tags"),
            (TEMPLATE, "network_interfaces.security_groups", "launch_template_data.network_interfaces.groups"),
            (TEMPLATE, "block_device_mappings", "launch_template_data.block_device_mappings"),
            (TEMPLATE, "ebs_optimized", "launch_template_data.ebs_optimized"),
            (TEMPLATE, "iam_instance_profile", "launch_template_data.iam_instance_profile"),
            (TEMPLATE, "image_id", "launch_template_data.image_id"),
            (TEMPLATE, "instance_type", "launch_template_data.instance_type"),
            (TEMPLATE, "metadata_options", "launch_template_data.metadata_options"),
            (TEMPLATE, "monitoring", "launch_template_data.monitoring"),
            (TEMPLATE, "network_interfaces", "launch_template_data.network_interfaces"),
            (TEMPLATE, "tag_specifications", "launch_template_data.tag_specifications"),
            (TEMPLATE, "user_data", "launch_template_data.user_data"),
        ],
        intended: &[("name_prefix", GENERATED_NAME), ("tags", CONSTANT_TAGS)],
        adapt: Some(launch_template),
        ..PLAIN
    },
    Kind {
        cloudformation: "AWS::EC2::Instance",
        names: &[("aws_instance", "launch_template.id", "launch_template.launch_template_id")],
        ..PLAIN
    },
];

/// CloudFormation's reference to a parameter of SSM stands in braces of its own.
fn launch_template(type_name: &str, value: &mut Json) {
    if type_name == TEMPLATE {
        return;
    }
    let image = value.pointer_mut("/launch_template_data/image_id");
    if let Some(image) = image
        && let Some(inner) = image.as_str().and_then(|text| text.strip_prefix("{{")?.strip_suffix("}}"))
    {
        *image = json!(inner);
    }
}
