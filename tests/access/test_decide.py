"""The decision, walked through its whole table: every status x every way to open x what the viewer holds."""

from datetime import UTC, date, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from sidecar.access.rules import (
    CANCELED,
    EXPIRED,
    LOCKED,
    NO_ACCESS,
    Audience,
    Outcome,
    Post,
    Rule,
    RuleBook,
    RuleGrant,
    TargetKind,
    Viewer,
    check_target,
    decide,
    local_midnight,
    url_pattern,
)
from sidecar.catalog.rules import Grant
from sidecar.errors import Refused
from sidecar.members.rules import DaysMethod, Status
from tests.members.builders import NOON, an_entitlement

PARIS = ZoneInfo("Europe/Paris")
GOLD = RuleGrant(Grant.LEVEL, 1)
CHARLIE = Viewer()
DAY = timedelta(days=1)


def a_rule(*grants, **fields):
    return Rule(1, TargetKind.POST, "5", grants=grants or (GOLD,), **fields)


def ask(viewer, *rules, now=NOON):
    return decide(viewer, rules, now, PARIS)


def holding(**fields):
    return Viewer((an_entitlement(**fields),))


OPENS = {Status.ACTIVE, Status.PENDING_CANCEL, Status.PAUSED}
CODES = {Status.CANCELED: CANCELED, Status.LOCKED: LOCKED, Status.EXPIRED: EXPIRED}


@pytest.mark.parametrize(
    ("status", "grant", "holds_it", "keeps"), list(product(Status, Grant, [True, False], [True, False]))
)
def test_the_whole_table_of_statuses_and_holdings(status, grant, holds_it, keeps):
    key = {"level_id": 1} if grant is Grant.LEVEL else {"bundle_id": 1}
    under = Status.ACTIVE if status is Status.LOCKED else None
    held = an_entitlement(status=status, status_under_lock=under, **key)
    viewer = Viewer((held,), frozenset({(grant, 1)}) if keeps else frozenset())
    wanted = RuleGrant(grant, 1 if holds_it else 2)
    decision = ask(viewer, a_rule(wanted))
    opens = holds_it and (status in OPENS or (status is Status.OVERDUE and keeps))
    assert decision.outcome is (Outcome.OPEN if opens else Outcome.CLOSED)
    if not opens and grant is Grant.LEVEL:
        assert decision.code == CODES.get(status, NO_ACCESS)
    assert ask(CHARLIE, a_rule(wanted)).outcome is Outcome.CLOSED


@pytest.mark.parametrize(("days_held", "from_day"), list(product([0, 2, 3, 4, 30], [0, 3])))
def test_a_drip_opens_on_its_day(days_held, from_day):
    viewer = holding(started_at=NOON - days_held * DAY)
    decision = ask(viewer, a_rule(RuleGrant(Grant.LEVEL, 1, from_day)))
    assert decision.outcome is (Outcome.OPEN if days_held >= from_day else Outcome.FUTURE)
    if decision.outcome is Outcome.FUTURE:
        day = NOON.astimezone(PARIS).date() + (from_day - days_held) * DAY
        assert decision.opens_at == local_midnight(day, PARIS)
    assert ask(CHARLIE, a_rule(RuleGrant(Grant.LEVEL, 1, from_day))).outcome is Outcome.CLOSED


def test_a_drip_opens_at_midnight_of_the_site_and_not_a_moment_earlier():
    viewer, rule = holding(started_at=NOON), a_rule(RuleGrant(Grant.LEVEL, 1, 1))
    midnight = datetime(2026, 6, 15, 22, 0, tzinfo=UTC)
    assert ask(viewer, rule, now=midnight - timedelta(microseconds=1)).opens_at == midnight
    assert ask(viewer, rule, now=midnight).is_open


def test_a_paused_member_keeps_what_had_opened_and_gets_nothing_more():
    viewer = holding(started_at=NOON - 50 * DAY, status=Status.PAUSED, paused_at=NOON - 45 * DAY)
    assert ask(viewer, a_rule(RuleGrant(Grant.LEVEL, 1, 5))).is_open
    later = ask(viewer, a_rule(RuleGrant(Grant.LEVEL, 1, 6)))
    assert (later.outcome, later.opens_at) == (Outcome.CLOSED, None)


def test_a_fixed_number_of_days_never_promises_a_date():
    viewer = holding(days_method=DaysMethod.FIXED, days_fixed=3)
    assert ask(viewer, a_rule(RuleGrant(Grant.LEVEL, 1, 3))).is_open
    assert ask(viewer, a_rule(RuleGrant(Grant.LEVEL, 1, 4))).outcome is Outcome.CLOSED


def test_what_would_open_after_the_membership_ends_is_closed_not_future():
    viewer = holding(expires_at=NOON + 3 * DAY)
    assert ask(viewer, a_rule(RuleGrant(Grant.LEVEL, 1, 2))).outcome is Outcome.FUTURE
    assert ask(viewer, a_rule(RuleGrant(Grant.LEVEL, 1, 9))).outcome is Outcome.CLOSED


def test_a_calendar_date_is_closed_to_all_before_and_says_when():
    rule = a_rule(opens_on=date(2026, 7, 1))
    opens = datetime(2026, 6, 30, 22, 0, tzinfo=UTC)
    decision = ask(holding(), rule)
    assert (decision.outcome, decision.opens_at, decision.changes_at) == (Outcome.FUTURE, opens, opens)
    assert ask(holding(), rule, now=opens).is_open
    assert ask(CHARLIE, rule, now=opens).outcome is Outcome.CLOSED


