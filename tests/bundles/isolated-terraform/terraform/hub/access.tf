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
