"""What a run has done and found, as numbers and sentences."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from sidecar.billing.steps import STEPS
from tests.crash.crimes import Crimes
from tests.crash.dooms import count_strokes, has_struck_everywhere
from tests.crash.world import World


@dataclass
class Figures:
    """`findings`: sentences of the judge; none is an acquittal. `broken_acts`: acts that ended with an error in no words."""

    seed: int
    sabotage: str
    folder: Path
    findings: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    crimes: Counter[str] = field(default_factory=Counter)
    strokes: Counter[tuple[str, str]] = field(default_factory=Counter)
    struck_everywhere: bool = False

    def read(self, world: World, crimes: Crimes) -> None:
        """Take the numbers from the database, the processor and what the processes wrote down."""
        self.seconds, self.crimes = time.monotonic() - self.began, crimes.counts
        self.strokes, self.struck_everywhere = count_strokes(self.folder), has_struck_everywhere(self.folder)
        self.count(world)
        self._read_acts()

    def count(self, world: World) -> None:
        """What the members have had and paid so far."""
        days = "SELECT COALESCE(SUM(DATEDIFF(LEAST(COALESCE(ended_at, %s), %s), activated_at)), 0) FROM gatepost_orders WHERE activated_at IS NOT NULL"
        now = world.now().replace(tzinfo=None)
        self.counts["member-months"] = round(world.count(days, [now, now]) / 30.4)
        books = world.processor.get("ledger")
        self.counts["charges"] = sum(one["status"] == "succeeded" for one in books["charges"])
        self.counts["declines"] = sum(one["status"] == "failed" for one in books["charges"])
        self.counts["refunds"], self.counts["disputes"] = len(books["refunds"]), len(books["disputes"])
        self.counts["surplus charges"] = world.count("SELECT COUNT(*) FROM gatepost_surpluses")
        self.counts["missed cycles"] = world.count(
            "SELECT COUNT(*) FROM gatepost_receivables WHERE status = 'missed'"
        )

    def _read_acts(self) -> None:
        path, broken = self.folder / "acts", Counter[str]()
        for line in path.read_text().splitlines() if path.exists() else []:
            act = json.loads(line)
            outcome = act["outcome"].partition(":")[0]
            self.counts["acts"] += 1
            if outcome in {"refused", "unanswered", "database"}:
                self.counts[f"acts {outcome}"] += 1
            if outcome == "error":
                broken[f"the act {act['do']} broke: {_last_lines(act['outcome'])}"] += 1
        self.findings += [f"{sentence} ({times} times)" for sentence, times in broken.items()]

    @property
    def double_charges(self) -> int:
        """Cycles that somebody has paid twice."""
        return sum(finding.startswith("DOUBLE CHARGE") for finding in self.findings)

    def lines(self) -> list[str]:
        """For people."""
        numbers = ", ".join(f"{name} {count}" for name, count in self.counts.items())
        crimes = ", ".join(f"{name} {count}" for name, count in sorted(self.crimes.items()))
        table = [
            f"  {step:10} {self.strokes['reached', step]:7} {self.strokes['kill', step]:6} {self.strokes['stop', step]:6}"
            for step in STEPS
        ]
        return [
            f"seed {self.seed}: {numbers}, double charges {self.double_charges}, {self.seconds:.0f} s",
            f"  {crimes or 'nothing else happened'}",
            "  step       reached killed stopped",
            *table,
        ]


def _last_lines(trace: str) -> str:
    """Where it was raised, and what."""
    return " / ".join(line.strip() for line in trace.strip().splitlines()[-3:])