def test_the_later_of_drip_and_calendar_date_counts():
    rule = a_rule(RuleGrant(Grant.LEVEL, 1, 40), opens_on=date(2026, 7, 1))
    assert ask(holding(), rule).opens_at == local_midnight(date(2026, 7, 25), PARIS)


def test_members_means_any_level_that_gives_access():
    rule = Rule(1, TargetKind.POST, "5", Audience.MEMBERS)
    assert ask(holding(level_id=77), rule).is_open
    assert not ask(holding(level_id=77, status=Status.OVERDUE), rule).is_open
    assert not ask(Viewer((an_entitlement(bundle_id=1),)), rule).is_open
    assert not ask(CHARLIE, rule).is_open


def test_everyone_with_a_date_is_a_public_post_that_opens_later():
    rule = Rule(1, TargetKind.POST, "5", Audience.EVERYONE, opens_on=date(2026, 7, 1))
    opens = local_midnight(date(2026, 7, 1), PARIS)
    assert ask(CHARLIE, rule).changes_at == opens
    assert ask(CHARLIE, rule, now=opens).is_open


def test_administrators_and_editors_of_the_post_are_never_shut_out():
    assert ask(Viewer(sees_all=True), a_rule(opens_on=date(2099, 1, 1))).is_open


def test_a_rule_without_any_grant_is_closed():
    assert ask(holding(), Rule(1, TargetKind.POST, "5")).outcome is Outcome.CLOSED


def test_of_several_rules_one_that_opens_is_enough_and_the_nearest_future_is_told():
    far, near = a_rule(RuleGrant(Grant.LEVEL, 1, 30)), a_rule(RuleGrant(Grant.LEVEL, 1, 3))
    assert ask(holding(), far, near).opens_at == ask(holding(), near).opens_at
    assert ask(holding(), far, a_rule()).is_open
    assert not ask(CHARLIE, far, a_rule()).is_open


def test_no_rule_means_open():
    assert ask(CHARLIE).is_open


# --- which rules decide ------------------------------------------------------------------------------------------


def the_book(**core_pages):
    rules = (
        Rule(1, TargetKind.TYPE, "lesson"),
        Rule(2, TargetKind.TERM, "8"),
        Rule(3, TargetKind.TERM, "9"),
        Rule(4, TargetKind.URL, "/members/*"),
        Rule(5, TargetKind.POST, "5"),
    )
    return RuleBook(rules, 1, core_pages)


@pytest.mark.parametrize(
    ("post", "deciding"),
    [
        (Post(5, "lesson", frozenset({8}), "/members/a"), [5]),
        (Post(6, "lesson", frozenset({8}), "/Members/A/"), [4]),
        (Post(6, "lesson", frozenset({9, 8}), "/a"), [2, 3]),
        (Post(6, "lesson", frozenset({1}), "/a"), [1]),
        (Post(6, "post", frozenset({1}), "/membership"), []),
    ],
)
def test_the_most_specific_target_decides_alone(post, deciding):
    assert [rule.id for rule in the_book().deciding(post)] == deciding


def test_the_address_in_the_browser_can_close_by_url_rules_and_never_leaves_a_posts_own_rules_out():
    post, lesson = Post(6, "post", path="/x"), Post(6, "lesson", frozenset({8}), "/x")
    assert the_book().deciding(post) == ()
    assert [rule.id for rule in the_book().closing(post, "/members/x")] == [4]
    assert the_book().closing(post, "/x") == ()
    assert the_book().deciding(lesson) != ()
    assert the_book().closing(Post(5, "post"), "/members/x") == ()  # it has a rule of its own


@pytest.mark.parametrize(
    "path",
    [
        "/клуб/урок",
        "/%D0%BA%D0%BB%D1%83%D0%B1/%D1%83%D1%80%D0%BE%D0%BA",
        "/%d0%ba%d0%bb%d1%83%d0%b1/x/",
        "/КЛУБ/y",
    ],
)
def test_a_url_rule_fits_however_the_address_is_written(path):
    for target in ("/клуб/*", "/%D0%BA%D0%BB%D1%83%D0%B1/*"):
        book = RuleBook((Rule(1, TargetKind.URL, check_target(TargetKind.URL, target)),))
        assert book.deciding(Post(6, "post", path=path))
        assert book.closing(Post(6, "post"), path)
        assert not book.deciding(Post(6, "post", path="/клубок"))


def test_accents_fit_in_both_unicode_forms():
    book = RuleBook((Rule(1, TargetKind.URL, check_target(TargetKind.URL, "/cafe\u0301/*")),))
    assert book.deciding(Post(6, "post", path="/caf%C3%A9/x"))


def test_a_core_page_is_never_closed():
    assert the_book(login=5).deciding(Post(5, "lesson")) == ()


def test_many_stars_in_a_pattern_are_not_slow():
    pattern = url_pattern("/" + "*a" * 30)
    assert pattern.fullmatch("/" + "ab" * 4000) is None
    assert pattern.fullmatch("/" + "ba" * 4000)


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        (TargetKind.POST, "five"),
        (TargetKind.POST, "0"),
        (TargetKind.TERM, "-1"),
        (TargetKind.TYPE, "Not A Type"),
        (TargetKind.URL, "/a b"),
        (TargetKind.URL, "/a?b=1"),
        (TargetKind.URL, "/" + "a" * 200),
    ],
)
def test_a_target_that_can_match_nothing_is_refused(kind, target):
    with pytest.raises(Refused):
        check_target(kind, target)
