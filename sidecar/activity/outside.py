"""Seals kept outside the database, in the state folder: a chain that is kept beside its rows only proves nothing.

`newest.txt` holds the newest seal that this machine has made, `kept.txt` the first of each day, and whatever the chain has
contradicted since. A line is `NUMBER ROOT TIME`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

from sqlalchemy.orm import Session

from sidecar.activity.seals import Seal
from sidecar.activity.store_seals import find_root

log = logging.getLogger(__name__)
NEWEST, KEPT = "newest.txt", "kept.txt"


@dataclass(frozen=True)
class Keepsake:
    """A seal as it was when it was made."""

    number: int
    root: bytes
    sealed_at: str

    @property
    def line(self) -> str:
        """As it stands in the file, and in the owner's mail."""
        return f"{self.number} {self.root.hex()} {self.sealed_at}"


def keepsake_of(seal: Seal) -> Keepsake:
    """What is kept of a seal."""
    return Keepsake(
        seal.number, seal.root, seal.sealed_at.astimezone(UTC).isoformat(sep="T", timespec="seconds")
    )


def parse_line(line: str) -> Keepsake | None:
    """
    >>> parse_line("7 " + "ab" * 32 + " 2026-06-15T12:00:00+00:00").number, parse_line("7 ab"), parse_line("")
    (7, None, None)
    """
    words = line.split()
    try:
        number, root = int(words[0]), bytes.fromhex(words[1])
        return Keepsake(number, root, words[2]) if len(root) == 32 else None
    except (ValueError, IndexError):
        return None


def list_keepsakes(folder: Path) -> Iterator[Keepsake]:
    """Everything that this machine has kept, in no particular order."""
    for name in (KEPT, NEWEST):
        try:
            lines = (folder / name).read_text("ascii", "replace").splitlines()
        except FileNotFoundError:
            continue
        yield from (found for line in lines if (found := parse_line(line)) is not None)


def find_newest(folder: Path) -> Keepsake | None:
    """The newest seal that this machine has made."""
    try:
        return parse_line((folder / NEWEST).read_text("ascii", "replace"))
    except (FileNotFoundError, NotADirectoryError):
        return None


def contradicted(reader: Session, folder: Path) -> Keepsake | None:
    """What this machine has kept last, if the chain in the database does not hold it: it was cut or written anew."""
    newest = find_newest(folder)
    if newest is None or find_root(reader, newest.number) == newest.root:
        return None
    return newest


def keep(folder: Path, seal: Seal, lost: Keepsake | None) -> None:
    """Write the newest seal down, whole or not at all; the first of a day, and one that the chain has `lost`, for good."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    before, new = find_newest(folder), keepsake_of(seal)
    if lost is not None:
        _append(folder, lost)
    if before is None or before.sealed_at[:10] != new.sealed_at[:10]:
        _append(folder, new)
    part = folder / f"{NEWEST}.part"
    part.write_text(f"{new.line}\n", "ascii")
    part.replace(folder / NEWEST)


def _append(folder: Path, kept: Keepsake) -> None:
    with (folder / KEPT).open("a", encoding="ascii") as file:
        file.write(f"{kept.line}\n")
