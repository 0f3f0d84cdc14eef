"""What was said, kept in a file."""

from __future__ import annotations

import os

from . import _native
from .errors import translated


class History:
    """Conversations in a file that `sottovoce serve` can read too. What a call has returned for is on the disk.

    Messages are a tree: a second answer, or an edited question, has the same parent as the first.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        with translated():
            self._native = _native.History.open(os.fspath(path))

    def create(self, title: str = "", system: str | None = None) -> _native.HistoryConversation:
        """Begins a conversation."""
        with translated():
            return self._native.create(title, system)

    def list(
        self, search: str = "", *, favourites: bool = False, limit: int = 50, after: str | None = None
    ) -> _native.HistoryPage:
        """A page of the list, the last updated first: those with every word of `search`, behind the one `after`."""
        wanted = _native.HistoryFilter(search=search, favourites=favourites, limit=limit, after=after)
        with translated():
            return self._native.list(wanted)

    def transcript(self, conversation: str) -> _native.HistoryTranscript:
        """A conversation and its messages."""
        with translated():
            return self._native.transcript(conversation)

    def append(
        self,
        conversation: str,
        role: _native.Role,
        text: str,
        *,
        parent: str | None = None,
        model: str | None = None,
        whole: bool = True,
    ) -> _native.HistoryMessage:
        """Adds a message behind `parent`; `whole` is false for an answer that was stopped."""
        with translated():
            return self._native.append(conversation, role, text, parent, model, whole)

    def update(
        self, conversation: str, *, title: str | None = None, favourite: bool | None = None
    ) -> _native.HistoryConversation:
        """Changes title or mark."""
        with translated():
            return self._native.update(conversation, title, favourite)

    def set_favourite(self, message: str, favourite: bool) -> _native.HistoryMessage:
        """Marks a message, or takes the mark away."""
        with translated():
            return self._native.set_favourite(message, favourite)

    def delete(self, conversation: str) -> None:
        """Removes a conversation and its messages."""
        with translated():
            self._native.delete(conversation)

    def delete_message(self, message: str) -> None:
        """Removes a message and all that follow it."""
        with translated():
            self._native.delete_message(message)

    def delete_all(self) -> int:
        """Removes everything, and returns how many conversations that were."""
        with translated():
            return self._native.delete_all()

    def expire(self, days: int) -> int:
        """Removes conversations that nobody touched for so many days, and returns how many. Marked ones stay."""
        with translated():
            return self._native.expire(days)
