"""Conversations with SmolLM2."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path

import pytest
from conftest import FIXTURES

import sottovoce
from sottovoce import _native
from sottovoce.calls import Call
from sottovoce.language_model import lower_options

JAPAN = "What is the capital of Japan?"


def test_answers_stream_and_earlier_turns_cost_nothing(model: sottovoce.LanguageModel) -> None:
    chat = model.conversation(system="You are a helpful assistant. Answer in one sentence.")
    stream = chat.stream(JAPAN, temperature=0)
    pieces = list(stream)
    assert len(pieces) > 2
    assert "".join(pieces) == stream.answer.text
    assert "Tokyo" in stream.answer.text
    assert stream.answer.finish == sottovoce.FinishReason.ENDED
    assert stream.answer.reused_tokens == 0
    held = chat.tokens
    assert held >= stream.answer.prompt_tokens

    second = chat.respond("Is it large?", temperature=0, max_tokens=8)
    assert second.reused_tokens >= held - 1
    assert second.generated_tokens <= 8
    roles = [message.role for message in chat.messages]
    user, assistant = sottovoce.Role.USER, sottovoce.Role.ASSISTANT
    assert roles == [sottovoce.Role.SYSTEM, user, assistant, user, assistant]
    assert chat.forgotten == 0


def test_the_same_seed_gives_the_same_answer(model: sottovoce.LanguageModel) -> None:
    first, second = (
        model.conversation().respond("Tell me a story.", temperature=1, seed=7, max_tokens=12).text for _ in range(2)
    )
    assert first == second


class Held(_native.TextListener):
    """Keeps an answer from going on behind its first piece, so that nothing depends on how fast it is made."""

    def __init__(self) -> None:
        self.begun, self.goes_on = threading.Event(), threading.Event()
        self.text = ""

    def on_text(self, text: str) -> None:
        self.text += text
        self.begun.set()
        self.goes_on.wait()


def held_answer(chat: sottovoce.Conversation) -> tuple[Call[sottovoce.Answer], Held]:
    """An answer that has begun and waits."""
    held = Held()
    options = lower_options({"temperature": 0})
    call = Call(lambda stop: chat._native.respond("Count from 1 to 1000.", options, held, stop))
    held.begun.wait()
    return call, held


def test_an_answer_that_is_not_wanted_any_more_ends(model: sottovoce.LanguageModel) -> None:
    chat = model.conversation()
    call, held = held_answer(chat)
    call.cancel()
    held.goes_on.set()
    answer = call.result()
    assert (answer.finish, answer.text) == (sottovoce.FinishReason.CANCELLED, held.text)
    # What was said so far stays, and the conversation goes on.
    assert chat.messages[-1].text == held.text
    assert "Tokyo" in chat.respond(JAPAN, temperature=0).text


def test_leaving_a_stream_ends_its_answer(model: sottovoce.LanguageModel) -> None:
    chat = model.conversation()
    with chat.stream(JAPAN, temperature=0) as stream:
        first = next(stream)
    assert stream.answer.text.startswith(first)
    assert chat.messages[-1].text == stream.answer.text


def test_one_thing_at_a_time(model: sottovoce.LanguageModel) -> None:
    chat = model.conversation()
    call, held = held_answer(chat)
    with pytest.raises(sottovoce.ConversationError, match="is answering"):
        chat.respond("Stop!")
    with pytest.raises(sottovoce.ConversationError, match="is answering"):
        chat.messages
    call.cancel()
    held.goes_on.set()
    call.result()
    assert len(chat.messages) == 2


def test_an_answer_that_was_cancelled_is_waited_for(model: sottovoce.LanguageModel) -> None:
    chat = model.conversation()
    call, held = held_answer(chat)
    call.cancel()
    second = Call(lambda stop: chat._native.respond(JAPAN, lower_options({"temperature": 0}), None, stop))
    held.goes_on.set()
    assert "Tokyo" in second.result().text
    call.result()
    assert [message.text for message in chat.messages][1] == held.text


def test_conversations_of_two_threads(model: sottovoce.LanguageModel) -> None:
    answers = [""] * 2

    def ask(place: int) -> None:
        answers[place] = model.conversation().respond(JAPAN, temperature=0).text

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers[0] == answers[1] and "Tokyo" in answers[0]


def test_forks_go_their_own_way_and_rewinds_take_back(model: sottovoce.LanguageModel) -> None:
    chat = model.conversation()
    chat.respond(JAPAN, temperature=0)
    fork = chat.fork()
    fork.respond("And of France?", temperature=0, max_tokens=20)
    assert (len(chat.messages), len(fork.messages)) == (2, 4)
    fork.rewind(2)
    assert fork.messages == chat.messages
    chat.cut_answer(3)
    assert len(chat.messages[-1].text) == 3
    again = chat.retry(temperature=0)
    assert "Tokyo" in "".join(again)
    chat.messages = chat.messages[:1]
    assert len(chat.messages) == 1


def test_an_answer_that_was_cut_goes_on(model: sottovoce.LanguageModel) -> None:
    chat = model.conversation()
    whole = model.conversation().respond(JAPAN, temperature=0).text
    chat.respond(JAPAN, temperature=0, max_tokens=3)
    rest = "".join(chat.go_on(temperature=0))
    assert chat.messages[-1].text == whole and whole.endswith(rest)


def test_a_conversation_is_kept_and_taken_up(model: sottovoce.LanguageModel, tmp_path: Path) -> None:
    chat, path = model.conversation(), tmp_path / "chat.state"
    chat.respond(JAPAN, temperature=0)
    chat.save(path, "smollm2")
    other = model.conversation()
    restored = other.restore(path)
    assert (restored.model, restored.note) == ("smollm2", None)
    assert restored.tokens == chat.tokens == other.tokens
    assert other.messages == chat.messages
    question = "Is it large?"
    assert other.respond(question, temperature=0).text == chat.respond(question, temperature=0).text
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(sottovoce.ConversationError, match="chat.state"):
        other.restore(path)


def test_an_answer_follows_a_schema(model: sottovoce.LanguageModel) -> None:
    city = {"type": "string", "maxLength": 30}
    schema = {"type": "object", "properties": {"city": city}, "required": ["city"], "additionalProperties": False}
    chat = model.conversation()
    answer = chat.respond("Name a city as JSON.", temperature=0, json_schema=schema)
    assert answer.is_valid and set(json.loads(answer.text)) == {"city"}
    with pytest.raises(sottovoce.InputError):
        chat.respond("Name a city.", json_schema={"type": "city"})


def test_texts_go_on(model: sottovoce.LanguageModel) -> None:
    stream = model.complete("One, two, three, four,", temperature=0, max_tokens=6, stop=["six"])
    assert "five" in "".join(stream)
    assert stream.answer.finish == sottovoce.FinishReason.STOPPED


def test_options_outside_their_range_are_named(model: sottovoce.LanguageModel) -> None:
    with pytest.raises(sottovoce.InputError, match="temperature is -1"):
        model.conversation().respond("Hello", temperature=-1)


def test_text_becomes_tokens_and_text_again(model: sottovoce.LanguageModel) -> None:
    text = "Grüße, 世界! 🙂"
    assert model.detokenize(model.tokenize(text)) == text


def test_a_model_says_how_it_runs(model: sottovoce.LanguageModel) -> None:
    status = model.status
    assert status.package.endswith(".mlpackage") and "4bit" in status.package
    assert (status.context, status.vocabulary, status.backend) == (2048, 49152, sottovoce.Backend.CPU)
    assert status.threads >= 1
    logits = model.package.predict({"inputIds": [[1]], "causalMask": [[[[0]]]]})["logits"]
    assert logits.shape == (1, 1, 49152)


def test_a_folder_without_a_four_bit_package(tmp_path: Path) -> None:
    """The f16 one is taken, and whoever loads it is told."""
    shutil.copytree(FIXTURES / "coremltools/gemma-fp16.mlpackage", tmp_path / "Tiny-Stateful-64.mlpackage")
    shutil.copy(FIXTURES / "tokenizers/pairs.model", tmp_path / "tokenizer.model")
    told: list[sottovoce.LoadProgress] = []
    model = sottovoce.LanguageModel(tmp_path, progress=told.append)
    assert model.status.package == "Tiny-Stateful-64.mlpackage"
    assert model.status.notes[0] == "no 4-bit package in the folder, taking the f16 one"
    assert [progress.text for progress in told if isinstance(progress, sottovoce.LoadProgress.NOTICE)] == model.status.notes


def test_what_a_listener_raises_ends_the_call(tmp_path: Path) -> None:
    def refuse(_: sottovoce.LoadProgress) -> None:
        raise KeyError("no")

    with pytest.raises(KeyError, match="no"):
        sottovoce.LanguageModel("smollm2-135m-instruct", progress=refuse)


def test_models_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(sottovoce.FetchError, match="there is no file or folder 'gpt-9'.*smollm2-135m-instruct"):
        sottovoce.LanguageModel("gpt-9")
    with pytest.raises(sottovoce.PackageError, match="convert the model first"):
        sottovoce.LanguageModel(tmp_path)
    with pytest.raises(sottovoce.PackageError, match="tokenizer"):
        sottovoce.LanguageModel(FIXTURES / "coremltools/llama-int4.mlpackage")
