"""Talks to a running server with OpenAI's own Python client: files of speech, and a conversation over /v1/realtime.

usage: check_openai_voice.py BASE_URL QUESTION [TOKEN]

BASE_URL  such as http://127.0.0.1:8080/v1, of `sottovoce serve` with SmolLM2-135M-Instruct
QUESTION  a WAV file of 16 kHz in which somebody asks for the capital of Japan
"""

import base64
import io
import sys
import time
import wave

import numpy
import openai

PCM_RATE = 24000


def wait(client):
    """The voice is loaded while the server listens."""
    for _ in range(600):
        try:
            return client.audio.speech.create(model="default", voice="alloy", input="Hello.")
        except openai.InternalServerError as error:
            assert error.status_code == 503, error
            time.sleep(0.2)
    raise SystemExit("the voice was not loaded in two minutes")


def files(client, question):
    text = client.audio.transcriptions.create(model="default", file=open(question, "rb")).text
    assert "capital of japan" in text.lower(), text
    verbose = client.audio.transcriptions.create(model="default", file=open(question, "rb"), response_format="verbose_json")
    assert verbose.segments[0].end <= verbose.duration + 0.1, verbose
    with client.audio.speech.with_streaming_response.create(
        model="default", voice="alloy", input="The capital of Japan is Tokyo.", response_format="wav"
    ) as response:
        pieces = list(response.iter_bytes(4096))
    assert len(pieces) > 2, "the sound comes in pieces"
    speech = io.BytesIO(b"".join(pieces))
    speech.name = "speech.wav"
    heard = client.audio.transcriptions.create(model="default", file=speech, response_format="text")
    assert "tokyo" in heard.lower(), heard


def recording(path):
    """The samples of a file at the interface's rate, with silence behind: straight lines between them will do."""
    with wave.open(path) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2), path
        samples = numpy.frombuffer(file.readframes(file.getnframes()), "<i2")
        places = numpy.arange(len(samples) * PCM_RATE // file.getframerate()) * file.getframerate() / PCM_RATE
    converted = numpy.interp(places, numpy.arange(len(samples)), samples)
    return numpy.concatenate([converted, numpy.zeros(2 * PCM_RATE)]).astype("<i2")


def conversation(client, question):
    with client.realtime.connect(model="default") as connection:
        connection.session.update(
            session={
                "type": "realtime",
                "max_output_tokens": 40,
                "temperature": 0.7,
                "audio": {"input": {"turn_detection": {"type": "server_vad", "silence_duration_ms": 400}}},
            }
        )
        for piece in numpy.array_split(recording(question), 40):
            connection.input_audio_buffer.append(audio=base64.b64encode(piece.tobytes()).decode())
        heard, words, said, sound, kinds = "", "", "", b"", []
        for event in connection:
            kinds.append(event.type)
            if event.type == "conversation.item.input_audio_transcription.completed":
                heard = event.transcript
            elif event.type == "conversation.item.input_audio_transcription.delta":
                words += event.delta
            elif event.type == "response.output_audio_transcript.delta":
                said += event.delta
            elif event.type == "response.output_audio.delta":
                sound += base64.b64decode(event.delta)
            elif event.type == "error":
                raise AssertionError(event.error)
            elif event.type == "response.done":
                item = event.response.output[0]
                break
        assert "capital of japan" in heard.lower(), heard
        assert len(words.split()) == len(heard.split()), (words, heard)
        assert said and item.content[0].transcript == said, (said, item)
        assert len(sound) > PCM_RATE, len(sound)
        for kind in ("input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped", "conversation.item.created"):
            assert kind in kinds, (kind, kinds)
        half = len(sound) // 2 * 1000 // PCM_RATE // 2
        connection.conversation.item.truncate(item_id=item.id, content_index=0, audio_end_ms=half)
        connection.conversation.item.retrieve(item_id=item.id)
        for event in connection:
            if event.type == "conversation.item.retrieved":
                kept = event.item.content[0].transcript
                break
        assert kept and said.startswith(kept) and kept != said, (kept, said)


def main(base_url, question, token="none"):
    client = openai.OpenAI(base_url=base_url, api_key=token, max_retries=0)
    wait(client)
    for check in (files, conversation):
        check(client, question)
        print(f"{check.__name__}: good")


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
