"""Waiting for the first payment: without webhooks, by asking the gateway about every checkout that is open."""

from __future__ import annotations

import logging
import time
from datetime import datetime

import requests
import sqlalchemy as sa

from sidecar.billing.desk import Desk
from sidecar.billing.locking import Busy, member_locked
from sidecar.billing.models import orders
from sidecar.billing.ordering import ask_about
from sidecar.billing.rules import Order
from sidecar.billing.states import SubscriptionState
from sidecar.billing.store import find_order
from sidecar.db import reading
from sidecar.errors import GatepostError
from sidecar.i18n import _
from sidecar.setup.findings import Finding, Severity

log = logging.getLogger(__name__)
LOOK_SECONDS = 2.0
_FORM_MARK = 'data-gatepost-form="checkout"'
_SCRIPT_MARK = "data-gatepost-script="
_PATIENCE_SECONDS = (3.0, 20.0)


def check_checkout(url: str) -> Finding:
    """Whether a visitor's browser gets the form there, with the gateway's script. Leaves the machine."""
    try:
        answer = requests.get(url, timeout=_PATIENCE_SECONDS)
    except requests.RequestException as error:
        sentence = _("The checkout page cannot be reached: {reason}")
        return Finding("checkout", Severity.PROBLEM, sentence.format(reason=type(error).__name__))
    if _FORM_MARK in answer.text and _SCRIPT_MARK in answer.text:
        return Finding("checkout", Severity.OK, _("The checkout page shows its form."))
    return Finding(
        "checkout",
        Severity.PROBLEM,
        _("The checkout page does not show its form yet."),
        _(
            "The service reads its configuration when it starts: systemctl restart gatepost (or: gatepost serve)."
        ),
    )


def wait_for_checkout(url: str) -> None:
    """Return when the page shows its form: somebody is starting the service."""
    while check_checkout(url).severity is not Severity.OK:
        time.sleep(LOOK_SECONDS)


def wait_for_payment(desk: Desk, since: datetime, *, seconds: float) -> Order | None:
    """The first order that begins from `since` on; None when none has after so many seconds (real time)."""
    until = time.monotonic() + seconds
    while True:
        _ask_about_open(desk)
        found = find_begun(since)
        if found is not None or time.monotonic() >= until:
            return found
        time.sleep(LOOK_SECONDS)


def find_begun(since: datetime) -> Order | None:
    """The first order that has given access from `since` on, paid or in its trial."""
    with reading() as reader:
        begun = sa.select(orders.c.id).where(orders.c.activated_at >= since).order_by(orders.c.activated_at)
        order_id = reader.scalar(begun.limit(1))
        return None if order_id is None else find_order(reader, order_id)


def _ask_about_open(desk: Desk) -> None:
    """A buyer's browser may have closed before it could say that it has paid."""
    with reading() as reader:
        is_open = sa.and_(orders.c.status == SubscriptionState.PENDING, orders.c.gateway != "manual")
        ids = reader.scalars(
            sa.select(orders.c.id).where(is_open).order_by(orders.c.id.desc()).limit(20)
        ).all()
        waiting = [order for order in (find_order(reader, order_id) for order_id in ids) if order is not None]
    for order in waiting:
        try:
            with member_locked(order.member_id, patience=0.0):
                ask_about(desk, order)
        except Busy:
            continue
        except GatepostError as error:
            log.warning("order %s: %s", order.uuid, error)
