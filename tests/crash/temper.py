"""How rough a run is: chances, mostly per day of business time. A sabotage has a temper that leads to what it switches off."""

from __future__ import annotations

from dataclasses import dataclass

from sidecar.billing.steps import STEPS

FAULTS = (
    "timeout_before", "timeout_after", "executed_late", "executed_very_late", "cut_reply", "busy", "locked", "broken",
    "broken_after", "slow",
)  # fmt: skip


@dataclass(frozen=True)
class Temper:
    """`weather`: that a part of a day has faults of `faults` (a path pattern may narrow them); `acts`: a factor on what
    members and admins do, `only_acts` the names of those that they do; `wrong_clock`: that our clock leaves the gateway's; `products`: what is bought, the usual mix where none
    is named; `threads`: in each worker; `forgives_surplus`: that money may come too late or twice, as it does where members pay past us."""

    workers: int = 2
    threads: int = 4
    ends: tuple[str, ...] = ("kill", "stop")
    steps: tuple[str, ...] = STEPS
    weather: float = 0.5
    faults: tuple[str, ...] = FAULTS
    path: str = ""
    strength: float = 0.25
    acts: float = 1.0
    only_acts: tuple[str, ...] = ()
    act_deaths: float = 0.1
    declines: float = 0.15
    renewed_cards: float = 0.02
    crowd: float = 0.15
    webhooks: bool = True
    dead_database: float = 0.01
    empty_redis: float = 0.1
    pruned_keys: float = 0.05
    wrong_clock: float = 0.02
    dead_cron: float = 0.005
    restored: float = 0.01
    cloned: float = 0.02
    buys_within_days: int = 20
    products: tuple[str, ...] = ()
    forgives_surplus: bool = True


CALM = Temper(
    ends=(), weather=0, acts=0, declines=0, renewed_cards=0, crowd=0, dead_database=0, empty_redis=0, pruned_keys=0, wrong_clock=0, dead_cron=0,
    restored=0, cloned=0,
)  # fmt: skip
"""Nothing goes wrong; what a sabotage wants is put on top of it."""
