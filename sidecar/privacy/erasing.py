"""Forgetting a person: what is personal goes, the books and the log stay whole.

WordPress calls again and again until it is told that all is done; each call blanks a bounded number of events in a transaction of
its own. Killed anywhere, the next call goes on; a second erasure finds nothing. Nothing goes while a dispute is open: then the
administrator is told why, in WordPress's own list.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from sidecar.activity.rules import EventType
from sidecar.activity.store import add_event
from sidecar.activity.store_holds import is_held
from sidecar.billing.declarations.store import blank_of as blank_declarations
from sidecar.billing.invoicing.store import list_of_member as list_invoices
from sidecar.db import reading, session, use_case
from sidecar.i18n import _, ngettext
from sidecar.members.store import Member, find_member
from sidecar.members.store_addresses import unmark_address
from sidecar.members.store_details import erase_details
from sidecar.privacy import store
from sidecar.wordpress.bridge_spool import list_spooled, remove_spooled, spool_exists
from sidecar.wordpress.tables import Tables
from sidecar.wordpress.users import User, find_user_by_email

EVENTS_A_CALL = 2_000
_SPOOLED = 10_000


def erase_person(tables: Tables, email: str, *, now: datetime) -> dict[str, Any]:
    """One call of WordPress's eraser, in the bridge's shape: done, how many removed, whether something is kept, and why."""
    with reading() as reader:
        user = find_user_by_email(reader, tables, email)
        member = find_member(reader, user.id) if user else None
        held = _reasons_to_wait(reader, member)
        kept = _what_is_kept(reader, member)
    if user is None:
        return _answer(True, 0, [])
    if held:
        return _answer(True, 0, held)
    blanked = _blank_events(member.id if member else None, user.id, now)
    if blanked == EVENTS_A_CALL:
        return _answer(False, blanked, kept)
    return _answer(True, blanked + _blank_rest(tables, member, user, now), kept)


def _answer(done: bool, removed: int, kept: list[str]) -> dict[str, Any]:
    return {"done": done, "removed": removed, "retained": int(bool(kept)), "messages": kept}


def _reasons_to_wait(reader: Session, member: Member | None) -> list[str]:
    """Why nothing may go now."""
    if member is None:
        return []
    sentence = _(
        "Nothing was erased: the payment {charge} is disputed ({dispute}), and what is held about it may be needed as"
        " evidence. Erase again when the bank has decided."
    )
    disputed = [
        sentence.format(charge=row.charge_id, dispute=row.gateway_id)
        for row in store.list_open_disputes(reader, member.id)
    ]
    if not is_held(reader, member.id):
        return disputed
    held = _(
        "Nothing was erased: somebody has put a legal hold on this member's part of the log (gatepost log holds). Erase again"
        " when it has been released."
    )
    return [*disputed, held]


def _what_is_kept(reader: Session, member: Member | None) -> list[str]:
    """What stays after an erasure, and why."""
    if member is None:
        return []
    kept = []
    count = store.count_orders(reader, member.id)
    if count:
        sentence = ngettext(
            "{count} order with its payments is kept without names and addresses, as tax law asks for it.",
            "{count} orders with their payments are kept without names and addresses, as tax law asks for it.",
            count,
        )
        kept.append(sentence.format(count=count))
    papers = len(list_invoices(reader, member.id))
    if papers:
        sentence = ngettext(
            "{count} invoice is kept as it was issued, with name and address, as tax law asks for it.",
            "{count} invoices are kept as they were issued, with name and address, as tax law asks for it.",
            papers,
        )
        kept.append(sentence.format(count=papers))
    if store.has_living_order(reader, member.id):
        kept.append(
            _(
                "A subscription goes on: the card on file is kept until it is canceled and this is erased again."
            )
        )
    customers = [row.gateway_id for row in store.list_of_member(reader, "customers", member.id)]
    if customers:
        sentence = _(
            "The payment processor holds data of its own about this person: erase the customer {names} there."
        )
        kept.append(sentence.format(names=", ".join(customers)))
    return kept


# --- the log --------------------------------------------------------------------------------------------------------


@use_case
def _blank_events(member_id: int | None, user_id: int, now: datetime) -> int:
    rows = store.list_personal_events(session(), member_id, user_id, EVENTS_A_CALL)
    return _blank(rows, now)


def _blank(rows: Sequence[Any], now: datetime) -> int:
    """Blank these events and write that down, for each member as many as were his: the log's checks count after it."""
    places: dict[tuple[str, int], list[bytes]] = defaultdict(list)
    whose: Counter[int | None] = Counter()
    for row in rows:
        places[row.type, row.month].append(row.id)
        whose[row.member_id] += 1
    for (kind, month), ids in places.items():
        store.blank_events(session(), kind, month, ids)
    for member_id, count in whose.items():
        body = {"events": count, "by": "wordpress_eraser"}
        add_event(session(), EventType.ACCESS, "erased", now, member_id=member_id, body=body)
    return len(rows)


def _blank_held(member_id: int, user_id: int, now: datetime) -> int:
    """What a hold had kept of months that were dropped, and that has not gone yet since the hold was released."""
    count = store.blank_held_events(session(), member_id, user_id)
    if count:
        body = {"events": count, "by": "wordpress_eraser"}
        add_event(session(), EventType.ACCESS, "erased", now, member_id=member_id, body=body)
    return count


# --- everything else ------------------------------------------------------------------------------------------------


@use_case
def _blank_rest(tables: Tables, member: Member | None, user: User, now: datetime) -> int:
    """Tables that are small for one person, in one transaction. Gives how many rows were changed."""
    member_id = member.id if member else None
    names = [user.login, user.email]
    count = _blank(store.list_failed_sign_ins(session(), names, EVENTS_A_CALL), now)
    count += _forget_spooled(tables, user.id, names)
    count += unmark_address(session(), user.email)
    count += sum(
        store.blank_parcel(session(), row) for row in store.list_parcels(session(), member_id, user.id)
    )
    count += blank_declarations(session(), member_id, user.email)
    if member_id is None:
        return count
    count += _blank_held(member_id, user.id, now)
    count += erase_details(session(), member_id)
    count += store.blank_orders(session(), member_id)
    if not store.has_living_order(session(), member_id):
        count += store.blank_cards(session(), member_id)
    return count


def _forget_spooled(tables: Tables, user_id: int, names: list[str]) -> int:
    """What the bridge has not handed over yet would come back into the log."""
    if not spool_exists(session(), tables):
        return 0
    mine = [
        row.seq
        for row in list_spooled(session(), tables, _SPOOLED)
        if row.event is not None and _is_about(row.event, user_id, names)
    ]
    if mine:
        remove_spooled(session(), tables, mine)
    return len(mine)


def _is_about(claim: dict[str, Any], user_id: int, names: list[str]) -> bool:
    data = claim.get("data")
    typed = data.get("name") if isinstance(data, dict) else None
    return claim.get("user") == user_id or (claim.get("kind") == "login_failed" and typed in names)
