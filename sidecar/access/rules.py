"""The decision: may this viewer see this post now? Pure; a test walks the whole table.

How rules meet on one post: the rules of its most specific target decide alone (the post itself, then URL patterns, then its
terms, then its type), and any one of them that opens is enough.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from functools import cached_property
from urllib.parse import unquote

from sidecar.catalog.rules import Grant
from sidecar.errors import Refused
from sidecar.i18n import _
from sidecar.members.rules import Entitlement, Status


class TargetKind(StrEnum):
    """What a rule protects, from the most specific to the least."""

    POST = "post"
    URL = "url"
    TERM = "term"
    TYPE = "type"


class Audience(StrEnum):
    """Whom a rule lets in: holders of its grants, any member with an active level, everyone."""

    GRANTS = "grants"
    MEMBERS = "members"
    EVERYONE = "everyone"


class Denied(StrEnum):
    """What someone gets who may not see the page."""

    LOGIN = "login"
    ERROR = "error"
    TEASER = "teaser"


class Outcome(StrEnum):
    """`future`: the viewer holds what opens it, and it opens later. The words are MM_Access_Decision's."""

    OPEN = "true"
    CLOSED = "false"
    FUTURE = "future"


@dataclass(frozen=True)
class RuleGrant:
    """A level or bundle that opens a rule's target from its day `from_day` on."""

    grant: Grant
    grant_id: int
    from_day: int = 0


@dataclass(frozen=True)
class Rule:
    """One protection. `target`: a post id, URL pattern, term id or type, as text."""

    id: int
    target_kind: TargetKind
    target: str
    audience: Audience = Audience.GRANTS
    grants: tuple[RuleGrant, ...] = ()
    opens_on: date | None = None
    excerpt_is_public: bool = True
    denied: Denied = Denied.TEASER
    teaser: str = ""


@dataclass(frozen=True)
class Post:
    """What the decision must know of a post. `path`: of its permalink, for URL rules."""

    id: int
    type: str
    term_ids: frozenset[int] = frozenset()
    path: str = ""


@dataclass(frozen=True)
class Viewer:
    """Who asks. A visitor holds nothing. `sees_all`: an administrator, or someone who may edit this very post."""

    entitlements: tuple[Entitlement, ...] = ()
    kept_while_overdue: frozenset[tuple[Grant, int]] = frozenset()
    sees_all: bool = False

    @property
    def level(self) -> Entitlement | None:
        """The hold on a level."""
        return next((held for held in self.entitlements if held.grant is Grant.LEVEL), None)


@dataclass(frozen=True)
class Decision:
    """The answer. `opens_at`: when it opens for this viewer, if that is known. `changes_at`: until when the answer holds by
    the calendar alone. `rule`: the rule that closes it, whose excerpt, teaser and denial count. `code`: why not."""

    outcome: Outcome
    opens_at: datetime | None = None
    changes_at: datetime | None = None
    rule: Rule | None = None
    code: int = 0

    @property
    def is_open(self) -> bool:
        """Whether the viewer may see it now."""
        return self.outcome is Outcome.OPEN


NO_ACCESS, CANCELED, LOCKED, EXPIRED = 100020, 100030, 100031, 100034
_CODES = {Status.CANCELED: CANCELED, Status.LOCKED: LOCKED, Status.EXPIRED: EXPIRED}
_OPEN = Decision(Outcome.OPEN)


def decide(viewer: Viewer, rules: Iterable[Rule], now: datetime, zone: tzinfo) -> Decision:
    """May `viewer` see a post that `rules` (those of its most specific target) protect, at `now`?

    `zone`: the site's time zone, whose midnights open things. No rules: open. Fails closed: only a rule that says yes opens.
    """
    deciding = tuple(rules)
    if viewer.sees_all or not deciding:
        return _OPEN
    answers = [_by_rule(viewer, rule, now, zone) for rule in deciding]
    changes_at = min((answer.changes_at for answer in answers if answer.changes_at), default=None)
    best = min(answers, key=_preference)
    return Decision(best.outcome, best.opens_at, changes_at, best.rule, best.code)


