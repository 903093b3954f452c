"""What a bank answers to one charge: from a test's script, else from the card itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from sidecar.demo.processor.books import Row, World
from sidecar.demo.processor.cards import Behaviour
from sidecar.demo.processor.declines import DECLINES, Decline, decline_from

Kind = Literal["succeed", "decline", "authenticate", "process"]
Described = str | dict[str, Any]
"""As tests write it: "succeed", a decline code, or {"decline_code": …, "advice_code": …}, {"processing": …, "after": 60}."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`eventually`: what a `process` becomes, `after_seconds` of the processor's clock or, None, when a test says so."""

    kind: Kind
    decline: Decline | None = None
    disputed: bool = False
    eventually: Described | None = None
    after_seconds: float | None = None
    scripted: bool = False


SUCCEED = Outcome("succeed")
AUTHENTICATE = Outcome("authenticate")
WORDS = {
    "succeed": SUCCEED,
    "fail": Outcome("decline", DECLINES["generic_decline"]),
    "authentication_required": AUTHENTICATE,
    "requires_action": AUTHENTICATE,
    "processing": Outcome("process", eventually="succeed"),
    "processing_then_succeed": Outcome("process", eventually="succeed"),
    "processing_then_fail": Outcome("process", eventually="generic_decline"),
}
"""Beside these, every decline code is an outcome."""


def outcome_from(described: Described) -> Outcome:
    """Raises KeyError for a word that is neither an outcome nor a decline code.

    >>> outcome_from("insufficient_funds").decline.network_decline_code
    '51'
    >>> outcome_from("processing_then_fail").eventually
    'generic_decline'
    """
    if isinstance(described, dict):
        return _from_details(described)
    return WORDS.get(described) or Outcome("decline", DECLINES[described])


def _from_details(details: dict[str, Any]) -> Outcome:
    if "processing" in details:
        eventual = details["processing"]
        outcome_from(eventual)
        return Outcome("process", eventually=eventual, after_seconds=details.get("after"))
    return Outcome("decline", decline_from(details))


def of_card(behaviour: Behaviour, *, set_up: bool, authenticated: bool) -> Outcome:
    """What this card does by itself; `set_up`: its owner once agreed to later charges."""
    wants_owner = behaviour.authenticate == "always" or (
        behaviour.authenticate == "unless_set_up" and not set_up
    )
    if wants_owner and not authenticated:
        return AUTHENTICATE
    if behaviour.decline:
        return Outcome("decline", DECLINES[behaviour.decline])
    return Outcome("succeed", disputed=behaviour.disputed)


def of_setup(behaviour: Behaviour, *, authenticated: bool) -> Outcome:
    """What the bank says to keeping the card."""
    if behaviour.setup_fails:
        return Outcome("decline", DECLINES[behaviour.decline])
    if behaviour.authenticate != "never" and not authenticated:
        return AUTHENTICATE
    return SUCCEED


def write_script(house: World, key: str, outcomes: list[Described], then: Described | None) -> Row:
    """`key`: a payment method, a fingerprint or the last four digits. Raises KeyError for an unknown word."""
    for described in [*outcomes, *([] if then is None else [then])]:
        outcome_from(described)
    return house.put("script", {"id": key, "outcomes": outcomes, "then": then})


def next_scripted(house: World, method: Row) -> Outcome | None:
    """The next outcome of the first script that concerns this card, used up; None where no script does."""
    for key in (method["id"], method["card"]["fingerprint"], method["card"]["last4"]):
        script = house.find("script", key)
        if script and script["outcomes"]:
            first, *rest = script["outcomes"]
            house.put("script", {**script, "outcomes": rest})
            return replace(outcome_from(first), scripted=True)
        if script and script["then"] is not None:
            return replace(outcome_from(script["then"]), scripted=True)
    return None
