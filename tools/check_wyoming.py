"""Drives a running server with Wyoming's official Python package, as Home Assistant does.

usage: check_wyoming.py URI QUESTION

URI       such as tcp://127.0.0.1:10300, of `sottovoce serve --wyoming 127.0.0.1:10300` with SmolLM2-135M-Instruct
QUESTION  a WAV file in which somebody asks for the capital of Japan
"""

import asyncio
import io
import sys
import wave

from wyoming.asr import Transcribe, Transcript, TranscriptChunk, TranscriptStart, TranscriptStop
from wyoming.audio import AudioChunk, AudioStart, AudioStop, wav_to_chunks
from wyoming.client import AsyncClient
from wyoming.error import Error
from wyoming.event import Event
from wyoming.handle import Handled, HandledChunk, HandledStart, HandledStop, NotHandled
from wyoming.info import Describe, Info
from wyoming.ping import Ping, Pong
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
    SynthesizeVoice,
)

SENTENCE = "The capital of Japan is Tokyo."
PATIENCE = 120


async def ask(uri, requests, last):
    """All events up to one of the type `last`, each request sent while answers are read."""
    async with AsyncClient.from_uri(uri, connect_timeout=10, read_timeout=PATIENCE) as client:

        async def write():
            for request in requests:
                await client.write_event(request.event())

        writing = asyncio.create_task(write())
        events = []
        while not events or not last.is_type(events[-1].type):
            event = await client.read_event()
            assert event is not None, f"closed after {[event.type for event in events]}"
            assert last is Error or not Error.is_type(event.type), Error.from_event(event)
            events.append(event)
        await writing
        return events


async def describe(uri):
    """The voice is loaded while the server listens."""
    for _ in range(600):
        (event,) = await ask(uri, [Describe()], Info)
        info = Info.from_event(event)
        if info.asr[0].installed and info.handle[0].installed:
            break
        await asyncio.sleep(0.2)
    (asr,), (tts,), (handle,) = info.asr, info.tts, info.handle
    assert asr.installed and asr.supports_transcript_streaming and asr.models[0].languages == ["en"], asr
    assert tts.installed and tts.supports_synthesize_streaming and tts.voices[0].name == "heart", tts
    assert handle.installed and handle.supports_handled_streaming and handle.models[0].installed, handle
    return info


async def pings(uri, _):
    (event,) = await ask(uri, [Ping(text="hello")], Pong)
    assert Pong.from_event(event).text == "hello", event


async def transcribe(uri, sound):
    with wave.open(sound) as file:
        chunks = list(wav_to_chunks(file, 1024, start_event=True, stop_event=True))
    events = await ask(uri, [Transcribe(language="en"), *chunks], TranscriptStop)
    assert TranscriptStart.is_type(events[0].type) and Transcript.is_type(events[-2].type), events
    pieces = "".join(TranscriptChunk.from_event(event).text for event in events if TranscriptChunk.is_type(event.type))
    text = Transcript.from_event(events[-2]).text
    assert pieces == text, (pieces, text)
    return text


async def questions(uri, question):
    text = await transcribe(uri, question)
    assert "capital of japan" in text.lower(), text


async def silence(uri, _):
    sound = io.BytesIO()
    with wave.open(sound, "wb") as file:
        file.setparams((2, 2, 44100, 0, "NONE", ""))
        file.writeframes(bytes(4 * 44100))
    sound.seek(0)
    assert await transcribe(uri, sound) == ""


def recording(events):
    """A WAV file of the sound in a list of events."""
    start = AudioStart.from_event(next(event for event in events if AudioStart.is_type(event.type)))
    chunks = [AudioChunk.from_event(event) for event in events if AudioChunk.is_type(event.type)]
    assert len(chunks) > 2, "the sound comes in pieces"
    sound = io.BytesIO()
    with wave.open(sound, "wb") as file:
        file.setparams((start.channels, start.width, start.rate, 0, "NONE", ""))
        file.writeframes(b"".join(chunk.audio for chunk in chunks))
    sound.seek(0)
    return sound


async def speech(uri, _):
    events = await ask(uri, [Synthesize(text=SENTENCE, voice=SynthesizeVoice(name="heart"))], AudioStop)
    heard = await transcribe(uri, recording(events))
    assert "capital of japan is tokyo" in heard.lower(), heard


async def streamed_speech(uri, _):
    # As Home Assistant does it: the pieces, then the whole for servers that do not know pieces.
    pieces = [SynthesizeChunk(text=SENTENCE[at : at + 7]) for at in range(0, len(SENTENCE), 7)]
    requests = [SynthesizeStart(), *pieces, Synthesize(text=SENTENCE), SynthesizeStop()]
    events = await ask(uri, requests, SynthesizeStopped)
    assert sum(AudioStart.is_type(event.type) for event in events) == 1, events
    assert AudioStop.is_type(events[-2].type), events
    heard = await transcribe(uri, recording(events))
    assert heard.lower().count("tokyo") == 1, heard


async def conversations(uri, _):
    context = {"conversation_id": "check"}
    events = await ask(uri, [Transcript("What is the capital of Japan?", context=context)], HandledStop)
    assert HandledStart.is_type(events[0].type) and Handled.is_type(events[-2].type), events
    answer = Handled.from_event(events[-2])
    pieces = "".join(HandledChunk.from_event(event).text for event in events if HandledChunk.is_type(event.type))
    # Answers are drawn, so that nothing can be said about this one.
    assert pieces == answer.text and answer.text and answer.context == context, (pieces, answer)
    events = await ask(uri, [Transcript("...", context=context)], NotHandled)
    assert NotHandled.from_event(events[-1]).text, events


async def failures(uri, _):
    for wrong in [
        Transcribe(language="de"),
        AudioStart(rate=16000, width=3, channels=1),
        Synthesize(text="Hello.", voice=SynthesizeVoice(name="nobody")),
    ]:
        (event,) = await ask(uri, [wrong], Error)
        error = Error.from_event(event)
        assert error.code == "bad-request" and error.text, error
    async with AsyncClient.from_uri(uri, read_timeout=PATIENCE) as client:
        # What this package does not know, servers ignore.
        await client.write_event(Event(type="something-new"))
        await client.write_event(Ping().event())
        assert Pong.is_type((await client.read_event()).type)


async def main(uri, question):
    await describe(uri)
    for check in (pings, questions, silence, speech, streamed_speech, conversations, failures):
        await check(uri, question)
        print(f"{check.__name__}: good")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    asyncio.run(main(*sys.argv[1:]))
