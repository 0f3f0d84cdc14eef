"""Hearing and speaking. Sound is mono: NumPy arrays of floats within [-1, 1]."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from . import _native
from .arrays import samples, sound
from .calls import Call
from .errors import translated
from .language_model import AnswerOptions, Conversation, lower_options
from .store import ModelStore

Samples = npt.NDArray[np.float32]


class Recognizer(Protocol):
    """Turns speech into text. Another one can take the place of this project's."""

    def recognize(self, samples: Samples) -> str:
        """The words in `samples`, which is all of what was said so far at 16,000 a second; empty where there are none."""


class Synthesizer(Protocol):
    """Turns text into speech. Another one can take the place of this project's."""

    sample_rate: int
    """Samples a second of what it makes."""

    def synthesize(self, text: str, speed: float) -> Iterator[Samples]:
        """The sound of plain words, in pieces as they are made."""


class _OtherRecognizer(_native.SpeechRecognizer):
    def __init__(self, recognizer: Recognizer) -> None:
        self._recognizer = recognizer

    def recognize(self, sound: bytes) -> str:
        return self._recognizer.recognize(samples(sound))


class _OtherSynthesizer(_native.SpeechSynthesizer):
    def __init__(self, synthesizer: Synthesizer) -> None:
        self._synthesizer = synthesizer

    def sample_rate(self) -> int:
        return self._synthesizer.sample_rate

    def voices(self) -> list[str]:
        return ["default"]

    def synthesize(self, text: str, style: _native.SpeakingStyle, sink: _native.SampleSink) -> None:
        for piece in self._synthesizer.synthesize(text, style.speed):
            if not sink.push(sound(piece)):
                break


def _recognizer(recognizer: Recognizer | _native.SpeechRecognizer | None, store: ModelStore) -> _native.SpeechRecognizer:
    if recognizer is None:
        return store.recognizer()
    # Those that the library made have its methods already.
    return recognizer if isinstance(recognizer, _native.SpeechRecognizer) else _OtherRecognizer(recognizer)


def _synthesizer(
    synthesizer: Synthesizer | _native.SpeechSynthesizer | None, store: ModelStore
) -> _native.SpeechSynthesizer:
    if synthesizer is None:
        return store.synthesizer()
    return synthesizer if isinstance(synthesizer, _native.SpeechSynthesizer) else _OtherSynthesizer(synthesizer)


def transcribe(
    samples: npt.ArrayLike,
    sample_rate: int,
    *,
    recognizer: Recognizer | _native.SpeechRecognizer | None = None,
    store: ModelStore | None = None,
) -> list[_native.SpeechSegment]:
    """The words of a recording of any length: it is cut in its pauses, and understood piece by piece."""
    store = store or ModelStore()
    parts = sound(samples), sample_rate, store.voice_detector(), _recognizer(recognizer, store)
    return Call(lambda stop: _native.transcribe(*parts, stop)).result()


class _Sink(_native.SampleSink):
    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def push(self, sound: bytes) -> bool:
        self.pieces.append(sound)
        return True


def speak(
    text: str,
    *,
    voice: str | None = None,
    speed: float = 1.0,
    synthesizer: Synthesizer | _native.SpeechSynthesizer | None = None,
    store: ModelStore | None = None,
) -> tuple[Samples, int]:
    """Says a text, without its Markdown; returns samples, and how many a second there are."""
    speaker = _synthesizer(synthesizer, store or ModelStore())
    style, sink = _native.SpeakingStyle(voice=voice, speed=speed), _Sink()
    Call(lambda stop: _native.speak(text, speaker, style, sink, stop)).result()
    return samples(b"".join(sink.pieces)), speaker.sample_rate()


class _Told(_native.VoiceListener):
    def __init__(
        self,
        on_event: Callable[[_native.VoiceEvent], object],
        on_playback: Callable[[_native.Playback], object],
    ) -> None:
        self._on_event, self._on_playback = on_event, on_playback

    def on_event(self, event: _native.VoiceEvent) -> None:
        self._on_event(event)

    def on_playback(self, playback: _native.Playback) -> None:
        self._on_playback(playback)


class VoiceConversation:
    """A spoken conversation under way, until it is stopped or left as a context manager.

    The program brings sound from the microphone (`hear`) and plays what `on_playback` tells it to, saying how much has been
    played (`played`). When to speak, what was heard and what is forgotten is decided here. Both functions are called on
    another thread; what they raise is ignored.
    """

    def __init__(
        self,
        conversation: Conversation,
        on_event: Callable[[_native.VoiceEvent], object],
        on_playback: Callable[[_native.Playback], object],
        *,
        mode: _native.VoiceMode = _native.VoiceMode.HANDS_FREE,
        voice: str | None = None,
        speed: float = 1.0,
        wake_phrase: str | None = None,
        answer: AnswerOptions | None = None,
        recognizer: Recognizer | _native.SpeechRecognizer | None = None,
        synthesizer: Synthesizer | _native.SpeechSynthesizer | None = None,
        store: ModelStore | None = None,
    ) -> None:
        store = store or ModelStore()
        parts = _native.VoiceParts(
            detector=store.voice_detector(),
            turns=store.turn_detector(),
            recognizer=_recognizer(recognizer, store),
            synthesizer=_synthesizer(synthesizer, store),
        )
        options = _native.VoiceOptions(
            mode=mode,
            answer=lower_options(answer or {}),
            style=_native.SpeakingStyle(voice=voice, speed=speed),
            wake_phrase=wake_phrase,
        )
        told = _Told(on_event, on_playback)
        self.sample_rate = parts.synthesizer.sample_rate()
        """Samples a second of what is played."""
        with translated():
            self._native = _native.VoiceConversation.start(conversation._native, parts, options, told)

    def hear(self, samples: Sequence[float] | Samples) -> None:
        """Hears the next sound of the microphone, at 16,000 samples a second, in pieces of any length."""
        with translated():
            self._native.hear(sound(samples))

    def played(self, answer: int, samples: int) -> None:
        """So many samples of an answer have come out of the loudspeaker, counted from its beginning."""
        self._native.played(answer, samples)

    def press(self) -> None:
        """Push to talk is held from now on. Ends what is being said."""
        self._native.press()

    def release(self) -> None:
        """Push to talk is let go: the turn is over."""
        self._native.release()

    def interrupt(self) -> None:
        """Ends what is being said."""
        self._native.interrupt()

    def set_muted(self, muted: bool) -> None:
        """From now on nothing is heard or said, or all is as before."""
        self._native.set_muted(muted)

    def stop(self) -> None:
        """Ends the conversation, and returns when its parts have let go."""
        self._native.stop()

    def __enter__(self) -> VoiceConversation:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
