"""Real packages and a real model: what the tests drive the library with."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import sottovoce

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures"
QUESTION = FIXTURES / "speech" / "question.wav"


@pytest.fixture(scope="session")
def model() -> sottovoce.LanguageModel:
    return sottovoce.LanguageModel("smollm2-135m-instruct")


@pytest.fixture(scope="session")
def store() -> sottovoce.ModelStore:
    return sottovoce.ModelStore()


@pytest.fixture(scope="session")
def question() -> tuple[npt.NDArray[np.int16], int]:
    """A recorded question, and its sample rate."""
    with wave.open(str(QUESTION)) as file:
        assert file.getnchannels() == 1 and file.getsampwidth() == 2
        return np.frombuffer(file.readframes(file.getnframes()), dtype=np.int16), file.getframerate()


def causal_mask(past: int, rows: int) -> npt.NDArray[np.float16]:
    """Each row sees what is behind it, and itself."""
    columns = np.arange(past + rows)
    seen = columns[None, :] <= past + np.arange(rows)[:, None]
    return np.where(seen, 0, -np.inf).astype(np.float16)[None, None]


def reference(name: str) -> Any:
    """Ids and PyTorch's logits of a package of `fixtures/coremltools`."""
    return np.load(FIXTURES / "coremltools" / f"{name}.npz")
