# Starts LiteLLM with a configuration, asks its API for what it serves, ends it, and prints the answers as JSON.
#
# There is no database and no Redis: LiteLLM serves without either, and says so in its log.
import json, os, pathlib, socket, subprocess, sys, time, urllib.error, urllib.request

config, log = sys.argv[1:3]
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]

KEY = "sk-test-master-key"
env = {
    "PATH": os.environ["PATH"],
    "HOME": os.path.dirname(os.path.abspath(log)),
    "LITELLM_MASTER_KEY": KEY,
    "REDIS_HOST": "127.0.0.1",
    "REDIS_PORT": "1",
    "REDIS_PASSWORD": "none",
    "REQUEST_LOG_BUCKET": "acme-llm-requests",
    "OPENAI_API_KEY": "sk-none",
    # Nothing may leave the machine: neither calls of AWS, nor lists of prices and telemetry.
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "HF_HUB_OFFLINE": "1",
}
program = pathlib.Path(sys.executable).with_name("litellm")
command = [program, "--config", config, "--host", "127.0.0.1", "--port", str(port), "--telemetry", "False"]


def get(path, key=KEY):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Authorization": f"Bearer {key}"} if key else {})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


with open(log, "wb") as output:
    litellm = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + 240
        while True:
            try:
                get("/health/liveliness")
                break
            except OSError:
                if litellm.poll() is not None or time.monotonic() > deadline:
                    sys.exit(pathlib.Path(log).read_text()[-4000:])
                time.sleep(0.3)
        print(json.dumps({
            "models": get("/v1/models"),
            "deployments": get("/model/info"),
            "guardrails": get("/guardrails/list"),
            "without a key": get("/v1/models", key=None),
        }))
    finally:
        litellm.terminate()
        try:
            litellm.wait(20)
        except subprocess.TimeoutExpired:
            litellm.kill()
            litellm.wait()
