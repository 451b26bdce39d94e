terraform {
  # 1.11 is the first version with write-only arguments: no secret is in a plan or in state.
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region = "us-east-1"
  # Credentials of another account are refused before anything is read or made.
  allowed_account_ids = ["222222222222"]

  assume_role {
    role_arn     = "arn:aws:iam::222222222222:role/gwinfra-deploy"
    session_name = "gwinfra"
  }

  default_tags {
    tags = {
      "gwinfra:deployment" = "acme-load"
      purpose              = "load-test"
      team                 = "platform"
    }
  }
}
