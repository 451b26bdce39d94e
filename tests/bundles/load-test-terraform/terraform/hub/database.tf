locals {
  database_cluster_id = aws_rds_cluster.main.id
  database_endpoint   = aws_rds_cluster.main.endpoint
  database_port       = aws_rds_cluster.main.port
}

resource "aws_db_subnet_group" "database" {
  name_prefix = "acme-load-database-"
  description = "Subnets of the gateway's database"
  subnet_ids  = local.data_subnet_ids

  tags = {
    Name            = "acme-load-database"
    "gwinfra:stack" = "data"
  }
}

resource "aws_rds_cluster_parameter_group" "database" {
  name_prefix = "acme-load-database-"
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
    Name            = "acme-load-database"
    "gwinfra:stack" = "data"
  }

  lifecycle {
    # A new major version has a new group, and the cluster needs it before the old one can go.
    create_before_destroy = true
  }
}

resource "aws_iam_role" "database_monitoring" {
  name = "acme-load-database-monitoring"

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
    Name            = "acme-load-database-monitoring"
    "gwinfra:stack" = "data"
  }
}

resource "aws_iam_role_policy_attachment" "database_monitoring" {
  role       = aws_iam_role.database_monitoring.name
  policy_arn = "arn:${local.partition}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
}

# No availability_zones: RDS makes three of any two, and the argument would then differ for ever.
resource "aws_rds_cluster" "main" {
  #checkov:skip=CKV_AWS_139:The spec switches it off, and deleting the cluster leaves a snapshot.
  #checkov:skip=CKV2_AWS_27:Statements carry keys, prompts and answers. Slow ones are logged, without their values.
  #checkov:skip=CKV2_AWS_8:Automated backups are kept as long as the spec says; a backup plan of the account may add to them.
  cluster_identifier = "acme-load-database"
  engine             = "aurora-postgresql"
  # RDS moves on by itself only when the version reaches its end of support. Plans then propose to go back, which it
  # refuses: write the version that it is at.
  engine_version = "16.6"
  # The spec's version counts, as it does with CloudFormation: a new major version is a plan that somebody approves.
  allow_major_version_upgrade = true
  database_name               = "litellm"
  master_username             = "gateway"
  # The cluster is the gateway's alone, and this user too: one with fewer rights would have to be made inside the VPC, before
  # the first start. RDS makes the password, keeps it in Secrets Manager and rotates it every seven days.
  manage_master_user_password         = true
  master_user_secret_kms_key_id       = aws_kms_key.main.arn
  iam_database_authentication_enabled = true
  db_subnet_group_name                = aws_db_subnet_group.database.name
  vpc_security_group_ids              = [aws_security_group.database.id]
  db_cluster_parameter_group_name     = aws_rds_cluster_parameter_group.database.name
  storage_encrypted                   = true
  kms_key_id                          = aws_kms_key.main.arn
  backup_retention_period             = 7
  copy_tags_to_snapshot               = true
  deletion_protection                 = false
  # Deleting the cluster leaves a snapshot. The subnet group's name is made anew with each deployment, so that a second
  # snapshot never meets the first one's name.
  skip_final_snapshot             = false
  final_snapshot_identifier       = "${aws_db_subnet_group.database.name}-final"
  enabled_cloudwatch_logs_exports = ["postgresql"]
  # An apply is done when the change is, not at the next maintenance window.
  apply_immediately = true

  serverlessv2_scaling_configuration {
    min_capacity = 0.5
    max_capacity = 4.0
  }

  tags = {
    Name            = "acme-load-database"
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
    Name            = "acme-load-database-log"
    "gwinfra:stack" = "data"
  }
}

resource "aws_rds_cluster_instance" "writer" {
  #checkov:skip=CKV_AWS_226:The spec's version counts; a newer one is a plan that somebody approves.
  identifier                            = "acme-load-database-writer"
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
    Name            = "acme-load-database-writer"
    "gwinfra:stack" = "data"
  }

  # RDS tries to take the role on when it makes the instance; and the first one to log would make the log group.
  depends_on = [aws_iam_role_policy_attachment.database_monitoring, aws_cloudwatch_log_group.database]
}
