"""Models by name."""

from __future__ import annotations

import os
from collections.abc import Callable

from . import _native
from .calls import with_progress
from .errors import translated

Told = Callable[[_native.LoadProgress], object]


class ModelStore:
    """Where models are kept that are fetched by name: by default the user's cache, which the command `sottovoce` uses too.

    `progress`, a function, is told what happens, on another thread.
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None) -> None:
        with translated():
            self._native = _native.ModelStore(None if folder is None else os.fspath(folder))

    @property
    def folder(self) -> str:
        """Its folder."""
        return self._native.folder()

    def recognizer(self, progress: Told | None = None) -> _native.SpeechRecognizer:
        """What understands English (Moonshine); 45 MB, and ONNX Runtime, 22 MB."""
        return with_progress(progress, self._native.recognizer)

    def synthesizer(
        self, engine: _native.VoiceEngine = _native.VoiceEngine.HIBARI, progress: Told | None = None
    ) -> _native.SpeechSynthesizer:
        """What speaks English: Hibari (14 MB), or Piper (63 MB), which needs the program espeak-ng."""
        return with_progress(progress, lambda listener, stop: self._native.synthesizer(engine, listener, stop))

    def voice_detector(self, progress: Told | None = None) -> _native.VoiceDetector:
        """What hears whether somebody speaks (Silero VAD); 1 MB."""
        return with_progress(progress, self._native.voice_detector)

    def turn_detector(self, progress: Told | None = None) -> _native.TurnDetector:
        """What hears whether a speaker who pauses has finished (Smart Turn); 9 MB."""
        return with_progress(progress, self._native.turn_detector)
