# Composes what a template cannot, then becomes LiteLLM. Nothing of it is logged or put on a command line.
import hashlib, json, os, pathlib, sys, urllib.parse
import boto3

env = os.environ
work = pathlib.Path(env["GATEWAY_WORK"])
work.mkdir(mode=0o700, parents=True, exist_ok=True)

# The configuration is stored under its own hash: what does not match is not what was planned.
body = boto3.client("s3").get_object(Bucket=env["CONFIG_BUCKET"], Key=env["CONFIG_KEY"])["Body"].read()
if hashlib.sha256(body).hexdigest() != pathlib.PurePosixPath(env["CONFIG_KEY"]).stem:
    sys.exit("the configuration object does not match its name")
config = work / "config.yaml"
config.write_bytes(body)

# LiteLLM accepts only keys that begin with "sk-", and Secrets Manager cannot generate a prefix.
env["LITELLM_MASTER_KEY"] = "sk-" + env.pop("MASTER_KEY").removeprefix("sk-")

# Generated passwords hold characters that end a URL's user information.
if "DATABASE_PASSWORD" in env:
    user, password = (urllib.parse.quote(env.pop(name), safe="") for name in ("DATABASE_USER", "DATABASE_PASSWORD"))
    host, port, name = (env.pop(name) for name in ("DATABASE_HOST", "DATABASE_PORT", "DATABASE_NAME"))
    env["DATABASE_URL"] = f"postgresql://{user}:{password}@{host}:{port}/{name}?sslmode=require"
    # The health check compares it: a task that has an old password has to be replaced.
    versions = boto3.client("secretsmanager").describe_secret(SecretId=env["DATABASE_SECRET"])["VersionIdsToStages"]
    current = next(version for version, stages in versions.items() if "AWSCURRENT" in stages)
    (work / "database-secret-version").write_text(current)

# ElastiCache Serverless speaks the cluster protocol.
if env.pop("CACHE_CLUSTER", "") == "true":
    env["REDIS_CLUSTER_NODES"] = json.dumps([{"host": env["REDIS_HOST"], "port": int(env["REDIS_PORT"])}])

os.execvp("litellm", ["litellm", "--config", str(config), "--host", "0.0.0.0", "--port", "4000", *sys.argv[1:]])
