# Zones that every account has: local zones and wavelength zones must be asked for.
data "aws_availability_zones" "available" {
  #checkov:skip=CKV_AWS_394:The subnets ignore what becomes of the list once they are made.
  state = "available"

  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

locals {
  zones = {
    a = data.aws_availability_zones.available.names[0]
    b = data.aws_availability_zones.available.names[1]
  }
}

resource "aws_vpc" "main" {
  cidr_block = "10.40.0.0/16"
  # Private DNS names of endpoints need both.
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = {
    Name            = "acme-load-vpc"
    "gwinfra:stack" = "network"
  }
}

# Every VPC has this group, and what is made without naming a group gets it: it lets nothing through.
resource "aws_default_security_group" "main" {
  vpc_id = aws_vpc.main.id

  tags = {
    Name            = "${local.prefix}-default"
    "gwinfra:stack" = "network"
  }
}

# Load balancers and NAT gateways bring addresses of their own; nothing else should have a public one, so no subnet
# hands them out.
resource "aws_subnet" "public" {
  for_each = {
    a = "10.40.16.0/24"
    b = "10.40.80.0/24"
  }

  vpc_id                  = aws_vpc.main.id
  cidr_block              = each.value
  availability_zone       = local.zones[each.key]
  map_public_ip_on_launch = false

  tags = {
    Name            = "${local.prefix}-public-${each.key}"
    "gwinfra:stack" = "network"
  }

  # A zone that comes to the region's list, or leaves it, moves no subnet that exists.
  lifecycle {
    ignore_changes = [availability_zone]
  }
}

resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id

  tags = {
    Name            = "acme-load-internet-gateway"
    "gwinfra:stack" = "network"
  }
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.main.id

  tags = {
    Name            = "acme-load-public-routes"
    "gwinfra:stack" = "network"
  }
}

resource "aws_route" "public_default" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.main.id
}

resource "aws_route_table_association" "public" {
  for_each = local.zones

  subnet_id      = aws_subnet.public[each.key].id
  route_table_id = aws_route_table.public.id
}

resource "aws_subnet" "private" {
  for_each = {
    a = "10.40.0.0/20"
    b = "10.40.64.0/20"
  }

  vpc_id                  = aws_vpc.main.id
  cidr_block              = each.value
  availability_zone       = local.zones[each.key]
  map_public_ip_on_launch = false

  tags = {
    Name            = "${local.prefix}-private-${each.key}"
    "gwinfra:stack" = "network"
  }

  # A zone that comes to the region's list, or leaves it, moves no subnet that exists.
  lifecycle {
    ignore_changes = [availability_zone]
  }
}

resource "aws_route_table" "private" {
  for_each = local.zones

  vpc_id = aws_vpc.main.id

  tags = {
    Name            = "${local.prefix}-private-${each.key}"
    "gwinfra:stack" = "network"
  }
}

resource "aws_route_table_association" "private" {
  for_each = local.zones

  subnet_id      = aws_subnet.private[each.key].id
  route_table_id = aws_route_table.private[each.key].id
}

resource "aws_route" "private_default" {
  for_each = {
    a = aws_nat_gateway.main["a"].id
    b = aws_nat_gateway.main["a"].id
  }

  route_table_id         = aws_route_table.private[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = each.value
}

resource "aws_eip" "nat" {
  #checkov:skip=CKV2_AWS_19:Each belongs to a NAT gateway.
  for_each = toset(["a"])

  domain = "vpc"

  tags = {
    Name            = "${local.prefix}-nat-${each.key}"
    "gwinfra:stack" = "network"
  }

  depends_on = [aws_internet_gateway.main]
}

resource "aws_nat_gateway" "main" {
  for_each = toset(["a"])

  allocation_id = aws_eip.nat[each.key].id
  subnet_id     = aws_subnet.public[each.key].id

  tags = {
    Name            = "${local.prefix}-nat-${each.key}"
    "gwinfra:stack" = "network"
  }

  # Without the route to the internet the gateway is made but cannot work.
  depends_on = [aws_route.public_default]
}

# The database and the cache start no connections: their subnets have no default route.
resource "aws_subnet" "data" {
  for_each = {
    a = "10.40.17.0/24"
    b = "10.40.81.0/24"
  }

  vpc_id                  = aws_vpc.main.id
  cidr_block              = each.value
  availability_zone       = local.zones[each.key]
  map_public_ip_on_launch = false

  tags = {
    Name            = "${local.prefix}-data-${each.key}"
    "gwinfra:stack" = "network"
  }

  # A zone that comes to the region's list, or leaves it, moves no subnet that exists.
  lifecycle {
    ignore_changes = [availability_zone]
  }
}

resource "aws_route_table" "data" {
  vpc_id = aws_vpc.main.id

  tags = {
    Name            = "acme-load-data-routes"
    "gwinfra:stack" = "network"
  }
}

resource "aws_route_table_association" "data" {
  for_each = local.zones

  subnet_id      = aws_subnet.data[each.key].id
  route_table_id = aws_route_table.data.id
}

resource "aws_cloudwatch_log_group" "flow_logs" {
  #checkov:skip=CKV_AWS_338:The spec says how long logs are kept (observability.log_retention_days).
  name              = "/gwinfra/acme-load/flow-logs"
  retention_in_days = 90
  kms_key_id        = aws_kms_key.main.arn

  tags = {
    Name            = "acme-load-flow-logs"
    "gwinfra:stack" = "network"
  }
}

resource "aws_iam_role" "flow_logs" {
  name        = "acme-load-flow-logs"
  description = "Writes the VPC's flow logs"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Service = "vpc-flow-logs.amazonaws.com"
        }
        Action = "sts:AssumeRole"
        # Only for flow logs of this account and region: not for somebody else's who knows the role's name.
        Condition = {
          StringEquals = {
            "aws:SourceAccount" = local.account_id
          }
          ArnLike = {
            "aws:SourceArn" = "arn:${local.partition}:ec2:${local.region}:${local.account_id}:vpc-flow-log/*"
          }
        }
      },
    ]
  })

  tags = {
    Name            = "acme-load-flow-logs"
    "gwinfra:stack" = "network"
  }
}

resource "aws_iam_role_policy" "flow_logs" {
  name = "write"
  role = aws_iam_role.flow_logs.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = [
          "logs:CreateLogStream",
          "logs:DescribeLogStreams",
          "logs:PutLogEvents",
        ]
        Resource = "${aws_cloudwatch_log_group.flow_logs.arn}:*"
      },
    ]
  })
}

resource "aws_flow_log" "main" {
  vpc_id       = aws_vpc.main.id
  traffic_type = "ALL"
  # Minutes matter in an incident; ten of them, the default, are long.
  max_aggregation_interval = 60
  log_destination_type     = "cloud-watch-logs"
  log_destination          = aws_cloudwatch_log_group.flow_logs.arn
  iam_role_arn             = aws_iam_role.flow_logs.arn

  tags = {
    Name            = "acme-load-flow-logs"
    "gwinfra:stack" = "network"
  }
}
