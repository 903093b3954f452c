"""Idempotency keys: the first answer is kept for a day and repeated, whatever has happened since."""

from __future__ import annotations

import hashlib
from urllib.parse import parse_qsl

from sidecar.demo.processor.books import Row, World
from sidecar.demo.processor.refusals import WrongParameter, key_in_use, key_reused

KEPT_SECONDS = 86_400
LONGEST = 255


class Keys:
    """One mode's keys. Used under the books' lock."""

    def __init__(self) -> None:
        self._in_flight: dict[str, str] = {}

    def claim(self, world: World, key: str, asked: str, now: int) -> Row | None:
        """The kept answer; None: it is yours to execute, then `release` it.

        Raises 409 while the first request runs, and 400 where it asked for something else.
        """
        if len(key) > LONGEST:
            raise WrongParameter(f"Idempotency keys can be up to {LONGEST} characters long.")
        kept = world.find("key", key)
        if kept and kept["at"] + KEPT_SECONDS <= now:
            world.remove("key", key)
            kept = None
        running = self._in_flight.get(f"{world.name} {key}")
        if running or kept:
            if (running or kept["asked"]) != asked:  # type: ignore[index]
                raise key_reused(key)
            if running:
                raise key_in_use()
            return kept
        self._in_flight[f"{world.name} {key}"] = asked
        return None

    def release(self, world: World, key: str) -> None:
        """The request has ended, or was never executed."""
        self._in_flight.pop(f"{world.name} {key}", None)


def keep(world: World, key: str, asked: str, now: int, answer: dict[str, object]) -> None:
    """`answer`: what `claim` gives back from now on."""
    world.put("key", {"id": key, "asked": asked, "at": now, **answer})


def prune(world: World, older_than: int | None = None) -> int:
    """Forget keys made up to then; all, without it. Returns how many."""
    keys = [row for row in world.table("key").rows.values() if older_than is None or row["at"] <= older_than]
    for row in keys:
        world.remove("key", row["id"])
    return len(keys)


def digest_of(method: str, path: str, body: bytes) -> str:
    """What makes two requests the same: address and parameters, in any order."""
    fields = sorted(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    return hashlib.sha256(repr((method, path, fields)).encode()).hexdigest()
