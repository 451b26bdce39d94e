# Calls a gateway's Converse API as CONVERSE.md says, and prints what boto3 has made of its answers.
#
#     converse.py URL KEY MODEL
import json, os, sys

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from calls import QUESTION, TOOLS, answer, streamed, text_of, tool_of, used_tool

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


def refused(call):
    try:
        call()
    except ClientError as error:
        return [error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]]


use, after = used_tool(client, model)
text_events = streamed(client, model)
usage = dict(text_events)["metadata"]["usage"]

print(json.dumps({
    "converse": answer(client.converse(modelId=model, messages=QUESTION)),
    "cut off": answer(client.converse(modelId=model, messages=QUESTION, inferenceConfig={"maxTokens": 2})),
    "stream": {
        "text": text_of(text_events),
        "stop": dict(text_events)["messageStop"]["stopReason"],
        "tokens": [usage["inputTokens"], usage["outputTokens"], usage["totalTokens"]],
        "events": list(dict.fromkeys(name for name, _ in text_events)),
    },
    "tool": use,
    "streamed tool": tool_of(streamed(client, model, toolConfig=TOOLS)),
    "after the tool": after,
    "empty": refused(lambda: client.converse(modelId=model, messages=[])),
    "not carried": refused(lambda: client.converse(
        modelId=model, messages=[{"role": "user", "content": [{"text": "a"}, {"searchResult": {
            "source": "s", "title": "t", "content": [{"text": "x"}]}}]}])),
    "a stranger": refused(lambda: connect("sk-nobody").converse(modelId=model, messages=QUESTION)),
}))
