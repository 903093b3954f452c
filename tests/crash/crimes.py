"""What hardly ever happens, and then must not cost anybody money: dead databases, lost Redis, wrong clocks, dead crons,
yesterday's database, a copy of the site."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from tests.crash import owner
from tests.crash.temper import Temper
from tests.crash.troop import Troop
from tests.crash.world import BACKUP, CLONE, CLONED_SITE, DATABASE, SITE, World

_LIVES_AGAIN_WITHIN = 60.0


_BEGUN = "SELECT COUNT(*) FROM gatepost_attempts WHERE is_open = 1 AND status = 'claimed'"


class Crimes:
    """`findings`: what the machine itself saw that must not be; `counts`: how often each was committed."""

    def __init__(self, world: World, troop: Troop, luck: random.Random, temper: Temper) -> None:
        self._world, self._troop, self._luck, self._temper = world, troop, luck, temper
        self.counts: Counter[str] = Counter()
        self.findings: list[str] = []
        self.has_backup = self._has_clone = False
        self._resumed: set[str] = set()
        self._numbers = 0

    def of_today(self) -> list[Callable[[], None]]:
        """Those that are committed while the day goes on."""
        chances = {
            self.empty_redis: self._temper.empty_redis, self.prune_keys: self._temper.pruned_keys,
            self.kill_database: self._temper.dead_database, self.clone_site: self._temper.cloned,
            self.set_wrong_clock: self._temper.wrong_clock,
        }  # fmt: skip
        return [crime for crime, chance in chances.items() if self._luck.random() < chance]

    def wants(self, name: str) -> bool:
        """Whether it happens today, by its chance."""
        return self._luck.random() < float(getattr(self._temper, name))

    # --- lost, dead, forgotten ---

    def empty_redis(self) -> None:
        """Whatever was queued is gone."""
        self.counts["Redis emptied"] += 1
        self._world.redis.empty()

    def prune_keys(self) -> None:
        """The gateway forgets its idempotency keys, once none is relied on any more."""
        self.counts["keys pruned"] += 1
        self._troop.wake_those_who_rely_on_keys()
        self._world.wait_for_keys()
        self._world.processor.post("keys/prune")

    def kill_database(self) -> None:
        """A power cut of the database, in the midst of whatever is being done."""
        self.counts["MariaDB killed"] += 1
        self._world.mariadb.kill()
        self._world.mariadb.start()
        self._world.forget_connection()

    # --- clocks ---

    def set_wrong_clock(self) -> None:
        """Our clock leaves the gateway's, forwards or back: by minutes it does not matter, by days nothing may be charged."""
        self._finish_errands()
        off = self._luck.choice(
            (timedelta(minutes=5), timedelta(minutes=-5), timedelta(days=3), timedelta(days=-3))
        )
        self.counts[f"clock {'forwards' if off > timedelta() else 'back'}"] += 1
        right = self._world.clock.offset
        self._world.wait_until(lambda: self._world.processor.get("counts")["late"] == 0, 9)
        self._wait_for_begun()
        self._world.clock.set_offset(right + off)
        self._wait_for_begun()
        before = self._charges()
        self._world.wait_until(lambda: False, 1.5)
        tried = self._charges() - before
        self._world.clock.set_offset(right)
        if tried > 0 and abs(off) > timedelta(hours=1):
            self.findings.append(f"{tried} charges were tried while the clock was off by {off}")

    def _wait_for_begun(self) -> None:
        """What was looked at a last time while the clock was right may still be confirmed."""
        self._world.wait_until(lambda: self._world.count(_BEGUN) == 0, 4)

    def _charges(self) -> int:
        return len(self._world.processor.get("ledger")["charges"])

    def let_cron_die(self) -> None:
        """Nobody works for weeks; then the owner notices and looks, and goes on."""
        self.counts["cron dead for weeks"] += 1
        self._finish_errands()
        self._troop.kill_all()
        self._world.move(timedelta(days=self._luck.randint(4, 45)))
        self._world.make_partitions()
        self._troop.begin()

    # --- copies ---

    def back_up(self) -> None:
        """Tonight's dump."""
        self._world.mariadb.copy(DATABASE, BACKUP)
        self.has_backup = True

    def restore(self) -> None:
        """Yesterday's database stands in for today's; billing must notice before it charges anything."""
        self.has_backup = False
        self.counts["yesterday's database restored"] += 1
        self._finish_errands()
        self._troop.kill_all()
        self._world.mariadb.copy(BACKUP, DATABASE)
        self._world.forget_connection()
        self._world.move(timedelta(hours=1))
        self._world.wait_until(lambda: self._world.processor.get("counts")["late"] == 0, 9)
        before = self._world.processor.get("ledger")["charges"]
        self._troop.begin()
        self._world.wait_until(lambda: self._world.paused() is not None, 6)
        newer = self._world.processor.get("ledger")["charges"][len(before) :]
        if newer:
            self.findings.append(f"a restored database has charged: {[one['id'] for one in newer]}")

    def clone_site(self) -> None:
        """Somebody copies the site; tomorrow the copy's cron is the first to wake."""
        self.counts["site cloned"] += 1
        self._world.mariadb.copy(DATABASE, CLONE)
        self._has_clone = True

    @contextmanager
    def by_a_copy(self) -> Iterator[None]:
        """Around the turn of a day: where there is a copy, under another address or on another machine, it runs billing
        before the site does, with all that has become due."""
        if not self._has_clone:
            yield
            return
        self._has_clone = False
        self._finish_errands()
        self._troop.kill_all()
        yield
        site, state = self._luck.choice(((CLONED_SITE, "state"), (SITE, "elsewhere")))
        self._world.write_configuration("clone.toml", CLONE, site, state)
        outcome = self.run_role("clone", config="clone.toml")
        if outcome.startswith("charged"):
            self.findings.append(f"a copy of the site was not refused: {outcome}")
        self._troop.begin()

    # --- the owner ---

    def look_at_pause(self) -> str:
        """What an owner does about a billing that is paused: reads why, and goes on. Gives the reason, '' when it runs."""
        paused = self._world.paused()
        if paused is None:
            return ""
        reason, sentence = paused
        self.counts[f"paused: {reason}"] += 1
        if not owner.can_resume():
            self._world.execute(
                "UPDATE gatepost_billing_lease SET paused_for = NULL, paused_because = NULL, paused_at = NULL"
            )
            return reason
        self._troop.kill_all()
        outcome = self.run_role("owner")
        if outcome != "resumed" or (sentence in self._resumed and "(pi_" in sentence):
            self.findings.append(f"billing does not go on after '{sentence}': {outcome}")
        self._resumed.add(sentence)
        self._troop.begin()
        return reason

    def run_role(self, role: str, **orders: str) -> str:
        """Something done in a process of its own; what came of it, '' when nothing did in time."""
        self._numbers += 1
        name = f"answer{self._numbers}"
        answer: Path = self._world.folder / name
        self._troop.run_errand(role, answer=name, **orders)
        self._world.wait_until(answer.exists, _LIVES_AGAIN_WITHIN)
        return answer.read_text() if answer.exists() else ""

    def _finish_errands(self) -> None:
        self._world.wait_until(lambda: self._troop.count_errands() == 0, 12)
