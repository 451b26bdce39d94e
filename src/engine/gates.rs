//! What must be allowed by name before an apply.

use super::ApplyOptions;
use crate::plan::{Action, Change, Gate, GateKind, Plan, ReplaceRequired};

/// The gates of a plan.
pub(in crate::engine) fn gates(changes: &[Change]) -> Vec<Gate> {
    changes.iter().filter(|change| change.stateful).filter_map(gate).collect()
}

/// Gates that no flag opens.
pub(in crate::engine) fn closed(plan: &Plan, options: &ApplyOptions) -> Vec<Gate> {
    plan.gates.iter().filter(|gate| !options.opens(gate)).cloned().collect()
}

fn gate(change: &Change) -> Option<Gate> {
    let lost = lost(&change.resource_type);
    let kept = match change.policy.as_deref() {
        Some("Snapshot" | "ReplaceAndSnapshot") => "; a final snapshot is kept",
        Some("Retain" | "RetainExceptOnCreate" | "ReplaceAndRetain") => {
            "; the old one is left behind, outside the stack"
        }
        _ => "",
    };
    let may_be_replaced = change.replace.as_ref().is_some_and(|own| own.required == ReplaceRequired::Conditional);
    let (kind, reason) = match change.kind() {
        Action::Replace => (GateKind::AllowReplace, format!("its replacement loses {lost}{kept}")),
        Action::Update if may_be_replaced => {
            (GateKind::AllowReplace, format!("it may be replaced, which loses {lost}{kept}"))
        }
        Action::Delete => (GateKind::AllowDestroy, format!("its deletion loses {lost}{kept}")),
        _ => return None,
    };
    Some(Gate { kind, address: change.address.clone(), reason })
}

fn lost(resource_type: &str) -> &'static str {
    match resource_type {
        "AWS::RDS::DBCluster"
        | "AWS::RDS::DBInstance"
        | "aws_rds_cluster"
        | "aws_rds_cluster_instance"
        | "aws_db_instance" => "the database: keys, teams, spend and chat history",
        "AWS::ElastiCache::ReplicationGroup"
        | "AWS::ElastiCache::ServerlessCache"
        | "aws_elasticache_replication_group"
        | "aws_elasticache_serverless_cache" => "the cache: rate limit counters and cached answers",
        "AWS::KMS::Key" | "aws_kms_key" => "everything that only this key decrypts",
        "AWS::SecretsManager::Secret" | "aws_secretsmanager_secret" => {
            "the secret's value; keys that were made with it stop working"
        }
        "AWS::S3::Bucket" | "aws_s3_bucket" => "the objects in the bucket",
        "AWS::ECR::Repository" | "aws_ecr_repository" => "the images in the repository",
        "AWS::EC2::ClientVpnEndpoint" | "aws_ec2_client_vpn_endpoint" => {
            "every user's VPN profile: each needs a new one"
        }
        _ => "the data in it",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Replace;

    fn change(resource_type: &str, actions: &[&str]) -> Change {
        Change {
            address: "acme-data/Thing".into(),
            node: None,
            stack: "data".into(),
            account: "111122223333".into(),
            resource_type: resource_type.into(),
            actions: actions.iter().map(|&action| action.to_owned()).collect(),
            replace: None,
            stateful: crate::plan::is_stateful(resource_type),
            before: None,
            after: None,
            paths: Vec::new(),
            seen_by: Vec::new(),
            source: Vec::new(),
            policy: None,
            note: None,
        }
    }

    #[test]
    fn replacing_a_database_needs_leave() {
        let gates = gates(&[change("AWS::RDS::DBCluster", &["create", "delete"])]);
        assert_eq!(gates[0].flag(), "--allow-replace acme-data/Thing");
    }

    #[test]
    fn deleting_a_bucket_needs_leave() {
        let gates = gates(&[change("AWS::S3::Bucket", &["delete"])]);
        assert_eq!(gates[0].flag(), "--allow-destroy acme-data/Thing");
    }

    #[test]
    fn a_replacement_that_may_happen_needs_leave_too() {
        let mut own = change("AWS::KMS::Key", &["update"]);
        own.replace = Some(Replace { required: ReplaceRequired::Conditional, paths: Vec::new() });
        assert_eq!(gates(&[own]).len(), 1);
    }

    #[test]
    fn changing_a_database_in_place_needs_none() {
        assert_eq!(gates(&[change("AWS::RDS::DBCluster", &["update"])]), []);
    }

    #[test]
    fn deleting_what_holds_no_data_needs_none() {
        assert_eq!(gates(&[change("AWS::EC2::Route", &["delete"])]), []);
    }
}
