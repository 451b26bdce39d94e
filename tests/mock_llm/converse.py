# Calls a gateway's Converse API as CONVERSE.md says, and prints what boto3 has made of its answers.
#
#     converse.py URL KEY MODEL
import json, os, sys

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

url, key, model = sys.argv[1:4]
over_tls = url.startswith("https://")


def connect(key):
    if over_tls:
        # The one way that needs no code: botocore sends such a key over https only.
        os.environ["AWS_BEARER_TOKEN_BEDROCK"] = key
    own = {} if over_tls else {"signature_version": UNSIGNED}
    client = boto3.client(
        "bedrock-runtime", endpoint_url=f"{url}/bedrock", region_name="us-east-1",
        config=Config(retries={"total_max_attempts": 1}, **own),
    )
    if not over_tls:
        client.meta.events.register(
            "request-created.*", lambda request, **_: request.headers.add_header("Authorization", f"Bearer {key}")
        )
    return client


client = connect(key)
QUESTION = [{"role": "user", "content": [{"text": "Are you there?"}]}]
TOOLS = {"tools": [{"toolSpec": {"name": "weather", "inputSchema": {"json": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}}]}


def answer(got):
    usage = got["usage"]
    return {
        "text": got["output"]["message"]["content"][0]["text"],
        "stop": got["stopReason"],
        "tokens": [usage["inputTokens"], usage["outputTokens"], usage["totalTokens"]],
    }


def streamed(**more):
    events = list(client.converse_stream(modelId=model, messages=QUESTION, **more)["stream"])
    return [next(iter(event.items())) for event in events]


def refused(call):
    try:
        call()
    except ClientError as error:
        return [error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]]


called = client.converse(modelId=model, messages=QUESTION, toolConfig=TOOLS)
use = called["output"]["message"]["content"][0]["toolUse"]
result = {"role": "user", "content": [{"toolResult": {"toolUseId": use["toolUseId"], "content": [{"text": "sunny"}]}}]}
after = client.converse(modelId=model, messages=[*QUESTION, called["output"]["message"], result], toolConfig=TOOLS)

text_events = streamed()
tool_events = streamed(toolConfig=TOOLS)
of_tool = dict(tool_events)
tool_input = "".join(body["delta"]["toolUse"]["input"] for name, body in tool_events if name == "contentBlockDelta")
usage = dict(text_events)["metadata"]["usage"]

print(json.dumps({
    "converse": answer(client.converse(modelId=model, messages=QUESTION)),
    "cut off": answer(client.converse(modelId=model, messages=QUESTION, inferenceConfig={"maxTokens": 2})),
    "stream": {
        "text": "".join(body["delta"]["text"] for name, body in text_events if name == "contentBlockDelta"),
        "stop": dict(text_events)["messageStop"]["stopReason"],
        "tokens": [usage["inputTokens"], usage["outputTokens"], usage["totalTokens"]],
        "events": list(dict.fromkeys(name for name, _ in text_events)),
    },
    "tool": {"name": use["name"], "input": use["input"], "stop": called["stopReason"]},
    "streamed tool": {
        "name": of_tool["contentBlockStart"]["start"]["toolUse"]["name"],
        "input": json.loads(tool_input),
        "stop": of_tool["messageStop"]["stopReason"],
    },
    "after the tool": after["output"]["message"]["content"][0]["text"],
    "empty": refused(lambda: client.converse(modelId=model, messages=[])),
    "not carried": refused(lambda: client.converse(
        modelId=model, messages=[{"role": "user", "content": [{"text": "a"}, {"searchResult": {
            "source": "s", "title": "t", "content": [{"text": "x"}]}}]}])),
    "a stranger": refused(lambda: connect("sk-nobody").converse(modelId=model, messages=QUESTION)),
}))
