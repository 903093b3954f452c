"""Whether billing runs, what it will do, and the deliberate acts that let it go on."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

import click
from sqlalchemy.orm import Session

from sidecar.access.rules import local_midnight
from sidecar.billing.checking import check as find_breaches
from sidecar.billing.hooks import replay as replay_webhook
from sidecar.billing.reconciling import Difference
from sidecar.billing.reconciling import reconcile as compare
from sidecar.billing.restoring import adopt as adopt_here
from sidecar.billing.restoring import enroll_machine
from sidecar.billing.restoring import resume as go_on
from sidecar.billing.standing import Standing, State, read_standing
from sidecar.billing.store_guard import close_alarms, find_webhook, list_alarms, list_failed_webhooks
from sidecar.billing.upcoming import Upcoming, list_upcoming
from sidecar.commands.speaking import N_, Command, Group, option, say, say_table, who, with_service
from sidecar.db import reading, transaction
from sidecar.errors import NotFound, Refused
from sidecar.i18n import _
from sidecar.service import Service
from sidecar.wordpress.options import get_site
from sidecar.wordpress.tables import Tables
from sidecar.wordpress.users import find_user
from sidecar.written import from_minor

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group(cls=Group, help=N_("Charging: whether it runs, what comes next, what is wrong."))
def billing() -> None:
    pass


@billing.command(
    "status", help=N_("Print whether billing runs, and why not. Exit code 1 when it should and does not.")
)
@with_service
def status(service: Service) -> None:
    with reading() as reader:
        zone = get_site(reader, service.tables).zone
        standing = read_standing(reader, service.clock.now(), service.config)
    say_pairs(_lines(standing, zone))
    if standing.state in {State.PAUSED, State.STALE}:
        raise click.exceptions.Exit(1)


def _lines(standing: Standing, zone: tzinfo) -> list[tuple[str, object]]:
    words = {
        State.OFF: _("off: no gateway is configured"),
        State.OK: _("runs"),
        State.PAUSED: _("paused"),
        State.STALE: _("stands still"),
    }
    return [
        (_("billing"), words[standing.state]),
        *([(_("because"), standing.message)] if standing.message else []),
        *([(_("since"), moment(standing.paused_at, zone))] if standing.paused_at else []),
        (_("account"), standing.account or "-"),
        (_("due now"), standing.due),
        (_("open alarms"), standing.open_alarms),
        (_("last webhook"), moment(standing.newest_webhook_at, zone)),
        (_("failed webhooks"), standing.failed_webhooks),
        (_("database"), standing.unsafe_setting or _("keeps every commit")),
        *((name, _("{seconds} s ago").format(seconds=since)) for name, since in standing.people.items()),
    ]


def say_pairs(pairs: list[tuple[str, object]]) -> None:
    """What each thing is, one a line."""
    width = max(len(name) for name, _value in pairs)
    for name, value in pairs:
        say(f"{name.ljust(width)}  {value}")


def moment(at: datetime | None, zone: tzinfo) -> str:
    """An instant in the site's time zone, to the minute; `-` for none."""
    return "-" if at is None else at.astimezone(zone).strftime("%Y-%m-%d %H:%M")


@billing.command("upcoming", help=N_("Print the payments that are expected next."))
@option("--days", type=click.IntRange(1, 400), default=7, show_default=True, help=N_("How far ahead."))
@option("-n", "count", type=click.IntRange(1, 10_000), default=50, show_default=True, help=N_("How many."))
@with_service
def upcoming(service: Service, days: int, count: int) -> None:
    until = service.clock.now() + timedelta(days=days)
    with reading() as reader:
        zone = get_site(reader, service.tables).zone
        expected = list_upcoming(reader, until, count)
        logins = [_login(reader, service.tables, one) for one in expected]
    heads = (_("when"), _("order"), _("member"), _("amount"), _("state"))
    say_table(heads, [_upcoming(one, login, zone) for one, login in zip(expected, logins, strict=True)])


def _login(reader: Session, tables: Tables, one: Upcoming) -> str:
    user = find_user(reader, tables, one.user_id)
    return user.login if user is not None else f"user:{one.user_id}"


def _upcoming(one: Upcoming, login: str, zone: tzinfo) -> tuple[object, ...]:
    amount = f"{from_minor(one.amount_minor, one.currency)} {one.currency}"
    return moment(one.at, zone), one.order.uuid[:8], login, amount, one.state


@billing.command(
    "resume",
    help=N_(
        "Let billing go on after a pause. After a restored backup it imports first what the gateway knows."
    ),
)
@with_service
def resume(service: Service) -> None:
    done = go_on(service.desk, by=who())
    say(_("Billing goes on."))
    if done.imported or done.unknown or done.parked:
        sentence = _(
            "Payments imported: {imported}. Not to be booked on anything: {unknown}. Mails parked: {parked}."
        )
        say(sentence.format(imported=done.imported, unknown=done.unknown, parked=done.parked))


