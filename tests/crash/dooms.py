"""Where a worker dies or stands still: at the n-th time that it reaches a named step of a charge.

Dooms are dealt from shuffled decks that hold each step with each end, so that a run of some length strikes them all. A worker
may end before its doom falls: what has never struck lies on top of the next deck.
"""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from collections.abc import Callable, Container, Sequence
from pathlib import Path

from sidecar.billing.steps import STEPS

ENDS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}
_MOST_STOPS = 2

Doom = tuple[str, str, int]
"""(end, step, at the how manieth time)."""


class Deck:
    """Deals dooms; `strokes` gives the (end, step) pairs that have struck so far."""

    def __init__(
        self,
        luck: random.Random,
        strokes: Callable[[], Container[tuple[str, str]]],
        steps: Sequence[str] = STEPS,
        ends: Sequence[str] = ("kill", "stop"),
    ) -> None:
        self._luck, self._strokes = luck, strokes
        self._all = [(end, step) for end in ends for step in steps]
        self._left: list[tuple[str, str]] = []

    def deal(self) -> list[Doom]:
        """What one process will meet, in this order; a kill is the last."""
        hand: list[Doom] = []
        while len(hand) <= _MOST_STOPS:
            end, step = self._next()
            hand.append((end, step, self._luck.choice((1, 1, 2, 3))))
            if end == "kill":
                break
        return hand

    def _next(self) -> tuple[str, str]:
        if not self._left:
            self._left = list(self._all)
            self._luck.shuffle(self._left)
            struck = self._strokes()
            self._left.sort(key=lambda pair: pair not in struck)
        return self._left.pop()


class Doomed:
    """A listener of steps in a worker; writes down each step, and each stroke before it falls."""

    def __init__(self, folder: Path, name: str, dooms: Sequence[Sequence[str | int]]) -> None:
        self._file = os.open(folder / "steps", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._name, self._dooms = name, [tuple(doom) for doom in dooms]
        self._seen: Counter[str] = Counter()

    def __call__(self, step: str) -> None:
        """The step was reached, perhaps by one of many threads."""
        self._note("reached", step)
        self._seen[step] += 1
        if self._dooms and self._dooms[0][1] == step and self._seen[step] >= int(self._dooms[0][2]):
            end = str(self._dooms.pop(0)[0])
            self._seen.clear()
            self._note(end, step)
            os.kill(os.getpid(), ENDS[end])

    def _note(self, what: str, step: str) -> None:
        os.write(self._file, f"{what} {step} {self._name}\n".encode())


def count_strokes(folder: Path) -> Counter[tuple[str, str]]:
    """(reached, kill or stop; step) → how often, from what the workers wrote down."""
    path = folder / "steps"
    lines = path.read_text().splitlines() if path.exists() else []
    return Counter((line.split()[0], line.split()[1]) for line in lines if line.count(" ") >= 2)


def has_struck_everywhere(folder: Path) -> bool:
    """Whether each named step was a worker's end and a worker's sleep at least once."""
    strokes = count_strokes(folder)
    return all(strokes[end, step] for end in ENDS for step in STEPS)


def last_stop(folder: Path, name: str) -> str:
    """The step at which this worker stood still last; '' when it never did."""
    path = folder / "steps"
    for line in reversed(path.read_text().splitlines() if path.exists() else []):
        what, step, who = line.split()
        if what == "stop" and who == name:
            return step
    return ""
