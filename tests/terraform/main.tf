terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = local.tags
  }
}

variable "region" {
  type        = string
  description = "Where everything is."
  default     = "eu-central-1"
}

variable "vpc_cidr" {
  type    = string
  default = "10.20.0.0/16"

  validation {
    condition     = can(cidrnetmask(var.vpc_cidr))
    error_message = "A CIDR block is needed."
  }
}

variable "production" {
  type    = bool
  default = true
}

variable "nat_gateways" {
  type    = number
  default = 2
}

variable "trusted" {
  type    = string
  default = "203.0.113.0/24,,198.51.100.0/24"
}

variable "models" {
  type    = list(string)
  default = ["claude", "nova"]
}

variable "fixed_addresses" {
  type    = map(string)
  default = {}
}

variable "sizes" {
  type    = map(object({ memory = number }))
  default = { gateway = { memory = 2048 } }
}

locals {
  name = "gateway-${var.production ? "prod" : "test"}"
  zones = {
    a = 0
    b = 1
  }
  tags        = { Application = "gateway", Environment = var.production ? "prod" : "test" }
  environment = { MODE = "proxy", EMPTY = "" }
  master_key  = ephemeral.aws_secretsmanager_random_password.master.random_password
}

output "subnet_ids" {
  value = { for zone, subnet in aws_subnet.private : zone => subnet.id }
}

output "addresses" {
  value = aws_eip.nat[*].public_ip
}

output "url" {
  description = "Where clients call."
  value       = "https://${aws_lb.main.dns_name}/"
}

output "rules" {
  value = values(aws_vpc_security_group_ingress_rule.alb)[*].id
}

moved {
  from = aws_vpc.old
  to   = aws_vpc.main
}
