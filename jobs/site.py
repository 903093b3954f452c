"""What WordPress must change: delivered to the bridge, by SQL where it stays away."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from sidecar import outbox
from sidecar.access.ruling import index_of
from sidecar.access.store import read_rule_book
from sidecar.actions import action_of
from sidecar.billing.states import SubscriptionState
from sidecar.billing.store import list_orders
from sidecar.catalog.store import find_default_level
from sidecar.db import reading, transaction
from sidecar.errors import GatepostError
from sidecar.members.changing import SITE_CHANGE
from sidecar.members.rules import Status, sign_in_code
from sidecar.members.store import Member, find_member, list_assigned_roles, list_held_roles
from sidecar.outbox import Parcel
from sidecar.service import Service
from sidecar.staff.store import list_staff_ids
from sidecar.tries import remove_old_tries
from sidecar.wordpress.bridge import SiteAddress
from sidecar.wordpress.delivery import finish, hand_over
from sidecar.wordpress.roles import Outcome, get_roles, sync_roles

log = logging.getLogger(__name__)
ATTEMPTS_BEFORE_SQL = 5
KEPT_WHEN_DONE = timedelta(days=40)
"""Longer than a notice can come again for the same cause (a card is listed as expiring for 31 days): its id is its memory."""
TRIES_KEPT = timedelta(days=1)


def deliver_changes(service: Service) -> int:
    """Send what is due; gives how many changes were made. What could not be sent rides on the next page's answer.

    Runs every second in every process, so it asks the database one cheap question when there is nothing to do.
    """
    _note_delivered(service)
    if service.secret is None:
        return 0
    with reading() as reader:
        waits = bool(outbox.list_waiting(reader, SITE_CHANGE, 1))
    if not waits:
        service.waiting_changes = ()
        return 0
    with transaction() as session:
        parcels = outbox.claim_due(session, SITE_CHANGE, service.clock.now())
    done = _deliver(service, parcels) if parcels else 0
    service.waiting_changes = _waiting(service)
    return done


def tidy_outbox(service: Service) -> int:
    """Forget what was delivered long ago; gives how many rows went."""
    with transaction() as session:
        return outbox.remove_done(session, service.clock.now() - KEPT_WHEN_DONE)


def tidy_tries(_service: Service) -> int:
    """Forget how often something was tried that nobody limits for so long; gives how many counts went."""
    return remove_old_tries(TRIES_KEPT.total_seconds())


def _deliver(service: Service, parcels: list[Parcel]) -> int:
    changes = {parcel.id: change_of(service, parcel) for parcel in parcels}
    wanted = [change for change in changes.values() if change is not None]
    handed = hand_over(SiteAddress(service.config.site.url, service.secret or ""), wanted)
    done = handed.done | {parcel_id for parcel_id, change in changes.items() if change is None}
    if handed.is_away:
        done |= {parcel.id for parcel in parcels if _made_by_sql(service, parcel, changes[parcel.id])}
    with transaction() as session:
        finish(session, parcels, done, handed, service.clock.now())
    return len(done)


def change_of(service: Service, parcel: Parcel) -> dict[str, Any] | None:
    """The change that a parcel asks for, as things stand now; None when there is nothing to do any more."""
    kind = parcel.payload["kind"]
    with reading() as reader:
        if kind == "index":
            return {"id": parcel.id, "kind": "index", "index": index_of(read_rule_book(reader))}
        if kind == "staff":
            return {"id": parcel.id, "kind": kind, "users": list_staff_ids(reader)}
        if kind == "forget":
            return {"id": parcel.id, **parcel.payload}
        if kind == "action":
            return action_of(reader, service.tables, parcel, service.clock.now())
        member = find_member(reader, int(parcel.payload["user"]))
        wanted = None if member is None else _change_of_member(reader, service, parcel.payload, member)
    return None if wanted is None else {"id": parcel.id, "kind": kind, **wanted}


def _change_of_member(
    reader: Session, service: Service, payload: dict[str, Any], member: Member
) -> dict[str, Any] | None:
    kind, user = payload["kind"], {"user": member.user_id}
    if kind == "forget_user":
        return None if _has_something(reader, member) else user
    if kind == "sessions":
        may = service.config.access.canceled_may_sign_in
        return user if sign_in_code(member.level, service.clock.now(), canceled_may=may) else None
    allowed = set(service.config.access.assignable_roles)
    held = list_held_roles(reader, member.id) & allowed
    ours = {*list_assigned_roles(reader), payload.get("was", "")}
    lost = (ours & allowed) - held
    return {**user, "add": sorted(held), "remove": sorted(lost)}


def _has_something(reader: Session, member: Member) -> bool:
    """Whether anything was ever his, or is being bought; not the default level, which the buyer of a bundle gets at once."""
    default = find_default_level(reader)
    bought = any(
        order.activated_at is not None or order.status is SubscriptionState.PENDING
        for order in list_orders(reader, member.id)
    )
    return bought or any(
        held.is_complimentary or held.level_id is None or default is None or held.level_id != default.id
        for held in member.entitlements
        if held.status is not Status.CANCELED
    )


def _made_by_sql(service: Service, parcel: Parcel, change: dict[str, Any] | None) -> bool:
    """Roles, when the bridge has stayed away for long; it is asked to clean WordPress's cache when it is back."""
    if change is None or change["kind"] != "roles" or parcel.attempts < ATTEMPTS_BEFORE_SQL:
        return False
    try:
        outcome = _sync_by_sql(service, change)
    except GatepostError as error:  # a role that may not be given, a value that cannot be read
        log.warning("the roles of user %s cannot be changed by SQL: %s", change["user"], error)
        return False
    log.warning("the bridge is away: roles of user %s by SQL: %s", change["user"], outcome)
    return outcome is not Outcome.LOST


def _sync_by_sql(service: Service, change: dict[str, Any]) -> Outcome:
    with transaction() as session:
        outcome = sync_roles(
            session, service.tables, change["user"], add=change["add"], remove=change["remove"],
            allow=service.config.access.assignable_roles, known_roles=get_roles(session, service.tables),
        )  # fmt: skip
        if outcome is Outcome.CHANGED:
            outbox.add(
                session, SITE_CHANGE, {"kind": "forget", "users": [change["user"]]}, service.clock.now()
            )
    return outcome


def _note_delivered(service: Service) -> None:
    ids = []
    while service.delivered:
        ids.append(service.delivered.popleft())
    if ids:
        with transaction() as session:
            outbox.set_done(session, ids, service.clock.now())


def _waiting(service: Service) -> tuple[dict[str, Any], ...]:
    """What failed at least once, ready to ride on answers."""
    with reading() as reader:
        parcels = [parcel for parcel in outbox.list_waiting(reader, SITE_CHANGE, 20) if parcel.attempts]
    changes = (change_of(service, parcel) for parcel in parcels)
    return tuple(change for change in changes if change is not None)
