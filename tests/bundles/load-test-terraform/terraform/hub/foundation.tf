resource "aws_kms_key" "main" {
  description             = "Encrypts everything that acme-load stores"
  enable_key_rotation     = true
  deletion_window_in_days = 30

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      # IAM policies of this account decide who uses the key: without this statement they could not, and nobody could
      # ever change this policy again.
      {
        Sid    = "AccountAdministersKey"
        Effect = "Allow"
        Principal = {
          AWS = "arn:${local.partition}:iam::${local.account_id}:root"
        }
        Action   = "kms:*"
        Resource = "*"
      },
      # CloudWatch Logs encrypts on its own behalf, so it needs the key itself; the context names the log group.
      {
        Sid    = "LogsEncryptsLogGroupsOfThisDeployment"
        Effect = "Allow"
        Principal = {
          Service = "logs.us-east-1.amazonaws.com"
        }
        Action = [
          "kms:Encrypt",
          "kms:Decrypt",
          "kms:ReEncrypt*",
          "kms:GenerateDataKey*",
          "kms:DescribeKey",
        ]
        Resource = "*"
        Condition = {
          ArnLike = {
            "kms:EncryptionContext:aws:logs:arn" = [
              "arn:aws:logs:us-east-1:111122223333:log-group:/gwinfra/acme-load/*",
              "arn:aws:logs:us-east-1:111122223333:log-group:aws-waf-logs-acme-load",
              "arn:aws:logs:us-east-1:111122223333:log-group:/aws/rds/cluster/acme-load*/postgresql",
            ]
          }
        }
      },
    ]
  })

  tags = {
    Name            = "acme-load-key"
    "gwinfra:stack" = "foundation"
  }

  # Snapshots of the database and the salt outlive this deployment and cannot be read without the key.
  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_kms_alias" "main" {
  name          = "alias/acme-load"
  target_key_id = aws_kms_key.main.key_id
}

resource "aws_ecr_repository" "litellm" {
  name = "acme-load/litellm"
  # Images are copies: gwinfra can push them again at any time.
  force_delete = true
  # What a digest or tag names today it names tomorrow.
  image_tag_mutability = "IMMUTABLE"

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = aws_kms_key.main.arn
  }

  tags = {
    Name            = "acme-load-litellm"
    "gwinfra:stack" = "foundation"
  }
}

resource "aws_ecr_lifecycle_policy" "litellm" {
  repository = aws_ecr_repository.litellm.name
  policy = jsonencode({
    rules = [
      {
        rulePriority = 1
        description  = "Expire untagged images after 14 days"
        selection = {
          tagStatus   = "untagged"
          countType   = "sinceImagePushed"
          countUnit   = "days"
          countNumber = 14
        }
        action = {
          type = "expire"
        }
      },
      {
        rulePriority = 2
        description  = "Keep the newest 20 images"
        selection = {
          tagStatus   = "any"
          countType   = "imageCountMoreThan"
          countNumber = 20
        }
        action = {
          type = "expire"
        }
      },
    ]
  })
}

resource "aws_ecr_repository" "middleware" {
  name = "acme-load/middleware"
  # Images are copies: gwinfra can push them again at any time.
  force_delete = true
  # What a digest or tag names today it names tomorrow.
  image_tag_mutability = "IMMUTABLE"

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = aws_kms_key.main.arn
  }

  tags = {
    Name            = "acme-load-middleware"
    "gwinfra:stack" = "foundation"
  }
}

resource "aws_ecr_lifecycle_policy" "middleware" {
  repository = aws_ecr_repository.middleware.name
  policy = jsonencode({
    rules = [
      {
        rulePriority = 1
        description  = "Expire untagged images after 14 days"
        selection = {
          tagStatus   = "untagged"
          countType   = "sinceImagePushed"
          countUnit   = "days"
          countNumber = 14
        }
        action = {
          type = "expire"
        }
      },
      {
        rulePriority = 2
        description  = "Keep the newest 20 images"
        selection = {
          tagStatus   = "any"
          countType   = "imageCountMoreThan"
          countNumber = 20
        }
        action = {
          type = "expire"
        }
      },
    ]
  })
}

# The prefix `sk-` that LiteLLM asks for is put in front when the container starts.
resource "aws_secretsmanager_secret" "master_key" {
  #checkov:skip=CKV2_AWS_57:A new key locks out whoever administers the gateway with the old one, until its tasks start again.
  name_prefix = "${local.prefix}-master-key-"
  description = "acme-load: master key of the gateway, without its prefix sk-"
  kms_key_id  = aws_kms_key.main.arn

  tags = {
    Name            = "acme-load-master-key"
    "gwinfra:stack" = "foundation"
  }
}

# Neither a plan nor state ever holds the value: it is made while Terraform runs and only written. It changes when the
# version does, and never by itself.
ephemeral "aws_secretsmanager_random_password" "master_key" {
  password_length     = 48
  exclude_punctuation = true
}

resource "aws_secretsmanager_secret_version" "master_key" {
  secret_id                = aws_secretsmanager_secret.master_key.id
  secret_string_wo         = ephemeral.aws_secretsmanager_random_password.master_key.random_password
  secret_string_wo_version = 1
}

resource "aws_secretsmanager_secret" "salt_key" {
  #checkov:skip=CKV2_AWS_57:A new salt makes every credential in the database unreadable.
  name_prefix = "${local.prefix}-salt-key-"
  description = "acme-load: salt with which the gateway encrypts credentials in its database"
  kms_key_id  = aws_kms_key.main.arn

  tags = {
    Name            = "acme-load-salt-key"
    "gwinfra:stack" = "foundation"
  }

  # LiteLLM encrypts the credentials in its database with the salt: losing it loses every one of them.
  lifecycle {
    prevent_destroy = true
  }
}

ephemeral "aws_secretsmanager_random_password" "salt_key" {
  password_length     = 48
  exclude_punctuation = true
}

resource "aws_secretsmanager_secret_version" "salt_key" {
  secret_id                = aws_secretsmanager_secret.salt_key.id
  secret_string_wo         = ephemeral.aws_secretsmanager_random_password.salt_key.random_password
  secret_string_wo_version = 1

  # As the secret itself: a version that goes takes the salt with it.
  lifecycle {
    prevent_destroy = true
  }
}
