"""Files that hold what others must not read, written whole or not at all."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path


def write_new(path: Path, text: str, *, mode: int, group: bool) -> None:
    """A file that nobody else could open at any moment of its making, and that survives a power cut.

    What root writes belongs to whom the folder belongs to; another user can at best give it to the folder's `group`. By
    descriptor: the folder may be one in which others can put a link in our file's place.
    """
    there = path.parent.stat()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        if os.geteuid() == 0:
            os.fchown(descriptor, there.st_uid, there.st_gid)
        elif group:
            with suppress(PermissionError):
                os.fchown(descriptor, -1, there.st_gid)
        file.write(text)
        file.flush()
        os.fsync(descriptor)
        os.fchmod(descriptor, mode)


def write_secret(path: Path, text: str) -> None:
    """For the folder's owner alone, in place of what was there."""
    part = _part_of(path)
    try:
        write_new(part, text, mode=0o600, group=False)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def rewrite(path: Path, text: str) -> None:
    """Another text in a file that stays whose it is and as closed as it is."""
    there, part = path.stat(), _part_of(path)
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            if (there.st_uid, there.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(descriptor, there.st_uid, there.st_gid)
            file.write(text)
            file.flush()
            os.fsync(descriptor)
            os.fchmod(descriptor, there.st_mode & 0o7777)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _part_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}")
