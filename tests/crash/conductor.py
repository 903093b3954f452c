"""One run: days go by, things go wrong by a seeded plan, and now and then everybody stands still for the judge."""

from __future__ import annotations

import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from tests.crash.cast import make_catalog, make_members
from tests.crash.crimes import Crimes
from tests.crash.dooms import has_struck_everywhere
from tests.crash.figures import Figures
from tests.crash.judge import gather, judge
from tests.crash.society import Society
from tests.crash.story import write_stories
from tests.crash.temper import Temper
from tests.crash.troop import Troop
from tests.crash.weather import Weather
from tests.crash.world import DATABASE, Servers, World

_DAY = timedelta(days=1)
_PARTS = (timedelta(0), timedelta(minutes=3), timedelta(minutes=70))
"""When, after a day has begun, the clock is moved on a little: what waits for some minutes or an hour is looked at again."""
_BUSY_SECONDS, _QUIET_SECONDS = 1.5, 40.0
_MOST_AT_ONCE = 8
"""Acts beside each other; more would starve everybody out of his lease, which is some seconds here."""
_AT_MOST = 10
"""So many times as long a run may last that waits for every step to be struck."""


_WAITING = {
    "unknown attempts": "SELECT COUNT(*) FROM gatepost_attempts WHERE is_open = 1 AND status IN ('claimed', 'unknown')",
    "intents to close": "SELECT COUNT(*) FROM gatepost_outbox WHERE kind = 'close_intent' AND done_at IS NULL",
    "webhooks": "SELECT COUNT(*) FROM gatepost_webhooks WHERE done_at IS NULL",
    "unknown refunds": "SELECT COUNT(*) FROM gatepost_refunds WHERE status IN ('claimed', 'unknown')",
    "surplus": "SELECT COUNT(*) FROM gatepost_surpluses s WHERE NOT EXISTS"
    " (SELECT 1 FROM gatepost_refunds r WHERE r.charge_id = s.charge_id)",
}


@dataclass
class Plan:
    """What is run. The same plan makes the same decisions; what the machine's scheduler does in between is its own.

    `strikes_everywhere`: go on, up to ten times as long, until each step has been a worker's end and a worker's sleep.
    """

    seed: int
    days: int
    members: int
    temper: Temper = field(default_factory=Temper)
    sabotage: str = ""
    judged_every: int = 30
    stops_at_first: bool = True
    strikes_everywhere: bool = False

    @property
    def longest_days(self) -> int:
        """How many days it may last."""
        return self.days * (_AT_MOST if self.strikes_everywhere else 1)


def run(servers: Servers, plan: Plan, say: Callable[[str], None] = lambda line: None) -> Figures:
    """Carry a plan out; what was found is in its figures."""
    folder = Path(tempfile.mkdtemp(prefix="crash-"))
    conductor = Conductor(servers, plan, folder, say)
    try:
        return conductor.run()
    finally:
        conductor.close()
        if not conductor.figures.findings:
            shutil.rmtree(folder, ignore_errors=True)


