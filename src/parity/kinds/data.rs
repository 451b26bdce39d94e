//! Database and cache.

use serde_json::{Value as Json, json};

use super::{GENERATED_NAME, Kind, PLAIN, PROVIDER_ONLY};
use crate::parity::tree;

const GROUP: &str = "aws_elasticache_replication_group";

pub(super) const KINDS: &[Kind] = &[
    Kind {
        cloudformation: "AWS::RDS::DBSubnetGroup",
        names: &[("aws_db_subnet_group", "description", "db_subnet_group_description")],
        intended: &[("name_prefix", GENERATED_NAME)],
        ..PLAIN
    },
    Kind {
        cloudformation: "AWS::RDS::DBClusterParameterGroup",
        names: &[("aws_rds_cluster_parameter_group", "parameter", "parameters")],
        intended: &[("name_prefix", GENERATED_NAME)],
        ..PLAIN
    },
    Kind {
        cloudformation: "AWS::RDS::DBCluster",
        names: &[
            ("aws_rds_cluster", "cluster_identifier", "db_cluster_identifier"),
            ("aws_rds_cluster", "enabled_cloudwatch_logs_exports", "enable_cloudwatch_logs_exports"),
            ("aws_rds_cluster", "iam_database_authentication_enabled", "enable_iam_database_authentication"),
            ("aws_rds_cluster", "master_user_secret_kms_key_id", "master_user_secret.kms_key_id"),
            ("aws_rds_cluster", "serverlessv2_scaling_configuration", "serverless_v2_scaling_configuration"),
        ],
        intended: &[
            ("db_cluster_identifier", GENERATED_NAME),
            ("allow_major_version_upgrade", "CloudFormation upgrades to the version that the template says"),
            ("apply_immediately", PROVIDER_ONLY),
            ("final_snapshot_identifier", "CloudFormation makes the name of the last snapshot"),
        ],
        adapt: Some(cluster),
        ..PLAIN
    },
    Kind {
        cloudformation: "AWS::RDS::DBInstance",
        names: &[
            ("aws_rds_cluster_instance", "cluster_identifier", "db_cluster_identifier"),
            ("aws_rds_cluster_instance", "identifier", "db_instance_identifier"),
            ("aws_rds_cluster_instance", "instance_class", "db_instance_class"),
            ("aws_rds_cluster_instance", "performance_insights_enabled", "enable_performance_insights"),
        ],
        intended: &[("db_instance_identifier", GENERATED_NAME), ("apply_immediately", PROVIDER_ONLY)],
        ..PLAIN
    },
    Kind {
        cloudformation: "AWS::ElastiCache::SubnetGroup",
        names: &[("aws_elasticache_subnet_group", "name", "cache_subnet_group_name")],
        intended: &[("cache_subnet_group_name", GENERATED_NAME)],
        ..PLAIN
    },
    Kind {
        cloudformation: "AWS::ElastiCache::ParameterGroup",
        names: &[
            ("aws_elasticache_parameter_group", "family", "cache_parameter_group_family"),
            ("aws_elasticache_parameter_group", "name", "cache_parameter_group_name"),
            ("aws_elasticache_parameter_group", "parameter", "properties"),
        ],
        intended: &[("cache_parameter_group_name", GENERATED_NAME)],
        ..PLAIN
    },
    Kind {
        cloudformation: "AWS::ElastiCache::ReplicationGroup",
        names: &[
            (GROUP, "description", "replication_group_description"),
            (GROUP, "log_delivery_configuration", "log_delivery_configurations"),
            (GROUP, "node_type", "cache_node_type"),
            (GROUP, "parameter_group_name", "cache_parameter_group_name"),
            (GROUP, "subnet_group_name", "cache_subnet_group_name"),
        ],
        absent: &[("port", "6379")],
        intended: &[("replication_group_id", GENERATED_NAME), ("apply_immediately", PROVIDER_ONLY)],
        adapt: Some(replication_group),
    },
    Kind {
        cloudformation: "AWS::ElastiCache::ServerlessCache",
        names: &[("aws_elasticache_serverless_cache", "name", "serverless_cache_name")],
        ..PLAIN
    },
];

/// Whether a snapshot is left behind.
fn cluster(type_name: &str, value: &mut Json) {
    if type_name == "aws_rds_cluster"
        && let Some(skip) = tree::take(value, "skip_final_snapshot")
    {
        tree::put(value, "deletion_policy", json!(if skip == "false" { "Snapshot" } else { "Delete" }));
    }
}

/// Where logs go.
fn replication_group(type_name: &str, value: &mut Json) {
    if type_name != GROUP {
        return;
    }
    let logs = value.get_mut("log_delivery_configuration").and_then(Json::as_object_mut);
    for log in logs.into_iter().flat_map(|logs| logs.values_mut()) {
        if let Some(group) = tree::take(log, "destination") {
            tree::put(log, "destination_details.cloudwatch_logs_details.log_group", group);
        }
    }
}
