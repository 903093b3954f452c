"""The processes of a run: workers that come back when they were killed and go on when they stood still, acts that end."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.crash.dooms import Deck, Doom, count_strokes, last_stop
from tests.crash.impatience import LEASE_SECONDS
from tests.crash.temper import Temper
from tests.crash.world import World

_CATCH_UP_SECONDS = 8.0


@dataclass
class Slot:
    """A place that is always filled."""

    name: str
    pid: int
    stood_still_at: float | None = None
    wakes_after: float = 0.0


@dataclass
class Errand:
    """An act, or one of a crowd: it ends by itself; `dies_at` is when it is killed if it has not."""

    pid: int
    dies_at: float = float("inf")
    ends_at: float = field(default_factory=lambda: time.monotonic() + 40.0)
    stood_still_at: float | None = None


class Troop:
    """Tended from the conductor's loops; nothing here runs by itself."""

    def __init__(self, world: World, luck: random.Random, temper: Temper) -> None:
        self._world, self._luck, self._temper = world, luck, temper
        self._deck = Deck(luck, self._strokes, temper.steps, temper.ends) if temper.ends else None
        self._slots: dict[str, Slot] = {}
        self._errands: list[Errand] = []
        self._born = 0
        self.is_calm = False

    def _strokes(self) -> Counter[tuple[str, str]]:
        return count_strokes(self._world.folder)

    # --- workers ---

    def begin(self) -> None:
        """Fill all places."""
        for number in range(1, self._temper.workers + 1):
            self._fill(f"worker{number}")
        if self._temper.webhooks:
            self._fill("door")

    def _fill(self, name: str) -> None:
        self._born += 1
        if name == "door":
            pid = self._world.nursery.spawn("door", port=self._world.door_port)
        else:
            role = "worker" if int(name.removeprefix("worker")) % 2 else "nudged"
            pid = self._spawn_worker(role, f"{name}.{self._born}")
        self._slots[name] = Slot(f"{name}.{self._born}", pid)

    def _spawn_worker(self, role: str, name: str) -> int:
        return self._world.nursery.spawn(
            role, name=name, dooms=self._dooms(), redis_url=self._world.redis.url
        )

    def _dooms(self) -> list[Doom]:
        return [] if self.is_calm or self._deck is None else self._deck.deal()

    def tend(self) -> None:
        """Fill empty places, wake who has stood still long enough, kill and clear what has had its time."""
        now = time.monotonic()
        for name, slot in list(self._slots.items()):
            state = self._world.nursery.state(slot.pid)
            if not state:
                self._fill(name)
            elif state == "T":
                self._watch_stopped(slot, now)
        self._errands = [errand for errand in self._errands if self._still_runs(errand, now)]

    def _watch_stopped(self, slot: Slot, now: float) -> None:
        if slot.stood_still_at is None:
            slot.stood_still_at = now
            short, long = self._luck.uniform(0.1, 1.0), LEASE_SECONDS + self._luck.uniform(0.5, 4.0)
            slot.wakes_after = self._luck.choice((short, long))
        elif now - slot.stood_still_at > slot.wakes_after:
            self._wake(slot)

    def _wake(self, slot: Slot) -> None:
        slot.stood_still_at = None
        self._world.nursery.signal(slot.pid, signal.SIGCONT)

    def wake_those_who_rely_on_keys(self) -> None:
        """A worker that stands still before it has asked for an intent would ask with a key that a jump has made forgotten."""
        for slot in self._slots.values():
            if self._world.nursery.state(slot.pid) == "T" and last_stop(self._world.folder, slot.name) in {
                "claimed", "prepared",
            }:  # fmt: skip
                self._wake(slot)
        for errand in self._errands:
            if self._world.nursery.state(errand.pid) == "T":
                self._world.nursery.signal(errand.pid, signal.SIGCONT)

    def kill_all(self) -> None:
        """The machine is switched off."""
        pids = [slot.pid for slot in self._slots.values()] + [errand.pid for errand in self._errands]
        self._slots.clear()
        self._errands.clear()
        for pid in pids:
            self._world.nursery.signal(pid, signal.SIGKILL)
        self._world.wait_until(lambda: not any(map(self._world.nursery.state, pids)), 5)

    def calm(self, is_calm: bool) -> None:
        """All workers anew, with or without dooms."""
        self.is_calm = is_calm
        self.kill_all()
        self.begin()

    # --- errands ---

    def crowd(self, count: int) -> None:
        """So many workers at once, for one run each."""
        for number in range(count):
            self._errands.append(Errand(self._spawn_worker("once", f"crowd{number}.{self._born}")))

    def act(self, number: int, do: str, facts: dict[str, Any]) -> None:
        """One act; some are killed in its midst."""
        pid = self._world.nursery.spawn(
            "act", name=f"act{number}", do=do, api=self._world.processor.url, **facts
        )
        errand = Errand(pid)
        if self._luck.random() < self._temper.act_deaths:
            errand.dies_at = time.monotonic() + self._luck.uniform(0.02, 0.6)
        self._errands.append(errand)

    def catch_up(self) -> None:
        """What the gateway's webhooks did not bring, once a day as in production: a day of business time is too short here for
        the workers to come to it by themselves."""
        pid = self._world.nursery.spawn("catch_up")
        self._world.wait_until(lambda: not self._world.nursery.state(pid), _CATCH_UP_SECONDS)
        self._world.nursery.signal(pid, signal.SIGKILL)

    def run_errand(self, role: str, **orders: Any) -> int:
        """Something that nothing kills; its pid."""
        return self._world.nursery.spawn(role, **orders)

    def _still_runs(self, errand: Errand, now: float) -> bool:
        state = self._world.nursery.state(errand.pid)
        if state and now > min(errand.dies_at, errand.ends_at):
            self._world.nursery.signal(errand.pid, signal.SIGKILL)
        if state == "T":
            errand.stood_still_at = errand.stood_still_at or now
            if now - errand.stood_still_at > LEASE_SECONDS + 1:
                errand.stood_still_at = None
                self._world.nursery.signal(errand.pid, signal.SIGCONT)
        return bool(state)

    def count_errands(self) -> int:
        """Acts and crowds that still run."""
        return len(self._errands)
