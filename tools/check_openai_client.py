"""Drives a running server with OpenAI's own Python client, and fails where an answer is not what the client's types promise.

usage: check_openai_client.py BASE_URL [TOKEN]

BASE_URL  such as http://127.0.0.1:8080/v1, of `sottovoce serve` with SmolLM2-135M-Instruct
"""

import json
import sys

import openai

QUESTION = [{"role": "user", "content": "What is the capital of Japan?"}]


def chats(client):
    answer = client.chat.completions.create(model="default", messages=QUESTION, temperature=0, logprobs=True, top_logprobs=2)
    choice = answer.choices[0]
    assert "Tokyo" in choice.message.content, choice
    assert choice.finish_reason == "stop", choice
    assert len(choice.logprobs.content) == answer.usage.completion_tokens, answer
    assert len(choice.logprobs.content[0].top_logprobs) == 2, choice.logprobs
    joined = b"".join(bytes(token.bytes) for token in choice.logprobs.content[:-1]).decode()
    assert joined == choice.message.content, joined


def streams(client):
    with client.chat.completions.create(
        model="default", messages=QUESTION, temperature=0, stream=True, stream_options={"include_usage": True}
    ) as pieces:
        pieces = list(pieces)
    text = "".join(piece.choices[0].delta.content or "" for piece in pieces if piece.choices)
    assert "Tokyo" in text, text
    assert pieces[-1].usage.completion_tokens > 0, pieces[-1]


def schemas(client):
    schema = {
        "type": "object",
        "properties": {"capital": {"type": "string", "maxLength": 30}},
        "required": ["capital"],
        "additionalProperties": False,
    }
    response_format = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": True}}
    answer = client.chat.completions.create(model="default", messages=QUESTION, response_format=response_format)
    assert list(json.loads(answer.choices[0].message.content)) == ["capital"], answer


def tools(client):
    tool = {
        "type": "function",
        "function": {"name": "capital", "parameters": {"type": "object", "properties": {"country": {"type": "string"}}}},
    }
    answer = client.chat.completions.create(model="default", messages=QUESTION, tools=[tool], temperature=0, max_tokens=60)
    for call in answer.choices[0].message.tool_calls or []:
        assert call.function.name == "capital" and isinstance(json.loads(call.function.arguments), dict), call


def forced_tools(client):
    parameters = {
        "type": "object",
        "properties": {"country": {"type": "string", "maxLength": 20}},
        "required": ["country"],
        "additionalProperties": False,
    }
    tools = [{"type": "function", "function": {"name": "capital", "parameters": parameters}}]
    for choice in ("required", {"type": "function", "function": {"name": "capital"}}):
        request = {"model": "default", "messages": QUESTION, "tools": tools, "tool_choice": choice, "temperature": 0}
        whole = client.chat.completions.create(**request)
        with client.chat.completions.stream(**request) as stream:
            streamed = stream.get_final_completion()
        for answer in (whole, streamed):
            (call,) = answer.choices[0].message.tool_calls
            assert call.function.name == "capital" and list(json.loads(call.function.arguments)) == ["country"], call
            assert answer.choices[0].finish_reason == "tool_calls", answer


def responses(client):
    first = client.responses.create(model="default", input=QUESTION, temperature=0, instructions="Be brief.")
    assert "Tokyo" in first.output_text and first.status == "completed", first
    assert client.responses.retrieve(first.id).output == first.output
    second = client.responses.create(
        model="default", input="Say that again.", previous_response_id=first.id, temperature=0, max_output_tokens=5
    )
    assert second.status == "incomplete" and second.incomplete_details.reason == "max_output_tokens", second
    client.responses.delete(first.id)
    try:
        client.responses.retrieve(first.id)
    except openai.NotFoundError:
        pass
    else:
        raise AssertionError("a deleted response is still there")


def streamed_responses(client):
    kinds, text = [], ""
    with client.responses.stream(model="default", input=QUESTION, temperature=0) as stream:
        for event in stream:
            if kinds[-1:] != [event.type]:
                kinds.append(event.type)
            if event.type == "response.output_text.delta":
                text += event.delta
        final = stream.get_final_response()
    assert kinds == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ], kinds
    assert final.output_text == text and "Tokyo" in text, final


def responses_with_tools(client):
    parameters = {"type": "object", "properties": {"city": {"type": "string", "maxLength": 20}}, "required": ["city"]}
    tools = [{"type": "function", "name": "weather", "parameters": parameters, "strict": False}]
    called = client.responses.create(
        model="default", input="Weather in Oslo?", tools=tools, tool_choice="required", temperature=0
    )
    (call,) = called.output
    assert call.type == "function_call" and "city" in json.loads(call.arguments), call
    answer = client.responses.create(
        model="default",
        input=[{"type": "function_call_output", "call_id": call.call_id, "output": "Snow, 3 degrees below zero."}],
        previous_response_id=called.id,
        tools=tools,
        temperature=0,
    )
    assert "3 degrees" in answer.output_text, answer


def response_schemas(client):
    schema = {"type": "object", "properties": {"capital": {"type": "string", "maxLength": 30}}, "required": ["capital"]}
    text = {"format": {"type": "json_schema", "name": "answer", "schema": schema}}
    answer = client.responses.create(model="default", input=QUESTION, text=text, temperature=0, max_output_tokens=60)
    assert "capital" in json.loads(answer.output_text), answer


def completions(client):
    answer = client.completions.create(model="default", prompt="The capital of France is", temperature=0, max_tokens=3)
    assert "Paris" in answer.choices[0].text, answer


def failures(client):
    for expected, options in [
        (openai.NotFoundError, {"model": "gpt-4o"}),
        (openai.BadRequestError, {"temperature": -1}),
        (openai.BadRequestError, {"messages": [{"role": "user", "content": "word " * 100_000}]}),
    ]:
        try:
            client.chat.completions.create(**{"model": "default", "messages": QUESTION, **options})
        except expected as error:
            assert error.body["message"] and error.body["type"] == "invalid_request_error", error.body
        else:
            raise AssertionError(f"{options} was accepted")


def main(base_url, token="none"):
    client = openai.OpenAI(base_url=base_url, api_key=token, max_retries=0)
    names = [model.id for model in client.models.list()]
    assert client.models.retrieve(names[0]).id == names[0]
    checks = [chats, streams, schemas, tools, forced_tools, completions]
    checks += [responses, streamed_responses, responses_with_tools, response_schemas, failures]
    for check in checks:
        check(client)
        print(f"{check.__name__}: good")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
