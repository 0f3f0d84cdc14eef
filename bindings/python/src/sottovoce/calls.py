"""Calls that take long: on a thread of their own, so that Ctrl-C reaches whoever waits for them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from . import _native
from .errors import NativeError, translated

Result = TypeVar("Result")


class Call(Generic[Result]):
    """A call under way."""

    def __init__(self, function: Callable[[_native.Cancellation], Result]) -> None:
        self._cancellation = _native.Cancellation()
        self._function = function
        self._result: list[Result] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            with translated():
                self._result.append(self._function(self._cancellation))
        except BaseException as error:  # It is raised again by whoever waits.
            self._error = error

    def cancel(self) -> None:
        """Ends the call soon."""
        self._cancellation.cancel()

    def result(self) -> Result:
        """Waits for the call; what interrupts the waiting cancels it."""
        try:
            self._thread.join()
        except BaseException:
            self.cancel()
            self._thread.join()
            raise
        if self._error is not None:
            raise self._error
        return self._result[0]


class Listener:
    """Keeps what a function of the caller raises, for the library knows only its text."""

    error: BaseException | None = None

    def call(self, function: Callable[..., object], *arguments: object) -> object:
        try:
            return function(*arguments)
        except BaseException as error:
            self.error = error
            raise NativeError.Foreign(reason=repr(error)) from None


class ProgressTo(Listener, _native.ProgressListener):
    """Hands progress to a function."""

    def __init__(self, function: Callable[[_native.LoadProgress], object]) -> None:
        self._function = function

    def on_progress(self, progress: _native.LoadProgress) -> None:
        self.call(self._function, progress)


class TextTo(Listener, _native.TextListener):
    """Hands text to a function."""

    def __init__(self, function: Callable[[str], object]) -> None:
        self._function = function

    def on_text(self, text: str) -> None:
        self.call(self._function, text)


def with_progress(
    progress: Callable[[_native.LoadProgress], object] | None,
    function: Callable[[ProgressTo | None, _native.Cancellation], Result],
) -> Result:
    """Makes a call that tells of its progress, and waits for it."""
    listener = None if progress is None else ProgressTo(progress)
    try:
        return Call(lambda cancellation: function(listener, cancellation)).result()
    except BaseException:
        if listener is not None and listener.error is not None:
            raise listener.error from None
        raise
