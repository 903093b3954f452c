"""What other plugins hear: the `mm_*` actions that MemberMouse's users know, with the keys that its users know.

A parcel says which action, of which member and order, and what has changed (`status`, `bundle`); everything else is looked up
when it is delivered. Amounts are decimal numbers in text, as WordPress's plugins read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy.orm import Session

from shortcodes.tags.statuses import STATUSES
from sidecar.billing import store
from sidecar.billing.rules import Order
from sidecar.catalog.rules import Grant
from sidecar.catalog.store import find_product, get_bundle, get_level
from sidecar.currencies import to_decimal
from sidecar.members.rules import Entitlement, Status
from sidecar.members.store import Member, find_entitlement, find_member_by_id
from sidecar.outbox import Parcel
from sidecar.wordpress.options import get_site
from sidecar.wordpress.tables import Tables
from sidecar.wordpress.users import find_user_with_profile

_MINOR = "_minor"
_MYSQL_TIME = "%Y-%m-%d %H:%M:%S"


def action_of(reader: Session, tables: Tables, parcel: Parcel, now: datetime) -> dict[str, Any] | None:
    """The change that has the bridge fire an action; None when its member or WordPress user is gone."""
    payload = parcel.payload
    member = find_member_by_id(reader, payload["member"])
    person = None if member is None else _person(reader, tables, member)
    if member is None or person is None:
        return None
    zone = get_site(reader, tables).zone
    data = person | _level(reader, member, payload, now, zone) | _bundle(reader, member, payload, now, zone)
    order = None if payload.get("order") is None else store.find_order(reader, payload["order"])
    if order is not None:
        data |= _order(reader, order, payload.get("data") or {})
    return {"id": parcel.id, "kind": "action", "name": payload["name"], "data": data}


def _person(reader: Session, tables: Tables, member: Member) -> dict[str, Any] | None:
    found = find_user_with_profile(reader, tables, member.user_id)
    if found is None:
        return None
    user, profile = found
    return {
        "member_id": member.user_id, "username": user.login, "email": user.email, "first_name": profile.first_name,
        "last_name": profile.last_name, "registered": member.joined_at.strftime(_MYSQL_TIME),
    }  # fmt: skip


def _level(
    reader: Session, member: Member, payload: Mapping[str, Any], now: datetime, zone: tzinfo
) -> dict[str, Any]:
    """The level; its status is that of the change, where the action tells of one."""
    held = member.level
    if held is None:
        return {}
    of_change = payload.get("status") if "bundle" not in payload else None
    status = Status(of_change) if of_change else held.status_at(now)
    return {
        "membership_level": held.grant_id, "membership_level_name": get_level(reader, held.grant_id).name,
        "status": STATUSES[status.value].number, "status_name": STATUSES[status.value].english,
        "is_complimentary": "true" if held.is_complimentary else "false", "days_as_member": held.days_at(now, zone),
    }  # fmt: skip


def _bundle(
    reader: Session, member: Member, payload: Mapping[str, Any], now: datetime, zone: tzinfo
) -> dict[str, Any]:
    """The bundle that the action tells of; nothing for an action that tells of none."""
    if "bundle" not in payload:
        return {}
    bundle_id = int(payload["bundle"])
    held = find_entitlement(reader, member.id, Grant.BUNDLE, bundle_id)
    status = STATUSES[Status(payload["status"]).value]
    return {
        "bundle_id": bundle_id, "bundle_name": get_bundle(reader, bundle_id).name, "bundle_status": status.number,
        "bundle_status_name": status.english, "days_with_bundle": _days(held, now, zone),
    }  # fmt: skip


def _days(held: Entitlement | None, now: datetime, zone: tzinfo) -> int:
    return 0 if held is None else held.days_at(now, zone)


def _order(reader: Session, order: Order, told: Mapping[str, Any]) -> dict[str, Any]:
    """The order. `told`: what billing put into the parcel; sums in minor units become decimal text."""
    product = find_product(reader, order.product_id)
    name = product.name if product is not None else ""
    price = str(to_decimal(order.terms.price_minor, order.currency))
    facts = {
        "order_number": order.uuid, "order_currency": order.currency,
        "order_total": str(to_decimal(order.price_of(0).gross_minor, order.currency)),
        "order_products": [{"id": order.product_id, "name": name, "amount": price}],
        "product_id": order.product_id, "product_name": name, "order_ip_address": order.ip,
        "order_affiliate_id": order.affiliate_id, "order_subaffiliate_id": order.subaffiliate_id,
    }  # fmt: skip
    return facts | {
        key.removesuffix(_MINOR): _plain(key, value, order.currency) for key, value in told.items()
    }


def _plain(key: str, value: Any, currency: str) -> Any:
    return str(to_decimal(value, currency)) if key.endswith(_MINOR) else value
