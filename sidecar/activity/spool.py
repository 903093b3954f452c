"""Recording without waiting: a web process appends lines to a file of its own, one drainer a machine stores them.

A line is written with one `write()` and no fsync before the page is answered: it survives `kill -9`, not a power cut.
The writer holds a shared lock round its write and the drainer an exclusive one round its read of a *renamed* file, so no
line can be written into a file that was already read.
"""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
import threading
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from sidecar.activity.rules import Event, from_line, to_line
from sidecar.activity.storing import BATCH, MembersOf, PayersOf, People, store_events
from sidecar.locks import alone

log = logging.getLogger(__name__)


class SpoolWriter:
    """The spool file of this process. Threads share it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._descriptor = -1
        self._path = folder
        self._owner = 0

    def append(self, event: Event) -> bool:
        """Write one event; False when it could not be written whole (disk full, folder gone), which the caller must say."""
        line = to_line(event)
        with self._lock:
            try:
                return self._write(line)
            except OSError:
                log.exception("the spool %s cannot be written", self._folder)
                return False

    def _write(self, line: bytes) -> bool:
        while True:
            self._open_own_file()
            fcntl.flock(self._descriptor, fcntl.LOCK_SH)
            try:
                if self._is_current():
                    start = os.fstat(self._descriptor).st_size
                    if os.write(self._descriptor, line) == len(line):
                        return True
                    os.ftruncate(self._descriptor, start)  # a full disk took a part of it
                    return False
            finally:
                fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            os.close(self._descriptor)
            self._descriptor = -1

    def _is_current(self) -> bool:
        """Whether the open file is still the one at its path; the drainer takes files away by renaming them."""
        try:
            return self._path.stat().st_ino == os.fstat(self._descriptor).st_ino
        except FileNotFoundError:
            return False

    def _open_own_file(self) -> None:
        if self._descriptor >= 0 and self._owner == os.getpid():
            return  # a fork's child must not share its parent's file: locks belong to the open file
        self._owner = os.getpid()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = self._folder / f"{self._owner}-{secrets.token_hex(4)}.jsonl"
        self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def drain(folder: Path, members_of: MembersOf, payers_of: PayersOf | None = None) -> int:
    """Store what all writers have spooled; gives the number of events. Nothing when another drainer is at work.

    `payers_of`: given, the addresses of who never paid are shortened.

    A file is unlinked only after its events are committed; killed before that, the next run meets it again and the
    events' own ids keep them single.
    """
    if not folder.exists() or not any(_wants_draining(path) for path in folder.iterdir()):
        return 0
    with alone(folder / "drain.lock") as mine:
        if not mine:
            return 0
        return sum(_drain_file(path, People(members_of, payers_of)) for path in _taken_files(folder))


def _wants_draining(path: Path) -> bool:
    """Asked every second: most often there is one empty file of a living writer."""
    if path.suffix == ".taken":
        return True
    try:
        return path.suffix == ".jsonl" and (path.stat().st_size > 0 or not _is_alive(path))
    except FileNotFoundError:
        return False  # another drainer has just taken it


def _taken_files(folder: Path) -> list[Path]:
    """Files left by an earlier drainer first, then the live ones, renamed; empty live ones stay with their writers."""
    for path in folder.glob("*.jsonl"):
        if _wants_draining(path):
            path.rename(path.with_suffix(".taken"))
    return sorted(folder.glob("*.taken"), key=lambda path: path.stat().st_mtime)


def _is_alive(path: Path) -> bool:
    pid = path.name.partition("-")[0]
    return pid.isdigit() and Path(f"/proc/{pid}").exists()


def _drain_file(path: Path, people: People) -> int:
    """By parts: after hours without a database a file may be larger than the memory."""
    stored = 0
    with path.open("rb") as file:
        fcntl.flock(
            file, fcntl.LOCK_EX
        )  # waits for a writer that was just writing; the next one sees that it is renamed
        fcntl.flock(file, fcntl.LOCK_UN)
        while lines := list(islice(file, BATCH)):
            events, refused = _parse(lines)
            refused += [to_line(event) for event in store_events(events, people)]
            stored += len(lines) - len(refused)
            keep_refused(path.parent, refused)
    path.unlink()
    return stored


def _parse(lines: list[bytes]) -> tuple[list[Event], list[bytes]]:
    events, refused = [], []
    for line in lines:
        try:
            events.append(from_line(line))
        except (ValueError, KeyError, TypeError, OverflowError, OSError, RecursionError):
            refused.append(line)
    return events, refused


def keep_refused(folder: Path, lines: Sequence[bytes]) -> None:
    """What is no event, or none that the table takes, is kept for a person to look at."""
    if not lines:
        return
    log.error("%d spooled lines are no events; kept in %s", len(lines), folder / "refused.txt")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "refused.txt").open("ab") as file:
        file.writelines(line.removesuffix(b"\n") + b"\n" for line in lines)
