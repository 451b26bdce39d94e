# What the scripts of this folder ask of Bedrock, and how they tell of its answers.
import json

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


def streamed(client, model, **more):
    """The events of a stream: pairs of their names and bodies."""
    events = list(client.converse_stream(modelId=model, messages=QUESTION, **more)["stream"])
    return [next(iter(event.items())) for event in events]


def text_of(events):
    return "".join(body["delta"]["text"] for name, body in events if name == "contentBlockDelta")


def tool_of(events):
    """The call of a tool that a stream tells in pieces, and why the stream ended."""
    bodies = dict(events)
    text = "".join(body["delta"]["toolUse"]["input"] for name, body in events if name == "contentBlockDelta")
    return {
        "name": bodies["contentBlockStart"]["start"]["toolUse"]["name"],
        "input": json.loads(text),
        "stop": bodies["messageStop"]["stopReason"],
    }


def used_tool(client, model):
    """Calls a tool, answers it, and gives the call and what the model says then."""
    called = client.converse(modelId=model, messages=QUESTION, toolConfig=TOOLS)
    message = called["output"]["message"]
    use = message["content"][0]["toolUse"]
    result = {"role": "user", "content": [{"toolResult": {"toolUseId": use["toolUseId"], "content": [{"text": "sunny"}]}}]}
    after = client.converse(modelId=model, messages=[*QUESTION, message, result], toolConfig=TOOLS)
    call = {"name": use["name"], "input": use["input"], "stop": called["stopReason"]}
    return call, after["output"]["message"]["content"][0]["text"]
