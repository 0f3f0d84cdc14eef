"""Language models and conversations."""

from __future__ import annotations

import json
import os
import queue
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from . import _native
from .calls import Call, TextTo, with_progress
from .errors import translated
from .package import Package
from .store import ModelStore, Told

if TYPE_CHECKING:
    from typing_extensions import Unpack


class AnswerOptions(TypedDict, total=False):
    """How to make an answer. What is not said is as the model's makers would have it."""

    temperature: float
    """Below 1 favours likely tokens, above 1 unlikely ones; 0 always takes the most likely."""
    top_k: int
    """Chooses among this many most likely tokens; 0 among all."""
    top_p: float
    """Chooses among the fewest likely tokens that have this probability together."""
    min_p: float
    """Chooses among tokens at least this times as likely as the most likely one."""
    repetition_penalty: float
    """Divides the logits of tokens that occurred."""
    seed: int
    """The same seed gives the same answer; another answer each time where there is none."""
    max_tokens: int
    """The most tokens; as many as the context holds where nothing is said."""
    stop: Sequence[str]
    """Texts that end the answer and are not part of it."""
    json_schema: dict[str, Any] | bool
    """A JSON schema that the answer is guaranteed to follow, unless it is cut."""


def lower_options(options: AnswerOptions) -> _native.AnswerOptions:
    """The options as the library takes them."""
    rest: dict[str, Any] = dict(options)
    if "json_schema" in rest:
        rest["json_schema"] = json.dumps(rest["json_schema"])
    if "stop" in rest:
        rest["stop"] = list(rest["stop"])
    return _native.AnswerOptions(**rest)


class Stream(Iterator[str]):
    """An answer as it is made, piece by piece. Closing it, or leaving it as a context manager, ends the answer."""

    def __init__(self, answer: Callable[[TextTo, _native.Cancellation], _native.Answer]) -> None:
        self._pieces: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._ended = False

        def call(cancellation: _native.Cancellation) -> _native.Answer:
            try:
                return answer(TextTo(self._pieces.put), cancellation)
            finally:
                self._pieces.put(None)

        self._call = Call(call)

    def __next__(self) -> str:
        piece = None
        if not self._ended:
            try:
                piece = self._pieces.get()
            except BaseException:
                self._call.cancel()
                raise
        if piece is None:
            self._ended = True
            self._call.result()
            raise StopIteration
        return piece

    @property
    def answer(self) -> _native.Answer:
        """The whole answer, with why it ended and what it took; waits for its end."""
        return self._call.result()

    def close(self) -> None:
        """Ends the answer. What was said so far stays in the conversation."""
        self._call.cancel()
        self._call.result()

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_call"):
            self._call.cancel()


