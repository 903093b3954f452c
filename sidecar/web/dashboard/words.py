"""Statuses, amounts, moments and events as the dashboard says them, in the language of the page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from babel.dates import format_date, format_datetime, format_time, format_timedelta
from babel.numbers import format_decimal

from sidecar.billing.rules import Card, Origin
from sidecar.billing.states import AttemptState, ReceivableState, SubscriptionState
from sidecar.currencies import to_decimal
from sidecar.i18n import _, format_money
from sidecar.members.rules import Status
from sidecar.staff.rules import Role


@dataclass(frozen=True)
class Words:
    """`language`: that of the page; `zone`: that of the site; `now`: business time."""

    language: str
    zone: tzinfo
    now: datetime

    # --- numbers and moments ---

    def money(self, minor: int, currency: str) -> str:
        """An amount in minor units."""
        return format_money(minor, currency, self.language)

    def sum(self, minor: int, currency: str) -> str:
        """A sum at a glance: from a thousand on without what stands behind the point.

        >>> from datetime import UTC
        >>> words = Words("en", UTC, datetime(2026, 1, 1, tzinfo=UTC))
        >>> words.sum(123_456_78, "EUR"), words.sum(999_50, "EUR")
        ('€123,457', '€999.50')
        """
        is_large = abs(to_decimal(minor, currency)) >= 1000
        return format_money(minor, currency, self.language, decimals=0 if is_large else None)

    def count(self, number: int) -> str:
        """A whole number."""
        return format_decimal(number, locale=self.language)

    def share(self, part: int, whole: int) -> str:
        """A part in percent, with one decimal; a dash of nothing.

        >>> from datetime import UTC
        >>> words = Words("en", UTC, datetime(2026, 1, 1, tzinfo=UTC))
        >>> words.share(1, 8), words.share(1, 0)
        ('12.5%', '–')
        """
        if not whole:
            return "–"
        sign = "\u202f%" if self.language == "fr" else "%"
        return f"{format_decimal(round(part / whole * 100, 1), '#,##0.#', locale=self.language)}{sign}"

    def day(self, at: datetime | date | None) -> str:
        """A date on the site's calendar; a dash for none."""
        if at is None:
            return "–"
        local = at.astimezone(self.zone).date() if isinstance(at, datetime) else at
        return format_date(local, "medium", locale=self.language)

    def short_day(self, on: date) -> str:
        """Day and month."""
        return format_date(on, "d MMM", locale=self.language)

    def moment(self, at: datetime | None) -> str:
        """Date and time to the minute; a dash for none."""
        if at is None:
            return "–"
        local = at.astimezone(self.zone)
        clock = format_time(local, "short", locale=self.language, tzinfo=self.zone)
        return f"{self.day(at)}, {clock}"

    def exact(self, at: datetime) -> str:
        """To the second: for the log."""
        return format_datetime(at.astimezone(self.zone), "medium", locale=self.language, tzinfo=self.zone)

    def machine(self, at: datetime) -> str:
        """For the attribute of a time element."""
        return at.isoformat(timespec="seconds")

    def since(self, at: datetime) -> str:
        """How long ago, or how far ahead, in the largest fitting unit."""
        return format_timedelta(at - self.now, add_direction=True, locale=self.language)

    def seconds_ago(self, seconds: float) -> str:
        """So many seconds as a length of time that has passed."""
        return format_timedelta(timedelta(seconds=-seconds), add_direction=True, locale=self.language)

    def length(self, seconds: float) -> str:
        """A length of time in its largest fitting unit."""
        return format_timedelta(timedelta(seconds=seconds), locale=self.language, threshold=1.0)

    # --- states ---

    def status(self, status: Status | str) -> str:
        """Of a level or bundle."""
        return status_word(Status(status))

    def order(self, status: SubscriptionState) -> str:
        """Of an order."""
        return {
            SubscriptionState.PENDING: _("waiting for payment"),
            SubscriptionState.ACTIVE: _("active"),
            SubscriptionState.OVERDUE: _("overdue"),
            SubscriptionState.PAUSED: _("paused"),
            SubscriptionState.PENDING_CANCEL: _("ends soon"),
            SubscriptionState.CANCELED: _("canceled"),
            SubscriptionState.COMPLETED: _("paid up"),
        }[status]

    def receivable(self, status: ReceivableState) -> str:
        """Of what one cycle owes."""
        return {
            ReceivableState.DUE: _("open"),
            ReceivableState.SETTLED: _("paid"),
            ReceivableState.VOID: _("dropped"),
            ReceivableState.MISSED: _("missed"),
            ReceivableState.CARRIED: _("carried over"),
        }[status]

    def attempt(self, status: AttemptState) -> str:
        """Of one try."""
        return {
            AttemptState.CLAIMED: _("at work"),
            AttemptState.UNKNOWN: _("not known yet"),
            AttemptState.PROCESSING: _("the bank works on it"),
            AttemptState.REQUIRES_ACTION: _("the bank asks its holder"),
            AttemptState.SUCCEEDED: _("paid"),
            AttemptState.FAILED: _("declined"),
            AttemptState.NOT_EXECUTED: _("not executed"),
        }[status]

    def origin(self, origin: Origin) -> str:
        """Who began a try."""
        return {
            Origin.SCHEDULE: _("the schedule"),
            Origin.RETRY: _("a retry"),
            Origin.MEMBER: _("the member’s new card"),
            Origin.ADMIN: _("the owner"),
            Origin.BROWSER: _("the member, on the site"),
            Origin.IMPORT: _("an import"),
        }[origin]

    def source(self, source: str) -> str:
        """What paid."""
        words = {
            "gateway": _("by card"), "manual": _("by hand"), "credit": _("from credit"), "coupon": _("by a coupon"),
            "waived": _("waived"),
        }  # fmt: skip
        return words.get(source, source)

    def held(self, held: str | None) -> str:
        """Why nothing is collected."""
        words = {"dispute": _("disputed"), "parked": _("set aside"), "restored": _("waits after a restore")}
        return words.get(held or "", held or "")

    def ended(self, reason: str | None) -> str:
        """Why an order ended."""
        words = {
            "asked": _("on request"), "period_end": _("on request, at the end of the period"), "unpaid": _("not paid"),
            "refunded": _("refunded"), "disputed": _("disputed"), "abandoned": _("checkout abandoned"),
            "replaced": _("changed to another product"), "plan_end": _("payment plan completed"), "paid_up": _("paid up"),
            "user_deleted": _("was deleted in WordPress"),
        }  # fmt: skip
        return words.get(reason or "", (reason or "").replace("_", " "))

    def role(self, role: Role) -> str:
        """Of the staff."""
        return {
            Role.ADMINISTRATOR: _("administrator"),
            Role.PRODUCT_MANAGER: _("product manager"),
            Role.SALES_SUPPORT: _("sales and support"),
            Role.ANALYST: _("analyst"),
        }[role]

    def card(self, card: Card | None) -> str:
        """As much as may be said."""
        return f"{card.brand.title()} •••• {card.last4}, {card.exp_month:02}/{card.exp_year}" if card else "–"

    def rhythm(self, every: int | None, unit: str | None) -> str:
        """How often it is paid."""
        if every is None or unit is None:
            return _("once")
        one = {"day": _("a day"), "week": _("a week"), "month": _("a month"), "year": _("a year")}
        many = {
            "day": _("every {n} days"), "week": _("every {n} weeks"), "month": _("every {n} months"),
            "year": _("every {n} years"),
        }  # fmt: skip
        return one[unit] if every == 1 else many[unit].format(n=every)

    def event_type(self, kind: str) -> str:
        """Of the log."""
        return event_type_word(kind)

    def event(self, name: str) -> str:
        """What happened, in a few words; the log's own name where there are none."""
        return event_word(name)