def _preference(answer: Decision) -> tuple[int, datetime]:
    """Open before future before closed; of two futures the earlier."""
    order = (Outcome.OPEN, Outcome.FUTURE, Outcome.CLOSED).index(answer.outcome)
    return order, answer.opens_at or datetime.max.replace(tzinfo=UTC)


def _by_rule(viewer: Viewer, rule: Rule, now: datetime, zone: tzinfo) -> Decision:
    opens_at = None if rule.opens_on is None else local_midnight(rule.opens_on, zone)
    waits_for = opens_at if opens_at is not None and opens_at > now else None
    right = _right(viewer, rule, now, zone)
    if right.outcome is Outcome.CLOSED:
        return Decision(Outcome.CLOSED, None, None, rule, _code(viewer, now))
    if right.outcome is Outcome.FUTURE:
        later = None if right.opens_at is None else max(right.opens_at, waits_for or right.opens_at)
        return Decision(Outcome.FUTURE, later, waits_for, rule, NO_ACCESS)
    if waits_for is not None:
        return Decision(Outcome.FUTURE, waits_for, waits_for, rule, NO_ACCESS)
    return _OPEN


def _right(viewer: Viewer, rule: Rule, now: datetime, zone: tzinfo) -> Decision:
    """Whether the rule's audience includes the viewer, its calendar date left aside."""
    if rule.audience is Audience.EVERYONE:
        return _OPEN
    if rule.audience is Audience.MEMBERS:
        level = viewer.level
        return _OPEN if level and _reach(viewer, level, now) is not None else Decision(Outcome.CLOSED)
    return min(
        (_by_grant(viewer, grant, now, zone) for grant in rule.grants),
        key=_preference,
        default=Decision(Outcome.CLOSED),
    )


def _by_grant(viewer: Viewer, grant: RuleGrant, now: datetime, zone: tzinfo) -> Decision:
    held = next(
        (
            held
            for held in viewer.entitlements
            if (held.grant, held.grant_id) == (grant.grant, grant.grant_id)
        ),
        None,
    )
    if held is None or _reach(viewer, held, now) is None:
        return Decision(Outcome.CLOSED)
    missing = grant.from_day - held.days_at(now, zone)
    if missing <= 0:
        return _OPEN
    if not held.counts_on():
        return Decision(Outcome.CLOSED)
    opens_at = local_midnight(now.astimezone(zone).date() + timedelta(days=missing), zone)
    if held.expires_at is not None and held.expires_at <= opens_at:
        return Decision(Outcome.CLOSED)  # it ends before that day comes
    return Decision(Outcome.FUTURE, opens_at)


_REACHES = {Status.ACTIVE, Status.PENDING_CANCEL, Status.PAUSED}


def _reach(viewer: Viewer, held: Entitlement, now: datetime) -> Status | None:
    """The status through which a hold gives access at all, else None. A paused one keeps what had opened; its days stand still."""
    status = held.status_at(now)
    if status is Status.OVERDUE:
        kept = held.keeps_access_overdue
        keeps = (held.grant, held.grant_id) in viewer.kept_while_overdue if kept is None else kept
        return status if keeps else None
    return status if status in _REACHES else None


def _code(viewer: Viewer, now: datetime) -> int:
    level = viewer.level
    return NO_ACCESS if level is None else _CODES.get(level.status_at(now), NO_ACCESS)


def local_midnight(day: date, zone: tzinfo) -> datetime:
    """The first instant of `day` in `zone`, as UTC (where midnight is skipped by summer time, the first that exists).

    >>> from zoneinfo import ZoneInfo
    >>> local_midnight(date(2026, 7, 1), ZoneInfo("Europe/Paris"))
    datetime.datetime(2026, 6, 30, 22, 0, tzinfo=datetime.timezone.utc)
    """
    return datetime.combine(day, time(), zone).astimezone(UTC)