@billing.command(
    "adopt",
    help=N_(
        "Bind billing to this site, database and machine, after a move. Never on a copy: members would be charged twice."
    ),
)
@option("--yes", is_flag=True, help=N_("Do not ask."))
@with_service
def adopt(service: Service, yes: bool) -> None:
    desk = service.desk
    if not yes:
        click.confirm(
            _("Does no other machine or copy of {url} charge any more?").format(url=desk.site_url), abort=True
        )
    account = adopt_here(desk, by=who())
    say(_("Billing is bound to {account} and {url}.").format(account=account, url=desk.site_url))


@billing.command("enroll-machine", help=N_("Let this machine charge beside those that do."))
@with_service
def enroll(service: Service) -> None:
    enroll_machine(service.desk)
    say(_("This machine may charge now."))


@billing.command("webhooks", help=N_("Print webhooks that could not be understood yet."))
@option("--replay", "webhook_id", help=N_("Process this one again, by the gateway's id of the event."))
@with_service
def webhooks(service: Service, webhook_id: str | None) -> None:
    if webhook_id is not None:
        _replay(service, webhook_id)
        return
    with reading() as reader:
        zone, rows = get_site(reader, service.tables).zone, list_failed_webhooks(reader)
    heads = (_("id"), _("received"), _("type"), _("tries"), _("error"))
    say_table(
        heads, [(one.id, moment(one.received_at, zone), one.type, one.tries, one.error or "") for one in rows]
    )


def _replay(service: Service, webhook_id: str) -> None:
    with reading() as reader:
        if find_webhook(reader, webhook_id) is None:
            raise NotFound(_("There is no webhook {id}.").format(id=webhook_id))
    if not replay_webhook(service.desk, webhook_id):
        raise Refused(
            _("The webhook {id} could not be processed; its error is in the list.").format(id=webhook_id)
        )
    say(_("The webhook {id} is done.").format(id=webhook_id))


@billing.command("alarms", help=N_("Print what you should know, newest first."))
@option("--close", "alarm_id", type=int, help=N_("You have seen to this one, by its number."))
@with_service
def alarms(service: Service, alarm_id: int | None) -> None:
    with reading() as reader:
        zone, rows = get_site(reader, service.tables).zone, list_alarms(reader, 1000)
    if alarm_id is None:
        heads = (_("id"), _("when"), _("what"), _("about"), "")
        say_table(
            heads,
            [(one.id, moment(one.raised_at, zone), one.kind, one.subject, one.sentence) for one in rows],
        )
        return
    found = next((one for one in rows if one.id == alarm_id), None)
    if found is None:
        raise NotFound(_("There is no open alarm {id}.").format(id=alarm_id))
    with transaction() as session:
        close_alarms(session, found.kind, service.clock.now(), found.subject)
    say(_("Closed: {sentence}").format(sentence=found.sentence))


@click.command(
    cls=Command,
    help=N_(
        "Compare the gateway's payments with ours, for the days --from to --until. Exit code 1 when they differ."
    ),
)
@option("--from", "from_on", type=_DAY, required=True, help=N_("The first day, in the site's time zone."))
@option("--until", "until_on", type=_DAY, required=True, help=N_("The day after the last one."))
@option("--mend", is_flag=True, help=N_("Book what the gateway knows and we do not."))
@with_service
def reconcile(service: Service, from_on: datetime, until_on: datetime, mend: bool) -> None:
    with reading() as reader:
        zone = get_site(reader, service.tables).zone
    since, until = (local_midnight(day.date(), zone) for day in (from_on, until_on))
    found = compare(service.desk, since, until, mend=mend)
    if not found:
        say(_("The gateway's books and ours agree."))
        return
    heads = (_("what"), _("payment"), _("receivable"), _("ours"), _("the gateway's"))
    say_table(heads, [_difference(one) for one in found])
    raise click.exceptions.Exit(1)


def _difference(one: Difference) -> tuple[object, ...]:
    words = {
        "unbooked": _("not booked here"),
        "unknown": _("unknown here"),
        "missing": _("unknown there"),
        "amount": _("another amount"),
        "refunds": _("other refunds"),
    }
    here, there = (
        f"{from_minor(minor, one.currency)} {one.currency}" for minor in (one.here_minor, one.there_minor)
    )
    return words.get(one.what, one.what), one.intent_id, one.receivable or "-", here, there


@click.command(
    cls=Command,
    help=N_("Look for what must not be in the books. Exit code 1 when something is found; changes nothing."),
)
@with_service
def check(service: Service) -> None:
    with reading() as reader:
        breaches = find_breaches(reader, service.clock.now())
    if not breaches:
        say(_("Everything that must hold does."))
        return
    heads = (_("what does not hold"), _("about"), _("member"))
    say_table(heads, [(one.invariant, one.subject, one.member_id or "-") for one in breaches])
    raise click.exceptions.Exit(1)


COMMANDS = (billing, reconcile, check)
