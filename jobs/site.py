"""What WordPress must change: delivered to the bridge, by SQL where it stays away."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from sidecar import outbox
from sidecar.access.ruling import index_of
from sidecar.access.store import read_rule_book
from sidecar.db import reading, transaction
from sidecar.errors import GatepostError
from sidecar.members.changing import SITE_CHANGE
from sidecar.members.rules import sign_in_code
from sidecar.members.store import find_member, list_assigned_roles, list_held_roles
from sidecar.outbox import Parcel
from sidecar.service import Service
from sidecar.wordpress.bridge import SiteAddress, SiteAway, send_changes
from sidecar.wordpress.roles import Outcome, get_roles, sync_roles

log = logging.getLogger(__name__)
ATTEMPTS_BEFORE_SQL = 5
KEPT_WHEN_DONE = timedelta(days=30)


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
    """Forget what was delivered a month ago; gives how many rows went."""
    with transaction() as session:
        return outbox.remove_done(session, service.clock.now() - KEPT_WHEN_DONE)


def _deliver(service: Service, parcels: list[Parcel]) -> int:
    changes = {parcel.id: change_of(service, parcel) for parcel in parcels}
    wanted = [change for change in changes.values() if change is not None]
    done = [parcel_id for parcel_id, change in changes.items() if change is None]
    failed: dict[str, str] = {}
    if wanted:
        try:
            delivery = send_changes(SiteAddress(service.config.site.url, service.secret or ""), wanted)
            done += delivery.done
            failed = delivery.failed
        except SiteAway as error:
            failed = {change["id"]: str(error) for change in wanted}
            done += [parcel.id for parcel in parcels if _made_by_sql(service, parcel, changes[parcel.id])]
    _finish(service, parcels, done, failed)
    return len(done)


def _finish(service: Service, parcels: list[Parcel], done: list[str], failed: dict[str, str]) -> None:
    now = service.clock.now()
    with transaction() as session:
        outbox.set_done(session, done, now)
        for parcel in parcels:
            if parcel.id not in done:
                outbox.set_failed(session, parcel, failed.get(parcel.id, "the site did not say"), now)


def change_of(service: Service, parcel: Parcel) -> dict[str, Any] | None:
    """The change that a parcel asks for, as things stand now; None when there is nothing to do any more."""
    kind = parcel.payload["kind"]
    with reading() as reader:
        if kind == "index":
            return {"id": parcel.id, "kind": "index", "index": index_of(read_rule_book(reader))}
        if kind == "forget":
            return {"id": parcel.id, **parcel.payload}
        user_id = int(parcel.payload["user"])
        member = find_member(reader, user_id)
        if member is None:
            return None
        if kind == "sessions":
            may = service.config.access.canceled_may_sign_in
            code = sign_in_code(member.level, service.clock.now(), canceled_may=may)
            return {"id": parcel.id, "kind": "sessions", "user": user_id} if code else None
        allowed = set(service.config.access.assignable_roles)
        held = list_held_roles(reader, member.id) & allowed
        lost = (list_assigned_roles(reader) & allowed) - held
    return {"id": parcel.id, "kind": "roles", "user": user_id, "add": sorted(held), "remove": sorted(lost)}


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