class Conversation:
    """A conversation over one state: each question computes only what is new. One thing at a time."""

    def __init__(self, native: _native.Conversation) -> None:
        self._native = native

    def stream(self, question: str, **options: Unpack[AnswerOptions]) -> Stream:
        """Asks, and gives the answer piece by piece as it is made. It is made whether anybody takes it or not."""
        lowered = lower_options(options)
        return Stream(lambda listener, stop: self._native.respond(question, lowered, listener, stop))

    def respond(self, question: str, **options: Unpack[AnswerOptions]) -> _native.Answer:
        """Asks, and gives the whole answer."""
        lowered = lower_options(options)
        return Call(lambda stop: self._native.respond(question, lowered, None, stop)).result()

    def retry(self, **options: Unpack[AnswerOptions]) -> Stream:
        """Answers the last question anew."""
        lowered = lower_options(options)
        return Stream(lambda listener, stop: self._native.retry(lowered, listener, stop))

    def go_on(self, **options: Unpack[AnswerOptions]) -> Stream:
        """Goes on with the last answer, which was cut."""
        lowered = lower_options(options)
        return Stream(lambda listener, stop: self._native.go_on(lowered, listener, stop))

    @property
    def messages(self) -> list[_native.Message]:
        """What was said so far. Setting it keeps the state: the next question computes what differs."""
        with translated():
            return self._native.messages()

    @messages.setter
    def messages(self, messages: Sequence[_native.Message]) -> None:
        with translated():
            self._native.set_messages(list(messages))

    @property
    def tokens(self) -> int:
        """Tokens in the state."""
        with translated():
            return self._native.tokens()

    @property
    def forgotten(self) -> int:
        """How many messages behind the first the model no longer sees, because they did not fit any more."""
        with translated():
            return self._native.forgotten()

    def set_system(self, system: str | None) -> None:
        """Sets or removes what the model is told first, from the next question on."""
        with translated():
            self._native.set_system(system)

    def rewind(self, messages: int) -> None:
        """Takes back all but the first `messages` messages."""
        with translated():
            self._native.rewind(messages)

    def cut_answer(self, characters: int) -> None:
        """Cuts the last answer to its first characters, in text and state: what was not heard was not said."""
        with translated():
            self._native.cut_answer(characters)

    def fork(self) -> Conversation:
        """A copy that goes its own way from here, and computes nothing of this again."""
        with translated():
            return Conversation(self._native.fork())

    def save(self, path: str | os.PathLike[str], model: str = "", *, state: bool = True) -> None:
        """Keeps it in a file; with `state` also keys and values, so that nothing has to be computed again."""
        with translated():
            self._native.save(os.fspath(path), model, state)

    def restore(self, path: str | os.PathLike[str]) -> _native.Restored:
        """Takes up the conversation that was kept in a file in place of this one."""
        with translated():
            return self._native.restore(os.fspath(path))


class LanguageModel:
    """A language model. It may be shared between threads; each conversation has a state of its own.

    :param name: A model folder or package, or a model of the catalogue, such as `smollm2-135m-instruct`, which is fetched
        (98 MB) and converted when that has not happened yet.
    :param progress: Is told of downloads, conversion and notices, such as a 4-bit package that is missing.
    :param store: Where models of the catalogue are kept.

    The others are those of `Package`.
    """

    def __init__(
        self,
        name: str | os.PathLike[str],
        *,
        backend: _native.Backend | None = None,
        exact: bool = False,
        threads: int | None = None,
        function: str | None = None,
        compute_units: _native.ComputeUnits | None = None,
        packed_cache: bool = False,
        progress: Told | None = None,
        store: ModelStore | None = None,
    ) -> None:
        options = _native.LoadOptions(
            backend=backend,
            compute_units=compute_units,
            exact=exact,
            threads=threads,
            function=function,
            packed_cache=packed_cache,
        )
        native = (store or ModelStore())._native
        self._native = with_progress(
            progress, lambda listener, stop: native.language_model(os.fspath(name), options, listener, stop)
        )

    @property
    def status(self) -> _native.ModelStatus:
        """Which package runs, on what, and what there is to know about that."""
        return self._native.status()

    @property
    def package(self) -> Package:
        """The package, to predict on arrays."""
        return Package._of(self._native.package())

    def conversation(self, system: str | None = None, *, forget_when_full: bool = True) -> Conversation:
        """A conversation that begins with `system`, which tells the model who it is.

        Where it no longer fits the context, the model forgets the oldest turns, or, without `forget_when_full`, answers
        end and questions are refused.
        """
        with translated():
            return Conversation(self._native.conversation(system, forget_when_full))

    def complete(self, prompt: str, **options: Unpack[AnswerOptions]) -> Stream:
        """Goes on with a text, on a state of its own."""
        lowered = lower_options(options)
        return Stream(lambda listener, stop: self._native.complete(prompt, lowered, listener, stop))

    def tokenize(self, text: str, *, special: bool = False) -> list[int]:
        """The ids of the tokens of a text; with `special` between those that a text begins and ends with."""
        with translated():
            return self._native.tokenize(text, special)

    def detokenize(self, ids: Sequence[int]) -> str:
        """The text of tokens. Control tokens are left out."""
        return self._native.detokenize(list(ids))
