resource "aws_cloudwatch_log_group" "vpn_connections" {
  #checkov:skip=CKV_AWS_338:The spec says how long logs are kept.
  name              = "/gwinfra/acme-llm/vpn-connections"
  retention_in_days = 90
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
  client_cidr_block      = "172.16.0.0/22"
  server_certificate_arn = "arn:aws:acm:us-east-1:111122223333:certificate/5e6f7a8b-1111-4222-8333-444455556666"
  # The portal hands out client software and profiles; it works only with a SAML provider of its own.
  self_service_portal = "disabled"
  split_tunnel        = true
  # Without it clients keep their own DNS servers and cannot resolve the names of the VPC.
  dns_servers                   = ["10.40.0.2"]
  transport_protocol            = "udp"
  vpn_port                      = 443
  session_timeout_hours         = 8
  disconnect_on_session_timeout = true

  authentication_options {
    type = "certificate-authentication"
    # The authority that signs the clients' certificates, not the server's own certificate.
    root_certificate_chain_arn = "arn:aws:acm:us-east-1:111122223333:certificate/9c0d1e2f-1111-4222-8333-444455556666"
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
  }

  client_vpn_endpoint_id = aws_ec2_client_vpn_endpoint.main.id
  subnet_id              = each.value
}

# EC2 refuses too many changes of one endpoint at a time. The provider then waits and asks again, so nothing here has to
# follow one another.
resource "aws_ec2_client_vpn_authorization_rule" "main" {
  for_each = {
    "10x40x0x0m16" = "10.40.0.0/16"
  }

  client_vpn_endpoint_id = aws_ec2_client_vpn_endpoint.main.id
  target_network_cidr    = each.value
  authorize_all_groups   = true
  description            = "All authenticated clients"
}
