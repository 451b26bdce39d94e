resource "aws_cloudwatch_log_group" "vpn_connections" {
  #checkov:skip=CKV_AWS_338:The spec says how long logs are kept.
  name              = "/gwinfra/acme-llm/vpn-connections"
  retention_in_days = 365
  kms_key_id        = aws_kms_key.main.arn

  tags = {
    Name            = "acme-llm-vpn-connections"
    "gwinfra:stack" = "access"
  }
}

resource "aws_ec2_client_vpn_endpoint" "main" {
  description            = "Client VPN of the LLM gateway"
  vpc_id                 = local.vpc_id
  security_group_ids     = [aws_security_group.vpn.id]
  client_cidr_block      = "172.16.0.0/20"
  server_certificate_arn = "arn:aws:acm:us-east-1:111122223333:certificate/5e6f7a8b-1111-4222-8333-444455556666"
  # The portal hands out client software and profiles; it works only with a SAML provider of its own.
  self_service_portal = "enabled"
  split_tunnel        = true
  # Without it clients keep their own DNS servers and cannot resolve the names of the VPC.
  dns_servers                   = ["10.40.0.2"]
  transport_protocol            = "udp"
  vpn_port                      = 443
  session_timeout_hours         = 12
  disconnect_on_session_timeout = true

  authentication_options {
    type                           = "federated-authentication"
    saml_provider_arn              = "arn:aws:iam::111122223333:saml-provider/acme-vpn"
    self_service_saml_provider_arn = "arn:aws:iam::111122223333:saml-provider/acme-vpn-portal"
  }

  connection_log_options {
    enabled              = true
    cloudwatch_log_group = aws_cloudwatch_log_group.vpn_connections.name
  }

  tags = {
    Name            = "acme-llm-client-vpn"
    "gwinfra:stack" = "access"
  }
}

resource "aws_ec2_client_vpn_network_association" "main" {
  for_each = {
    "1" = local.private_subnet_ids[0]
    "2" = local.private_subnet_ids[1]
    "3" = local.private_subnet_ids[2]
  }

  client_vpn_endpoint_id = aws_ec2_client_vpn_endpoint.main.id
  subnet_id              = each.value
}

# EC2 refuses too many changes of one endpoint at a time. The provider then waits and asks again, so nothing here has to
# follow one another.
resource "aws_ec2_client_vpn_authorization_rule" "main" {
  for_each = {
    "10x40x0x0m16" = "10.40.0.0/16"
    "10x80x0x0m16" = "10.80.0.0/16"
  }

  client_vpn_endpoint_id = aws_ec2_client_vpn_endpoint.main.id
  target_network_cidr    = each.value
  authorize_all_groups   = true
  description            = "All authenticated clients"
}

resource "aws_ec2_client_vpn_route" "main" {
  for_each = {
    "10x80x0x0m16_via1" = { cidr = "10.80.0.0/16", association = "1" }
    "10x80x0x0m16_via2" = { cidr = "10.80.0.0/16", association = "2" }
    "10x80x0x0m16_via3" = { cidr = "10.80.0.0/16", association = "3" }
  }

  client_vpn_endpoint_id = aws_ec2_client_vpn_endpoint.main.id
  destination_cidr_block = each.value.cidr
  # A route leads through a subnet that is associated already.
  target_vpc_subnet_id = aws_ec2_client_vpn_network_association.main[each.value.association].subnet_id
  description          = "An authorized network outside the VPC"
}

resource "aws_iam_role" "bastion" {
  name        = "acme-llm-bastion"
  description = "Lets the bastion register with Session Manager, and nothing else"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Service = "ec2.amazonaws.com"
        }
        Action = "sts:AssumeRole"
      },
    ]
  })

  tags = {
    Name            = "acme-llm-bastion"
    "gwinfra:stack" = "access"
  }
}

resource "aws_iam_role_policy_attachment" "bastion" {
  role       = aws_iam_role.bastion.name
  policy_arn = "arn:${local.partition}:iam::aws:policy/AmazonSSMManagedInstanceCore"
}

resource "aws_iam_instance_profile" "bastion" {
  name = aws_iam_role.bastion.name
  role = aws_iam_role.bastion.name
}

resource "aws_launch_template" "bastion" {
  name_prefix = "acme-llm-bastion-"
  # EC2 looks the image up when an instance starts. A data source would look it up at every plan, and replace the bastion
  # whenever AWS publishes an image.
  image_id      = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
  instance_type = "t4g.nano"
  ebs_optimized = true

  iam_instance_profile {
    arn = aws_iam_instance_profile.bastion.arn
  }

  # No key pair, no public address, no inbound rule: sessions start from inside, through the SSM agent.
  network_interfaces {
    device_index                = 0
    associate_public_ip_address = false
    delete_on_termination       = true
    subnet_id                   = local.private_subnet_ids[0]
    security_groups             = [aws_security_group.bastion.id]
  }

  # Version 2 only, and out of reach of containers: a forged request cannot fetch the role's credentials.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_type           = "gp3"
      volume_size           = 8
      encrypted             = true
      kms_key_id            = aws_kms_key.main.arn
      delete_on_termination = true
    }
  }

  monitoring {
    enabled = true
  }

  # A new version of this template replaces the bastion, so only tags that never change.
  tag_specifications {
    resource_type = "volume"

    tags = {
      Name                 = "acme-llm-bastion"
      "gwinfra:deployment" = "acme-llm"
      "gwinfra:stack"      = "access"
    }
  }

  tags = {
    Name            = "acme-llm-bastion"
    "gwinfra:stack" = "access"
  }
}

resource "aws_instance" "bastion" {
  #checkov:skip=CKV_AWS_8:The launch template encrypts the disk.
  #checkov:skip=CKV_AWS_79:The launch template asks for version 2 of the metadata service.
  #checkov:skip=CKV_AWS_126:The launch template switches detailed monitoring on.
  #checkov:skip=CKV_AWS_135:The launch template says that it is EBS optimized.
  #checkov:skip=CKV2_AWS_41:The launch template attaches the role.

  launch_template {
    id      = aws_launch_template.bastion.id
    version = aws_launch_template.bastion.latest_version
  }

  tags = {
    Name            = "acme-llm-bastion"
    "gwinfra:stack" = "access"
  }

  # The agent registers as soon as it starts.
  depends_on = [aws_iam_role_policy_attachment.bastion]
}
