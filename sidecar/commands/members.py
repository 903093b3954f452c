"""Members, one by one."""

from __future__ import annotations

from datetime import datetime, tzinfo

import click

from sidecar.access.rules import local_midnight
from sidecar.billing.membership import change_membership, move_to_level
from sidecar.catalog.rules import Grant
from sidecar.catalog.store import get_bundle, get_level
from sidecar.commands.details import contact
from sidecar.commands.finding import find_wordpress_user
from sidecar.commands.speaking import N_, Group, named, now, option, say, say_table, who, with_service
from sidecar.db import reading
from sidecar.errors import Refused
from sidecar.i18n import _
from sidecar.members.changing import change_days, give_bundle, make_member
from sidecar.members.rules import Change, DaysMethod, Entitlement
from sidecar.members.store import find_member
from sidecar.service import Service
from sidecar.wordpress.options import get_site

_DAY = click.DateTime(["%Y-%m-%d"])
_BUNDLE_HELP = N_("Of this bundle instead of the level, by name or id.")
_UNTIL_HELP = N_("Access ends at the beginning of this day, in the site's time zone.")


@click.group(cls=Group, help=N_("Members, by login, e-mail address or user id."))
def member() -> None:
    pass


member.add_command(contact)


@member.command("show", help=N_("Print what a member holds."))
@click.argument("login")
@with_service
def show(service: Service, login: str) -> None:
    with reading() as reader:
        user = find_wordpress_user(reader, service.tables, login)
        found, zone = find_member(reader, user.id), get_site(reader, service.tables).zone
        held = found.entitlements if found else ()
        names = [
            (get_level if one.grant is Grant.LEVEL else get_bundle)(reader, one.grant_id).name for one in held
        ]
    say(f"{user.login} <{user.email}>, user:{user.id}")
    if found is None:
        say(_("is not a member"))
        return
    say(_("member since {date}").format(date=found.joined_at.astimezone(zone).date()))
    heads = (_("what"), _("name"), _("status"), _("day"), _("since"), _("until"))
    say_table(heads, [_row(one, name, zone) for one, name in zip(held, names, strict=True)])


def _row(held: Entitlement, name: str, zone: tzinfo) -> tuple[object, ...]:
    until = held.expires_at.astimezone(zone).date() if held.expires_at else ""
    since, moment = held.started_at.astimezone(zone).date(), now()
    return held.grant, name, held.status_at(moment), held.days_at(moment, zone), since, until


@member.command("add", help=N_("Make a WordPress user a member. Sends no mail and charges nothing."))
@click.argument("login")
@option("--level", required=True, help=N_("The level they get, by name or id."))
@option("--until", type=_DAY, help=_UNTIL_HELP)
@option("--complimentary", is_flag=True, help=N_("It is a gift: nothing will be charged for it."))
@with_service
def add(service: Service, login: str, level: str, until: datetime | None, complimentary: bool) -> None:
    user_id, zone = _who(service, login)
    found = named(get_level, level)
    ends = _ends(until, zone)
    make_member(user_id, found.id, now=now(), by=who(), expires_at=ends, is_complimentary=complimentary)
    say(_("{login} is now a member of {level}.").format(login=login, level=found.name))


@member.command("level", help=N_("Move a member to another level; dates and status stay."))
@click.argument("login")
@click.argument("level")
@with_service
def move(service: Service, login: str, level: str) -> None:
    user_id, _zone = _who(service, login)
    found = named(get_level, level)
    move_to_level(service.desk, user_id, found.id, by=who())
    say(_("{login} is now a member of {level}.").format(login=login, level=found.name))


@member.command("give", help=N_("Give a member a bundle."))
@click.argument("login")
@click.argument("bundle")
@option("--until", type=_DAY, help=_UNTIL_HELP)
@option("--complimentary", is_flag=True, help=N_("It is a gift: nothing will be charged for it."))
@with_service
def give(service: Service, login: str, bundle: str, until: datetime | None, complimentary: bool) -> None:
    user_id, zone = _who(service, login)
    found = named(get_bundle, bundle)
    ends = _ends(until, zone)
    give_bundle(user_id, found.id, now=now(), by=who(), expires_at=ends, is_complimentary=complimentary)
    say(_("{login} now has {bundle}.").format(login=login, bundle=found.name))


