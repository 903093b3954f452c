"""A member whom somebody's bank asks about: bought, paid for months, read, was written to; then the dispute.

Alice is the one; Charlie is a member, too, and nothing of his may stand in her report.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sidecar.activity.rules import Event, EventType, event_id
from sidecar.activity.store import add_events
from sidecar.billing.ordering import Buyer, Wish, begin, finish
from sidecar.billing.policies import read_policies
from sidecar.billing.returning import note_dispute
from sidecar.billing.rules import Order
from sidecar.config import Policies
from sidecar.db import transaction
from tests.billing.books import newest_charge
from tests.billing.shop import Shop

HOME_IP, ELSEWHERE = "203.0.113.80", "198.51.100.4"
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def write_policies(folder: Path) -> Policies:
    """The owner's, as files."""
    texts = {
        "terms": "1. Membership\nGold opens every course of the club.\n\n2. Price\nIt renews each month until it is canceled.",
        "refund": "Within 14 days of the first payment we give it back, no questions asked. Renewals are not given back.",
        "cancellation": "You can cancel at any time in My Account. Access goes on to the end of what is paid.",
    }  # fmt: skip
    places: dict[str, str] = {}
    for kind, text in texts.items():
        (folder / f"{kind}.txt").write_text(text)
        places |= {f"{kind}_url": f"https://club.test/{kind}/", f"{kind}_file": str(folder / f"{kind}.txt")}
    return Policies(**places)


class Case:
    """`order`: Alice's. Each step moves what a real member's life would."""

    def __init__(
        self, shop: Shop, folder: Path, *, name: str = "Alice Liddell", card: str = "4242424242424242"
    ) -> None:
        self.shop, self.policies = shop, write_policies(folder)
        house = shop.house
        house.option("blogname", "The Carpenters&#039; Club")
        self.alice, self.charlie = house.user("alice", display_name=name), house.user("charlie")
        self.post = house.post("Secret", "Sharpening without fear")
        self.product = shop.product("Gold")
        self.order = self.buy(card)
        self.member_id = self.order.member_id

    def buy(self, card: str, ip: str = HOME_IP) -> Order:
        token = f"{len(self.shop.charges()):064x}"
        buyer = Buyer(self.alice, "alice@example.test", "Alice Liddell", ip, AGENT)
        begun = begin(self.shop.desk, buyer, Wish(self.product, token, accepted=read_policies(self.policies)))
        self.shop.pay(begun, card)
        return finish(self.shop.desk, token)

    def log(
        self, kind: EventType, name: str, at: datetime, *, user: int | None = None, **columns: Any
    ) -> None:
        """One entry of the log, Alice's unless `user` says otherwise; 0 is nobody."""
        user_id = self.alice if user is None else user or None
        member_id = self.member_id if user is None else None
        with transaction() as session:
            add_events(
                session,
                [Event(event_id(f"{name}{at}{columns}", at), kind, name, at, member_id, user_id, **columns)],
            )

    def live(self, months: int) -> None:
        """Each month a renewal, some reading, a log-in, a mail."""
        for month in range(months):
            self.shop.move(days=31)
            self.shop.run()
            for day in range(3):
                self.read(self.shop.now + timedelta(days=day, minutes=month))
            self.log(EventType.LOGIN, "signed_in", self.shop.now + timedelta(minutes=1), ip=HOME_IP)
            body = {
                "to": "alice@example.test",
                "subject": "Your receipt from the Carpenters' Club",
                "kind": "receipt",
            }
            self.log(EventType.EMAIL, "sent", self.shop.now + timedelta(minutes=5), body=body)
        self.shop.move(days=3)

    def read(self, at: datetime, ip: str = HOME_IP, user: int | None = None) -> None:
        body = {"url": "/sharpening-without-fear/", "agent": AGENT}
        self.log(EventType.PAGE, "viewed", at, user=user, subject=f"post:{self.post}", ip=ip, body=body)

    def dispute(self, reason: str = "fraudulent", charge_id: str = "") -> str:
        """Somebody's bank disputes the newest payment, or this one; gives the dispute's name."""
        charge_id = charge_id or newest_charge(self.shop)
        found = self.shop.processor.post("disputes", {"charge": charge_id, "reason": reason})
        note_dispute(self.shop.desk, found["id"])
        return str(found["id"])
