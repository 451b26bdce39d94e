output "RoleArn" {
  description = "Role that the gateway assumes"
  value       = aws_iam_role.main.arn
}
