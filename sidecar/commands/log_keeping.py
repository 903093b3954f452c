"""`gatepost log verify`, and what keeps the log: holds."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from sqlalchemy.orm import Session

from jobs.log_keeping import seals_folder
from sidecar.activity.holding import make_hold, release_hold
from sidecar.activity.outside import Keepsake, list_keepsakes, parse_line
from sidecar.activity.store_holds import list_holds
from sidecar.activity.verifying import Fault, Flaw, Summary, Verification
from sidecar.billing.store import get_order
from sidecar.billing.store_payers import list_disputed_members
from sidecar.commands.finding import find_wordpress_user
from sidecar.commands.speaking import N_, Command, Failure, option, say, say_table, who, with_service
from sidecar.db import reading
from sidecar.errors import NotFound, Refused
from sidecar.i18n import _
from sidecar.members.store import find_member_by_id, get_member
from sidecar.service import Service

_SHOWN = 1000
"""So many flaws are told one by one; a table that is gone would make millions."""


@click.command(cls=Command, help=N_("Check that nothing in the log was changed, removed or added."))
@option(
    "--seal",
    "lines",
    multiple=True,
    help=N_("A seal that you have kept, as in the daily mail: NUMBER ROOT TIME."),
)
@with_service
def verify(service: Service, lines: tuple[str, ...]) -> None:
    kept = [*list_keepsakes(seals_folder(service)), *(_keepsake_in(line) for line in lines)]
    outside = list(dict.fromkeys(kept))
    count = 0
    with reading() as reader:
        run = Verification(reader, outside)
        with _bar(run.expected_rows()) as run.told:
            for count, flaw in enumerate(run.run(), start=1):
                if count <= _SHOWN:
                    say(sentence_of(flaw))
    _say_summary(run.summary, len(outside))
    if count:
        raise Failure(_("The log is not what it was; flaws: {count}.").format(count=count))


def _keepsake_in(line: str) -> Keepsake:
    found = parse_line(line)
    if found is None:
        raise Refused(_("“{line}” is no seal: NUMBER ROOT TIME, in quotation marks.").format(line=line))
    return found


@contextmanager
def _bar(total: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr for who waits at a terminal."""
    if not sys.stderr.isatty():
        yield lambda _count: None
        return
    with click.progressbar(length=total, label=_("verifying"), file=sys.stderr) as bar:
        yield bar.update


def _say_summary(summary: Summary, outside: int) -> None:
    sentence = _(
        "{rows} events under {seals} seals, {erased} of them erased; {held} more kept under holds, {dropped} dropped by age; "
        "{unsealed} not sealed yet. Compared with {outside} seals from outside the database."
    )
    say(
        sentence.format(
            rows=summary.rows, seals=summary.seals, erased=summary.erased, held=summary.held, dropped=summary.dropped,
            unsealed=summary.unsealed, outside=outside,
        )
    )  # fmt: skip
    if summary.newest is not None:
        say(_("The newest seal: {line}").format(line=summary.newest.line))


def sentence_of(flaw: Flaw) -> str:
    """What is wrong, for a person."""
    sentences = {
        Fault.SEAL_CHANGED: _("Seal {seal} was changed: it is not what its root says."),
        Fault.SEAL_MISSING: _("The seals {seal} to {said} are missing."),
        Fault.CHAIN_BROKEN: _("Seal {seal} does not follow from the one before: one of the two was changed."),
        Fault.CHAIN_CUT: _("Seal {seal} is missing at the end of the chain; it was kept outside: {said}"),
        Fault.NOT_AS_KEPT: _("Seal {seal} is another than the one that was kept outside: {said}"),
        Fault.LEAVES_CHANGED: _("What seal {seal} lists of {place} was changed."),
        Fault.LEAVES_MISSING: _("What seal {seal} lists of {place} is missing."),
        Fault.ROW_CHANGED: _("Event {id} ({place}, seal {seal}) was changed."),
        Fault.ROW_MISSING: _("Event {id} ({place}, seal {seal}) was removed."),
        Fault.ROW_INSERTED: _("Event {id} ({place}) was added, or changed, after seal {seal} was made."),
        Fault.BLANKED: _(
            "Events of member {member} were blanked without an erasure: blanked / erased {said}."
        ),
        Fault.COPY_CHANGED: _(
            "The copy of the mail of event {id} ({place}, seal {seal}) was changed or removed."
        ),
        Fault.HELD_DIFFER: _("Of {place} other events are kept under holds than the seals say: {said}."),
    }
    return sentences[flaw.fault].format(
        seal=flaw.seal,
        said=flaw.said,
        place=" ".join(str(part) for part in flaw.place or ()),
        id=flaw.event_id.hex() if flaw.event_id else "",
        member=flaw.member_id or "-",
    )


# --- holds ----------------------------------------------------------------------------------------------------------


@click.command(
    cls=Command, help=N_("Keep all events of a member, or of an order's member, whatever their age.")
)
@click.argument("login", metavar="MEMBER", required=False)
@option("--order", help=N_("Of this order's member, because of this order."))
@option("--reason", default="", help=N_("Why, for later."))
@with_service
def hold(service: Service, login: str | None, order: str | None, reason: str) -> None:
    if (login is None) == (order is None):
        raise Refused(
            _("Name either a member or an order: gatepost log hold MEMBER, gatepost log hold --order ORDER")
        )
    order_uuid = ""
    with reading() as reader:
        if order is not None:
            bought = get_order(reader, order)
            order_uuid, member = bought.uuid, find_member_by_id(reader, bought.member_id)
        else:
            member = get_member(reader, find_wordpress_user(reader, service.tables, login or "").id)
    if member is None:
        raise NotFound(_("there is no order {order}").format(order=order))
    hold_id = make_hold(
        member.id, member.user_id, order_uuid=order_uuid, reason=reason, by=who(), now=service.clock.now()
    )
    say(_("Hold {id}: nothing of member {member} is dropped until: gatepost log release {id}").format(
        id=hold_id, member=member.user_id
    ))  # fmt: skip


@click.command(cls=Command, help=N_("List what is kept whatever its age: holds, and payments in dispute."))
@with_service
def holds(service: Service) -> None:
    with reading() as reader:
        rows = [
            (
                row.id,
                _user_of(reader, row.member_id),
                row.order_uuid[:8] or "-",
                f"{row.made_at:%Y-%m-%d}",
                row.made_by,
                row.reason,
            )
            for row in list_holds(reader)
        ]
        disputed = list_disputed_members(reader, service.clock.now())
        rows += [
            ("-", _user_of(reader, member), "-", "-", "-", _("a payment in dispute"))
            for member in sorted(disputed)
        ]
    if not rows:
        say(_("Nothing is held."))
        return
    say_table((_("Hold"), _("User"), _("Order"), _("Since"), _("By"), _("Reason")), rows)


def _user_of(reader: Session, member_id: int) -> str:
    member = find_member_by_id(reader, member_id)
    return str(member.user_id) if member else f"({member_id})"


@click.command(cls=Command, help=N_("End a hold; the number is that of gatepost log holds."))
@click.argument("hold_id", metavar="HOLD", type=click.IntRange(1))
@with_service
def release(service: Service, hold_id: int) -> None:
    release_hold(hold_id, by=who(), now=service.clock.now())
    say(_("Hold {id} is released.").format(id=hold_id))


COMMANDS = (verify, hold, holds, release)
