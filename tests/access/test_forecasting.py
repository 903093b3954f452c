"""What a change of rules opens and closes, counted by the decision itself."""

from datetime import UTC, timedelta

import pytest

from sidecar.access.forecasting import Effect, crowd_of, forecast, grants_of
from sidecar.access.rules import Audience, Rule, RuleGrant, TargetKind
from sidecar.catalog.rules import Grant
from sidecar.members.rules import DaysMethod, Entitlement, Status
from tests.house import NOW

GOLD, FILMS = 1, 7


def held(member, *, level=None, bundle=None, days=0, status=Status.ACTIVE):
    began = NOW - timedelta(days=days)
    return Entitlement(
        member, member, level, bundle, status, None, began, False, began, None, None, DaysMethod.JOINED, None, None, 0,
        None, None,
    )  # fmt: skip


def rule(*grants, audience=Audience.GRANTS):
    return Rule(1, TargetKind.POST, "5", audience, grants)


def gold(day=0):
    return RuleGrant(Grant.LEVEL, GOLD, day)


def films(day=0):
    return RuleGrant(Grant.BUNDLE, FILMS, day)


HOLDERS = {
    1: (held(1, level=GOLD),),
    2: (held(2, level=GOLD, days=10),),
    3: (held(3, level=GOLD, days=10, status=Status.CANCELED),),
    4: (held(4, level=GOLD), held(4, bundle=FILMS, days=3)),
}


@pytest.mark.parametrize(
    ("before", "after", "effect"),
    [
        ([rule(gold())], [rule(gold(7))], Effect(0, 2)),
        ([rule(gold(7))], [rule(gold())], Effect(2, 0)),
        ([rule(gold(7))], [rule(gold(7), films())], Effect(1, 0)),
        ([rule(gold())], [rule(films())], Effect(0, 2)),
        ([], [rule(gold())], Effect(0, 97, False)),
        ([rule(gold())], [], Effect(97, 0, True)),
        ([rule(gold())], [rule(audience=Audience.EVERYONE)], Effect(97, 0, True)),
        ([rule(gold(7))], [rule(audience=Audience.MEMBERS)], Effect(2, 0)),
        ([rule(gold())], [rule(gold(7)), rule(films())], Effect(0, 1)),
    ],
)
def test_whoever_gains_or_loses_is_counted_once(before, after, effect):
    crowd = crowd_of(HOLDERS, 100, frozenset(), NOW, UTC)
    assert forecast(crowd, before, after, NOW, UTC) == effect


def test_members_who_look_alike_are_one_group():
    many = {number: (held(number, level=GOLD, days=number % 3),) for number in range(1, 1000)}
    crowd = crowd_of(many, 1000, frozenset(), NOW, UTC)
    assert (len(crowd.groups), sum(count for _held, count in crowd.groups), crowd.others) == (3, 999, 1)


def test_an_overdue_holder_counts_where_the_level_keeps_access():
    late = {1: (held(1, level=GOLD, status=Status.OVERDUE),)}
    for kept, effect in ((frozenset(), Effect()), (frozenset({(Grant.LEVEL, GOLD)}), Effect(0, 1))):
        crowd = crowd_of(late, 1, kept, NOW, UTC)
        assert forecast(crowd, [rule(gold())], [rule(gold(1))], NOW, UTC) == effect


def test_what_a_crowd_is_asked_about_is_what_the_rules_name():
    assert grants_of([rule(gold()), rule(films()), rule(audience=Audience.MEMBERS)]) == (
        {GOLD},
        {FILMS},
        True,
    )
