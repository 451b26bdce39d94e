locals {
  prefix     = "acme-llm"
  account_id = "111122223333"
  region     = "us-west-2"
  partition  = "aws"

  # The VPC exists: nothing here changes it.
  vpc_id             = "vpc-0a1b2c3d4e5f60718"
  private_subnet_ids = ["subnet-0a1b2c3d4e5f60711", "subnet-0a1b2c3d4e5f60712"]
  data_subnet_ids    = ["subnet-0a1b2c3d4e5f60721", "subnet-0a1b2c3d4e5f60722"]
}
