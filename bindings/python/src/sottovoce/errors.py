"""What can go wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from . import _native

# The kinds of errors are attributes of the class, which are set behind the back of type checkers.
NativeError: Any = _native.SottovoceError


class SottovoceError(Exception):
    """Anything that can go wrong here; the text says what to do about it."""


class Cancelled(SottovoceError):
    """The call was cancelled."""


class FetchError(SottovoceError):
    """A model is not there and cannot be fetched."""


class PackageError(SottovoceError):
    """A package, its tokenizer or its weights are damaged, missing, or ask for what is not supported."""


class InputError(SottovoceError, ValueError):
    """What was given does not fit: an array, an option, a prompt that is too long."""


class ConversationError(SottovoceError):
    """The conversation cannot do it as it stands."""


class HistoryError(SottovoceError):
    """The history cannot be opened, read or written."""


class VoiceError(SottovoceError):
    """A part that hears or speaks failed."""


_ERRORS: dict[type[Exception], type[SottovoceError]] = {
    NativeError.Cancelled: Cancelled,
    NativeError.Fetch: FetchError,
    NativeError.Package: PackageError,
    NativeError.Input: InputError,
    NativeError.Conversation: ConversationError,
    NativeError.History: HistoryError,
    NativeError.Voice: VoiceError,
    NativeError.Foreign: SottovoceError,
}


@contextmanager
def translated() -> Iterator[None]:
    """Errors of the library as those of this package."""
    try:
        yield
    except NativeError as error:
        raise _ERRORS[type(error)](getattr(error, "reason", "cancelled")) from None