def status_word(status: Status) -> str:
    """The status of a level or bundle."""
    return {
        Status.ACTIVE: _("active"),
        Status.PENDING_ACTIVATION: _("waiting for payment"),
        Status.PENDING_CANCEL: _("ends soon"),
        Status.OVERDUE: _("overdue"),
        Status.PAUSED: _("paused"),
        Status.LOCKED: _("locked"),
        Status.CANCELED: _("canceled"),
        Status.EXPIRED: _("expired"),
        Status.ERROR: _("error"),
    }[status]


def event_word(name: str) -> str:
    """What happened, in a few words; the log's own name where there are none."""
    return {**_of_access(), **_of_money(), **_of_mail()}.get(name, name.replace("_", " "))


def event_type_word(kind: str) -> str:
    """A type of the log."""
    words = {
        "access": _("access"), "affiliate": _("affiliate"), "billing": _("billing"), "email": _("e-mail"),
        "login": _("login"), "page": _("page"),
    }  # fmt: skip
    return words.get(kind, kind)


def _of_access() -> dict[str, str]:
    return {
        "created": _("became a member"), "bundle_added": _("got a bundle"), "status_changed": _("status changed"),
        "level_changed": _("changed level"), "days_changed": _("days counted anew"),
        "expiry_changed": _("access ends at another time"), "clicked": _("came by an affiliate's link"), "viewed": _("read"),
        "denied": _("was refused"), "signed_in": _("signed in"), "signed_out": _("signed out"),
        "signed_on": _("signed on to the dashboard"), "signed_off": _("signed off from the dashboard"),
        "employed": _("was let into the dashboard"), "dismissed": _("was shut out of the dashboard"), "profile_changed": _("changed the profile"),
        "employee_shown": _("may be shown to members"), "employee_changed": _("is shown to members differently"),
        "employee_hidden": _("is shown to members no longer"),
        "exported": _("exported a list"), "mail_changed": _("changed the text of a mail"), "mail_retried": _("had a mail sent again"),
        "address_unmarked": _("had an address written to again"),
        "catalog_made": _("made"), "catalog_changed": _("changed"), "catalog_archived": _("archived"),
        "rule_made": _("made"), "rule_changed": _("changed"), "rule_removed": _("removed"), "core_page_chosen": _("changed"), "settings_changed": _("changed"),
        "job_asked_for": _("ran a job by hand"), "delivery_asked_for": _("had a delivery tried again"),
        "role_changed": _("got other roles"), "user_deleted": _("was deleted in WordPress"),
    }  # fmt: skip


def _of_money() -> dict[str, str]:
    return {
        "ordered": _("ordered"), "paid_first": _("paid for the first time"), "paid_renewal": _("paid the renewal"),
        "recovered": _("paid what was overdue"), "declined": _("payment declined"), "card_needed": _("another card is needed"),
        "card_changed": _("gave another card"), "cancel_at_end": _("canceled for the end of the period"),
        "keep": _("took the cancellation back"), "pause": _("paused"), "resume": _("went on"), "ended": _("order ended"),
        "reminded": _("was reminded by hand"),
        "charged_by_hand": _("charged by hand"), "date_changed": _("next payment moved"), "refunded": _("refunded"),
        "disputed": _("payment disputed"),
    }  # fmt: skip


def _of_mail() -> dict[str, str]:
    return {
        "queued": _("mail written"),
        "sent": _("mail sent"),
        "failed": _("mail not sent"),
        "dropped": _("mail dropped"),
        "bounced": _("mail came back"),
    }
