# Gives the gateway its role in every Bedrock account. The organization's trust lets the set into the accounts: no role
# has to be there before.
#
# A stack makes the set. The provider's own resources, 5.100, know an instance by its unit and region: those of several
# accounts would have the same id, and one for all would take the role away from all whenever the list changes. In a
# template the list of accounts is a property, and CloudFormation adds and takes away what differs.
resource "aws_cloudformation_stack" "bedrock_access" {
  #checkov:skip=CKV_AWS_124:Terraform waits for the stack and reports how it went; nobody needs a message as well.
  name = "acme-llm-bedrock-stack-set"

  template_body = jsonencode({
    Description = "acme-llm: gives the LLM gateway its role in every Bedrock account"
    Resources = {
      BedrockAccess = {
        Type = "AWS::CloudFormation::StackSet"
        Properties = {
          StackSetName    = "acme-llm-bedrock-access"
          Description     = "Lets the LLM gateway acme-llm invoke models with the quotas of these accounts"
          PermissionModel = "SERVICE_MANAGED"
          CallAs          = "DELEGATED_ADMIN"
          # The list of accounts says who gets the role: one that joins a unit must not get it by itself.
          AutoDeployment = { Enabled = false }
          # Operations that do not touch each other run at the same time, and the others wait instead of failing.
          ManagedExecution = { Active = true }
          Capabilities     = ["CAPABILITY_NAMED_IAM"]
          OperationPreferences = {
            # So many at once whatever may fail: by default it would be one account more than may fail.
            ConcurrencyMode            = "SOFT_FAILURE_TOLERANCE"
            MaxConcurrentPercentage    = 50
            FailureTolerancePercentage = 0
          }
          StackInstancesGroup = [{
            DeploymentTargets = {
              OrganizationalUnitIds = ["ou-ab12-cdefgh34"]
              # Of what is in the units, these only.
              Accounts          = ["222222222222", "333333333333", "444444444444"]
              AccountFilterType = "INTERSECTION"
            }
            # IAM is the same in all regions.
            Regions = [local.region]
          }]
          TemplateBody = file("${path.module}/bedrock-access.yaml")
          Tags = [
            { Key = "Name", Value = "acme-llm-bedrock-access" },
            { Key = "gwinfra:deployment", Value = "acme-llm" },
            { Key = "gwinfra:stack", Value = "bedrock-stack-set" },
            { Key = "team", Value = "platform" },
          ]
        }
      }
    }
  })

  tags = {
    Name            = "acme-llm-bedrock-access"
    "gwinfra:stack" = "bedrock-stack-set"
  }

  # As long as the slowest account takes, one after the other.
  timeouts {
    create = "6h"
    update = "6h"
    delete = "6h"
  }
}
