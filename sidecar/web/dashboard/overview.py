"""The first screen: how the business does, and whether everything runs."""

from __future__ import annotations

from datetime import timedelta

from flask import render_template

from sidecar.billing.store_guard import list_alarms
from sidecar.db import reading
from sidecar.i18n import _
from sidecar.reports.counting import count_figures
from sidecar.reports.health import read_health
from sidecar.reports.overview import Overview, read_overview
from sidecar.reports.store_figures import find_counted_at, is_small
from sidecar.service import service
from sidecar.staff.rules import Right
from sidecar.web.dashboard.door import frame, screen, words
from sidecar.web.dashboard.plots import BarPlot, bar_plot
from sidecar.web.dashboard.words import Words

_FRESH = timedelta(minutes=6)
_MOST_ALARMS = 5


@screen("/overview", Right.SEE_NUMBERS)
def overview() -> str:
    """The numbers of now, this month, and the next 30 days."""
    _count_if_small()
    with reading() as reader:
        seen = read_overview(reader, frame().now, frame().zone)
        health = read_health(reader, frame().now, service().config)
        alarms = list_alarms(reader, _MOST_ALARMS)
    say = words()
    currency = seen.currencies[0] if seen.currencies else ""
    return render_template(
        "dashboard/overview.html",
        seen=seen,
        health=health,
        alarms=alarms,
        currency=currency,
        collected=_plot_of_past(seen, currency, say),
        expected=_plot_ahead(seen, currency, say),
        recovered=sorted(
            (
                (how_words(how), reason_words(reason), count)
                for (how, reason), count in seen.recovered.items()
            ),
            key=lambda row: -row[2],
        ),
    )


def _count_if_small() -> None:
    """Where counting takes no time, the figures are never old: a demo's clock jumps, and a small site's cron may be slow."""
    with reading() as reader:
        counted_at = find_counted_at(reader)
        is_fresh = counted_at is not None and abs(frame().now - counted_at) < _FRESH
        is_worth_it = not is_fresh and is_small(reader)
    if is_worth_it:
        count_figures(frame().now, frame().zone)


def _plot_of_past(seen: Overview, currency: str, say: Words) -> BarPlot:
    days = [(day, amounts.get(currency, 0)) for day, amounts in seen.collected.items()]
    return bar_plot(
        [
            (say.short_day(day), f"{say.day(day)}: {say.money(minor, currency)}" if currency else "", [minor])
            for day, minor in days
        ],
        ("",),
    )


def _plot_ahead(seen: Overview, currency: str, say: Words) -> BarPlot:
    days = [(day, amounts.get(currency, 0)) for day, amounts in seen.expected.items()]
    return bar_plot(
        [
            (say.short_day(day), f"{say.day(day)}: {say.money(minor, currency)}" if currency else "", [minor])
            for day, minor in days
        ],
        ("ahead",),
    )


def how_words(how: str) -> str:
    """Which try recovered a payment."""
    kind, _space, number = how.partition(" ")
    if kind == "retry":
        return _("retry {number}").format(number=number)
    words_of = {
        "member": _("the member’s new card"), "browser": _("the member, on the site"), "admin": _("the owner"),
        "import": _("an import"),
    }  # fmt: skip
    return words_of.get(kind, kind)


def reason_words(code: str | None) -> str:
    """Why a payment failed, as staff may read it: the gateway's own word where we have none."""
    known = {
        "": _("no reason given"), "no_card": _("no card on file"), "insufficient_funds": _("not enough money"),
        "expired_card": _("card expired"), "card_declined": _("declined by the bank"),
        "generic_decline": _("declined by the bank"), "do_not_honor": _("declined by the bank"),
        "incorrect_cvc": _("wrong security code"), "incorrect_number": _("wrong card number"),
        "lost_card": _("card reported lost"), "stolen_card": _("card reported stolen"),
        "authentication_required": _("the bank asks its holder"), "processing_error": _("fault at the bank"),
        "fraudulent": _("suspected of fraud"), "card_velocity_exceeded": _("limit of the card reached"),
    }  # fmt: skip
    return known.get(code or "", (code or "").replace("_", " "))
