"""Mails that wait, came back or were given up, and the addresses that nobody is written to at."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from sidecar.activity.querying import EventQuery
from sidecar.activity.rules import EventType, facts_of
from sidecar.activity.searching import search
from sidecar.db import reading
from sidecar.mail.retrying import retry_mail, write_again
from sidecar.members.store import find_member_by_id
from sidecar.members.store_addresses import list_bad_addresses
from sidecar.outbox import Parcel, list_waiting
from sidecar.service import service
from sidecar.staff.rules import Right
from sidecar.web.dashboard.door import frame, person, screen
from sidecar.web.dashboard.mails import kind_word
from sidecar.web.dashboard.place import link
from sidecar.wordpress.users import User, find_user

MOST = 100
_LATELY = timedelta(days=30)
_BAD_ENDS = ("bounced", "failed", "dropped")


@screen("/mails/delivery", Right.SEE_MEMBERS)
def deliveries() -> str:
    """What was not delivered, and why."""
    lately = EventQuery(types=(EventType.EMAIL,), names=_BAD_ENDS, from_at=frame().now - _LATELY)
    with reading() as reader:
        waiting = [
            (one, _kind_in(one.payload), _user_of(reader, one)) for one in list_waiting(reader, "mail", MOST)
        ]
        ended = [
            (one, facts_of(one.body), _kind_in(facts_of(one.body)))
            for one in search(reader, lately, limit=MOST).events
        ]
        bad = list_bad_addresses(reader, MOST)
    return render_template("dashboard/mail_deliveries.html", waiting=waiting, ended=ended, bad=bad, most=MOST)


def _kind_in(facts: Mapping[str, Any]) -> str:
    return kind_word(str(facts.get("kind", "")))


def _user_of(reader: Session, parcel: Parcel) -> User | None:
    member = find_member_by_id(reader, parcel.payload.get("member") or 0)
    return find_user(reader, service().tables, member.user_id) if member else None


@screen("/mails/delivery/<parcel_id>/retry", Right.CHANGE_MEMBERS, methods=("POST",))
def retry_now(parcel_id: str) -> Response:
    """With the next run, whatever pause it would have made."""
    retry_mail(parcel_id, by=person().by, now=frame().now)
    return redirect(link("deliveries", said="mail_retried"), 303)


@screen("/mails/delivery/write-again", Right.CHANGE_MEMBERS, methods=("POST",))
def unmark() -> Response:
    """Take the mark off an address; back to the member where it was asked for there."""
    write_again(request.form.get("address", "")[:320], by=person().by, now=frame().now)
    user = request.form.get("user", "")
    if user.isdecimal() and len(user) < 19:
        return redirect(link("member", user_id=int(user), said="address_unmarked"), 303)
    return redirect(link("deliveries", said="address_unmarked"), 303)
