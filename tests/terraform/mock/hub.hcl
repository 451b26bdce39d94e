
run "plan" {
  command = plan

  assert {
    condition     = length(aws_subnet.private) == 3
    error_message = "There is a private subnet in each zone."
  }

  assert {
    condition     = aws_rds_cluster.main.storage_encrypted && aws_rds_cluster.main.deletion_protection
    error_message = "The database is encrypted and protected."
  }
}

run "apply" {
  command = apply

  assert {
    condition     = aws_appautoscaling_target.main.min_capacity == 3
    error_message = "The service has the tasks of the spec."
  }

  assert {
    condition     = length(aws_rds_cluster_instance.reader) == 2
    error_message = "The database has the readers of the spec."
  }

  assert {
    condition     = aws_secretsmanager_secret_version.cache_password.secret_string == null
    error_message = "The password of the cache is not in state."
  }
}
