# Calls the mocked model as Bedrock, and prints what boto3 has made of its answers.
import json, sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

client = boto3.client(
    "bedrock-runtime", endpoint_url=sys.argv[1], region_name="us-west-2",
    aws_access_key_id="222222222222", aws_secret_access_key="none", config=Config(retries={"total_max_attempts": 1}),
)
MODEL = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
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
    events = list(client.converse_stream(modelId=MODEL, messages=QUESTION, **more)["stream"])
    return [next(iter(event.items())) for event in events]


called = client.converse(modelId=MODEL, messages=QUESTION, toolConfig=TOOLS)
use = called["output"]["message"]["content"][0]["toolUse"]
result = {"role": "user", "content": [{"toolResult": {"toolUseId": use["toolUseId"], "content": [{"text": "sunny"}]}}]}
after = client.converse(modelId=MODEL, messages=[*QUESTION, called["output"]["message"], result], toolConfig=TOOLS)

text_events = streamed()
tool_events = dict(streamed(toolConfig=TOOLS))
tool_input = "".join(
    body["delta"]["toolUse"]["input"] for name, body in streamed(toolConfig=TOOLS) if name == "contentBlockDelta"
)

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
        "text": "".join(body["delta"]["text"] for name, body in text_events if name == "contentBlockDelta"),
        "events": list(dict.fromkeys(name for name, _ in text_events)),
    },
    "tool": {"name": use["name"], "input": use["input"], "stop": called["stopReason"]},
    "streamed tool": {
        "name": tool_events["contentBlockStart"]["start"]["toolUse"]["name"],
        "input": json.loads(tool_input),
        "stop": tool_events["messageStop"]["stopReason"],
    },
    "after the tool": after["output"]["message"]["content"][0]["text"],
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
