"""Acting on one object from outside the API: what banks, networks and customers do."""

from __future__ import annotations

from collections.abc import Callable

from sidecar.demo.processor import charging, setups
from sidecar.demo.processor.books import Row
from sidecar.demo.processor.desk import Desk
from sidecar.demo.processor.processor import Processor
from sidecar.demo.processor.refusals import Missing


def at_desk(processor: Processor, table: str, id: str, act: Callable[[Desk, Row], Row]) -> Row:
    """Acts on an object of either mode, in one commit, and sends the events."""
    with processor.books.lock:
        for livemode in (False, True):
            desk = processor.desk(livemode=livemode)
            row = desk.find(table, id)
            if row is not None:
                result = act(desk, row)
                processor.books.write_down()
                processor.webhooks.send(desk.told)
                return result
    raise Missing(table, id)


def answer_bank(processor: Processor, id: str, *, approved: bool) -> Row:
    """The intent after the answer; its error is written in it, not raised."""
    if id.startswith("seti_"):
        return at_desk(
            processor,
            "setup_intent",
            id,
            lambda desk, intent: setups.answer_question(desk, intent, approved=approved),
        )
    return at_desk(
        processor,
        "payment_intent",
        id,
        lambda desk, intent: charging.answer_question(desk, intent, approved=approved),
    )


def find_intent(processor: Processor, id: str) -> Row:
    """A payment or setup intent of either mode. Raises `Missing`."""
    table = "setup_intent" if id.startswith("seti_") else "payment_intent"
    with processor.books.lock:
        for livemode in (False, True):
            row = processor.books.mode(livemode=livemode).find(table, id)
            if row is not None:
                return row
    raise Missing(table, id)
