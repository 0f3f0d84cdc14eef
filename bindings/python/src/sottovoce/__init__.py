"""Runs stateful Core ML language models on any machine: load, check, predict, chat, and talk.

A package on arrays::

    import numpy as np, sottovoce

    package = sottovoce.Package("Llama-Stateful-4bit-512.mlpackage")
    print(package.description.inputs)
    state = package.new_state()
    mask = np.triu(np.full((1, 1, 3, 3), -np.inf, np.float16), k=1)
    outputs = package.predict({"inputIds": [[1, 15043, 3186]], "causalMask": mask}, state)
    print(outputs["logits"].shape, state.length)

A conversation::

    model = sottovoce.LanguageModel("smollm2-135m-instruct", progress=print)
    chat = model.conversation(system="Answer in one sentence.")
    for piece in chat.stream("What is the capital of Japan?"):
        print(piece, end="", flush=True)

Calls that take long can be interrupted with Ctrl-C. Everything that can go wrong is a `SottovoceError`.
"""

from ._native import (
    AllowedShapes,
    Answer,
    Backend,
    ComputeUnits,
    ElementType,
    Feature,
    FinishReason,
    HistoryConversation,
    HistoryListed,
    HistoryMessage,
    HistoryPage,
    HistoryTranscript,
    Message,
    ModelStatus,
    PackageDescription,
    Playback,
    LoadProgress,
    Restored,
    Role,
    SizeRange,
    SpeechSegment,
    VoiceEngine,
    VoiceEvent,
    VoiceMode,
    VoiceState,
)
from .errors import (
    Cancelled,
    ConversationError,
    FetchError,
    HistoryError,
    InputError,
    PackageError,
    SottovoceError,
    VoiceError,
)
from .history import History
from .language_model import Conversation, LanguageModel, Stream
from .package import Package, State, inspect
from .store import ModelStore
from .voice import Recognizer, Synthesizer, VoiceConversation, speak, transcribe

__all__ = [
    "AllowedShapes",
    "Answer",
    "Backend",
    "Cancelled",
    "ComputeUnits",
    "Conversation",
    "ConversationError",
    "ElementType",
    "Feature",
    "FetchError",
    "FinishReason",
    "History",
    "HistoryConversation",
    "HistoryError",
    "HistoryListed",
    "HistoryMessage",
    "HistoryPage",
    "HistoryTranscript",
    "InputError",
    "LanguageModel",
    "Message",
    "ModelStatus",
    "ModelStore",
    "Package",
    "PackageDescription",
    "PackageError",
    "Playback",
    "LoadProgress",
    "Recognizer",
    "Restored",
    "Role",
    "SizeRange",
    "SottovoceError",
    "SpeechSegment",
    "State",
    "Stream",
    "Synthesizer",
    "VoiceConversation",
    "VoiceEngine",
    "VoiceError",
    "VoiceEvent",
    "VoiceMode",
    "VoiceState",
    "inspect",
    "speak",
    "transcribe",
]
