"""Conversations on the disk."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

import sottovoce


def test_what_was_said_is_found_again(tmp_path: Path) -> None:
    history = sottovoce.History(tmp_path / "history.db")
    sea = history.create("The sea", system="Answer in one sentence.")
    question = history.append(sea.id, sottovoce.Role.USER, "Why is the sea salty?")
    answer = history.append(
        sea.id, sottovoce.Role.ASSISTANT, "Rivers bring salt.", parent=question.id, model="smollm2", whole=False
    )
    history.create("Something else")

    # Another one opens the same file: everything is on the disk.
    other = sottovoce.History(tmp_path / "history.db")
    page = other.list("SALT river")
    assert [listed.conversation.title for listed in page.conversations] == ["The sea"] and not page.more
    assert page.conversations[0].excerpt is not None and "salt" in page.conversations[0].excerpt
    transcript = other.transcript(sea.id)
    assert transcript.conversation.system == "Answer in one sentence."
    assert [(message.text, message.parent, message.whole) for message in transcript.messages] == [
        ("Why is the sea salty?", None, True),
        ("Rivers bring salt.", question.id, False),
    ]
    assert transcript.messages[1].model == "smollm2"
    assert abs((datetime.now(timezone.utc) - answer.created).days) <= 1


def test_lists_have_pages_and_marks(tmp_path: Path) -> None:
    history = sottovoce.History(tmp_path / "history.db")
    made = [history.create(str(number)) for number in range(3)]
    page = history.list(limit=2)
    assert page.more and [listed.conversation.title for listed in page.conversations] == ["2", "1"]
    rest = history.list(after=page.conversations[-1].conversation.id)
    assert [listed.conversation.title for listed in rest.conversations] == ["0"] and not rest.more
    assert history.update(made[0].id, title="first", favourite=True).title == "first"
    marked = history.list(favourites=True).conversations
    assert [listed.conversation.title for listed in marked] == ["first"]


def test_what_is_deleted_is_gone(tmp_path: Path) -> None:
    history = sottovoce.History(tmp_path / "history.db")
    made = history.create("one")
    first = history.append(made.id, sottovoce.Role.USER, "Hello")
    assert history.set_favourite(first.id, True).favourite
    history.append(made.id, sottovoce.Role.ASSISTANT, "Hello!", parent=first.id)
    history.delete_message(first.id)
    assert history.transcript(made.id).messages == []
    history.delete(made.id)
    with pytest.raises(sottovoce.HistoryError, match=made.id):
        history.transcript(made.id)
    history.create("two")
    assert history.expire(days=30) == 0
    assert history.delete_all() == 1


def test_what_is_no_history(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    path.write_text("This is a letter and no database, however long it goes on. " * 100)
    with pytest.raises(sottovoce.HistoryError, match="history.db"):
        sottovoce.History(path)
    history = sottovoce.History(tmp_path / "other.db")
    with pytest.raises(sottovoce.InputError, match="'nobody'"):
        history.delete("nobody")
