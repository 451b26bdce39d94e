locals {
  database_cluster_id  = aws_cloudformation_stack.database.outputs["ClusterId"]
  database_endpoint    = aws_cloudformation_stack.database.outputs["Endpoint"]
  database_port        = aws_cloudformation_stack.database.outputs["Port"]
  database_resource_id = aws_cloudformation_stack.database.outputs["ResourceId"]
}

resource "aws_db_subnet_group" "database" {
  name_prefix = "acme-llm-database-"
  description = "Subnets of the gateway's database"
  subnet_ids  = local.data_subnet_ids

  tags = {
    Name            = "acme-llm-database"
    "gwinfra:stack" = "data"
  }
}

resource "aws_rds_cluster_parameter_group" "database" {
  name_prefix = "acme-llm-database-"
  description = "Parameters of the gateway's database"
  family      = "aurora-postgresql16"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  parameter {
    name  = "log_min_duration_statement"
    value = "1000"
  }

  parameter {
    name  = "log_parameter_max_length"
    value = "0"
  }

  parameter {
    name  = "log_parameter_max_length_on_error"
    value = "0"
  }

  parameter {
    name  = "log_lock_waits"
    value = "1"
  }

  parameter {
    name  = "idle_in_transaction_session_timeout"
    value = "300000"
  }

  tags = {
    Name            = "acme-llm-database"
    "gwinfra:stack" = "data"
  }

  lifecycle {
    # A new major version has a new group, and the cluster needs it before the old one can go.
    create_before_destroy = true
  }
}

resource "aws_iam_role" "database_monitoring" {
  name = "acme-llm-database-monitoring"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Service = "monitoring.rds.amazonaws.com"
        }
        Action = "sts:AssumeRole"
        Condition = {
          StringEquals = {
            "aws:SourceAccount" = local.account_id
          }
        }
      },
    ]
  })

  tags = {
    Name            = "acme-llm-database-monitoring"
    "gwinfra:stack" = "data"
  }
}

resource "aws_iam_role_policy_attachment" "database_monitoring" {
  role       = aws_iam_role.database_monitoring.name
  policy_arn = "arn:${local.partition}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
}

# The gateway signs in as the master user with tokens of its task role. There is no password, and no statement to run
# before the first start: RDS grants rds_iam itself. The provider has no argument for that yet
# (MasterUserAuthenticationType), and a password would be one more secret, so CloudFormation makes this one resource.
resource "aws_cloudformation_stack" "database" {
  #checkov:skip=CKV_AWS_124:Terraform waits for the stack and reports how it went; nobody needs a message as well.
  name = "acme-llm-database"

  template_body = jsonencode({
    Description = "acme-llm: database of the LLM gateway"
    Resources = {
      # No AvailabilityZones: RDS makes three of any two, and the property would then differ for ever.
      DatabaseCluster = {
        Type = "AWS::RDS::DBCluster"
        # Deleting or replacing the cluster leaves a snapshot.
        DeletionPolicy      = "Snapshot"
        UpdateReplacePolicy = "Snapshot"
        Properties = {
          DBClusterIdentifier             = "acme-llm-database"
          Engine                          = "aurora-postgresql"
          EngineVersion                   = "16.6"
          DatabaseName                    = "litellm"
          MasterUsername                  = "gateway"
          MasterUserAuthenticationType    = "iam-db-auth"
          EnableIAMDatabaseAuthentication = true
          ServerlessV2ScalingConfiguration = {
            MinCapacity = 0.5
            MaxCapacity = 4.0
          }
          DBSubnetGroupName           = aws_db_subnet_group.database.name
          VpcSecurityGroupIds         = [aws_security_group.database.id]
          DBClusterParameterGroupName = aws_rds_cluster_parameter_group.database.name
          StorageEncrypted            = true
          KmsKeyId                    = aws_kms_key.main.arn
          BackupRetentionPeriod       = 7
          CopyTagsToSnapshot          = true
          DeletionProtection          = true
          EnableCloudwatchLogsExports = ["postgresql"]
        }
      }
    }
    Outputs = {
      ClusterId  = { Value = { Ref = "DatabaseCluster" } }
      Endpoint   = { Value = { "Fn::GetAtt" = ["DatabaseCluster", "Endpoint.Address"] } }
      Port       = { Value = { "Fn::GetAtt" = ["DatabaseCluster", "Endpoint.Port"] } }
      ResourceId = { Value = { "Fn::GetAtt" = ["DatabaseCluster", "DBClusterResourceId"] } }
    }
  })

  # Terraform sees the stack, not the cluster in it: CloudFormation refuses what `prevent_destroy` cannot see.
  policy_body = jsonencode({
    Statement = [
      {
        Effect    = "Allow"
        Principal = "*"
        Action    = "Update:Modify"
        Resource  = "*"
      },
    ]
  })

  tags = {
    Name            = "acme-llm-database"
    "gwinfra:stack" = "data"
  }

  lifecycle {
    # The keys, users and conversations of the gateway are in it.
    prevent_destroy = true
  }
}

