"""Verifying: is everything that was ever sealed still there, unchanged, and nothing else?

Three passes, each a stream: the chain of seals, and against what was kept outside the database; the rows of each type and
month beside the leaves of their seals; what a hold has kept of months that were dropped. Reads only.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy.orm import Session

from sidecar.activity import store_holds, store_seals
from sidecar.activity.mail_copies import find_copies
from sidecar.activity.outside import Keepsake
from sidecar.activity.partitions import list_places
from sidecar.activity.rules import EventType, digest_of_row
from sidecar.activity.seals import FIRST_PREVIOUS, Part, SealKind, leaf, parse_parts, root_of, split_leaves
from sidecar.activity.store import list_erasures

Place = tuple[str, int]
Told = Callable[[int], None]


class Fault(StrEnum):
    """What can be wrong."""

    SEAL_CHANGED = "seal_changed"
    SEAL_MISSING = "seal_missing"
    CHAIN_BROKEN = "chain_broken"
    CHAIN_CUT = "chain_cut"
    NOT_AS_KEPT = "not_as_kept"
    LEAVES_CHANGED = "leaves_changed"
    LEAVES_MISSING = "leaves_missing"
    ROW_CHANGED = "row_changed"
    ROW_MISSING = "row_missing"
    ROW_INSERTED = "row_inserted"
    BLANKED = "blanked"
    COPY_CHANGED = "copy_changed"
    HELD_DIFFER = "held_differ"


@dataclass(frozen=True)
class Flaw:
    """One thing that is wrong. `event_id`: of a row. `member_id`: of BLANKED. `said`: what was expected, for a person."""

    fault: Fault
    seal: int | None = None
    place: Place | None = None
    event_id: bytes | None = None
    member_id: int | None = None
    said: str = ""


@dataclass
class Summary:
    """What was looked at. `rows` counts sealed events that are there, `erased` those of them that were blanked."""

    seals: int = 0
    rows: int = 0
    held: int = 0
    erased: int = 0
    unsealed: int = 0
    dropped: int = 0
    newest: Keepsake | None = None


@dataclass
class _Known:
    """What the chain says of one type and month. `dropped`: by which seal, and what that one says is kept."""

    alive: int = 0
    dropped: int = 0
    kept: Part | None = None


@dataclass
class Verification:
    """One run. `outside`: seals kept outside the database. `told` hears how many more rows were looked at."""

    reader: Session
    outside: Iterable[Keepsake] = ()
    told: Told = lambda _count: None
    summary: Summary = field(default_factory=Summary)

    def __post_init__(self) -> None:
        self._places: dict[Place, _Known] = {}
        self._blanked: Counter[int | None] = Counter()
        self._copy_flaws: list[Flaw] = []

    def expected_rows(self) -> int:
        """About how many rows there are to look at, for a bar."""
        return store_seals.count_estimated(self.reader)

    def run(self) -> Iterator[Flaw]:
        """Every flaw, as it is found."""
        yield from self._chain()
        for place in sorted(self._places.keys() | set(list_places(self.reader))):
            known = self._places.get(place, _Known())
            yield from self._rows(place, known)
            if known.dropped:
                yield from self._held(place, known)
        yield from self._erasures()
        self.summary.unsealed = store_seals.count_unsealed(self.reader)

    # --- the chain -------------------------------------------------------------------------------------------------

    def _chain(self) -> Iterator[Flaw]:
        kept: dict[int, list[Keepsake]] = {}
        for one in self.outside:
            kept.setdefault(one.number, []).append(one)
        number, previous = 0, FIRST_PREVIOUS
        for row in store_seals.stream_seals(self.reader):
            root = bytes(row.root)
            if row.number != number + 1:
                yield Flaw(Fault.SEAL_MISSING, number + 1, said=str(row.number - 1))
            elif bytes(row.previous) != previous:
                yield Flaw(Fault.CHAIN_BROKEN, row.number)
            if root_of(row.number, row.kind, row.sealed_at, bytes(row.previous), row.parts) != root:
                yield Flaw(Fault.SEAL_CHANGED, row.number)
            for one in kept.pop(row.number, ()):
                if one.root != root:
                    yield Flaw(Fault.NOT_AS_KEPT, row.number, said=one.line)
            number, previous = row.number, root
            self._learn(row)
        self.summary.seals = number
        for missing in sorted(kept):
            yield Flaw(Fault.CHAIN_CUT, missing, said=kept[missing][0].line)

    def _learn(self, row: Any) -> None:
        self.summary.newest = Keepsake(
            row.number, bytes(row.root), row.sealed_at.isoformat(timespec="seconds")
        )
        try:
            parts = parse_parts(row.parts)
        except (ValueError, TypeError):
            return  # then its root is wrong, too
        for part in parts:
            known = self._places.setdefault(part.place, _Known())
            if row.kind == SealKind.ROWS:
                known.alive += 1
                continue
            known.kept = part
            if row.kind == SealKind.DROP:
                known.alive, known.dropped = 0, row.number
                self.summary.dropped += part.count

    # --- rows beside leaves ----------------------------------------------------------------------------------------

    def _rows(self, place: Place, known: _Known) -> Iterator[Flaw]:
        """Both come in order of (seal, id), so that one walk beside the other finds what is missing on either side."""
        rows, alive = _Ahead(self._sealed(place)), 0
        for sealed in store_seals.stream_leaves(self.reader, place):
            if sealed.seal > self.summary.seals:
                break
            yield from self._strangers(place, rows, sealed.seal)
            yield from self._taken_copy_flaws()
            leaves = bytes(sealed.leaves)
            if hashlib.sha256(leaves).digest() != _root_in(sealed.parts, place):
                yield Flaw(Fault.LEAVES_CHANGED, sealed.seal, place)
            if sealed.seal < known.dropped:
                continue  # kept for what is held of it
            alive += 1
            yield from self._beside(place, sealed.seal, leaves, rows)
        yield from self._strangers(place, rows, None)
        yield from self._taken_copy_flaws()
        if alive != known.alive:
            yield from self._missing_leaves(place, known)

    def _beside(self, place: Place, seal: int, leaves: bytes, rows: _Ahead) -> Iterator[Flaw]:
        for event_id, digest in split_leaves(leaves):
            while (row := rows.under(seal)) is not None and bytes(row.id) < event_id:
                yield Flaw(Fault.ROW_INSERTED, seal, place, bytes(row.id))
                rows.step()
            if row is None or bytes(row.id) != event_id:
                yield Flaw(Fault.ROW_MISSING, seal, place, event_id)
                continue
            if bytes(row.digest) != digest or not self._is_whole(row):
                yield Flaw(Fault.ROW_CHANGED, seal, place, event_id)
            rows.step()
        while (row := rows.under(seal)) is not None:
            yield Flaw(Fault.ROW_INSERTED, seal, place, bytes(row.id))
            rows.step()

    def _strangers(self, place: Place, rows: _Ahead, before: int | None) -> Iterator[Flaw]:
        """Rows under a seal that has no leaves here: strangers, unless the leaves were taken away and the root knows them."""
        while (row := rows.now) is not None and (before is None or row.seal < before):
            seal, sum_of = row.seal, hashlib.sha256()
            ids: list[bytes] = []
            while (row := rows.under(seal)) is not None:
                sum_of.update(leaf(bytes(row.id), bytes(row.digest)))
                if not self._is_whole(row):
                    yield Flaw(Fault.ROW_CHANGED, seal, place, bytes(row.id))
                if len(ids) < _NAMED:
                    ids.append(bytes(row.id))
                rows.step()
            if _root_in(store_seals.find_parts(self.reader, seal), place) != sum_of.digest():
                for event_id in ids:
                    yield Flaw(Fault.ROW_INSERTED, seal, place, event_id)

    def _missing_leaves(self, place: Place, known: _Known) -> Iterator[Flaw]:
        there = {row.seal for row in store_seals.stream_leaves(self.reader, place)}
        for row in store_seals.stream_seals(self.reader):
            is_here = row.kind == SealKind.ROWS and _root_in(row.parts, place) is not None
            if row.number > self.summary.seals:
                return
            if is_here and row.number > known.dropped and row.number not in there:
                yield Flaw(Fault.LEAVES_MISSING, row.number, place)

    def _sealed(self, place: Place) -> Iterator[Any]:
        newest = 0
        for row in self._streamed(store_seals.stream_sealed(self.reader, place)):
            if row.seal > self.summary.seals:
                newest = newest or self._newest_now()
                if row.seal <= newest:
                    return  # sealed since the chain was read: the next run looks at it
            self.summary.rows += 1
            yield row

    def _streamed(self, chunks: Iterable[list[Any]]) -> Iterator[Any]:
        for rows in chunks:
            if rows[0].type == EventType.EMAIL:
                self._copy_flaws += self._copies_of(rows)
            yield from rows
            self.told(len(rows))

    def _taken_copy_flaws(self) -> list[Flaw]:
        flaws, self._copy_flaws = self._copy_flaws, []
        return flaws

    def _newest_now(self) -> int:
        newest = store_seals.find_newest(self.reader)
        return newest.number if newest else 0

    def _is_whole(self, row: Any) -> bool:
        """Whether a row is what its digest says. An erased one has no salt, and nothing in it but what erasure leaves."""
        if row.salt is None:
            self.summary.erased += 1
            self._blanked[row.member_id] += 1
            return row.ip == "" and row.body == "{}" and row.user_id is None
        return digest_of_row(row) == bytes(row.digest)

    # --- what else ---------------------------------------------------------------------------------------------------

    def _copies_of(self, rows: list[Any]) -> Iterator[Flaw]:
        """Mails whose copy is not the one that their event speaks of, or is gone."""
        wanted = {bytes(row.id): (row.seal, sha256) for row in rows if (sha256 := _copy_in(row)) is not None}
        found = find_copies(self.reader, wanted.keys())
        for event_id, (seal, sha256) in wanted.items():
            copy = found.get(event_id)
            if copy is None or copy.sha256 != sha256:
                yield Flaw(Fault.COPY_CHANGED, seal, (rows[0].type, rows[0].month), event_id)

    def _held(self, place: Place, known: _Known) -> Iterator[Flaw]:
        """What a hold has kept of a month that was dropped: all that the chain says, and each row as its leaf has it."""
        sum_of, count = hashlib.sha256(), 0
        for seal, rows in groupby(
            self._streamed(store_holds.stream_held(self.reader, place)), attrgetter("seal")
        ):
            leaves = store_seals.find_leaves(self.reader, place, seal)
            if leaves is None:
                yield Flaw(Fault.LEAVES_MISSING, seal, place)
            digests = dict(split_leaves(leaves or b""))
            for row in rows:
                event_id, digest = bytes(row.id), bytes(row.digest)
                sum_of.update(leaf(event_id, digest))
                count += 1
                if not self._is_whole(row) or (leaves is not None and digests.get(event_id) != digest):
                    yield Flaw(Fault.ROW_CHANGED, seal, place, event_id)
            yield from self._taken_copy_flaws()
        kept = known.kept
        if kept is not None and (kept.kept, kept.root) != (count, sum_of.digest()):
            yield Flaw(Fault.HELD_DIFFER, place=place, said=f"{kept.kept} / {count}")
        self.summary.held += count

    def _erasures(self) -> Iterator[Flaw]:
        """Rows that were blanked although no erasure of that many is in the log. Not told once events of access are dropped."""
        if any(known.dropped for place, known in self._places.items() if place[0] == EventType.ACCESS):
            return
        for member_id, count in self._blanked.items():
            said = sum(_number_in(body, "events") for body in list_erasures(self.reader, member_id))
            if count > said:
                yield Flaw(Fault.BLANKED, member_id=member_id, said=f"{count} / {said}")


_NAMED = 100
"""So many rows that do not belong are named one by one."""


class _Ahead:
    """A stream that can be looked into without taking from it."""

    def __init__(self, rows: Iterator[Any]) -> None:
        self._rows = rows
        self.now = next(rows, None)

    def step(self) -> None:
        """Take one."""
        self.now = next(self._rows, None)

    def under(self, seal: int) -> Any | None:
        """The next row, if it is under this seal."""
        return self.now if self.now is not None and self.now.seal == seal else None


def _root_in(parts: str | None, place: Place) -> bytes | None:
    """What a seal says of a type and month; None where it says nothing of it."""
    try:
        found = [part.root for part in parse_parts(parts or "[]") if part.place == place]
    except (ValueError, TypeError):
        return None
    return found[0] if found else None


def _copy_in(row: Any) -> str | None:
    """The digest of a mail's copy in its event; None where it speaks of none, or was erased."""
    if row.salt is None:
        return None
    try:
        found = json.loads(row.body).get("copy")
    except (ValueError, AttributeError):
        return None
    return found if isinstance(found, str) else None


def _number_in(body: str, key: str) -> int:
    try:
        value = json.loads(body).get(key)
    except (ValueError, AttributeError):
        return 0
    return value if isinstance(value, int) else 0
