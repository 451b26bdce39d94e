resource "aws_ecs_cluster" "main" {
  name = "acme-llm"
  tags = {
    Name            = "acme-llm-cluster"
    "gwinfra:stack" = "gateway"
  }

  setting {
    name  = "containerInsights"
    value = "enhanced"
  }
}

resource "aws_ecs_cluster_capacity_providers" "main" {
  cluster_name       = aws_ecs_cluster.main.name
  capacity_providers = ["FARGATE", "FARGATE_SPOT"]
}

# LiteLLM's configuration, named after its own hash: a changed one is another object, and with it another revision of
# the task definition. The one before goes when the service is done with it (see aws_ecs_service.main): a task that is
# started again, and a deployment that is rolled back, read it. Each is an instance of its own: one that is wanted again
# after a deployment that failed is still there.
resource "aws_s3_object" "config" {
  for_each = toset(["f7ce43917e6394779b1cc62b6abcb4e450bd31ad72fb2f4829c01c0095dccbe0"])

  bucket       = aws_s3_bucket.config.id
  key          = "config/${each.key}.yaml"
  source       = "${path.module}/config/${each.key}.yaml"
  content_type = "application/yaml"
  kms_key_id   = aws_kms_key.main.arn

  # S3 takes ten tags for an object, and the bucket has them all.
  override_provider {
    default_tags {
      tags = {}
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_ecs_task_definition" "main" {
  family                   = "acme-llm-gateway"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = "1024"
  memory                   = "4096"
  task_role_arn            = aws_iam_role.task.arn
  execution_role_arn       = aws_iam_role.execution.arn
  tags = {
    Name            = "acme-llm-gateway"
    "gwinfra:stack" = "gateway"
  }

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "ARM64"
  }

  container_definitions = jsonencode([
    {
      name                   = "litellm"
      image                  = var.litellm_image
      essential              = true
      cpu                    = 896
      memory                 = 3840
      user                   = "65534:65534"
      readonlyRootFilesystem = true
      entryPoint             = ["python3", "-c"]
      command = [
        join("\n", [
          "import hashlib, json, os, pathlib, sys, urllib.parse",
          "import boto3",
          "env = os.environ",
          "work = pathlib.Path(env[\"GATEWAY_WORK\"])",
          "work.mkdir(mode=0o700, parents=True, exist_ok=True)",
          "body = boto3.client(\"s3\").get_object(Bucket=env[\"CONFIG_BUCKET\"], Key=env[\"CONFIG_KEY\"])[\"Body\"].read()",
          "if hashlib.sha256(body).hexdigest() != pathlib.PurePosixPath(env[\"CONFIG_KEY\"]).stem:",
          "    sys.exit(\"the configuration object does not match its name\")",
          "config = work / \"config.yaml\"",
          "config.write_bytes(body)",
          "env[\"LITELLM_MASTER_KEY\"] = \"sk-\" + env.pop(\"MASTER_KEY\").removeprefix(\"sk-\")",
          "if \"DATABASE_PASSWORD\" in env:",
          "    user, password = (urllib.parse.quote(env.pop(name), safe=\"\") for name in (\"DATABASE_USER\", \"DATABASE_PASSWORD\"))",
          "    host, port, name = (env.pop(name) for name in (\"DATABASE_HOST\", \"DATABASE_PORT\", \"DATABASE_NAME\"))",
          "    env[\"DATABASE_URL\"] = f\"postgresql://{user}:{password}@{host}:{port}/{name}?sslmode=require\"",
          "    versions = boto3.client(\"secretsmanager\").describe_secret(SecretId=env[\"DATABASE_SECRET\"])[\"VersionIdsToStages\"]",
          "    current = next(version for version, stages in versions.items() if \"AWSCURRENT\" in stages)",
          "    (work / \"database-secret-version\").write_text(current)",
          "if env.pop(\"CACHE_CLUSTER\", \"\") == \"true\":",
          "    env[\"REDIS_CLUSTER_NODES\"] = json.dumps([{\"host\": env[\"REDIS_HOST\"], \"port\": int(env[\"REDIS_PORT\"])}])",
          "os.execvp(\"litellm\", [\"litellm\", \"--config\", str(config), \"--host\", \"0.0.0.0\", \"--port\", \"4000\", *sys.argv[1:]])",
          "",
        ]),
        "--num_workers",
        "1",
        "--keepalive_timeout",
        "610",
      ]
      portMappings = [
        { containerPort = 4000, protocol = "tcp" },
      ]
      environment = [
        { name = "AWS_REGION", value = "us-west-2" },
        { name = "CONFIG_BUCKET", value = aws_s3_bucket.config.id },
        { name = "CONFIG_KEY", value = "config/f7ce43917e6394779b1cc62b6abcb4e450bd31ad72fb2f4829c01c0095dccbe0.yaml" },
        { name = "GATEWAY_WORK", value = "/tmp/gateway" },
        { name = "LITELLM_MODE", value = "PRODUCTION" },
        { name = "LITELLM_TELEMETRY", value = "False" },
        { name = "LITELLM_LOG", value = "INFO" },
        { name = "LITELLM_NON_ROOT", value = "true" },
        { name = "LITELLM_ASSETS_PATH", value = "/tmp/litellm/assets" },
        { name = "LITELLM_UI_PATH", value = "/tmp/litellm/ui" },
        { name = "REQUEST_LOG_BUCKET", value = aws_s3_bucket.requests.id },
        { name = "LITELLM_MIGRATION_DIR", value = "/tmp/litellm/migrations" },
        { name = "CHECKPOINT_DISABLE", value = "1" },
        { name = "REDIS_HOST", value = local.cache_endpoint },
        { name = "REDIS_PORT", value = tostring(local.cache_port) },
        { name = "REDIS_USERNAME", value = "gateway" },
        { name = "REDIS_SSL", value = "True" },
        { name = "CACHE_CLUSTER", value = "true" },
      ]
      secrets = [
        { name = "MASTER_KEY", valueFrom = aws_secretsmanager_secret.master_key.arn },
        { name = "LITELLM_SALT_KEY", valueFrom = aws_secretsmanager_secret.salt_key.arn },
        { name = "DATABASE_URL", valueFrom = "arn:aws:secretsmanager:us-west-2:111122223333:secret:acme/litellm-database-url-AbCdEf" },
        { name = "REDIS_PASSWORD", valueFrom = "${aws_secretsmanager_secret.cache_password.arn}:password::" },
      ]
      healthCheck = {
        command = [
          "CMD",
          "python3",
          "-c",
          join("\n", [
            "import os, pathlib, sys, time",
            "from urllib.request import ProxyHandler, build_opener",
            "build_opener(ProxyHandler({})).open(\"http://127.0.0.1:4000/health/liveliness\", timeout=5).read()",
            "seen = pathlib.Path(os.environ[\"GATEWAY_WORK\"]) / \"database-secret-version\"",
            "if seen.exists() and time.time() - seen.stat().st_mtime > 300:",
            "    import boto3",
            "    try:",
            "        versions = boto3.client(\"secretsmanager\").describe_secret(SecretId=os.environ[\"DATABASE_SECRET\"])",
            "        stages = versions[\"VersionIdsToStages\"].get(seen.read_text(), [])",
            "    except Exception:",
            "        sys.exit(0)",
            "    if \"AWSCURRENT\" not in stages:",
            "        sys.exit(\"the database password was rotated\")",
            "    os.utime(seen)",
            "",
          ]),
        ]
        interval    = 30
        timeout     = 10
        retries     = 3
        startPeriod = 300
      }
      linuxParameters = {
        initProcessEnabled = true
        capabilities = {
          drop = ["ALL"]
        }
        tmpfs = [
          {
            containerPath = "/tmp"
            size          = 480
            mountOptions  = ["rw", "nosuid", "nodev", "mode=1777"]
          },
        ]
      }
      ulimits = [
        { name = "nofile", softLimit = 65536, hardLimit = 65536 },
      ]
      stopTimeout = 120
      # A full buffer drops lines rather than stop the container while CloudWatch Logs is slow.
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          awslogs-group         = aws_cloudwatch_log_group.litellm.name
          awslogs-region        = "us-west-2"
          awslogs-stream-prefix = "litellm"
          mode                  = "non-blocking"
          max-buffer-size       = "25m"
        }
      }
    },
    {
      name                   = "middleware"
      image                  = var.middleware_image
      essential              = true
      cpu                    = 128
      memory                 = 256
      user                   = "65532:65532"
      readonlyRootFilesystem = true
      portMappings = [
        { containerPort = 3000, protocol = "tcp" },
      ]
      environment = [
        { name = "AWS_REGION", value = "us-west-2" },
        { name = "PORT", value = "3000" },
        { name = "UPSTREAM_URL", value = "http://127.0.0.1:4000" },
        { name = "REQUEST_TIMEOUT_SECONDS", value = "600" },
        { name = "BEDROCK_API", value = "true" },
        { name = "MANAGED_PROMPTS", value = "true" },
        { name = "CHAT_HISTORY", value = "true" },
        { name = "CHAT_HISTORY_RETENTION_DAYS", value = "90" },
        { name = "MAX_BODY_MIB", value = "32" },
        { name = "BODY_MEMORY_MIB", value = "64" },
      ]
      secrets = [
        { name = "DATABASE_MIDDLEWARE_URL", valueFrom = "arn:aws:secretsmanager:us-west-2:111122223333:secret:acme/litellm-database-url-AbCdEf" },
        { name = "MASTER_KEY", valueFrom = aws_secretsmanager_secret.master_key.arn },
      ]
      # Also the order of stopping, reversed: LiteLLM stays until the middleware has answered everything.
      dependsOn = [
        { containerName = "litellm", condition = "HEALTHY" },
      ]
      healthCheck = {
        command     = ["CMD", "/middleware", "healthcheck"]
        interval    = 30
        timeout     = 10
        retries     = 3
        startPeriod = 30
      }
      linuxParameters = {
        initProcessEnabled = true
        capabilities = {
          drop = ["ALL"]
        }
      }
      ulimits = [
        { name = "nofile", softLimit = 65536, hardLimit = 65536 },
      ]
      stopTimeout = 120
      # A full buffer drops lines rather than stop the container while CloudWatch Logs is slow.
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          awslogs-group         = aws_cloudwatch_log_group.middleware.name
          awslogs-region        = "us-west-2"
          awslogs-stream-prefix = "middleware"
          mode                  = "non-blocking"
          max-buffer-size       = "25m"
        }
      }
    },
  ])

  # A revision that a service still runs must not be deregistered.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_ecs_service" "main" {
  name            = "acme-llm-gateway"
  cluster         = aws_ecs_cluster.main.arn
  task_definition = aws_ecs_task_definition.main.arn
  # Of a new service: see ignore_changes below.
  desired_count                      = 2
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  availability_zone_rebalancing      = "ENABLED"
  # Migrations of the database run before the first answer.
  health_check_grace_period_seconds = 300
  enable_execute_command            = false
  enable_ecs_managed_tags           = true
  propagate_tags                    = "SERVICE"
  # Without it, the provider would replace the service to change its shares of on-demand and spot tasks.
  force_new_deployment = true
  # Terraform deletes the configuration and the revision before as soon as this is done. Were it done before the new
  # tasks run, tasks of a deployment that is rolled back could never start again.
  wait_for_steady_state = var.wait_for_deployment
  tags = {
    Name            = "acme-llm-gateway"
    "gwinfra:stack" = "gateway"
  }

  capacity_provider_strategy {
    capacity_provider = "FARGATE"
    base              = 2
    weight            = 100
  }

  network_configuration {
    assign_public_ip = false
    subnets          = local.private_subnet_ids
    security_groups  = [aws_security_group.task.id]
  }

  load_balancer {
    container_name   = "litellm"
    container_port   = 4000
    target_group_arn = aws_lb_target_group.litellm.arn
  }

  load_balancer {
    container_name   = "middleware"
    container_port   = 3000
    target_group_arn = aws_lb_target_group.middleware.arn
  }

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  # Old tasks may take an hour to end their streams.
  timeouts {
    create = "30m"
    update = "120m"
  }

  lifecycle {
    # Autoscaling sets it: an apply would undo that in the middle of the day.
    ignore_changes = [desired_count]

    # A deployment that was rolled back is steady too.
    postcondition {
      condition     = !var.wait_for_deployment || self.task_definition == aws_ecs_task_definition.main.arn
      error_message = "The new tasks did not become healthy, and ECS went back to the ones before."
    }
  }

  # ECS refuses a target group that no listener uses, and tasks that start need their configuration and permissions.
  depends_on = [
    aws_lb_listener.https,
    aws_lb_listener_rule.main,
    aws_ecs_cluster_capacity_providers.main,
    aws_iam_role_policy.execution,
    aws_iam_role_policy.task,
    aws_iam_role_policy_attachment.bedrock,
    aws_s3_object.config,
    # A secret is there before its value is, and a task does not start without.
    aws_secretsmanager_secret_version.master_key,
    aws_secretsmanager_secret_version.salt_key,
  ]
}
