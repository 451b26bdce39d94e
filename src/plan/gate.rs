//! Gates: what an apply does only when it is allowed by name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a gate guards against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GateKind {
    /// The replacement of a resource that holds data: `--allow-replace ADDRESS`.
    AllowReplace,
    /// The deletion of a resource that holds data: `--allow-destroy ADDRESS`.
    AllowDestroy,
    /// An update of a stack with a resource that a rollback left out, and that is not what the stack takes it for:
    /// `--reconciled ADDRESS`.
    Reconciled,
}

/// One thing that must be allowed by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Gate {
    /// What it guards against.
    pub kind: GateKind,
    /// Address of the resource.
    pub address: String,
    /// What would be lost, or what is not as it should be, in words.
    pub reason: String,
}

impl Gate {
    /// The flag that opens the gate.
    pub fn flag(&self) -> String {
        match self.kind {
            GateKind::AllowReplace => format!("--allow-replace {}", self.address),
            GateKind::AllowDestroy => format!("--allow-destroy {}", self.address),
            GateKind::Reconciled => format!("--reconciled {}", self.address),
        }
    }
}

/// Whether replacing or deleting a resource of this type loses data or breaks users: databases, caches, keys,
/// secrets, buckets, image repositories and VPN endpoints (every user needs a new profile).
pub fn is_stateful(resource_type: &str) -> bool {
    matches!(
        resource_type,
        "AWS::RDS::DBCluster"
            | "AWS::RDS::DBInstance"
            | "AWS::ElastiCache::ReplicationGroup"
            | "AWS::ElastiCache::ServerlessCache"
            | "AWS::KMS::Key"
            | "AWS::SecretsManager::Secret"
            | "AWS::S3::Bucket"
            | "AWS::ECR::Repository"
            | "AWS::EC2::ClientVpnEndpoint"
            | "AWS::EFS::FileSystem"
            | "aws_rds_cluster"
            | "aws_rds_cluster_instance"
            | "aws_db_instance"
            | "aws_elasticache_replication_group"
            | "aws_elasticache_serverless_cache"
            | "aws_kms_key"
            | "aws_secretsmanager_secret"
            | "aws_s3_bucket"
            | "aws_ecr_repository"
            | "aws_ec2_client_vpn_endpoint"
            | "aws_efs_file_system"
    )
}
