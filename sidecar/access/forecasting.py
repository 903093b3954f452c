"""What a change of rules would open and close, and for how many members. Pure: it asks the decision itself, before and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from sidecar.access.rules import Audience, Rule, Viewer, decide
from sidecar.catalog.rules import Grant
from sidecar.members.rules import Entitlement

Held = tuple[Entitlement, ...]
_Signature = tuple[tuple[Grant, int, str, int, bool | None], ...]


@dataclass(frozen=True)
class Effect:
    """For how many members it opens and closes at once; `for_visitors`: True where it opens to everybody, False where it
    closes, None where nothing changes for them."""

    opened: int = 0
    closed: int = 0
    for_visitors: bool | None = None

    @property
    def is_any(self) -> bool:
        """Whether anything changes for anybody now."""
        return bool(self.opened or self.closed or self.for_visitors is not None)


@dataclass(frozen=True)
class Crowd:
    """Members as far as rules can tell them apart: who stands for many, and for how many. `others`: members who hold nothing
    that was asked about."""

    groups: tuple[tuple[Held, int], ...]
    others: int
    kept_while_overdue: frozenset[tuple[Grant, int]]


def crowd_of(
    holders: Mapping[int, Held],
    members: int,
    kept_while_overdue: frozenset[tuple[Grant, int]],
    now: datetime,
    zone: tzinfo,
) -> Crowd:
    """Gather who looks alike today: what they hold, in which status, on which day. `holders`: by member; `members`: of all.

    A hundred thousand members are some thousand groups, and a decision is made for each group alone.
    """
    counts: Counter[_Signature] = Counter()
    examples: dict[_Signature, Held] = {}
    for held in holders.values():
        signature = tuple(
            sorted(
                (
                    one.grant,
                    one.grant_id,
                    one.status_at(now),
                    one.days_at(now, zone),
                    one.keeps_access_overdue,
                )
                for one in held
            )
        )
        counts[signature] += 1
        examples.setdefault(signature, held)
    groups = tuple((examples[signature], count) for signature, count in counts.items())
    return Crowd(groups, max(0, members - len(holders)), kept_while_overdue)


def forecast(
    crowd: Crowd, before: Collection[Rule], after: Collection[Rule], now: datetime, zone: tzinfo
) -> Effect:
    """What becomes of one target whose rules are changed; without rules it is open to everybody."""

    def sees(held: Held, rules: Collection[Rule]) -> bool:
        return decide(Viewer(held, crowd.kept_while_overdue), rules, now, zone).is_open

    was, will_be = sees((), before), sees((), after)
    opened = crowd.others * (will_be and not was)
    closed = crowd.others * (was and not will_be)
    for held, count in crowd.groups:
        could, can = sees(held, before), sees(held, after)
        opened += count * (can and not could)
        closed += count * (could and not can)
    return Effect(opened, closed, will_be if was != will_be else None)


def grants_of(rules: Iterable[Rule]) -> tuple[set[int], set[int], bool]:
    """(levels, bundles, whether every level counts): what a crowd must be asked about for these rules."""
    levels, bundles, all_levels = set[int](), set[int](), False
    for rule in rules:
        all_levels = all_levels or rule.audience is Audience.MEMBERS
        for one in rule.grants:
            (levels if one.grant is Grant.LEVEL else bundles).add(one.grant_id)
    return levels, bundles, all_levels
