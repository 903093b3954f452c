"""Customers."""

from __future__ import annotations

from typing import Any

from sidecar.demo.processor import methods, shapes
from sidecar.demo.processor.books import Row
from sidecar.demo.processor.desk import Desk
from sidecar.demo.processor.parameters import inner, many, merged_metadata, one_of, text
from sidecar.demo.processor.refusals import Missing

TEXTS = ("description", "email", "name", "phone")
OBJECTS = ("address", "shipping")


def create(desk: Desk) -> Row:
    """With `payment_method` the card is kept at once."""
    row = shapes.customer(shapes.new_id("cus"), desk.now, livemode=desk.livemode)
    customer = desk.put("customer", {**row, **_facts(desk, row)})
    method = text(desk.params, "payment_method")
    if method:
        methods.keep(
            desk, methods.usable(desk, methods.named(desk, method, "payment_method"), None), customer["id"]
        )
    desk.tell("customer.created", customer)
    return customer


def _facts(desk: Desk, old: Row) -> Row:
    facts: dict[str, Any] = {name: text(desk.params, name) for name in TEXTS if name in desk.params}
    facts |= {name: inner(desk.params, name) or None for name in OBJECTS if name in desk.params}
    if "preferred_locales" in desk.params:
        facts["preferred_locales"] = many(desk.params, "preferred_locales")
    if "tax_exempt" in desk.params:
        facts["tax_exempt"] = one_of(desk.params, "tax_exempt", "none", "exempt", "reverse") or "none"
    settings = inner(desk.params, "invoice_settings")
    if "default_payment_method" in settings:
        facts["invoice_settings"] = {
            **old["invoice_settings"],
            "default_payment_method": _default(desk, settings, old),
        }
    return {**facts, "metadata": merged_metadata(old["metadata"], desk.params)}


def _default(desk: Desk, settings: Row, customer: Row) -> str | None:
    """The customer's own method, or none."""
    id = text(settings, "default_payment_method")
    method = desk.find("payment_method", id or "")
    if id and (method is None or method["customer"] != customer["id"]):
        raise Missing("PaymentMethod", id, "invoice_settings[default_payment_method]")
    return id


def retrieve(desk: Desk, id: str) -> Row:
    """A deleted customer is still found, as what is left of it."""
    return desk.find("deleted_customer", id) or desk.get("customer", id)


def update(desk: Desk, id: str) -> Row:
    """Texts and objects that are named; metadata is merged."""
    customer = desk.get("customer", id)
    changed = desk.put("customer", {**customer, **_facts(desk, customer)})
    desk.tell("customer.updated", changed)
    return changed


def delete(desk: Desk, id: str) -> Row:
    """Its payment methods go with it, and can never be used again."""
    customer = desk.get("customer", id)
    for method in desk.world.table("payment_method").where("customer", id):
        methods.use_up(desk, method)
        desk.tell("payment_method.detached", desk.change("payment_method", method, customer=None))
    desk.world.remove("customer", id)
    desk.tell("customer.deleted", customer)
    return desk.put("deleted_customer", {"id": id, "object": "customer", "deleted": True})
