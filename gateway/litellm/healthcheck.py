# Exit 0: LiteLLM answers, and its database password is still the current one.
import os, pathlib, sys, time, urllib.request

# A proxy that is set for calls to the outside does not lead to this task.
urllib.request.install_opener(urllib.request.build_opener(urllib.request.ProxyHandler({})))
urllib.request.urlopen("http://127.0.0.1:4000/health/liveliness", timeout=5).read()

# Secrets reach a task only when it starts. After RDS rotated the password, new connections would fail: the task says
# that it is unhealthy, and ECS starts another before it stops this one. Asked every five minutes.
seen = pathlib.Path(os.environ["GATEWAY_WORK"]) / "database-secret-version"
if seen.exists() and time.time() - seen.stat().st_mtime > 300:
    import boto3
    try:
        versions = boto3.client("secretsmanager").describe_secret(SecretId=os.environ["DATABASE_SECRET"])
        stages = versions["VersionIdsToStages"].get(seen.read_text(), [])
    except Exception:
        # Not known is no reason to stop a task that answers.
        sys.exit(0)
    if "AWSCURRENT" not in stages:
        sys.exit("the database password was rotated")
    os.utime(seen)