# RDS would make it by itself, to be kept for ever and without the key.
resource "aws_cloudwatch_log_group" "database" {
  #checkov:skip=CKV_AWS_338:The spec says how long logs are kept.
  name              = "/aws/rds/cluster/${local.database_cluster_id}/postgresql"
  retention_in_days = 90
  kms_key_id        = aws_kms_key.main.arn

  tags = {
    Name            = "acme-llm-database-log"
    "gwinfra:stack" = "data"
  }
}

resource "aws_rds_cluster_instance" "writer" {
  #checkov:skip=CKV_AWS_226:The spec's version counts; a newer one is a plan that somebody approves.
  identifier                            = "acme-llm-database-writer"
  cluster_identifier                    = local.database_cluster_id
  engine                                = "aurora-postgresql"
  instance_class                        = "db.serverless"
  promotion_tier                        = 0
  publicly_accessible                   = false
  auto_minor_version_upgrade            = false
  performance_insights_enabled          = true
  performance_insights_kms_key_id       = aws_kms_key.main.arn
  performance_insights_retention_period = 7
  monitoring_interval                   = 60
  monitoring_role_arn                   = aws_iam_role.database_monitoring.arn
  apply_immediately                     = true

  tags = {
    Name            = "acme-llm-database-writer"
    "gwinfra:stack" = "data"
  }

  # RDS tries to take the role on when it makes the instance; and the first one to log would make the log group.
  depends_on = [aws_iam_role_policy_attachment.database_monitoring, aws_cloudwatch_log_group.database]
}

locals {
  database_readers = {
    "1" = {
      identifier     = "acme-llm-database-reader-1"
      promotion_tier = 1
      tags = {
        Name            = "acme-llm-database-reader-1"
        "gwinfra:stack" = "data"
      }
    }
  }
}

resource "aws_rds_cluster_instance" "reader" {
  #checkov:skip=CKV_AWS_226:The spec's version counts; a newer one is a plan that somebody approves.
  for_each = local.database_readers

  identifier                            = each.value.identifier
  cluster_identifier                    = local.database_cluster_id
  engine                                = "aurora-postgresql"
  instance_class                        = "db.serverless"
  promotion_tier                        = each.value.promotion_tier
  publicly_accessible                   = false
  auto_minor_version_upgrade            = false
  performance_insights_enabled          = true
  performance_insights_kms_key_id       = aws_kms_key.main.arn
  performance_insights_retention_period = 7
  monitoring_interval                   = 60
  monitoring_role_arn                   = aws_iam_role.database_monitoring.arn
  apply_immediately                     = true

  tags = each.value.tags

  # The first instance of a cluster becomes its writer.
  depends_on = [aws_rds_cluster_instance.writer]
}
