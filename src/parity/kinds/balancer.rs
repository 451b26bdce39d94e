//! Load balancer, its certificate and name, and the web ACL.

use serde_json::{Value as Json, json};

use super::{GENERATED_NAME, Kind, PLAIN};
use crate::parity::tree;

const VALIDATION: &str = "CloudFormation validates a certificate by itself";
const TARGETS: &str = "aws_lb_target_group";

pub(super) const KINDS: &[Kind] = &[
    Kind {
        cloudformation: "AWS::ElasticLoadBalancingV2::LoadBalancer",
        names: &[
            ("aws_lb", "load_balancer_type", "type"),
            ("aws_lb", "access_logs.bucket", "load_balancer_attributes.access_logs.s3.bucket"),
            ("aws_lb", "access_logs.enabled", "load_balancer_attributes.access_logs.s3.enabled"),
            ("aws_lb", "access_logs.prefix", "load_balancer_attributes.access_logs.s3.prefix"),
            ("aws_lb", "desync_mitigation_mode", "load_balancer_attributes.routing.http.desync_mitigation_mode"),
            (
                "aws_lb",
                "drop_invalid_header_fields",
                "load_balancer_attributes.routing.http.drop_invalid_header_fields.enabled",
            ),
            ("aws_lb", "enable_deletion_protection", "load_balancer_attributes.deletion_protection.enabled"),
            ("aws_lb", "idle_timeout", "load_balancer_attributes.idle_timeout.timeout_seconds"),
        ],
        intended: &[("name_prefix", GENERATED_NAME)],
        adapt: Some(scheme),
        ..PLAIN
    },
    Kind {
        cloudformation: "AWS::ElasticLoadBalancingV2::TargetGroup",
        names: &[
            (TARGETS, "deregistration_delay", "target_group_attributes.deregistration_delay.timeout_seconds"),
            (TARGETS, "health_check.healthy_threshold", "healthy_threshold_count"),
            (TARGETS, "health_check.interval", "health_check_interval_seconds"),
            (TARGETS, "health_check.matcher", "matcher.http_code"),
            (TARGETS, "health_check.path", "health_check_path"),
            (TARGETS, "health_check.port", "health_check_port"),
            (TARGETS, "health_check.protocol", "health_check_protocol"),
            (TARGETS, "health_check.timeout", "health_check_timeout_seconds"),
            (TARGETS, "health_check.unhealthy_threshold", "unhealthy_threshold_count"),
            (TARGETS, "load_balancing_algorithm_type", "target_group_attributes.load_balancing.algorithm.type"),
        ],
        absent: &[("health_check_protocol", "HTTP")],
        intended: &[("name_prefix", GENERATED_NAME)],
        ..PLAIN
    },
    Kind {
        cloudformation: "AWS::ElasticLoadBalancingV2::Listener",
        names: &[
            ("aws_lb_listener", "certificate_arn", "certificates.certificate_arn"),
            ("aws_lb_listener", "default_action.redirect", "default_actions.redirect_config"),
            ("aws_lb_listener", "default_action", "default_actions"),
            (
                "aws_lb_listener",
                "routing_http_response_server_enabled",
                "listener_attributes.routing.http.response.server.enabled",
            ),
            (
                "aws_lb_listener",
                "routing_http_response_strict_transport_security_header_value",
                "listener_attributes.routing.http.response.strict_transport_security.header_value",
            ),
        ],
        ..PLAIN
    },
    Kind {
        cloudformation: "AWS::ElasticLoadBalancingV2::ListenerRule",
        names: &[
            ("aws_lb_listener_rule", "action", "actions"),
            ("aws_lb_listener_rule", "condition.path_pattern", "conditions.path_pattern_config"),
            ("aws_lb_listener_rule", "condition", "conditions"),
        ],
        adapt: Some(condition),
        ..PLAIN
    },
    Kind {
        cloudformation: "AWS::CertificateManager::Certificate",
        names: &[("aws_route53_record", "zone_id", "domain_validation_options.hosted_zone_id")],
        intended: &[
            ("domain_validation_options.domain_name", VALIDATION),
            ("certificate_arn", VALIDATION),
            ("validation_record_fqdns", VALIDATION),
            ("allow_overwrite", VALIDATION),
            ("name", VALIDATION),
            ("type", VALIDATION),
            ("ttl", VALIDATION),
            ("records", VALIDATION),
        ],
        ..PLAIN
    },
    Kind {
        cloudformation: "AWS::Route53::RecordSet",
        names: &[
            ("aws_route53_record", "alias.name", "alias_target.dns_name"),
            ("aws_route53_record", "alias.zone_id", "alias_target.hosted_zone_id"),
            ("aws_route53_record", "alias.evaluate_target_health", "alias_target.evaluate_target_health"),
            ("aws_route53_record", "zone_id", "hosted_zone_id"),
        ],
        ..PLAIN
    },
    Kind { cloudformation: "AWS::WAFv2::IPSet", intended: &[("name", GENERATED_NAME)], ..PLAIN },
    Kind {
        cloudformation: "AWS::WAFv2::WebACL",
        names: &[("aws_wafv2_web_acl", "rule", "rules")],
        intended: &[("name", GENERATED_NAME)],
        adapt: Some(web_acl),
        ..PLAIN
    },
    Kind { cloudformation: "AWS::WAFv2::LoggingConfiguration", adapt: Some(log_group), ..PLAIN },
];

fn scheme(_: &str, value: &mut Json) {
    if let Some(internal) = tree::take(value, "internal") {
        tree::put(value, "scheme", json!(if internal == "true" { "internal" } else { "internet-facing" }));
    }
}

fn condition(_: &str, value: &mut Json) {
    if value.pointer("/condition/path_pattern").is_some() {
        tree::put(value, "condition.field", json!("path-pattern"));
    }
}

/// The rules that are overridden in a managed group.
fn web_acl(_: &str, value: &mut Json) {
    for rules in ["rule", "rules"] {
        let rules = value.get_mut(rules).and_then(Json::as_object_mut);
        for rule in rules.into_iter().flat_map(|rules| rules.values_mut()) {
            let Some(group) = rule.pointer_mut("/statement/managed_rule_group_statement") else { continue };
            if let Some(overrides) = tree::take(group, "rule_action_override") {
                tree::put(group, "rule_action_overrides", overrides);
            }
        }
    }
}

/// The ARN of a log group, composed or asked for.
fn log_group(_: &str, value: &mut Json) {
    let logs = value.get_mut("log_destination_configs").and_then(Json::as_array_mut);
    for log in logs.into_iter().flatten() {
        let composed = log.as_str().and_then(|text| text.split_once(":log-group:${")?.1.strip_suffix(".name}"));
        if let Some(node) = composed {
            *log = json!(format!("${{{node}.arn}}"));
        }
    }
}
