"""What the processor knows: tables in memory, and a journal that is replayed at the next start.

A row is never changed in place: a change is a new row under the same id. So an event's snapshot and a kept answer
stay what they were, and the journal is told of everything.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import Any

Row = dict[str, Any]
WORLDS = ("test", "live", "house")
"""`house` holds what belongs to no mode: settings, scripts of cards, what the referee saw."""
INDEXED = ("customer", "payment_intent", "charge", "fingerprint")


class Table:
    """Rows by id in the order they were added; found by a customer, intent, charge or fingerprint without a search."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self._places: dict[str, int] = {}
        self._index: dict[tuple[str, str], set[str]] = {}

    def put(self, row: Row) -> None:
        id = row["id"]
        self._unindex(id)
        self.rows[id] = row
        self._places.setdefault(id, len(self._places))
        for field in INDEXED:
            if row.get(field):
                self._index.setdefault((field, row[field]), set()).add(id)

    def remove(self, id: str) -> None:
        self._unindex(id)
        self.rows.pop(id, None)

    def _unindex(self, id: str) -> None:
        old = self.rows.get(id)
        if old:
            for field in INDEXED:
                if old.get(field):
                    self._index[(field, old[field])].discard(id)

    def where(self, field: str, value: str) -> list[Row]:
        """The newest first."""
        ids = self._index.get((field, value), ())
        return [self.rows[id] for id in sorted(ids, key=self._places.__getitem__, reverse=True)]

    def newest_first(self) -> Iterator[Row]:
        return reversed(self.rows.values())


class World:
    """One mode's tables; every change is noted for the journal."""

    def __init__(self, name: str, unwritten: list[list[Any]]) -> None:
        self.name = name
        self._unwritten = unwritten
        self._tables: dict[str, Table] = {}

    def table(self, name: str) -> Table:
        found = self._tables.get(name)
        if found is None:
            found = self._tables[name] = Table()
        return found

    def find(self, table: str, id: str) -> Row | None:
        return self.table(table).rows.get(id)

    def put(self, table: str, row: Row) -> Row:
        self.table(table).put(row)
        self._unwritten.append([self.name, table, row["id"], row])
        return row

    def remove(self, table: str, id: str) -> None:
        self.table(table).remove(id)
        self._unwritten.append([self.name, table, id, None])


class Books:
    """All worlds behind one short lock; whoever changes something holds `lock` and then calls `write_down`."""

    def __init__(self, path: Path | None = None) -> None:
        self.lock = threading.RLock()
        self._unwritten: list[list[Any]] = []
        self._path = path
        self._journal: TextIOWrapper | None = None
        self._empty()
        if path:
            self._replay(path)
            self._journal = path.open("a", encoding="utf-8")

    def _empty(self) -> None:
        self._unwritten.clear()
        self.worlds = {name: World(name, self._unwritten) for name in WORLDS}

    @property
    def house(self) -> World:
        return self.worlds["house"]

    def mode(self, *, livemode: bool) -> World:
        return self.worlds["live" if livemode else "test"]

    def write_down(self) -> None:
        """All changes since the last time become one line: after a crash they are there together or not at all."""
        if self._journal and self._unwritten:
            self._journal.write(json.dumps(self._unwritten, separators=(",", ":")) + "\n")
            self._journal.flush()
        self._unwritten.clear()

    def reset(self) -> None:
        """Forget everything, the journal too."""
        self._empty()
        if self._journal and self._path:
            self._journal.truncate(0)

    def _replay(self, path: Path) -> None:
        path.touch()
        whole_bytes = 0
        with path.open("rb") as journal:
            for line in journal:
                if not line.endswith(b"\n"):
                    break  # the process died while writing: that change was never answered
                self._apply(json.loads(line))
                whole_bytes += len(line)
        with path.open("rb+") as journal:
            journal.truncate(whole_bytes)

    def _apply(self, changes: Iterable[list[Any]]) -> None:
        for world, table, id, row in changes:
            place = self.worlds[world].table(table)
            if row is None:
                place.remove(id)
            else:
                place.put(row)
