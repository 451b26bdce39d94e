locals {
  account_id = "222222222222"
  partition  = "aws"
}

# Models that the gateway may invoke. Converse and ConverseStream have no actions of their own: these two allow them as
# well.
resource "aws_iam_policy" "invoke" {
  for_each = {
    "1" = [
      {
        Sid    = "InferenceProfiles"
        Effect = "Allow"
        Action = [
          "bedrock:InvokeModel",
          "bedrock:InvokeModelWithResponseStream",
        ]
        Resource = [
          "arn:${local.partition}:bedrock:us-east-1:${local.account_id}:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        ]
      },
      # The regions that the profiles may route to. A call counts only when it comes through a profile.
      {
        Sid    = "ModelsBehindInferenceProfiles"
        Effect = "Allow"
        Action = [
          "bedrock:InvokeModel",
          "bedrock:InvokeModelWithResponseStream",
        ]
        Resource = [
          "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0",
          "arn:aws:bedrock:us-east-2::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0",
          "arn:aws:bedrock:us-west-1::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0",
          "arn:aws:bedrock:us-west-2::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0",
        ]
        Condition = {
          ArnLike = {
            "bedrock:InferenceProfileArn" = [
              "arn:${local.partition}:bedrock:us-east-1:${local.account_id}:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            ]
          }
        }
      },
    ]
  }

  name_prefix = "acme-load-bedrock-"
  # A constant: changing the description would replace the policy.
  description = "Models that the LLM gateway may invoke"

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = each.value
  })
}

resource "aws_iam_role" "main" {
  #checkov:skip=CKV_AWS_61:Of the account that is named only the gateway's task role is let in, and only with the external id.
  name        = "acme-load-bedrock"
  description = "Assumed by the LLM gateway acme-load in account 111122223333"
  # A chained session, which the gateway's is, lasts an hour at most.
  max_session_duration = 3600

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "GatewayOfThisDeployment"
        Effect = "Allow"
        # The account, narrowed to the task role by its ARN: naming the role itself would fail while it does not exist
        # yet, and would silently stop matching when it is made again.
        Principal = {
          AWS = "arn:aws:iam::111122223333:root"
        }
        Action = "sts:AssumeRole"
        Condition = {
          ArnEquals = {
            "aws:PrincipalArn" = "arn:aws:iam::111122223333:role/acme-load-task"
          }
          StringEquals = {
            "sts:ExternalId" = "gwinfra-9a8cb797c23c076e49586cc159e95459"
          }
        }
      },
    ]
  })

  tags = {
    Name            = "acme-load-bedrock"
    "gwinfra:stack" = "bedrock-access"
  }
}

resource "aws_iam_role_policy_attachment" "invoke" {
  for_each = aws_iam_policy.invoke

  role       = aws_iam_role.main.name
  policy_arn = each.value.arn
}
