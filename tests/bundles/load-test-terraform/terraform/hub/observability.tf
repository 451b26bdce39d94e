resource "aws_cloudwatch_log_group" "litellm" {
  #checkov:skip=CKV_AWS_338:Kept as long as the spec says (observability.log_retention_days).
  name              = "/gwinfra/acme-load/litellm"
  retention_in_days = 90
  kms_key_id        = aws_kms_key.main.arn
  tags = {
    Name            = "acme-load-litellm-log"
    "gwinfra:stack" = "gateway"
  }
}

resource "aws_cloudwatch_log_group" "middleware" {
  #checkov:skip=CKV_AWS_338:Kept as long as the spec says (observability.log_retention_days).
  name              = "/gwinfra/acme-load/middleware"
  retention_in_days = 90
  kms_key_id        = aws_kms_key.main.arn
  tags = {
    Name            = "acme-load-middleware-log"
    "gwinfra:stack" = "gateway"
  }
}

# Bedrock's own metric sees one account. LiteLLM's log sees them all.
resource "aws_cloudwatch_log_metric_filter" "throttled_calls" {
  name           = "acme-load-throttled-calls"
  log_group_name = aws_cloudwatch_log_group.litellm.name
  pattern        = "\"RateLimitError: BedrockException\""

  metric_transformation {
    namespace     = "gwinfra/acme-load"
    name          = "ThrottledCalls"
    value         = "1"
    default_value = "0"
  }
}

