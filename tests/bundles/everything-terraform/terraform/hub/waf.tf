resource "aws_wafv2_ip_set" "blocked" {
  name               = "acme-llm-blocked-networks"
  scope              = "REGIONAL"
  ip_address_version = "IPV4"
  addresses          = ["203.0.113.0/24"]
  tags = {
    Name            = "acme-llm-blocked-networks"
    "gwinfra:stack" = "gateway"
  }

  # AWS WAF refuses to delete one that a rule still names.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_wafv2_web_acl" "main" {
  name  = "acme-llm"
  scope = "REGIONAL"
  tags = {
    Name            = "acme-llm-waf"
    "gwinfra:stack" = "gateway"
  }

  default_action {
    allow {}
  }

  rule {
    name     = "blocked-networks"
    priority = 0

    action {
      block {}
    }

    statement {
      ip_set_reference_statement {
        arn = aws_wafv2_ip_set.blocked.arn
      }
    }

    visibility_config {
      sampled_requests_enabled   = true
      cloudwatch_metrics_enabled = true
      metric_name                = "blocked-networks"
    }
  }

  rule {
    name     = "rate-limit"
    priority = 1

    action {
      block {}
    }

    statement {
      rate_based_statement {
        aggregate_key_type    = "IP"
        limit                 = 2000
        evaluation_window_sec = 300
      }
    }

    visibility_config {
      sampled_requests_enabled   = true
      cloudwatch_metrics_enabled = true
      metric_name                = "rate-limit"
    }
  }

  rule {
    name     = "ip-reputation"
    priority = 2

    override_action {
      none {}
    }

    statement {
      managed_rule_group_statement {
        vendor_name = "AWS"
        name        = "AWSManagedRulesAmazonIpReputationList"
      }
    }

    visibility_config {
      sampled_requests_enabled   = true
      cloudwatch_metrics_enabled = true
      metric_name                = "ip-reputation"
    }
  }

  rule {
    name     = "known-bad-inputs"
    priority = 3

    override_action {
      none {}
    }

    statement {
      managed_rule_group_statement {
        vendor_name = "AWS"
        name        = "AWSManagedRulesKnownBadInputsRuleSet"

        rule_action_override {
          name = "JavaDeserializationRCE_BODY"

          action_to_use {
            count {}
          }
        }

        rule_action_override {
          name = "Log4JRCE_BODY"

          action_to_use {
            count {}
          }
        }
      }
    }

    visibility_config {
      sampled_requests_enabled   = true
      cloudwatch_metrics_enabled = true
      metric_name                = "known-bad-inputs"
    }
  }

  rule {
    name     = "common"
    priority = 4

    override_action {
      none {}
    }

    statement {
      managed_rule_group_statement {
        vendor_name = "AWS"
        name        = "AWSManagedRulesCommonRuleSet"

        rule_action_override {
          name = "SizeRestrictions_BODY"

          action_to_use {
            count {}
          }
        }

        rule_action_override {
          name = "EC2MetaDataSSRF_BODY"

          action_to_use {
            count {}
          }
        }

        rule_action_override {
          name = "GenericLFI_BODY"

          action_to_use {
            count {}
          }
        }

        rule_action_override {
          name = "GenericRFI_BODY"

          action_to_use {
            count {}
          }
        }

        rule_action_override {
          name = "CrossSiteScripting_BODY"

          action_to_use {
            count {}
          }
        }
      }
    }

    visibility_config {
      sampled_requests_enabled   = true
      cloudwatch_metrics_enabled = true
      metric_name                = "common"
    }
  }

  visibility_config {
    sampled_requests_enabled   = true
    cloudwatch_metrics_enabled = true
    metric_name                = "acme-llm"
  }
}

resource "aws_wafv2_web_acl_association" "main" {
  resource_arn = aws_lb.main.arn
  web_acl_arn  = aws_wafv2_web_acl.main.arn
}

# AWS WAF writes only to log groups whose names begin like this.
resource "aws_cloudwatch_log_group" "waf" {
  #checkov:skip=CKV_AWS_338:Kept as long as the spec says (observability.log_retention_days).
  name              = "aws-waf-logs-acme-llm"
  retention_in_days = 365
  kms_key_id        = aws_kms_key.main.arn
  tags = {
    Name            = "acme-llm-waf-log"
    "gwinfra:stack" = "gateway"
  }
}

resource "aws_wafv2_web_acl_logging_configuration" "main" {
  resource_arn            = aws_wafv2_web_acl.main.arn
  log_destination_configs = [aws_cloudwatch_log_group.waf.arn]

  # Keys of users travel in these.
  redacted_fields {
    single_header {
      name = "authorization"
    }
  }

  redacted_fields {
    single_header {
      name = "x-api-key"
    }
  }

  redacted_fields {
    single_header {
      name = "cookie"
    }
  }
}
