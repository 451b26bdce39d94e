# Terraform takes away the rule that allows everything out, which every group is made with. The rules proper are
# resources of their own, so that groups may name each other.

resource "aws_security_group" "load_balancer" {
  name_prefix = "acme-load-load-balancer-"
  description = "Load balancer of the LLM gateway"
  vpc_id      = local.vpc_id

  tags = {
    Name            = "acme-load-load-balancer"
    "gwinfra:stack" = "network"
  }

  # A group that is in use can only go after its successor has taken its place.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "load_balancer" {
  for_each = {
    https_from_10x40x0x0m16 = {
      description = "Clients"
      protocol    = "tcp"
      ports       = [443, 443]
      network     = "10.40.0.0/16"
    }
    http_from_10x40x0x0m16 = {
      description = "Clients that are redirected to HTTPS"
      protocol    = "tcp"
      ports       = [80, 80]
      network     = "10.40.0.0/16"
    }
  }

  security_group_id = aws_security_group.load_balancer.id
  description       = each.value.description
  ip_protocol       = each.value.protocol
  from_port         = each.value.ports[0]
  to_port           = each.value.ports[1]
  cidr_ipv4         = each.value.network
}

resource "aws_vpc_security_group_egress_rule" "load_balancer" {
  for_each = {
    to_task_lite_llm = {
      description = "LiteLLM"
      protocol    = "tcp"
      ports       = [4000, 4000]
      group       = aws_security_group.task.id
    }
    to_task_middleware = {
      description = "Middleware"
      protocol    = "tcp"
      ports       = [3000, 3000]
      group       = aws_security_group.task.id
    }
  }

  security_group_id            = aws_security_group.load_balancer.id
  description                  = each.value.description
  ip_protocol                  = each.value.protocol
  from_port                    = each.value.ports[0]
  to_port                      = each.value.ports[1]
  referenced_security_group_id = each.value.group
}

resource "aws_security_group" "task" {
  name_prefix = "acme-load-task-"
  description = "Containers of the LLM gateway"
  vpc_id      = local.vpc_id

  tags = {
    Name            = "acme-load-task"
    "gwinfra:stack" = "network"
  }

  # A group that is in use can only go after its successor has taken its place.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "task" {
  for_each = {
    from_load_balancer_lite_llm = {
      description = "LiteLLM"
      protocol    = "tcp"
      ports       = [4000, 4000]
      group       = aws_security_group.load_balancer.id
    }
    from_load_balancer_middleware = {
      description = "Middleware"
      protocol    = "tcp"
      ports       = [3000, 3000]
      group       = aws_security_group.load_balancer.id
    }
  }

  security_group_id            = aws_security_group.task.id
  description                  = each.value.description
  ip_protocol                  = each.value.protocol
  from_port                    = each.value.ports[0]
  to_port                      = each.value.ports[1]
  referenced_security_group_id = each.value.group
}

resource "aws_vpc_security_group_egress_rule" "task" {
  for_each = {
    https_out = {
      description = "AWS APIs and model providers, wherever routes lead"
      protocol    = "tcp"
      ports       = [443, 443]
      network     = "0.0.0.0/0"
      group       = null
    }
    port8787_out = {
      description = "A model provider of the spec on its own port"
      protocol    = "tcp"
      ports       = [8787, 8787]
      network     = "0.0.0.0/0"
      group       = null
    }
    dns_out = {
      description = "DNS servers in the VPC"
      protocol    = "udp"
      ports       = [53, 53]
      network     = "10.40.0.0/16"
      group       = null
    }
    dns_over_tcp_out = {
      description = "DNS servers in the VPC"
      protocol    = "tcp"
      ports       = [53, 53]
      network     = "10.40.0.0/16"
      group       = null
    }
    to_database_postgre_sql = {
      description = "PostgreSQL"
      protocol    = "tcp"
      ports       = [5432, 5432]
      network     = null
      group       = aws_security_group.database.id
    }
    to_cache_cache = {
      description = "Cache"
      protocol    = "tcp"
      ports       = [6379, 6379]
      network     = null
      group       = aws_security_group.cache.id
    }
  }

  security_group_id            = aws_security_group.task.id
  description                  = each.value.description
  ip_protocol                  = each.value.protocol
  from_port                    = each.value.ports[0]
  to_port                      = each.value.ports[1]
  cidr_ipv4                    = each.value.network
  referenced_security_group_id = each.value.group
}

resource "aws_security_group" "database" {
  name_prefix = "acme-load-database-"
  description = "Database of the LLM gateway"
  vpc_id      = local.vpc_id

  tags = {
    Name            = "acme-load-database"
    "gwinfra:stack" = "network"
  }

  # A group that is in use can only go after its successor has taken its place.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "database" {
  for_each = {
    from_task_postgre_sql = {
      description = "PostgreSQL"
      protocol    = "tcp"
      ports       = [5432, 5432]
      group       = aws_security_group.task.id
    }
  }

  security_group_id            = aws_security_group.database.id
  description                  = each.value.description
  ip_protocol                  = each.value.protocol
  from_port                    = each.value.ports[0]
  to_port                      = each.value.ports[1]
  referenced_security_group_id = each.value.group
}

resource "aws_security_group" "cache" {
  name_prefix = "acme-load-cache-"
  description = "Cache of the LLM gateway"
  vpc_id      = local.vpc_id

  tags = {
    Name            = "acme-load-cache"
    "gwinfra:stack" = "network"
  }

  # A group that is in use can only go after its successor has taken its place.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "cache" {
  for_each = {
    from_task_cache = {
      description = "Cache"
      protocol    = "tcp"
      ports       = [6379, 6379]
      group       = aws_security_group.task.id
    }
  }

  security_group_id            = aws_security_group.cache.id
  description                  = each.value.description
  ip_protocol                  = each.value.protocol
  from_port                    = each.value.ports[0]
  to_port                      = each.value.ports[1]
  referenced_security_group_id = each.value.group
}
