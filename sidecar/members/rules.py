"""The state machine of access and the count of days. Pure: values in, values out, `now` is an argument."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum

from sidecar.catalog.rules import Grant
from sidecar.errors import Refused
from sidecar.i18n import _


class Status(StrEnum):
    """What an entitlement is. The words are those of SmartTags, but for pending_activation (`pending`)."""

    ACTIVE = "active"
    PENDING_ACTIVATION = "pending_activation"
    PENDING_CANCEL = "pending_cancel"
    OVERDUE = "overdue"
    PAUSED = "paused"
    LOCKED = "locked"
    CANCELED = "canceled"
    EXPIRED = "expired"
    ERROR = "error"


class Change(StrEnum):
    """What can happen to an entitlement."""

    ACTIVATE = "activate"
    FAIL = "fail"
    FALL_OVERDUE = "fall_overdue"
    RECOVER = "recover"
    PAUSE = "pause"
    RESUME = "resume"
    LOCK = "lock"
    UNLOCK = "unlock"
    CANCEL_AT_END = "cancel_at_end"
    KEEP = "keep"
    CANCEL = "cancel"
    EXPIRE = "expire"
    REACTIVATE = "reactivate"


class DaysMethod(StrEnum):
    """From when days are counted."""

    JOINED = "joined"
    CUSTOM = "custom"
    FIXED = "fixed"


TRANSITIONS: dict[tuple[Status, Change], Status] = {
    (Status.PENDING_ACTIVATION, Change.ACTIVATE): Status.ACTIVE,
    (Status.PENDING_ACTIVATION, Change.FAIL): Status.ERROR,
    (Status.PENDING_ACTIVATION, Change.CANCEL): Status.CANCELED,
    (Status.ERROR, Change.ACTIVATE): Status.ACTIVE,
    (Status.ERROR, Change.CANCEL): Status.CANCELED,
    (Status.ACTIVE, Change.FALL_OVERDUE): Status.OVERDUE,
    (Status.ACTIVE, Change.PAUSE): Status.PAUSED,
    (Status.ACTIVE, Change.CANCEL_AT_END): Status.PENDING_CANCEL,
    (Status.ACTIVE, Change.CANCEL): Status.CANCELED,
    (Status.ACTIVE, Change.EXPIRE): Status.EXPIRED,
    (Status.PENDING_CANCEL, Change.KEEP): Status.ACTIVE,
    (Status.PENDING_CANCEL, Change.CANCEL): Status.CANCELED,
    (Status.PENDING_CANCEL, Change.EXPIRE): Status.EXPIRED,
    (Status.OVERDUE, Change.RECOVER): Status.ACTIVE,
    (Status.OVERDUE, Change.CANCEL): Status.CANCELED,
    (Status.OVERDUE, Change.EXPIRE): Status.EXPIRED,
    (Status.PAUSED, Change.RESUME): Status.ACTIVE,
    (Status.PAUSED, Change.CANCEL): Status.CANCELED,
    (Status.PAUSED, Change.EXPIRE): Status.EXPIRED,
    (Status.CANCELED, Change.REACTIVATE): Status.ACTIVE,
    (Status.EXPIRED, Change.REACTIVATE): Status.ACTIVE,
}
"""Every change that is possible outside a lock; what is not here is refused. Locking is a cover over these: see `changed`."""


@dataclass(frozen=True)
class State:
    """A status, and the one under it while locked (billing goes on under a lock)."""

    status: Status
    under_lock: Status | None = None


def changed(state: State, change: Change) -> State | None:
    """The state after `change`; None when it cannot happen.

    A lock covers whatever stands below: other changes go on under it, and unlocking shows what came of them. A canceled
    one stays locked too, so that a locked member does not come back by ordering again.

    >>> changed(State(Status.LOCKED, Status.ACTIVE), Change.FALL_OVERDUE)
    State(status=<Status.LOCKED: 'locked'>, under_lock=<Status.OVERDUE: 'overdue'>)
    """
    if change is Change.LOCK:
        return None if state.status is Status.LOCKED else State(Status.LOCKED, state.status)
    if state.under_lock is None:
        status = TRANSITIONS.get((state.status, change))
        return None if status is None else State(status)
    if change is Change.UNLOCK:
        return State(state.under_lock)
    under = TRANSITIONS.get((state.under_lock, change))
    return None if under is None else State(Status.LOCKED, under)


def changes_to(state: State, wanted: Status) -> list[Change]:
    """The fewest changes that lead from `state` to `wanted`, under a lock or not; empty when it is there, or no way leads.

    What has ended stays as it ended: from canceled to expired or back there is nothing to do.

    >>> changes_to(State(Status.CANCELED), Status.OVERDUE), changes_to(State(Status.CANCELED), Status.EXPIRED)
    ([<Change.REACTIVATE: 'reactivate'>, <Change.FALL_OVERDUE: 'fall_overdue'>], [])
    """
    begin = state.under_lock or state.status
    if {begin, wanted} <= {Status.CANCELED, Status.EXPIRED}:
        return []
    ways: dict[Status, list[Change]] = {begin: []}
    queue = [begin]
    while queue and wanted not in ways:
        here = queue.pop(0)
        for (status, change), after in TRANSITIONS.items():
            if status is here and after not in ways:
                ways[after] = [*ways[here], change]
                queue.append(after)
    return ways.get(wanted, [])


@dataclass(frozen=True)
class Entitlement:
    """One member's hold on one level or bundle; the columns of its row."""

    id: int
    member_id: int
    level_id: int | None
    bundle_id: int | None
    status: Status
    status_under_lock: Status | None
    status_changed_at: datetime
    is_complimentary: bool
    started_at: datetime
    expires_at: datetime | None
    canceled_at: datetime | None
    days_method: DaysMethod
    days_from_at: datetime | None
    days_fixed: int | None
    paused_days: int
    paused_at: datetime | None
    error: str | None
    keeps_access_overdue: bool | None = None

    @property
    def grant(self) -> Grant:
        """Whether this is the level or a bundle."""
        return Grant.LEVEL if self.level_id is not None else Grant.BUNDLE

    @property
    def grant_id(self) -> int:
        """The level's or the bundle's id."""
        return self.level_id if self.level_id is not None else self.bundle_id or 0

    @property
    def state(self) -> State:
        """For `changed`."""
        return State(self.status, self.status_under_lock)

    def status_at(self, now: datetime) -> Status:
        """The status that counts at `now`: an end date that has passed ends access before any job has run."""
        over = self.expires_at is not None and self.expires_at <= now
        if not over or self.status is Status.LOCKED:
            return self.status
        if self.status is Status.PENDING_CANCEL:
            return Status.CANCELED
        return Status.EXPIRED if (self.status, Change.EXPIRE) in TRANSITIONS else self.status

    def days_at(self, now: datetime, zone: tzinfo) -> int:
        """Which day of the entitlement it is: 0 on the day it began, one more from each midnight of `zone` on.

        Days do not count while paused; a start in the future gives a negative number.
        """
        if self.days_method is DaysMethod.FIXED:
            return self.days_fixed or 0
        start = (
            self.days_from_at
            if self.days_method is DaysMethod.CUSTOM and self.days_from_at
            else self.started_at
        )
        counted_to = self.paused_at or now
        return days_between(start, counted_to, zone) - self.paused_days

    def counts_on(self) -> bool:
        """Whether its days go on counting: no for a fixed number and during a pause."""
        return self.days_method is not DaysMethod.FIXED and self.paused_at is None


