"""A seal as a value: what it speaks of, its canonical text and its root. Pure. docs/log.md shows how to check one by hand.

The leaves of a seal are the ids and digests of its events, those of each type and month together in order of the ids; a
part's root is the SHA-256 of its leaves. The seal's own root is the SHA-256 of its text, in which the root of the seal
before stands: so each seal speaks for all that came before, and a part whose rows are dropped leaves a root behind that the
chain still holds.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

LEAF_BYTES = 48
FIRST_PREVIOUS = bytes(32)


class SealKind(StrEnum):
    """ROWS seals events. DROP says that all rows of a type and month sealed before it go, RELEASE that kept ones of them go."""

    ROWS = "rows"
    DROP = "drop"
    RELEASE = "release"


@dataclass(frozen=True)
class Part:
    """What a seal says of one type and month.

    ROWS: `count` events whose leaves have the `root`. DROP and RELEASE: `count` went, and `kept` (under a hold) are all that
    is left, whose leaves have the `root`.
    """

    type: str
    month: int
    count: int
    root: bytes
    kept: int | None = None

    @property
    def place(self) -> tuple[str, int]:
        """Type and month."""
        return self.type, self.month


@dataclass(frozen=True)
class Seal:
    """One entry of the chain. `previous`: the root of the one before, zeros for the first."""

    number: int
    kind: SealKind
    sealed_at: datetime
    parts: tuple[Part, ...]
    previous: bytes = FIRST_PREVIOUS

    @property
    def count(self) -> int:
        """Of all parts."""
        return sum(part.count for part in self.parts)

    @property
    def root(self) -> bytes:
        """What the next seal says of this one."""
        return root_of(self.number, self.kind, self.sealed_at, self.previous, parts_text(self.parts))


def root_of(number: int, kind: str, sealed_at: datetime, previous: bytes, parts: str) -> bytes:
    """SHA-256 of a seal's canonical text.

    >>> root_of(1, "rows", datetime(2026, 6, 15, tzinfo=UTC), FIRST_PREVIOUS, "[]").hex()[:16]
    '847994588e39d044'
    """
    moment = sealed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    text = f'[{number},"{kind}","{moment}","{previous.hex()}",{parts}]'
    return hashlib.sha256(text.encode("ascii")).digest()


def parts_text(parts: Iterable[Part]) -> str:
    """Parts as canonical JSON.

    >>> parts_text([Part("page", 202611, 2, bytes(2)), Part("page", 202411, 9, bytes(2), kept=0)])
    '[["page",202611,2,"0000"],["page",202411,9,"0000",0]]'
    """
    rows = [
        [part.type, part.month, part.count, part.root.hex(), part.kept][: 4 + (part.kept is not None)]
        for part in parts
    ]
    return json.dumps(rows, ensure_ascii=True, separators=(",", ":"))


def parse_parts(text: str) -> tuple[Part, ...]:
    """The parts in a seal's column; raises ValueError, TypeError for what was never written there."""
    return tuple(Part(row[0], row[1], row[2], bytes.fromhex(row[3]), *row[4:]) for row in json.loads(text))


def leaf(event_id: bytes, digest: bytes) -> bytes:
    """One event among the leaves."""
    return event_id + digest


def split_leaves(leaves: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(id, digest) of each event."""
    for start in range(0, len(leaves), LEAF_BYTES):
        yield leaves[start : start + 16], leaves[start + 16 : start + LEAF_BYTES]
