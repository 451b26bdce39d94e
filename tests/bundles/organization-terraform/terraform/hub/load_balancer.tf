# No name of its own: one that is made anew, because its scheme changes, must not meet its own name.
resource "aws_lb" "main" {
  #checkov:skip=CKV_AWS_150:It holds nothing that could be lost.
  name_prefix                = "gw-"
  load_balancer_type         = "application"
  internal                   = true
  ip_address_type            = "ipv4"
  subnets                    = local.private_subnet_ids
  security_groups            = [aws_security_group.load_balancer.id]
  idle_timeout               = 600
  drop_invalid_header_fields = true
  desync_mitigation_mode     = "defensive"
  tags = {
    Name            = "acme-llm-gateway"
    "gwinfra:stack" = "gateway"
  }

  access_logs {
    enabled = true
    bucket  = aws_s3_bucket.logs.id
    prefix  = "load-balancer"
  }

  # A new one takes over before the old one goes.
  lifecycle {
    create_before_destroy = true
  }

  # Elastic Load Balancing writes a test object at once.
  depends_on = [aws_s3_bucket_policy.logs]
}

resource "aws_lb_target_group" "litellm" {
  #checkov:skip=CKV_AWS_378:TLS ends at the load balancer, and only it may connect to the containers.
  name_prefix = "gw-"
  port        = 4000
  protocol    = "HTTP"
  target_type = "ip"
  vpc_id      = local.vpc_id
  # A stream that runs when its task is replaced ends by itself: ECS sends SIGTERM only after this delay.
  deregistration_delay          = 600
  load_balancing_algorithm_type = "least_outstanding_requests"
  tags = {
    Name            = "acme-llm-litellm"
    "gwinfra:stack" = "gateway"
  }

  # Whether it lives, not whether it is ready: while the database is away no task is ready, and replacing them all
  # would not help.
  health_check {
    path                = "/health/liveliness"
    protocol            = "HTTP"
    interval            = 30
    timeout             = 10
    healthy_threshold   = 2
    unhealthy_threshold = 3
    matcher             = "200"
  }

  # A listener that forwards to it keeps it from going.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lb_target_group" "middleware" {
  #checkov:skip=CKV_AWS_378:TLS ends at the load balancer, and only it may connect to the containers.
  name_prefix = "gw-"
  port        = 3000
  protocol    = "HTTP"
  target_type = "ip"
  vpc_id      = local.vpc_id
  # A stream that runs when its task is replaced ends by itself: ECS sends SIGTERM only after this delay.
  deregistration_delay          = 600
  load_balancing_algorithm_type = "least_outstanding_requests"
  tags = {
    Name            = "acme-llm-middleware"
    "gwinfra:stack" = "gateway"
  }

  # Whether it lives, not whether it is ready: while the database is away no task is ready, and replacing them all
  # would not help.
  health_check {
    path                = "/bedrock/health/liveliness"
    protocol            = "HTTP"
    interval            = 30
    timeout             = 10
    healthy_threshold   = 2
    unhealthy_threshold = 3
    matcher             = "200"
  }

  # A listener that forwards to it keeps it from going.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn                                            = aws_lb.main.arn
  port                                                         = 443
  protocol                                                     = "HTTPS"
  ssl_policy                                                   = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
  certificate_arn                                              = "arn:aws:acm:us-east-1:111122223333:certificate/0a1b2c3d-1111-4222-8333-444455556666"
  routing_http_response_server_enabled                         = false
  routing_http_response_strict_transport_security_header_value = "max-age=31536000"
  tags = {
    "gwinfra:stack" = "gateway"
  }

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.litellm.arn
  }
}

# The same listener as without TLS: a port of a load balancer has one.
resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.main.arn
  port              = 80
  protocol          = "HTTP"
  tags = {
    "gwinfra:stack" = "gateway"
  }

  default_action {
    type = "redirect"

    redirect {
      protocol    = "HTTPS"
      port        = "443"
      status_code = "HTTP_301"
    }
  }
}

locals {
  # What no rule matches goes to LiteLLM.
  listener_rules = {
    health = {
      priority         = 10
      paths            = ["/bedrock/health/liveliness"]
      target_group_arn = aws_lb_target_group.middleware.arn
    }
    converse = {
      priority         = 20
      paths            = ["/bedrock/model/*/converse", "/bedrock/model/*/converse-stream"]
      target_group_arn = aws_lb_target_group.middleware.arn
    }
    chat = {
      priority         = 30
      paths            = ["/chat/completions", "/v1/chat/completions"]
      target_group_arn = aws_lb_target_group.middleware.arn
    }
    history = {
      priority         = 40
      paths            = ["/chat-history", "/bedrock/chat-history", "/session-ids"]
      target_group_arn = aws_lb_target_group.middleware.arn
    }
    sign_up = {
      priority         = 50
      paths            = ["/key/generate"]
      target_group_arn = aws_lb_target_group.middleware.arn
    }
  }
}

resource "aws_lb_listener_rule" "main" {
  for_each = local.listener_rules

  listener_arn = aws_lb_listener.https.arn
  priority     = each.value.priority
  tags = {
    "gwinfra:stack" = "gateway"
  }

  condition {
    path_pattern {
      values = each.value.paths
    }
  }

  action {
    type             = "forward"
    target_group_arn = each.value.target_group_arn
  }
}
