"""Lists: newest first, filtered, paged by the id of the last or first object seen; and `expand[]`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from sidecar.demo.processor.books import INDEXED, Row
from sidecar.demo.processor.desk import Desk
from sidecar.demo.processor.parameters import Params, many, text, whole
from sidecar.demo.processor.refusals import WrongParameter
from sidecar.demo.processor.shapes import listing

TABLES_OF_FIELDS = {
    "charge": "charge", "customer": "customer", "payment_intent": "payment_intent", "latest_charge": "charge",
    "payment_method": "payment_method", "balance_transaction": "balance_transaction", "setup_intent": "setup_intent",
    "default_payment_method": "payment_method", "latest_attempt": "setup_attempt",
    "failure_balance_transaction": "balance_transaction",
}  # fmt: skip
COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "gt": lambda created, bound: created > bound,
    "gte": lambda created, bound: created >= bound,
    "lt": lambda created, bound: created < bound,
    "lte": lambda created, bound: created <= bound,
}


def list_of(table: str, *fields: str) -> Callable[[Desk], Row]:
    """The endpoint that lists a table, filtered by the fields that the request names."""

    def answer(desk: Desk) -> Row:
        return page(desk, _candidates(desk, table, fields), f"/v1/{table}s")

    return answer


def list_of_customer(table: str) -> Callable[[Desk, str], Row]:
    """`/v1/customers/{id}/payment_methods` and the like."""

    def answer(desk: Desk, id: str) -> Row:
        desk.get("customer", id)
        return page(desk, iter(desk.world.table(table).where("customer", id)), f"/v1/customers/{id}/{table}s")

    return answer


def list_events(desk: Desk) -> Row:
    """By `type` (with * at its end), `types`, and whether the webhook took them."""
    types = many(desk.params, "types") or many(desk.params, "type")
    delivered = text(desk.params, "delivery_success")
    rows: Iterator[Row] = desk.world.table("event").newest_first()
    if types:
        rows = (row for row in rows if any(_is_type(row["type"], wanted) for wanted in types))
    if delivered:
        rows = (row for row in rows if (row["pending_webhooks"] == 0) == (delivered == "true"))
    return page(desk, rows, "/v1/events")


def _is_type(type: str, wanted: str) -> bool:
    return type.startswith(wanted[:-1]) if wanted.endswith("*") else type == wanted


def _candidates(desk: Desk, table: str, fields: Iterable[str]) -> Iterator[Row]:
    given = {field: text(desk.params, field) for field in fields if text(desk.params, field)}
    if not given:
        return desk.world.table(table).newest_first()
    indexed = [field for field in given if field in INDEXED]
    everything = desk.world.table(table)
    rows = everything.where(indexed[0], given[indexed[0]] or "") if indexed else everything.newest_first()
    return (row for row in rows if all(row[name] == wanted for name, wanted in given.items()))


def page(desk: Desk, rows: Iterator[Row], url: str) -> Row:
    """`limit` rows (10, at most 100) after `starting_after` or before `ending_before`."""
    limit = whole(desk.params, "limit") or 10
    if not 1 <= limit <= 100:
        raise WrongParameter("This value must be between 1 and 100.", "limit", "parameter_invalid_integer")
    before = text(desk.params, "ending_before")
    if before:
        return _page_before(list(_created_within(rows, desk.params)), before, limit, url)
    after = text(desk.params, "starting_after")
    if after:
        rows = _after(rows, after)
    found = list(islice(_created_within(rows, desk.params), limit + 1))
    return listing(url, found[:limit], has_more=len(found) > limit)


def _after(rows: Iterator[Row], id: str) -> Iterator[Row]:
    for row in rows:
        if row["id"] == id:
            return rows
    raise WrongParameter(f"No such object: '{id}'", "starting_after", "resource_missing")


def _page_before(rows: list[Row], id: str, limit: int, url: str) -> Row:
    places = [place for place, row in enumerate(rows) if row["id"] == id]
    if not places:
        raise WrongParameter(f"No such object: '{id}'", "ending_before", "resource_missing")
    first = max(0, places[0] - limit)
    return listing(url, rows[first : places[0]], has_more=first > 0)


def _created_within(rows: Iterator[Row], params: Params) -> Iterator[Row]:
    created = params.get("created")
    if not created:
        return rows
    if not isinstance(created, dict):
        exactly = int(created)
        return (row for row in rows if row["created"] == exactly)
    bounds = [(COMPARISONS[name], whole(created, name) or 0) for name in created if name in COMPARISONS]
    return (row for row in rows if all(compare(row["created"], bound) for compare, bound in bounds))


def expanded(desk: Desk, answer: Row) -> Row:
    """The answer with the objects that `expand[]` names in place of their ids, four levels deep."""
    for path in many(desk.params, "expand"):
        steps = path.split(".")
        if len(steps) > 4 or desk.publishable:
            raise WrongParameter(f"This property cannot be expanded ({path}).", "expand", "expand_invalid")
        answer = _expand(desk, answer, steps, path)
    return answer


def _expand(desk: Desk, row: Any, steps: list[str], path: str) -> Any:
    if not steps or row is None:
        return row
    if isinstance(row, list):
        return [_expand(desk, entry, steps, path) for entry in row]
    step, *rest = steps
    if step == "refunds" and row.get("object") == "charge":
        refunds = desk.world.table("refund").where("charge", row["id"])
        url = f"/v1/charges/{row['id']}/refunds"
        return {**row, "refunds": listing(url, refunds[:10], has_more=len(refunds) > 10)}
    if step not in row:
        raise WrongParameter(f"This property cannot be expanded ({path}).", "expand", "expand_invalid")
    value = row[step]
    if isinstance(value, str) and step in TABLES_OF_FIELDS:
        value = desk.find(TABLES_OF_FIELDS[step], value) or value
    return {**row, step: _expand(desk, value, rest, path) if rest else value}
