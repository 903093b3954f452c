"""The dashboard in the test's own process, as a reverse proxy would call it: signed on as whoever a test wants."""

from __future__ import annotations

import html
import re
from typing import Any

from flask import Flask

from sidecar.app import create_app
from sidecar.staff.employing import employ
from sidecar.staff.rules import Role
from sidecar.staff.signing_on import Lasting, enter, make_link
from sidecar.wordpress.serialization import dumps
from tests.house import House

URL = "https://club.test/office"
LASTING = Lasting(3600.0, 43200.0)
ROLES = {
    "administrator": {"name": "Administrator", "capabilities": {"manage_options": True, "read": True}},
    "subscriber": {"name": "Subscriber", "capabilities": {"read": True}},
}


def with_dashboard(house: House, **settings: Any) -> Flask:
    """The house's app again, with the dashboard behind a proxy at `URL`; administrators are known."""
    house.option(house.tables.roles_option, dumps(ROLES))
    config = house.service.config
    dashboard = type(config.dashboard)(**{"address": URL, **settings})
    changed = type(config)(
        **{
            name: dashboard if name == "dashboard" else getattr(config, name)
            for name in config.__struct_fields__
        }
    )
    return create_app(changed, house.clock)


def an_administrator(house: House, login: str = "owner") -> int:
    """A WordPress user who may manage options."""
    house.option(house.tables.roles_option, dumps(ROLES))
    user_id = house.user(login)
    house.meta(user_id, house.tables.capabilities_key, dumps({"administrator": True}))
    return user_id


def an_employee(house: House, role: Role, login: str = "") -> int:
    """A WordPress user whom the owner has employed."""
    user_id = house.user(login or str(role))
    house.meta(user_id, house.tables.capabilities_key, dumps({"subscriber": True}))
    employ(house.tables, user_id, role, by="test", now=house.clock.now())
    return user_id


IN_THE_DEMO = {
    "overview": "/overview", "members": "/members", "member": "/members/5", "nobody found": "/members?q=zzz",
    "overdue": "/overdue", "act": "/members/5/do/days", "log": "/log", "live": "/log?live=1", "refused query": "/log?ip=x",
    "catalog": "/catalog", "new product": "/catalog/products/new", "product": "/catalog/products/1",
    "new coupon": "/catalog/coupons/new", "level": "/catalog/levels/1", "bundle": "/catalog/bundles/1",
    "new field": "/catalog/fields/new", "rules": "/rules", "no rules found": "/rules?q=zzz", "rule": "/catalog/rules/1",
    "find": "/rules/find?q=course", "new rule": "/catalog/rules/new?on=type:post", "settings": "/settings",
    "core page": "/settings/pages/checkout", "change settings": "/settings/edit", "webhooks": "/webhooks", "failed": "/webhooks?state=failed", "jobs": "/jobs",
    "disputes": "/disputes", "operation": "/operation", "staff": "/staff", "invoices": "/invoices", "declarations": "/declarations", "nowhere": "/nowhere",
    "mails": "/mails", "mail": "/mails/payment_failed/en", "default": "/mails/canceled/fr?version=0", "delivery": "/mails/delivery",
}  # fmt: skip
"""Every screen by a name of its own, below the dashboard's address, in the demo's site."""


class Desk:
    """A browser that is signed on, or not. Addresses are those below the dashboard."""

    def __init__(
        self,
        house: House,
        user_id: int | None = None,
        app: Flask | None = None,
        billing: Any = None,
        **settings: Any,
    ) -> None:
        self.house = house
        self.app = app or with_dashboard(house, **settings)
        if billing is not None:
            self.app.extensions["gatepost"].__dict__["desk"] = billing
        self._client = self.app.test_client()
        self.by = f"administrator:{user_id}"
        if user_id is not None:
            link = make_link(house.tables, user_id)
            drawn = enter(house.tables, link, LASTING, ip="192.0.2.9", now=house.clock.now())
            self._client.set_cookie("gatepost_dashboard", drawn, domain="club.test", path="/")

    def get(self, path: str, **options: Any) -> Any:
        return self._ask("GET", path, **options)

    def post(self, path: str, *, csrf: str | None = None, **fields: Any) -> Any:
        """A form of ours; `csrf` None takes the right one from a page."""
        if csrf is None:
            found = re.search(
                r'name="csrf" value="(\w+)"', self.get("/nowhere-at-all").get_data(as_text=True)
            )
            csrf = found[1] if found else ""
        headers = {"Origin": "https://club.test"}
        return self._ask("POST", path, data={"csrf": csrf, **fields}, headers=headers)

    def text(self, path: str, **options: Any) -> str:
        """What a person reads of a screen: without tags, in one line."""
        answer = self.get(path, **options)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return readable(answer.get_data(as_text=True))

    def _ask(self, method: str, path: str, **options: Any) -> Any:
        options.setdefault("base_url", "https://club.test/")
        return self._client.open(f"/dashboard{path}", method=method, **options)


def readable(page: str) -> str:
    """Without tags, in one line."""
    return " ".join(
        html.unescape(re.sub(r"<[^>]+>", " ", page)).replace("\xa0", " ").replace("\u202f", " ").split()
    )
