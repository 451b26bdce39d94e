# Terraform takes away the rule that allows everything out, which every group is made with. The rules proper are
# resources of their own, so that groups may name each other.

resource "aws_security_group" "load_balancer" {
  name_prefix = "acme-llm-load-balancer-"
  description = "Load balancer of the LLM gateway"
  vpc_id      = local.vpc_id

  tags = {
    Name            = "acme-llm-load-balancer"
    "gwinfra:stack" = "network"
  }

  # A group that is in use can only go after its successor has taken its place.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "load_balancer" {
  #checkov:skip=CKV_AWS_260:Public on purpose (ingress.allow_from), and port 80 answers only with a redirect to HTTPS unless plaintext was acknowledged.
  for_each = {
    https_from_0x0x0x0m0 = {
      description = "Clients"
      protocol    = "tcp"
      ports       = [443, 443]
      network     = "0.0.0.0/0"
      group       = null
    }
    https_from_vpn = {
      description = "VPN clients"
      protocol    = "tcp"
      ports       = [443, 443]
      network     = null
      group       = aws_security_group.vpn.id
    }
    https_from_bastion = {
      description = "Sessions through the bastion"
      protocol    = "tcp"
      ports       = [443, 443]
      network     = null
      group       = aws_security_group.bastion.id
    }
    http_from_0x0x0x0m0 = {
      description = "Clients that are redirected to HTTPS"
      protocol    = "tcp"
      ports       = [80, 80]
      network     = "0.0.0.0/0"
      group       = null
    }
    http_from_vpn = {
      description = "VPN clients"
      protocol    = "tcp"
      ports       = [80, 80]
      network     = null
      group       = aws_security_group.vpn.id
    }
    http_from_bastion = {
      description = "Sessions through the bastion"
      protocol    = "tcp"
      ports       = [80, 80]
      network     = null
      group       = aws_security_group.bastion.id
    }
  }

  security_group_id            = aws_security_group.load_balancer.id
  description                  = each.value.description
  ip_protocol                  = each.value.protocol
  from_port                    = each.value.ports[0]
  to_port                      = each.value.ports[1]
  cidr_ipv4                    = each.value.network
  referenced_security_group_id = each.value.group
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
  name_prefix = "acme-llm-task-"
  description = "Containers of the LLM gateway"
  vpc_id      = local.vpc_id

  tags = {
    Name            = "acme-llm-task"
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
    port4318_out = {
      description = "The collector of traces on its own port"
      protocol    = "tcp"
      ports       = [4318, 4318]
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
  name_prefix = "acme-llm-database-"
  description = "Database of the LLM gateway"
  vpc_id      = local.vpc_id

  tags = {
    Name            = "acme-llm-database"
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
  name_prefix = "acme-llm-cache-"
  description = "Cache of the LLM gateway"
  vpc_id      = local.vpc_id

  tags = {
    Name            = "acme-llm-cache"
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

resource "aws_security_group" "endpoint" {
  name_prefix = "acme-llm-endpoint-"
  description = "VPC endpoints of AWS services"
  vpc_id      = local.vpc_id

  tags = {
    Name            = "acme-llm-endpoints"
    "gwinfra:stack" = "network"
  }

  # A group that is in use can only go after its successor has taken its place.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "endpoint" {
  for_each = {
    https_from_vpc = {
      description = "AWS APIs for everything in the VPC"
      protocol    = "tcp"
      ports       = [443, 443]
      network     = "10.40.0.0/16"
    }
  }

  security_group_id = aws_security_group.endpoint.id
  description       = each.value.description
  ip_protocol       = each.value.protocol
  from_port         = each.value.ports[0]
  to_port           = each.value.ports[1]
  cidr_ipv4         = each.value.network
}

resource "aws_security_group" "vpn" {
  name_prefix = "acme-llm-vpn-"
  description = "Client VPN of the LLM gateway"
  vpc_id      = local.vpc_id

  tags = {
    Name            = "acme-llm-client-vpn"
    "gwinfra:stack" = "network"
  }

  # A group that is in use can only go after its successor has taken its place.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_egress_rule" "vpn" {
  for_each = {
    to_10x40x0x0m16 = {
      description = "Networks that VPN clients are authorized for"
      protocol    = "-1"
      network     = "10.40.0.0/16"
    }
    to_10x80x0x0m16 = {
      description = "Networks that VPN clients are authorized for"
      protocol    = "-1"
      network     = "10.80.0.0/16"
    }
  }

  security_group_id = aws_security_group.vpn.id
  description       = each.value.description
  ip_protocol       = each.value.protocol
  cidr_ipv4         = each.value.network
}

resource "aws_security_group" "bastion" {
  name_prefix = "acme-llm-bastion-"
  description = "Bastion of the LLM gateway: Session Manager only"
  vpc_id      = local.vpc_id

  tags = {
    Name            = "acme-llm-bastion"
    "gwinfra:stack" = "network"
  }

  # A group that is in use can only go after its successor has taken its place.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_egress_rule" "bastion" {
  for_each = {
    https_out = {
      description = "Session Manager, package updates and the gateway"
      protocol    = "tcp"
      ports       = [443, 443]
      network     = "0.0.0.0/0"
    }
  }

  security_group_id = aws_security_group.bastion.id
  description       = each.value.description
  ip_protocol       = each.value.protocol
  from_port         = each.value.ports[0]
  to_port           = each.value.ports[1]
  cidr_ipv4         = each.value.network
}
