resource "aws_appautoscaling_target" "main" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.main.name}/${aws_ecs_service.main.name}"
  min_capacity       = 3
  max_capacity       = 30
  tags = {
    "gwinfra:stack" = "gateway"
  }

  # The schedules move the range, and this one is where it begins: to set it again with every apply would undo them in
  # the middle of the night.
  lifecycle {
    ignore_changes = [min_capacity, max_capacity]
  }
}

locals {
  schedules = {
    morning = {
      schedule     = "cron(0 7 ? * MON-FRI *)"
      timezone     = "Europe/Paris"
      min_capacity = 6
      max_capacity = 30
    }
    evening = {
      schedule     = "cron(0 20 ? * MON-FRI *)"
      timezone     = "Europe/Paris"
      min_capacity = 3
      max_capacity = 10
    }
  }
}

resource "aws_appautoscaling_scheduled_action" "main" {
  for_each = local.schedules

  name               = each.key
  service_namespace  = aws_appautoscaling_target.main.service_namespace
  scalable_dimension = aws_appautoscaling_target.main.scalable_dimension
  resource_id        = aws_appautoscaling_target.main.resource_id
  schedule           = each.value.schedule
  timezone           = each.value.timezone

  scalable_target_action {
    min_capacity = each.value.min_capacity
    max_capacity = each.value.max_capacity
  }
}

locals {
  scaling_policies = {
    cpu = {
      name           = "cpu"
      metric         = "ECSServiceAverageCPUUtilization"
      resource_label = null
      target         = 60.0
    }
    memory = {
      name           = "memory"
      metric         = "ECSServiceAverageMemoryUtilization"
      resource_label = null
      target         = 75.0
    }
    requests = {
      name           = "requests"
      metric         = "ALBRequestCountPerTarget"
      resource_label = "${aws_lb.main.arn_suffix}/${aws_lb_target_group.public_litellm.arn_suffix}"
      target         = 500.0
    }
    middleware_requests = {
      name           = "middleware-requests"
      metric         = "ALBRequestCountPerTarget"
      resource_label = "${aws_lb.main.arn_suffix}/${aws_lb_target_group.public_middleware.arn_suffix}"
      target         = 500.0
    }
  }
}

# Out at once, in with patience: a task that goes takes its streams with it.
resource "aws_appautoscaling_policy" "main" {
  for_each = local.scaling_policies

  name               = each.value.name
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.main.service_namespace
  scalable_dimension = aws_appautoscaling_target.main.scalable_dimension
  resource_id        = aws_appautoscaling_target.main.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = each.value.target
    scale_out_cooldown = 60
    scale_in_cooldown  = 300

    predefined_metric_specification {
      predefined_metric_type = each.value.metric
      resource_label         = each.value.resource_label
    }
  }
}
