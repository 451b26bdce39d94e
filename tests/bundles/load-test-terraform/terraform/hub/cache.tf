locals {
  cache_id       = aws_elasticache_replication_group.main.id
  cache_endpoint = aws_elasticache_replication_group.main.primary_endpoint_address
  cache_port     = aws_elasticache_replication_group.main.port
}

# Ephemeral, and written with a write-only argument: the password is in no plan and in no state.
ephemeral "aws_secretsmanager_random_password" "cache" {
  password_length     = 64
  exclude_punctuation = true
}

resource "aws_secretsmanager_secret" "cache_password" {
  #checkov:skip=CKV2_AWS_57:The cache's user takes the password when it is made; a rotation would lock the tasks out until they start again.
  name_prefix = "acme-load-cache-password-"
  description = "acme-load: password of the gateway's user of the cache"
  kms_key_id  = aws_kms_key.main.arn
  # A new deployment makes a new one.
  recovery_window_in_days = 0

  tags = {
    Name            = "acme-load-cache-password"
    "gwinfra:stack" = "data"
  }
}

resource "aws_secretsmanager_secret_version" "cache_password" {
  secret_id = aws_secretsmanager_secret.cache_password.id
  # Every run draws a password. The version decides whether it is written, and it stays.
  secret_string_wo_version = 1

  secret_string_wo = jsonencode({
    username = "gateway"
    password = ephemeral.aws_secretsmanager_random_password.cache.random_password
  })
}

# Users and a group, not an AUTH token: a serverless cache takes nothing else, a changed token may replace a replication
# group, and a token allows every command. The provider would keep a user's password in state: it has no write-only
# argument for it. CloudFormation reads the password from the secret by itself, so a stack makes the users.
resource "aws_cloudformation_stack" "cache_users" {
  #checkov:skip=CKV_AWS_124:Terraform waits for the stack and reports how it went; nobody needs a message as well.
  name = "acme-load-valkey-users"

  template_body = jsonencode({
    Description = "acme-load: users of the LLM gateway's cache"
    Resources = {
      CacheUser = {
        Type = "AWS::ElastiCache::User"
        Properties = {
          Engine       = "valkey"
          UserId       = "acme-load-valkey-user"
          UserName     = "gateway"
          AccessString = "on ~* &* +@all -@dangerous +info"
          AuthenticationMode = {
            Type      = "password"
            Passwords = ["{{resolve:secretsmanager:${aws_secretsmanager_secret.cache_password.arn}:SecretString:password}}"]
          }
        }
      }
      CacheUsers = {
        Type = "AWS::ElastiCache::UserGroup"
        Properties = {
          Engine      = "valkey"
          UserGroupId = "acme-load-valkey-users"
          UserIds = [
            { Ref = "CacheUser" },
          ]
        }
      }
    }
  })

  tags = {
    Name            = "acme-load-cache"
    "gwinfra:stack" = "data"
  }

  depends_on = [aws_secretsmanager_secret_version.cache_password]

  lifecycle {
    # Another engine has users of its own, and the cache moves to them before the old ones can go.
    create_before_destroy = true
  }
}

resource "aws_elasticache_subnet_group" "cache" {
  name        = "acme-load-cache"
  description = "Subnets of the gateway's cache"
  subnet_ids  = local.data_subnet_ids

  tags = {
    Name            = "acme-load-cache"
    "gwinfra:stack" = "data"
  }
}

resource "aws_elasticache_parameter_group" "cache" {
  name        = "acme-load-cache-valkey8"
  description = "Parameters of the gateway's cache"
  family      = "valkey8"

  parameter {
    name  = "maxmemory-policy"
    value = "allkeys-lru"
  }

  tags = {
    Name            = "acme-load-cache"
    "gwinfra:stack" = "data"
  }

  lifecycle {
    # A new family has a new group, and the cache needs it before the old one can go.
    create_before_destroy = true
  }
}

resource "aws_cloudwatch_log_group" "cache_slow" {
  #checkov:skip=CKV_AWS_338:The spec says how long logs are kept.
  name              = "/gwinfra/acme-load/cache/slow"
  retention_in_days = 90
  kms_key_id        = aws_kms_key.main.arn

  tags = {
    Name            = "acme-load-cache-slow-log"
    "gwinfra:stack" = "data"
  }
}

resource "aws_cloudwatch_log_group" "cache_engine" {
  #checkov:skip=CKV_AWS_338:The spec says how long logs are kept.
  name              = "/gwinfra/acme-load/cache/engine"
  retention_in_days = 90
  kms_key_id        = aws_kms_key.main.arn

  tags = {
    Name            = "acme-load-cache-engine-log"
    "gwinfra:stack" = "data"
  }
}

# Counters and routing state: nothing in it is missed after a day.
resource "aws_elasticache_replication_group" "main" {
  #checkov:skip=CKV_AWS_31:Users and a group guard it, which allow less than an AUTH token does.
  replication_group_id       = "acme-load-cache"
  description                = "acme-load: routing state and rate limits of the gateway"
  engine                     = "valkey"
  engine_version             = "8.0"
  node_type                  = "cache.t4g.small"
  num_cache_clusters         = 2
  automatic_failover_enabled = true
  multi_az_enabled           = true
  # Said, so that the tasks' environment is known before there is a cache.
  port                       = 6379
  subnet_group_name          = aws_elasticache_subnet_group.cache.name
  parameter_group_name       = aws_elasticache_parameter_group.cache.name
  security_group_ids         = [aws_security_group.cache.id]
  transit_encryption_enabled = true
  transit_encryption_mode    = "required"
  at_rest_encryption_enabled = true
  kms_key_id                 = aws_kms_key.main.arn
  # By its id, not by an output of the stack: a changed user would make this value unknown in every plan.
  user_group_ids             = ["acme-load-valkey-users"]
  auto_minor_version_upgrade = true
  snapshot_retention_limit   = 1
  # An apply is done when the change is, not at the next maintenance window.
  apply_immediately = true

  log_delivery_configuration {
    log_type         = "slow-log"
    log_format       = "json"
    destination_type = "cloudwatch-logs"
    destination      = aws_cloudwatch_log_group.cache_slow.name
  }

  log_delivery_configuration {
    log_type         = "engine-log"
    log_format       = "json"
    destination_type = "cloudwatch-logs"
    destination      = aws_cloudwatch_log_group.cache_engine.name
  }

  tags = {
    Name            = "acme-load-cache"
    "gwinfra:stack" = "data"
  }

  depends_on = [aws_cloudformation_stack.cache_users]
}
