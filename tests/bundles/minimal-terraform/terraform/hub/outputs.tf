# Foundation

output "KmsKeyArn" {
  description = "ARN of the key that encrypts everything that is stored"
  value       = aws_kms_key.main.arn
}

output "LitellmRepositoryUri" {
  description = "Repository of LiteLLM's images"
  value       = aws_ecr_repository.litellm.repository_url
}

output "MiddlewareRepositoryUri" {
  description = "Repository of the middleware's images"
  value       = aws_ecr_repository.middleware.repository_url
}

output "ConfigBucketName" {
  description = "Bucket of the gateway's configuration"
  value       = aws_s3_bucket.config.id
}

output "LogsBucketName" {
  description = "Bucket of access logs"
  value       = aws_s3_bucket.logs.id
}

output "RequestsBucketName" {
  description = "Bucket of the gateway's request logs"
  value       = aws_s3_bucket.requests.id
}

output "MasterKeySecretArn" {
  description = "Secret with the gateway's master key, without its prefix sk-"
  value       = aws_secretsmanager_secret.master_key.arn
}

output "SaltKeySecretArn" {
  description = "Secret with the gateway's salt"
  value       = aws_secretsmanager_secret.salt_key.arn
}

# Network

output "VpcId" {
  description = "The VPC"
  value       = local.vpc_id
}

output "PrivateSubnetIds" {
  description = "Private subnets, separated by commas"
  value       = join(",", local.private_subnet_ids)
}

output "PublicSubnetIds" {
  description = "Public subnets, separated by commas"
  value       = join(",", local.public_subnet_ids)
}

output "DataSubnetIds" {
  description = "Data subnets, separated by commas"
  value       = join(",", local.data_subnet_ids)
}

output "LoadBalancerSecurityGroupId" {
  description = "Load balancer of the LLM gateway"
  value       = aws_security_group.load_balancer.id
}

output "TaskSecurityGroupId" {
  description = "Containers of the LLM gateway"
  value       = aws_security_group.task.id
}

output "DatabaseSecurityGroupId" {
  description = "Database of the LLM gateway"
  value       = aws_security_group.database.id
}

output "CacheSecurityGroupId" {
  description = "Cache of the LLM gateway"
  value       = aws_security_group.cache.id
}

# Database and cache

output "DatabaseClusterId" {
  description = "The database cluster"
  value       = local.database_cluster_id
}

output "DatabaseEndpoint" {
  description = "Host name of the database's writer"
  value       = local.database_endpoint
}

output "DatabasePort" {
  description = "Port of the database"
  value       = local.database_port
}

output "DatabaseSecretArn" {
  description = "Secret that RDS keeps the database's password in"
  value       = aws_rds_cluster.main.master_user_secret[0].secret_arn
}

output "CacheId" {
  description = "The cache"
  value       = local.cache_id
}

output "CacheEndpoint" {
  description = "Host name of the cache"
  value       = local.cache_endpoint
}

output "CachePort" {
  description = "Port of the cache"
  value       = local.cache_port
}

output "CacheSecretArn" {
  description = "Secret with the password of the gateway's user of the cache"
  value       = aws_secretsmanager_secret.cache_password.arn
}

# Gateway

output "GatewayUrl" {
  description = "Address of the gateway"
  value       = "https://llm.example.com"
}

output "LoadBalancerArn" {
  description = "The load balancer"
  value       = aws_lb.main.arn
}

output "LoadBalancerDnsName" {
  description = "Name of the load balancer"
  value       = aws_lb.main.dns_name
}

output "ClusterName" {
  description = "ECS cluster"
  value       = aws_ecs_cluster.main.name
}

output "ServiceName" {
  description = "ECS service"
  value       = aws_ecs_service.main.name
}

output "TaskDefinitionArn" {
  description = "Revision of the task definition that should run"
  value       = aws_ecs_task_definition.main.arn
}

output "TaskRoleName" {
  description = "Name of the role of the containers"
  value       = aws_iam_role.task.name
}

output "TaskRoleArn" {
  description = "Role of the containers"
  value       = aws_iam_role.task.arn
}

output "ConfigKey" {
  description = "Key of LiteLLM's configuration"
  value       = "config/faf3040f065c9522674bedb9309346a0c2a89ec5e7124097e9f9402f134653bd.yaml"
}

output "LitellmLogGroupName" {
  description = "Log group of LiteLLM"
  value       = aws_cloudwatch_log_group.litellm.name
}

output "MiddlewareLogGroupName" {
  description = "Log group of the middleware"
  value       = aws_cloudwatch_log_group.middleware.name
}
