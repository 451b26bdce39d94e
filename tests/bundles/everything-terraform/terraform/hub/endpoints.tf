# Free of charge, and spares the NAT gateway every image layer.
resource "aws_vpc_endpoint" "s3" {
  vpc_id            = local.vpc_id
  vpc_endpoint_type = "Gateway"
  service_name      = "com.amazonaws.us-east-1.s3"
  route_table_ids   = [for table in aws_route_table.private : table.id]

  # No way to carry data to somebody else's bucket.
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OwnBuckets"
        Effect    = "Allow"
        Principal = "*"
        Action    = "s3:*"
        Resource  = "*"
        Condition = {
          StringEquals = {
            "aws:PrincipalAccount" = local.account_id
            "aws:ResourceAccount"  = local.account_id
          }
        }
      },
      # Image layers, which ECR keeps in a bucket of its own, and what a bastion installs and updates itself with.
      {
        Sid       = "ObjectsOfAws"
        Effect    = "Allow"
        Principal = "*"
        Action    = "s3:GetObject"
        Resource = [
          "arn:aws:s3:::prod-us-east-1-starport-layer-bucket/*",
          "arn:aws:s3:::amazon-ssm-us-east-1/*",
          "arn:aws:s3:::aws-ssm-us-east-1/*",
          "arn:aws:s3:::al2023-repos-us-east-1-de612dc2/*",
        ]
      },
    ]
  })

  tags = {
    Name            = "acme-llm-s3"
    "gwinfra:stack" = "network"
  }
}

locals {
  # Endpoints are no way to work in somebody else's account: only principals of this one pass.
  own_principals = {
    Effect    = "Allow"
    Principal = "*"
    Action    = "*"
    Resource  = "*"
    Condition = {
      StringEquals = {
        "aws:PrincipalAccount" = local.account_id
      }
    }
  }

  # And for Bedrock the role in the accounts whose quotas the gateway uses.
  bedrock_callers = {
    Effect    = "Allow"
    Principal = "*"
    Action = [
      "bedrock:InvokeModel",
      "bedrock:InvokeModelWithResponseStream",
    ]
    Resource = "*"
    Condition = {
      ArnLike = {
        "aws:PrincipalArn" = ["arn:aws:iam::*:role/acme-llm-bedrock"]
      }
    }
  }
}

resource "aws_vpc_endpoint" "interface" {
  for_each = {
    bedrock_agent = {
      name       = "bedrock-agent"
      service    = "com.amazonaws.us-east-1.bedrock-agent"
      statements = [local.own_principals]
    }
    bedrock_runtime = {
      name       = "bedrock-runtime"
      service    = "com.amazonaws.us-east-1.bedrock-runtime"
      statements = [local.own_principals, local.bedrock_callers]
    }
    ec2messages = {
      name       = "ec2messages"
      service    = "com.amazonaws.us-east-1.ec2messages"
      statements = [local.own_principals]
    }
    ecr_api = {
      name       = "ecr.api"
      service    = "com.amazonaws.us-east-1.ecr.api"
      statements = [local.own_principals]
    }
    ecr_dkr = {
      name       = "ecr.dkr"
      service    = "com.amazonaws.us-east-1.ecr.dkr"
      statements = [local.own_principals]
    }
    kms = {
      name       = "kms"
      service    = "com.amazonaws.us-east-1.kms"
      statements = [local.own_principals]
    }
    logs = {
      name       = "logs"
      service    = "com.amazonaws.us-east-1.logs"
      statements = [local.own_principals]
    }
    secretsmanager = {
      name       = "secretsmanager"
      service    = "com.amazonaws.us-east-1.secretsmanager"
      statements = [local.own_principals]
    }
    ssm = {
      name       = "ssm"
      service    = "com.amazonaws.us-east-1.ssm"
      statements = [local.own_principals]
    }
    ssmmessages = {
      name       = "ssmmessages"
      service    = "com.amazonaws.us-east-1.ssmmessages"
      statements = [local.own_principals]
    }
    sts = {
      name       = "sts"
      service    = "com.amazonaws.us-east-1.sts"
      statements = [local.own_principals]
    }
  }

  vpc_id              = local.vpc_id
  vpc_endpoint_type   = "Interface"
  service_name        = each.value.service
  private_dns_enabled = true
  subnet_ids          = local.private_subnet_ids
  security_group_ids  = [aws_security_group.endpoint.id]

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = each.value.statements
  })

  tags = {
    Name            = "${local.prefix}-${each.value.name}"
    "gwinfra:stack" = "network"
  }
}
