resource "aws_iam_role" "task" {
  name               = "${local.name}-task"
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

resource "aws_iam_role_policy" "task" {
  role = aws_iam_role.task.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = [aws_secretsmanager_secret.master.arn, "${aws_secretsmanager_secret.master.arn}-*"]
      },
      {
        Effect    = "Deny"
        Action    = "*"
        Resource  = "arn:aws:s3:::${local.name}-${data.aws_caller_identity.current.account_id}/*"
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_cloudwatch_log_group" "gateway" {
  name              = "/${local.name}/gateway"
  retention_in_days = var.production ? 365 : 14
}

resource "aws_ecs_task_definition" "gateway" {
  family                   = local.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 1024
  memory                   = var.sizes["gateway"].memory
  task_role_arn            = aws_iam_role.task.arn

  container_definitions = jsonencode([{
    name      = "gateway"
    image     = "registry.example/gateway:1.2.3"
    essential = true
    environment = [
      for name, value in local.environment : { name = name, value = value } if value != ""
    ]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        "awslogs-group"  = aws_cloudwatch_log_group.gateway.name
        "awslogs-region" = data.aws_region.current.name
      }
    }
  }])

  runtime_platform {
    cpu_architecture = "ARM64"
  }
}

resource "aws_lb" "main" {
  name            = local.name
  internal        = true
  subnets         = [for subnet in aws_subnet.private : subnet.id]
  security_groups = [aws_security_group.alb.id]

  dynamic "subnet_mapping" {
    for_each = var.fixed_addresses
    iterator = mapping
    content {
      subnet_id            = aws_subnet.private[mapping.key].id
      private_ipv4_address = mapping.value
    }
  }
}

resource "aws_wafv2_web_acl" "main" {
  name  = local.name
  scope = "REGIONAL"

  default_action {
    allow {}
  }

  rule {
    name     = "common"
    priority = 0

    override_action {
      none {}
    }

    statement {
      managed_rule_group_statement {
        vendor_name = "AWS"
        name        = "AWSManagedRulesCommonRuleSet"
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "common"
      sampled_requests_enabled   = false
    }
  }

  rule {
    name     = "rate"
    priority = 1

    action {
      block {}
    }

    statement {
      rate_based_statement {
        limit              = 2000
        aggregate_key_type = "IP"

        scope_down_statement {
          not_statement {
            statement {
              ip_set_reference_statement {
                arn = aws_wafv2_ip_set.trusted.arn
              }
            }
          }
        }
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "rate"
      sampled_requests_enabled   = false
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = local.name
    sampled_requests_enabled   = false
  }
}

resource "aws_wafv2_ip_set" "trusted" {
  name               = "${local.name}-trusted"
  scope              = "REGIONAL"
  ip_address_version = "IPV4"
  addresses          = toset(compact(split(",", var.trusted)))
}

ephemeral "aws_secretsmanager_random_password" "master" {
  password_length     = 40
  exclude_punctuation = true
}

resource "aws_secretsmanager_secret" "master" {
  name_prefix = "${local.name}-master-"
}

resource "aws_secretsmanager_secret_version" "master" {
  secret_id                = aws_secretsmanager_secret.master.id
  secret_string_wo         = "sk-${local.master_key}"
  secret_string_wo_version = 1
}

resource "aws_ssm_parameter" "configuration" {
  name  = "/${local.name}/configuration"
  type  = "String"
  value = <<-EOT
    model_list:
    %{~for model in var.models~}
      - model_name: ${model}
    %{~endfor~}
      region: ${data.aws_region.current.name}
    literal: $${NOT_A_REFERENCE}
  EOT
}

resource "terraform_data" "revision" {
  input = sha256(aws_ssm_parameter.configuration.value)

  lifecycle {
    precondition {
      condition     = length(aws_subnet.private) >= 2
      error_message = "A load balancer needs two zones."
    }
  }
}
