"""Makes fixtures/speech: recorded clips with transcripts, a spoken question, and what the reference implementations say of them.

usage: make_speech_fixtures.py TESTDATA VOICE SMART_TURN SILERO OUT

TESTDATA is /usr/share/pocketsphinx/test/data of Debian's package pocketsphinx-testdata; VOICE is en_US-joe-medium.onnx, with
its .json beside it; SMART_TURN and SILERO are the models that `sottovoce pull` fetches. Needs numpy, scipy, transformers,
piper-tts==1.8.0 and onnxruntime==1.23.2.
"""

import sys
import wave
from pathlib import Path

import numpy as np
import onnxruntime
from piper import PiperVoice, SynthesisConfig
from scipy.signal import resample_poly
from transformers import WhisperFeatureExtractor

RATE = 16_000
QUESTION = ("question", "What is the capital of Japan?")

# Name, file of the package, what is said.
CLIPS = [
    ("dashwood-leisure", "librivox/sense_and_sensibility_01_austen_64kb-0870.wav",
     "and mister john dashwood had then leisure to consider how much there might be prudently in his power to do for them"),
    ("dashwood-young-man", "librivox/sense_and_sensibility_01_austen_64kb-0880.wav",
     "he was not an ill disposed young man"),
    ("dashwood-selfish", "librivox/sense_and_sensibility_01_austen_64kb-0890.wav",
     "unless to be rather cold hearted and rather selfish is to be ill disposed"),
    ("dashwood-married", "librivox/sense_and_sensibility_01_austen_64kb-0920.wav",
     "had he married a more amiable woman he might have been made still more respectable than he was"),
    ("dashwood-amiable", "librivox/sense_and_sensibility_01_austen_64kb-0930.wav",
     "he might even have been made amiable himself"),
    ("cards-1", "cards/001.wav", "ten of clubs"),
    ("cards-2", "cards/002.wav", "four queen of clubs"),
    ("cards-3", "cards/003.wav", "seven of clubs"),
    ("cards-4", "cards/004.wav", "five five"),
    ("cards-5", "cards/005.wav", "eight of spades four of clubs seven of hearts"),
    ("go-forward", "goforward.raw", "go forward ten meters"),
    ("go-somewhere", "something.raw", "go somewhere and do something"),
    ("numbers", "numbers.raw", "thirty three four six ninety two"),
]


def read(path):
    """The 16-bit samples of a recording at 16 kHz; the package's raw files have no header."""
    if path.suffix == ".raw":
        return np.fromfile(path, "<i2")
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2), path
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


def write(path, samples):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.astype("<i2").tobytes())


def say(voice, text):
    """The text said without the voice's random variation, at half of full scale between quarters of a second of silence."""
    config = SynthesisConfig(noise_scale=0.0, noise_w_scale=0.0, length_scale=1.1, normalize_audio=True)
    pieces = list(PiperVoice.load(voice).synthesize(text, config))
    samples = np.concatenate([piece.audio_float_array for piece in pieces])
    samples = resample_poly(samples, RATE // 50, pieces[0].sample_rate // 50)
    silence = np.zeros(RATE // 4)
    return np.round(np.concatenate([silence, 0.5 * samples / np.abs(samples).max(), silence]) * 32767)


def speech_probabilities(session, samples):
    """Silero's answer for every whole frame: 512 samples with the 64 before them."""
    frames = len(samples) // 512
    padded = np.concatenate([np.zeros(64, np.float32), samples[: frames * 512]])
    windows = np.stack([padded[512 * i : 512 * i + 576] for i in range(frames)])
    zero = np.zeros((1, 1, 128), np.float32)
    return session.run(None, {"input": windows, "h": zero, "c": zero})[0]


def turn_features(extractor, samples):
    """The log-mel spectrogram of the last eight seconds."""
    last = samples[-8 * RATE :]
    last = np.pad(last, (8 * RATE - len(last), 0))
    options = {"padding": "max_length", "max_length": 8 * RATE, "truncation": True, "do_normalize": True}
    return extractor(last, sampling_rate=RATE, return_tensors="np", **options).input_features


def main():
    testdata, voice, smart_turn, silero, out = map(Path, sys.argv[1:])
    out.mkdir(parents=True, exist_ok=True)
    clips = [(name, read(testdata / path), text) for name, path, text in CLIPS]
    clips.append((QUESTION[0], say(voice, QUESTION[1]), "what is the capital of japan"))
    for name, samples, _ in clips:
        write(out / f"{name}.wav", samples)
    (out / "transcripts.tsv").write_text("".join(f"{name}.wav\t{text}\n" for name, _, text in clips))

    turn, vad = onnxruntime.InferenceSession(smart_turn), onnxruntime.InferenceSession(silero)
    extractor = WhisperFeatureExtractor(chunk_length=8)
    speech, complete, cut = [], [], []
    silence = np.zeros(RATE // 5, np.float32)
    for _, samples, _ in clips:
        samples = samples.astype(np.float32) / 32768
        speech.append(speech_probabilities(vad, samples))
        for answers, part in ((complete, samples), (cut, samples[: len(samples) * 6 // 10])):
            features = turn_features(extractor, np.concatenate([part, silence])).astype(np.float32)
            answers.append(turn.run(None, {"input_features": features})[0][0, 0])
    first = clips[0][1].astype(np.float32) / 32768
    np.savez_compressed(
        out / "reference.npz",
        speech=np.concatenate(speech).astype(np.float32),
        turn_whole=np.array(complete, np.float32),
        turn_cut=np.array(cut, np.float32),
        turn_features=turn_features(extractor, first)[0, :, ::8].astype(np.float32),
    )


if __name__ == "__main__":
    main()
