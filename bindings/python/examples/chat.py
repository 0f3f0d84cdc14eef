"""A conversation: answers stream, earlier turns cost nothing again, and the last answer is JSON of a given schema.

usage: python chat.py MODEL
"""

from __future__ import annotations

import json
import sys

import sottovoce

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string", "maxLength": 30}, "country": {"type": "string", "maxLength": 30}},
    "required": ["city", "country"],
    "additionalProperties": False,
}


def main(name: str) -> None:
    model = sottovoce.LanguageModel(name)
    print(f"{model.status.package} on {model.status.threads} threads", *model.status.notes, sep="\n")
    chat = model.conversation(system="You are a helpful assistant. Answer in one sentence.")
    for question in ("What is the capital of Japan?", "What language do people speak there?"):
        print(f"\n> {question}")
        stream = chat.stream(question, temperature=0, max_tokens=60)
        for piece in stream:
            print(piece, end="", flush=True)
        answer = stream.answer
        print(f"\n[{answer.reused_tokens} of {answer.prompt_tokens} prompt tokens were there already]")
    answer = chat.respond("Name the city and its country as JSON.", temperature=0, max_tokens=60, json_schema=SCHEMA)
    print(f"\n[the city is {json.loads(answer.text)['city']}]")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: chat.py MODEL")
    main(sys.argv[1])
