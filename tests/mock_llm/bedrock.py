# Calls the mocked model as Bedrock, and prints what boto3 has made of its answers.
import json, sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from calls import QUESTION, TOOLS, answer, streamed, text_of, tool_of, used_tool

client = boto3.client(
    "bedrock-runtime", endpoint_url=sys.argv[1], region_name="us-west-2",
    aws_access_key_id="222222222222", aws_secret_access_key="none", config=Config(retries={"total_max_attempts": 1}),
)
MODEL = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"

use, after = used_tool(client, MODEL)
text_events = streamed(client, MODEL)

BODY = json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 100, "messages": [{"role": "user", "content": "Are you there?"}]})
invoked = json.load(client.invoke_model(modelId=MODEL, body=BODY)["body"])
chunks = [json.loads(event["chunk"]["bytes"]) for event in client.invoke_model_with_response_stream(modelId=MODEL, body=BODY)["body"]]
try:
    client.converse(modelId=MODEL, messages=[])
    empty = None
except ClientError as error:
    empty = error.response["Error"]["Code"]

print(json.dumps({
    "converse": answer(client.converse(modelId=MODEL, messages=QUESTION)),
    "cut off": answer(client.converse(modelId=MODEL, messages=QUESTION, inferenceConfig={"maxTokens": 2})),
    "stream": {
        "text": text_of(text_events),
        "events": list(dict.fromkeys(name for name, _ in text_events)),
    },
    "tool": use,
    "streamed tool": tool_of(streamed(client, MODEL, toolConfig=TOOLS)),
    "after the tool": after,
    "invoke": {"text": invoked["content"][0]["text"], "stop": invoked["stop_reason"]},
    "invoke stream": {
        "text": "".join(chunk["delta"]["text"] for chunk in chunks if chunk["type"] == "content_block_delta"),
        "stop": next(chunk["delta"]["stop_reason"] for chunk in chunks if chunk["type"] == "message_delta"),
    },
    "count": [
        client.count_tokens(modelId=MODEL, input={"converse": {"messages": QUESTION}})["inputTokens"],
        client.count_tokens(modelId=MODEL, input={"invokeModel": {"body": BODY}})["inputTokens"],
    ],
    "empty": empty,
}))
