"""Hearing and speaking, with the parts of this project and with others."""

from __future__ import annotations

import queue
import re
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest

import sottovoce

Recording = tuple[npt.NDArray[np.int16], int]
Samples = npt.NDArray[np.float32]


def words(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text.lower())


def test_a_recording_becomes_text(question: Recording) -> None:
    segments = sottovoce.transcribe(*question)
    assert words(" ".join(segment.text for segment in segments)) == words("What is the capital of Japan?")
    assert 0 <= segments[0].start < segments[0].end
    assert sottovoce.transcribe(np.zeros(16_000, np.float32), 16_000) == []


def test_text_becomes_speech_that_is_understood() -> None:
    sound, rate = sottovoce.speak("**The capital** of Japan is `Tokyo`.")
    assert rate == 24_000 and len(sound) > rate
    heard = sottovoce.transcribe(sound, rate)
    assert words(" ".join(segment.text for segment in heard)) == words("The capital of Japan is Tokyo")
    with pytest.raises(sottovoce.VoiceError, match="nobody"):
        sottovoce.speak("Hello.", voice="nobody")


def test_sound_that_does_not_fit() -> None:
    with pytest.raises(sottovoce.InputError, match="mono"):
        sottovoce.transcribe(np.zeros((2, 100), np.float32), 16_000)
    with pytest.raises(sottovoce.InputError, match="sample rate of 1 "):
        sottovoce.transcribe(np.zeros(100, np.float32), 1)


class Parrot:
    """A recogniser that hears one thing, and is asked for it with what was said."""

    def __init__(self, text: str) -> None:
        self.text, self.heard = text, 0

    def recognize(self, samples: Samples) -> str:
        self.heard = max(self.heard, len(samples))
        return self.text


class Beep:
    """A voice that beeps once a clause."""

    sample_rate = 8_000

    def __init__(self) -> None:
        self.said: list[str] = []

    def synthesize(self, text: str, speed: float) -> Iterator[Samples]:
        self.said.append(text)
        yield np.full(800, 0.5, np.float32)


def converse(
    chat: sottovoce.Conversation, sound: npt.ArrayLike, **parts: object
) -> tuple[str, str, Samples, sottovoce.VoiceConversation]:
    """Says `sound` with the button pressed, and plays the answer at once. Returns question, answer and its sound."""
    happened: queue.SimpleQueue[sottovoce.VoiceEvent | sottovoce.Playback] = queue.SimpleQueue()
    mode = sottovoce.VoiceMode.PUSH_TO_TALK
    asked, played = "", np.zeros(0, np.float32)
    with sottovoce.VoiceConversation(chat, happened.put, happened.put, mode=mode, **parts) as talk:  # type: ignore[arg-type]
        talk.press()
        talk.hear(sound)  # type: ignore[arg-type]
        talk.release()
        while True:
            event = happened.get()
            if isinstance(event, sottovoce.Playback.PLAY):
                played = np.concatenate([played, np.frombuffer(event.sound, np.float32)])
                talk.played(event.answer, len(played))
            elif isinstance(event, sottovoce.VoiceEvent.QUESTION):
                asked = event.text
            elif isinstance(event, sottovoce.VoiceEvent.FAILED):
                pytest.fail(event.reason)
            elif isinstance(event, sottovoce.VoiceEvent.ANSWERED):
                assert event.whole
                return asked, event.text, played, talk


def test_a_spoken_question_is_answered_aloud(model: sottovoce.LanguageModel, question: Recording) -> None:
    samples, rate = question
    assert rate == 16_000
    chat = model.conversation(system="Answer in one sentence.")
    asked, answer, played, talk = converse(chat, samples, answer={"temperature": 0})
    assert words(asked) == words("What is the capital of Japan?")
    assert "Tokyo" in answer
    assert talk.sample_rate == 24_000 and len(played) > talk.sample_rate // 2
    assert [message.text for message in chat.messages][1:] == [asked, answer]


def test_other_parts_take_the_place_of_ours(model: sottovoce.LanguageModel, question: Recording) -> None:
    parrot, beep = Parrot("What is the capital of Japan?"), Beep()
    chat = model.conversation()
    asked, answer, played, talk = converse(
        chat, question[0], recognizer=parrot, synthesizer=beep, answer={"temperature": 0}
    )
    assert asked == parrot.text and parrot.heard > 16_000
    assert "Tokyo" in answer and "Tokyo" in " ".join(beep.said)
    # A clause is a beep; what was guessed in a pause and taken back is made but not played.
    assert talk.sample_rate == 8_000 and len(played) % 800 == 0 and 0 < len(played) <= 800 * len(beep.said)


def test_a_part_that_fails_is_told_of(model: sottovoce.LanguageModel, question: Recording) -> None:
    class Deaf:
        def recognize(self, samples: Samples) -> str:
            raise RuntimeError("the microphone is unplugged")

    with pytest.raises(sottovoce.VoiceError, match="unplugged"):
        sottovoce.transcribe(*question, recognizer=Deaf())