@member.command("days", help=N_("How a member's days are counted: --joined, --from or --fixed."))
@click.argument("login")
@option("--joined", is_flag=True, help=N_("From the day it began."))
@option("--from", "from_on", type=_DAY, help=N_("From this day."))
@option("--fixed", type=int, help=N_("They stay at this number."))
@option("--bundle", help=_BUNDLE_HELP)
@with_service
def days(
    service: Service,
    login: str,
    joined: bool,
    from_on: datetime | None,
    fixed: int | None,
    bundle: str | None,
) -> None:
    if sum((joined, from_on is not None, fixed is not None)) != 1:
        raise Refused(_("Say one of --joined, --from and --fixed."))
    user_id, zone = _who(service, login)
    method = DaysMethod.JOINED if joined else DaysMethod.FIXED if from_on is None else DaysMethod.CUSTOM
    from_at, bundle_id = _ends(from_on, zone), _bundle_id(bundle)
    change_days(user_id, method, now=now(), by=who(), bundle_id=bundle_id, from_at=from_at, fixed=fixed)
    say(_("The days of {login} are counted so from now on.").format(login=login))


_CHANGES = {
    Change.PAUSE: N_("Pause: what has opened stays open, the days stand still."),
    Change.RESUME: N_("End a pause."),
    Change.LOCK: N_("Lock a member out, whatever else happens to the membership."),
    Change.UNLOCK: N_("Take the lock away again."),
    Change.KEEP: N_("Take back a cancellation that has not come into force."),
    Change.ACTIVATE: N_("Activate a membership that waits for it."),
    Change.EXPIRE: N_("Let it end as expired, now."),
}


def _add_change(change: Change, text: str) -> None:
    """A command for one step of the state machine that needs nothing but the member."""

    @member.command(str(change), help=text)
    @click.argument("login")
    @option("--bundle", help=_BUNDLE_HELP)
    @with_service
    def step(service: Service, login: str, bundle: str | None) -> None:
        _change(service, login, change, bundle)


for _one, _text in _CHANGES.items():
    _add_change(_one, _text)


@member.command("cancel", help=N_("Cancel, now or at the beginning of a day (--at-end)."))
@click.argument("login")
@option("--at-end", type=_DAY, help=_UNTIL_HELP)
@option("--bundle", help=_BUNDLE_HELP)
@with_service
def cancel(service: Service, login: str, at_end: datetime | None, bundle: str | None) -> None:
    change = Change.CANCEL if at_end is None else Change.CANCEL_AT_END
    _change(service, login, change, bundle, at_end)


@member.command("reactivate", help=N_("Bring back what was canceled or has expired, with a new start."))
@click.argument("login")
@option("--until", type=_DAY, help=_UNTIL_HELP)
@option("--bundle", help=_BUNDLE_HELP)
@with_service
def reactivate(service: Service, login: str, until: datetime | None, bundle: str | None) -> None:
    _change(service, login, Change.REACTIVATE, bundle, until)


def _change(
    service: Service, login: str, change: Change, bundle: str | None, until: datetime | None = None
) -> None:
    user_id, zone = _who(service, login)
    bundle_id, ends = _bundle_id(bundle), _ends(until, zone)
    status = change_membership(
        service.desk, user_id, change, by=who(), zone=zone, bundle_id=bundle_id, expires_at=ends
    )
    say(_("{login} is now: {status}").format(login=login, status=status))


def _who(service: Service, login: str) -> tuple[int, tzinfo]:
    """(user id, the site's time zone)."""
    with reading() as reader:
        return find_wordpress_user(reader, service.tables, login).id, get_site(reader, service.tables).zone


def _bundle_id(name: str | None) -> int | None:
    return None if name is None else named(get_bundle, name).id


def _ends(day: datetime | None, zone: tzinfo) -> datetime | None:
    """The first instant of a day that was given."""
    return None if day is None else local_midnight(day.date(), zone)
