"""Mails that the demo's site would have sent. They are kept in a file, so that the next start still has them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

_MOST_SHOWN = 500


class Received(msgspec.Struct, frozen=True):
    """One mail. `at`: business time, when the site took it."""

    id: str
    at: datetime
    to: str
    subject: str
    text: str
    html: str


class Inbox:
    """Everybody's, in one file of a line each."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "inbox.jsonl"
        self._lock = threading.Lock()

    def keep(self, changes: Iterable[Mapping[str, Any]], at: datetime) -> None:
        """Take changes of kind `mail` (docs/protocol.md), each id once, as the plugin does."""
        with self._lock:
            there = {mail.id for mail in self._read()}
            fresh = [change for change in changes if change["id"] not in there]
            with self._path.open("ab") as file:
                for change in fresh:
                    mail = msgspec.convert({**change, "at": at}, Received)
                    file.write(msgspec.json.encode(mail) + b"\n")

    def list_newest(self, to: str = "") -> list[Received]:
        """The newest first; `to`: only those to this address."""
        with self._lock:
            mails = [mail for mail in self._read() if not to or mail.to == to]
        return mails[: -_MOST_SHOWN - 1 : -1]

    def find(self, mail_id: str) -> Received | None:
        """By the id of its change."""
        with self._lock:
            return next((mail for mail in self._read() if mail.id == mail_id), None)

    def _read(self) -> list[Received]:
        """Oldest first; a line that was cut off when the demo died is none."""
        try:
            lines = self._path.read_bytes().split(b"\n")[:-1]
        except FileNotFoundError:
            return []
        return [msgspec.json.decode(line, type=Received) for line in lines]
