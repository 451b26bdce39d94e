# Calls the mocked model, or a gateway before it, as OpenAI, and prints what the SDK has made of its answers.
#
#     openai_sdk.py URL [KEY MODEL]
import json, sys

import openai

key, model = sys.argv[2:] or ["sk-any", "m"]
client = openai.OpenAI(base_url=f"{sys.argv[1]}/v1", api_key=key, max_retries=0)
QUESTION = [{"role": "user", "content": "Are you there?"}]
TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}]


def ask(messages=QUESTION, **more):
    return client.chat.completions.create(model=model, messages=messages, **more)


def tokens(usage):
    return [usage.prompt_tokens, usage.completion_tokens, usage.total_tokens]


def answer(**more):
    got = ask(**more)
    return {"text": got.choices[0].message.content, "finish": got.choices[0].finish_reason, "tokens": tokens(got.usage)}


chunks = list(ask(stream=True, stream_options={"include_usage": True}))
tool_chunks = [chunk.choices[0] for chunk in ask(stream=True, tools=TOOLS)]
calls = [choice.delta.tool_calls[0] for choice in tool_chunks if choice.delta.tool_calls]
called = ask(tools=TOOLS).choices[0]
use = called.message.tool_calls[0]
result = {"role": "tool", "tool_call_id": use.id, "content": "sunny"}
after = ask(messages=[*QUESTION, called.message.model_dump(exclude_none=True), result], tools=TOOLS)
try:
    ask(messages=[])
    wrong = None
except openai.BadRequestError as error:
    wrong = {"status": error.status_code, "param": error.param}
try:
    models = [listed.id for listed in client.models.list()]
except openai.NotFoundError:
    # The middleware alone lists none.
    models = None

print(json.dumps({
    "chat": answer(),
    "cut off": answer(max_tokens=2),
    "stream": {
        "text": "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices),
        "finish": next(choice.finish_reason for chunk in chunks for choice in chunk.choices if choice.finish_reason),
        "tokens": tokens(chunks[-1].usage),
    },
    "tool": {"name": use.function.name, "arguments": json.loads(use.function.arguments), "finish": called.finish_reason},
    "streamed tool": {
        "name": calls[0].function.name,
        "arguments": json.loads("".join(call.function.arguments for call in calls)),
        "finish": tool_chunks[-1].finish_reason,
    },
    "after the tool": after.choices[0].message.content,
    "wrong": wrong,
    "models": models,
}))
