"""What the world forbids a merchant: the card networks' ceilings, and a few things that no gateway would stop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sidecar.demo.processor.books import Row, World
from sidecar.demo.processor.declines import Decline
from sidecar.demo.processor.desk import Desk

DAY = 86_400
MONTH = 30 * DAY
CEILINGS = {"visa": ((MONTH, 20),), "mastercard": ((DAY, 10), (MONTH, 35))}
"""(seconds, declined tries allowed within them), per card; the networks' rules on excessive retries."""


def report(house: World, now: int, rule: str, **facts: Any) -> None:
    """One violation; they are never taken back."""
    number = len(house.table("violation").rows) + 1
    house.put("violation", {"id": f"violation_{number}", "at": now, "rule": rule, **facts})


@dataclass(slots=True)
class Referee:
    """Watches tries; it never stops one, as Stripe would not."""

    desk: Desk

    def saw_try(self, intent: Row, method: Row, *, off_session: bool) -> None:
        """Before the bank is asked: does anything forbid this try?"""
        seen = self._card(method)
        if seen["forbidden_by"] and seen["forbidden_date"] == _date(method):
            self._report(
                "tried after do not try again", method, intent=intent["id"], said=seen["forbidden_by"]
            )
        needed = self.desk.house.find("needs_customer", intent["id"])
        if not needed:
            return
        if not off_session:
            self.desk.house.remove("needs_customer", intent["id"])
        elif needed["fingerprint"] == method["card"]["fingerprint"]:
            self._report("off-session after authentication_required", method, intent=intent["id"])

    def saw_decline(self, method: Row, decline: Decline, intent: Row | None = None) -> None:
        """Counts it against the ceilings of this card; all intents and set-ups together."""
        seen = self._card(method)
        now = self.desk.now
        times = [at for at in seen["declined_at"] if at > now - MONTH] + [now]
        said = {"forbidden_by": decline.decline_code, "forbidden_date": _date(method)}
        forbidden = said if decline.forbids_another_try else {}
        self.desk.house.put("card", {**seen, "declined_at": times, **forbidden})
        for seconds, allowed in CEILINGS.get(method["card"]["brand"], ()):
            count = sum(at > now - seconds for at in times)
            if count > allowed:
                self._report("card ceiling", method, declined=count, allowed=allowed, days=seconds // DAY)
        if decline.code == "authentication_required" and intent:
            self.desk.house.put(
                "needs_customer", {"id": intent["id"], "fingerprint": method["card"]["fingerprint"]}
            )

    def saw_success(self, intent: Row) -> None:
        """Two intents that succeed for one receivable are a double charge."""
        receivable = intent["metadata"].get("receivable")
        if not receivable:
            return
        key = f"{self.desk.world.name}:{receivable}"
        paid = self.desk.house.find("paid", key)
        if paid and paid["intent"] != intent["id"]:
            report(
                self.desk.house,
                self.desk.now,
                "receivable paid twice",
                receivable=receivable,
                intents=[paid["intent"], intent["id"]],
            )
        self.desk.house.put("paid", {"id": key, "intent": intent["id"]})

    def _card(self, method: Row) -> Row:
        fingerprint = method["card"]["fingerprint"]
        unseen = {"id": fingerprint, "declined_at": [], "forbidden_by": "", "forbidden_date": []}
        return {**unseen, **(self.desk.house.find("card", fingerprint) or {})}

    def _report(self, rule: str, method: Row, **facts: Any) -> None:
        card = {"fingerprint": method["card"]["fingerprint"], "last4": method["card"]["last4"]}
        report(self.desk.house, self.desk.now, rule, **card, **facts)


def _date(method: Row) -> list[int]:
    """A number with a new date is a card that its bank has renewed."""
    return [method["card"]["exp_year"], method["card"]["exp_month"]]


def forgive_card(house: World, fingerprint: str) -> None:
    """The network says that the card was renewed: "do not try again" no longer holds."""
    seen = house.find("card", fingerprint)
    if seen:
        house.put("card", {**seen, "forbidden_by": ""})
