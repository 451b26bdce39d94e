locals {
  # Only tasks of this account and region may be given a role.
  tasks_trust_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Service = "ecs-tasks.amazonaws.com"
        }
        Action = "sts:AssumeRole"
        Condition = {
          StringEquals = {
            "aws:SourceAccount" = local.account_id
          }
          ArnLike = {
            "aws:SourceArn" = "arn:${local.partition}:ecs:${local.region}:${local.account_id}:*"
          }
        }
      },
    ]
  })
}

# Its name is fixed: Bedrock accounts name it in their trust policies.
resource "aws_iam_role" "task" {
  name               = "acme-llm-task"
  description        = "What the gateway's containers may do"
  assume_role_policy = local.tasks_trust_policy
  tags = {
    Name            = "acme-llm-task-role"
    "gwinfra:stack" = "gateway"
  }
}

resource "aws_iam_role_policy" "task" {
  name = "gateway"
  role = aws_iam_role.task.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "GetManagedPrompts"
        Effect = "Allow"
        Action = ["bedrock:GetPrompt"]
        Resource = [
          "arn:aws:bedrock:us-east-1:111122223333:prompt/*",
          "arn:aws:bedrock:us-west-2:111122223333:prompt/*",
        ]
      },
      {
        Sid      = "ReadConfiguration"
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = ["arn:aws:s3:::${aws_s3_bucket.config.id}/config/*"]
      },
      {
        Sid      = "WriteRequestLogs"
        Effect   = "Allow"
        Action   = ["s3:PutObject"]
        Resource = ["arn:aws:s3:::${aws_s3_bucket.requests.id}/requests/*"]
      },
      {
        Sid      = "UseKeyThroughS3"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = [aws_kms_key.main.arn]
        Condition = {
          StringEquals = {
            "kms:ViaService" = "s3.us-east-1.amazonaws.com"
          }
        }
      },
      {
        Sid      = "SeePasswordRotation"
        Effect   = "Allow"
        Action   = ["secretsmanager:DescribeSecret"]
        Resource = [aws_rds_cluster.main.master_user_secret[0].secret_arn]
      },
    ]
  })
}

locals {
  # How the containers reach Bedrock, in as many policies as it takes: one holds 6,144 characters.
  bedrock_policies = {
    assume_1 = {
      description = "Lets the gateway assume its role in each Bedrock account"
      statements = [
        {
          Sid    = "AssumeBedrockRoles"
          Effect = "Allow"
          Action = ["sts:AssumeRole"]
          Resource = [
            "arn:aws:iam::222222222222:role/acme-llm-bedrock",
            "arn:aws:iam::333333333333:role/acme-llm-bedrock",
          ]
        },
      ]
    }
    invoke_1 = {
      description = "Lets the gateway call the models that its own account serves"
      statements = [
        {
          Sid    = "InvokeModels"
          Effect = "Allow"
          Action = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]
          Resource = [
            "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.anthropic.claude-haiku-4-5-20251001-v1:0",
          ]
        },
        {
          Sid    = "InvokeModelsBehindProfiles"
          Effect = "Allow"
          Action = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]
          Resource = [
            "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0",
            "arn:aws:bedrock:us-east-2::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0",
            "arn:aws:bedrock:us-west-1::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0",
            "arn:aws:bedrock:us-west-2::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0",
            "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-haiku-4-5-20251001-v1:0",
            "arn:aws:bedrock:us-east-2::foundation-model/anthropic.claude-haiku-4-5-20251001-v1:0",
            "arn:aws:bedrock:us-west-1::foundation-model/anthropic.claude-haiku-4-5-20251001-v1:0",
            "arn:aws:bedrock:us-west-2::foundation-model/anthropic.claude-haiku-4-5-20251001-v1:0",
          ]
          Condition = {
            ArnEquals = {
              "bedrock:InferenceProfileArn" = [
                "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
                "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.anthropic.claude-haiku-4-5-20251001-v1:0",
              ]
            }
          }
        },
      ]
    }
  }
}

resource "aws_iam_policy" "bedrock" {
  for_each = local.bedrock_policies

  name_prefix = "acme-llm-bedrock-"
  description = each.value.description
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = each.value.statements
  })
  tags = {
    "gwinfra:stack" = "gateway"
  }
}

resource "aws_iam_role_policy_attachment" "bedrock" {
  for_each = local.bedrock_policies

  role       = aws_iam_role.task.name
  policy_arn = aws_iam_policy.bedrock[each.key].arn
}

resource "aws_iam_role" "execution" {
  name               = "acme-llm-execution"
  description        = "What ECS may do to start the gateway's containers"
  assume_role_policy = local.tasks_trust_policy
  tags = {
    Name            = "acme-llm-execution-role"
    "gwinfra:stack" = "gateway"
  }
}

resource "aws_iam_role_policy" "execution" {
  name = "start"
  role = aws_iam_role.execution.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "SignInToRegistry"
        Effect   = "Allow"
        Action   = ["ecr:GetAuthorizationToken"]
        Resource = ["*"]
      },
      {
        Sid    = "PullImages"
        Effect = "Allow"
        Action = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = [
          "arn:aws:ecr:us-east-1:111122223333:repository/acme-llm/litellm",
          "arn:aws:ecr:us-east-1:111122223333:repository/acme-llm/middleware",
        ]
      },
      {
        Sid    = "WriteLogs"
        Effect = "Allow"
        Action = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = [
          "${aws_cloudwatch_log_group.litellm.arn}:*",
          "${aws_cloudwatch_log_group.middleware.arn}:*",
        ]
      },
      {
        Sid    = "ReadOwnSecrets"
        Effect = "Allow"
        Action = ["secretsmanager:GetSecretValue"]
        Resource = [
          aws_secretsmanager_secret.master_key.arn,
          aws_secretsmanager_secret.salt_key.arn,
          aws_rds_cluster.main.master_user_secret[0].secret_arn,
          aws_secretsmanager_secret.cache_password.arn,
        ]
      },
      {
        Sid      = "DecryptOwnSecrets"
        Effect   = "Allow"
        Action   = ["kms:Decrypt"]
        Resource = [aws_kms_key.main.arn]
        Condition = {
          StringEquals = {
            "kms:ViaService" = "secretsmanager.us-east-1.amazonaws.com"
          }
        }
      },
    ]
  })
}
