resource "aws_appautoscaling_target" "main" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.main.name}/${aws_ecs_service.main.name}"
  min_capacity       = 2
  max_capacity       = 2
  tags = {
    "gwinfra:stack" = "gateway"
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
      resource_label = "${aws_lb.main.arn_suffix}/${aws_lb_target_group.litellm.arn_suffix}"
      target         = 500.0
    }
    middleware_requests = {
      name           = "middleware-requests"
      metric         = "ALBRequestCountPerTarget"
      resource_label = "${aws_lb.main.arn_suffix}/${aws_lb_target_group.middleware.arn_suffix}"
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