def days_between(start: datetime, end: datetime, zone: tzinfo) -> int:
    """How many midnights of `zone` lie between two instants.

    >>> from datetime import UTC
    >>> from zoneinfo import ZoneInfo
    >>> days_between(datetime(2026, 3, 1, 22, 59, tzinfo=UTC), datetime(2026, 3, 1, 23, 0, tzinfo=UTC), ZoneInfo("Europe/Paris"))
    1
    """
    return (end.astimezone(zone).date() - start.astimezone(zone).date()).days


REFUSED_AT_SIGN_IN: dict[Status, int] = {
    Status.LOCKED: 100031,
    Status.CANCELED: 100030,
    Status.EXPIRED: 100034,
    Status.PENDING_ACTIVATION: 100020,
    Status.ERROR: 100020,
}


def sign_in_code(level: Entitlement | None, now: datetime, *, canceled_may: bool) -> int:
    """0 when the holder of `level` may sign in, else the error code that says why not.

    Someone who is no member may: WordPress's own users are none of our business. `canceled_may`: the owner lets canceled
    and expired members in (to My Account and checkout).
    """
    if level is None:
        return 0
    status = level.status_at(now)
    if canceled_may and status in {Status.CANCELED, Status.EXPIRED}:
        return 0
    return REFUSED_AT_SIGN_IN.get(status, 0)


def slot_of(grant: Grant, grant_id: int) -> str:
    """What makes a member's hold unique: one level, each bundle once.

    >>> slot_of(Grant.LEVEL, 3), slot_of(Grant.BUNDLE, 7)
    ('level', 'bundle:7')
    """
    return "level" if grant is Grant.LEVEL else f"bundle:{grant_id}"


def refuse_change(status: Status, change: Change) -> Refused:
    """The sentence for a change that cannot happen."""
    sentence = _("an entitlement that is {status} cannot {change}")
    return Refused(sentence.format(status=status, change=change.replace("_", " ")))
