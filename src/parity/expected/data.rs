//! Database and cache.

use serde_json::json;

use super::Expectations;
use crate::model::Model;
use crate::model::data::Aurora;
use crate::model::reference::{attribute, reference};

const STACK: &str = "data";

pub(super) fn expect(model: &Model, said: &mut Expectations<'_>) {
    let data = &model.data;
    let key = reference("KmsKeyArn");
    if let Some(database) = &data.database {
        aurora(database, said);
        let name = json!({"Fn::Sub": "/aws/rds/cluster/${DatabaseCluster}/postgresql"});
        said.log_group(STACK, "DatabaseLogGroup", &name, model.log_retention_days);
        said.tags(STACK, "DatabaseCluster", data.tags.get("database").map_or(&[], Vec::as_slice));
    }
    if let Some(cache) = &data.cache {
        let properties = json!({
            "Engine": cache.engine,
            "EngineVersion": cache.version,
            "CacheNodeType": cache.node_type,
            "NumCacheClusters": cache.nodes,
            "AutomaticFailoverEnabled": cache.failover,
            "MultiAZEnabled": cache.failover,
            "TransitEncryptionEnabled": true,
            "TransitEncryptionMode": "required",
            "AtRestEncryptionEnabled": true,
            "KmsKeyId": key,
            "SecurityGroupIds": [reference("CacheSecurityGroupId")],
        });
        said.expect(STACK, "Cache", "AWS::ElastiCache::ReplicationGroup", properties);
        let parameters = json!({"CacheParameterGroupFamily": cache.family, "Properties": cache.parameters});
        said.expect(STACK, "CacheParameters", "AWS::ElastiCache::ParameterGroup", parameters);
        said.log_group(STACK, "CacheSlowLogGroup", &cache.slow_log_group, model.log_retention_days);
        said.log_group(STACK, "CacheEngineLogGroup", &cache.engine_log_group, model.log_retention_days);
    }
    if let Some(cache) = &data.serverless_cache {
        let properties = json!({
            "ServerlessCacheName": cache.name,
            "Engine": cache.engine,
            "MajorEngineVersion": cache.version,
            "CacheUsageLimits": {
                "DataStorage": {"Maximum": cache.max_gib, "Unit": "GB"},
                "ECPUPerSecond": {"Maximum": cache.max_ecpu_per_second},
            },
            "KmsKeyId": key,
            "SecurityGroupIds": [reference("CacheSecurityGroupId")],
        });
        said.expect(STACK, "Cache", "AWS::ElastiCache::ServerlessCache", properties);
    }
    if let Some(access) = &data.cache_access {
        let properties = json!({
            "Engine": access.engine,
            "UserId": access.user_id,
            "UserName": access.user_name,
            "AccessString": access.access,
        });
        said.expect(STACK, "CacheUser", "AWS::ElastiCache::User", properties);
        let group = json!({"Engine": access.engine, "UserGroupId": access.group_id});
        said.expect(STACK, "CacheUsers", "AWS::ElastiCache::UserGroup", group);
        let group_of = |list: &str, group: serde_json::Value| json!({ list: group });
        let (type_name, named) = if data.serverless_cache.is_some() {
            ("AWS::ElastiCache::ServerlessCache", group_of("UserGroupId", json!(access.group_id)))
        } else {
            ("AWS::ElastiCache::ReplicationGroup", group_of("UserGroupIds", json!([access.group_id])))
        };
        said.expect(STACK, "Cache", type_name, named);
    }
}

fn aurora(database: &Aurora, said: &mut Expectations<'_>) {
    let key = reference("KmsKeyArn");
    let managed = (!database.iam).then_some(json!(true));
    let properties = json!({
        "Engine": "aurora-postgresql",
        "EngineVersion": database.version,
        "DatabaseName": database.name,
        "MasterUsername": database.user,
        "ManageMasterUserPassword": managed,
        "MasterUserSecret": managed.as_ref().map(|_| json!({"KmsKeyId": key})),
        "MasterUserAuthenticationType": database.iam.then_some("iam-db-auth"),
        "EnableIAMDatabaseAuthentication": true,
        "ServerlessV2ScalingConfiguration": {"MinCapacity": database.min_acu, "MaxCapacity": database.max_acu},
        "StorageEncrypted": true,
        "KmsKeyId": key,
        "BackupRetentionPeriod": database.backup_days,
        "CopyTagsToSnapshot": true,
        "DeletionProtection": database.deletion_protection,
        "DeletionPolicy": "Snapshot",
        "VpcSecurityGroupIds": [reference("DatabaseSecurityGroupId")],
    });
    said.expect(STACK, "DatabaseCluster", "AWS::RDS::DBCluster", properties);
    if let Some(seconds) = database.pause_after_seconds {
        let pause = json!({"ServerlessV2ScalingConfiguration": {"SecondsUntilAutoPause": seconds}});
        said.expect(STACK, "DatabaseCluster", "AWS::RDS::DBCluster", pause);
    }
    let parameters = json!({"Family": database.family, "Parameters": database.parameters});
    said.expect(STACK, "DatabaseParameters", "AWS::RDS::DBClusterParameterGroup", parameters);
    for instance in &database.instances {
        let properties = json!({
            "DBClusterIdentifier": reference("DatabaseCluster"),
            "DBInstanceClass": "db.serverless",
            "PromotionTier": instance.promotion_tier,
            "PubliclyAccessible": false,
            "MonitoringRoleArn": attribute("DatabaseMonitoringRole", "Arn"),
        });
        said.expect(STACK, &instance.id, "AWS::RDS::DBInstance", properties);
        said.tags(STACK, &instance.id, &instance.tags);
    }
}
