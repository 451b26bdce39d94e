# Free of charge, and spares the NAT gateway every image layer.
resource "aws_vpc_endpoint" "s3" {
  vpc_id            = local.vpc_id
  vpc_endpoint_type = "Gateway"
  service_name      = "com.amazonaws.us-east-1.s3"
  route_table_ids   = [for table in aws_route_table.private : table.id]

  # No way to carry data to somebody else's bucket.
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OwnBuckets"
        Effect    = "Allow"
        Principal = "*"
        Action    = "s3:*"
        Resource  = "*"
        Condition = {
          StringEquals = {
            "aws:PrincipalAccount" = local.account_id
            "aws:ResourceAccount"  = local.account_id
          }
        }
      },
      # Image layers, which ECR keeps in a bucket of its own, and what a bastion installs and updates itself with.
      {
        Sid       = "ObjectsOfAws"
        Effect    = "Allow"
        Principal = "*"
        Action    = "s3:GetObject"
        Resource  = ["arn:aws:s3:::prod-us-east-1-starport-layer-bucket/*"]
      },
    ]
  })

  tags = {
    Name            = "acme-load-s3"
    "gwinfra:stack" = "network"
  }
}