class Conductor:
    """Moves the clocks and gives the signs; everything else happens in other processes."""

    def __init__(self, servers: Servers, plan: Plan, folder: Path, say: Callable[[str], None]) -> None:
        self._plan, self._say = plan, say
        self._luck = random.Random(f"{plan.seed}:conductor")
        self.world = World(servers, folder, plan.seed, plan.sabotage, plan.temper.threads)
        self.figures = Figures(plan.seed, plan.sabotage, folder)
        self.troop = Troop(self.world, random.Random(f"{plan.seed}:troop"), plan.temper)
        self.weather = Weather(self.world.processor, random.Random(f"{plan.seed}:weather"), plan.temper)
        self.crimes = Crimes(self.world, self.troop, random.Random(f"{plan.seed}:crimes"), plan.temper)
        self._acts = 0
        self.world.meanwhile = self.troop.tend

    def run(self) -> Figures:
        """All days."""
        self._begin()
        for day in range(self._plan.longest_days):
            is_last = self._is_enough(day + 1)
            self._live(day)
            if is_last or (day + 1) % self._plan.judged_every == 0:
                self._judge(day)
            if is_last or (self.figures.findings and self._plan.stops_at_first):
                break
        self.figures.read(self.world, self.crimes)
        return self.figures

    def _is_enough(self, days: int) -> bool:
        if days < self._plan.days:
            return False
        return days == self._plan.longest_days or has_struck_everywhere(self.world.folder)

    def _begin(self) -> None:
        luck = random.Random(f"{self._plan.seed}:cast")
        months = self._plan.longest_days // 30 + 4

        def furnish(tables, now):  # type: ignore[no-untyped-def]
            make_catalog(now)
            return make_members(tables, self._plan.members, luck, now, self._plan.temper.products)

        members = self.world.furnish(furnish, months)
        self.society = Society(
            self.world, members, random.Random(f"{self._plan.seed}:society"), self._plan.temper
        )
        if self._plan.temper.webhooks:
            self.weather.unsettle_webhooks(self.world.door_port)
        self.troop.begin()

    # --- a day ---

    def _live(self, day: int) -> None:
        self._turn(day)
        acts, crimes = self.society.acts_of(day), self.crimes.of_today()
        for number, wait in enumerate(_PARTS):
            if wait:
                self.world.move(wait)
            self.weather.change()
            if number == 2 and self.crimes.has_backup and self._luck.random() < 0.5:
                self.crimes.restore()
                self._work(_BUSY_SECONDS)
            if number == 0 and self._luck.random() < self._plan.temper.crowd and self.world.count_due():
                self.troop.crowd(self._luck.choice((2, 10)))
            for do, facts in acts[number :: len(_PARTS)]:
                self.world.wait_until(lambda: self.troop.count_errands() < _MOST_AT_ONCE, _BUSY_SECONDS)
                self._act(do, facts)
            for crime in crimes[number :: len(_PARTS)]:
                crime()
            if self.world.count_due() or acts:
                self._work(_BUSY_SECONDS)
        self._script_cards()
        self._finish_errands(1.0)

    def _turn(self, day: int) -> None:
        """To the next morning: by way of a dead cron, of yesterday's dump, or just so; this morning's dump is kept now and then."""
        self.troop.wake_those_who_rely_on_keys()
        self.world.wait_for_keys()
        if self._plan.temper.webhooks:
            self.troop.catch_up()
        if self.crimes.has_backup:
            self.crimes.restore()
        if self.crimes.wants("dead_cron"):
            self.crimes.let_cron_die()
        with self.crimes.by_a_copy():
            self.world.move(_DAY - sum(_PARTS, timedelta()))
        if self.crimes.wants("restored"):
            self.crimes.back_up()

    def _work(self, seconds: float) -> None:
        """Until nothing is due, or for so long; the owner looks in if billing is paused."""
        self.world.wait_until(lambda: self.world.paused() is not None or not self.world.count_due(), seconds)
        if self.world.paused() is not None:
            self.crimes.look_at_pause()

    def _act(self, do: str, facts: dict[str, object]) -> None:
        self._acts += 1
        if do == "dispute":
            self._dispute(str(facts["order"]))
        else:
            self.troop.act(self._acts, do, facts)

    def _dispute(self, order: str) -> None:
        """A cardholder goes to the bank; what the bank decides comes a little later."""
        charges = self.world.rows(
            "SELECT s.charge_id FROM gatepost_settlements s JOIN gatepost_orders o ON o.id = s.order_id"
            " WHERE o.uuid = %s AND s.charge_id IS NOT NULL ORDER BY s.id DESC LIMIT 1",
            [order],
        )
        known = {one["charge"] for one in self.world.processor.get("ledger")["disputes"]}
        if charges and charges[0]["charge_id"] not in known:
            refunded = {one["charge"] for one in self.world.processor.get("ledger")["refunds"]}
            if charges[0]["charge_id"] not in refunded:
                self.world.processor.post("disputes", {"charge": charges[0]["charge_id"]})

    def _close_disputes(self) -> None:
        for dispute in self.world.processor.get("ledger")["disputes"]:
            if dispute["status"] == "needs_response" and self._luck.random() < 0.7:
                self.world.processor.post(
                    f"disputes/{dispute['id']}/close", {"status": self._luck.choice(("won", "lost"))}
                )

    def _script_cards(self) -> None:
        soon = self.world.now() + timedelta(days=2)
        cards = self.world.rows(
            "SELECT DISTINCT c.gateway_id FROM gatepost_cards c JOIN gatepost_orders o ON o.card_id = c.id"
            " WHERE o.next_due_at < %s ORDER BY c.id",
            [soon.replace(tzinfo=None)],
        )
        self.weather.script([row["gateway_id"] for row in cards], self.world.now())

    def _finish_errands(self, seconds: float = 20.0) -> None:
        self.world.wait_until(lambda: self.troop.count_errands() == 0, seconds)

    # --- judgement ---

    def _judge(self, day: int) -> None:
        """Let everything come to rest over a quiet day, then have it judged; and begin again."""
        began = time.monotonic()
        self._close_disputes()
        self.weather.clear()
        self._finish_errands()
        self.troop.calm(True)
        for wait in (timedelta(0), timedelta(hours=8), timedelta(hours=18)):
            self.world.move(wait)
            self.troop.crowd(1)
            if not self._comes_to_rest():
                break
        evidence = gather(
            f"{self.world.mariadb.folder}/socket",
            DATABASE,
            self.world.processor.url,
            self.world.now(),
            forgives_conflicts="stop" in self._plan.temper.ends,
            forgives_surplus=self._plan.temper.forgives_surplus,
        )
        found = [*self.crimes.findings, *self._fallen(), *judge(evidence)]
        self.crimes.findings.clear()
        self.figures.findings += found
        if found:
            write_stories(evidence, found, self.world.folder / f"stories-{day + 1}")
        self.figures.count(self.world)
        so_far = (
            f"member-months {self.figures.counts['member-months']}, charges {self.figures.counts['charges']}"
        )
        self._say(
            f"day {day + 1}: judged in {time.monotonic() - began:.0f} s, {len(self.figures.findings)} findings; {so_far}"
        )
        self.troop.calm(False)

    def _fallen(self) -> list[str]:
        """Processes that ended with an error of their own."""
        files = sorted(self.world.folder.glob("crashed.*"))
        words = Counter(file.read_text() for file in files)
        for file in files:
            file.unlink()
        found = [f"{times} processes fell over: {word}" for word, times in words.items()]
        log = self.world.folder / "log"
        reused = log.read_text(errors="replace").count("IdempotencyError 400") if log.exists() else 0
        return found + ([f"a key was used for something else {reused} times"] if reused else [])

    def _comes_to_rest(self) -> bool:
        """Whether nothing waits any more. As long as it becomes less, a busy machine has all the time that it needs."""
        least, until = float("inf"), 0.0
        while True:
            self._work(3.0)
            waiting = self._waiting()
            if not waiting:
                return True
            if sum(waiting.values()) < least:
                least, until = sum(waiting.values()), time.monotonic() + _QUIET_SECONDS
            elif time.monotonic() > until:
                break
            self.world.move(timedelta(minutes=4))
            self.world.wait_until(lambda: False, 0.4)
        self.crimes.findings.append(f"nothing goes wrong any more, and still there waits: {waiting}")
        return False

    def _waiting(self) -> dict[str, int]:
        """What is due, unknown or on its way; empty in a quiet moment."""
        counts = {name: self.world.count(statement) for name, statement in _WAITING.items()}
        counts["due orders"] = self.world.count_due()
        counts["errands"] = self.troop.count_errands()
        counts["late requests"] = int(self.world.processor.get("counts")["late"])
        counts["deliveries"] = int(self.world.processor.get("webhooks")["waiting"])
        return {name: count for name, count in counts.items() if count}

    def close(self) -> None:
        """End all processes of the run."""
        self.troop.kill_all()
        self.world.close()
