"""Fills in forms as the bridge hands them on: for the tests of what members and buyers send."""

from __future__ import annotations

import secrets
from typing import Any

import sqlalchemy as sa

from sidecar.catalog.store import get_product
from sidecar.db import reading, transaction
from sidecar.tries import tries
from sidecar.web.posted.tries import READ_AGAIN_SECONDS
from tests.billing.shop import GOOD_CARD, Shop
from tests.pages.forms import open_shop
from tests.web.client import Bridge

ANNA = {"email": "anna@example.test", "first_name": "Anna", "last_name": "Kern"}


class Sender:
    """Sends steps of one form from one browser; `user_id` None is a visitor."""

    def __init__(self, shop: Shop, form: str, user_id: int | None = None, ip: str = "192.0.2.7") -> None:
        self.shop = open_shop(shop)
        self.form, self.user_id, self.ip = form, user_id, ip
        self.drawn = secrets.token_hex(32)
        self._bridge = Bridge(shop.house.app)

    def send(self, step: str, *, created_user: int | None = None, status: int = 200, **fields: str) -> Any:
        view = {key[1:]: fields.pop(key) for key in list(fields) if key.startswith("_")}
        request = {
            "form": self.form, "step": step, "fields": fields, "created_user": created_user, "ip": self.ip,
            "viewer": {"user": self.user_id} if self.user_id else None, "url": "/account/", **view,
        }  # fmt: skip
        return self._bridge.ask("/bridge/v1/form", request, status=status)

    def begin(self, product: str, **fields: Any) -> Any:
        with reading() as reader:
            reference = get_product(reader, product).reference
        return self.send("begin", product=reference, checkout=self.drawn, **fields)

    def let_pass(self, seconds: float) -> None:
        """As if so much time had passed for all limits."""
        with transaction() as session:
            session.execute(sa.update(tries).values(begun_s=tries.c.begun_s - seconds))

    def pay(self, answer: Any, card: str = GOOD_CARD) -> Any:
        """What the browser does at the gateway with an answer."""
        intent = answer["data"]["client_secret"].split("_secret_")[0]
        return self.shop.processor.post("pay", {"intent": intent, "card": card})

    def finish(self, answer: Any, *, at_once: bool = False) -> Any:
        """What the browser asks when it is back; unless `at_once`, some seconds after it asked before."""
        if not at_once:
            self.let_pass(READ_AGAIN_SECONDS)
        step = "finish" if self.form == "checkout" else "card_finish"
        return self.send(step, order=answer["data"]["order"])