def check_target(kind: TargetKind, target: str) -> str:
    """The target as it is stored; refuses one that can match nothing.

    >>> check_target(TargetKind.URL, "Members/*")
    '/members/*'
    """
    if kind in {TargetKind.POST, TargetKind.TERM}:
        if not re.fullmatch(r"[1-9]\d{0,18}", target):
            raise Refused(_("a rule for a {kind} needs its id, a number").format(kind=kind))
        return target
    if kind is TargetKind.TYPE:
        if not re.fullmatch(r"[a-z0-9_-]{1,20}", target):
            raise Refused(_("a post type has up to 20 characters of a-z, 0-9, _ and -"))
        return target
    path = comparable_path("/" + target.strip().lstrip("/"))
    if len(path) > 190 or re.search(r"[\x00-\x20?#]", path):
        raise Refused(_("a URL rule is the path of an address, such as /members/*, without spaces, ? and #"))
    return path


def comparable_path(path: str) -> str:
    """A path as URL rules compare it: percent-encoding undone, letters in one form and small.

    >>> comparable_path("/%D0%9A%D0%BB%D1%83%D0%B1/") == comparable_path("/клуб/")
    True
    """
    decoded = unquote(path, errors="replace") if "%" in path else path
    return decoded.lower() if decoded.isascii() else unicodedata.normalize("NFC", decoded).casefold()


def url_pattern(target: str) -> re.Pattern[str]:
    """A URL rule as an expression: `*` stands for anything, case and a final slash make no difference.

    >>> bool(url_pattern("/members/*").fullmatch("/Members/one/")), bool(url_pattern("/a").fullmatch("/a/"))
    (True, True)
    """
    first, *others = (re.escape(part) for part in comparable_path(target).rstrip("/").split("*"))
    # Atomic groups: each `*` but the last takes the nearest match for good, so no pattern can be made slow.
    body = (
        first
        + "".join(f"(?>.*?{part})" for part in others[:-1])
        + "".join(f".*{part}" for part in others[-1:])
    )
    return re.compile(body + "/?", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class RuleBook:
    """All rules, arranged so that those of one post are found without looking at the others."""

    rules: tuple[Rule, ...] = ()
    generation: int = 0
    core_pages: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def _by_target(self) -> dict[tuple[TargetKind, str], tuple[Rule, ...]]:
        found: dict[tuple[TargetKind, str], tuple[Rule, ...]] = {}
        for rule in self.rules:
            key = (rule.target_kind, rule.target)
            found[key] = (*found.get(key, ()), rule)
        return found

    @cached_property
    def _urls(self) -> list[tuple[re.Pattern[str], Rule]]:
        return [(url_pattern(rule.target), rule) for rule in self.rules if rule.target_kind is TargetKind.URL]

    def of(self, kind: TargetKind, target: str) -> tuple[Rule, ...]:
        """The rules of one target."""
        return self._by_target.get((kind, target), ())

    def deciding(self, post: Post) -> tuple[Rule, ...]:
        """The rules of the most specific target that `post` has.

        Core pages are never closed: a closed login page would lead to itself.
        """
        if self.is_core_page(post):
            return ()
        own = self.of(TargetKind.POST, str(post.id)) or self._fitting(post.path)
        if own:
            return own
        terms = tuple(rule for term in sorted(post.term_ids) for rule in self.of(TargetKind.TERM, str(term)))
        return terms or self.of(TargetKind.TYPE, post.type)

    def closing(self, post: Post, request_path: str) -> tuple[Rule, ...]:
        """The URL rules on the address in the browser, by which what `post`'s own rules open may be closed all the same: an
        archive's address closes what it lists. They never open anything, since whoever asks chooses the address."""
        if self.is_core_page(post) or self.of(TargetKind.POST, str(post.id)):
            return ()
        return self._fitting(request_path)

    def _fitting(self, path: str) -> tuple[Rule, ...]:
        """The URL rules on a path."""
        if not path:
            return ()
        compared = comparable_path(path)
        return tuple(rule for pattern, rule in self._urls if pattern.fullmatch(compared))

    def is_core_page(self, post: Post) -> bool:
        """Whether the post is the login page, the error page and so on."""
        return post.id in self.core_pages.values()

    def targets(self, kind: TargetKind) -> list[str]:
        """The protected targets of one kind, each once, in order of first appearance."""
        return list(dict.fromkeys(rule.target for rule in self.rules if rule.target_kind is kind))
