# Starts LiteLLM with a configuration, asks its API for what it serves, calls each deployment, ends it, and prints the
# answers as JSON.
#
# There is no database and no Redis: LiteLLM serves without either, and says so in its log. Bedrock is played here, and
# remembers who called. So is STS, unless the variable STS names a service that gives the credentials; LiteLLM then begins
# with those of AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.
import http.server, json, os, pathlib, re, socket, subprocess, sys, threading, time, urllib.error, urllib.parse, urllib.request

config, log = sys.argv[1:3]
KEY = "sk-test-master-key"
HUB = "111122223333"
STS = os.environ.get("STS")
# Bedrock throttles every call.
THROTTLE = "THROTTLE" in os.environ
roles, calls, guarded = {}, [], set()
# Whose the credentials are that STS has given.
own = os.environ.get("AWS_ACCESS_KEY_ID", f"AKIA{HUB}TASK") if STS else f"AKIA{HUB}TASK"
accounts = {own: HUB}


class Amazon(http.server.BaseHTTPRequestHandler):
    """Gives each role credentials in whose name its account is, and answers every call of a model."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode(errors="replace")
        query = urllib.parse.parse_qs(body)
        match query.get("Action"):
            case ["AssumeRole"]:
                asked = {name: query.get(name, [None])[0] for name in ("RoleArn", "RoleSessionName", "ExternalId")}
                account = asked["RoleArn"].split(":")[4]
                accounts[f"ASIA{account}ROLE"] = account
                roles[account] = asked
                if STS:
                    return self.forward(body, account)
                return self.answer("text/xml", f"""<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
                  <AssumeRoleResult><Credentials><AccessKeyId>ASIA{account}ROLE</AccessKeyId>
                  <SecretAccessKey>none</SecretAccessKey><SessionToken>none</SessionToken>
                  <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials><AssumedRoleUser><Arn>{asked["RoleArn"]}</Arn>
                  <AssumedRoleId>A:a</AssumedRoleId></AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>""")
            case ["GetCallerIdentity"] if STS:
                return self.forward(body, HUB)
            case ["GetCallerIdentity"]:
                return self.answer("text/xml", f"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
                  <GetCallerIdentityResult><Arn>arn:aws:sts::{HUB}:assumed-role/task/a</Arn><UserId>A:a</UserId>
                  <Account>{HUB}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>""")
        if self.path.startswith("/guardrail/"):
            guarded.add(self.path)
            return self.answer("application/json", json.dumps({"action": "NONE", "outputs": [], "assessments": []}))
        signed = re.search(r"Credential=(\w+)/\d+/([\w-]+)/bedrock/", self.headers.get("Authorization") or "")
        calls.append({
            "account": signed and accounts.get(signed[1]),
            "region": signed and signed[2],
            "path": urllib.parse.unquote(self.path),
        })
        if THROTTLE:
            return self.answer("application/json", json.dumps({"message": "Too many tokens, please wait before trying again."}), 429)
        message = {"role": "assistant", "content": [{"text": "yes"}]}
        self.answer("application/json", json.dumps({
            "output": {"message": message},
            "stopReason": "end_turn",
            "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2},
        }))

    def forward(self, body, account):
        """Lets the service answer, and notes whose the credentials are that it gives."""
        headers = {name: self.headers[name] for name in ("Authorization", "Content-Type", "X-Amz-Date", "X-Amz-Security-Token") if name in self.headers}
        try:
            with urllib.request.urlopen(urllib.request.Request(STS, data=body.encode(), headers=headers), timeout=30) as answer:
                text = answer.read().decode()
        except urllib.error.HTTPError as error:
            return self.answer("text/xml", error.read().decode(), error.code)
        if given := re.search(r"<AccessKeyId>(\w+)</AccessKeyId>", text):
            accounts[given[1]] = account
        self.answer("text/xml", text)

    # Request logs go to S3.
    def do_PUT(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.answer("text/plain", "")

    def answer(self, kind, text, status=200):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


amazon = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Amazon)
threading.Thread(target=amazon.serve_forever, daemon=True).start()
endpoint = f"http://127.0.0.1:{amazon.server_port}"

with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]

env = {
    "PATH": os.environ["PATH"],
    "HOME": os.path.dirname(os.path.abspath(log)),
    "LITELLM_MASTER_KEY": KEY,
    "REDIS_HOST": "127.0.0.1",
    "REDIS_PORT": "1",
    "REDIS_PASSWORD": "none",
    "REQUEST_LOG_BUCKET": "acme-llm-requests",
    "OPENAI_API_KEY": "sk-none",
    # The task role's, as it were.
    "AWS_ACCESS_KEY_ID": own,
    "AWS_SECRET_ACCESS_KEY": os.environ["AWS_SECRET_ACCESS_KEY"] if STS else "none",
    "AWS_REGION": "us-east-1",
    # Nothing may leave the machine: neither calls of AWS, nor lists of prices and telemetry.
    "AWS_ENDPOINT_URL": endpoint,
    "AWS_STS_ENDPOINT": endpoint,
    "AWS_BEDROCK_RUNTIME_ENDPOINT": endpoint,
    "AWS_EC2_METADATA_DISABLED": "true",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "HF_HUB_OFFLINE": "1",
    "NO_PROXY": "127.0.0.1",
}
if STS and "AWS_SESSION_TOKEN" in os.environ:
    env["AWS_SESSION_TOKEN"] = os.environ["AWS_SESSION_TOKEN"]
program = pathlib.Path(sys.executable).with_name("litellm")
command = [program, "--config", config, "--host", "127.0.0.1", "--port", str(port), "--telemetry", "False"]


def ask(path, key=KEY, body=None):
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=data, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def call(deployment):
    """Calls one deployment by its id, and says what reached Bedrock."""
    before = len(calls)
    status, answer = ask("/v1/chat/completions", body={
        "model": deployment, "messages": [{"role": "user", "content": "Are you there?"}], "num_retries": 0, "disable_fallbacks": True,
    })
    return {"status": status, "answer": answer if status != 200 else None, "calls": calls[before:]}


with open(log, "wb") as output:
    litellm = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + 240
        while True:
            try:
                ask("/health/liveliness")
                break
            except OSError:
                if litellm.poll() is not None or time.monotonic() > deadline:
                    sys.exit(pathlib.Path(log).read_text()[-4000:])
                time.sleep(0.3)
        deployments = ask("/model/info")
        bedrock = [one for one in deployments[1]["data"] if one["litellm_params"]["model"].startswith("bedrock/")]
        print(json.dumps({
            "models": ask("/v1/models"),
            "deployments": deployments,
            "guardrails": ask("/guardrails/list"),
            "without a key": ask("/v1/models", key=None),
            "calls": {one["model_info"]["id"]: call(one["model_info"]["id"]) for one in bedrock},
            "roles": roles,
            "guarded": sorted(guarded),
        }))
    finally:
        litellm.terminate()
        try:
            litellm.wait(20)
        except subprocess.TimeoutExpired:
            litellm.kill()
            litellm.wait()
