
run "plan" {
  command = plan

  assert {
    condition     = aws_iam_role.main.name == "acme-llm-bedrock"
    error_message = "The role has the name of the spec."
  }
}

run "apply" {
  command = apply

  assert {
    condition     = output.RoleArn == aws_iam_role.main.arn
    error_message = "The module says which role it made."
  }
}
