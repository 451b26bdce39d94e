# Gives the gateway its role in every Bedrock account. The organization's trust lets the set into the accounts: no role
# has to be there before.
resource "aws_cloudformation_stack_set" "bedrock_access" {
  name             = "acme-llm-bedrock-access"
  description      = "Lets the LLM gateway acme-llm invoke models with the quotas of these accounts"
  permission_model = "SERVICE_MANAGED"
  call_as          = "DELEGATED_ADMIN"
  capabilities     = ["CAPABILITY_NAMED_IAM"]
  template_body    = file("${path.module}/bedrock-access.yaml")

  # The list of accounts says who gets the role: one that joins a unit must not get it by itself.
  auto_deployment {
    enabled = false
  }

  # Operations that do not touch each other run at the same time, and the others wait instead of failing.
  managed_execution {
    active = true
  }

  operation_preferences {
    max_concurrent_percentage    = 50
    failure_tolerance_percentage = 0
  }

  tags = {
    Name            = "acme-llm-bedrock-access"
    "gwinfra:stack" = "bedrock-stack-set"
  }
}

# One for each account: the targets of an instance cannot be changed, and one for all would take the role away from all
# accounts whenever the list changes.
resource "aws_cloudformation_stack_set_instance" "bedrock_access" {
  for_each = toset(["222222222222", "333333333333", "444444444444"])

  stack_set_name = aws_cloudformation_stack_set.bedrock_access.name
  call_as        = "DELEGATED_ADMIN"
  # IAM is the same in all regions.
  region = local.region

  deployment_targets {
    organizational_unit_ids = ["ou-ab12-cdefgh34"]
    # Of what is in the units, this one only.
    accounts            = [each.key]
    account_filter_type = "INTERSECTION"
  }
}
