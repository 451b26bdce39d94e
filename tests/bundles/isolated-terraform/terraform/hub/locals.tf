locals {
  prefix     = "acme-llm"
  account_id = "111122223333"
  region     = "us-east-1"
  partition  = "aws"

  vpc_id             = aws_vpc.main.id
  private_subnet_ids = [for subnet in aws_subnet.private : subnet.id]
  data_subnet_ids    = [for subnet in aws_subnet.data : subnet.id]
}