locals {
  alarms = {
    throttled = {
      name               = "acme-load-throttled"
      description        = "Bedrock throttles calls: ask for more quota, or add accounts or regions"
      namespace          = "gwinfra/acme-load"
      metric             = "ThrottledCalls"
      dimensions         = {}
      statistic          = "Sum"
      comparison         = "GreaterThanOrEqualToThreshold"
      threshold          = 10.0
      period             = 60
      evaluation_periods = 5
      datapoints         = 3
      missing_data       = "notBreaching"
    }
    unhealthy_tasks = {
      name        = "acme-load-unhealthy-tasks"
      description = "The load balancer finds tasks unhealthy"
      namespace   = "AWS/ApplicationELB"
      metric      = "UnHealthyHostCount"
      dimensions = {
        LoadBalancer = aws_lb.main.arn_suffix
        TargetGroup  = aws_lb_target_group.litellm.arn_suffix
      }
      statistic          = "Maximum"
      comparison         = "GreaterThanThreshold"
      threshold          = 0.0
      period             = 60
      evaluation_periods = 5
      datapoints         = 3
      missing_data       = "notBreaching"
    }
    cpu = {
      name        = "acme-load-cpu"
      description = "Tasks are short of CPU and autoscaling does not help: raise tasks.max or cpu"
      namespace   = "AWS/ECS"
      metric      = "CPUUtilization"
      dimensions = {
        ClusterName = aws_ecs_cluster.main.name
        ServiceName = aws_ecs_service.main.name
      }
      statistic          = "Average"
      comparison         = "GreaterThanThreshold"
      threshold          = 90.0
      period             = 60
      evaluation_periods = 15
      datapoints         = 9
      missing_data       = "notBreaching"
    }
    memory = {
      name        = "acme-load-memory"
      description = "Tasks are short of memory and will be stopped when it runs out: raise memory"
      namespace   = "AWS/ECS"
      metric      = "MemoryUtilization"
      dimensions = {
        ClusterName = aws_ecs_cluster.main.name
        ServiceName = aws_ecs_service.main.name
      }
      statistic          = "Average"
      comparison         = "GreaterThanThreshold"
      threshold          = 90.0
      period             = 60
      evaluation_periods = 15
      datapoints         = 9
      missing_data       = "notBreaching"
    }
    unhealthy_middleware = {
      name        = "acme-load-unhealthy-middleware"
      description = "The load balancer finds the middleware of tasks unhealthy"
      namespace   = "AWS/ApplicationELB"
      metric      = "UnHealthyHostCount"
      dimensions = {
        LoadBalancer = aws_lb.main.arn_suffix
        TargetGroup  = aws_lb_target_group.middleware.arn_suffix
      }
      statistic          = "Maximum"
      comparison         = "GreaterThanThreshold"
      threshold          = 0.0
      period             = 60
      evaluation_periods = 5
      datapoints         = 3
      missing_data       = "notBreaching"
    }
    too_few_tasks = {
      name        = "acme-load-too-few-tasks"
      description = "Fewer tasks run than the smallest number that the spec asks for"
      namespace   = "ECS/ContainerInsights"
      metric      = "RunningTaskCount"
      dimensions = {
        ClusterName = aws_ecs_cluster.main.name
        ServiceName = aws_ecs_service.main.name
      }
      statistic          = "Minimum"
      comparison         = "LessThanThreshold"
      threshold          = 2.0
      period             = 60
      evaluation_periods = 10
      datapoints         = 6
      missing_data       = "breaching"
    }
    database_capacity = {
      name        = "acme-load-database-capacity"
      description = "The database is close to its largest capacity: raise max_acu"
      namespace   = "AWS/RDS"
      metric      = "ACUUtilization"
      dimensions = {
        DBClusterIdentifier = local.database_cluster_id
      }
      statistic          = "Maximum"
      comparison         = "GreaterThanThreshold"
      threshold          = 90.0
      period             = 60
      evaluation_periods = 15
      datapoints         = 9
      missing_data       = "notBreaching"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "main" {
  for_each = local.alarms

  alarm_name          = each.value.name
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  period              = each.value.period
  evaluation_periods  = each.value.evaluation_periods
  datapoints_to_alarm = each.value.datapoints
  treat_missing_data  = each.value.missing_data
  tags = {
    "gwinfra:stack" = "gateway"
  }
}

resource "aws_cloudwatch_metric_alarm" "error_rate" {
  alarm_name          = "acme-load-error-rate"
  alarm_description   = "Too many requests are answered with a 5xx status"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 5.0
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"
  tags = {
    "gwinfra:stack" = "gateway"
  }

  metric_query {
    id          = "share"
    expression  = "IF(FILL(requests, 0) + FILL(balancer, 0) >= 10, 100 * (FILL(targets, 0) + FILL(balancer, 0)) / (FILL(requests, 0) + FILL(balancer, 0)), 0)"
    label       = "5xx answers in percent"
    return_data = true
  }

  metric_query {
    id          = "targets"
    return_data = false

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "HTTPCode_Target_5XX_Count"
      period      = 60
      stat        = "Sum"

      dimensions = {
        LoadBalancer = aws_lb.main.arn_suffix
      }
    }
  }

  metric_query {
    id          = "balancer"
    return_data = false

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "HTTPCode_ELB_5XX_Count"
      period      = 60
      stat        = "Sum"

      dimensions = {
        LoadBalancer = aws_lb.main.arn_suffix
      }
    }
  }

  metric_query {
    id          = "requests"
    return_data = false

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "RequestCount"
      period      = 60
      stat        = "Sum"

      dimensions = {
        LoadBalancer = aws_lb.main.arn_suffix
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "cache_cpu" {
  alarm_name          = "acme-load-cache-cpu"
  alarm_description   = "The cache is short of CPU: choose a larger node type"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 90.0
  evaluation_periods  = 15
  datapoints_to_alarm = 9
  treat_missing_data  = "notBreaching"
  tags = {
    "gwinfra:stack" = "gateway"
  }

  metric_query {
    id          = "highest"
    expression  = "MAX(METRICS())"
    label       = "EngineCPUUtilization"
    return_data = true
  }

  metric_query {
    id          = "node1"
    return_data = false

    metric {
      namespace   = "AWS/ElastiCache"
      metric_name = "EngineCPUUtilization"
      period      = 60
      stat        = "Average"

      dimensions = {
        CacheClusterId = "${local.cache_id}-001"
      }
    }
  }

  metric_query {
    id          = "node2"
    return_data = false

    metric {
      namespace   = "AWS/ElastiCache"
      metric_name = "EngineCPUUtilization"
      period      = 60
      stat        = "Average"

      dimensions = {
        CacheClusterId = "${local.cache_id}-002"
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "cache_memory" {
  alarm_name          = "acme-load-cache-memory"
  alarm_description   = "The cache is almost full and forgets what was used longest ago: choose a larger node type"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 90.0
  evaluation_periods  = 15
  datapoints_to_alarm = 9
  treat_missing_data  = "notBreaching"
  tags = {
    "gwinfra:stack" = "gateway"
  }

  metric_query {
    id          = "highest"
    expression  = "MAX(METRICS())"
    label       = "DatabaseMemoryUsagePercentage"
    return_data = true
  }

  metric_query {
    id          = "node1"
    return_data = false

    metric {
      namespace   = "AWS/ElastiCache"
      metric_name = "DatabaseMemoryUsagePercentage"
      period      = 60
      stat        = "Average"

      dimensions = {
        CacheClusterId = "${local.cache_id}-001"
      }
    }
  }

  metric_query {
    id          = "node2"
    return_data = false

    metric {
      namespace   = "AWS/ElastiCache"
      metric_name = "DatabaseMemoryUsagePercentage"
      period      = 60
      stat        = "Average"

      dimensions = {
        CacheClusterId = "${local.cache_id}-002"
      }
    }
  }
}

resource "aws_cloudwatch_dashboard" "main" {
  dashboard_name = "acme-load-gateway"
  dashboard_body = jsonencode({
    widgets = [
      {
        type   = "metric"
        width  = 8
        height = 6
        properties = {
          title  = "Requests"
          region = "us-east-1"
          period = 60
          metrics = [
            [
              "AWS/ApplicationELB",
              "RequestCount",
              "LoadBalancer",
              aws_lb.main.arn_suffix,
              { stat = "Sum" },
            ],
          ]
        }
      },
      {
        type   = "metric"
        width  = 8
        height = 6
        properties = {
          title  = "Errors"
          region = "us-east-1"
          period = 60
          metrics = [
            [
              "AWS/ApplicationELB",
              "HTTPCode_Target_5XX_Count",
              "LoadBalancer",
              aws_lb.main.arn_suffix,
              { stat = "Sum", label = "5xx" },
            ],
            [
              ".",
              "HTTPCode_ELB_5XX_Count",
              ".",
              ".",
              { stat = "Sum", label = "5xx of the load balancer" },
            ],
            [
              ".",
              "HTTPCode_Target_4XX_Count",
              ".",
              ".",
              { stat = "Sum", label = "4xx" },
            ],
          ]
        }
      },
      {
        type   = "metric"
        width  = 8
        height = 6
        properties = {
          title  = "Time to answer"
          region = "us-east-1"
          period = 60
          metrics = [
            [
              "AWS/ApplicationELB",
              "TargetResponseTime",
              "LoadBalancer",
              aws_lb.main.arn_suffix,
              { stat = "p50", label = "p50" },
            ],
            [
              ".",
              ".",
              ".",
              ".",
              { stat = "p95", label = "p95" },
            ],
            [
              ".",
              ".",
              ".",
              ".",
              { stat = "p99", label = "p99" },
            ],
          ]
        }
      },
      {
        type   = "metric"
        width  = 8
        height = 6
        properties = {
          title  = "CPU and memory of the tasks (percent)"
          region = "us-east-1"
          period = 60
          metrics = [
            [
              "AWS/ECS",
              "CPUUtilization",
              "ClusterName",
              aws_ecs_cluster.main.name,
              "ServiceName",
              aws_ecs_service.main.name,
            ],
            [".", "MemoryUtilization", ".", ".", ".", "."],
          ]
        }
      },
      {
        type   = "metric"
        width  = 8
        height = 6
        properties = {
          title  = "Tasks"
          region = "us-east-1"
          period = 60
          metrics = [
            [
              "ECS/ContainerInsights",
              "DesiredTaskCount",
              "ClusterName",
              aws_ecs_cluster.main.name,
              "ServiceName",
              aws_ecs_service.main.name,
            ],
            [".", "RunningTaskCount", ".", ".", ".", "."],
            [".", "PendingTaskCount", ".", ".", ".", "."],
          ]
        }
      },
      {
        type   = "metric"
        width  = 8
        height = 6
        properties = {
          title  = "Healthy tasks"
          region = "us-east-1"
          period = 60
          metrics = [
            [
              "AWS/ApplicationELB",
              "HealthyHostCount",
              "TargetGroup",
              aws_lb_target_group.litellm.arn_suffix,
              "LoadBalancer",
              aws_lb.main.arn_suffix,
              { stat = "Minimum" },
            ],
            [
              ".",
              "UnHealthyHostCount",
              ".",
              ".",
              ".",
              ".",
              { stat = "Maximum" },
            ],
          ]
        }
      },
      {
        type   = "metric"
        width  = 8
        height = 6
        properties = {
          title  = "Calls throttled by Bedrock, all accounts"
          region = "us-east-1"
          period = 60
          metrics = [
            [
              "gwinfra/acme-load",
              "ThrottledCalls",
              { stat = "Sum" },
            ],
          ]
        }
      },
      {
        type   = "metric"
        width  = 8
        height = 6
        properties = {
          title  = "Bedrock in this account"
          region = "us-east-1"
          period = 60
          metrics = [
            [
              {
                expression = "SEARCH('{AWS/Bedrock,ModelId} MetricName=\"Invocations\"', 'Sum', 60)"
                id         = "calls"
              },
            ],
            [
              {
                expression = "SEARCH('{AWS/Bedrock,ModelId} MetricName=\"InvocationThrottles\"', 'Sum', 60)"
                id         = "throttles"
              },
            ],
          ]
        }
      },
      {
        type   = "metric"
        width  = 8
        height = 6
        properties = {
          title  = "Database"
          region = "us-east-1"
          period = 60
          metrics = [
            ["AWS/RDS", "ServerlessDatabaseCapacity", "DBClusterIdentifier", local.database_cluster_id],
            [".", "DatabaseConnections", ".", "."],
          ]
        }
      },
      {
        type   = "metric"
        width  = 8
        height = 6
        properties = {
          title  = "Cache (percent)"
          region = "us-east-1"
          period = 60
          metrics = [
            ["AWS/ElastiCache", "EngineCPUUtilization", "CacheClusterId", "${local.cache_id}-001"],
            [".", ".", ".", "${local.cache_id}-002"],
            [".", "DatabaseMemoryUsagePercentage", ".", "${local.cache_id}-001"],
            [".", ".", ".", "${local.cache_id}-002"],
          ]
        }
      },
    ]
  })
}
