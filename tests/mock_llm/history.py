# Has conversations that a gateway keeps, with OpenAI's SDK, and prints what was kept of them.
#
#     history.py URL KEY MODEL
import json, sys, urllib.request

import openai

url, key, model = sys.argv[1:4]
client = openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0)
TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}]


def ask(message, fields, **more):
    return client.chat.completions.create(model=model, messages=[message], extra_body=fields, **more)


def kept(session):
    body = json.dumps({"session_id": session}).encode()
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    request = urllib.request.Request(f"{url}/chat-history", body, headers)
    return json.load(urllib.request.urlopen(request))["messages"]


def short(message):
    if message.get("tool_calls"):
        return [message["role"], [call["function"]["name"] for call in message["tool_calls"]]]
    return [message["role"], message["content"]]


question = {"role": "user", "content": "Are you there?"}
chunks = list(ask(question, {"enable_history": True}, stream=True, stream_options={"include_usage": True}))
session = chunks[0].model_extra["session_id"]
calls = [choice.delta.tool_calls[0] for chunk in ask(
    {"role": "user", "content": "And the weather?"}, {"session_id": session}, stream=True, tools=TOOLS,
) for choice in chunk.choices if choice.delta.tool_calls]
told = {"role": "tool", "tool_call_id": calls[0].id, "content": "sunny"}
after = ask(told, {"session_id": session}, tools=TOOLS)
try:
    ask(question, {"session_id": "6f1c0b3e-0000-4000-8000-000000000000"})
    unknown = None
except openai.AuthenticationError as error:
    unknown = error.status_code

print(json.dumps({
    "streamed": "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices),
    "tokens": chunks[-1].usage.total_tokens,
    "same session": after.model_extra["session_id"] == session,
    "kept": [short(message) for message in kept(session)],
    "unknown": unknown,
}))
